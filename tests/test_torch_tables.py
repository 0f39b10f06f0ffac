"""The tables about torch: fresh, readable, and no bolder than what was measured."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tsl.source import torch_hand, torch_stubs

ROOT = Path(__file__).parent.parent
MEASURED = ROOT / "docs" / "measurements" / "baked-arguments.md"
LETTERS = "TifbnsNSzrdvl?"
CONTAINERS = {"module-list", "module-dict", "sequential", "parameter-list", "parameter-dict"}


class Row(NamedTuple):
    """One line of the recorded measurement."""

    section: str
    function: str
    argument: str
    form: str
    outcome: str
    warned: bool

    @property
    def bare(self) -> str:
        return self.function.rpartition(".")[2]


def rows() -> list[Row]:
    found, section = [], ""
    for line in MEASURED.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| ") and not line.startswith("| function"):
            function, argument, form, outcome, warned, _ = line.strip("| ").split(" | ", 5)
            found.append(Row(section, function, argument, form, outcome, warned == "yes"))
    return found


def read_code(text: str, at: int = 0) -> int:
    """Where the code that starts at a place ends: the grammar of the header, one character at a time."""
    while True:
        if text[at] == "(":
            at += 1
            while text[at] != ")":
                at = read_code(text, at)
        elif text[at] == "[":
            at = read_code(text, at + 1)
            assert text[at] == "]", text
        else:
            assert text[at] in LETTERS, text
        at += 1
        if text[at : at + 1] != "|":
            return at
        at += 1


def script() -> Any:
    """scripts/torch_tables.py as a module."""
    directory = str(ROOT / "scripts")
    sys.path.insert(0, directory)
    try:
        spec = importlib.util.spec_from_file_location("torch_tables", ROOT / "scripts" / "torch_tables.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(directory)
    return module


def is_known(name: str) -> bool:
    """True if a qualified name is in one of the tables of names."""
    return (
        name in torch_stubs.RETURNS
        or name in torch_stubs.MODULES
        or name in torch_hand.RETURNS_ELSEWHERE
        or name.removeprefix("torch.Tensor.") in torch_stubs.METHODS
    )


def bare_names() -> set[str]:
    qualified = [*torch_stubs.RETURNS, *torch_stubs.MODULES, *torch_hand.RETURNS_ELSEWHERE]
    return {name.rpartition(".")[2] for name in qualified} | set(torch_stubs.METHODS) | set(torch_stubs.ATTRIBUTES)


BAKED = {
    **{
        (name, argument[1]): {"number", "list"}
        for name, places in torch_hand.BAKED_ARGUMENTS.items()
        for argument in places
    },
    **{(name, argument[1]): {"number"} for name, places in torch_hand.BAKED_NUMBERS.items() for argument in places},
    **{(name, argument[1]): {"list"} for name, places in torch_hand.BAKED_LISTS.items() for argument in places},
}
ARGUMENT_ROWS = [row for row in rows() if row.argument != "-" and row.section != "Python"]


def test_the_committed_stubs_are_what_the_script_generates() -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed, so there are no stubs to read")
    tables = script()
    if tables.torch_version(tables.torch_directory()) != torch_stubs.TORCH_VERSION:
        pytest.skip(f"the committed stubs are of torch {torch_stubs.TORCH_VERSION}, another one is installed")
    committed = (ROOT / "tsl" / "source" / "torch_stubs.py").read_text()
    day = re.search(r"on (\d{4}-\d\d-\d\d)\.", committed)
    assert day is not None
    assert tables.module_text(tables.torch_directory(), day[1]) == committed


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("torch.relu", "T"),
        ("torch.topk", "(TT)"),
        ("torch.max", "(TT)|T"),
        ("torch.split", "[T]"),
        ("torch.meshgrid", "[T]"),
        ("torch.unbind", "[T]"),
        ("torch.split_copy", "[T]"),
        ("torch.equal", "b"),
        ("torch.where", "T|[T]"),
        ("torch.std_mean", "(TT)"),
        ("torch.broadcast_shapes", "S"),
        ("torch.linalg.svd", "(TTT)"),
        ("torch.linalg.norm", "T"),
        ("torch.fft.rfft", "T"),
        ("torch.special.expit", "T"),
        ("torch.nn.functional.conv2d", "T"),
        ("torch.nn.functional.max_pool2d", "(TT)|T"),
        ("torch.nn.functional.adaptive_max_pool2d", "(TT)|T"),
        ("torch.nn.functional.adaptive_avg_pool2d", "T"),
        ("torch.nn.functional.scaled_dot_product_attention", "T"),
        ("torch.nn.functional.multi_head_attention_forward", "(TN|T)"),
        ("torch.nn.utils.rnn.pad_packed_sequence", "(TT)"),
        ("torch.nn.utils.rnn.pad_sequence", "T"),
        ("torch.nn.init.xavier_uniform_", "T"),
        ("torch.jit.is_tracing", "b"),
    ],
)
def test_a_function_returns_what_torch_documents(name: str, code: str) -> None:
    assert torch_stubs.RETURNS[name] == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("size", "S|z"),
        ("numel", "z"),
        ("dim", "r"),
        ("item", "n"),
        ("stride", "[i]|i"),
        ("chunk", "[T]"),
        ("split", "[T]"),
        ("max", "(TT)|T"),
        ("norm", "T"),
        ("is_contiguous", "b"),
        ("masked_fill_", "T"),
        ("unique", "(TTT)|(TT)|T"),
        ("type", "T|s"),
        ("unflatten", "T"),
    ],
)
def test_a_method_returns_what_torch_documents(name: str, code: str) -> None:
    assert torch_stubs.METHODS[name] == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("shape", "S"),
        ("dtype", "d"),
        ("device", "v"),
        ("layout", "l"),
        ("ndim", "r"),
        ("is_cuda", "b"),
        ("grad", "N|T"),
        ("mT", "T"),
    ],
)
def test_an_attribute_has_the_kind_torch_documents(name: str, code: str) -> None:
    assert torch_stubs.ATTRIBUTES[name] == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Linear", "T"),
        ("BatchNorm2d", "T"),
        ("LSTM", "(T(TT))"),
        ("LSTMCell", "(TT)"),
        ("GRU", "(TT)"),
        ("MultiheadAttention", "(TN|T)"),
        ("MaxPool2d", "(TT)|T"),
        ("AdaptiveLogSoftmaxWithLoss", "(TT)"),
        ("ModuleList", "module-list"),
        ("Sequential", "sequential"),
        ("UpsamplingBilinear2d", "T"),
        ("Module", "?"),
    ],
)
def test_a_module_returns_what_its_forward_does(name: str, code: str) -> None:
    assert torch_stubs.MODULES[f"torch.nn.{name}"] == code


def test_names_nobody_calls_are_left_out() -> None:
    assert not [name for name in torch_stubs.METHODS if name.startswith("_")]
    assert not [name for name in torch_stubs.RETURNS if name.startswith("torch._foreach")]


def test_every_code_parses() -> None:
    tables = (
        torch_stubs.RETURNS,
        torch_stubs.METHODS,
        torch_stubs.ATTRIBUTES,
        torch_stubs.MODULES,
        torch_hand.RETURNS_ELSEWHERE,
        torch_hand.MODULES_ELSEWHERE,
    )
    codes = {code for table in tables for code in table.values()} - CONTAINERS
    codes |= {code for cases in torch_hand.BY_ARGUMENTS.values() for _, code in cases}
    assert len(codes) > 20
    for code in codes:
        assert read_code(code) == len(code), code


def test_a_code_that_breaks_the_grammar_does_not_parse() -> None:
    for broken in ("(T", "[TT]", "x", "T|"):
        with pytest.raises((AssertionError, IndexError)):
            assert read_code(broken) == len(broken), broken


def test_what_depends_on_arguments_has_a_case_for_each_alternative() -> None:
    by_value = {"torch.dequantize", "torch.quantize_per_tensor"}  # a list in gives a list out
    tables = {**torch_stubs.RETURNS, **torch_stubs.MODULES, **torch_stubs.METHODS}
    for name, code in tables.items():
        options = set(code.split("|"))
        if len(options) < 2 or options & {"N", "?"} or "(TN" in code or name in by_value:
            continue
        cases = torch_hand.BY_ARGUMENTS.get(name) or torch_hand.BY_ARGUMENTS[name.rpartition(".")[2]]
        assert {code for _, code in cases} == options, name
        assert cases[-1][0] == (), f"{name} has no case for the other calls"


def test_hand_tables_name_only_what_exists() -> None:
    for table in (torch_hand.BAKED_ARGUMENTS, torch_hand.BAKED_NUMBERS, torch_hand.BAKED_LISTS):
        assert not [name for name in table if not is_known(name)]
    named = torch_hand.DATA_LENGTH | set(torch_hand.DATA_LENGTH_WHEN) | torch_hand.SILENT_PREDICATES
    named |= torch_hand.SIZE_METHODS | torch_hand.RANK_METHODS | torch_hand.FROZEN_ATTRIBUTES
    named |= {name for name in torch_hand.BY_ARGUMENTS if "." not in name}
    assert not sorted(named - bare_names())
    assert not [name for name in torch_hand.BY_ARGUMENTS if "." in name and name not in torch_stubs.MODULES]


def test_every_operator_pytorch_tags_as_data_dependent_is_known() -> None:
    lengths = {name for name in torch_stubs.DYNAMIC_OUTPUT_SHAPE if not name.startswith("_")}
    lengths -= {"index", "linalg_lstsq", "unique_dim_consecutive"}
    assert not lengths - torch_hand.DATA_LENGTH - set(torch_hand.DATA_LENGTH_WHEN)
    outputs = {name for name in torch_stubs.DATA_DEPENDENT_OUTPUT if not name.startswith("_")}
    assert not outputs - torch_hand.FROM_DATA - torch_hand.SILENT_PREDICATES


def test_an_argument_measured_as_baked_is_in_the_table_of_its_form() -> None:
    lost = [row for row in ARGUMENT_ROWS if row.outcome in ("baked", "fails")]
    assert len(lost) > 80
    assert not [row for row in lost if row.form not in BAKED.get((row.function, row.argument), ())]


def test_an_argument_that_follows_is_in_no_table() -> None:
    kept = [row for row in ARGUMENT_ROWS if row.outcome == "follows"]
    assert len(kept) > 100
    assert not [row for row in kept if row.form in BAKED.get((row.function, row.argument), ())]


def test_no_table_claims_an_argument_that_was_not_measured() -> None:
    measured = {(row.bare, row.argument) for row in ARGUMENT_ROWS if row.outcome in ("baked", "fails")}
    assert not [(name, argument) for name, argument in BAKED if (name.rpartition(".")[2], argument) not in measured]


def test_python_calls_convert_as_measured() -> None:
    calls = {row.function: row for row in rows() if row.section == "Python"}
    for name in torch_hand.SILENT_CALLS:
        assert (calls[name].outcome, calls[name].warned) == ("baked", False), name
    for name in torch_hand.REFUSED_CALLS:
        assert calls[name].outcome == "refused", name
    assert all(row.outcome == "baked" for row in calls.values() if row.function.startswith("numpy."))


def test_data_becomes_python_values_as_measured() -> None:
    found = {row.bare: row for row in rows() if row.section == "Data"}
    for name in torch_hand.FROM_DATA | torch_hand.SILENT_PREDICATES:
        assert found[name].outcome == "baked", name
    assert not [name for name in torch_hand.SILENT_PREDICATES if found[name].warned]


def test_sizes_are_followed_as_measured() -> None:
    asked = {row.function: row for row in rows() if row.section in ("Queries", "Data")}
    for name in torch_hand.BAKED_SIZES:
        assert (asked[name].outcome, asked[name].warned) == ("baked", False), name
    for name in torch_hand.SIZE_METHODS:
        assert asked[f"torch.Tensor.{name}"].outcome == "follows", name


COMPILER_GUARDS = ("is_compiling", "is_dynamo_compiling", "is_exporting")  # the last one since torch 2.7


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace:DeprecationWarning")
def test_guards_answer_under_trace_as_the_table_says() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")
    asked = {
        **{name: getattr(torch.jit, name) for name in ("is_tracing", "is_scripting")},
        **{name: ask for name in COMPILER_GUARDS if (ask := getattr(torch.compiler, name, None)) is not None},
        "_get_tracing_state": torch._C._get_tracing_state,
        "is_in_onnx_export": torch.onnx.is_in_onnx_export,
        "has_torch_function": lambda: torch.overrides.has_torch_function((torch.ones(1),)),
    }
    heard: dict[str, bool] = {}

    def listen(x: Any) -> Any:
        heard.update({name: bool(ask()) for name, ask in asked.items()})
        return x

    torch.jit.trace(listen, torch.ones(1), check_trace=False)
    assert heard == {name: torch_hand.GUARDS[name] for name in heard}

"""A pickle is read as data: whatever it asks for is told, nothing of it runs, and reading it ends."""

from __future__ import annotations

import io
import pickle
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hostile import canary
from tests.hostile.pack import Part
from tests.hostile.programs import hostile, memo, name, number, program, text, tuple_of
from tests.hostile.seeds import DATA, archive, instance, storage, tensor
from tsl.archive import limits
from tsl.archive.archive import open_archive
from tsl.archive.dialect import TORCH_SAVE, TORCHSCRIPT
from tsl.archive.machine import Machine
from tsl.archive.opcodes import NAMES
from tsl.archive.pickle import Pickle, read_pickle
from tsl.archive.values import Device, EnumMember, Object, Tensor, Typed, Unresolved
from tsl.archive.weight import weigh

SECONDS = 5.0  # the longest that reading any file may take


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a canary."""
    return tmp_path_factory.mktemp("cage") / "canary"


@pytest.fixture
def untouched(target: Path) -> Iterator[Path]:
    """The path of the canary; afterwards there must be none, nor a module imported or changed."""
    modules = set(sys.modules)
    yield target
    assert not target.exists()
    assert not canary.touched
    assert set(sys.modules) - modules <= {"tsl.archive.lite", "tsl.archive.storages"}


@pytest.mark.parametrize("shape", hostile("canary"))
def test_a_hostile_program_is_told_by_name_and_nothing_runs(shape: str, untouched: Path) -> None:
    problem, data = hostile(str(untouched))[shape]
    start = time.process_time()
    found = read_pickle(data)
    assert problem in {each.name for each in found.problems}
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("shape", hostile("canary"))
def test_a_hostile_member_is_told_whatever_pickle_it_is(shape: str, untouched: Path) -> None:
    problem, data = hostile(str(untouched))[shape]
    for opened, member in (
        (open_archive("net.pt", archive(data=data)), "data.pkl"),
        (open_archive("net.pt", archive(constants=data)), "constants.pkl"),
    ):
        told = {(each.member, each.name) for each in opened.problems}
        # An empty member has no program to be wrong.
        assert (member, problem) in told or not data
        assert (opened.kind.name, type(opened.module), type(opened.constants)) == ("torchscript", Object, tuple)
        opened.traced_inputs, opened.storages, opened.bytecode  # noqa: B018


def test_the_shapes_do_run_where_something_unpickles_them(tmp_path: Path) -> None:
    """What a hostile program would do is real: Python's own unpickler does it, here to a file of ours."""
    target = tmp_path / "canary"
    pickle.loads(hostile(str(target))["REDUCE of os.system"][1])
    assert target.exists()


def test_a_pickle_of_debug_information_is_read_where_someone_asks() -> None:
    hidden = program(name("os", "system") + text("x") + b"\x85R")
    opened = open_archive("net.pt", archive(more=(Part("net/code/__torch__.py.debug_pkl", hidden),)))
    assert opened.problems == ()
    (found,) = opened.debug_pickles.values()
    assert found.globals == ("os.system",)


def test_globals_come_in_the_order_they_are_asked_for() -> None:
    asked = name("b", "z") + name("a", "y") + name("b", "z") + name("os ", "system") + b"t"
    found = read_pickle(program(b"(" + asked))
    assert found.globals == ("b.z", "a.y", "os .system")
    assert [problem.name for problem in found.problems] == ["foreign-global"] * 3


def test_globals_before_a_break_are_kept() -> None:
    found = read_pickle(b"\x80\x02" + name("os", "system") + b"\xff")
    assert (found.globals, found.whole, found.value) == (("os.system",), False, None)
    assert [problem.name for problem in found.problems] == ["foreign-global", "unknown-opcode"]
    assert found.problems[1].offset == found.end == 2 + len(name("os", "system"))


def test_an_unknown_call_is_data() -> None:
    found = read_pickle(program(name("os", "system") + tuple_of(text("x")) + b"R"))
    assert found.value == Unresolved("os.system", ("x",))


def test_problems_are_counted_and_not_endless() -> None:
    asked = b"".join(name("m", f"n{number}") + b"0" for number in range(1_000))
    assert len(read_pickle(program(asked + b"N")).problems) == limits.PROBLEMS


def test_a_module_is_an_object_with_its_attributes() -> None:
    found = read_pickle(DATA)
    weight = Tensor("float32", (2, 3), (3, 1), 0, "cpu", "0", 6, True)
    assert found.value == Object("__torch__.Net", {"weight": weight, "training": True})
    assert (found.problems, found.whole, found.end) == ((), True, len(DATA))


def test_what_is_shared_is_one_object() -> None:
    shared = instance("__torch__ Sub") + memo(1)
    found = read_pickle(program(instance(a=shared, b=b"h\x01")))
    assert found.value.attributes["a"] is found.value.attributes["b"]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (name("torch", "device") + tuple_of(text("cuda:1")) + b"R", Device("cuda:1")),
        (name("builtins", "complex") + b"G?\xf0\0\0\0\0\0\0G@\0\0\0\0\0\0\0\x86R", 1 + 2j),
        (name("torch.jit._pickle", "build_intlist") + b"](K\x01K\x02e\x85R", [1, 2]),
        (name("torch.jit._pickle", "restore_type_tag") + b"]" + text("List[str]") + b"\x86R", Typed([], "List[str]")),
        (name("__torch__", "Color") + number(3) + b"R", EnumMember("__torch__.Color", 3)),
        (name("collections", "OrderedDict") + b")R", {}),
        (b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", 2**63 - 1),
        (b"\x8a\x00", 0),
        (b"J\xff\xff\xff\xff", -1),
        (b"M\x01\x02", 513),
        (text("h\u00e9"), "h\u00e9"),
        (b"X\x01\x00\x00\x00\xff", "\\xff"),
    ],
)
def test_what_torch_writes_is_understood(body: bytes, value: object) -> None:
    found = read_pickle(program(body))
    assert (found.value, found.problems) == (value, ())


def test_the_device_of_a_tensor_is_what_is_written() -> None:
    assert read_pickle(program(tensor(storage(device="cuda:0")))).value.device == "cuda:0"


def test_a_quantized_tensor_keeps_its_scheme() -> None:
    scheme = tuple_of(name("torch", "per_tensor_affine"), b"G?\xe0\0\0\0\0\0\0", number(3))
    sizes = tuple_of(number(2)), tuple_of(number(1))
    body = tuple_of(storage(kind="QInt8Storage"), number(0), *sizes, scheme, b"\x89", b"N")
    found = read_pickle(program(name("torch._utils", "_rebuild_qtensor") + body + b"R"))
    assert found.value.quantizer == ("per_tensor_affine", 0.5, 3)
    assert (found.value.dtype, found.problems) == ("qint8", ())


def test_a_pickle_may_begin_anywhere_and_be_followed() -> None:
    found = read_pickle(b"xxx" + program(number(7)) + b"more", start=3, last=False)
    assert (found.value, found.problems, found.end) == (7, (), 3 + len(program(number(7))))


def test_every_opcode_of_python_is_known_by_its_name() -> None:
    import pickletools

    assert {code: opcode.name for code, opcode in ((ord(each.code), each) for each in pickletools.opcodes)} == NAMES


WHOLE = st.integers(-(2**63), 2**63 - 1)  # what TorchScript has; of larger ones see LONG_BYTES
PLAIN = st.recursive(
    st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | WHOLE, inner),
    max_leaves=30,
)


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
@example({-(2**63): None, 2**127 - 1: 0}, 2)
def test_plain_values_read_as_they_were_written(value: Any, protocol: int) -> None:
    found = read_pickle(pickle.dumps(value, protocol))
    # The strings of protocol 0 are in Python's escapes, which torch never writes.
    assert found.value == value or protocol == 0
    assert found.whole


def test_a_number_that_no_64_bits_hold_twice_over_is_a_problem_and_not_a_number() -> None:
    (problem,) = read_pickle(pickle.dumps({2**127: None}, 2)).problems
    assert problem.message == "asks for an integer of 17 bytes; the limit is 16"


@given(st.binary(max_size=300) | st.lists(st.sampled_from(sorted(NAMES))).map(lambda codes: bytes(codes) + b"."))
def test_reading_never_raises(data: bytes) -> None:
    for dialect in (TORCHSCRIPT, TORCH_SAVE):
        found = read_pickle(b"\x80\x02" + data, dialect)
        assert isinstance(found, Pickle)
        assert found.whole or found.problems


def test_a_large_module_tree_is_read_well_under_a_second() -> None:
    """2 MB, as the largest models seen have; the limit allows for a busy machine."""
    tensors = {f"weight{number}": tensor() for number in range(60)}
    layer = instance("__torch__ Layer", **tensors)
    body = instance("__torch__ Net", **{f"layer{number}": layer for number in range(240)})
    data = program(body)
    assert len(data) > 2_000_000
    start = time.process_time()
    found = read_pickle(data)
    assert time.process_time() - start < 2
    assert (found.problems, len(found.value.attributes)) == ((), 240)


def test_weights_and_depths_are_as_defined() -> None:
    assert weigh(1) == (0, 1, False)
    assert weigh((1, (2, [3]))).depth == 3
    assert weigh((1, (2, [3]))).weight == 6
    assert weigh({"a": [1]}).depth == 2
    pair: list[Any] = []
    for _ in range(50):
        pair = [pair, pair]
    assert weigh(pair).weight == 2**51 - 1
    assert weigh(pair, 40).depth > 40
    pair.append(pair)
    assert weigh(pair).cyclic


def test_a_machine_names_each_global_once() -> None:
    machine = Machine(b"", TORCHSCRIPT)
    assert machine.named("a", "b") is machine.named("a", "b")


def test_the_names_that_torch_allows_are_known() -> None:
    """torch.load(weights_only=True) has a list of its own, which the dialect of torch.save follows."""
    pytest.importorskip("torch", reason="the list is torch's")
    from torch._weights_only_unpickler import _get_allowed_globals

    allowed = set(_get_allowed_globals())
    missing = {each for each in allowed if not TORCH_SAVE.knows(each)}
    assert missing == set()


def test_an_ordered_dictionary_with_a_state_is_a_dictionary() -> None:
    held = OrderedDict(a=1)
    held.metadata = 2  # type: ignore[attr-defined]
    stream = io.BytesIO()
    pickle.Pickler(stream, 2).dump(held)
    found = read_pickle(stream.getvalue(), TORCH_SAVE)
    assert (found.value, found.problems) == ({"a": 1}, ())

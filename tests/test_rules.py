"""Each rule: its page says what it finds, it finds what its page says, and all of them keep to one form.

What the pages say about torch itself is tests/test_pages_under_torch.py; the archives they write are
tests/test_archive_pages.py; hard cases are tests/test_fixtures.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests import ir_fences
from tests.conftest import Project
from tests.fences import RULEBOOK, SOURCE_RULES, TRACE, codes_on, python_fences, verdicts_on
from tsl.diagnostic import Severity
from tsl.page import Fence, page_of, problems
from tsl.rule import Rule, Verdict, verdicts
from tsl.source import values
from tsl.source.facts import CHECKS, DIFFERS, METADATA, TESTS, Call, Fact, Function, Use
from tsl.source.file import SourceFile, parse
from tsl.source.refs import Arguments
from tsl.source.torch_hand import WATCHED, WATCHED_ELSEWHERE, WATCHED_METHODS
from tsl.source.values import Value
from tsl.source.ways import WAYS

LONGEST_RULE = 30
FORM = re.compile(r"[a-z`].*`[^`]+`.*(?<![.!:])|`[^`]+`.*(?<![.!:])")  # lower case, a value named, no final stop
LONGEST_PAGE = 80
FENCES = [
    pytest.param(fence, rule.code[:4], id=f"{rule.name}-line-{fence.line + 1}")
    for rule in SOURCE_RULES
    for fence in python_fences(page_of(rule))
]
IN_NO_ARCHIVE = {"python-operator"}  # what torch.jit.save refuses to write
ARCHIVE_RULES = tuple(
    rule for rule in RULEBOOK.rules if rule.engine in {"archive", "ir", "target"} and rule.name not in IN_NO_ARCHIVE
)
IR_FENCES = [
    pytest.param(fence, id=f"{rule.name}-line-{fence.line + 1}")
    for rule in (*ir_fences.IR_RULES, *ir_fences.TARGET_RULES)
    for fence in ir_fences.ir_fences(page_of(rule))
]
ORIGINS = {"data": values.DATA, "length": values.DATA | values.SIZES, "size": values.SIZES, "static": values.STATIC}
# An assertion always only checks.
WAYS_AND_EFFECTS = [(how, CHECKS) for how in WAYS] + [(how, DIFFERS) for how in WAYS if how != "assert"]
# The family that speaks of data and the one that speaks of sizes, where they are not TSL10x and TSL11x.
FAMILIES = {
    "constructor": ("TSL14", "TSL16"),
    "data": ("TSL13", "TSL13"),
    "numpy": ("TSL13", "TSL13"),
    "layout": ("TSL12", "TSL12"),
}
# Watched, and deliberately reported by no rule: made of tensors and on their device; harmless; off unless asked for;
# watched for what it does to another call, or for what it costs (TSL413).
UNREPORTED = set(
    """torch.complex torch.polar torch.cartesian_prod builtins.print torch.nn.functional.alpha_dropout
    torch.nn.functional.feature_alpha_dropout torch.nn.functional.rrelu torch.Tensor.type_as
    torch.Tensor.cpu torch.cuda.synchronize""".split()
)


def each_rule(rules: tuple[Rule, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.name)


def only_verdict(code: str) -> tuple[str, Verdict]:
    """The one finding of a snippet."""
    (found,) = [one for found in verdicts_on(code).values() for one in found]
    return found


def asked(how: str, origin: int, effect: str) -> list[str]:
    """The codes of the rules that report a use of this kind."""
    kind = values.SIZE if origin & values.SIZES else values.TENSOR
    return reported(lambda node, file: Use(node, how, Value(kind, origin), effect, file))


def reported(fact_at: Callable[[Any, SourceFile], Fact]) -> list[str]:
    """The codes of the rules on tracing that report a fact, which is made for a node."""
    file = parse("use.py", b"torch.call(value)\n")
    statement: Any = file.tree.body[0]
    function = Function("forward", file.tree, file, (fact_at(statement.value, file),))
    rules = [rule for rule in SOURCE_RULES if rule.code.startswith(TRACE)]
    return [rule.code for rule in rules for _ in verdicts(rule, function)]


@pytest.mark.parametrize(("fence", "family"), FENCES)
def test_a_fence_has_exactly_the_findings_it_marks(fence: Fence, family: str) -> None:
    assert codes_on(fence.code, family) == fence.expected()


@pytest.mark.parametrize("fence", IR_FENCES)
def test_a_fence_of_a_graph_has_exactly_the_findings_it_marks(fence: Fence) -> None:
    assert ir_fences.codes_on(fence.code, fence.language) == fence.expected()


@each_rule(RULEBOOK.rules)
def test_a_page_is_in_form(rule: Rule) -> None:
    assert problems(page_of(rule), rule) == []


@each_rule(RULEBOOK.rules)
def test_a_page_fits_on_a_screen_or_two(rule: Rule) -> None:
    assert page_of(rule).body.count("\n") < LONGEST_PAGE


@each_rule(ARCHIVE_RULES)
def test_a_page_of_an_archive_shows_a_sound_one_as_well(rule: Rule) -> None:
    page = page_of(rule)
    assert page.marked("Example") >= {rule.code}
    sections = {fence.section for fence in page.fences if fence.language.startswith("python archive")}
    assert {"Example", "Use instead"} <= sections


@each_rule(RULEBOOK.rules)
def test_a_page_links_to_pages_that_exist(rule: Rule) -> None:
    linked = re.findall(r"\]\(([\w-]+)\.md\)", page_of(rule).body)
    assert [name for name in linked if RULEBOOK.find(name) is None] == []


@each_rule(SOURCE_RULES)
def test_a_page_shows_findings_and_what_to_write_instead(rule: Rule) -> None:
    page = page_of(rule)
    assert page.marked("Example") == {rule.code}
    assert any(fence.section == "Use instead" for fence in python_fences(page))


@each_rule(RULEBOOK.rules)
def test_a_rule_is_named_like_its_file_and_stays_small(rule: Rule) -> None:
    tree = ast.parse(Path(rule.path).read_bytes())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    (function,) = [node for node in functions if not node.name.startswith("_")]
    assert function.name == Path(rule.path).stem == rule.name.replace("-", "_")
    assert (function.end_lineno or 0) - function.decorator_list[0].lineno < LONGEST_RULE


@each_rule(SOURCE_RULES)
def test_a_sentence_names_the_value_and_keeps_to_the_form(rule: Rule) -> None:
    told = (verdicts_on(fence.code, rule.code[:4]) for fence in python_fences(page_of(rule)))
    keeps_to_the_form(rule, told)


@each_rule(tuple(rule for rule in ir_fences.IR_RULES if ir_fences.ir_fences(page_of(rule))))
def test_a_sentence_about_a_graph_keeps_to_the_form(rule: Rule) -> None:
    keeps_to_the_form(
        rule, (ir_fences.verdicts_on(fence.code, fence.language) for fence in ir_fences.ir_fences(page_of(rule)))
    )


def keeps_to_the_form(rule: Rule, told: Iterable[dict[int, list[tuple[str, Verdict]]]]) -> None:
    said = [one.sentence for lines in told for found in lines.values() for code, one in found if code == rule.code]
    assert said
    for sentence in said:
        assert FORM.fullmatch(sentence), sentence


@each_rule(RULEBOOK.rules)
def test_a_help_is_a_fragment(rule: Rule) -> None:
    assert re.match(r"[a-z`]", rule.help), rule.help
    assert not rule.help.endswith((".", "!")), rule.help


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(("how", "effect"), WAYS_AND_EFFECTS)
def test_every_way_is_asked_for_by_exactly_one_rule(how: str, effect: str, origin: str) -> None:
    assert len(asked(how, ORIGINS[origin], effect)) == 1


@pytest.mark.parametrize("how", WAYS)
def test_data_is_reported_by_one_family_sizes_by_the_next_and_their_checks_by_tsl15x(how: str) -> None:
    of_data, of_sizes = FAMILIES.get(how, ("TSL10", "TSL15" if how == "assert" else "TSL11"))
    effect = CHECKS if how == "assert" else DIFFERS
    assert [code[:5] for code in asked(how, values.DATA, effect)] == [of_data]
    assert [code[:5] for code in asked(how, values.SIZES, effect)] == [of_sizes]
    if how not in FAMILIES:
        assert asked(how, values.SIZES, CHECKS) == ["TSL151"]


@pytest.mark.parametrize("how", WAYS)
def test_what_depends_on_no_input_is_an_info_about_a_static_value(how: str) -> None:
    assert set(asked(how, values.STATIC, DIFFERS)) == {"TSL161"}


@pytest.mark.parametrize("how", sorted(TESTS))
@pytest.mark.parametrize(("word", "flag"), METADATA)
def test_a_test_of_metadata_has_a_rule_of_its_own_and_a_check_of_it_has_none(word: str, flag: int, how: str) -> None:
    def use(effect: str) -> Callable[[Any, SourceFile], Fact]:
        return lambda node, file: Use(node, how, Value(values.BOOL, flag), effect, file)

    (code,) = reported(use(DIFFERS))
    rule = RULEBOOK.find(f"{word}-branch")
    assert rule
    assert rule.code == code
    assert reported(use(CHECKS)) == []


@pytest.mark.parametrize(
    "path", sorted({*WATCHED, *WATCHED_ELSEWHERE, *(f"torch.Tensor.{name}" for name in WATCHED_METHODS)})
)
def test_a_watched_call_is_reported_by_a_rule_or_deliberately_by_none(path: str) -> None:
    device, dtype = Value(values.META, values.DEVICE), Value(values.META, values.DTYPE)
    arguments = Arguments((), {"device": device, "dtype": dtype, "type": dtype})
    base = Value(values.TENSOR, values.DATA)
    found = reported(lambda node, file: Call(node, path, base, arguments, file))
    assert bool(found) is (path not in UNREPORTED)
    assert {code[:5] for code in found} <= {"TSL13", "TSL14"}


@pytest.mark.parametrize(
    ("body", "rule", "severity"),
    [
        ("if x.sum() > 0: x = -x", "TSL101", Severity.ERROR),
        ("if x.sum() > 0: raise ValueError", "TSL101", Severity.INFO),
        ("assert x.sum() > 0", "TSL103", Severity.INFO),
        ("assert x.sum().item() > 0", "TSL106", Severity.INFO),
        ("return x / x.sum().item()", "TSL106", Severity.ERROR),
        ("if x.size(0) > 1: x = -x", "TSL111", Severity.ERROR),
        ("if x.size(0) > 1: raise ValueError", "TSL151", Severity.INFO),
        ("assert x.size(0) > 1", "TSL151", Severity.INFO),
        ("assert len(x.relu()) > 1", "TSL151", Severity.INFO),
        ("return x * max(x.size(0), 4)", "TSL113", Severity.WARNING),
        ("return x.relu() * len(x)", "TSL113", Severity.WARNING),
        ("return x / math.sqrt(x.size(0))", "TSL113", Severity.ERROR),
        ("return x.view(int(x.size(0)), -1)", "TSL113", Severity.ERROR),
        ("return x, f'{x.size(0)}'", "TSL113", Severity.INFO),
        ("a, b = x.relu()", "TSL116", Severity.INFO),
        ("return torch.maximum(*x.relu())", "TSL116", Severity.WARNING),
        ("if x.dim() == 3: x = x[0]", "TSL121", Severity.INFO),
        ("if x.is_cuda: x = x.half()", "TSL123", Severity.WARNING),
        ("if not x.is_contiguous(): x = -x", "TSL124", Severity.INFO),
        ("return x.as_strided((2, 2), (x.relu().stride(0), 1))", "TSL127", Severity.ERROR),
        ("return x * x.data.sum()", "TSL131", Severity.ERROR),
        ("return x + torch.randn_like(x)", "TSL134", Severity.INFO),
        ("return F.dropout(x)", "TSL135", Severity.ERROR),
        ("return x * torch.zeros(3)", "TSL141", Severity.ERROR),
        ("return x * torch.zeros((), device=x.device)", "TSL141", Severity.WARNING),
        ("return x * torch.tensor([1, 2])", "TSL141", Severity.ERROR),
        ("return x * torch.tensor(0.5)", "TSL141", Severity.WARNING),
        ("return x * torch.tensor(some.thing)", "TSL141", Severity.WARNING),
        ("return x.to(x.device)", "TSL142", Severity.WARNING),
        ("return torch.tensor([x.sum(), x.mean()])", "TSL144", Severity.ERROR),
        ("return torch.tensor(x.relu())", "TSL144", Severity.WARNING),
        ("return torch.as_tensor(x.size(0))", "TSL162", Severity.INFO),
    ],
)
def test_severity_follows_the_harm(body: str, rule: str, severity: Severity) -> None:
    found, verdict = only_verdict(f"def forward(self, x):\n    {body}\n    return x\n")
    assert (found, verdict.severity) == (rule, severity)


def test_a_value_that_is_traced_on_some_paths_only_is_one_severity_lower() -> None:
    code = "def forward(self, x, n: int = 2):\n    n = x.size(0) if n > 1 else n\n    return [x for i in range(n)]"
    assert only_verdict(code)[1].severity == Severity.WARNING


def test_a_finding_tells_where_the_value_came_from() -> None:
    code = "def forward(self, x):\n    n = x.size(0)\n    for _ in range(n):\n        x = x + 1\n    return x"
    told = [(note.node.lineno, note.text) for note in only_verdict(code)[1].labels]
    assert [line for line, _ in told] == [1, 2]
    assert "`x`" in told[0][1]
    assert "`x.size(0)`" in told[1][1]


@pytest.mark.parametrize("name", ["syntax-error", "unused-suppression", "file-too-large"])
def test_a_page_of_the_driver_shows_what_the_driver_says(name: str, project: Project) -> None:
    rule = RULEBOOK.find(name)
    assert rule
    *given, said = [fence.code for fence in page_of(rule).fences if fence.section == "Example"]
    path = said.partition(":")[0]
    project.write(path, given[0] if given else "row = 1\n" * 300_000)
    assert project.tsl("check", "--no-cache", "--format", "concise", path).out.startswith(said)

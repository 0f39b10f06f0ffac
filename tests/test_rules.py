"""Each rule: its page says what it finds, it finds what its page says, and all of them keep to one form.

What the pages say about torch itself is tests/test_pages_under_torch.py; hard cases are tests/test_fixtures.py.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.fences import RULEBOOK, SOURCE_RULES, codes_on, python_fences, verdicts_on
from tsl.diagnostic import Severity
from tsl.page import Fence, page_of, problems
from tsl.rule import Rule, Verdict, verdicts
from tsl.source import values
from tsl.source.facts import CHECKS, DIFFERS, SAME, WAYS, Function, Use
from tsl.source.file import parse
from tsl.source.values import Value

LONGEST_RULE = 30
LONGEST_PAGE = 80
FENCES = [
    pytest.param(fence, id=f"{rule.name}-line-{fence.line + 1}")
    for rule in SOURCE_RULES
    for fence in python_fences(page_of(rule))
]
# Tests, and the only ways whose arms can be the same.
TESTS = ("if", "match", "ternary")
ORIGINS = {"data": values.DATA, "length": values.DATA | values.SIZES, "size": values.SIZES}
# An assertion always only checks.
WAYS_AND_EFFECTS = [(how, CHECKS) for how in WAYS] + [(how, DIFFERS) for how in WAYS if how != "assert"]


def each_rule(rules: tuple[Rule, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rule", rules, ids=lambda rule: rule.name)


def only_verdict(code: str) -> tuple[str, Verdict]:
    """The one finding of a snippet."""
    (found,) = [one for found in verdicts_on(code).values() for one in found]
    return found


def asked(how: str, origin: int, effect: str) -> list[str]:
    """The codes of the rules that report a use of this kind."""
    file = parse("use.py", b"value\n")
    statement: Any = file.tree.body[0]
    kind = values.SIZE if origin & values.SIZES else values.TENSOR
    use = Use(statement.value, how, Value(kind, origin), effect, file)
    function = Function("forward", file.tree, file, (use,))
    return [rule.code for rule in SOURCE_RULES for _ in verdicts(rule, function)]


@pytest.mark.parametrize("fence", FENCES)
def test_a_fence_has_exactly_the_findings_it_marks(fence: Fence) -> None:
    assert codes_on(fence.code) == fence.expected()


@each_rule(RULEBOOK.rules)
def test_a_page_is_in_form(rule: Rule) -> None:
    assert problems(page_of(rule), rule) == []


@each_rule(RULEBOOK.rules)
def test_a_page_fits_on_a_screen_or_two(rule: Rule) -> None:
    assert page_of(rule).body.count("\n") < LONGEST_PAGE


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
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert function.name == Path(rule.path).stem == rule.name.replace("-", "_")
    assert (function.end_lineno or 0) - function.decorator_list[0].lineno < LONGEST_RULE


@each_rule(SOURCE_RULES)
def test_a_sentence_names_the_value_and_keeps_to_the_form(rule: Rule) -> None:
    said = [
        verdict.sentence
        for fence in python_fences(page_of(rule))
        for found in verdicts_on(fence.code).values()
        for code, verdict in found
        if code == rule.code
    ]
    assert said
    for sentence in said:
        assert re.match(r"[a-z`]", sentence), sentence
        assert not sentence.endswith((".", "!", ":")), sentence
        assert re.search(r"`[^`]+`", sentence), sentence


@each_rule(RULEBOOK.rules)
def test_a_help_is_a_fragment(rule: Rule) -> None:
    assert re.match(r"[a-z`]", rule.help), rule.help
    assert not rule.help.endswith((".", "!")), rule.help


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize(("how", "effect"), WAYS_AND_EFFECTS)
def test_every_way_is_asked_for_by_exactly_one_rule(how: str, effect: str, origin: str) -> None:
    assert len(asked(how, ORIGINS[origin], effect)) == 1


@pytest.mark.parametrize("how", WAYS)
def test_data_is_reported_by_tsl10x_and_sizes_by_tsl11x_or_tsl15x(how: str) -> None:
    effect = CHECKS if how == "assert" else DIFFERS
    assert [code[:5] for code in asked(how, values.DATA, effect)] == ["TSL10"]
    assert [code[:5] for code in asked(how, values.SIZES, effect)] == ["TSL15" if how == "assert" else "TSL11"]
    assert [code[:5] for code in asked(how, values.SIZES, CHECKS)] == ["TSL15"]


@pytest.mark.parametrize("how", WAYS)
def test_what_depends_on_no_input_is_silent(how: str) -> None:
    assert asked(how, values.STATIC, DIFFERS) == []


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("how", TESTS)
def test_arms_that_are_the_same_are_silent(how: str, origin: str) -> None:
    assert asked(how, ORIGINS[origin], SAME) == []


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
    told = [(node.lineno, text) for node, text in only_verdict(code)[1].labels]
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

"""What a verdict confirms and how it is reported, and the command's arguments. Needs no torch: nothing is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Project
from tsl.check import Settings, check
from tsl.config import Config
from tsl.entry.place import Place
from tsl.outcome import Failure, Outcome
from tsl.report import VERDICT_FORMATS, verdict_report
from tsl.verify.confirm import confirm
from tsl.verify.verdict import KINDS, Counts, Decision, Divergence, LostCheck, Node, Verdict, form_of
from tsl.verify.verdict import read_divergence as read

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "verify.md"
NET = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        rows = int(x.size(0))
        if x.size(1) > 3:
            raise ValueError("too wide")
        return x.view(rows, -1)

    def other(self, x):
        return x


def helper(x: torch.Tensor) -> torch.Tensor:
    return x if x.mean() > 0 else -x
"""
FOUND = {6: "TSL101", 8: "TSL113", 9: "TSL151", 18: "TSL104"}


@pytest.fixture
def outcome(project: Project) -> Outcome:
    """The findings in the file above."""
    project.write("net.py", NET)
    found = check(["net.py"], Settings(Config()))
    assert {one.span.line: one.code for one in found.diagnostics} == FOUND
    return found


def divergence(line: int | None, path: str = "net.py") -> Divergence:
    place = None if line is None else Place(path, line, "forward")
    node = Node("aten::neg", place)
    return Divergence("data", "`x` negated", "the output differs", place, node, Decision("the truth", "True", "False"))


@pytest.mark.parametrize(
    ("line", "confirmed"),
    [
        (6, [6]),  # on the line
        (7, [6]),  # in the statement around it
        (10, [9]),
        (11, [6, 8, 9]),  # in the function
        (14, []),  # another function
        (18, [18]),
        (2, []),  # no function
    ],
)
def test_a_divergence_confirms_the_nearest_findings(outcome: Outcome, line: int, confirmed: list[int]) -> None:
    verdict = Verdict("net.py", "Net", divergences=(divergence(line),), started=True)
    made = confirm(verdict, outcome)
    assert [one.span.line for one in made.by_divergence[0]] == confirmed
    run = [
        one.span.line for one in made.outcome.diagnostics if [kind.value for kind in one.evidence] == ["source", "run"]
    ]
    assert run == confirmed
    assert sorted([*run, *(one.span.line for one in made.unconfirmed)]) == sorted(FOUND)


@pytest.mark.parametrize("found", [divergence(None), divergence(6, "elsewhere.py")])
def test_a_divergence_that_is_not_in_the_file_confirms_nothing(outcome: Outcome, found: Divergence) -> None:
    made = confirm(Verdict("net.py", "Net", divergences=(found,), started=True), outcome)
    assert made.by_divergence == ((),)
    assert len(made.unconfirmed) == len(FOUND)


def test_a_divergence_survives_the_way_from_the_child() -> None:
    for found in (divergence(6), divergence(None)._replace(node=None, decision=None, warned=True, times=4)):
        assert read(json.loads(json.dumps(form_of(found)))) == found


def test_the_text_shows_the_line_what_decides_and_what_is_confirmed(outcome: Outcome) -> None:
    lost = LostCheck("dimension 1 of `x`: 2 -> 4", "ValueError: too wide", Place("net.py", 10, "forward"))
    counts = Counts(planned=30, ran=20, refused=3, unsteady=1)
    verdict = Verdict("net.py", "Net", (), (divergence(6)._replace(times=3),), (lost,), counts, started=True)
    text = verdict_report("text", verdict, confirm(verdict, outcome), color=False)
    assert text == (
        "diverges: `x` negated\n"
        " --> net.py:6:12\n"
        "  |\n"
        "6 |         if x.sum() > 0:\n"
        "  |            ^^^^^^^^^^^\n"
        "  |\n"
        "  = differs: the output differs\n"
        "  = decides: the truth: True with the example, False here\n"
        "  = graph: from aten::neg in line 6 on it is another\n"
        "  = also: under 2 other perturbations\n"
        "  = confirms: TSL101 tensor-branch in line 6\n"
        "\n"
        "check is lost: dimension 1 of `x`: 2 -> 4\n"
        "  --> net.py:10:13\n"
        "   |\n"
        '10 |             raise ValueError("too wide")\n'
        "   |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "   |\n"
        "   = differs: eager raises ValueError: too wide, the trace does not\n"
        "   = confirms: TSL151 size-check in line 9\n"
        "\n"
        "not confirmed by this search:\n"
        + "".join(
            f"  net.py:{one.span.line}:{one.span.column}: {one.severity.label} {one.code} [{one.rule}] {one.message}\n"
            for one in outcome.diagnostics
            if one.span.line in {8, 18}
        )
        + "\n"
        "Found 1 divergence: 20 perturbations"
        " (the model refused 3, 1 had no steady answer, 10 were left for want of time)\n"
    )


def test_a_line_elsewhere_is_shown_whole(project: Project, outcome: Outcome) -> None:
    project.write("elsewhere.py", "def half(x):\n    return x / 2\n")
    verdict = Verdict("net.py", "Net", divergences=(divergence(2, "elsewhere.py"),), started=True)
    text = verdict_report("text", verdict, confirm(verdict, outcome), color=False)
    assert " --> elsewhere.py:2:5\n  |\n2 |     return x / 2\n  |     ^^^^^^^^^^^^\n" in text
    assert "confirms: no finding: tsl check says nothing there" in text


def test_an_unknown_line_is_said_to_be_unknown(outcome: Outcome) -> None:
    verdict = Verdict("net.py", "Net", divergences=(divergence(None),), failure=Failure("a", "b"), started=True)
    text = verdict_report("text", verdict, confirm(verdict, outcome), color=False)
    assert "  the line is not known\n" in text
    assert text.endswith("Not finished: 1 divergence so far\n")


def test_colour_changes_no_word(outcome: Outcome) -> None:
    import re

    verdict = Verdict("net.py", "Net", divergences=(divergence(6),), started=True)
    made = confirm(verdict, outcome)
    colored = verdict_report("text", verdict, made, color=True)
    assert colored != verdict_report("text", verdict, made, color=False)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == verdict_report("text", verdict, made, color=False)


def test_every_key_of_the_json_is_documented(outcome: Outcome) -> None:
    lost = LostCheck("`x` zero", "ValueError: no", None)
    verdict = Verdict("net.py", "Net", ("x=f32[2]",), (divergence(6),), (lost,), Counts(3, 3), ("a note",), None, True)
    form = json.loads(verdict_report("json", verdict, confirm(verdict, outcome), color=False))
    told = DOCUMENTATION.read_text(encoding="utf-8")
    told = told[told.index("## `--format json`") :]
    keys = {*form, *form["divergences"][0], *form["lost_checks"][0], *form["perturbations"], *form["tool"]}
    keys |= {*form["divergences"][0]["place"], *form["divergences"][0]["node"], *form["divergences"][0]["decision"]}
    assert sorted(key for key in keys - {"name"} if f"`{key}`" not in told) == []


def test_every_kind_of_perturbation_is_documented() -> None:
    told = DOCUMENTATION.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` | {''}" not in told] == []


def test_a_verdict_has_no_other_format(outcome: Outcome) -> None:
    verdict = Verdict("net.py", "Net")
    assert VERDICT_FORMATS == ("text", "json")
    with pytest.raises(ValueError, match="use text or json"):
        verdict_report("sarif", verdict, confirm(verdict, outcome), color=False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "verify: needs FILE.py; see tsl verify --help"),
        (("net.py",), "verify: needs --entry NAME: what in the file makes the model; see tsl verify --help"),
        (("net.py", "other.py", "--entry", "Net"), "other.py: is one argument too many; see tsl verify --help"),
        (("absent.py", "--entry", "Net"), "absent.py: cannot be read: no such file or directory"),
        (
            ("net.py", "--entry", "Net", "--input", "x"),
            "--input: 'x': there is no dtype 'x'; write NAME=DTYPE[DIM,...]",
        ),
        (("net.py", "--entry", "Net", "--timeout", "soon"), "--timeout: 'soon' is not a time; use a number of seconds"),
        (("net.py", "--entry", "Net", "--timeout", "0"), "--timeout: '0' is not a time; use a number of seconds"),
        (
            ("net.py", "--entry", "Net", "--trials", "0"),
            "--trials: '0' is not a number of perturbations; use 1 or more",
        ),
        (("net.py", "--entry", "Net", "--skip", "sizes"), "--skip: there is no 'sizes'; did you mean size?"),
        (("net.py", "--entry", "Net", "--format", "sarif"), "--format: there is no 'sarif'; use text or json"),
    ],
)
def test_a_wrong_argument_is_one_line_that_helps(project: Project, arguments: tuple[str, ...], line: str) -> None:
    project.write("net.py", NET)
    done = project.tsl("verify", *arguments)
    assert done.err.startswith(f"tsl: {line}")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_the_terminal_and_names_every_flag(
    project: Project, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = project.tsl("verify", "--help")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= min(int(columns), 100)
    for flag in (
        "--entry",
        "--input",
        "--timeout",
        "--trials",
        "--skip",
        "--format",
        "--color",
        "--config",
        "--isolated",
    ):
        assert flag in done.out
    assert "\n  verify " in project.tsl("--help").out

"""The driver: which findings of a run are shown, how, and with what counts. Asked through the command line, in JSON."""

from __future__ import annotations

import json

import pytest

import tsl
from tests.conftest import BRANCH, BRANCH_LINE, CLEAN, Project
from tsl.check.judge import counted, merge
from tsl.config import SettingError
from tsl.diagnostic import Diagnostic, Label, Severity, Span

MANY = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x.sum().item()
        for i in range(x.size(0)):
            x = x + i
        return x
"""
SCRIPTED = BRANCH + "\n\nscripted = torch.jit.script(Net())\n"
TRACED = BRANCH + "\n\ntraced = torch.jit.trace(Net(), torch.ones(2))\n"
OWN_RULE = '''\
"""Forward of a module, for the test of rulebooks.

## What happens
It is found.
"""
from tsl.rule import source_rule

@source_rule("MY001", severity="warning", since="1", help="nothing")
def my_rule(function):
    yield function.node, f"found {function.qualname}"
'''


def summary(out: str) -> dict[str, int]:
    counts = json.loads(out)["summary"]
    assert isinstance(counts, dict)
    return counts


def test_a_finding_is_reported_with_its_place_and_story(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.check("net.py")
    (found,) = done.findings
    assert (found["path"], found["line"], found["column"], found["code"]) == ("net.py", BRANCH_LINE, 12, "TSL101")
    assert (found["rule"], found["severity"], found["evidence"]) == ("tensor-branch", "error", ["source"])
    assert found["labels"][0]["line"] == 5
    assert done.code == 1


def test_a_clean_project_exits_0(project: Project) -> None:
    project.write("net.py", CLEAN)
    done = project.check()
    assert (done.code, done.findings, done.err) == (0, [], "")
    assert summary(done.out)["files"] == 1


def test_an_empty_project_is_noted_and_exits_0(project: Project) -> None:
    done = project.check()
    assert (done.code, done.findings, done.err) == (0, [], "tsl: no Python files or archives found\n")


def test_findings_come_by_path_line_column_and_code(project: Project) -> None:
    for name in ("b.py", "a.py", "a/z.py"):
        project.write(name, MANY)
    places = project.check("b.py", ".").places
    assert places == sorted(places)
    assert len(places) == 9


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ((), ["TSL101", "TSL106", "TSL112"]),
        (("--select", "TSL10"), ["TSL101", "TSL106"]),
        (("--select", "tensor-branch,TSL112"), ["TSL101", "TSL112"]),
        (("--select", "TSL101", "--select", "size-loop"), ["TSL101", "TSL112"]),
        (("--ignore", "TSL10"), ["TSL112"]),
        (("--ignore", "TSL10", "--extend-select", "tensor-branch"), ["TSL101", "TSL112"]),
        (("--select", "TSL101", "--ignore", "TSL1"), ["TSL101"]),
        (("--select", "TSL1", "--ignore", "TSL101"), ["TSL106", "TSL112"]),
        (("--select", "TSL101", "--ignore", "tensor-branch"), []),
        (("--ignore", "ALL"), []),
    ],
)
def test_of_two_selectors_the_narrower_decides(project: Project, arguments: tuple[str, ...], codes: list[str]) -> None:
    project.write("net.py", MANY)
    assert project.check("net.py", *arguments).codes == codes


def test_the_configuration_selects_and_the_command_line_overrides_it(project: Project) -> None:
    project.write("net.py", MANY)
    project.write("pyproject.toml", '[tool.tsl]\nignore = ["TSL10"]\n')
    assert project.check().codes == ["TSL112"]
    assert project.check("--select", "TSL10").codes == ["TSL101", "TSL106"]
    assert project.check("--ignore", "TSL11").codes == ["TSL101", "TSL106"]
    assert project.check("--isolated").codes == ["TSL101", "TSL106", "TSL112"]


def test_rules_are_ignored_in_some_files(project: Project) -> None:
    project.write("tests/net.py", MANY)
    project.write("net.py", MANY)
    project.write(
        "pyproject.toml", '[tool.tsl.per-file-ignores]\n"tests/" = ["TSL10"]\n"*.py" = ["tensor-to-number"]\n'
    )
    done = project.check()
    assert [place[0] + " " + place[2] for place in done.places] == [
        "net.py TSL101",
        "net.py TSL112",
        "tests/net.py TSL112",
    ]


def test_excluded_files_are_not_checked_unless_named(project: Project) -> None:
    project.write("old/net.py", BRANCH)
    project.write("pyproject.toml", '[tool.tsl]\nexclude = ["old/"]\n')
    assert project.check().codes == []
    assert project.check("old/net.py").codes == ["TSL101"]


def test_severities_are_overridden_the_narrower_deciding(project: Project) -> None:
    project.write("net.py", MANY)
    project.write("pyproject.toml", '[tool.tsl.severity]\ntensor-branch = "info"\nTSL1 = "warning"\n')
    done = project.check()
    assert [found["severity"] for found in done.findings] == ["info", "warning", "warning"]
    assert summary(done.out) == {"files": 1, "errors": 0, "warnings": 2, "infos": 1, "suppressed": 0}


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_the_lowest_severity_that_fails_a_run_is_chosen(project: Project, level: str, code: int) -> None:
    project.write("net.py", BRANCH)
    project.write("pyproject.toml", '[tool.tsl.severity]\ntensor-branch = "warning"\n')
    done = project.check("--severity", level)
    assert (done.code, done.codes) == (code, ["TSL101"])


@pytest.mark.parametrize(
    ("text", "capture", "codes"),
    [
        (BRANCH, "auto", ["TSL101"]),
        (TRACED, "auto", ["TSL101", "TSL305"]),
        (SCRIPTED, "auto", ["TSL411"]),
        (TRACED + SCRIPTED.rpartition("\n\n")[2], "auto", ["TSL101", "TSL411", "TSL305"]),
        (SCRIPTED, "trace", ["TSL101"]),
        (SCRIPTED, "both", ["TSL101", "TSL411"]),
        (TRACED, "script", ["TSL411", "TSL305"]),
    ],
)
def test_a_file_is_held_to_the_promises_of_its_captures(
    project: Project, text: str, capture: str, codes: list[str]
) -> None:
    project.write("net.py", text)
    assert project.check("net.py", "--capture", capture).codes == codes


@pytest.mark.parametrize("capture", ["trace", "script", "both"])
def test_there_are_rules_for_every_promise(project: Project, capture: str) -> None:
    project.write("net.py", CLEAN)
    assert project.check("net.py", "--capture", capture).err == ""


def test_without_an_archive_it_is_noted_how_little_is_held_against_targets(project: Project) -> None:
    project.write("net.py", CLEAN)
    project.write("pyproject.toml", '[tool.tsl]\ntargets = ["onnx:17", "cuda"]\n')
    done = project.check()
    note = "tsl: pyproject.toml: targets: without an archive only calls of torch are checked against onnx:17, cuda\n"
    assert (done.err, done.code) == (note, 0)


# Suppressions


def test_a_suppressed_finding_is_counted_and_not_shown(project: Project) -> None:
    project.write("net.py", BRANCH.replace("> 0:", "> 0:  # tsl: ignore[tensor-branch] the arms agree"))
    done = project.check()
    assert (done.code, done.codes) == (0, [])
    assert summary(done.out)["suppressed"] == 1


@pytest.mark.parametrize("comment", ["tsl: ignore", "noqa", "noqa: TSL101", "tsl: ignore[TSL1]", "tsl: ignore[TSL101]"])
def test_every_form_of_a_suppression_works(project: Project, comment: str) -> None:
    project.write("net.py", BRANCH.replace("> 0:", f"> 0:  # {comment}"))
    assert project.check().codes == []


def test_a_file_is_suppressed_as_a_whole(project: Project) -> None:
    project.write("net.py", "# tsl: ignore-file[TSL10] the reference implementation\n" + MANY)
    done = project.check()
    assert done.codes == ["TSL112"]
    assert summary(done.out)["suppressed"] == 2


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("tsl: ignore", "no rule has a finding on this line"),
        ("tsl: ignore[tensor-branch]", "tensor-branch has no finding on this line"),
        ("noqa: TSL101, E501", "TSL101 has no finding on this line"),
        ("tsl: ignore[tensor-brnch]", "no rule is called 'tensor-brnch'; did you mean tensor-branch?"),
        ("noqa: TSL199", "no rule is called 'TSL199'; did you mean"),
        ("tsl: ignore[TSL101", "its bracket is not closed"),
        ("tsl: ignore-file", "ignore-file stands on a line of its own"),
    ],
)
def test_a_suppression_that_does_nothing_is_reported_at_the_comment(
    project: Project, comment: str, message: str
) -> None:
    project.write("net.py", CLEAN.replace("(x)\n", f"(x)  # {comment}\n"))
    done = project.check()
    (found,) = done.findings
    assert (found["code"], found["line"], found["column"], found["severity"]) == ("TSL901", 6, 31, "warning")
    assert found["message"].startswith(f"suppresses nothing: {message}")
    assert done.code == 1


@pytest.mark.parametrize("comment", ["noqa", "noqa: E501, F401", "type: ignore"])
def test_what_other_tools_are_told_is_not_reported(project: Project, comment: str) -> None:
    project.write("net.py", CLEAN.replace("(x)\n", f"(x)  # {comment}\n"))
    assert project.check().codes == []


@pytest.mark.parametrize(
    "arguments", [("--select", "TSL11,TSL9"), ("--capture", "script"), ("--ignore", "TSL101"), ("--root", "Other")]
)
def test_a_name_whose_rule_was_not_asked_is_not_called_unused(project: Project, arguments: tuple[str, ...]) -> None:
    more = "\n\nclass Other(torch.nn.Module):\n    def forward(self, y):\n        return y\n"
    project.write("net.py", CLEAN.replace("(x)\n", "(x)  # tsl: ignore[tensor-branch]\n") + more)
    assert project.check().codes == ["TSL901"]
    assert project.check(*arguments).codes == []


def test_a_suppression_of_a_finding_that_is_not_selected_is_not_unused(project: Project) -> None:
    project.write("net.py", BRANCH.replace("> 0:", "> 0:  # tsl: ignore"))
    done = project.check("--select", "TSL11,TSL9")
    assert (done.codes, summary(done.out)["suppressed"]) == ([], 0)


def test_a_comment_may_excuse_unused_ones_by_name_and_not_itself(project: Project) -> None:
    unused = CLEAN.replace("(x)\n", "(x)  # tsl: ignore\n")
    project.write("net.py", unused)
    assert project.check().codes == ["TSL901"]
    project.write("net.py", "# tsl: ignore-file[unused-suppression]\n" + unused)
    assert project.check().codes == []


# Roots


def test_only_what_a_root_reaches_is_judged(project: Project) -> None:
    second = BRANCH.replace("import torch\n", "").replace("Net", "Second")
    project.write("net.py", BRANCH + second)
    assert len(project.check().codes) == 2
    assert project.check("--root", "Net").places == [("net.py", BRANCH_LINE, "TSL101")]
    assert len(project.check("--root", "Net", "--root", "Second.forward").codes) == 2


@pytest.mark.parametrize("root", ["a.net.Net", "net.Net", "a.net.Net.forward", "pkg.a.net.Net"])
def test_a_root_may_be_qualified_by_its_module(project: Project, root: str) -> None:
    project.write("pyproject.toml", '[tool.tsl]\nsrc = ["source"]\n')
    for name in ("source/pkg/a/net.py", "source/pkg/b/other.py"):
        project.write(name, BRANCH)
    done = project.check("--root", root)
    assert (done.places, done.err) == ([("source/pkg/a/net.py", BRANCH_LINE, "TSL101")], "")


def test_a_root_that_no_file_holds_is_a_failure(project: Project) -> None:
    project.write("net.py", BRANCH)
    done = project.check("--root", "Net", "--root", "Nett")
    assert done.err == "tsl: --root Nett: no checked file holds it; name a class or function: Net, pkg.module.Net\n"
    assert (done.code, done.codes) == (2, ["TSL101"])


# Standard input, rulebooks, processes


def test_standard_input_is_checked_under_a_name(project: Project) -> None:
    assert project.check("-", stdin=BRANCH.encode()).places == [("<stdin>", BRANCH_LINE, "TSL101")]
    done = project.check("-", "--stdin-filename", "a/net.py", stdin=BRANCH.encode())
    assert done.places == [("a/net.py", BRANCH_LINE, "TSL101")]


def test_a_users_rulebook_is_asked_by_the_same_road(project: Project) -> None:
    project.write("lint/my_rule.py", OWN_RULE)
    project.write("app/net.py", CLEAN.replace("(self, x):", "(self, x):  # noqa: MY002"))
    project.write("pyproject.toml", '[tool.tsl]\nrulebooks = ["lint"]\nexclude = ["lint/"]\n')
    done = project.check()
    assert [(found["code"], found["message"]) for found in done.findings] == [
        ("MY001", "found Net.forward"),
        ("TSL901", "suppresses nothing: no rule is called 'MY002'; did you mean MY001?"),
    ]
    assert project.check("--select", "my-rule").codes == ["MY001"]


def test_processes_change_nothing_but_the_time(project: Project) -> None:
    for number in range(60):
        project.write(f"net{number}.py", MANY)
    project.write("broken.py", "def f(:\n")
    project.write("other.py", BRANCH.replace("Net", "Other"))
    arguments = (".", "absent.py", "--root", "Other", "--root", "Net", "--ignore", "size-loop")
    alone, shared = project.check(*arguments), project.check(*arguments, "--jobs", "2")
    assert alone == shared
    assert len(alone.codes) == 122


# Merging


def one(line: int, severity: Severity = Severity.ERROR, code: str = "TSL101", text: str = "") -> Diagnostic:
    return Diagnostic(Span("net.py", line, 1, line, 9), code, "", severity, text, "", "forward: if x:")


def test_of_findings_at_one_place_the_gravest_stays() -> None:
    labelled = one(1, Severity.ERROR)._replace(labels=(Label(one(1).span, "since here"),))
    found = merge([one(1, Severity.INFO), labelled, one(1, Severity.WARNING), one(1, Severity.INFO, "TSL102")])
    assert [(each.code, each.severity) for each in found] == [("TSL101", Severity.ERROR), ("TSL102", Severity.INFO)]
    assert found[0].labels


def test_anchors_that_recur_are_told_apart_by_a_count() -> None:
    found = counted(merge([one(3), one(2), one(1, code="TSL102")]))
    assert [each.anchor for each in found] == ["forward: if x:", "forward: if x:", "forward: if x: #2"]
    assert len({each.fingerprint for each in found}) == 3


def test_a_fingerprint_outlives_lines_above_it(project: Project) -> None:
    project.write("net.py", BRANCH)
    (before,) = project.check().findings
    project.write("net.py", "# a line more\n\n" + BRANCH)
    (after,) = project.check().findings
    assert after["line"] == before["line"] + 2
    assert after["fingerprint"] == before["fingerprint"]


# The names of the package


def test_the_package_checks_as_the_command_does(project: Project) -> None:
    path = project.write("net.py", MANY)
    outcome = tsl.check(path, select=["TSL10"])
    assert [found.code for found in outcome.diagnostics] == ["TSL101", "TSL106"]
    assert isinstance(outcome.diagnostics[0], tsl.Diagnostic)
    assert tsl.check("-", stdin=BRANCH.encode()).files == 1


def test_the_package_refuses_what_the_command_refuses(project: Project) -> None:
    with pytest.raises(SettingError, match="--capture: expected one of auto"):
        tsl.check(".", capture="tracing")
    with pytest.raises(SettingError, match="no rule is called 'tensor-brnch'"):
        tsl.explain("tensor-brnch")


def test_the_package_explains_a_rule() -> None:
    assert "## What happens" in tsl.explain("TSL101")
    assert tsl.explain("TSL101") == tsl.explain("tensor-branch")


def test_the_driver_does_not_hide_the_function_of_its_name() -> None:
    import tsl.check as imported

    assert callable(tsl.check)
    assert imported is tsl.check


def test_a_name_the_package_has_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'tsl' has no attribute 'chek'"):
        tsl.chek  # noqa: B018


def test_a_file_that_scripts_a_function_does_not_promise_to_script_its_modules(project: Project) -> None:
    project.write(
        "net.py",
        """\
import torch
from torch import Tensor, nn


def loop(x: Tensor, n: int) -> Tensor:
    for _ in range(n):
        x = x * 2
    return x


COMPILED = torch.jit.script(loop)


class Net(nn.Module):
    def forward(self, x: Tensor, **options: int):
        return COMPILED(x, 3)
""",
    )
    assert project.check("--isolated").codes == []
    assert project.check("--isolated", "--capture", "script").codes == ["TSL203"]

"""The reports for machines: their forms, held by the standards they follow and by each other."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.specimens import BRANCH, EMPTY_BOOK, LOOP, NOTE, TENSOR_BRANCH, UNREADABLE, book_in, outcome
from tests.test_report_agreement import workflow_commands
from tsl import __version__
from tsl.diagnostic import Span
from tsl.outcome import Outcome
from tsl.page import PageError
from tsl.report import FORMATS, STATISTICS_FORMATS, render

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
Json = dict[str, Any]


def rendered(format: str, run: Outcome, book: Any = EMPTY_BOOK) -> str:
    return render(format, run, book, color=False, statistics=False)


def sarif(run: Outcome, book: Any) -> Json:
    """The only run of a SARIF log that the official schema accepts."""
    log = json.loads(rendered("sarif", run, book))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    return found


def commands(run: Outcome) -> list[tuple[str, dict[str, str], str]]:
    return workflow_commands(rendered("github", run))


def test_json_has_the_keys_of_the_contract_in_their_order() -> None:
    form = json.loads(rendered("json", outcome(BRANCH, suppressed=2)))
    assert list(form) == ["version", "tool", "diagnostics", "summary"]
    assert list(form["diagnostics"][0]) == [
        *("code", "rule", "severity", "message", "help", "path", "line", "column", "end_line", "end_column"),
        *("evidence", "labels", "fix", "fingerprint"),
    ]
    assert list(form["diagnostics"][0]["labels"][0]) == ["path", "line", "column", "text"]
    assert list(form["summary"]) == ["files", "errors", "warnings", "infos", "suppressed"]


def test_json_says_what_was_found() -> None:
    form = json.loads(rendered("json", outcome(BRANCH, LOOP, NOTE, NOTE, files=7, suppressed=2)))
    assert (form["version"], form["tool"]) == (1, {"name": "tsl", "version": __version__})
    assert form["summary"] == {"files": 7, "errors": 1, "warnings": 1, "infos": 2, "suppressed": 2}
    assert form["diagnostics"][0] == {
        "code": "TSL101",
        "rule": "tensor-branch",
        "severity": "error",
        "message": "tracing keeps only the branch its example input takes",
        "help": "use torch.where",
        "path": "models/gate.py",
        "line": 7,
        "column": 12,
        "end_line": 7,
        "end_column": 21,
        "evidence": ["source"],
        "labels": [
            {"path": "models/gate.py", "line": 5, "column": 23, "text": "a tensor since here"},
            {"path": "models/gate.py", "line": 6, "column": 9, "text": "its sum, still a tensor"},
        ],
        "fix": None,
        "fingerprint": BRANCH.fingerprint,
    }


def test_json_of_nothing_is_still_a_report() -> None:
    form = json.loads(rendered("json", outcome(files=3)))
    assert form["diagnostics"] == []
    assert form["summary"]["files"] == 3


def test_sarif_is_valid_with_findings_labels_and_failures(tmp_path: Path) -> None:
    run = sarif(outcome(BRANCH, LOOP, NOTE, failures=(UNREADABLE,)), book_in(tmp_path))
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["semanticVersion"] == __version__


def test_sarif_is_valid_without_findings() -> None:
    run = sarif(outcome(), EMPTY_BOOK)
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_the_schema_refuses_a_log_that_is_wrong(tmp_path: Path) -> None:
    log = json.loads(rendered("sarif", outcome(BRANCH), book_in(tmp_path)))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate(log)


def test_sarif_describes_the_rules_that_found_something_by_their_pages(tmp_path: Path) -> None:
    run = sarif(outcome(LOOP), book_in(tmp_path))
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("TSL112", "size-loop")
    assert rule["shortDescription"]["text"] == "Loop over a size"
    assert rule["fullDescription"]["text"] == "The loop is unrolled."
    assert rule["help"]["markdown"].startswith("write the loop as one tensor operation\n\n## What happens\n")
    assert rule["defaultConfiguration"] == {"level": "warning"}


def test_a_full_description_is_the_first_paragraph_of_what_happens(tmp_path: Path) -> None:
    (rule,) = sarif(outcome(BRANCH), book_in(tmp_path))["tool"]["driver"]["rules"]
    assert rule["fullDescription"]["text"] == "Tracing runs the model once and keeps the branch that ran."


def test_a_rule_index_points_at_the_rule(tmp_path: Path) -> None:
    run = sarif(outcome(LOOP, BRANCH, NOTE), book_in(tmp_path))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["TSL101", "TSL112"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_sarif_places_a_finding_and_its_story(tmp_path: Path) -> None:
    result = sarif(outcome(BRANCH), book_in(tmp_path))["results"][0]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "models/gate.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7, "startColumn": 12, "endLine": 7, "endColumn": 21},
    }
    assert [label["message"]["text"] for label in result["relatedLocations"]] == [
        "a tensor since here",
        "its sum, still a tensor",
    ]
    assert result["partialFingerprints"] == {"tsl/v1": BRANCH.fingerprint}


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("a b/ü%.py", {"uri": "a%20b/%C3%BC%25.py", "uriBaseId": "%SRCROOT%"}),
        ("models\\gate.py", {"uri": "models/gate.py", "uriBaseId": "%SRCROOT%"}),
        ("../gate.py", {"uri": "../gate.py", "uriBaseId": "%SRCROOT%"}),
        ("/srv/models/gate.py", {"uri": "file:///srv/models/gate.py"}),
        ("C:\\models\\gate.py", {"uri": "file:///C:/models/gate.py"}),
        ("a:b.py", {"uri": "a%3Ab.py", "uriBaseId": "%SRCROOT%"}),
        ("\udcff.py", {"uri": "%FF.py", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_a_path_becomes_a_uri(tmp_path: Path, path: str, location: dict[str, str]) -> None:
    run = outcome(BRANCH._replace(span=Span(path, 1, 1, 1, 2), labels=()))
    place = sarif(run, book_in(tmp_path))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == location


def test_sarif_tells_what_tsl_could_not_do() -> None:
    run = outcome(failures=(UNREADABLE,))._replace(notes=("no file is named so",))
    (invocation,) = sarif(run, EMPTY_BOOK)["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"] == [
        {"level": "error", "message": {"text": "locked.py: permission denied"}},
        {"level": "note", "message": {"text": "no file is named so"}},
    ]


def test_sarif_says_which_rule_has_no_page(tmp_path: Path) -> None:
    book = book_in(tmp_path, TENSOR_BRANCH)
    Path(book.rules[0].path).write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(PageError, match="TSL101 has no page"):
        rendered("sarif", outcome(BRANCH), book)


def test_github_gets_one_command_a_finding() -> None:
    assert rendered("github", outcome(BRANCH._replace(labels=()))) == (
        "::error file=models/gate.py,line=7,endLine=7,col=12,endColumn=21,title=TSL101 tensor-branch"
        "::tracing keeps only the branch its example input takes%0Ahelp: use torch.where\n"
    )
    assert [name for name, _, _ in commands(outcome(BRANCH, LOOP, NOTE))] == ["error", "warning", "notice"]
    assert rendered("github", outcome()) == ""


def test_github_is_told_the_story_of_a_finding() -> None:
    ((_, _, message),) = commands(outcome(BRANCH))
    assert "%0Aline 5: a tensor since here%0Aline 6: its sum, still a tensor%0A" in message


def test_github_commands_escape_what_would_end_them() -> None:
    found = BRANCH._replace(span=Span("a,b:c%\n.py", 1, 1, 1, 2), message="50% of\r\n::a, b::", labels=())
    ((_, properties, message),) = commands(outcome(found))
    assert properties["file"] == "a%2Cb%3Ac%25%0A.py"
    assert message.startswith("50%25 of%0D%0A::a, b::")


@pytest.mark.parametrize("format", FORMATS)
def test_the_order_findings_come_in_does_not_reach_the_report(tmp_path: Path, format: str) -> None:
    found = [BRANCH, LOOP, NOTE, BRANCH._replace(code="TSL102", rule="tensor-loop")]
    book = book_in(tmp_path)
    first = rendered(format, outcome(*found), book)
    for seed in range(5):
        random.Random(seed).shuffle(found)
        assert rendered(format, outcome(*found), book) == first


@pytest.mark.parametrize("format", sorted(set(FORMATS) - set(STATISTICS_FORMATS)))
def test_statistics_are_refused_where_they_have_no_place(format: str) -> None:
    with pytest.raises(ValueError, match=f"no statistics in format {format}; use text or concise"):
        render(format, outcome(BRANCH), EMPTY_BOOK, color=False, statistics=True)


def test_an_unknown_format_is_refused_by_naming_those_there_are() -> None:
    with pytest.raises(ValueError, match="'xml' is not a format; use text, concise, json, sarif, github"):
        rendered("xml", outcome())


@pytest.mark.parametrize("format", ["json", "sarif", "github"])
def test_colour_never_reaches_a_machine(tmp_path: Path, format: str) -> None:
    run, book = outcome(BRANCH, LOOP), book_in(tmp_path)
    assert render(format, run, book, color=True, statistics=False) == rendered(format, run, book)


def test_a_name_that_is_no_text_still_makes_a_report(tmp_path: Path) -> None:
    """File names on POSIX are bytes; Python carries those that are not UTF-8 as lone surrogates."""
    run = outcome(BRANCH._replace(span=Span("\udcff.py", 1, 1, 1, 2), labels=()))
    for format in FORMATS:
        rendered(format, run, book_in(tmp_path)).encode()

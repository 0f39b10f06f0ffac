"""All formats tell of the same findings, and the same bytes each time."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from tests.checkout import FIXTURE, ROOT, plain_environment, run
from tests.specimens import BRANCH, LOOP, NOTE, book_in, outcome
from tsl.diagnostic import Span
from tsl.report import FORMATS, render

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")

Place = tuple[str, int, int, str]


def workflow_commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner reads them: name, properties, message."""
    matches = [COMMAND.fullmatch(line) for line in text.splitlines()]
    assert all(matches), text
    return [(m[1], dict(p.split("=", 1) for p in m[2].split(",")), m[3]) for m in matches if m]


def from_text(text: str) -> list[Place]:
    """The findings in the order of their places; an info may be told with another finding in its place."""
    places: list[Place] = []
    for m in re.finditer(r"^\w+\[(\w+)\] .*\n +--> (.*):(\d+):(\d+)$|^ +=\ also: info\[(\w+)\]", text, re.M):
        places.append((m[2], int(m[3]), int(m[4]), m[1]) if m[1] else (*places[-1][:3], m[5]))
    return sorted(places)


def from_concise(text: str) -> list[Place]:
    matches = re.finditer(r"^(.*?):(\d+):(\d+): \w+ (\w+) \[", text, re.M)
    return [(m[1], int(m[2]), int(m[3]), m[4]) for m in matches]


def from_json(text: str) -> list[Place]:
    found = json.loads(text)["diagnostics"]
    return [(one["path"], one["line"], one["column"], one["code"]) for one in found]


def from_sarif(text: str) -> list[Place]:
    places = []
    for result in json.loads(text)["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        path = unquote(place["artifactLocation"]["uri"])
        places.append((path, region["startLine"], region["startColumn"], result["ruleId"]))
    return places


def from_github(text: str) -> list[Place]:
    read = [properties for _, properties, _ in workflow_commands(text)]
    return [(unquote(p["file"]), int(p["line"]), int(p["col"]), p["title"].split()[0]) for p in read]


def from_gitlab(text: str) -> list[Place]:
    rows = json.loads(text)
    return [(r["location"]["path"], r["location"]["lines"]["begin"], 0, r["description"].split()[0]) for r in rows]


def from_junit(text: str) -> list[Place]:
    places = []
    for case in ElementTree.fromstring(text).findall(".//testcase[failure]"):
        code, *_, place = str(case.get("name")).split()
        line, _, column = place.partition(":")
        places.append((str(case.get("file")), int(line), int(column), code))
    return places


def from_markdown(text: str) -> list[Place]:
    matches = re.finditer(r"^\| `(.*):(\d+)` \| \w+ (\w+) ", text, re.M)
    return [(m[1], int(m[2]), 0, m[3]) for m in matches]


READERS: dict[str, Callable[[str], list[Place]]] = {
    "text": from_text,
    "concise": from_concise,
    "json": from_json,
    "sarif": from_sarif,
    "github": from_github,
    "gitlab": from_gitlab,
    "junit": from_junit,
    "markdown": from_markdown,
}
WITHOUT_COLUMNS = {"gitlab", "markdown"}


def as_told(format: str, places: list[Place]) -> list[Place]:
    """Places as a format tells them, sorted."""
    return sorted((path, line, 0 if format in WITHOUT_COLUMNS else column, code) for path, line, column, code in places)


def checked(format: str, seed: int) -> str:
    """What tsl says of the models among its fixtures, in its own process, with one seed of Python's hashes."""
    command = [sys.executable, "-m", "tsl", "check", "--no-cache", "--isolated", "--format", format, "."]
    environment = plain_environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=str(seed))
    done = run(*command, cwd=FIXTURE, env=environment)
    assert (done.returncode, done.stderr) == (1, ""), done.stdout
    return done.stdout


def test_every_format_has_a_reader() -> None:
    assert sorted(READERS) == sorted(FORMATS)


def test_all_formats_agree_on_made_up_findings(tmp_path: Path) -> None:
    found = (BRANCH, LOOP, NOTE, BRANCH._replace(span=Span("a b/ü.py", 1, 1, 2, 3), labels=()))
    expected = sorted((*one.span[:3], one.code) for one in found)
    run, book = outcome(*found), book_in(tmp_path)
    for format, reader in READERS.items():
        told = sorted(reader(render(format, run, book, color=False, statistics=False)))
        assert told == as_told(format, expected), format


def test_all_formats_agree_on_the_models() -> None:
    found = {format: reader(checked(format, seed=0)) for format, reader in READERS.items()}
    assert found["json"]
    assert [format for format in FORMATS if sorted(found[format]) != as_told(format, found["json"])] == []


@pytest.mark.parametrize("format", FORMATS)
def test_the_seed_of_hashes_does_not_reach_the_report(format: str) -> None:
    assert checked(format, seed=1) == checked(format, seed=2)

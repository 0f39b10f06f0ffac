"""Where a recorded place is in the files of a run, whether they are what was recorded, and what is said twice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.checkout import ROOT
from tsl.check import open_books
from tsl.check.correspond import TABLES, agreed
from tsl.check.files import Files
from tsl.check.text import Text
from tsl.check.versions import differing
from tsl.config import Config
from tsl.diagnostic import Diagnostic, Evidence, Severity, Span
from tsl.ir.graph import Frame
from tsl.source.file import parse

SOURCE = """\
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        y = self.norm(x)  # normalized
        y = torch.cat(
            [x * 2, y],
            dim=1,
        )
        return y.max().item()


def build():
    return Net()


model = build()
"""
LINES = {line.strip(): number for number, line in enumerate(SOURCE.splitlines(), 1)}


class Node(NamedTuple):
    """What is asked of a node fact here."""

    recorded: tuple[Frame, ...]
    kind: str = "aten::relu"
    module: str = ""


def text(source: str = SOURCE) -> Text:
    return Text(parse("net.py", source.encode()))


def underlined(source: str, span: Span) -> str:
    line = source.splitlines()[span.line - 1]
    return line[span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        (6, 1, "y = self.norm(x)"),
        (7, 1, "y = torch.cat("),
        (8, 1, "[x * 2, y],"),
        (11, 16, "y.max().item()"),
        (11, 1, "return y.max().item()"),
        (5, 1, "def forward(self, x):"),
    ],
)
def test_a_recorded_place_is_the_code_that_begins_there(line: int, column: int, words: str) -> None:
    assert underlined(SOURCE, text().span(line, column)) == words


def test_the_end_of_a_line_is_no_comment_and_an_empty_line_no_code() -> None:
    held = text()
    assert held.span(40).line == 40
    assert not held.holds_code(2)
    assert held.statement(9) == "\n".join(SOURCE.splitlines()[6:10])
    assert held.function(8).name == "forward"
    assert held.function(LINES["model = build()"]) is None


@pytest.mark.parametrize(
    ("name", "line"),
    [("build", "return Net()"), ("Net", "class Net(torch.nn.Module):"), ("model", "model = build()")],
)
def test_an_entry_is_where_it_returns_or_is_defined(name: str, line: str) -> None:
    found = text().definition(name)
    assert found is not None
    assert found.line == LINES[line]


def test_what_a_file_does_not_define_has_no_place() -> None:
    assert text().definition("missing") is None
    assert text().definition("Net.missing") is None


def written(directory: Path, *names: str) -> list[str]:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n", encoding="utf-8")
    return [str(directory / name) for name in names]


def found(files: Files, recorded: str, under: Path) -> str:
    held = files.find(recorded)
    return os.path.relpath(held.path, under) if held else ""


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ("/builds/me/proj/net.py", "net.py"),
        ("C:\\work\\net.py", "net.py"),
        ("/builds/me/a/tools.py", "a/tools.py"),
        ("/builds/me/c/tools.py", ""),  # as near to both
        ("/lib/pkg/part.py", "pkg/part.py"),
        ("/lib/other/part.py", ""),  # of another package
        ("/lib/pkg/__init__.py", "pkg/__init__.py"),
        ("/lib/other/__init__.py", ""),
        ("/lib/unknown.py", ""),
    ],
)
def test_a_file_recorded_elsewhere_is_known_by_the_end_of_its_path(
    tmp_path: Path, recorded: str, expected: str
) -> None:
    paths = written(tmp_path, "net.py", "a/tools.py", "b/tools.py", "pkg/__init__.py", "pkg/part.py")
    assert found(Files(paths, elsewhere=True), recorded, tmp_path).replace(os.sep, "/") == expected


def test_of_two_recorded_files_the_nearer_one_is_the_checked_one(tmp_path: Path) -> None:
    files = Files(written(tmp_path, "models/tools.py"), elsewhere=True)
    files.settle(["/lib/models/tools.py", "/lib/ops/tools.py"])
    assert files.find("/lib/models/tools.py")
    assert files.find("/lib/ops/tools.py") is None


def test_a_file_recorded_here_is_known_by_its_real_path(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "net.py")
    files = Files([path], elsewhere=False)
    assert files.find(path)
    assert files.find("/elsewhere/net.py") is None


def told(tmp_path: Path, nodes: Sequence[Node], texts: Sequence[tuple[str, int, str]] = ()) -> str:
    """What is said of the file above, recorded as `/ci/net.py`."""
    path = tmp_path / "net.py"
    path.write_text(SOURCE, encoding="utf-8")
    facts: Any = nodes
    return differing(facts, texts, Files([str(path)], elsewhere=True)).get(str(path), "")


def at(line: int, function: str = "forward", inner: Sequence[Frame] = (), **more: str) -> Node:
    return Node((*inner, Frame("/ci/net.py", line, 1, function)), **more)


LAYER = Frame("/lib/torch/nn/modules/normalization.py", 217, 1, "forward")


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([at(6), at(8, kind="aten::mul"), at(8, kind="aten::cat")], ""),
        ([at(2)], "line 2 was code, and is none"),
        ([at(6, "encode")], "line 6 was in `encode`, and is in `forward`"),
        ([at(18, "encode")], "line 18 was in `encode`, and is in no function"),
        ([at(6, "<lambda>")], ""),
        ([at(11, kind="aten::mul")], "line 11 does not show what was recorded of it"),
        ([at(11, kind="aten::mul"), at(8, kind="aten::mul")], ""),  # half of them show it
        ([at(6, inner=[LAYER], module="norm")], ""),
        ([at(6, inner=[LAYER], module="blocks.0")], ""),
        ([at(6, inner=[LAYER], module="other")], "line 6 does not show what was recorded of it"),
        ([at(6, kind="aten::gelu")], ""),  # `self.norm` may be any function
    ],
)
def test_traced_code_is_of_the_file_where_its_lines_show_it(tmp_path: Path, nodes: Sequence[Node], words: str) -> None:
    assert told(tmp_path, nodes) == words


def test_scripted_code_is_of_the_file_where_its_text_is(tmp_path: Path) -> None:
    same = "def forward(self, x):\n    y = self.norm(x)  # normalized\n"
    assert told(tmp_path, [], [("/ci/net.py", 5, same)]) == ""
    assert told(tmp_path, [], [("/ci/net.py", 6, same)]) == "line 6 was `def forward(self, x):`"
    assert told(tmp_path, [], [("/ci/other.py", 6, same)]) == ""


def finding(code: str, line: int, *evidence: Evidence, column: int = 5, severity: Any = Severity.INFO) -> Diagnostic:
    span = Span("net.py", line, column, line, column + 4)
    return Diagnostic(span, code, code.lower(), severity, f"says {code}", "do", "anchor", evidence)


SOURCED = finding("TSL411", 3, Evidence.SOURCE)


def test_a_finding_of_both_engines_is_the_sources_with_both_evidences() -> None:
    graph = finding("TSL401", 3, Evidence.IR, severity=Severity.WARNING)
    (one,) = agreed([SOURCED, graph])
    assert (one.code, one.severity) == ("TSL411", Severity.WARNING)
    assert one.evidence == (Evidence.SOURCE, Evidence.IR)
    assert [(label.span, label.text) for label in one.labels] == [(SOURCED.span, "in the graph: says TSL401")]
    assert one.fingerprint == SOURCED.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        finding("TSL401", 4, Evidence.IR),  # on another line
        finding("TSL501", 3, Evidence.IR),  # about something else
        finding("TSL777", 3, Evidence.IR),  # of no rule in the table
    ],
)
def test_what_is_not_the_same_stays_two_findings(other: Diagnostic) -> None:
    assert agreed([SOURCED, other]) == (SOURCED, other)


def test_of_two_findings_on_a_line_the_nearest_is_meant() -> None:
    near, far = finding("TSL412", 3, Evidence.SOURCE, column=20), SOURCED
    one, other = agreed([far, near, finding("TSL401", 3, Evidence.IR, column=20)])
    assert (one.evidence, other.evidence) == ((Evidence.SOURCE,), (Evidence.SOURCE, Evidence.IR))


def test_the_table_speaks_of_rules_that_there_are_or_of_families_to_come() -> None:
    codes = {rule.code for rule in open_books(Config()).rulebook.rules}
    assert set(TABLES) <= codes
    whole = [code for also in TABLES.values() for code in also if len(code) == 6]
    assert [code for code in whole if code not in codes] == []
    page = (ROOT / "docs" / "entry.md").read_text(encoding="utf-8")
    names = {rule.code: rule.name for rule in open_books(Config()).rulebook.rules}
    for code, also in TABLES.items():
        row = next(line for line in page.splitlines() if line.strip().startswith(f"| {names[code]} |"))
        assert [names.get(one, one.ljust(6, "x")) for one in also] == [
            word.strip() for word in row.split("|")[2].split(",")
        ]


def test_what_comes_of_what_the_source_says_is_the_graphs_finding() -> None:
    source, literal = finding("TSL141", 3, Evidence.SOURCE), finding("TSL501", 3, Evidence.IR)
    fails = finding("TSL502", 3, Evidence.IR)._replace(severity=Severity.WARNING)
    (one,) = agreed([fails, literal, source._replace(severity=Severity.ERROR)])
    assert (one.code, one.anchor, one.message) == (fails.code, fails.anchor, fails.message)
    assert one.evidence == (Evidence.SOURCE, Evidence.IR)
    assert one.severity == Severity.ERROR
    assert [label.text for label in one.labels] == [
        f"in the source: {source.message}",
        f"in the graph: {literal.message}",
    ]


def test_a_failure_on_another_line_stays_by_itself() -> None:
    source, fails = finding("TSL141", 3, Evidence.SOURCE), finding("TSL502", 4, Evidence.IR)
    assert agreed([source, fails]) == (source, fails)

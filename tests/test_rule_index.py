"""The index of tsl's own rules: that it says what the files say, and is written anew where one changed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tsl.page import page_of
from tsl.report.pages import rules_json
from tsl.rule import Rule
from tsl.rule_index import NAME, Later, indexed
from tsl.rulebook import builtin_directory, load_builtin, load_directory, load_file

NAMES = ["tensor_branch.py", "unused_suppression.py"]


class Loads:
    """A loader that counts."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, path: str) -> Rule:
        self.paths.append(os.path.basename(path))
        return load_file(path)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two of tsl's rules, in which byte code may be written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in NAMES:
        shutil.copy(Path(builtin_directory()) / name, tmp_path / name)
    return tmp_path


def data_of(rules: list[Rule]) -> list[Rule]:
    return [rule._replace(check=None) for rule in rules]


def test_rules_out_of_the_index_are_as_their_files_make_them(shelf: Path) -> None:
    loads = Loads()
    first = indexed(str(shelf), NAMES, loads)
    again = indexed(str(shelf), NAMES, loads)
    assert loads.paths == NAMES
    assert data_of(first) == data_of(again)
    assert all(isinstance(rule.check, Later) for rule in again)


def test_a_file_runs_when_its_rule_is_first_asked(shelf: Path) -> None:
    indexed(str(shelf), NAMES, load_file)
    loads = Loads()
    branch, _ = indexed(str(shelf), NAMES, loads)
    assert loads.paths == []

    class Nothing:
        def conversions(self, *_: str) -> tuple[()]:
            return ()

    for _ in range(2):
        list(branch.check(Nothing()))
    assert loads.paths == NAMES[:1]


def test_a_file_that_changed_is_read_again(shelf: Path) -> None:
    indexed(str(shelf), NAMES, load_file)
    path = shelf / NAMES[0]
    path.write_text(path.read_text().replace('severity="error"', 'severity="info"'))
    assert indexed(str(shelf), NAMES, load_file)[0].severity.label == "info"


@pytest.mark.parametrize("damage", [b"", b"\x00", b"garbage", None])
def test_a_damaged_index_is_written_anew(shelf: Path, damage: bytes | None) -> None:
    indexed(str(shelf), NAMES, load_file)
    place = shelf / "__pycache__" / NAME
    place.write_bytes(place.read_bytes()[:40] if damage is None else damage)
    assert len(indexed(str(shelf), NAMES, load_file)) == len(NAMES)
    loads = Loads()
    indexed(str(shelf), NAMES, loads)
    assert loads.paths == []


def test_where_byte_code_is_not_written_neither_is_the_index(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    indexed(str(shelf), NAMES, load_file)
    assert not (shelf / "__pycache__" / NAME).exists()


def test_the_index_of_all_rules_is_what_their_files_say() -> None:
    from_files = [rule._replace(title=page_of(rule).title) for rule in load_directory(builtin_directory())]
    assert data_of(load_builtin()) == data_of(from_files)


def test_the_rules_are_listed_without_parsing_their_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_builtin()
    expected = [page_of(rule).title for rule in rules]
    monkeypatch.setattr("tsl.page.page_of", None)
    assert [each["title"] for each in json.loads(rules_json(rules))] == expected


def test_where_python_keeps_no_docstrings_titles_are_read(shelf: Path) -> None:
    indexed(str(shelf), NAMES, load_file)
    rules = indexed(str(shelf), NAMES, load_file)
    assert [rule.title for rule in rules] == ["", ""]
    assert "Branch on the data of an input" in rules_json(rules)

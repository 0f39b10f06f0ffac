"""The cache: what it answers, what it forgets, and that it never gets in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import BRANCH, CLEAN, Done, Project
from tsl.cache import Cache, Judged, stamp
from tsl.diagnostic import Diagnostic, Evidence, Label, Severity, Span

SPAN = Span("net.py", 1, 2, 3, 4)
FOUND = Diagnostic(
    SPAN,
    "TSL101",
    "tensor-branch",
    Severity.INFO,
    "é",
    "help",
    "Net: x",
    (Evidence.SOURCE, Evidence.RUN),
    (Label(SPAN, "t"),),
)
JUDGED = Judged((FOUND,), frozenset({"trace", "script"}), ("Net",))


def cached(project: Project, *arguments: str) -> Done:
    return project.tsl("check", "--format", "json", *arguments)


def entries(project: Project) -> list[Path]:
    return sorted((project.root / ".tsl_cache").glob("*.entry"))


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path), b"stamp")
    cache.put("net.py", b"text", (), JUDGED)
    assert cache.get("net.py", b"text", ()) == JUDGED


def test_another_question_has_no_answer(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path), b"stamp")
    cache.put("net.py", b"text", (), JUDGED)
    assert cache.get("net.py", b"other text", ()) is None
    assert cache.get("other.py", b"text", ()) is None
    assert cache.get("net.py", b"text", ("Net",)) is None
    assert Cache(str(tmp_path), b"another stamp").get("net.py", b"text", ()) is None


def test_a_stamp_changes_with_the_version_and_the_rules(tmp_path: Path) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text("one", encoding="utf-8")
    own = tmp_path / "own"
    own.mkdir()
    first = stamp("1", [str(rule)], str(own))
    assert stamp("1", [str(rule)], str(own)) == first
    assert stamp("2", [str(rule)], str(own)) != first
    rule.write_text("two", encoding="utf-8")
    changed = stamp("1", [str(rule)], str(own))
    assert changed != first
    (own / "tensor_branch.py").write_text("three", encoding="utf-8")
    assert stamp("1", [str(rule)], str(own)) != changed


@pytest.mark.parametrize("damage", [b"", b"\n", b"{}", b"\xff\xfe", b"0" * 32 + b"\n[[],[],[]]"])
def test_a_damaged_entry_is_a_miss_and_written_anew(project: Project, damage: bytes) -> None:
    project.write("net.py", BRANCH)
    first = cached(project)
    (entry,) = entries(project)
    sound = entry.read_bytes()
    entry.write_bytes(damage)
    assert cached(project) == first
    assert entry.read_bytes() == sound


def test_an_entry_that_is_changed_by_one_byte_is_a_miss(project: Project) -> None:
    project.write("net.py", BRANCH)
    first = cached(project)
    (entry,) = entries(project)
    entry.write_bytes(entry.read_bytes().replace(b"TSL101", b"TSL102"))
    assert cached(project) == first


def test_a_second_run_is_answered_from_the_cache(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("net.py", BRANCH)
    first = cached(project)
    monkeypatch.setattr("tsl.source.analyse", None)
    assert cached(project) == first
    project.write("net.py", BRANCH + "\n")
    assert cached(project).code == 2


def test_another_selection_is_answered_from_the_cache_as_well(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("net.py", BRANCH.replace("0:", "0:  # tsl: ignore[size-branch]"))
    assert cached(project, "--select", "TSL11").codes == []
    monkeypatch.setattr("tsl.source.analyse", None)
    assert cached(project).codes == ["TSL101", "TSL901"]
    assert cached(project, "--capture", "trace").codes == ["TSL101", "TSL901"]


def test_what_scripting_refuses_is_another_question_to_the_cache(project: Project) -> None:
    project.write("net.py", BRANCH)
    assert cached(project).codes == ["TSL101"]
    assert cached(project, "--capture", "script").codes == ["TSL411"]


def test_a_file_that_cannot_be_checked_is_not_kept(project: Project) -> None:
    project.write("deep.py", BRANCH.replace("x.sum() > 0", "x" + ".sum()" * 900))
    assert cached(project).code == 2
    assert entries(project) == []


def test_the_cache_lies_beside_the_configuration_and_says_what_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("pyproject.toml", "[tool.tsl]\n")
    project.write("inner/net.py", BRANCH)
    monkeypatch.chdir(project.root / "inner")
    cached(project)
    assert len(entries(project)) == 1
    assert (project.root / ".tsl_cache" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert (project.root / ".tsl_cache" / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172")
    assert not (project.root / "inner" / ".tsl_cache").exists()


def test_without_a_cache_nothing_is_written(project: Project) -> None:
    project.write("net.py", BRANCH)
    cached(project, "--no-cache")
    assert os.listdir(project.root) == ["net.py"]


def test_standard_input_is_not_kept(project: Project) -> None:
    project.tsl("check", "-", stdin=BRANCH.encode())
    assert os.listdir(project.root) == []


def test_where_no_cache_can_be_the_run_goes_on(project: Project) -> None:
    project.write("net.py", BRANCH)
    project.write(".tsl_cache", "a file in the way")
    done = cached(project)
    assert (done.codes, done.code, done.err) == (["TSL101"], 1, "")


def test_a_file_that_changes_back_is_found_anew(project: Project) -> None:
    project.write("net.py", BRANCH)
    assert cached(project).codes == ["TSL101"]
    project.write("net.py", CLEAN)
    assert cached(project).codes == []
    project.write("net.py", BRANCH)
    assert cached(project).codes == ["TSL101"]
    assert len(entries(project)) == 1

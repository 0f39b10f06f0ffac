"""What tsl's own rules find in a fence of a page, and the pages of hard cases under fixtures.

Needs the source engine and the rulebook. It will never hold an assertion.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tsl.page import Fence, Page
from tsl.rule import Verdict, verdicts
from tsl.rulebook import load
from tsl.source import analyse
from tsl.source.file import parse
from tsl.source.modules import Modules
from tsl.target.exporters import Exporters

RULEBOOK = load()
SOURCE_RULES = tuple(rule for rule in RULEBOOK.rules if rule.engine == "source")
TRACE = "TSL1"
XFAIL = "xfail: "


class Case(NamedTuple):
    """A fence with the line of its file it starts on, and the reason why it is a known gap, if it is one."""

    fence: Fence
    line: int
    gap: str


def verdicts_on(code: str, family: str = TRACE) -> dict[int, list[tuple[str, Verdict]]]:
    """Line to the findings of a family that start there, each with its rule's code."""
    found: dict[int, list[tuple[str, Verdict]]] = {}
    modules = Modules(exporters=Exporters())
    for function in analyse(parse("fence.py", code.encode()), (), modules).functions:
        # An optional rule is asked where the text speaks of it, as a configuration has to.
        asked = [rule for rule in SOURCE_RULES if not rule.optional or rule.code in code or rule.name in code]
        for rule in (rule for rule in asked if rule.code.startswith(family)):
            for verdict in verdicts(rule, function):
                found.setdefault(verdict.node.lineno, []).append((rule.code, verdict))
    return found


def codes_on(code: str, family: str = TRACE) -> dict[int, set[str]]:
    """Line to the codes of the findings of a family that start there."""
    return {line: {code for code, _ in found} for line, found in verdicts_on(code, family).items()}


def python_fences(page: Page) -> list[Fence]:
    """The fences of a page that are tests."""
    return [fence for fence in page.fences if fence.language == "python"]


def cases_of(path: Path) -> Iterator[Case]:
    """The cases of a page of hard cases, source and graphs: a known gap is a fence after a line `xfail: reason`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for fence in Page.parse(text.removeprefix("# "), str(path)).fences:
        if fence.language not in {"python", "ir", "ir cuda"}:
            continue
        before = next((line for line in reversed(lines[: fence.line - 1]) if line.strip()), "")
        yield Case(fence, fence.line, before.removeprefix(XFAIL) if before.startswith(XFAIL) else "")


def archive_fences_of(path: Path) -> list[Fence]:
    """The fences of a page of hard cases that write archives."""
    page = Page.parse(path.read_text(encoding="utf-8").removeprefix("# "), str(path))
    return [fence for fence in page.fences if fence.language.startswith("python archive")]

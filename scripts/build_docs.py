#!/usr/bin/env python3
"""Writes docs/rules from the pages of tsl's own rules: one file a rule, and an index by family.

usage: build_docs.py [--check] [DIR]

DIR is docs/rules unless named. --check writes nothing: it exits 1 and names each file that is stale, missing or left
over. Needs tsl importable, the base installation is enough.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tsl.page import PageError, page_of  # noqa: E402  the checkout must be found first
from tsl.remedy import REMEDIES  # noqa: E402
from tsl.report.pages import described, families, mended  # noqa: E402
from tsl.rule import Rule  # noqa: E402
from tsl.rulebook import RulebookError, load  # noqa: E402

NOTE = "<!-- Written by scripts/build_docs.py from the page in rules/{file}; change it there. -->"

INDEX = """\
<!-- Written by scripts/build_docs.py from the pages in rules/; change them there. -->
# Rules

Each page says what happens, shows an example, and what to write instead. A comment such as `# TSL101` in an example
marks the line the finding is on; a line without one is silent, and tsl's tests hold every page to that.
`tsl explain RULE` prints a page, `tsl rules` this list. Where a rule has a fix, [tsl check --fix](../fixes.md)
makes it; one that is not safe has to be asked for. To accept a finding, end its line with `# tsl: ignore[name] reason`.
"""


def pages(rules: tuple[Rule, ...]) -> Iterator[tuple[str, str]]:
    """The name and text of every file that belongs into docs/rules."""
    yield "README.md", "\n".join([INDEX, *map(_family, families(rules))])
    for rule in rules:
        yield f"{rule.name}.md", _page(rule)


def _family(family: tuple[str, list[Rule]]) -> str:
    title, members = family
    rows = [
        f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.severity.label} | {mark} | {page_of(rule).title} |"
        for rule in members
        for mark in [_mark(rule)]
    ]
    return "\n".join([f"## {title}\n", "| code | name | severity | fix | finds |", "|---|---|---|---|---|", *rows, ""])


def _mark(rule: Rule) -> str:
    return REMEDIES[rule.fix].safety.replace("depends", "safe or not") if rule.fix else ""


def _page(rule: Rule) -> str:
    page = page_of(rule)
    parts = (
        f"{NOTE.format(file=Path(rule.path).name)}\n# {rule.name}",
        f"{page.title}: {rule.code}, {described(rule)}.",
        f"**Help:** {rule.help}.",
        *([f"**[Fix](../fixes.md):** {mended(rule)}."] if rule.fix else []),
        page.body,
    )
    return "\n\n".join(parts) + "\n"


def stale(directory: Path, wanted: dict[str, str]) -> list[Path]:
    """The files of a directory that are not as wanted, missing and left-over ones included, sorted."""
    present = {path.name: path for path in directory.glob("*.md")}
    fresh = {name for name, path in present.items() if wanted.get(name, "").encode() == path.read_bytes()}
    return sorted(directory / name for name in (present.keys() | wanted.keys()) - fresh)


def write(directory: Path, wanted: dict[str, str]) -> None:
    """Makes the directory as wanted."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in stale(directory, wanted):
        if path.name in wanted:
            path.write_bytes(wanted[path.name].encode())
        else:
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", metavar="DIR", nargs="?", type=Path, default=ROOT / "docs" / "rules")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 where a file is stale")
    arguments = parser.parse_args()
    try:
        wanted = dict(pages(load().rules))
    except (RulebookError, PageError) as error:
        print(f"build_docs.py: {error}", file=sys.stderr)
        return 2
    if not arguments.check:
        write(arguments.directory, wanted)
        return 0
    found = stale(arguments.directory, wanted)
    for path in found:
        print(f"{path} is stale; run make docs", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

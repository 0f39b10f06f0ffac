"""The reports on the targets there are: for people and for machines.

Needs their tables. It will never judge by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from tsl.report.cells import visible
from tsl.report.paint import Line, Segment, paint
from tsl.target.named import span
from tsl.target.table import Table

VERSION = 1


def targets_text(tables: Sequence[Table], *, color: bool) -> str:
    """Each table: its name, title, versions, how many operators it lists, where it is from and of which date."""
    lines: list[Line] = []
    for table in tables:
        listed = "that it lacks" if table.is_of_missing else "operators"
        level = "by name" if table.is_by_name else "by overload"
        rows = (
            f"{table.version_of} {span(table.versions)}; {table.operators:,} {listed}, {level}",
            f"from {table.source}",
            *([f"as of {table.date}"] if table.date else []),
        )
        lines += [[]] if lines else []
        lines.append([Segment(table.name, "strong"), Segment(f": {visible(table.title)}")])
        lines += [[Segment(f"  {visible(row)}", "quiet")] for row in rows]
    return paint(lines, color=color)


def targets_json(tables: Sequence[Table]) -> str:
    """The tables as one JSON object, ended by a newline."""
    import json

    from tsl import __version__

    rows = [
        {
            "name": table.name,
            "title": table.title,
            "versions": list(table.versions),
            "version_of": table.version_of,
            "operators": table.operators,
            "lists": table.lists,
            "level": table.level,
            "source": table.source,
            "date": table.date or None,
        }
        for table in tables
    ]
    form = {"version": VERSION, "tool": {"name": "tsl", "version": __version__}, "targets": rows}
    return json.dumps(form, indent=2) + "\n"

"""A program, a gap, a false alarm as text for people."""

from __future__ import annotations

from typing import Any

from tests.oracle.program import Program
from tests.oracle.search import Alarm, Gap

KINDS = {"result": "another result", "fails": "the trace fails", "lost check": "a lost check"}
LONGEST = 160


def shown(program: Program) -> str:
    """The numbered lines of a program without its imports, under what it is traced with."""
    shapes = ", ".join(f"{one.name}: {one.dtype} {' x '.join(one.dims)}" for one in program.inputs)
    sizes = ", ".join(f"{name} = {size}" for name, size in program.sizes)
    numbered = enumerate(program.text.splitlines(), 1)
    body = [f"{number:>5} {line}" for number, line in numbered if line and not line.startswith(("import ", "from "))]
    return "\n".join([f"  traced with {shapes}; {sizes}", *body])


def told(gap: Gap) -> str:
    """A divergence that tsl did not report."""
    found = gap.divergence
    sizes = ", ".join(f"{name} = {size}" for name, size in found.variation.sizes)
    where = f"  differs with {sizes} and {found.variation.data} data"
    results = [f"  eager:  {one_line(found.eager)}", f"  traced: {one_line(found.traced)}"]
    times = f" ({gap.times} programs)" if gap.times > 1 else ""
    return "\n".join([f"unreported: {KINDS[found.kind]}{times}", shown(gap.program), where, *results])


def alarmed(alarm: Alarm, code: str) -> str:
    """An error that no input of the search bears out."""
    lines = ", ".join(str(one.line) for one in alarm.said if one.code == code)
    return f"{code} on line {lines}, and no input differs\n{shown(alarm.program)}"


def one_line(value: Any) -> str:
    """A result on one line, cut short."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."

"""Whole numbers and floats, wherever one is wanted.

A production is asked with a body and answers with an expression, or None where the body holds nothing to make it of.
Bounds are kept, so that a number may be an index, a count or a divisor where one is wanted.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Expr, Float, Int, Tensor
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]
SMALL = (2, 3, 1, 4, 5, 8)


def number(body: Body) -> Expr:
    """A whole number: out of a name, a size, or a construct around one."""
    if body.writer.spend():
        from tests.oracle.conversions import INTEGERS

        made = body.writer.pick(INTEGERS)(body)
        if made is not None:
            return made
    return body.integer() or literal(body)


def counted(body: Body, lo: int, hi: int) -> Expr:
    """A whole number within bounds: one that is known to be, or the rest of a division."""
    made = number(body)
    if lo <= made.kind.lo and made.kind.hi <= hi:
        return made
    if made.kind.dim is not None and lo > 0:
        return Expr(f"max({lo}, min({made.text}, {hi}))", Int(lo, hi)) if body.writer.chance(3) else literal(body, lo)
    width = hi - lo + 1
    text = f"({made.text} % {width})" if not lo else f"({made.text} % {width} + {lo})"
    return Expr(text, Int(lo, hi))


def literal(body: Body, least: int = 1) -> Expr:
    """A small number."""
    value = max(body.writer.pick(SMALL), least)
    return Expr(str(value), Int(value, value))


def floating(body: Body) -> Expr:
    """A float, or a whole number that will do for one."""
    if not body.writer.spend():
        return body.any(Float) or Expr("0.5", Float())
    from tests.oracle.conversions import FLOATS

    made = body.writer.pick(FLOATS)(body)
    return made or body.any(Float) or Expr("0.5", Float())


def modest(body: Body) -> Expr:
    """A number that may be multiplied."""
    made = number(body)
    return made if made.kind.lo >= -1000 and made.kind.hi <= 1000 else Expr(f"({made.text} % 7)", Int(0, 6))


def row_of(body: Body, x: Tensor) -> Expr | None:
    """An index into the first dim of a tensor, for a name that is one."""
    if not x.dims:
        return None
    return body.integer(lambda kind: kind.below == x.dims[0] or (kind.lo >= 0 and kind.hi < x.dims[0].lo))


def formatted(prefix: str, n: Expr) -> str:
    """An f-string with a number in it; Python before 3.12 has no quotes inside of quotes."""
    return f"f'{prefix}{{({n.text})}}'" if "'" not in n.text else f"'{prefix}' + str({n.text})"

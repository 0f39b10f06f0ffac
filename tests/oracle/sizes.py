"""Sizes of tensors, and arithmetic with them."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import HUGE, Expr, Int, Shape, integer, of_dim
from tests.oracle.numbers import SMALL, modest
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]


def size(body: Body) -> Expr | None:
    """A size of a tensor in scope."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    rank = len(x.kind.dims)
    place = body.writer.number(0, rank - 1)
    kind = of_dim(x.kind.dims[place])
    t, back = x.text, place - rank
    forms = [f"{t}.size({place})", f"{t}.shape[{place}]", f"{t}.size({back})", f"{t}.shape[{back}]"]
    forms += [f"{t}.size()[{place}]", f"{t}.size(dim={place})", f"list({t}.shape)[{place}]", f"[*{t}.shape][{place}]"]
    forms += [f"tuple({t}.shape)[{back}]", f"{t}.shape[{place}:][0]", f"{t}.detach().shape[{place}]"]
    if place == 0:
        forms += [f"len({t})", f"next(iter({t}.shape))", f"sum(1 for _ in {t})"]
    forms += [f"{t}.data.size({place})", f"list(map(int, {t}.shape))[{place}]", f"getattr({t}, 'shape')[{place}]"]
    return Expr(body.writer.pick(forms), kind)


def of_shape(body: Body) -> Expr | None:
    """A number out of a whole shape."""
    held = body.any(Shape, lambda kind: bool(kind.dims))
    if held is not None and body.writer.chance(2):
        place = body.writer.number(0, len(held.kind.dims) - 1)
        return Expr(f"{held.text}[{place}]", of_dim(held.kind.dims[place]))
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    t, hi = x.text, min(sum(dim.hi for dim in x.kind.dims), HUGE)
    forms = [f"sum({t}.shape)", f"max({t}.shape)", f"min({t}.shape)", f"len({t}.shape)", f"{t}.dim()", f"{t}.ndim"]
    made = body.writer.pick(forms)
    return Expr(made, Int(len(x.kind.dims), len(x.kind.dims)) if made == forms[3] else Int(0, hi))


def elements(body: Body) -> Expr | None:
    """How many elements a tensor has."""
    x = body.tensor()
    if x is None:
        return None
    t = x.text
    forms = [f"{t}.numel()", f"math.prod({t}.shape)", f"{t}.nelement()", f"torch.numel({t})", f"{t}.shape.numel()"]
    forms.append(f"functools.reduce(lambda p, q: p * q, {t}.shape, 1)")
    return Expr(body.writer.pick(forms), Int(0, HUGE))


def arithmetic(body: Body) -> Expr | None:
    """A number and a constant, or two numbers."""
    n = modest(body)
    k = body.writer.pick(SMALL)
    lo, hi = n.kind.lo, n.kind.hi
    made: list[tuple[str, Int]] = [
        (f"({n.text} + {k})", integer(lo + k, hi + k)),
        (f"({n.text} // {k})", integer(lo // k, hi // k)),
        (f"({n.text} * {k})", integer(lo * k, hi * k)),
        (f"({n.text} - {k})", integer(lo - k, hi - k)),
        (f"({n.text} % {k})", Int(0, k - 1)),
        (f"(-{n.text} % {k})", Int(0, k - 1)),
        (f"({k} - {n.text})", integer(k - hi, k - lo)),
        (f"abs({n.text} - {k})", Int(0, max(abs(lo - k), abs(hi - k)))),
        (f"(-(-{n.text} // {k}))", integer(-(-lo // k), -(-hi // k))),
        (f"pow({n.text}, 2)", integer(0, max(lo * lo, hi * hi))),
        (f"({n.text} ** 2)", integer(0, max(lo * lo, hi * hi))),
        (f"({n.text} + (-{n.text} % {k}))", integer(lo, hi + k)),
    ]
    text, kind = body.writer.pick(made)
    return Expr(text, kind)


def two(body: Body) -> Expr | None:
    """Two numbers."""
    n, m = modest(body), modest(body)
    lo, hi = n.kind.lo + m.kind.lo, n.kind.hi + m.kind.hi
    made: list[tuple[str, Int]] = [
        (f"({n.text} + {m.text})", integer(lo, hi)),
        (f"({n.text} - {m.text})", integer(n.kind.lo - m.kind.hi, n.kind.hi - m.kind.lo)),
        (f"max({n.text}, {m.text})", Int(max(n.kind.lo, m.kind.lo), max(n.kind.hi, m.kind.hi))),
        (f"min({n.text}, {m.text})", Int(min(n.kind.lo, m.kind.lo), min(n.kind.hi, m.kind.hi))),
        (f"sum([{n.text}, {m.text}])", integer(lo, hi)),
        (f"({n.text}, {m.text})[1]", m.kind),
        (f"[{n.text}, {m.text}][-1]", m.kind),
        (f"sorted([{n.text}, {m.text}])[0]", Int(min(n.kind.lo, m.kind.lo), min(n.kind.hi, m.kind.hi))),
    ]
    if m.kind.lo > 0:
        made.append((f"({n.text} // {m.text})", integer(min(n.kind.lo, 0), max(n.kind.hi, 0))))
        made.append((f"({n.text} % {m.text})", Int(0, m.kind.hi)))
    text, kind = body.writer.pick(made)
    return Expr(text, kind)


def stride(body: Body) -> Expr | None:
    """How a tensor lies in memory: what `is_contiguous` and `stride` say."""
    x = body.tensor(lambda kind: len(kind.dims) > 1)
    if x is None:
        return None
    t = x.text
    made = (f"{t}.stride(0)", f"{t}.stride()[0]", f"{t}[1:].storage_offset()", f"int({t}.is_contiguous())")
    return Expr(body.writer.pick(made), Int(0, HUGE))


SIZES: tuple[Production, ...] = (*(size,) * 8, *(arithmetic,) * 5, *(two,) * 2, of_shape, elements, stride)

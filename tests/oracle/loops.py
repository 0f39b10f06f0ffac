"""Loops: over numbers, over tensors and their pieces, over lists, until a test comes out."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Expr, Int, Seq, Table, Tensor
from tests.oracle.numbers import counted
from tests.oracle.sequences import indices, pieces
from tests.oracle.sizes import size
from tests.oracle.templates import filled, lines
from tests.oracle.tensors import like, tensor, unary
from tests.oracle.truths import test
from tests.oracle.writer import Body

Production = Callable[[Body], None]

INDICES = lines("""
    range({t}.size(0))
    range(len({t}))
    range({t}.shape[0])
    range(0, {t}.size(0), 2)
    reversed(range({t}.size(0)))
    list(range({t}.size(0)))
    range(1, {t}.size(0))
""")
OVER_LIST = lines("""
    for {v} in {s}:
    for _, {v} in enumerate({s}):
    for {v} in reversed({s}):
""")
OVER_TABLE = lines("""
    for {v} in {s}.values():
    for _, {v} in {s}.items():
""")


def over_numbers(body: Body) -> None:
    """A loop over a range."""
    x = body.tensor(lambda kind: bool(kind.dims))
    n = counted(body, 0, 4)
    i = body.writer.fresh("i")
    heads = [(f"range({n.text})", Int(0, max(n.kind.hi - 1, 0))), ("range(3)", Int(0, 2)), ("range(LIMIT)", Int(0, 3))]
    if x is not None:
        kind = indices(x.kind)
        heads += [(form.format(t=x.text), kind) for form in INDICES]
        heads += [(f"{x.text}.shape", Int(0, max(dim.hi for dim in x.kind.dims))), ("WIDTHS", Int(2, 4))]
    over, kind = body.writer.pick(heads)
    _accumulated(body, f"for {i} in {over}:", {i: kind})


def over_rows(body: Body) -> None:
    """A loop over a tensor or what it is cut into."""
    xs = pieces(body)
    if xs is None:
        return
    name, i = body.writer.fresh("row"), body.writer.fresh("i")
    heads = [(f"for {name} in {xs.text}:", {}), (f"for {i}, {name} in enumerate({xs.text}):", {i: Int(0, 40)})]
    heads += [(f"for {name}, {i} in zip({xs.text}, WIDTHS):", {i: Int(2, 4)})]
    head, more = body.writer.pick(heads)
    _accumulated(body, head, {name: xs.kind.item, **more})


def over_sequence(body: Body) -> None:
    """A loop over a list or a dict in scope."""
    xs = body.any(Seq)
    name = body.writer.fresh("v")
    if xs is not None:
        return _accumulated(body, filled(body.writer, OVER_LIST, v=name, s=xs.text), {name: xs.kind.item})
    table = body.any(Table)
    if table is None:
        return over_numbers(body)
    return _accumulated(body, filled(body.writer, OVER_TABLE, v=name, s=table.text), {name: table.kind.item})


def collecting(body: Body) -> None:
    """A list filled by a loop."""
    name, i = body.writer.fresh("items"), body.writer.fresh("i")
    x, n = body.tensor(lambda kind: bool(kind.dims) and kind.dims[0].lo > 0), counted(body, 1, 3)
    body.say(f"{name} = []")
    rows = x is not None and body.writer.chance(2)
    head = f"for {i} in {x.text}:" if rows and x else f"for {i} in range({n.text}):"
    with body.block(head, loop=True) as inner:
        inner.know(i, Tensor(x.kind.dims[1:], x.kind.dtype) if rows and x else Int(0, 2))
        made = tensor(inner)
        filtered = body.writer.chance(4)
        if filtered:
            with inner.block(f"if {test(inner).text}:") as deepest:
                deepest.say(f"{name}.append({made.text})")
        else:
            inner.say(body.writer.pick((f"{name}.append({made.text})", f"{name} += [{made.text}]")))
    body.know(name, Seq(made.kind, 0 if filtered else 1))


def until(body: Body) -> None:
    """A loop that ends by a test, and after a few rounds at the latest."""
    x = body.tensor(lambda kind: kind.dtype == "float")
    made = size(body) or Expr("3", Int(3, 3))
    if x is None:
        return
    k = body.writer.fresh("k")
    body.say(f"{k} = 0")
    heads = [f"while {k} < 3:", f"while {k} < {made.text}:", f"while {k} < 4 and {test(body).text}:", "while True:"]
    heads += [f"while {test(body).text} and {k} < 3:"]
    head = body.writer.pick(heads)
    with body.block(head, loop=True) as inner:
        inner.say(f"{k} += 1")
        inner.say(f"{x.text} = {unary(inner, x).text}")
        if head == "while True:":
            inner.say(f"if {k} > 3 or {test(inner).text}:")
            inner.say("    break")
    body.know(k, Int(0, 12))
    body.know(x.text, x.kind)


def _accumulated(body: Body, head: str, names: dict[str, object]) -> None:
    """A loop that changes a tensor or a number from round to round."""
    held = body.names(Tensor, lambda kind: kind.dtype == "float")
    if not held:
        return None
    acc = body.writer.pick(held)
    kind = body.scope[acc]
    if body.writer.chance(2):
        acc = body.bind("acc", Expr(f"{acc} * 1", kind)).text
    elif body.writer.chance(3):
        return _counted_rounds(body, head)
    with body.block(head, loop=True) as inner:
        for name, of in names.items():
            inner.know(name, of)
        if body.writer.chance(5):
            with inner.block(f"if {test(inner).text}:") as leaving:
                leaving.say(body.writer.pick(("break", "continue")))
        inner.say(_step(inner, acc))
    body.know(acc, kind)
    return None


def _step(body: Body, acc: str) -> str:
    """What a round does: it builds on the one before, so that one round more or less shows."""
    new = [name for name in body.unread if name != acc]
    if new and not body.writer.chance(3):
        expr = body.read(new[-1])
        if isinstance(expr.kind, Int):
            return f"{acc} = {acc} + {expr.text} + 1"
        if isinstance(expr.kind, Tensor):
            return f"{acc} = {acc} + {expr.text}.sum() + 1"
    return f"{acc} = {acc} * 0.5 + {like(body, body.scope[acc]).text}"


def _counted_rounds(body: Body, head: str) -> None:
    name = body.writer.fresh("n")
    body.say(f"{name} = 0")
    body.say(head)
    body.say(f"    {name} += 1")
    body.know(name, Int(0, 40))


LOOPS: tuple[Production, ...] = (over_numbers, over_numbers, over_rows, over_rows, over_sequence, collecting, until)

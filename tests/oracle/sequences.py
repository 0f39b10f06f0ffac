"""Lists and tuples of tensors and of numbers, and dicts of tensors."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Expr, Int, Seq, Table, Tensor
from tests.oracle.numbers import counted, formatted, number
from tests.oracle.templates import chosen, templates
from tests.oracle.tensors import like
from tests.oracle.truths import plain, test
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]

PIECES = templates(
    rows="""
        {t}.unbind(0)
        list({t})
        [row for row in {t}]
        [row * 2 for row in {t}.unbind()]
        [{t}[i] for i in range({t}.size(0))]
        [{t}[i] for i in range(len({t}))]
        torch.unbind({t})
        tuple({t})
        [*{t}]
        list(map(torch.relu, {t}))
    """,
    some="[row for row in {t} if row.sum() > 0] + [{t}[0]]",
    parts="""
        {t}.chunk(2)
        {t}.split(2)
        {t}.chunk({n}, 0)
        torch.split({t}, {n})
    """,
    halves="{t}.tensor_split(2)",
)
REPEATED = templates(
    pair="""
        [{t}, {u}]
        ({t}, {u})
        list(({t}, {u}))
    """,
    some="""
        [{t}] * {n}
        [{t} * i for i in range({n})]
        [{t} for _ in range({n})]
        [{t}, {u}][:{n}]
        [{t}] + [{u}] * {n}
        [{t}, *[{u}] * {n}]
        [{t}, {u}] if {asked} else [{t}]
        [*({t}, {u}), {t}]
        [v for v in ({t}, {u}) if v is not None]
        tuple([{t}] * {n})
        [v * w for v, w in zip([{t}] * {n}, WIDTHS)]
        list(itertools.chain([{t}], [{u}] * {n}))
        [{t}, {u}][::-1]
        sorted([{t}, {u}], key=torch.sum)
    """,
    none="[{t} + w for w in WIDTHS if w >= {n}]",
)
CHANGED = templates(
    as_many="""
        [v * 2 for v in {s}]
        {s}[::-1]
        [v + i for i, v in enumerate({s})]
        list({s})
        [*{s}]
        list(reversed({s}))
        [a + b for a, b in zip({s}, {s})]
        tuple(v.abs() for v in {s})
        list(map(torch.relu, {s}))
        [{s}[i] for i in range(len({s}))]
        list(itertools.chain({s}, {s}))
    """,
    one="""
        {s}[:{n}]
        {s}[-1:]
    """,
    fewer="{s}[1:]",
    none="""
        [v for v in {s} if v.sum() > 0]
        [v for v in {s} if {asked}]
        [v for v in {s} if len({s}) > 1]
        list(filter(lambda v: v.sum() > 0, {s}))
    """,
)
NUMBERS = templates(
    two="""
        [{n}, {m}]
        ({n}, {m})
    """,
    sizes="""
        list({t}.shape)
        [s for s in {t}.shape]
        sorted({t}.shape)
        [int(s) for s in {t}.shape]
    """,
    others="{t}.shape[:-1] + (2,)",
    large="[s for s in {t}.shape if s > 2]",
    indices="list(range({t}.size(0)))",
)
TABLES = templates(
    two="""
        {{'a': {t}, 'b': {u}}}
        dict(a={t}, b={u})
        {{k: {t} for k in ('a', 'b')}}
        {{'b': {t}, **{{'a': {u}}}}}
        dict(zip(('a', 'b'), ({t}, {u})))
        {{'a': {t}, 'b': {u} if {asked} else {t}}}
        dict([('a', {t}), ('b', {u})])
    """
)
LOOKED_UP = templates(
    one="""
        {{2: {t}, 3: {u}}}.get({n}, {t})
        {{'s2': {t}}}.get({name}, {u})
        {{True: {t}, False: {u}}}[{truth}]
        [{t}, {u}][{n} % 2]
        dict(enumerate([{t}, {u}])).get({n} % 2)
        {{str(n): {t} for n in WIDTHS}}.get(str({n}), {u})
    """
)


def pieces(body: Body) -> Expr | None:
    """A tensor cut into pieces."""
    x = body.tensor(lambda kind: bool(kind.dims) and all(dim.lo > 0 for dim in kind.dims))
    if x is None:
        return None
    first, *rest = x.kind.dims
    row, part = Tensor(tuple(rest), x.kind.dtype), Tensor((body.writer.dim(1, first.hi), *rest), x.kind.dtype)
    half = Tensor((body.writer.dim(0, first.hi), *rest), x.kind.dtype)
    made = {"rows": (row, first.lo), "some": (row, 1), "parts": (part, 1), "halves": (half, 2)}
    makes, text = chosen(body.writer, PIECES, made, t=x.text, n=counted(body, 1, 3).text)
    return Expr(text, Seq(*made[makes], is_list=_is_list(text)))


def repeated(body: Body) -> Expr | None:
    """A tensor many times."""
    x = body.tensor(lambda kind: kind.dtype == "float")
    if x is None:
        return None
    made = {"pair": 2, "some": 1, "none": 0}
    holes = {"u": like(body, x.kind).text, "n": counted(body, 1, 3).text, "asked": test(body).text}
    makes, text = chosen(body.writer, REPEATED, made, t=x.text, **holes)
    return Expr(text, Seq(x.kind, made[makes], is_list=_is_list(text)))


def changed(body: Body) -> Expr | None:
    """A list made of another."""
    xs = body.any(Seq, lambda kind: isinstance(kind.item, Tensor))
    if xs is None:
        return None
    lo = xs.kind.lo
    made = {"as_many": lo, "one": min(lo, 1), "fewer": max(lo - 1, 0), "none": 0}
    makes, text = chosen(body.writer, CHANGED, made, s=xs.text, n=counted(body, 1, 3).text, asked=test(body).text)
    return Expr(text, Seq(xs.kind.item, made[makes], is_list=_is_list(text)))


def numbers(body: Body) -> Expr | None:
    """A list of numbers."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    n, m = number(body), number(body)
    sizes = Int(min(dim.lo for dim in x.kind.dims), max(dim.hi for dim in x.kind.dims))
    made = {
        "two": (Int(min(n.kind.lo, m.kind.lo), max(n.kind.hi, m.kind.hi)), 2),
        "sizes": (sizes, len(x.kind.dims)),
        "others": (Int(min(sizes.lo, 2), max(sizes.hi, 2)), len(x.kind.dims)),
        "large": (sizes, 0),
        "indices": (Int(0, x.kind.dims[0].hi), x.kind.dims[0].lo),
    }
    makes, text = chosen(body.writer, NUMBERS, made, t=x.text, n=n.text, m=m.text)
    return Expr(text, Seq(*made[makes], is_list=_is_list(text)))


def table(body: Body) -> Expr | None:
    """A dict of tensors."""
    x = body.tensor()
    if x is None:
        return None
    _, text = chosen(body.writer, TABLES, ("two",), t=x.text, u=like(body, x.kind).text, asked=test(body).text)
    return Expr(text, Table(("a", "b"), x.kind))


def looked_up(body: Body) -> Expr | None:
    """A tensor taken out of a dict or a list by what depends on an input."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    n = number(body)
    holes = {"u": like(body, x.kind).text, "n": n.text, "name": formatted("s", n), "truth": plain(body).text}
    return Expr(chosen(body.writer, LOOKED_UP, ("one",), t=x.text, **holes)[1], x.kind)


def indices(kind: Tensor) -> Int:
    """The kind of a number that counts the rows of a tensor."""
    return Int(0, max(kind.dims[0].hi - 1, 0), below=kind.dims[0])


def _is_list(text: str) -> bool:
    return text.startswith(("[", "list"))


SEQUENCES: tuple[Production, ...] = (*(pieces, repeated, changed) * 2, numbers)

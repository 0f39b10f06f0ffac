"""Tensors put together from parts of others: rows and elements, joins, pieces, and what is as long as the data says."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Expr, constant
from tests.oracle.layouts import laid_out, product
from tests.oracle.numbers import SMALL, counted
from tests.oracle.templates import templates
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]

SELECTED = templates(
    row="""
        {t}[0]
        {t}[-1]
        {t}[{t}.size(0) - 1]
    """,
    column="""
        {t}[..., 0]
        {t}[..., -1]
    """,
    best="{t}[{t}.flatten(1).sum(1).argmax()]",
    masked="""
        {t}[{t} > 0]
        torch.masked_select({t}, {t} > 0)
    """,
    same="""
        {t}[torch.arange({t}.size(0))]
        {t}.index_select(0, torch.arange({t}.size(0)))
        {t}[range({t}.size(0))]
        {t}[list(range({t}.size(0)))]
        {t}.gather(0, {t}.argsort(0))
    """,
    one="""
        {t}[[0]]
        {t}.topk(1, dim=0).values
    """,
    two="{t}[torch.tensor([0, -1])]",
    fewer="torch.diff({t}, dim=0)",
    many="{t}[torch.nonzero({t} > 0)[:, 0]]",
)
JOINED = templates(
    twice="""
        torch.cat([{t}, {u}])
        torch.cat([{t}] * 2, 0)
        torch.concat([{t}, {u}], 0)
    """,
    wide="torch.cat(({t}, {u}), dim=-1)",
    pair="""
        torch.stack([{t}, {u}])
        torch.vstack([{t}[None], {u}[None]])
    """,
    last="torch.stack(({t}, {u}), -1)",
    times="""
        {t}.repeat({n}{ones})
        torch.cat([{t}] * {n})
        {t}.repeat_interleave({n}, 0)
        {t}.tile(({n}, {ones_only}))
    """,
    stacked="torch.stack([{t} for _ in range({n})])",
)
PIECES = templates(
    row="""
        {t}.unbind(0)[0]
        {t}.unbind()[-1]
        sum({t}.unbind(0))
        sum(row for row in {t})
        list({t})[0]
        [*{t}][-1]
        next(iter({t}))
        functools.reduce(torch.add, {t})
        max({t}, key=torch.sum)
    """,
    part="""
        {t}.chunk(2)[0]
        {t}.split({k})[-1]
        {t}.chunk({n})[0]
        {t}.split({n})[0]
        {t}.split({t}.size(0) // 2 + 1)[0]
        {t}.tensor_split(2)[0]
    """,
    same="""
        torch.stack({t}.unbind(0))
        torch.cat({t}.split(2))
        torch.stack(list({t}))
        torch.stack([row * 2 for row in {t}])
        torch.cat({t}.chunk({k}), 0)
        torch.stack([{t}[i] for i in range({t}.size(0))])
        torch.stack([{t}[i] for i in range(len({t}))])
        {t}.unfold(0, 1, 1).squeeze(-1)
        torch.stack(tuple({t}), 0)
        torch.stack([*map(torch.relu, {t})])
        torch.stack([a + b for a, b in zip({t}, {t})])
        torch.stack(sorted({t}, key=lambda row: row.sum().item()))
        torch.stack({t}.unbind(0)[::-1])
    """,
    one="{t}.split([1, {t}.size(0) - 1])[0]",
    many="torch.stack([{t}] * {n})",
)
NONZERO = templates(
    places="({t} > 0).nonzero().float()",
    many="""
        {t}.unique()
        torch.nonzero({t} > 0, as_tuple=True)[0].float()
        torch.where({t} > 0)[0].float()
    """,
)


def selected(body: Body) -> Expr | None:
    """Rows or elements by an index, a mask, a range."""
    x = _filled(body)
    if x is None:
        return None
    first, *rest = x.kind.dims
    many = body.writer.dim(0, product(x.kind.dims)[1])
    made = {
        "row": tuple(rest),
        "column": x.kind.dims[:-1],
        "masked": (many,),
        "same": x.kind.dims,
        "one": (constant(1), *rest),
        "two": (constant(2), *rest),
        "fewer": (body.writer.dim(0, first.hi), *rest),
        "many": (many, *rest),
    }
    if rest:
        made["best"] = tuple(rest)
    return laid_out(body, SELECTED, x, made)


def put_together(body: Body) -> Expr | None:
    """Two tensors, or one some times over, as one."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    y = body.tensor(lambda kind: kind == x.kind) or x
    dims, (first, *rest), last = x.kind.dims, x.kind.dims, x.kind.dims[-1]
    made = {
        "twice": (body.writer.dim(2 * first.lo, 2 * first.hi), *rest),
        "wide": (*dims[:-1], body.writer.dim(2 * last.lo, 2 * last.hi)),
        "pair": (constant(2), *dims),
        "last": (*dims, constant(2)),
        "times": (body.writer.dim(first.lo, 3 * first.hi), *rest),
        "stacked": (body.writer.dim(1, 3), *dims),
    }
    ones = ", ".join("1" for _ in rest)
    holes = {"u": y.text, "n": counted(body, 1, 3).text, "ones": ", " * bool(ones) + ones, "ones_only": ones}
    return laid_out(body, JOINED, x, made, **holes)


def piece(body: Body) -> Expr | None:
    """A piece of a tensor cut into pieces, or all of them put together again."""
    x = _filled(body)
    if x is None:
        return None
    first, *rest = x.kind.dims
    made = {
        "row": tuple(rest),
        "part": (body.writer.dim(1, first.hi), *rest),
        "same": x.kind.dims,
        "one": (constant(1), *rest),
        "many": (body.writer.dim(1, 4), *x.kind.dims),
    }
    return laid_out(body, PIECES, x, made, n=counted(body, 1, 4).text, k=body.writer.pick(SMALL))


def nonzero(body: Body) -> Expr | None:
    """Where a tensor is not nothing, and other results as long as the data has it."""
    x = _filled(body)
    if x is None:
        return None
    many = body.writer.dim(0, product(x.kind.dims)[1])
    return laid_out(body, NONZERO, x, {"places": (many, constant(len(x.kind.dims))), "many": (many,)})


def _filled(body: Body) -> Expr | None:
    return body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims) and all(dim.lo > 0 for dim in kind.dims))


SELECTIONS: tuple[Production, ...] = (*(selected, put_together, piece) * 2, nonzero)

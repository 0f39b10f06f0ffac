"""Tensors made from numbers, and functions that take computed sizes: factories, pads, pools, interpolation."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Dim, Expr, Tensor, constant
from tests.oracle.numbers import counted, floating, number
from tests.oracle.templates import chosen, templates
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]

FILLED = templates(
    row="""
        torch.arange({n}).float()
        torch.zeros({n})
        torch.full(({n},), 0.5)
        torch.linspace(0, 1, {n})
        torch.zeros(size=({n},))
        torch.arange(0, {n}, dtype=torch.float32)
        torch.arange(start=0, end={n}).float()
        torch.tensor([0.5] * {n})
        torch.tensor(list(range({n}))).float()
        torch.tensor([i * 0.5 for i in range({n})])
    """,
    rows="""
        torch.ones({n}, 2)
        torch.zeros(({n}, 2))
        torch.ones(*[{n}, 2])
    """,
    columns="torch.ones([2, {n}])",
    square="""
        torch.eye({n})
        torch.tril(torch.ones({n}, {n}))
        torch.triu(torch.full(({n}, {n}), 2.0), diagonal=1)
    """,
    longer="torch.hann_window({n} + 2)",
    pair="""
        torch.tensor([{n}, 2.0])
        torch.full((2,), {n}).float()
    """,
    scalar="""
        torch.tensor(float({n}))
        torch.as_tensor({n}).float()
        torch.scalar_tensor({n})
    """,
)
SHAPED = templates(
    same="""
        {t}.new_ones({t}.shape)
        torch.zeros({t}.shape)
        torch.ones({t}.size())
        torch.full({t}.shape, 0.5, device={t}.device, dtype={t}.dtype)
        torch.empty_like({t}).fill_(1.5)
    """,
    copied="{t}.new_tensor({t}.tolist())",
    first="""
        torch.arange({t}.size(0), device={t}.device).float()
        torch.arange({t}.shape[0], dtype={t}.dtype)
    """,
    corners="torch.zeros({t}.size(0), {t}.size(-1))",
    two="torch.zeros(*{t}.shape[:1], 2)",
    rank="""
        torch.tensor({t}.shape).float()
        torch.tensor([s * 2.0 for s in {t}.shape])
    """,
    row="{t}.new_zeros({n})",
    rows="{t}.new_full(({n}, 2), 0.5)",
    pair="{t}.new_tensor([{n}, 1])",
    scalar="""
        {t}.new_tensor({n})
        torch.tensor({t}.size(0)).float()
    """,
    item="torch.tensor({t}.flatten()[0].item())",
)
PADDED = templates(
    wider="""
        F.pad({t}, (0, {n}))
        F.pad({t}, [{n}, {n}], value=1.0)
        F.pad({t}, (0, -{t}.size(-1) % 4))
        torch.cat([{t}, {t}.new_zeros(*{t}.shape[:-1], {n})], -1)
    """
)
POOLED = templates(
    exact="""
        F.adaptive_avg_pool{flat}({t}, ({listed},))
        F.adaptive_max_pool{flat}({t}, {n})
        F.adaptive_avg_pool{flat}({t}, {n})
        nn.AdaptiveAvgPool{flat}(({listed},))({t})
    """,
    smaller="""
        F.avg_pool{flat}({t}, 1, {n})
        F.lp_pool{flat}({t}, 2, 1, {n})
        F.max_pool{flat}({t}, 1, stride={n})
        F.max_pool{flat}({t}, 1, stride=({listed},))
    """,
    one="F.avg_pool{flat}({t}, kernel_size={t}.shape[2:])",
)
RESIZED = templates(
    exact="""
        F.interpolate({t}, size=({listed},))
        F.interpolate({t}, {n})
    """,
    same="""
        F.interpolate({t}, size={t}.shape[2:])
        F.interpolate({t}, size=tuple({t}.shape[2:]))
    """,
    double="""
        F.interpolate({t}, scale_factor=2.0)
        F.interpolate({t}, size=[s * 2 for s in {t}.shape[2:]])
        F.interpolate({t}, size=[int(s * 2) for s in {t}.shape[2:]])
        F.interpolate({t}, scale_factor={f} * 0 + 2.0)
    """,
)
TAKING_A_NUMBER = templates(
    same="""
        torch.roll({t}, {n}, 0)
        {t}.roll(shifts={n}, dims=0)
        torch.roll({t}, ({n},), (0,))
    """,
    matrix="""
        {t}.tril({n})
        torch.triu({t}, diagonal={n})
    """,
    best="{t}.topk({some}, dim=0).values",
    windows="{t}.unfold(0, {some}, 1).sum(-1)",
    scalar="{t}.norm(p={some})",
)


def filled(body: Body) -> Expr | None:
    """A factory with one size."""
    n, dim = _count(body)
    two = constant(2)
    made = {"row": (dim,), "rows": (dim, two), "columns": (two, dim), "square": (dim, dim), "pair": (two,)}
    made |= {"scalar": (), "longer": (body.writer.dim(dim.lo + 2, dim.hi + 2),)}
    makes, text = chosen(body.writer, FILLED, made, n=n)
    return Expr(text, Tensor(made[makes]))


def shaped(body: Body) -> Expr | None:
    """A factory that goes by a tensor."""
    x = _floats(body)
    if x is None:
        return None
    n, dim = _count(body)
    dims, two = x.kind.dims, constant(2)
    made = {
        "same": dims,
        "first": dims[:1],
        "corners": (dims[0], dims[-1]),
        "two": (dims[0], two),
        "rank": (constant(len(dims)),),
        "row": (dim,),
        "rows": (dim, two),
        "pair": (two,),
        "scalar": (),
    }
    if all(dim.lo for dim in dims):
        made |= {"copied": dims, "item": ()}
    makes, text = chosen(body.writer, SHAPED, made, t=x.text, n=n)
    return Expr(text, Tensor(made[makes]))


def padded(body: Body) -> Expr | None:
    """A tensor padded by a number."""
    x = _floats(body)
    if x is None:
        return None
    n, last = counted(body, 0, 4), x.kind.dims[-1]
    _, text = chosen(body.writer, PADDED, ("wider",), t=x.text, n=n.text)
    return Expr(text, Tensor((*x.kind.dims[:-1], body.writer.dim(last.lo, last.hi + 8))))


def pooled(body: Body) -> Expr | None:
    """A tensor of rank 3 or 4 pooled by a number."""
    x = _image(body)
    if x is None:
        return None
    n, flat = counted(body, 1, 3), x.kind.dims[2:]
    made = {
        "exact": tuple(n.kind.dim or body.writer.dim(n.kind.lo, n.kind.hi) for _ in flat),
        "smaller": tuple(body.writer.dim(1, dim.hi) for dim in flat),
        "one": (constant(1),) * len(flat),
    }
    holes = {"t": x.text, "n": n.text, "flat": f"{len(flat)}d", "listed": ", ".join([n.text] * len(flat))}
    makes, text = chosen(body.writer, POOLED, made, **holes)
    return Expr(text, Tensor((*x.kind.dims[:2], *made[makes])))


def resized(body: Body) -> Expr | None:
    """A tensor of rank 3 or 4 interpolated to computed sizes."""
    x = _image(body)
    if x is None:
        return None
    n, flat = counted(body, 1, 12), x.kind.dims[2:]
    made = {
        "exact": tuple(n.kind.dim or body.writer.dim(n.kind.lo, n.kind.hi) for _ in flat),
        "same": flat,
        "double": tuple(body.writer.dim(2 * dim.lo, 2 * dim.hi) for dim in flat),
    }
    holes = {"t": x.text, "n": n.text, "f": floating(body).text, "listed": ", ".join([n.text] * len(flat))}
    makes, text = chosen(body.writer, RESIZED, made, **holes)
    return Expr(text, Tensor((*x.kind.dims[:2], *made[makes])))


def taking_a_number(body: Body) -> Expr | None:
    """A tensor through a function with a number for an argument."""
    x = _filled(body)
    if x is None:
        return None
    n, dims = number(body), x.kind.dims
    some = counted(body, 1, max(dims[0].lo, 1))
    made = {"same": dims, "scalar": (), "best": (body.writer.dim(some.kind.lo, some.kind.hi), *dims[1:])}
    made["windows"] = (body.writer.dim(1, dims[0].hi), *dims[1:])
    if len(dims) == 2:
        made["matrix"] = dims
    makes, text = chosen(body.writer, TAKING_A_NUMBER, made, t=x.text, n=n.text, some=some.text)
    return Expr(text, Tensor(made[makes]))


def _count(body: Body) -> tuple[str, Dim]:
    """A number that may be a length, and the dim that it makes."""
    n = number(body)
    if not (n.kind.lo >= 0 and n.kind.hi <= 64):
        n = counted(body, 1, 5)
    return n.text, n.kind.dim or body.writer.dim(n.kind.lo, n.kind.hi)


def _floats(body: Body) -> Expr | None:
    return body.tensor(lambda kind: bool(kind.dims) and kind.dtype == "float")


def _filled(body: Body) -> Expr | None:
    return body.tensor(lambda kind: bool(kind.dims) and kind.dtype == "float" and all(dim.lo > 0 for dim in kind.dims))


def _image(body: Body) -> Expr | None:
    ranks = (3, 4)
    return body.tensor(
        lambda kind: len(kind.dims) in ranks and kind.dtype == "float" and all(dim.lo > 0 for dim in kind.dims)
    )


FACTORIES: tuple[Production, ...] = (filled, filled, shaped, padded, pooled, resized, taking_a_number)

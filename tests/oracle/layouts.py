"""Tensors that are other tensors laid out anew: views, slices, products.

The tables say what becomes of the dims in words; each production gives the words their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.oracle.kinds import Dim, Expr, Tensor, constant
from tests.oracle.numbers import counted, number
from tests.oracle.templates import Templates, chosen, templates
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]
Dims = tuple[Dim, ...]

PERMUTED = templates(
    swapped="""
        {t}.transpose(0, 1)
        {t}.transpose(1, 0).contiguous()
        torch.transpose({t}, 0, 1)
        {t}.permute(1, 0, *range(2, {t}.ndim))
    """,
    reversed="""
        {t}.permute({back})
        {t}.permute(*({back}))
        {t}.permute(*reversed(range({t}.dim())))
    """,
    moved="{t}.movedim(0, -1)",
    matrix="""
        {t}.t()
        {t}.T
    """,
)
UNSQUEEZED = templates(
    first="""
        {t}.unsqueeze(0)
        {t}[None]
    """,
    last="""
        {t}.unsqueeze(-1)
        {t}[..., None]
    """,
)
FLATTENED = templates(
    whole="""
        {t}.flatten()
        {t}.reshape(-1)
        {t}.reshape({t}.numel())
        {t}.reshape([-1])
        {t}.ravel()
    """,
    rest="""
        {t}.flatten(1)
        torch.flatten({t}, 1)
        {t}.reshape({t}.size(0), -1)
        {t}.contiguous().view({t}.shape[0], -1)
        {t}.reshape(({t}.shape[0], -1))
        {t}.reshape({t}.shape[:1] + (-1,))
    """,
    literal="{t}.reshape({first}, -1)",
)
RESHAPED = templates(
    same="""
        {t}.reshape({sizes})
        {t}.reshape({t}.shape)
        {t}.reshape(*{t}.shape)
        {t}.expand_as({t})
        {t}.view_as({t})
        {t}.expand({sizes})
        {t}.reshape([int(s) for s in {t}.shape])
        {t}.reshape(tuple(s for s in {t}.shape))
        {t}.reshape([s if i else -1 for i, s in enumerate({t}.shape)])
    """,
    longer="""
        {t}.reshape(*{t}.shape[:-1], {t}.shape[-1], 1)
        {t}.reshape(list({t}.size()) + [1])
    """,
    unflattened="{t}.unflatten(0, ({t}.size(0), 1))",
)
SLICED = templates(
    part="""
        {t}[:{n}]
        {t}[{k}:]
        {t}[:-1]
        {t}[{n}:]
        {t}[int({t}.shape[0] / 2):]
        {t}[({n}):({n} + 2)]
    """,
    last="""
        {t}[..., :{n}]
        {t}[..., -{k}:]
    """,
    some="{t}[::2]",
    half="""
        {t}[: {t}.size(0) // 2]
        {t}.narrow(0, 0, {t}.size(0) // 2)
        {t}[:len({t}) // 2]
        {t}[slice(0, {t}.size(0) // 2)]
    """,
)
PRODUCTS = templates(
    square="""
        ({t} @ {t}.transpose(-1, -2))
        torch.matmul({t}, {t}.mT)
        torch.einsum('...ij,...kj->...ik', {t}, {t})
        ({t} @ {t}.mT / {t}.size(-1) ** 0.5)
        ({t} @ {t}.mT / math.sqrt({t}.size(-1)))
    """,
    same="F.scaled_dotproduct_attention({t}, {t}, {t})",
    matrix="""
        {t}.tril()
        {t}.triu(1)
    """,
    diagonal="({t} @ {t}.t()).diagonal()",
    outer="torch.outer({t}[0], {t}[:, 0])",
)


def permuted(body: Body) -> Expr | None:
    """The dims in another order."""
    x = _ranked(body, 2)
    if x is None:
        return None
    dims = x.kind.dims
    swapped = (dims[1], dims[0], *dims[2:])
    made = {"swapped": swapped, "reversed": dims[::-1], "moved": (*dims[1:], dims[0])}
    if len(dims) == 2:
        made["matrix"] = swapped
    return laid_out(body, PERMUTED, x, made, back=", ".join(map(str, reversed(range(len(dims))))))


def unsqueezed(body: Body) -> Expr | None:
    """One dim more, of one element."""
    x = body.tensor(lambda kind: len(kind.dims) < 4)
    if x is None:
        return None
    one = constant(1)
    return laid_out(body, UNSQUEEZED, x, {"first": (one, *x.kind.dims), "last": (*x.kind.dims, one)})


def flattened(body: Body) -> Expr | None:
    """Dims made one."""
    x = _ranked(body, 2)
    if x is None:
        return None
    dims = x.kind.dims
    rest = (dims[0], body.writer.dim(*product(dims[1:])))
    made = {"whole": (body.writer.dim(*product(dims)),), "rest": rest}
    if dims[0].lo == dims[0].hi:
        made["literal"] = rest
    return laid_out(body, FLATTENED, x, made, first=dims[0].lo)


def reshaped(body: Body) -> Expr | None:
    """The shape put together again from sizes."""
    x = _ranked(body)
    if x is None:
        return None
    dims, one = x.kind.dims, constant(1)
    sizes = ", ".join(f"{x.text}.size({place})" for place in range(len(dims)))
    made = {"same": dims, "longer": (*dims, one), "unflattened": (dims[0], one, *dims[1:])}
    return laid_out(body, RESHAPED, x, made, sizes=sizes)


def sliced(body: Body) -> Expr | None:
    """A part of a dim."""
    x = _ranked(body)
    if x is None:
        return None
    first, *rest = x.kind.dims
    made = {
        "part": (body.writer.dim(0, first.hi), *rest),
        "last": (*x.kind.dims[:-1], body.writer.dim(0, x.kind.dims[-1].hi)),
        "some": (body.writer.dim(min(first.lo, 1), first.hi), *rest),
        "half": (body.writer.dim(first.lo // 2, first.hi // 2), *rest),
    }
    return laid_out(body, SLICED, x, made, n=counted(body, 0, 40).text, k=body.writer.pick((1, 2)))


def multiplied(body: Body) -> Expr | None:
    """A product of matrices."""
    x = body.tensor(lambda kind: len(kind.dims) >= 2 and kind.dtype == "float")
    if x is None:
        return None
    dims = x.kind.dims
    made = {"square": (*dims[:-1], dims[-2]), "same": dims}
    if len(dims) == 2:
        made |= {"matrix": dims, "diagonal": dims[:1]}
        made |= {"outer": (dims[1], dims[0])} if dims[0].lo and dims[1].lo else {}
    return laid_out(body, PRODUCTS, x, made)


def expanded(body: Body) -> Expr | None:
    """A dim of one element expanded to a number."""
    x = body.tensor(lambda kind: bool(kind.dims) and kind.dims[0] == constant(1))
    if x is None:
        return None
    n = number(body)
    if not 0 <= n.kind.lo <= n.kind.hi <= 64:
        return None
    same = ", -1" * (len(x.kind.dims) - 1)
    dim = n.kind.dim or body.writer.dim(n.kind.lo, n.kind.hi)
    return Expr(f"{x.text}.expand({n.text}{same})", Tensor((dim, *x.kind.dims[1:]), x.kind.dtype))


def _ranked(body: Body, least: int = 1) -> Expr | None:
    return body.tensor(lambda kind: len(kind.dims) >= least)


def laid_out(body: Body, table: Templates, x: Expr, made: Mapping[str, Dims], **holes: object) -> Expr:
    """An expression of a table about a tensor, of the dims that it makes."""
    makes, text = chosen(body.writer, table, made, t=x.text, **holes)
    return Expr(text, Tensor(tuple(made[makes]), x.kind.dtype))


def product(dims: Dims) -> tuple[int, int]:
    """The bounds of the number of elements."""
    low = high = 1
    for dim in dims:
        low, high = low * dim.lo, min(high * max(dim.hi, 1), 10**5)
    return low, high


LAYOUTS: tuple[Production, ...] = (
    *(permuted, unsqueezed, flattened, reshaped, multiplied, expanded),
    *(sliced, sliced),
)

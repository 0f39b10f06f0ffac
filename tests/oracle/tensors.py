"""Tensors: elementwise operations, reductions, and the choice among all that makes a tensor.

What keeps the dims is apart from what does not, for a name in a branch or a loop must stay of its kind (`like`).
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.factories import FACTORIES
from tests.oracle.kinds import Dim, Expr, Seq, Table, Tensor, constant
from tests.oracle.layouts import LAYOUTS
from tests.oracle.members import CALLS
from tests.oracle.numbers import counted, floating, number, row_of
from tests.oracle.selections import SELECTIONS
from tests.oracle.templates import filled, lines
from tests.oracle.truths import test
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]
FACTORS = ("2", "0.5", "-1", "3", "0.1")

# What gives back the tensor it is given.
UNCHANGED = lines("""
    {t}.clone()
    {t}.detach()
    {t}.float()
    {t}.contiguous()
    {t}.to(torch.float32)
    {t}.nan_to_num()
    {t}.type_as({t})
    {t}.to({t}.device)
    {t}.reshape({t}.shape)
    ({t} + 0)
""")
UNARY = lines("""
    ({t} * {c})
    ({t} + {c})
    {t}.relu()
    (-{t})
    {t}.abs()
    torch.tanh({t})
    {t}.sigmoid()
    F.gelu({t})
    {t}.clamp(min={c})
    ({c} - {t})
    torch.where({t} > {c}, {t}, -{t})
    {t}.masked_fill({t} > {c}, 0.5)
    ({t} + torch.ones_like({t}))
    ({t} + ({t} > {c}).float())
    (({t} > {c}) * 2.0)
    torch.clone({t}).mul_({c})
    ({t}.data * {c})
    F.dropout({t}, 0.5, False)
    ({t} / (1 + {t}.abs().sum()))
    ({t} + {t}.mean())
""")
# For a tensor that has dims.
ALONG_A_DIM = lines("""
    {t}.softmax(-1)
    {t}.cumsum(0)
    {t}.flip(0)
    {t}.roll(1, 0)
    F.softmax({t}, dim=-1)
    {t}.sort(-1).values
    torch.sort({t}, dim=-1)[0]
    ({t} - {t}.mean(-1, keepdim=True))
""")
WITH_A_NUMBER = lines("""
    ({t} * {n})
    ({t} + {n})
    ({n} - {t})
    {t}.clamp(max={n})
    torch.add({t}, {n})
    {t}.masked_fill({t} > 0, {n})
    {t}.clone().fill_({n})
    torch.full_like({t}, {n})
    torch.add({t}, {t}, alpha={n})
    {t}.mul({n})
    torch.where({t} > 0, {t}, {n})
    ({t} + torch.tensor({n}))
""")
DIVIDED = lines("""
    ({t} / {n})
    torch.div({t}, {n})
""")
WITH_A_FLOAT = lines("""
    ({t} * {n})
    ({t} + {n})
    {t}.clamp(max={n})
""")
OF_TWO = lines("""
    ({t} + {u})
    ({t} * {u})
    torch.maximum({t}, {u})
    ({t} - {u})
    torch.min({t}, {u})
    torch.where({t} > {u}, {t}, {u})
    ({t} * ({t} > {u}))
    sum([{t}, {u}])
    torch.lerp({t}, {u}, 0.5)
    functools.reduce(torch.add, [{t}, {u}])
    operator.add({t}, {u})
    max({t}, {u}, key=torch.sum)
""")
CHOSEN = lines("""
    ({t} if {asked} else {u})
    ({u} if {asked} else {t})
    [{t}, {u}][int({asked})]
""")
OVER_A_DIM = lines("""
    {t}.sum({at})
    {t}.mean({at})
    {t}.amax({at})
    {t}.max({at}).values
    {t}.min({at})[0]
    {t}.mean(dim={at})
    {t}.std({at}, correction=0)
    {t}.norm(dim={at})
    {t}.prod({at})
    {t}.median({at}).values
    {t}.logsumexp({at})
""")
OVER_ALL = lines("""
    {t}.sum()
    {t}.mean()
    {t}.max()
    {t}.norm()
    {t}.flatten()[0]
    {t}.std(correction=0)
""")


def tensor(body: Body) -> Expr:
    """Some tensor."""
    if body.writer.spend():
        made = body.writer.pick(TENSORS)(body)
        if made is not None:
            return made
    return _operand(body)


def like(body: Body, kind: Tensor) -> Expr:
    """A tensor of just this kind."""
    held = body.tensor(lambda other: other == kind)
    if held is None:
        sizes = ", ".join(_constant_size(dim) for dim in kind.dims)
        return Expr(f"torch.zeros({sizes or '()'}, dtype=torch.{kind.dtype})", kind)
    if kind.dtype == "bool":
        return Expr(f"(~{held.text})", kind)
    if kind.dtype == "long" or not body.writer.spend():
        return Expr(f"({held.text} {body.writer.pick(('* 2', '+ 1', '- 3'))})", kind)
    return body.writer.pick(SAME_DIMS)(body, held)


def unary(body: Body, x: Expr) -> Expr:
    """An operation on each element, or along a dim."""
    table = UNCHANGED if body.writer.chance(8) else UNARY + ALONG_A_DIM * bool(x.kind.dims)
    return Expr(filled(body.writer, table, t=x.text, c=body.writer.pick(FACTORS)), x.kind)


def with_number(body: Body, x: Expr) -> Expr:
    """An operation of a tensor with a number."""
    n = number(body)
    return Expr(filled(body.writer, WITH_A_NUMBER + DIVIDED * (n.kind.lo > 0), t=x.text, n=n.text), x.kind)


def with_float(body: Body, x: Expr) -> Expr:
    """An operation of a tensor with a float."""
    return Expr(filled(body.writer, WITH_A_FLOAT, t=x.text, n=floating(body).text), x.kind)


def of_two(body: Body, x: Expr) -> Expr:
    """An operation of two tensors of one shape."""
    y = body.tensor(lambda kind: kind == x.kind)
    u = y.text if y and y.text != x.text else f"{x.text}.abs()"
    return Expr(filled(body.writer, OF_TWO, t=x.text, u=u), x.kind)


def chosen(body: Body, x: Expr) -> Expr:
    """One of two tensors."""
    y = body.tensor(lambda kind: kind == x.kind)
    other = body.writer.pick((f"-{x.text}", f"{x.text} * 2", y.text if y and y.text != x.text else f"{x.text} + 1"))
    return Expr(filled(body.writer, CHOSEN, t=x.text, u=other, asked=test(body).text), x.kind)


def reduction(body: Body) -> Expr | None:
    """A reduction over a dim or over all."""
    x = body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims) and all(dim.lo for dim in kind.dims))
    if x is None:
        return None
    rank = len(x.kind.dims)
    place = body.writer.number(0, rank - 1)
    at = body.writer.pick((place, place - rank))
    if body.writer.chance(3):
        return Expr(filled(body.writer, OVER_ALL, t=x.text), Tensor(()))
    if body.writer.chance(4):
        return Expr(f"{x.text}.mean({at}, keepdim=True)", Tensor(_replaced(x.kind.dims, place, (constant(1),))))
    return Expr(filled(body.writer, OVER_A_DIM, t=x.text, at=at), Tensor(_replaced(x.kind.dims, place, ())))


def listed(body: Body) -> Expr | None:
    """A tensor out of a list or a dict."""
    held = body.any(Seq, lambda kind: isinstance(kind.item, Tensor) and kind.lo > 0)
    if held is not None:
        forms = [f"{held.text}[0]", f"{held.text}[-1]", f"next(iter({held.text}))"]
        if held.kind.is_list:
            n = number(body)
            forms.append(f"{held.text}[{n.text} % {held.kind.lo}]")
        return Expr(body.writer.pick(forms), held.kind.item)
    table = body.any(Table)
    if table is None:
        return None
    key = body.writer.pick(table.kind.keys)
    forms = [f"{table.text}[{key!r}]", f"{table.text}.get({key!r}, 0)", f"list({table.text}.values())[0]"]
    return Expr(body.writer.pick(forms), table.kind.item)


def joined(body: Body) -> Expr | None:
    """The elements of a list as one tensor."""
    held = body.any(Seq, lambda kind: isinstance(kind.item, Tensor) and kind.lo > 0)
    if held is None:
        return None
    count = body.writer.dim(held.kind.lo, 40)
    if body.writer.chance(3):
        return Expr(f"sum({held.text})", held.kind.item)
    if held.kind.item.dims and body.writer.chance(2):
        size = body.writer.dim(held.kind.lo * held.kind.item.dims[0].lo, 200)
        return Expr(f"torch.cat({held.text}, 0)", Tensor((size, *held.kind.item.dims[1:]), held.kind.item.dtype))
    return Expr(f"torch.stack({held.text})", Tensor((count, *held.kind.item.dims), held.kind.item.dtype))


def same_dims(body: Body) -> Expr | None:
    """A tensor of the dims of one in scope."""
    x = _operand(body)
    if x.kind.dtype != "float":
        return Expr(f"{x.text}.float()", Tensor(x.kind.dims))
    return body.writer.pick(SAME_DIMS)(body, x)


def indexed(body: Body) -> Expr | None:
    """A row of a tensor, at an index that is one of its rows."""
    x = body.tensor(lambda kind: bool(kind.dims) and kind.dims[0].lo > 0)
    if x is None:
        return None
    index = row_of(body, x.kind) or counted(body, 0, max(x.kind.dims[0].lo - 1, 0))
    forms = (f"{x.text}[{index.text}]", f"{x.text}.select(0, {index.text})")
    return Expr(body.writer.pick(forms), Tensor(x.kind.dims[1:], x.kind.dtype))


def _operand(body: Body) -> Expr:
    made = body.tensor()
    return made or Expr("torch.ones(2)", Tensor((constant(2),)))


def _replaced(dims: tuple[Dim, ...], place: int, new: tuple[Dim, ...]) -> tuple[Dim, ...]:
    return (*dims[:place], *new, *dims[place + 1 :])


def _constant_size(dim: Dim) -> str:
    return str(dim.lo)


SAME_DIMS: tuple[Callable[[Body, Expr], Expr], ...] = (
    *(unary,) * 4,
    *(with_number,) * 4,
    *(of_two,) * 2,
    chosen,
    with_float,
)
TENSORS: tuple[Production, ...] = (
    *(same_dims,) * 7,
    *(reduction,) * 2,
    *LAYOUTS,
    *SELECTIONS,
    *FACTORIES,
    *CALLS,
    *(listed,) * 2,
    *(joined,) * 2,
    indexed,
)

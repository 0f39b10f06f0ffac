"""Assignments to several names at once: sizes out of a shape, tensors out of a tensor, a call or a display."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Expr, Int, Seq, Shape, Tensor, of_dim
from tests.oracle.templates import chosen, filled, lines, templates
from tests.oracle.writer import Body

Production = Callable[[Body], None]

UNPACKED = templates(
    row="""
        {one}, *more = {t}.unbind(0)
        {one}, *_ = {t}
        {one}, {two} = {t}.max(0)
    """,
    piece="*_, {one} = {t}.split(1)",
    same="""
        ({one}, {two}), k = ({t}, {t}.abs()), 2
        {one} = {two} = {t} * 2
        {one}, {two} = {t}, {t}
        {one}, {two} = torch.cat([{t}, {t}]).chunk(2)
        {one}, {two} = [v * 2 for v in ({t}, {t})]
    """,
)
ROWS = lines("""
    {t}
    {t}.unbind(0)
    [row * 2 for row in {t}]
""")


def unpack_shape(body: Body) -> None:
    """The sizes of a tensor by names."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return
    dims, t = x.kind.dims, x.text
    names = [body.writer.fresh("s") for _ in dims]
    form = body.writer.number(0, 4)
    if form == 0 or (form == 1 and len(dims) < 2):
        body.say(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {t}.shape")
    elif form == 1:
        body.say(f"{names[0]}, *rest = {t}.size()")
        body.know("rest", Seq(Int(min(d.lo for d in dims[1:]), max(d.hi for d in dims[1:])), len(dims) - 1))
        names, dims = names[:1], dims[:1]
    elif form == 2:
        body.say(f"{names[0]} = {t}.size({-len(dims)})")
        names, dims = names[:1], dims[:1]
    elif form == 3:
        body.bind("shape", Expr(body.writer.pick((f"{t}.shape", f"{t}.size()")), Shape(dims)))
        return
    else:
        body.say(f"*_, {names[-1]} = {t}.shape")
        names, dims = names[-1:], dims[-1:]
    for name, dim in zip(names, dims, strict=True):
        body.know(name, of_dim(dim))
    return


def unpack_tensors(body: Body) -> None:
    """Tensors by names: pieces of one, results of one call, elements of a display."""
    y = body.tensor(lambda kind: bool(kind.dims) and kind.dims[0].lo > 0 and kind.dtype == "float")
    if y is None:
        return
    made = {"row": y.kind.dims[1:], "piece": (body.writer.dim(1, 1), *y.kind.dims[1:]), "same": y.kind.dims}
    one, two = body.writer.fresh("y"), body.writer.fresh("y")
    makes, line = chosen(body.writer, UNPACKED, made, t=y.text, one=one, two=two)
    body.say(line)
    body.know(one, Tensor(made[makes]))


def unpack_rows(body: Body) -> None:
    """The rows of a tensor by names, where it has as many as there are names."""
    x = body.tensor(lambda kind: bool(kind.dims) and kind.dims[0].lo == kind.dims[0].hi > 1)
    if x is None:
        return unpack_tensors(body)
    names = [body.writer.fresh("y") for _ in range(x.kind.dims[0].lo)]
    body.say(f"{', '.join(names)} = {filled(body.writer, ROWS, t=x.text)}")
    for name in names:
        body.know(name, Tensor(x.kind.dims[1:], x.kind.dtype))
    return None


UNPACKINGS: tuple[Production, ...] = (*(unpack_shape,) * 4, unpack_tensors, unpack_rows)

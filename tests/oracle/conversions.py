"""Numbers that Python or torch has made of something else: conversions, lookups, choices, numbers out of data."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import HUGE, Expr, Float, Int, Seq, integer
from tests.oracle.numbers import SMALL, formatted, modest
from tests.oracle.sizes import SIZES
from tests.oracle.templates import filled, lines
from tests.oracle.truths import plain, test
from tests.oracle.writer import Body

Production = Callable[[Body], "Expr | None"]

OF_SIZE = lines("""
    ({n} / 2)
    ({n} * 0.5)
    float({n})
    (1.0 + {n})
    math.sqrt(abs({n}))
    math.exp(-abs({n}))
    (abs({n}) ** 0.5)
    math.log(1 + abs({n}))
    math.pow({n}, 2)
    round({n} / 4, 1)
    math.fsum([{n}, 0.5])
""")
OF_POSITIVE = lines("""
    ({n} ** -0.5)
    (1.0 / {n})
    (2 / {n})
    math.log2({n})
""")
OF_DATA = lines("""
    {t}.sum().item()
    float({t}.mean())
    {t}.flatten()[0].item()
    {t}.max().item()
    {t}.flatten().tolist()[0]
    float({t}.abs().max())
    {t}.mean().tolist()
    {t}.norm().item()
    {t}.sum().detach().item()
    {t}.data.sum().item()
    max({t}.flatten().tolist())
    math.tanh({t}.mean())
    float({t}.detach().numpy().sum())
    round(float({t}.mean()), 2)
""")


def converted(body: Body) -> Expr | None:
    """A number that Python has converted."""
    n = modest(body)
    k = body.writer.pick(SMALL)
    lo, hi = n.kind.lo, n.kind.hi
    least, most = min(n.kind.lo, k), max(n.kind.hi, k)
    made: list[tuple[str, Int]] = [
        (f"int({n.text})", n.kind),
        (f"int({n.text} / 2)", integer(lo // 2, hi // 2 + 1)),
        (f"math.ceil({n.text} / {k})", integer(lo // k, hi // k + 1)),
        (f"math.floor({n.text} / 2)", integer(lo // 2, hi // 2)),
        (f"max({n.text}, {k})", Int(max(lo, k), most)),
        (f"min({n.text}, {k})", Int(least, min(hi, k))),
        (f"int({n.text} * 0.5)", integer(lo // 2, hi // 2 + 1)),
        (f"int(float({n.text}))", n.kind),
        (f"math.gcd({n.text}, {k * 2})", Int(1, k * 2)),
        (f"sorted([{n.text}, {k}])[-1]", Int(max(lo, k), most)),
        (f"int(bool({n.text} > {k}))", Int(0, 1)),
        (f"int(str({n.text}))", n.kind),
        (f"len(str({n.text}))", Int(1, 8)),
        (f"len({formatted('', n)})", Int(1, 8)),
        (f"operator.index({n.text})", n.kind),
        (f"int({n.text} > {k})", Int(0, 1)),
        (f"round({n.text} / 2)", integer(lo // 2, hi // 2 + 1)),
        (f"divmod({n.text}, {k})[1]", Int(0, k - 1)),
        (f"abs(int({n.text}))", Int(0, max(abs(lo), abs(hi)))),
        (f"int('%d' % {n.text})", n.kind),
        (f"int('{{}}'.format({n.text}))", n.kind),
    ]
    if lo > 0:
        made.append((f"int({n.text} ** 0.5)", Int(1, hi)))
        made.append((f"math.isqrt({n.text})", Int(1, hi)))
        made.append((f"int(math.log2({n.text}))", Int(0, hi)))
    text, kind = body.writer.pick(made)
    return Expr(text, kind)


def looked_up(body: Body) -> Expr | None:
    """A number out of a list, a tuple or a dict, at a number."""
    n = modest(body)
    made: list[tuple[str, Int]] = [
        (f"{{2: 5, 3: 6}}.get({n.text}, 4)", Int(4, 6)),
        (f"[4, 5, 6][{n.text} % 3]", Int(4, 6)),
        (f"(4, 5)[{n.text} > 3]", Int(4, 5)),
        (f"{{True: 4, False: 5}}[{n.text} > 2]", Int(4, 5)),
        (f"len([0] * ({n.text} % 4))", Int(0, 3)),
        (f"len(range({n.text}))", Int(0, max(n.kind.hi, 0))),
        (f"SCALES.get({n.text}, 1)", Int(1, 3)),
        (f"WIDTHS[{n.text} % 3]", Int(2, 4)),
        (f"len(WIDTHS[:{n.text}])", Int(0, 3)),
        (f"sum(WIDTHS[{n.text} % 2:])", Int(4, 9)),
        (f"WIDTHS.count({n.text})", Int(0, 1)),
        (f"len({{{n.text}, 3}})", Int(1, 2)),
        (f"{{'s2': 5, 's3': 6}}.get({formatted('s', n)}, 4)", Int(4, 6)),
        (f"dict(zip(WIDTHS, (4, 5, 6))).get({n.text}, 7)", Int(4, 7)),
        (f"next((w for w in WIDTHS if w >= {n.text}), 5)", Int(2, 5)),
        (f"len([w for w in WIDTHS if w < {n.text}])", Int(0, 3)),
        (f"sum(w > {n.text} for w in WIDTHS)", Int(0, 3)),
    ]
    text, kind = body.writer.pick(made)
    return Expr(text, kind)


def chosen(body: Body) -> Expr | None:
    """A number that a test chooses."""
    n, m = modest(body), modest(body)
    lo, hi = min(n.kind.lo, m.kind.lo), max(n.kind.hi, m.kind.hi)
    made: list[tuple[str, Int]] = [
        (f"({n.text} if {test(body).text} else {m.text})", Int(lo, hi)),
        (f"({n.text} or {m.text})", Int(lo, hi)),
        (f"({n.text} and {m.text})", integer(min(lo, 0), max(hi, 0))),
        (f"int({test(body).text})", Int(0, 1)),
        (f"({n.text} * ({plain(body).text}))", integer(min(n.kind.lo, 0), max(n.kind.hi, 0))),
    ]
    text, kind = body.writer.pick(made)
    return Expr(text, kind)


def from_data(body: Body) -> Expr | None:
    """A whole number out of the data of a tensor."""
    x = body.tensor(lambda kind: bool(kind.dims) and all(dim.lo > 0 for dim in kind.dims))
    if x is None:
        return None
    t, count = x.text, Int(0, HUGE)
    made: list[tuple[str, Int]] = [
        (f"int(({t} > 0).sum())", count),
        (f"({t} > 0).sum().item()", count),
        (f"len({t}[{t} > 0])", count),
        (f"{t}[{t} > 0].numel()", count),
        (f"({t} > 0).nonzero().size(0)", count),
        (f"{t}.argmax().item()", count),
        (f"int({t}.argmax())", count),
        (f"int(sum({t}.flatten().tolist()) > 0)", Int(0, 1)),
        (f"torch.count_nonzero({t}).item()", count),
        (f"{t}.unique().numel()", count),
        (f"len(({t} > 0).nonzero(as_tuple=True)[0])", count),
        (f"({t} > 0).sum().tolist()", count),
        (f"int(({t} > 0).any())", Int(0, 1)),
        (f"(4, 5)[({t} > 0).any()]", Int(4, 5)),
        (f"[4, 5, 6][{t}.argmax() % 3]", Int(4, 6)),
        (f"int(({t} > 0).float().mean() * 4)", Int(0, 4)),
        (f"bool(({t} > 0).all()) + 1", Int(1, 2)),
    ]
    text, kind = body.writer.pick(made)
    return Expr(text if text.isidentifier() else f"({text})", kind)


def of_sequence(body: Body) -> Expr | None:
    """The length of a list of tensors, or one of a list of numbers."""
    xs = body.any(Seq)
    if xs is None:
        return None
    if isinstance(xs.kind.item, Int) and xs.kind.lo:
        form = body.writer.pick((f"{xs.text}[0]", f"{xs.text}[-1]", f"max({xs.text})", f"min({xs.text})"))
        return Expr(form, Int(xs.kind.item.lo, xs.kind.item.hi))
    return Expr(f"len({xs.text})", Int(xs.kind.lo, 40))


def attribute(body: Body) -> Expr | None:
    """A number that the module holds."""
    if not body.is_method:
        return Expr("LIMIT", Int(4, 4))
    held = [name for name, kind in body.writer.attributes.items() if isinstance(kind, Int)]
    if not held:
        value = body.writer.pick(SMALL)
        name = body.writer.fresh("limit")
        body.writer.init.append(f"self.{name} = {value}")
        body.writer.attributes[f"self.{name}"] = Int(value, value)
        held = [f"self.{name}"]
    name = body.writer.pick(held)
    return Expr(name, body.writer.attributes[name])


def float_of_size(body: Body) -> Expr | None:
    """A float out of a size."""
    n = modest(body)
    table = OF_SIZE + OF_POSITIVE * (n.kind.lo > 0)
    return Expr(filled(body.writer, table, n=n.text), Float())


def float_of_data(body: Body) -> Expr | None:
    """A float out of the data of a tensor."""
    x = body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims) and all(dim.lo for dim in kind.dims))
    if x is None:
        return None
    return Expr(filled(body.writer, OF_DATA, t=x.text), Float())


INTEGERS: tuple[Production, ...] = (
    *SIZES,
    *(converted, looked_up, chosen, attribute, of_sequence, from_data),
)
FLOATS: tuple[Production, ...] = (*(float_of_size,) * 3, float_of_data)

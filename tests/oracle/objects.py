"""What Python has besides functions and modules: base classes, plain objects, named tuples, generators, decorators.

Each production writes a definition for one call and is that call.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import NamedTuple

from tests.oracle.kinds import Expr, Tensor
from tests.oracle.numbers import counted, formatted, number
from tests.oracle.templates import filled, lines
from tests.oracle.truths import test
from tests.oracle.writer import Body, Writer

Production = Callable[[Body], "Expr | None"]


METHOD = """
    class {cls}({base}):
        def {name}(self, t, n=2):
            return {inner} * n
"""
OVERRIDDEN = """
    class {base}(nn.Module):
        def forward(self, t):
            return {inner}
    class {cls}({base}):
        def forward(self, t):
            return super().forward(t) * 2
"""
NAMED_TUPLE = """
    class {name}(typing.NamedTuple):
        t: torch.Tensor
        n: int
"""
OF_NAMED_TUPLE = lines("""
    ({held}.t * {held}.n)
    ({held}[0] + {held}[1])
    torch.add(*{held})
    ({held}.t.size(0) + {held}.t)
""")
PLAIN_OBJECT = """
    class {name}:
        def __init__(self, n):
            self.n = n
        def apply(self, t):
            return {inner} + self.n
        def __call__(self, t):
            return self.apply(t)
"""
GENERATOR = """
    def {name}(t, n):
        for i in range(n):
            yield {inner} * i
"""
DECORATED = """
    def {wrapper}(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs) * 2
        return inner
    @{wrapper}
    def {name}(t, n=1):
        return {inner} * n
"""
SCRIPTED = """
    {mark}
    def {name}(t: torch.Tensor):
        if {asked}:
            return t * 2
        return t
"""
RECURSIVE = """
    def {name}(t, n):
        if n < 1:
            return t
        return {name}({inner}, n - 1)
"""
TAKES_ALL = """
    def {name}(t, *more, scale=1, **options):
        for one in more:
            t = t + one
        return t * scale + len(options)
"""
PREDICATE = """
    def {name}(t, n):
        return {asked}
"""
SPREAD = lines("""
    {name}({t}, {t}, {n})
    {name}(*[{t}, {t}], scale={n})
    {name}({t}, **{{'scale': {n}}})
    {name}({t}, *{t}.shape)
    {name}({t}, *range({n}))
    {name}({t}, flag={n})
""")
MATCHING = """
    def {name}(t, n):
        match {subject}:
            case {case}:
                return {inner}
        return t * 3
"""
MATCHED = (("n", "2"), ("tuple(t.shape)", "(2, *_)"), ("n > 1", "True"), ("t.sum() > 0", "asked if asked"))
# How two layers are held, and how one of them is called.
HELD: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nn.ModuleList([{one}, {one}])",), "self.{name}[{n} % 2]({t})"),
    (("nn.ModuleDict({{'0': {one}, '1': {one}}})",), "self.{name}[str({n} % 2)]({t})"),
    (("nn.Sequential({one}, {one})",), "self.{name}[{n} % 2]({t})"),
    (("nn.ModuleList([{one}, {one}])",), "nn.Sequential(*self.{name}[:{n} % 2])({t})"),
    (("{one}", "{one}"), "getattr(self, {by_name})({t})"),
)


class Holes(NamedTuple):
    """What a definition is written around: a tensor and a number of the caller, and what the callee does to its own."""

    x: Expr
    n: Expr
    inner: str
    name: str


def _define(writer: Writer, text: str, **holes: str) -> None:
    """Writes a definition above the class; each line of the text is one of its lines."""
    writer.module += textwrap.dedent(text).format(**holes).strip().splitlines()


def _holes(body: Body, prefix: str) -> Holes | None:
    """A tensor, a number, a name, and a change of `t` that keeps its shape."""
    x = body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims) and all(dim.lo > 0 for dim in kind.dims))
    if x is None or not body.writer.spend():
        return None
    return Holes(x, counted(body, 0, 4), _change(body.writer, x.kind), body.writer.fresh(prefix))


def _change(writer: Writer, kind: Tensor) -> str:
    """A change of the tensor `t`, written in a body that holds nothing else."""
    from tests.oracle.tensors import SAME_DIMS

    inner = Body(writer, {"t": kind}, is_method=False)
    return writer.pick(SAME_DIMS)(inner, Expr("t", kind)).text


def inherited(body: Body) -> Expr | None:
    """A method of a base class of Net."""
    made = _holes(body, "shared") if body.is_method else None
    if made is None:
        return None
    writer, base = body.writer, body.writer.fresh("Base")
    _define(writer, METHOD, cls=base, base=writer.base, name=made.name, inner=made.inner)
    writer.base = base
    owner = writer.pick(("self", "super()")) if body.is_forward else "self"
    return Expr(f"{owner}.{made.name}({made.x.text}, {made.n.text})", made.x.kind)


def overridden(body: Body) -> Expr | None:
    """A module whose forward calls that of the class it extends."""
    made = _holes(body, "part") if body.is_method else None
    if made is None:
        return None
    cls, base = body.writer.fresh("Part"), body.writer.fresh("Part")
    _define(body.writer, OVERRIDDEN, cls=cls, base=base, inner=made.inner)
    body.writer.init.append(f"self.{made.name} = {cls}()")
    return Expr(f"self.{made.name}({made.x.text})", made.x.kind)


def named_tuple(body: Body) -> Expr | None:
    """A field of a named tuple."""
    made = _holes(body, "Pair")
    if made is None:
        return None
    _define(body.writer, NAMED_TUPLE, name=made.name)
    held = f"{made.name}({made.x.text}, {made.n.text})"
    return Expr(filled(body.writer, OF_NAMED_TUPLE, held=held), made.x.kind)


def plain_object(body: Body) -> Expr | None:
    """A method of an object that is no module."""
    made = _holes(body, "Scaler")
    if made is None:
        return None
    _define(body.writer, PLAIN_OBJECT, name=made.name, inner=made.inner)
    call = body.writer.pick((".apply", ""))
    return Expr(f"{made.name}({made.n.text}){call}({made.x.text})", made.x.kind)


def generated(body: Body) -> Expr | None:
    """The sum of what a generator yields."""
    made = _holes(body, "steps")
    if made is None:
        return None
    _define(body.writer, GENERATOR, name=made.name, inner=made.inner)
    return Expr(f"sum({made.name}({made.x.text}, {made.n.text}), {made.x.text})", made.x.kind)


def decorated(body: Body) -> Expr | None:
    """A function behind a decorator."""
    made = _holes(body, "twice")
    if made is None:
        return None
    wrapper = body.writer.fresh("doubling")
    _define(body.writer, DECORATED, wrapper=wrapper, name=made.name, inner=made.inner)
    return Expr(f"{made.name}({made.x.text}, n={made.n.text})", made.x.kind)


def scripted(body: Body) -> Expr | None:
    """A function that is compiled when it is traced."""
    x = body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims))
    if x is None:
        return None
    name = body.writer.fresh("scripted")
    mark = body.writer.pick(("@torch.jit.script_if_tracing", "@torch.jit.script"))
    asked = body.writer.pick(("t.sum() > 0", "t.size(0) > 2", "bool((t > 1).any())"))
    _define(body.writer, SCRIPTED, mark=mark, name=name, asked=asked)
    return Expr(f"{name}({x.text})", x.kind)


def recursive(body: Body) -> Expr | None:
    """A function that calls itself as often as a number says."""
    made = _holes(body, "again")
    if made is None:
        return None
    _define(body.writer, RECURSIVE, name=made.name, inner=made.inner)
    return Expr(f"{made.name}({made.x.text}, {made.n.text})", made.x.kind)


def spread(body: Body) -> Expr | None:
    """A call with `*` and `**`, of a function that takes as much as it is given."""
    made = _holes(body, "gather")
    if made is None:
        return None
    _define(body.writer, TAKES_ALL, name=made.name)
    return Expr(filled(body.writer, SPREAD, name=made.name, t=made.x.text, n=made.n.text), made.x.kind)


def module_by_number(body: Body) -> Expr | None:
    """One of two modules, by a number."""
    x = body.tensor(has_fixed_width) if body.is_method else None
    if x is None:
        return None
    n, name, width = number(body), body.writer.fresh("heads"), x.kind.dims[-1].lo
    one = f"nn.Linear({width}, {width})"
    held, call = body.writer.pick(HELD)
    for place, built in enumerate(held):
        attribute = name if len(held) == 1 else f"{name}{place}"
        body.writer.init.append(f"self.{attribute} = {built.format(one=one)}")
    by_name = formatted(name, Expr(f"{n.text} % 2", n.kind))
    return Expr(call.format(name=name, n=n.text, by_name=by_name, t=x.text), x.kind)


def has_fixed_width(kind: Tensor) -> bool:
    """Whether the last dim is one that a layer can be built for."""
    return kind.dtype == "float" and bool(kind.dims) and kind.dims[-1].lo == kind.dims[-1].hi > 0


def matched(body: Body) -> Expr | None:
    """A function with a `match`."""
    made = _holes(body, "matching")
    if made is None:
        return None
    subject, case = body.writer.pick(MATCHED)
    _define(body.writer, MATCHING, name=made.name, subject=subject, case=case, inner=made.inner)
    return Expr(f"{made.name}({made.x.text}, {made.n.text})", made.x.kind)


def tested_helper(body: Body) -> Expr | None:
    """A predicate, asked by the caller."""
    made = _holes(body, "is_large")
    if made is None:
        return None
    inner = Body(body.writer, {"t": made.x.kind}, is_method=False)
    _define(body.writer, PREDICATE, name=made.name, asked=test(inner).text)
    x = made.x.text
    return Expr(f"({x} * 2 if {made.name}({x}, {made.n.text}) else {x})", made.x.kind)


OBJECTS: tuple[Production, ...] = (
    inherited,
    overridden,
    named_tuple,
    plain_object,
    generated,
    decorated,
    scripted,
    recursive,
    spread,
    module_by_number,
    matched,
    tested_helper,
)

"""What a program calls that it also defines: helpers, methods, properties, submodules, lambdas, partials.

A callee is written when it is first wanted and never again, with parameters for what it is given; its body is made of
the same statements as forward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracle.kinds import Bool, Expr, Float, Int, Seq, Shape, Tensor, constant, joined
from tests.oracle.objects import OBJECTS, has_fixed_width
from tests.oracle.templates import chosen, filled, lines, templates
from tests.oracle.writer import Body, Writer

Production = Callable[[Body], "Expr | None"]
PARAMETER = {Tensor: "t", Int: "n", Float: "f", Bool: "flag", Seq: "items", Shape: "shape"}

# What is built of a width, how it is called, and the width it makes, 0 for the same.
LAYERS = (
    ("nn.Linear({width}, 3)", "{name}({t})", 3),
    ("nn.LayerNorm({width})", "{name}({t})", 0),
    ("nn.Sequential(nn.Linear({width}, 3), nn.ReLU())", "{name}({t})", 3),
    ("nn.ModuleList([nn.Linear({width}, 3), nn.Linear({width}, 3)])", "{name}[1]({t})", 3),
    ("nn.ModuleDict({{'a': nn.Linear({width}, 3)}})", "{name}['a']({t})", 3),
    ("nn.Sequential(nn.ReLU(), nn.Identity())", "{name}({t})", 0),
    ("nn.Linear({width}, {width})", "F.relu({name}({t}))", 0),
    ("nn.Parameter(torch.linspace(0, 1, {width}))", "({t} * {name})", 0),
    ("nn.Dropout(0.5)", "{name}({t})", 0),
)
LOOPS = lines("""
    for layer in self.{name}:
    for i, layer in enumerate(self.{name}):
    for i in range(len(self.{name})):
""")
INLINE = templates(
    same="""
        (lambda t: t * 2)({t})
        functools.partial(torch.add, {t})({n})
        (lambda t, k=2: t * k)({t}, k={n})
        functools.partial(torch.clamp, max={n})({t})
        (lambda: {t} + {n})()
        getattr(torch, 'relu')({t})
        getattr({t}, 'mul')({n})
        {{'relu': torch.relu, 'tanh': torch.tanh}}['relu']({t})
        (torch.relu if DEBUG else torch.tanh)({t})
        list(map(lambda t: t * {n}, [{t}]))[0]
        ACTIVATION({t})
    """,
    fewer="functools.partial(torch.sum, dim=0)({t})",
)


def helper(body: Body) -> Expr | None:
    """A call of a function or method that is written for it."""
    if not body.writer.spend():
        return None
    given = _arguments(body)
    if given is None:
        return None
    name, kind = body.writer.fresh("helper"), body.writer.pick(("function", "method", "static"))
    is_method = kind == "method" and body.is_method
    names = [_parameter_name(body.writer, one.kind) for one in given]
    inner = Body(body.writer, dict(zip(names, (one.kind for one in given), strict=True)), is_method=is_method)
    extra = _default(body.writer, inner)
    made = _ending(inner)
    header = f"def {name}({', '.join((['self'] if is_method else []) + names + extra)}):"
    lines = [header, *inner.lines, f"    return {made.text}"]
    _placed(body, lines, kind)
    call = f"self.{name}" if body.is_method and kind != "function" else name
    return Expr(f"{call}({_given(body.writer, given, names)})", made.kind)


def _arguments(body: Body) -> list[Expr] | None:
    from tests.oracle.numbers import number

    x = body.tensor()
    if x is None:
        return None
    given = [x]
    if body.writer.chance(2):
        more = body.any(object) if body.writer.chance(2) else number(body)
        if more and type(more.kind) in PARAMETER:
            given.append(more)
    return given


def _parameter_name(writer: Writer, kind: Any) -> str:
    return writer.fresh(PARAMETER[type(kind)] + "_")


def _default(writer: Writer, inner: Body) -> list[str]:
    if not writer.chance(3):
        return []
    name = writer.fresh("scale")
    inner.know(name, Float())
    return [f"{name}={writer.pick(('2.0', '0.5'))}"]


def _given(writer: Writer, given: list[Expr], names: list[str]) -> str:
    by_name = writer.chance(3)
    last = len(given) - 1
    parts = [
        f"{name}={one.text}" if by_name and place == last else one.text
        for place, (one, name) in enumerate(zip(given, names, strict=True))
    ]
    return ", ".join(parts)


def _placed(body: Body, lines: list[str], kind: str) -> None:
    if kind == "function" or not body.is_method:
        body.writer.module += lines
    else:
        above = ["@staticmethod"] if kind == "static" else []
        body.writer.methods += [*above, *lines, ""]


def _ending(inner: Body) -> Expr:
    """A short body, and what it returns: all that it has changed."""
    from tests.oracle.numbers import number
    from tests.oracle.statements import statement
    from tests.oracle.tensors import tensor

    for _ in range(inner.writer.number(0, 1)):
        statement(inner)
    made = number(inner) if inner.writer.chance(3) else tensor(inner)
    floats = inner.names(Tensor, lambda kind: kind.dtype == "float")
    left = [name for name in floats if name in inner.unread]
    if isinstance(made.kind, Tensor) and made.kind.dtype == "float" and left:
        return Expr(f"({made.text} + {left[0]}.sum())", made.kind)
    return made


def submodule(body: Body) -> Expr | None:
    """A call of a module that is an attribute."""
    if not body.is_method:
        return None
    x = body.tensor(has_fixed_width)
    if x is None or body.writer.chance(3):
        return own_module(body)
    name, width = body.writer.fresh("layer"), x.kind.dims[-1].lo
    built, call, out = body.writer.pick(LAYERS)
    body.writer.init.append(f"self.{name} = {built.format(width=width)}")
    return Expr(call.format(name=f"self.{name}", t=x.text), Tensor((*x.kind.dims[:-1], constant(out or width))))


def own_module(body: Body) -> Expr | None:
    """A call of a module whose forward is written for it."""
    x = body.tensor()
    if not body.is_method or x is None or not body.writer.spend():
        return None
    writer = body.writer
    name, cls, parameter = writer.fresh("block"), writer.fresh("Block"), writer.fresh("t_")
    inner = Body(writer, {parameter: x.kind}, is_method=False, depth=2)
    made = _ending(inner)
    header = [f"class {cls}(nn.Module):", f"    def forward(self, {parameter}):"]
    writer.module += [*header, *inner.lines, f"        return {made.text}"]
    form = writer.pick(("direct", "list", "sequential", "forward"))
    if form == "direct" or form == "forward":
        writer.init.append(f"self.{name} = {cls}()")
        return Expr(f"self.{name}{'.forward' * (form == 'forward')}({x.text})", made.kind)
    if form == "sequential":
        writer.init.append(f"self.{name} = nn.Sequential({cls}())")
        return Expr(f"self.{name}({x.text})", made.kind)
    writer.init.append(f"self.{name} = nn.ModuleList([{cls}()])")
    return Expr(f"self.{name}[0]({x.text})", made.kind)


def layers(body: Body) -> Expr | None:
    """A loop over modules."""
    x = body.tensor(has_fixed_width)
    if x is None or not body.is_method:
        return None
    width, name, out = x.kind.dims[-1].lo, body.writer.fresh("layers"), body.writer.fresh("h")
    body.writer.init.append(f"self.{name} = nn.ModuleList(nn.Linear({width}, {width}) for _ in range(2))")
    body.say(f"{out} = {x.text}")
    body.say(filled(body.writer, LOOPS, name=name))
    called = "layer" if "layer in" in body.lines[-1] else f"self.{name}[i]"
    body.say(f"    {out} = {called}({out})")
    body.know(out, x.kind)
    return body.read(out)


def property_of(body: Body) -> Expr | None:
    """A property: a number or a parameter."""
    if not body.is_method:
        return None
    name, writer = body.writer.fresh("prop"), body.writer
    writer.init.append("self.register_buffer('offset', torch.arange(4.0))")
    value = writer.pick(("self.offset", "self.offset.size(0)", "LIMIT", "self.offset * 2"))
    writer.methods += ["@property", f"def {name}(self):", f"    return {value}", ""]
    if ".size" in value or value == "LIMIT":
        x = body.tensor()
        return Expr(f"({x.text} * self.{name})", x.kind) if x and x.kind.dtype == "float" else None
    return Expr(f"self.{name}", Tensor((constant(4),)))


def inline(body: Body) -> Expr | None:
    """A lambda, a partial, or a function taken from a name."""
    from tests.oracle.numbers import number

    x = body.tensor(lambda kind: kind.dtype == "float" and bool(kind.dims))
    if x is None:
        return None
    made = {"same": x.kind.dims, "fewer": x.kind.dims[1:]}
    makes, text = chosen(body.writer, INLINE, made, t=x.text, n=number(body).text)
    return Expr(text, Tensor(made[makes]))


def nested(body: Body) -> Expr | None:
    """A function defined in the function, that reads a name around it."""
    x = body.tensor()
    if x is None or not body.writer.spend():
        return None
    from tests.oracle.numbers import number
    from tests.oracle.tensors import tensor

    name, parameter = body.writer.fresh("inner"), body.writer.fresh("t_")
    with body.block(f"def {name}({parameter}):") as inner:
        inner.know(parameter, x.kind)
        made = number(inner) if body.writer.chance(3) else tensor(inner)
        inner.say(f"return {made.text}")
    return Expr(f"{name}({x.text})", made.kind)


def choice_of_return(body: Body) -> Expr | None:
    """A helper that returns early."""
    x = body.tensor()
    if x is None or not body.writer.spend():
        return None
    from tests.oracle.tensors import like
    from tests.oracle.truths import test

    name, parameter = body.writer.fresh("pick"), body.writer.fresh("t_")
    inner = Body(body.writer, {parameter: x.kind}, is_method=False)
    asked = test(inner).text
    one, other = like(inner, x.kind), like(inner, x.kind)
    lines = [f"def {name}({parameter}):", *inner.lines, f"    if {asked}:", f"        return {one.text}"]
    body.writer.module += [*lines, f"    return {other.text}"]
    return Expr(f"{name}({x.text})", joined(x.kind, x.kind))


def only_tensors(production: Production) -> Production:
    """A production whose results that are no tensors become one."""

    def made(body: Body) -> Expr | None:
        expr = production(body)
        if expr is None or isinstance(expr.kind, Tensor):
            return expr
        x = body.tensor(lambda kind: kind.dtype == "float")
        return Expr(f"({x.text} + {expr.text})", x.kind) if x else None

    return made


CALLS: tuple[Production, ...] = (
    *(only_tensors(helper),) * 3,
    *(only_tensors(submodule),) * 3,
    layers,
    property_of,
    inline,
    inline,
    only_tensors(nested),
    choice_of_return,
    *OBJECTS,
)

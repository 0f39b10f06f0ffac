"""Statements: bindings, branches, checks, writes in place, state."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Bool, Expr, Float, Int, Table, Tensor
from tests.oracle.loops import LOOPS
from tests.oracle.numbers import counted, floating, number
from tests.oracle.sequences import SEQUENCES, looked_up, table
from tests.oracle.templates import filled, lines
from tests.oracle.tensors import like, tensor
from tests.oracle.truths import plain, test
from tests.oracle.unpacking import UNPACKINGS
from tests.oracle.writer import Body

Production = Callable[[Body], None]

IN_PLACE = lines("""
    {z}[0] = 1.0
    {z}.mul_(2)
    {z} += {n}
    {z}[{z} > 0] = 0.5
    {z}[..., -1] = 2.0
    {z}[:1] = {z}[-1:]
    {z}[:{n}] = 3.0
    {z}[1:] += 1
    {z}[{z} > 1] *= 2
    {z}.add_({n})
    {z}.clamp_(max=1)
    {z}[-1] = {z}[0] * 2
    {z}[0].zero_()
    {z}.copy_({t} * 2)
    {z}[...] = {z}[:1]
    {z}.masked_fill_({z} > 0, {n})
    {z}[0] = {n}
    {z} **= 2
    {z}[::2] = 0
    {z}[:, None][0] = 1.0
    {z}.index_fill_(0, torch.tensor([0]), {n})
    torch.add({z}, 1, out={z})
    {z}[torch.arange({z}.size(0))] = 2.0
    {z}.fill_({z}.sum())
""")
BLOCKS = ("with torch.no_grad():", "try:", "if torch.jit.is_tracing():", "if torch.jit.is_scripting():", "if True:")


def statement(body: Body) -> None:
    """Writes one statement."""
    if body.writer.spend():
        body.writer.pick(STATEMENTS)(body)
    else:
        bind_tensor(body)


def bind_tensor(body: Body) -> None:
    """A tensor by a new name."""
    body.bind("y", tensor(body))


def rebind(body: Body) -> None:
    """A name in scope bound anew, to the same kind."""
    names = body.names(Tensor, lambda kind: kind.dtype == "float")
    if not names:
        return bind_tensor(body)
    name = body.writer.pick(names)
    expr = like(body, body.scope[name])
    forms = [f"{name} = {expr.text}", f"{name} += {number(body).text}", f"{name} = {name} + {expr.text}"]
    body.say(body.writer.pick(forms))
    body.know(name, body.scope[name])
    return None


def bind_number(body: Body) -> None:
    """A number by a new name."""
    body.bind("n", number(body))


def bind_float(body: Body) -> None:
    """A float by a new name."""
    made = floating(body)
    if isinstance(made.kind, Float):
        body.bind("f", made)


def bind_truth(body: Body) -> None:
    """A truth by a new name."""
    body.bind("flag", Expr(plain(body).text, Bool()))


def bind_sequence(body: Body) -> None:
    """A list or tuple by a new name."""
    made = body.writer.pick(SEQUENCES)(body)
    if made is not None:
        body.bind("items", made)


def bind_table(body: Body) -> None:
    """A dict by a new name, or something taken out of one."""
    made = body.writer.pick((table, looked_up))(body)
    if made is not None:
        body.bind("table" if isinstance(made.kind, Table) else "y", made)


def branch(body: Body) -> None:
    """An `if` whose arms bind a name of the same kind."""
    names = body.names(Tensor, lambda kind: kind.dtype == "float") + body.names(Int)
    if not names:
        return bind_tensor(body)
    name = body.writer.pick(names)
    kind = body.scope[name]
    _arm(body, f"if {test(body).text}:", name)
    for word in body.writer.pick(((), ("else",), ("elif", "else"))):
        _arm(body, "else:" if word == "else" else f"elif {test(body).text}:", name)
    if isinstance(kind, Int):
        body.know(name, Int(-1000, 1000))
    else:
        body.know(name, kind)
    return None


def _arm(body: Body, header: str, name: str) -> None:
    kind = body.scope[name]
    with body.block(header) as arm:
        if body.writer.chance(5):
            statement(arm)
        made = like(arm, kind) if isinstance(kind, Tensor) else counted(arm, -3, 40)
        arm.say(f"{name} = {made.text}")


def walrus(body: Body) -> None:
    """A size named in the test that asks about it."""
    n = number(body)
    name, held = body.writer.fresh("n"), body.tensor(lambda kind: kind.dtype == "float")
    if held is None:
        return
    with body.block(f"if ({name} := {n.text}) > {body.writer.pick((2, 3, 1))}:") as arm:
        arm.say(f"{held.text} = {held.text} * 2")
    body.know(name, n.kind)
    body.know(held.text, held.kind)


def early_return(body: Body) -> None:
    """A return under a test."""
    if not body.is_forward or body.in_loop:
        return branch(body)
    with body.block(f"if {test(body).text}:") as arm:
        arm.say(f"return {like(arm, body.scope['x']).text}")
    return None


def check(body: Body) -> None:
    """A check: an assertion, or a test whose arm raises."""
    asked = test(body).text
    if body.writer.chance(2):
        body.say(f"assert {asked}, 'unexpected'")
        return
    with body.block(f"if not {asked}:") as arm:
        arm.say("raise ValueError('unexpected')")


def write_in_place(body: Body) -> None:
    """A copy of a tensor changed in place."""
    x = body.tensor(lambda kind: bool(kind.dims) and kind.dtype == "float" and kind.dims[0].lo > 0)
    if x is None:
        return
    name = body.writer.fresh("z")
    body.say(f"{name} = {x.text}.clone()")
    body.say(filled(body.writer, IN_PLACE, z=name, t=x.text, n=number(body).text))
    body.know(name, x.kind)


def keep_state(body: Body) -> None:
    """Python state on the module."""
    if not body.is_method:
        return
    name = body.writer.fresh("state")
    x = body.tensor()
    if x is None or body.writer.chance(2):
        body.writer.init.append(f"self.{name} = 0")
        body.say(f"self.{name} {body.writer.pick(('= 2', '+= 1'))}")
        body.bind("n", Expr(f"self.{name}", Int(0, 100)))
        return
    body.writer.init.append(f"self.{name} = None")
    body.say(f"self.{name} = {x.text} * 2")
    body.bind("y", Expr(f"self.{name}", x.kind))


def guarded(body: Body) -> None:
    """A statement in a block that changes nothing under trace, or both arms of a test that tracing decides."""
    x = body.tensor(lambda kind: kind.dtype == "float")
    if x is None:
        return
    name, head = body.writer.fresh("y"), body.writer.pick(BLOCKS)
    with body.block(head) as inner:
        made = like(inner, x.kind).text
        inner.say(f"{name} = {made}")
    if head == "try:":
        body.say("except ValueError:")
        body.say(f"    {name} = {x.text}")
    elif head.startswith("if torch.jit"):
        body.say("else:")
        body.say(f"    {name} = {made}")
    body.know(name, x.kind)


def matched(body: Body) -> None:
    """A chain of tests on a constant."""
    x = body.tensor(lambda kind: kind.dtype == "float")
    if x is None or not body.is_method:
        return
    name = body.writer.fresh("y")
    body.say("if self.mode == 'sum':")
    body.say(f"    {name} = {like(body, x.kind).text}")
    body.say("elif self.mode == 'mean':")
    body.say(f"    {name} = {x.text} * 2")
    body.say("else:")
    body.say("    raise ValueError(self.mode)")
    body.know(name, x.kind)


STATEMENTS: tuple[Production, ...] = (
    *(bind_tensor,) * 12,
    *(bind_number,) * 4,
    *(bind_sequence,) * 4,
    *UNPACKINGS,
    *(rebind,) * 3,
    *(branch,) * 3,
    *LOOPS,
    *(write_in_place,) * 2,
    bind_truth,
    bind_table,
    bind_float,
    walrus,
    early_return,
    check,
    keep_state,
    guarded,
    matched,
)

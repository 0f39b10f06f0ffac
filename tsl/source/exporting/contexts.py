"""Context managers and decorators of an export script: what is on while they are open.

Definitions:
1. A *switch* is what `torch.no_grad()`, `torch.autocast(...)` and their like return: a value, which a name or a
   conditional may hold. It acts where it is opened: by `with`, as a decorator, by `enter_context`.
2. A function that is marked `contextmanager` acts up to its `yield` where it is opened, and as a whole where it closes.

Needs values and states. It will never know what a context manager of another library does.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import expressions
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import UNKNOWN, Const, Defined, Switch, options_of
from tsl.source.refs import External
from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

MODES_OFF = frozenset({"torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad"})
MODES_ON = frozenset({"torch.enable_grad", "torch.autograd.enable_grad"})
CASTS = frozenset({"torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast", "torch.cpu.amp.autocast"})
SWITCHES: frozenset[str] = MODES_OFF | MODES_ON | CASTS
# The argument of a switch that turns it off, and its place
FLAGS = {
    "torch.inference_mode": (0, "mode"),
    **dict.fromkeys(["torch.autocast", "torch.amp.autocast"], (2, "enabled")),
    **dict.fromkeys(["torch.cuda.amp.autocast", "torch.cpu.amp.autocast"], (0, "enabled")),
}


def switch(_run: Run, path: str, given: Given) -> Any:
    """What a call of a switch returns."""
    place, name = FLAGS.get(path, (-1, "enabled"))
    said = given.get(place, name)
    if said is not None and not (isinstance(said, Const) and isinstance(said.value, bool)):
        return Switch(path, given.node, None)
    return Switch(path, given.node, said is None or said.value)


def enter(run: Run, node: Any) -> tuple[Any, Any]:
    """Opens what an expression is; what `as` names, and the call that closes it where that is a function (2)."""
    value = None
    if isinstance(node, _ast.Call):
        made = _generator(run, expressions.evaluate(run, node.func))
        if made is not None:
            value = expressions.call(run, node, made, is_opening=True)
            return value, node
    value = expressions.evaluate(run, node)
    opened(run, value, node)
    return (UNKNOWN if isinstance(value, Switch) else value), None


def close(run: Run, node: Any) -> None:
    """What a function does when the block it was opened for ends (2)."""
    expressions.evaluate(run, node)


def opened(run: Run, value: Any, node: Any) -> None:
    """Turns on or off what a value switches; where it is one of several, whether it is on is unknown."""
    options = [_as_switch(one, node) for one in options_of(value)]
    for one in options:
        if one is not None:
            _turn(run, one if len(options) == 1 else one._replace(on=None))


def _turn(run: Run, one: Switch) -> None:
    state = run.here
    if one.path in CASTS:
        state.cast = state.cast if one.on is None else one.node if one.on else None
    elif one.on is None:
        state.grad = None
    elif one.on:
        state.grad = one.path in MODES_ON


def _as_switch(value: Any, node: Any) -> Switch | None:
    """A switch, also where it is named and not called: `@torch.no_grad`."""
    if isinstance(value, Defined) and isinstance(value.what, External) and value.what.path in SWITCHES:
        return Switch(value.what.path, node, True)
    return value if isinstance(value, Switch) else None


def _generator(run: Run, value: Any) -> Any:
    """The function of the project that a value is, where it is marked as a context manager."""
    node = value.what if isinstance(value, Defined) else None
    marked = isinstance(node, _ast.FunctionDef) and "contextmanager" in decorator_names(node)
    return value if marked else None

"""What is done to each part of a model in turn: `for m in model.modules(): m.eval()`, `model.apply(quiet)`.

Definition: a loop over the parts puts the whole model into a mode where its body does so to each of them under no
condition. Where it does so to those of some classes alone, the mode is unknown if nothing else in the model depends on
it, and as it was if something does.

Needs the classes of models. It will never follow which part a name or an index picks.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import models
from tsl.source.exporting.things import UNKNOWN_STATE, Callback, Defined
from tsl.source.tree import body_of, last_name, walk

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

PARAMETERS = frozenset({"parameters", "named_parameters"})
PARTS = frozenset({"modules", "named_modules", "children", "named_children"})


def loop(run: Run, node: Any) -> None:
    """What a loop over the parameters or the parts of a model does to it."""
    called = getattr(node, "iter", None)
    if not isinstance(called, _ast.Call) or not isinstance(called.func, _ast.Attribute):
        return
    if called.func.attr in PARAMETERS:
        _freeze_weights(run, node.body, called.func.value)
    elif called.func.attr in PARTS:
        name = node.target.elts[-1] if isinstance(node.target, _ast.Tuple) and node.target.elts else node.target
        _each(run, node.body, getattr(name, "id", ""), run.evaluate(called.func.value))


def apply(run: Run, owner: Any, function: Any) -> None:
    """`model.apply(function)`."""
    node = function.what if isinstance(function, Defined) else function.node if isinstance(function, Callback) else None
    arguments = node.args.args if isinstance(node, _ast.FunctionDef | _ast.Lambda) else []
    if node is not None and arguments:
        statements = body_of(node)
        _each(run, statements, arguments[0].arg, owner)


def _freeze_weights(run: Run, body: list[Any], model: Any) -> None:
    """`for p in model.parameters(): p.requires_grad = False`: a trace records no gradients of them."""
    if any(getattr(one, "attr", "") in ("requires_grad", "requires_grad_") for one in walk(body)):
        state = run.here
        for number in state.refs(run.evaluate(model)):
            thing = state.heap[number]
            state.heap[number] = thing._replace(stages=thing.stages | {"frozen-weights"})


def _each(run: Run, body: list[Any], name: str, model: Any) -> None:
    """What statements do to the mode of a model whose parts are, one after the other, `name`."""
    mode = next((mode for mode in (_mode_set(one, name) for one in body) if mode), "")
    some = {mode for one in walk(body) if (mode := _mode_set(one, name))} if not mode else {mode}
    if not some:
        return
    picked = set(_picked(body))
    for number in list(run.here.family(model)):
        thing = run.here.heap[number]
        others = [layer for layer in models.modal_layers(thing) if not _is_among(layer, picked)]
        if mode or not (picked and others):
            story = thing.story if mode == thing.mode else ()
            run.here.heap[number] = thing._replace(mode=mode or UNKNOWN_STATE, story=story)


def _mode_set(node: Any, name: str) -> str:
    """The mode that `name.eval()` or `name.train(flag)` sets; nothing where a node is no such call."""
    call = node.value if isinstance(node, _ast.Expr) else node
    match call:
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id=owner), attr="eval")) if owner == name:
            return "eval"
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id=owner), attr="train")) if owner == name:
            said = [*call.args, *(one.value for one in call.keywords)]
            flag = said[0].value if said and isinstance(said[0], _ast.Constant) else not said
            return ("train" if flag else "eval") if isinstance(flag, bool) else UNKNOWN_STATE
    return ""


def _picked(body: list[Any]) -> Iterator[str]:
    """The last names of the classes that an `isinstance` in statements asks for."""
    for node in walk(body):
        if isinstance(node, _ast.Call) and last_name(node.func) == "isinstance" and len(node.args) == 2:
            yield from (last_name(one) for one in walk([node.args[1]]) if last_name(one))


def _is_among(layer: str, picked: set[str]) -> bool:
    """Whether a layer is of one of the classes, as far as their names tell: `_BatchNorm` is a base of BatchNorm2d."""
    return any(name == layer or layer.startswith(name.strip("_")) for name in picked if name != "Module")

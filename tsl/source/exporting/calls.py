"""Calls of an export script: what each does to the states of what it is given (`orders.MOVES`)."""

from __future__ import annotations

import _ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.exporting import captures, examples, expressions, libraries, models, orders, parts, paths, storage
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import (
    UNKNOWN,
    UNKNOWN_STATE,
    Const,
    Defined,
    Many,
    Map,
    Opaque,
    Own,
    Partial,
    Ref,
    Seq,
    Thing,
    items_of,
    joined,
    options_of,
)
from tsl.source.names import Names
from tsl.source.refs import External
from tsl.source.tree import walk

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

CHANGES_CONTAINER = frozenset("append extend insert pop update setdefault clear remove".split())
READ_ONLY = frozenset(
    """parameters named_parameters buffers named_buffers modules named_modules children named_children state_dict
    get_submodule get_parameter update_parameters extra_repr graph_for print_readable code graph
    requires_grad""".split()
)


def call(run: Run, callee: Any, given: Given) -> Any:
    """The result of a call."""
    return joined(_call_one(run, one, given) for one in options_of(callee))


def _call_one(run: Run, callee: Any, given: Given) -> Any:
    match callee:
        case Defined(External(path)):
            return libraries.external(run, path, given)
        case Defined(Class() as cls):
            return _construct(run, cls, given)
        case Defined(str() as name, owner):
            return _method(run, owner, name, given)
        case Defined(_ast.AST() as node, owner):
            module, own = owner if isinstance(owner, tuple) else (owner, None)
            return _read(run, node, module, own, given)
        case Partial(inner, positional, keywords):
            known = {**dict(keywords), **given.keywords}
            return call(run, inner, given._replace(positional=(*positional, *given.positional), keywords=known))
        case Own(cls) if (found := cls.find("__call__")) is not None:
            return _read(run, found[0], found[1].module, callee, given)
        case Opaque(key) if key:
            path = paths.of_path(callee, given)
            if path is not None:
                return path
            escape(run, given)
            storage.by_name(run, key[-1], given)
            if paths.is_of_object(key):
                let_go(run, run.here.attributes(key[3]).values())
            return expressions.derived("call", (callee, *given.all()))
        case Ref():
            return UNKNOWN
    escape(run, given)
    storage.by_name(run, getattr(getattr(given.node, "func", None), "attr", ""), given)
    return UNKNOWN


def opening(run: Run, callee: Defined, given: Given) -> Any:
    """The same of a context manager that is written as a function, up to its `yield`."""
    module, own = callee.owner if isinstance(callee.owner, tuple) else (callee.owner, None)
    return _read(run, callee.what, module, own, given, is_opening=True)


def _read(run: Run, node: Any, module: Any, own: Any, given: Given, *, is_opening: bool = False) -> Any:
    result = run.reader.call(run, node, module, own, given, is_opening=is_opening)
    if result is None:
        escape(run, given)
        return UNKNOWN
    return result


def escape(run: Run, given: Given) -> None:
    """Something unknown has these in hand: their mode and device are unknown after it."""
    objects = [one for value in inside(given.all()) for one in options_of(value) if isinstance(one, Own)]
    held = [value for one in objects for value in run.here.attributes(one.number).values()]
    let_go(run, [*inside(given.all()), *held])


def let_go(run: Run, values: Iterable[Any]) -> None:
    """The mode, device, dtype and shape of things are unknown from here."""
    state = run.here
    for number in {number for value in values for number in state.family(value)}:
        thing = state.heap[number]
        state.heap[number] = thing._replace(mode=UNKNOWN_STATE, device=UNKNOWN_STATE, dtype=UNKNOWN_STATE, shape=None)


def inside(arguments: list[Any]) -> Iterator[Any]:
    """Arguments, and what is in those that are lists or dicts."""
    for one in arguments:
        yield one
        if isinstance(one, Seq):
            yield from one.items
        elif isinstance(one, Many):
            yield one.item
        elif isinstance(one, Map):
            yield from (item for _, item in one.items)


def _construct(run: Run, cls: Class, given: Given) -> Any:
    if not cls.is_module:
        return _object(run, cls, given)
    note = run.note(given.node, "made here")
    thing = Thing(
        "model", "train", "cpu", cls, exported=models.exported(cls), dtype=examples.float_of(run), origin=note
    )
    made = run.make(libraries.made_of(run, thing, given))
    found = cls.find("__init__")
    if found is not None and found[1].module.once(_moves, found[0]):
        _read(run, found[0], found[1].module, made, given)
        _leave_mode_to_itself(run, made)
    return made


def _object(run: Run, cls: Class, given: Given) -> Any:
    """An object of a class that is no module, with what its constructor puts on it, or the fields it is given."""
    made = Own(cls, run.reader.number())
    found = cls.find("__init__")
    if found is not None:
        _read(run, found[0], found[1].module, made, given)
        return made
    run.here.held.update({(made.number, name): value for name, value in given.keywords.items()})
    if cls.foreign:
        escape(run, given)
    return made


def _leave_mode_to_itself(run: Run, made: Ref) -> None:
    """A class that puts its parts into a mode: what of it depends on the mode and is not read is in that mode."""
    thing = run.here.heap[made.number]
    if models.modality(thing) is None:
        run.here.heap[made.number] = thing._replace(mode=UNKNOWN_STATE)


def _moves(method: Any, _names: Names) -> bool:
    """Whether a constructor puts its object, a part of it or what it is given into a mode or on a device."""
    arguments = (*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs)
    named = {one.arg for one in arguments}
    moved = (node.value for node in walk(method.body) if isinstance(node, _ast.Attribute) and node.attr in orders.MOVES)
    return any(expressions.key_of(owner).partition(".")[0] in named for owner in moved)


# Methods
OF_MAP: dict[str, Any] = {
    "items": lambda _run, owner, _given: Seq(tuple(Seq(pair) for pair in owner.items)),
    "values": lambda _run, owner, _given: Seq(tuple(value for _, value in owner.items)),
    "keys": lambda _run, owner, _given: Seq(tuple(key for key, _ in owner.items)),
    "get": lambda run, owner, given: expressions.item(run, owner, given.get(0, "key")),
}


def _method(run: Run, owner: Any, name: str, given: Given) -> Any:
    if isinstance(owner, Map) and name in OF_MAP:
        return OF_MAP[name](run, owner, given)
    if name == "append" and items_of(owner) is not None:
        key = expressions.key_of(given.node.func.value)
        if key:
            run.here.names[key] = Many(joined((*(items_of(owner) or ()), *given.positional)))
        return UNKNOWN
    if isinstance(owner, Map | Seq | Many):
        key = expressions.key_of(given.node.func.value) if name in CHANGES_CONTAINER else ""
        if key:
            run.here.names[key] = UNKNOWN
        return UNKNOWN
    thing = run.here.thing(owner)
    if thing is None or thing.kind == UNKNOWN_STATE:
        return _method_of_unknown(run, owner, name, given)
    if thing.kind == "tensor":
        return _method_of_tensor(run, thing, owner, name, given)
    if thing.kind == "array":
        return examples.retyped(run, thing, name, given)
    if thing.kind in ("state", "program"):
        return owner if thing.kind == "state" or name == "run_decompositions" else UNKNOWN
    return _method_of_model(run, thing, owner, name, given)


def _method_of_unknown(run: Run, owner: Any, name: str, given: Given) -> Any:
    if name in orders.MOVES:
        for number in run.here.family(owner):
            _move(run, number, name, given)
        return owner
    if name in orders.KEEPS:
        return owner
    escape(run, given)
    storage.by_name(run, name, given)
    return expressions.derived(name, (owner, *given.all())) if isinstance(owner, Const | Opaque) else UNKNOWN


def _method_of_tensor(run: Run, thing: Thing, owner: Any, name: str, given: Given) -> Any:
    if name in orders.KEEPS_TENSOR:
        dtype = _turned_to(thing, name, given)
        return run.make(thing._replace(device=_moved_to(run, thing, name, given), dtype=dtype))
    if name in orders.RESHAPES_TENSOR:
        return run.make(thing._replace(shape=None))
    return UNKNOWN


def _method_of_model(run: Run, thing: Thing, owner: Any, name: str, given: Given) -> Any:
    if name in orders.MOVES:
        if name == "eval" and "baked" in thing.stages:
            captures.note_late_eval(run, thing, given)
        for number in list(run.here.family(owner)):
            _move(run, number, name, given)
        return owner
    if name == "apply" and given.positional:
        parts.apply(run, owner, given.positional[0])
    if name in orders.KEEPS:
        for number in list(run.here.family(owner)):
            one = run.here.heap[number]
            one = one._replace(dtype=_turned_to(one, name, given))
            frozen = name == "requires_grad_" and given.get(0, "requires_grad") == Const(False)
            run.here.heap[number] = one._replace(stages=one.stages | {"frozen-weights"}) if frozen else one
        return UNKNOWN if name == "load_state_dict" else owner
    if name == "state_dict":
        return run.make(Thing("state", device=thing.device))
    if name in ("save", "_save_for_lite_interpreter") and thing.kind != "model":
        return storage.save_script(run, owner, given.get(0, "f"), given, given.node.func.value)
    if name == "to_torchscript":
        return captures.lightning(run, thing, given)
    found = thing.source.find(name) if thing.source is not None and thing.kind == "model" else None
    if found is not None:
        return _read(run, found[0], found[1].module, owner, given)
    if name not in READ_ONLY:
        escape(run, given._replace(positional=(*given.positional, owner)))
    return UNKNOWN


def _move(run: Run, number: int, name: str, given: Given) -> None:
    """What a method of `orders.MOVES` does to one thing."""
    state = run.here
    thing = state.heap[number]
    which, where = orders.MOVES[name]
    if which == "mode":
        first = given.get(0, "mode")
        if where == "$":
            where = {None: "train", Const(True): "train", Const(False): "eval"}.get(first, UNKNOWN_STATE)
        note = run.note(given.node, f"put into {where} mode here")
        state.heap[number] = thing._replace(mode=where, story=(note,))
        return
    device = _moved_to(run, thing, name, given)
    if "bare" in thing.stages and thing.origin is not None and _names_device(given, name):
        story = [run.note(given.node, "moved after it was loaded")]
        run.tell(thing.origin.node, "load-device", thing.path, "moved", story=story)
    state.heap[number] = thing._replace(device=device, dtype=_turned_to(thing, name, given))


def _names_device(given: Given, name: str) -> bool:
    """Whether a move names a device, and not a dtype alone."""
    first = given.get(0, "device")
    return name != "to" or (first is not None and not (isinstance(first, Defined) and isinstance(first.what, External)))


def _turned_to(thing: Thing, name: str, given: Given) -> str:
    """The dtype after a method that may change it."""
    if name in orders.FLOATS:
        return orders.FLOATS[name]
    if name not in ("to", "type"):
        return UNKNOWN_STATE if name in ("long", "int", "bool") else thing.dtype
    for value in given.all():
        if isinstance(value, Defined) and isinstance(value.what, External):
            return examples.dtype_named(value)
    said = [one for value in given.all() for one in options_of(value)]
    return thing.dtype if all(isinstance(one, Const | Ref) for one in said) else UNKNOWN_STATE


def _moved_to(run: Run, thing: Thing, name: str, given: Given) -> str:
    if name in ("cpu", "cuda"):
        return name
    if name != "to":
        return thing.device
    target = given.get(0, "device")
    if target is None or (isinstance(target, Defined) and isinstance(target.what, External)):
        return thing.device if given.rest is None else UNKNOWN_STATE  # a dtype
    other = run.here.thing(target)
    if other is not None and other.kind == "tensor":
        return other.device
    return expressions.device_of(target)

"""Calls of an export script: what each does to the states of what it is given (`orders.MOVES`)."""

from __future__ import annotations

import _ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.exporting import captures, contexts, examples, expressions, models, onnx, orders, storage
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import (
    UNKNOWN,
    UNKNOWN_STATE,
    Const,
    Defined,
    Map,
    Opaque,
    Own,
    Ref,
    Seq,
    Thing,
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
    get_submodule get_parameter extra_repr graph_for print_readable code graph requires_grad""".split()
)


def call(run: Run, callee: Any, given: Given) -> Any:
    """The result of a call."""
    return joined(_call_one(run, one, given) for one in options_of(callee))


def _call_one(run: Run, callee: Any, given: Given) -> Any:
    match callee:
        case Defined(External(path)):
            return _external(run, path, given)
        case Defined(Class() as cls):
            return _construct(run, cls, given)
        case Defined(str() as name, owner):
            return _method(run, owner, name, given)
        case Defined(_ast.AST() as node, owner):
            module, own = owner if isinstance(owner, tuple) else (owner, None)
            return _read(run, node, module, own, given)
        case Opaque(key) if key:
            escape(run, given)
            return expressions.derived("call", (callee, *given.all()))
        case Ref():
            return UNKNOWN
    escape(run, given)
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
    state = run.here
    for number in {number for value in _inside(given.all()) for number in state.family(value)}:
        thing = state.heap[number]
        state.heap[number] = thing._replace(mode=UNKNOWN_STATE, device=UNKNOWN_STATE, dtype=UNKNOWN_STATE, shape=None)


def _inside(arguments: list[Any]) -> Iterator[Any]:
    for one in arguments:
        yield one
        if isinstance(one, Seq):
            yield from one.items
        elif isinstance(one, Map):
            yield from (item for _, item in one.items)


def _construct(run: Run, cls: Class, given: Given) -> Any:
    if not cls.is_module:
        escape(run, given)
        return Own(cls)
    note = run.note(given.node, "made here")
    thing = Thing(
        "model", "train", "cpu", cls, exported=models.exported(cls), dtype=examples.float_of(run), origin=note
    )
    made = run.make(_made_of(run, thing, given))
    found = cls.find("__init__")
    if found is not None and found[1].module.once(_moves, found[0]):
        _read(run, found[0], found[1].module, made, given)
        _leave_mode_to_itself(run, made)
    return made


def _leave_mode_to_itself(run: Run, made: Ref) -> None:
    """A class that puts its parts into a mode: what of it depends on the mode and is not read is in that mode."""
    thing = run.here.heap[made.number]
    if models.modality(thing) is None:
        run.here.heap[made.number] = thing._replace(mode=UNKNOWN_STATE)


def _made_of(run: Run, thing: Thing, given: Given) -> Thing:
    """A model that is given others when it is made is where they are, and unknown where it has weights of its own."""
    inner = [run.here.heap[number] for value in _inside(given.all()) for number in run.here.refs(value)]
    inner = [one for one in inner if one.kind == "model"]
    if not inner:
        return thing
    parts = {number for value in _inside(given.all()) for number in run.here.refs(value)}
    parts = {number for number in parts if run.here.heap[number].kind == "model"}
    devices, dtypes = {one.device for one in inner}, {one.dtype for one in inner}
    if models.has_parameters(thing):
        devices, dtypes = devices | {thing.device}, dtypes | {thing.dtype}
    return thing._replace(
        parts=frozenset(parts),
        device=devices.pop() if len(devices) == 1 else UNKNOWN_STATE,
        dtype=dtypes.pop() if len(dtypes) == 1 else UNKNOWN_STATE,
    )


def _moves(method: Any, _names: Names) -> bool:
    """Whether a constructor puts its object, a part of it or what it is given into a mode or on a device."""
    arguments = (*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs)
    named = {one.arg for one in arguments}
    moved = (node.value for node in walk(method.body) if isinstance(node, _ast.Attribute) and node.attr in orders.MOVES)
    return any(expressions.key_of(owner).partition(".")[0] in named for owner in moved)


# Methods


def _method(run: Run, owner: Any, name: str, given: Given) -> Any:
    if isinstance(owner, Map | Seq):
        key = expressions.key_of(given.node.func.value) if name in CHANGES_CONTAINER else ""
        if key:
            run.here.names[key] = UNKNOWN
        return UNKNOWN
    thing = run.here.thing(owner)
    if thing is None or thing.kind == UNKNOWN_STATE:
        return _method_of_unknown(run, owner, name, given)
    if thing.kind == "tensor":
        return _method_of_tensor(run, thing, owner, name, given)
    if thing.kind == "state":
        return owner
    return _method_of_model(run, thing, owner, name, given)


def _method_of_unknown(run: Run, owner: Any, name: str, given: Given) -> Any:
    if name in orders.MOVES:
        for number in run.here.family(owner):
            _move(run, number, name, given)
        return owner
    if name in orders.KEEPS:
        return owner
    escape(run, given)
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
    return thing.dtype if all(isinstance(value, Const | Ref) for value in given.all()) else UNKNOWN_STATE


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


# What torch and other libraries do


def _external(run: Run, path: str, given: Given) -> Any:
    handler = EXTERNAL.get(path)
    if handler is not None:
        return handler(run, path, given)
    if path in orders.FACTORIES:
        return examples.example(run, path, given)
    if path.startswith("torch.") and path.endswith("_like"):
        thing = run.here.thing(given.get(0, "input")) if given.positional else None
        return run.make(thing) if thing is not None and thing.kind == "tensor" else UNKNOWN
    if path.startswith("torch.nn.") and path[9:10].isupper() and "." not in path[9:]:
        return _layer(run, path, given)
    if path.startswith(orders.IN_TRAIN_MODE) and "transforms" not in path and "get_" not in path:
        note = run.note(given.node, "made here, in train mode")
        return run.make(Thing("model", "train", "cpu", path=path, story=(note,), origin=note))
    if path.endswith(orders.READY):
        return run.make(Thing("model", "eval", UNKNOWN_STATE, path=path))
    if not path.startswith(orders.HARMLESS):
        escape(run, given)
    # The same call twice gives the same path, but for those that make something new.
    is_new = path.rpartition(".")[2].startswith(("mk", "NamedTemporary", "Temporary", "input"))
    return expressions.derived("call", (Const(path), Const(id(given.node) if is_new else 0), *given.all()))


def _layer(run: Run, path: str, given: Given) -> Any:
    """A layer of torch; one that is made of things that are unknown is unknown itself."""
    made_of = [one for value in _inside(list(given.positional)) for one in options_of(value)]
    if any(isinstance(one, Opaque) for one in made_of) or given.rest is not None:
        path = "torch.nn.Module"
    note = run.note(given.node, "made here, in train mode")
    thing = Thing("model", "train", "cpu", path=path, dtype=examples.float_of(run), story=(note,), origin=note)
    return run.make(_made_of(run, thing, given))


def _device(run: Run, _path: str, given: Given) -> Any:
    return given.positional[0] if given.positional else UNKNOWN


def _copy(run: Run, _path: str, given: Given) -> Any:
    thing = run.here.thing(given.positional[0]) if given.positional else None
    return _copied(run, thing) if thing is not None else UNKNOWN


def _copied(run: Run, thing: Thing) -> Ref:
    parts = [_copied(run, run.here.heap[number]).number for number in sorted(thing.parts)]
    return run.make(thing._replace(parts=frozenset(parts)))


def _wrap(run: Run, path: str, given: Given) -> Any:
    """torch.compile(model), DataParallel(model): the model in a wrapper that a capture meets first."""
    thing = run.here.thing(given.positional[0]) if given.positional else None
    if thing is None or thing.kind != "model":
        return UNKNOWN
    return run.make(thing._replace(stages=thing.stages | {path}))


def _dict(_run: Run, _path: str, given: Given) -> Any:
    """dict(name=value): the same as the display of it."""
    first = given.positional[0] if given.positional else Map(())
    if given.rest is not None or not isinstance(first, Map):
        return UNKNOWN
    items = {**dict(first.items), **{Const(name): value for name, value in given.keywords.items()}}
    return Map(tuple(items.items()))


def _set_dtype(run: Run, _path: str, _given: Given) -> Any:
    run.here.names["<dtype>"] = UNKNOWN
    return UNKNOWN


def _set_grad(run: Run, _path: str, given: Given) -> Any:
    first = given.get(0, "mode")
    run.here.grad = first.value if isinstance(first, Const) and isinstance(first.value, bool) else None
    return UNKNOWN


def _set_device(run: Run, _path: str, _given: Given) -> Any:
    run.here.names["<device>"] = UNKNOWN
    return UNKNOWN


def _leave(run: Run, _path: str, _given: Given) -> Any:
    run.state = None
    return UNKNOWN


Handler = Callable[..., Any]
EXTERNAL: dict[str, Handler] = {
    "torch.device": _device,
    "builtins.dict": _dict,
    "torch.set_grad_enabled": _set_grad,
    **dict.fromkeys(contexts.SWITCHES, contexts.switch),
    "torch.set_default_device": _set_device,
    "torch.set_default_tensor_type": _set_device,
    "copy.deepcopy": _copy,
    "copy.copy": _copy,
    **dict.fromkeys(orders.WRAPPERS, _wrap),
    **dict.fromkeys(orders.REMOVED, onnx.removed),
    "torch.set_default_dtype": _set_dtype,
    "sys.exit": _leave,
    "builtins.exit": _leave,
    **dict.fromkeys(orders.TRACERS, captures.trace),
    **dict.fromkeys(orders.FREEZERS, captures.freeze),
    **dict.fromkeys(orders.ONNX, onnx.export),
    **dict.fromkeys(orders.PATHS, storage.path_of),
    **dict.fromkeys(orders.FETCHES, storage.fetch),
    **dict.fromkeys(orders.DUMPERS, storage.dump),
    **dict.fromkeys(orders.SYMBOLICS, onnx.symbolic),
    "torch.jit.script": captures.script,
    "torch.export.export": captures.program,
    "torch.export.save": storage.save_program,
    "torch.export.load": storage.load_program,
    "torch._inductor.aoti_compile_and_package": storage.package_program,
    orders.MOBILE: captures.mobile,
    "torch.save": storage.save_pickle,
    "torch.jit.save": storage.save,
    "torch.load": storage.load_pickle,
    "torch.jit.load": storage.load,
}

"""Calls of torch and other libraries in an export script: what each makes, and what it does to what it is given.

Needs the states of things; `EXTERNAL` says which call is whose. It will never read a library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import (
    calls,
    captures,
    contexts,
    examples,
    expressions,
    fetched,
    models,
    onnx,
    orders,
    paths,
    storage,
)
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import (
    UNKNOWN,
    UNKNOWN_STATE,
    Const,
    Many,
    Map,
    Opaque,
    Partial,
    Ref,
    Seq,
    Thing,
    items_of,
    joined,
    options_of,
)

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def made_of(run: Run, thing: Thing, given: Given) -> Thing:
    """A model that is given others when it is made is where they are, and unknown where it has weights of its own."""
    inner = [run.here.heap[number] for value in calls.inside(given.all()) for number in run.here.refs(value)]
    inner = [one for one in inner if one.kind == "model"]
    if not inner:
        return thing
    parts = {number for value in calls.inside(given.all()) for number in run.here.refs(value)}
    parts = {number for number in parts if run.here.heap[number].kind == "model"}
    devices, dtypes = {one.device for one in inner}, {one.dtype for one in inner}
    if models.has_parameters(thing):
        devices, dtypes = devices | {thing.device}, dtypes | {thing.dtype}
    return thing._replace(
        parts=frozenset(parts),
        device=devices.pop() if len(devices) == 1 else UNKNOWN_STATE,
        dtype=dtypes.pop() if len(dtypes) == 1 else UNKNOWN_STATE,
    )


def external(run: Run, path: str, given: Given) -> Any:
    """The result of a call of what is not read."""
    handler = EXTERNAL.get(path)
    if handler is not None:
        return handler(run, path, given)
    if path in orders.FACTORIES:
        return examples.example(run, path, given)
    if path in orders.ARRAYS:
        return examples.array(run, path, given)
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
        calls.escape(run, given)
    # The same call twice gives the same path, but for those that make something new.
    is_new = path.rpartition(".")[2].startswith(("mk", "NamedTemporary", "Temporary", "input"))
    return expressions.derived("call", (Const(path), Const(id(given.node) if is_new else 0), *given.all()))


def _layer(run: Run, path: str, given: Given) -> Any:
    """A layer of torch; one that is made of things that are unknown is unknown itself."""
    pieces = [one for value in calls.inside(list(given.positional)) for one in options_of(value)]
    holds_others = path in orders.CONTAINERS and any(isinstance(one, Opaque) for one in pieces)
    if holds_others or given.rest is not None:
        path = "torch.nn.Module"
    note = run.note(given.node, "made here, in train mode")
    thing = Thing("model", "train", "cpu", path=path, dtype=examples.float_of(run), story=(note,), origin=note)
    return run.make(made_of(run, thing, given))


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
    value = given.get(0, "module" if "Parallel" in path else "model")
    thing = run.here.thing(value) if value is not None else None
    if thing is None or thing.kind != "model":
        return UNKNOWN
    stages = thing.stages | ({path} & orders.WRAPPERS)
    made = run.make(thing._replace(stages=stages, parts=thing.parts | frozenset(run.here.refs(value))))
    run.here.held[made.number, "module" if "Parallel" in path else "_orig_mod"] = value
    return made


def _averaged(run: Run, _path: str, given: Given) -> Any:
    """torch.optim.swa_utils.AveragedModel(model): a copy of the model in a wrapper."""
    value = given.get(0, "model")
    thing = run.here.thing(value) if value is not None else None
    if thing is None or thing.kind != "model":
        return UNKNOWN
    inner = _copied(run, thing)
    made = run.make(thing._replace(parts=thing.parts | {inner.number}))
    run.here.held[made.number, "module"] = inner
    return made


def _getattr(run: Run, _path: str, given: Given) -> Any:
    """getattr(obj, name, default): what is known to be there, else what is given instead."""
    if len(given.positional) < 2:
        return UNKNOWN
    base, name, *instead = given.positional
    known = {name for one in options_of(base) for name in _held_names(run, one)}
    if instead and not (isinstance(name, Const) and name.value in known):
        return instead[0] if isinstance(base, Ref) else UNKNOWN
    return joined(expressions.named(run, one, name) for one in options_of(base))


def _held_names(run: Run, base: Any) -> list[str]:
    return list(run.here.attributes(base.number)) if isinstance(base, Ref) else []


def _enumerate(_run: Run, _path: str, given: Given) -> Any:
    """enumerate(values), of values that are spelled out."""
    first = given.positional[0] if given.positional else UNKNOWN
    items = items_of(first)
    if not isinstance(first, Seq):
        return Many(Seq((UNKNOWN, joined(items)))) if items else UNKNOWN
    return Seq(tuple(Seq((Const(place), value)) for place, value in enumerate(first.items)))


def _zip(_run: Run, _path: str, given: Given) -> Any:
    """zip(left, right), of lists that are spelled out."""
    lists = [items_of(one) for one in given.positional]
    if not lists or given.rest is not None or None in lists:
        return UNKNOWN
    if not all(isinstance(one, Seq) for one in given.positional):
        return Many(Seq(tuple(joined(items or ()) for items in lists)))
    return Seq(tuple(Seq(parts) for parts in zip(*(one.items for one in given.positional), strict=False)))


def _dict(_run: Run, _path: str, given: Given) -> Any:
    """dict(name=value): the same as the display of it."""
    first = given.positional[0] if given.positional else Map(())
    if isinstance(first, Seq) and all(isinstance(one, Seq) and len(one.items) == 2 for one in first.items):
        first = Map(tuple((one.items[0], one.items[1]) for one in first.items))
    if given.rest is not None or not isinstance(first, Map):
        return UNKNOWN
    items = {**dict(first.items), **{Const(name): value for name, value in given.keywords.items()}}
    return Map(tuple(items.items()))


def _partial(_run: Run, _path: str, given: Given) -> Any:
    """functools.partial(callee, ...)."""
    if not given.positional or given.rest is not None:
        return UNKNOWN
    return Partial(given.positional[0], given.positional[1:], tuple(given.keywords.items()))


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
    "collections.OrderedDict": _dict,
    "functools.partial": _partial,
    "torch.set_grad_enabled": _set_grad,
    **dict.fromkeys(contexts.SWITCHES, contexts.switch),
    "torch.set_default_device": _set_device,
    "torch.set_default_tensor_type": _set_device,
    "copy.deepcopy": _copy,
    "copy.copy": _copy,
    **dict.fromkeys(orders.WRAPPERS | orders.UNDER_MODULE, _wrap),
    "torch.optim.swa_utils.AveragedModel": _averaged,
    "builtins.getattr": _getattr,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    **dict.fromkeys(orders.MOVED_FILES, storage.moved),
    **dict.fromkeys(orders.PROCESSES, fetched.process),
    **dict.fromkeys(orders.SAFETENSORS, storage.save_tensors),
    **dict.fromkeys(orders.REMOVED, onnx.removed),
    "torch.set_default_dtype": _set_dtype,
    "sys.exit": _leave,
    "builtins.exit": _leave,
    **dict.fromkeys(orders.TRACERS, captures.trace),
    **dict.fromkeys(orders.FREEZERS, captures.freeze),
    **dict.fromkeys(orders.ONNX, onnx.export),
    **dict.fromkeys(orders.PATHS, paths.path_of),
    **dict.fromkeys(orders.FETCHES, fetched.fetch),
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

"""Trace, script, freeze and optimize: the middle of the legal order (definition 3 of the package)."""

from __future__ import annotations

import _ast
import re
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import firsts, models, orders, pins
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import (
    UNKNOWN,
    UNKNOWN_STATE,
    Const,
    Defined,
    Map,
    Ref,
    Seq,
    Thing,
    options_of,
)
from tsl.source.facts import Note

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

UNSUPPORTED = re.compile(r"""^\s*\#?\s*requires-python\s*[:=]\s*["']?\s*>=\s*3\.(1[4-9]|[2-9]\d)""", re.M)


def trace(run: Run, path: str, given: Given) -> Any:
    """torch.jit.trace(func, example_inputs, check_trace=True, strict=True), and trace_module(mod, inputs)."""
    value, node = model_of(given.get(0, "mod" if path.endswith("_module") else "func"), given)
    thing = run.here.thing(value) if value is not None else None
    example = given.get(1, "inputs" if path.endswith("_module") else "example_inputs")
    check_python(run, given)
    check_pins(run, given)
    refused = refused_in(example) if path.endswith("trace") else ""
    if refused:
        run.tell(given.node, "example", given.node_of(1, "example_inputs"), refused)
    if thing is None or thing.kind != "model":
        return run.make(Thing("traced", origin=run.note(given.node, "traced here")))
    check_wrapper(run, thing, node, given)
    check_capture(run, thing, node, given)
    check_devices(run, thing, example, node, given)
    check_sizes(run, thing, example, given)
    if run.here.grad and "frozen-weights" not in thing.stages and models.has_parameters(thing):
        run.tell(given.node, "grad", node)
    if thing.source is not None:
        _check_hazards(run, thing, node, given)
    baked = any(models.modality(one) for one in _in_training(run, thing))
    stages = frozenset({"baked"}) if baked else frozenset[str]()
    origin = run.note(given.node, "traced here")
    return run.make(
        thing._replace(kind="traced", stages=stages, exported=frozenset(), parts=frozenset(), story=(), origin=origin)
    )


def program(run: Run, _path: str, given: Given) -> Any:
    """torch.export.export(mod, args): a program, which is in the mode of the model for good."""
    value, node = model_of(given.get(0, "mod"), given)
    thing = run.here.thing(value) if value is not None else None
    if thing is None:
        return UNKNOWN
    if thing.kind in ("scripted", "traced"):
        run.tell(given.node, "compiled", node, thing.kind)
    if thing.kind != "model":
        return UNKNOWN
    check_wrapper(run, thing, node, given)
    check_sizes(run, thing, given.get(1, "args"), given)
    origin = run.note(given.node, "exported here")
    return run.make(thing._replace(kind="program", origin=origin))


def check_program(run: Run, thing: Thing) -> None:
    """A program that is kept, and was exported from a model in train mode."""
    training = [one for one in _in_training(run, thing) if models.modality(one)]
    if training and thing.origin.file is run.module.file:
        exported = thing.origin.node
        named = exported.args[0] if exported.args else exported
        run.tell(exported, "training", named, models.modality(training[0]) or "", story=thing.story)


def note_late_eval(run: Run, thing: Thing, given: Given) -> None:
    """eval() on what was traced in train mode changes nothing: the finding on the trace says so."""
    step = run.reader.steps.get((id(thing.origin.node), "training")) if thing.origin is not None else None
    if step is not None:
        note = run.note(given.node, "`eval()` here does not change what the trace does")
        run.reader.keep(step._replace(story=(*(one for one in step.story if one != note), note)))


def model_of(value: Any, given: Given) -> tuple[Any, Any]:
    """The model a capture is given, and the node that names it: `model.forward` is the model's."""
    node = given.node.args[0] if given.node.args else given.node
    if not given.node.args and given.node.keywords:
        node = given.node.keywords[0].value
    if isinstance(value, Defined) and isinstance(value.what, str) and isinstance(node, _ast.Attribute):
        return value.owner, node.value
    return value, node


def check_capture(run: Run, thing: Thing, node: Any, given: Given) -> None:
    """No eval before a capture; a capture under autocast."""
    training = [(models.modality(one), one) for one in _in_training(run, thing)]
    training = [(why, one) for why, one in training if why != ""]
    if training:
        why, one = next((pair for pair in training if pair[0]), training[0])
        story = one.story or ((one.origin,) if one.origin else ())
        run.tell(given.node, "training", node, why or "", certain=why is not None, story=story)
    if run.here.cast is not None:
        run.tell(given.node, "autocast", node, story=[run.note(run.here.cast, "autocast is on from here")])


def _in_training(run: Run, thing: Thing) -> list[Thing]:
    """A model and those it is made of, as far as they are in train mode."""
    parts = {part: run.here.heap[part] for number in sorted(thing.parts) for part in run.here.family(Ref(number))}
    return [one for one in (thing, *parts.values()) if one.mode == "train"]


def check_wrapper(run: Run, thing: Thing, node: Any, given: Given) -> None:
    """A capture of what torch.compile or DataParallel made."""
    for wrapper in sorted(thing.stages & orders.WRAPPERS):
        refuses = wrapper == "torch.compile" or (given.node is not None and _is_script(run, given))
        run.tell(given.node, "wrapped", node, wrapper, certain=refuses)


def _is_script(run: Run, given: Given) -> bool:
    return run.module.names.dotted(given.node.func) == "torch.jit.script"


def check_devices(run: Run, thing: Thing, example: Any, node: Any, given: Given) -> None:
    """An example on another device than the model, or of another dtype."""
    for found in map(run.here.thing, _tensors(example) if run.here.cast is None else ()):
        kinds = (thing.dtype, found.dtype if found is not None else UNKNOWN_STATE)
        if found is not None and UNKNOWN_STATE not in kinds and thing.dtype != found.dtype:
            story = [found.origin] if found.origin is not None else []
            run.tell(given.node, "dtype", node, f"{found.dtype}, {thing.dtype}", story=story)
            break
    if thing.device == UNKNOWN_STATE or example is None:
        return
    for value in _tensors(example):
        found = run.here.thing(value)
        if found is None or found.kind != "tensor" or found.device in (UNKNOWN_STATE, thing.device):
            continue
        if "|" in found.device and "|" in thing.device:
            continue
        sure = "|" not in found.device + thing.device
        story = [found.origin] if found.origin is not None else []
        where = f"{found.device}, {thing.device}".replace("|", " or ")
        run.tell(given.node, "device", node, where, certain=sure, story=story)
        return


def check_sizes(run: Run, thing: Thing, example: Any, given: Given) -> None:
    """An example that the first layer of the model refuses for its sizes."""
    if thing.source is None or example is None:
        return
    parts = example.items if isinstance(example, Seq) else (example,)
    for first in firsts.first_layers(thing.source):
        found = run.here.thing(parts[first.place]) if first.place < len(parts) else None
        if found is None or found.kind != "tensor":
            continue
        misfit = first.misfit(found.shape, found.dtype)
        if misfit:
            story = [*([found.origin] if found.origin is not None else []), _layer_note(thing.source, first)]
            run.tell(given.node, "sizes", first.name, misfit, story=story)
            return


def _layer_note(cls: Any, first: firsts.First) -> Note:
    return Note(cls.find("forward")[1].module.file, first.node, f"`{first.name}` goes into {first.path[6:]} here")


def _tensors(example: Any) -> list[Any]:
    if isinstance(example, Seq):
        return [inner for item in example.items for inner in _tensors(item)]
    if isinstance(example, Map):
        return [inner for _, item in example.items for inner in _tensors(item)]
    return [example] if any(isinstance(one, Ref) for one in options_of(example)) else []


def refused_in(example: Any) -> str:
    """The type of an argument in an example that trace refuses; empty where there is none."""
    if isinstance(example, Const):
        return type(example.value).__name__.replace("NoneType", "None")
    parts = example.items if isinstance(example, Seq) else ()
    if isinstance(example, Map):
        parts = tuple(value for _, value in example.items)
    return next((found for found in map(refused_in, parts) if found), "")


def _check_hazards(run: Run, thing: Thing, node: Any, given: Given) -> None:
    assert thing.source is not None
    known = run.reader.known
    if thing.source not in known:
        known[thing.source] = models.hazards(thing.source)
    found = known[thing.source]
    if found.count:
        about = "one place" if found.count == 1 else f"{found.count} places"
        run.tell(given.node, "hazard", node, about, story=[found.data])
    reason = found.random or found.data
    if given.is_false("check_trace") and reason is not None:
        run.tell(given.node, "unchecked", node, "draws" if found.random else "data", story=[reason])
    elif given.is_false("strict") and found.data is not None:
        run.tell(given.node, "unchecked", node, "strict", story=[found.data])


def check_python(run: Run, given: Given) -> None:
    """A capture in a file that says it needs a Python that torch.jit does not support."""
    found = UNSUPPORTED.search(run.module.file.text)
    if found is not None:
        run.tell(given.node, "python", given.node.func, f"3.{found.group(1)}")


def check_pins(run: Run, given: Given) -> None:
    """A capture in a project whose requirement files name different versions of torch; said once a file."""
    path, known = run.module.file.path, run.reader.known
    if "pins" not in known:
        found = pins.pins_of(path, run.module.file.text)
        run.module.modules.rest_on(run.module.file, [pin.path for pin in found if pin.path != path])
        known["pins"] = pins.disagreeing(found)
    if known["pins"] is None or known.setdefault("pinned", given.node) is not given.node:
        return
    old, new = known["pins"]
    story = [Note(pin, pin, f"torch {pin.version} here") for pin in (new, old)]
    run.tell(given.node, "pins", given.node.func, f"{new.version}, {old.version}", story=story)


def script(run: Run, _path: str, given: Given) -> Any:
    """torch.jit.script(obj)."""
    check_python(run, given)
    check_pins(run, given)
    thing = run.here.thing(given.get(0, "obj")) if given.get(0, "obj") is not None else None
    if thing is None or thing.kind != "model":
        return run.make(Thing("scripted", origin=run.note(given.node, "scripted here")))
    check_wrapper(run, thing, given.node.args[0] if given.node.args else given.node, given)
    return run.make(thing._replace(kind="scripted", stages=frozenset()))


def freeze(run: Run, path: str, given: Given) -> Any:
    """torch.jit.freeze(mod, preserved_attrs) and optimize_for_inference(mod, other_methods)."""
    thing = run.here.thing(given.positional[0]) if given.positional else None
    if thing is not None and thing.kind == "model":
        run.tell(given.node, "uncompiled", given.node.args[0], path)
    if thing is None or thing.kind not in ("scripted", "traced"):
        made = Thing("scripted", stages=frozenset({"optimized"} if "optimize" in path else ()))
        return run.make(made._replace(origin=run.note(given.node, "optimized here")))
    node = given.node.args[0]
    if path.endswith("freeze") and thing.mode == "train":
        run.tell(given.node, "freeze", node, story=thing.story)
    _check_methods(run, thing, orders.FREEZERS[path], given)
    stages = thing.stages | {"frozen", *(["optimized"] if "optimize" in path else [])}
    story = (run.note(given.node, "optimized here"),) if "optimize" in path else thing.story
    return run.make(thing._replace(kind="scripted", mode="eval", stages=stages, exported=frozenset(), story=story))


def mobile(run: Run, _path: str, given: Given) -> Any:
    """optimize_for_mobile(script_module, optimization_blocklist, preserved_methods)."""
    thing = run.here.thing(given.positional[0]) if given.positional else None
    if thing is None or thing.kind not in ("scripted", "traced"):
        return UNKNOWN
    if thing.mode == "train" and models.modality(thing) != "":
        run.tell(given.node, "freeze", given.node.args[0], story=thing.story)
    _check_methods(run, thing, "preserved_methods", given)
    return run.make(thing._replace(exported=frozenset()))


def _check_methods(run: Run, thing: Thing, argument: str, given: Given) -> None:
    """Methods the class exports and a step is not asked to keep."""
    place = {"preserved_attrs": 1, "other_methods": 1, "preserved_methods": 2}[argument]
    kept = given.get(place, argument)
    if not thing.exported or given.rest is not None or (kept is not None and not isinstance(kept, Seq)):
        return
    named = {one.value for one in kept.items if isinstance(one, Const)} if kept is not None else set()
    if kept is not None and len(named) < len(kept.items):
        return
    lost = sorted(thing.exported - named)
    if lost:
        run.tell(given.node, "lost-method", ", ".join(lost), argument)


def lightning(run: Run, thing: Thing, given: Given) -> Any:
    """`to_torchscript(file_path, method)` of Lightning: puts the model into eval mode and turns gradients off."""
    from tsl.source.exporting import storage

    made = run.make(thing._replace(kind="scripted", mode="eval", stages=frozenset(), story=()))
    path = given.get(0, "file_path")
    if path is not None:
        storage.save_script(run, made, path, given, given.node.func.value)
    return made

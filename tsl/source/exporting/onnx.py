"""torch.onnx.export: which exporter a call reaches, and whether its arguments fit it, the model and each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.source.exporting import models, orders
from tsl.source.exporting.captures import check_capture, check_devices, check_pins, check_sizes, model_of
from tsl.source.exporting.given import Given
from tsl.source.exporting.operators import check_operators
from tsl.source.exporting.things import NONE, UNKNOWN, Const, Defined, Map, Opaque, Seq, Thing, options_of
from tsl.source.refs import External

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def export(run: Run, path: str, given: Given) -> Any:
    """torch.onnx.export(model, args, f, ..., dynamo=True)."""
    value, node = model_of(given.get(0, "model"), given)
    thing = run.here.thing(value) if value is not None else None
    dynamo = _exporter(given) if path == "torch.onnx.export" else False
    _check_exporter(run, given, dynamo)
    check_pins(run, given)
    if dynamo is False:
        _check_folding(run, given)
    args = given.get(1, "args")
    if isinstance(args, Map):
        run.tell(given.node, "example", given.node_of(1, "args"), "dict")
    _check_names(run, thing, given, dynamo)
    _check_axes(run, args, given)
    for name in given.keywords:
        if name in orders.REMOVED_ARGUMENTS:
            run.tell(given.node, "removed", name, "argument")
    if thing is not None and thing.kind in ("scripted", "traced") and dynamo:
        run.tell(given.node, "default", node, "script")
    if thing is not None:
        check_operators(run, thing, given, dynamo)
    if thing is not None and thing.kind == "model":
        if dynamo and not given.may_bring("training"):
            check_capture(run, thing, node, given)
        check_devices(run, thing, args, node, given)
        check_sizes(run, thing, args, given)
    return UNKNOWN


def _exporter(given: Given) -> bool | None:
    """Whether the dynamo exporter runs, which is the default; None where that is unknown."""
    said = given.keywords.get("dynamo")
    if said is None:
        return None if given.rest is not None else True
    return said.value if isinstance(said, Const) and isinstance(said.value, bool) else None


def _check_exporter(run: Run, given: Given, dynamo: bool | None) -> None:
    opset = given.keywords.get("opset_version")
    number = opset.value if isinstance(opset, Const) and isinstance(opset.value, int) else None
    if "dynamo" not in given.keywords and dynamo:
        reason = "dynamic_axes" if given.says("dynamic_axes") else ""
        if not reason and number is not None and number < orders.FIRST_OPSET_OF_DYNAMO:
            reason = f"opset_version={number}"
        reason = reason or next((name for name in sorted(given.keywords) if name in orders.LEGACY_ONLY), "")
        if reason:
            run.tell(given.node, "default", reason)
    if dynamo is False and given.says("dynamic_shapes"):
        run.tell(given.node, "shapes", "dynamic_shapes", "dynamo=False", certain=True)
    elif (
        given.keywords.get("dynamo") == Const(True) and given.says("dynamic_axes") and not given.says("dynamic_shapes")
    ):
        run.tell(given.node, "shapes", "dynamic_axes", "dynamo=True", certain=False)


def _check_folding(run: Run, given: Given) -> None:
    """Folding constants in an export in training mode: the weights that are to be trained are folded too."""
    said = given.keywords.get("training")
    mode = said.what.path if isinstance(said, Defined) and isinstance(said.what, External) else ""
    if mode.endswith("TrainingMode.TRAINING") and not given.is_false("do_constant_folding") and given.rest is None:
        run.tell(given.node, "folded", given.node_of(-1, "training"))


def _spelled(value: Any) -> Any:
    """The one display among what a value may be, besides None and what a caller gives instead."""
    shown = [one for one in options_of(value) if isinstance(one, Map | Seq)]
    rest = [one for one in options_of(value) if not isinstance(one, Map | Seq | Opaque) and one != NONE]
    return shown[0] if len(shown) == 1 and not rest else value


def _texts(value: Any) -> list[str] | None:
    """The texts of a list that is spelled out."""
    value = _spelled(value)
    if not isinstance(value, Seq) or not all(isinstance(one, Const) for one in value.items):
        return None
    return [str(one.value) for one in value.items]


def _keys(value: Any) -> list[str] | None:
    """The keys of a dict that is spelled out."""
    value = _spelled(value)
    if not isinstance(value, Map) or not all(isinstance(key, Const) for key, _ in value.items):
        return None
    return [str(key.value) for key, _ in value.items]


def _check_names(run: Run, thing: Thing | None, given: Given, dynamo: bool | None) -> None:
    if given.rest is not None:
        return
    inputs, outputs = (_texts(given.keywords.get(name)) for name in ("input_names", "output_names"))
    axes = _keys(given.keywords.get("dynamic_axes"))
    taken = models.parameters_of(thing) if thing is not None and thing.kind == "model" else None
    known = [*(inputs if inputs is not None else taken or []), *(outputs or [])]
    told = all(
        given.keywords.get(name) in (None, NONE) or texts is not None
        for name, texts in (("input_names", inputs), ("output_names", outputs))
    )
    if axes is not None and told and (inputs is not None or taken is not None):
        strange = [name for name in axes if name not in known]
        # An output that is not named has a number for a name.
        if strange and (outputs is not None or inputs is not None):
            run.tell(given.node, "names", strange[0], "dynamic_axes")
            return
    if inputs is not None and taken is not None and len(inputs) > len(taken):
        run.tell(given.node, "names", inputs[len(taken)], "input_names")
        return
    shapes = _keys(given.keywords.get("dynamic_shapes"))
    if shapes is not None and taken is not None and dynamo is not False:
        strange = [name for name in shapes if name not in taken]
        if strange:
            run.tell(given.node, "names", strange[0], "dynamic_shapes")


def _check_axes(run: Run, args: Any, given: Given) -> None:
    """An axis that is declared dynamic and is not there, or has length one in the example.

    The first axis, a batch of one, is usual.
    """
    axes, inputs = _spelled(given.keywords.get("dynamic_axes")), _texts(given.keywords.get("input_names"))
    if not isinstance(axes, Map) or inputs is None or args is None:
        return
    examples = args.items if isinstance(args, Seq) else (args,)
    for name, value in zip(inputs, examples, strict=False):
        thing = run.here.thing(value)
        declared = next((one for key, one in axes.items if key == Const(name)), None)
        if thing is None or thing.shape is None or declared is None:
            continue
        beyond = [axis for axis in _axes(declared) if axis >= len(thing.shape)]
        if beyond:
            run.tell(given.node, "names", name, f"axis {beyond[0]} of {len(thing.shape)}")
            return
        for axis in _axes(declared):
            if 0 < axis < len(thing.shape) and thing.shape[axis] == 1:
                story = [thing.origin] if thing.origin is not None else []
                run.tell(given.node, "one", name, str(axis), story=story)
                return


def _axes(declared: Any) -> list[int]:
    parts = [key for key, _ in declared.items] if isinstance(declared, Map) else []
    parts = list(declared.items) if isinstance(declared, Seq) else parts
    return [one.value for one in parts if isinstance(one, Const) and isinstance(one.value, int)]


def removed(run: Run, path: str, given: Given) -> Any:
    """What torch.onnx had once."""
    run.tell(given.node, "removed", path)
    return UNKNOWN


def symbolic(run: Run, path: str, given: Given) -> Any:
    """register_custom_op_symbolic: the default exporter reads custom_translation_table instead."""
    if path.endswith("register_custom_op_symbolic"):
        run.tell(given.node, "symbolic", given.node_of(0, "symbolic_name"))
    return UNKNOWN

"""Fixes of the way to a capture and after it: mode, gradients, devices, freezing, loading, saving, ONNX.

Each is a function of a site (see `tsl.fix.site`); MAKERS names them. What a call gives to a capture is not followed
here: the finding has followed it, and its labels say where a model or an example was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from tsl.fix.arguments import added, dropped, given, has_star, method_called
from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import Tree, dotted
from tsl.source.exporting.orders import REMOVED_ARGUMENTS

MODEL_NAMES = ("func", "mod", "obj", "model")
# Who calls one of these in the same function may go on training after the capture.
TRAINS = frozenset({"backward", "fit", "step", "train"})
LOOPS = (cst.For, cst.While)
KEEPS_SCRIPT = frozenset({"save", "eval", "cuda", "cpu", "to"})
# Arguments of torch.load that torch.jit.load has as well.
OF_BOTH_LOADS = frozenset({"f", "map_location"})


def eval_before_capture(site: Site) -> Draft | None:
    """`model.eval()` on a line of its own before the capture, or `Net().eval()` where the model is made in the call.

    Safe where the function makes the model itself and does not train after the capture.
    """
    call, tree = site.call, site.tree
    argument = given(call, 0, *MODEL_NAMES) if call else None
    if call is None or argument is None:
        return None
    model = argument.value
    if isinstance(model, cst.Attribute) and model.attr.value == "forward":
        model = model.value
    if isinstance(model, cst.Call):
        return Draft(method_called(tree, model, "eval"))
    name, statement = dotted(model), tree.statement(call)
    if not name or statement is None:
        return None
    is_safe = _is_made_here(tree, call, name) and not _may_train(tree, call)
    return Draft((tree.before(statement, f"{name}.eval()"),), is_safe)


def _is_made_here(tree: Tree, call: cst.Call, name: str) -> bool:
    """Whether a name is assigned in the function the call is in, or at the top level where it is in none."""
    scope = tree.function(call) or tree.module
    targets = [target.target for assign in tree.within(scope, cst.Assign) for target in assign.targets]
    return any(dotted(target) == name for target in targets)


def _may_train(tree: Tree, call: cst.Call) -> bool:
    """Whether the function trains after a call, or around it."""
    scope: cst.CSTNode = tree.function(call) or tree.module
    here = tree.span(call)
    for other in tree.within(scope, cst.Call):
        if not (isinstance(other.func, cst.Attribute) and other.func.attr.value in TRAINS):
            continue
        if tree.span(other) > here or any(other in list(tree.within(loop, cst.Call)) for loop in _loops(tree, call)):
            return True
    return False


def _loops(tree: Tree, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    parent = tree.parent(node)
    while parent is not None and not isinstance(parent, cst.FunctionDef):
        if isinstance(parent, LOOPS):
            yield parent
        parent = tree.parent(parent)


def no_grad_around_capture(site: Site) -> Draft | None:
    """`with torch.no_grad():` around the line of a trace. Safe where the line does nothing else."""
    call, tree, torch = site.call, site.tree, site.name_of("torch")
    statement = tree.statement(call) if call else None
    if call is None or statement is None or not torch:
        return None
    return Draft((tree.inside(statement, f"with {torch}.no_grad():"),), _is_all_of(statement, call))


def _is_all_of(statement: cst.SimpleStatementLine, call: cst.Call) -> bool:
    """Whether a line only makes, keeps, freezes or saves what a call captures."""
    value = getattr(statement.body[0], "value", None)
    while value is not call:
        if not isinstance(value, cst.Call):
            return False
        if dotted(value.func).startswith("torch.jit.") and value.args:
            value = value.args[0].value
        elif isinstance(value.func, cst.Attribute) and value.func.attr.value in KEEPS_SCRIPT:
            value = value.func.value
        else:
            return False
    return True


def eval_before_freeze(site: Site) -> Draft | None:
    """`torch.jit.freeze(m.eval())`: freezing in train mode raises, or keeps what train mode does."""
    argument = given(site.call, 0, "mod", "script_module") if site.call else None
    return Draft(method_called(site.tree, argument.value, "eval")) if argument else None


def keep_methods(site: Site) -> Draft | None:
    """The methods that a step would lose, in the argument that keeps them."""
    call, (argument, _, methods) = site.call, site.found.about.partition(": ")
    if call is None or has_star(call) or not methods:
        return None
    texts = ", ".join(f'"{name}"' for name in methods.split(", "))
    known = next((one for one in call.args if one.keyword is not None and one.keyword.value == argument), None)
    if known is None:
        is_alone = all(one.keyword is not None for one in call.args[1:])
        return Draft((added(site.tree, call, argument, f"[{texts}]"),)) if is_alone else None
    if not isinstance(known.value, cst.List):
        return None
    held = [site.tree.code(element.value) for element in known.value.elements]
    return Draft((site.tree.instead(known.value, f"[{', '.join([*held, texts])}]"),))


def load_to_cpu(site: Site) -> Draft | None:
    """`map_location="cpu"`. Safe where the module is moved to its device after that anyhow."""
    call = site.call
    if call is None or has_star(call):
        return None
    known = given(call, 1, "map_location")
    edit = site.tree.instead(known.value, '"cpu"') if known else added(site.tree, call, "map_location", '"cpu"')
    return Draft((edit,), site.found.about == "moved")


def weights_only(site: Site) -> Draft | None:
    """`weights_only=True`, which loads tensors and refuses everything else."""
    known = given(site.call, 9, "weights_only") if site.call else None
    is_false = known is not None and dotted(known.value) == "False"
    return Draft((site.tree.instead(known.value, "True"),)) if known and is_false else None


def right_loader(site: Site) -> Draft | None:
    """`torch.jit.load` for TorchScript, `torch.load` for what torch.save wrote.

    The first is safe: torch.load refuses such a file or hands it on. What the second returns is anything.
    """
    call, tree = site.call, site.tree
    name = dotted(call.func) if call else ""
    if call is None or has_star(call):
        return None
    if name.endswith(".jit.load") and site.found.about == "jit.load":
        return Draft((tree.instead(call.func, name.removesuffix(".jit.load") + ".load"),), is_safe=False)
    foreign = [one for one in call.args if one.keyword is not None and one.keyword.value not in OF_BOTH_LOADS]
    if not name.endswith(".load") or site.found.about != "load" or (call.args and call.args[0] in foreign):
        return None
    edits = tuple(dropped(tree, call, one) for one in foreign)
    return Draft((tree.instead(call.func, name.removesuffix(".load") + ".jit.load"), *edits))


def save_script(site: Site) -> Draft | None:
    """`torch.jit.save` for what is scripted or traced."""
    call = site.call
    name = dotted(call.func) if call else ""
    known = call is not None and len(call.args) == 2 and given(call, 0, "obj") and given(call, 1, "f")
    if call is None or not known or not name.endswith(".save") or site.found.about.endswith(", within"):
        return None
    renamed = [one.keyword for one in call.args if one.keyword is not None and one.keyword.value == "obj"]
    edits = [site.tree.instead(keyword, "m") for keyword in renamed]
    return Draft((site.tree.instead(call.func, name.removesuffix(".save") + ".jit.save"), *edits))


def old_exporter(site: Site) -> Draft | None:
    """`dynamo=False`: the exporter that the arguments were written for."""
    call = site.call
    if call is None or has_star(call) or given(call, 99, "dynamo"):
        return None
    return Draft((added(site.tree, call, "dynamo", "False"),))


def drop_arguments(site: Site) -> Draft | None:
    """A call of torch.onnx.export without the arguments it no longer takes."""
    call = site.call
    if call is None or site.found.about != "argument":
        return None
    gone = [one for one in call.args[1:] if one.keyword is not None and one.keyword.value in REMOVED_ARGUMENTS]
    return Draft(tuple(dropped(site.tree, call, one) for one in gone))


def example_on_device(site: Site) -> Draft | None:
    """`device=` in the call that makes the example, where the model is on one known device."""
    example, _, model = site.found.about.partition(", ")
    if example != "cpu" or not model or " or " in model:
        return None
    return _with_argument(site, "device", f'"{model}"')


def example_of_dtype(site: Site) -> Draft | None:
    """`dtype=` in the call that makes the example."""
    model, torch = site.found.about.partition(", ")[2], site.name_of("torch")
    return _with_argument(site, "dtype", f"{torch}.{model}") if torch and model else None


def _with_argument(site: Site, name: str, value: str) -> Draft | None:
    """An argument more in the call of torch that made the example; its label says where that is."""
    made = [label.span for label in site.found.labels if label.text == "made here"]
    call = site.tree.at(made[0], cst.Call) if made and made[0].path == site.found.span.path else None
    if call is None or has_star(call) or given(call, 99, name):
        return None
    return Draft((added(site.tree, call, name, value),))


MAKERS: Mapping[str, Maker] = {
    "eval-before-capture": eval_before_capture,
    "no-grad-around-capture": no_grad_around_capture,
    "eval-before-freeze": eval_before_freeze,
    "keep-methods": keep_methods,
    "load-to-cpu": load_to_cpu,
    "weights-only": weights_only,
    "right-loader": right_loader,
    "save-script": save_script,
    "old-exporter": old_exporter,
    "drop-arguments": drop_arguments,
    "example-on-device": example_on_device,
    "example-of-dtype": example_of_dtype,
}

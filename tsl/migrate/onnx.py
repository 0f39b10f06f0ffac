"""Calls of torch.onnx.export, as the exporter built on torch.export takes them.

What it no longer reads goes, `dynamic_axes` becomes `dynamic_shapes`, an opset it does not write is raised.

Needs the call. It will never say whether an operator has a translation: `tsl check --target onnx` does.
"""

from __future__ import annotations

import ast
from typing import Any

from tsl.migrate import shapes
from tsl.migrate.find import Use
from tsl.migrate.words import Advice, Context, argument, arguments_text, code, keyword, parameters

FIRST_OPSET = 18  # the lowest that the exporter writes by itself, without converting
GONE = frozenset(
    """training operator_export_type do_constant_folding custom_opsets autograd_inlining keep_initializers_as_inputs
    export_modules_as_functions example_outputs use_external_data_format enable_onnx_checker strip_doc_string aten
    _retain_param_name""".split()
)
PLACES = ("model", "args", "f")


def exported(context: Context, use: Use) -> Advice:
    """torch.onnx.export(model, args, f, ...)."""
    call = use.call
    dynamo = argument(call, 99, "dynamo")
    is_new = isinstance(dynamo, ast.Constant) and dynamo.value is True
    given = {one.arg for one in call.keywords}
    if is_new and not given & (GONE | {"dynamic_axes"}):
        return Advice("onnx", "none", why="already goes through torch.export")
    if any(isinstance(one, ast.Starred) for one in call.args) or len(call.args) > len(PLACES):
        return Advice(
            "onnx", "medium", "torch.onnx.export(..., dynamo=True)", why="arguments are given by place or starred"
        )
    return Advice("onnx", "medium", _call(context, use), why=_why(context, use))


def exported_by_name(context: Context, use: Use) -> Advice:
    """torch.onnx.dynamo_export(model, *args): gone."""
    model, *args = [code(one) for one in use.call.args] or ["model"]
    return Advice("onnx", "small", f"torch.onnx.export({model}, ({', '.join(args)},), dynamo=True)")


def registered(context: Context, use: Use) -> Advice:
    """register_custom_op_symbolic("ns::op", function, opset)."""
    name = argument(use.call, 0, "symbolic_name")
    text = code(name) if name is not None else "'ns::op'"
    operator = (
        f"torch.ops.{ast.literal_eval(text).replace('::', '.')}.default" if isinstance(name, ast.Constant) else text
    )
    replacement = f"torch.onnx.export(..., dynamo=True, custom_translation_table={{{operator}: translation}})"
    return Advice("onnx", "large", replacement, why="the translation is a function in onnxscript, not a symbolic one")


def _call(context: Context, use: Use) -> str:
    call = use.call
    parts = []
    for place, name in enumerate(PLACES):
        value = argument(call, place, name)
        if value is not None:
            parts.append(arguments_text(value, context, use.scope) if name == "args" else code(value))
    for one in call.keywords:
        if one.arg in GONE or one.arg in (*PLACES, "dynamo", "dynamic_axes", "fallback"):
            continue
        parts.append(_opset(one, context, use.scope) if one.arg == "opset_version" else keyword(one))
    parts.append("dynamo=True")
    parts += _dynamic(context, use)
    return f"torch.onnx.export({', '.join(parts)})"


def _opset(one: Any, context: Context, scope: Any) -> str:
    version = context.assigned(one.value, scope)
    low = isinstance(version, ast.Constant) and isinstance(version.value, int) and version.value < FIRST_OPSET
    return f"opset_version={FIRST_OPSET}" if low else keyword(one)


def _dynamic(context: Context, use: Use) -> list[str]:
    """dynamic_shapes in place of dynamic_axes; the axes themselves where they are not spelled out."""
    axes = argument(use.call, 99, "dynamic_axes")
    if axes is None or (isinstance(axes, ast.Constant) and axes.value is None):
        return []
    inputs = _names(argument(use.call, 99, "input_names"), context, use.scope)
    forward = context.forward_of(argument(use.call, 0, "model"), use.scope)
    taken = parameters(forward) if forward is not None else []
    found = shapes.of_dynamic_axes(context.assigned(axes, use.scope), inputs or taken or None)
    if found is None or not (inputs or taken):
        return [f"dynamic_axes={code(axes)}"]
    known = dict(found)
    if inputs and not taken:  # the parameters' own names are not in this file: by place
        return [f"dynamic_shapes=({', '.join(shapes.places(known.get(name, {}), named=True) for name in inputs)},)"]
    order = dict(zip(taken, inputs or taken, strict=False))
    named = [(name, known.get(order.get(name, ""), {})) for name in taken]
    return [f"dynamic_shapes={shapes.dimensions(named, named=True)}"]


def _names(node: Any, context: Context, scope: Any) -> list[str]:
    made = context.assigned(node, scope) if node is not None else None
    if not isinstance(made, ast.List | ast.Tuple):
        return []
    names = [one.value for one in made.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return names if len(names) == len(made.elts) else []


def _why(context: Context, use: Use) -> str:
    given = {one.arg for one in use.call.keywords}
    told = []
    if gone := sorted(name for name in given & GONE if name):
        told.append(f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} no longer read")
    if "dynamic_axes" in given:
        told.append("sizes that may vary are said of the inputs alone")
    return "; ".join(told) or "the model has to go through torch.export"

"""Traces and scripts of models, as torch.export calls.

An exported program is not called: `program.module()` is. Sizes that may vary are said: those forward reads
(`shapes.of_sizes_in_use`), left to torch.export to settle.

Needs the call. It will never run it.
"""

from __future__ import annotations

import ast
from typing import Any

from tsl.migrate import shapes
from tsl.migrate.find import Use
from tsl.migrate.words import Advice, Context, argument, arguments_text, code, parameters

_INPUTS = "example_inputs"
_EVAL = "the program keeps the mode the model is in, as the trace did; a branch on data is refused, not lost"


def traced(context: Context, use: Use) -> Advice:
    """torch.jit.trace(func, example_inputs, ..., example_kwarg_inputs=)."""
    model = argument(use.call, 0, "func")
    example = argument(use.call, 1, "example_inputs")
    named = argument(use.call, 7, "example_kwarg_inputs")
    inputs = "()" if example is None and named is not None else _INPUTS
    if example is not None:
        inputs = arguments_text(example, context, use.scope)
    keywords = [f"kwargs={code(named)}"] if named is not None else []
    return Advice("capture", "medium", _program(context, use, model, inputs, keywords), why=_EVAL)


def traced_methods(context: Context, use: Use) -> Advice:
    """torch.jit.trace_module(mod, {name: inputs})."""
    model, inputs = argument(use.call, 0, "mod"), context.assigned(argument(use.call, 1, "inputs"), use.scope)
    if isinstance(inputs, ast.Dict) and len(inputs.keys) == 1 and getattr(inputs.keys[0], "value", "") == "forward":
        example = arguments_text(inputs.values[0], context, use.scope)
        return Advice("capture", "medium", _program(context, use, model, example, []), why=_EVAL)
    text = _program(context, use, model, _INPUTS, [])
    return Advice("capture", "large", text, why="torch.export takes forward alone: a program for each further method")


def scripted(context: Context, use: Use) -> Advice:
    """torch.jit.script(obj): of a model, or of a function of this file."""
    model = argument(use.call, 0, "obj")
    made = context.assigned(model, use.scope)
    name = made.id if isinstance(made, ast.Name) else ""
    if name in context.functions:
        from tsl.migrate import islands

        return islands.function(context, context.functions[name])
    forward = context.forward_of(model, use.scope)
    names = parameters(forward) if forward is not None else []
    inputs = f"({', '.join(names)},)" if names else _INPUTS
    text = _program(context, use, model, inputs, [])
    return Advice(
        "capture", "medium", text, why="needs example inputs, which scripting did not; " + _EVAL.split("; ")[1]
    )


def lightning(context: Context, use: Use) -> Advice:
    """model.to_torchscript(file_path, method, example_inputs)."""
    model, example = use.call.func.value, argument(use.call, 2, "example_inputs")
    inputs = (
        arguments_text(example, context, use.scope) if example is not None else f"({code(model)}.example_input_array,)"
    )
    text = f"program = torch.export.export({code(model)}.eval(), {inputs})"
    path = argument(use.call, 0, "file_path")
    if path is not None:
        text += f"\ntorch.export.save(program, {code(path)})"
    return Advice("capture", "medium", text, why="torch.export does not put the model into eval mode")


def _program(context: Context, use: Use, model: Any, inputs: str, keywords: list[str]) -> str:
    """The call of torch.export, and the module that is called in place of the capture."""
    forward = context.forward_of(model, use.scope) if model is not None else None
    axes = shapes.of_sizes_in_use(forward) if forward is not None else []
    if axes and forward is not None:
        keywords = [*keywords, f"dynamic_shapes={_whole(axes, parameters(forward))}"]
    given = ", ".join([code(model) if model is not None else "model", inputs, *keywords])
    text = f"program = torch.export.export({given})"
    target = context.target_of(use)
    return f"{text}\n{target} = program.module()" if target else f"{text}\nprogram.module()"


def _whole(axes: list[tuple[str, shapes.Axes]], names: list[str]) -> str:
    """dynamic_shapes names every input, or none."""
    known = dict(axes)
    return shapes.dimensions([(name, known.get(name, {})) for name in names], named=False)

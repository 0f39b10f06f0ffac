"""What to write instead: which advice each name gets, and the advice that needs no more than a table.

    name -> kind, effort, how the replacement is written, why

Needs `uses` and the writers of the other modules. It will never decide how a name stands with torch.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from tsl.migrate import captures, islands, onnx
from tsl.migrate.find import Use
from tsl.migrate.words import Advice, Context, argument, code, keyword

Writer = Callable[[Context, Use], Advice]


def advise(context: Context, use: Use) -> Advice:
    """What to write instead of a use."""
    if use.role == "import":
        return Advice("import", "none", why="goes when the last use of the name goes")
    writer = _writer(use)
    if writer is not None:
        return writer(context, use)
    for name, advice in PLAIN.items():
        if use.name == name or use.name.startswith(name + "."):
            return advice
    return Advice("other", "medium", why="there is no counterpart; read what it is for and leave it out")


def _writer(use: Use) -> Writer | None:
    """What writes the advice on a use; none where only its name counts."""
    if use.role == "decorator":
        return DECORATORS.get(use.name)
    if use.role == "call":
        return CALLS.get(use.name)
    return None


def _saved(context: Context, use: Use) -> Advice:
    path = argument(use.call, 0 if use.name.endswith("ScriptModule.save") else 1, "f")
    ending = path if path is None else _package_path(path)
    text = f"torch.export.save(program, {ending or 'path'})"
    return Advice(
        "save", "small", text, why="a .pt2 package; torch.export.load reads it, in Python and without the class"
    )


def _package_path(path: ast.expr) -> str:
    if isinstance(path, ast.Constant) and isinstance(path.value, str):
        stem, dot, _ = path.value.rpartition(".")
        return repr(f"{stem}.pt2" if dot else f"{path.value}.pt2")
    return code(path)


def _loaded(context: Context, use: Use) -> Advice:
    path, device = argument(use.call, 0, "f"), argument(use.call, 1, "map_location")
    text = f"program = torch.export.load({_package_path(path) if path is not None else 'path'})"
    if device is not None:
        text += f"\nprogram = torch.export.passes.move_to_device_pass(program, {code(device)})"
    why = "reads what torch.export.save wrote, not the old archive; from C++, package it with AOTInductor instead"
    return Advice("load", "small", f"{text}\nmodel = program.module()", why=why)


def _pickled(context: Context, use: Use) -> Advice:
    return Advice(
        "load", "none", why="stays as it is where the file holds weights; a TorchScript archive is loaded anew"
    )


def _annotated(context: Context, use: Use) -> Advice:
    kind, value = argument(use.call, 0, "the_type"), argument(use.call, 1, "the_value")
    if kind is None or value is None:
        return Advice("language", "small", why="write the value with an annotation")
    target = context.target_of(use)
    text = f"{target}: {code(kind)} = {code(value)}" if target else code(value)
    return Advice("language", "small", text)


def _instance(context: Context, use: Use) -> Advice:
    value, kind = argument(use.call, 0, "obj"), argument(use.call, 1, "target_type")
    if value is None or kind is None:
        return Advice("language", "small", why="the builtin isinstance does in Python")
    origin = code(kind.value).rpartition(".")[2].lower() if isinstance(kind, ast.Subscript) else code(kind)
    return Advice("language", "small", f"isinstance({code(value)}, {origin})")


def _forked(context: Context, use: Use) -> Advice:
    called = use.call.args[0] if use.call.args else None
    rest = [code(one) for one in use.call.args[1:]] + [keyword(one) for one in use.call.keywords]
    text = f"{code(called)}({', '.join(rest)})" if called is not None else ""
    return Advice("language", "small", text, why="an exported program schedules its operators itself")


def _waited(context: Context, use: Use) -> Advice:
    return Advice("language", "small", code(use.call.args[0]) if use.call.args else "")


def _frozen(context: Context, use: Use) -> Advice:
    text = code(use.call.args[0]) if use.call.args else ""
    return Advice(
        "freeze", "small", text, why="an exported program is captured in eval mode; there is no more to freeze"
    )


def _optimized(context: Context, use: Use) -> Advice:
    model = code(use.call.args[0]) if use.call.args else "model"
    text = f'package = torch._inductor.aoti_compile_and_package(program, package_path="{context.stem}.pt2")'
    why = f"compiles ahead of time, also for C++; torch.compile({model}) where Python stays"
    return Advice("freeze", "medium", text, why=why)


_NO_SETTING = Advice("setting", "small", why="delete it: it configures the TorchScript executor")
_GUARD = Advice(
    "guard",
    "small",
    "torch.compiler.is_exporting()",
    why="true inside torch.export; where it kept the compiler from Python that export traces through, it can go",
)
_TYPE = Advice("type", "small", "torch.export.ExportedProgram", why="what torch.export.export returns and load reads")
_MOBILE = Advice(
    "freeze",
    "large",
    "executorch.exir.to_edge_transform_and_lower(program).to_executorch()",
    why="the lite interpreter's successor is ExecuTorch, a package and a runtime of its own",
)

CALLS: Mapping[str, Writer] = {
    "torch.jit.trace": captures.traced,
    "torch.jit.trace_module": captures.traced_methods,
    "torch.jit.script": captures.scripted,
    "torch.jit.script_if_tracing": islands.compiled_if_tracing,
    "lightning.to_torchscript": captures.lightning,
    "torch.jit.save": _saved,
    "torch.jit.ScriptModule.save": _saved,
    "torch.jit.load": _loaded,
    "torch.load": _pickled,
    "torch.jit.annotate": _annotated,
    "torch.jit.isinstance": _instance,
    "torch.jit.fork": _forked,
    "torch.jit.wait": _waited,
    "torch.jit.freeze": _frozen,
    "torch.jit.optimize_for_inference": _optimized,
    "torch.onnx.export": onnx.exported,
    "torch.onnx.utils.export": onnx.exported,
    "torch.onnx.dynamo_export": onnx.exported_by_name,
    "torch.onnx.register_custom_op_symbolic": onnx.registered,
    "torch.onnx.utils.register_custom_op_symbolic": onnx.registered,
}
DECORATORS: Mapping[str, Writer] = {
    "torch.jit.script": islands.compiled,
    "torch.jit.script_if_tracing": islands.compiled_if_tracing,
    "torch.jit.script_method": islands.method,
    "torch.jit.export": islands.exported,
    "torch.jit.ignore": islands.hidden,
    "torch.jit.unused": islands.hidden,
    "torch.jit.interface": islands.interface,
}
# By name, and the names under them; the first that fits counts.
PLAIN: Mapping[str, Advice] = {
    "torch.jit.is_scripting": _GUARD,
    "torch.jit.is_tracing": _GUARD,
    "torch.onnx.is_in_onnx_export": Advice("guard", "none", why="holds under either exporter"),
    "torch.jit.script": Advice("capture", "medium", "torch.export.export", why="handed on as a function"),
    "torch.jit.trace": Advice("capture", "medium", "torch.export.export", why="handed on as a function"),
    "torch.jit.load": Advice("load", "small", "torch.export.load", why="handed on as a function"),
    "torch.jit.save": Advice("save", "small", "torch.export.save", why="handed on as a function"),
    "torch.onnx.export": Advice("onnx", "none", why="handed on as a function; dynamo=True is its default"),
    "torch.jit.ScriptModule._save_for_lite_interpreter": _MOBILE,
    "torch.jit.ScriptModule._save_to_buffer_for_lite_interpreter": _MOBILE,
    "torch.jit.ScriptModule.save_to_buffer": Advice("save", "small", "torch.export.save(program, buffer)"),
    "torch.utils.mobile_optimizer": _MOBILE,
    "torch.jit.ScriptModule": _TYPE,
    "torch.jit.ScriptFunction": _TYPE,
    "torch.jit.RecursiveScriptModule": _TYPE,
    "torch.jit.TopLevelTracedModule": _TYPE,
    "torch.jit.TracedModule": _TYPE,
    "torch.ScriptModule": _TYPE,
    "torch._C.ScriptModule": _TYPE,
    "torch.jit.Future": Advice("type", "small", why="torch.jit.fork goes, and its futures with it"),
    "torch.jit.Final": Advice("language", "small", "typing.Final"),
    "torch.jit.Attribute": Advice("language", "small", why="assign the value itself, with an annotation"),
    "torch.jit.TracerWarning": Advice(
        "setting", "small", why="delete the filter: torch.export refuses where trace warned"
    ),
    "torch.jit.ignore": Advice("decorator", "small", why="torch.export traces through; delete it"),
    "torch.jit.unused": Advice("decorator", "small", why="torch.export traces through; delete it"),
    "torch.jit.export": Advice("decorator", "medium", why="export each method as a program of its own"),
    "torch.jit.script_if_tracing": Advice("island", "small", why="call the function itself"),
    "torch.jit.set_fusion_strategy": _NO_SETTING,
    "torch.jit.strict_fusion": _NO_SETTING,
    "torch.jit.fuser": _NO_SETTING,
    "torch.jit.enable_onednn_fusion": _NO_SETTING,
    "torch.jit.onednn_fusion_enabled": _NO_SETTING,
    "torch.jit.optimized_execution": _NO_SETTING,
    "torch.jit.run_frozen_optimizations": _NO_SETTING,
    "torch.onnx.utils.unconvertible_ops": Advice(
        "onnx", "small", "torch.onnx.export(..., dynamo=True, report=True)", why="the report lists them"
    ),
    "torch.onnx.utils": Advice(
        "onnx", "medium", why="belongs to the exporter that goes; torch.onnx.export has no need of it"
    ),
    "torch.onnx.symbolic_helper": Advice(
        "onnx", "large", "custom_translation_table={...}", why="symbolic functions are the old exporter's"
    ),
    "torch.onnx.symbolic_opset": Advice("onnx", "large", "custom_translation_table={...}"),
    "torch.onnx.TrainingMode": Advice("onnx", "small", why="delete it: the exporter keeps the mode the model is in"),
    "torch.onnx.OperatorExportTypes": Advice("onnx", "small", why="delete it: only ONNX is written"),
    "torch.onnx.ExportOptions": Advice("onnx", "small", "torch.onnx.export(..., dynamo=True)"),
    "torch.onnx": Advice("onnx", "none", why="stays: the exporter built on torch.export lives here"),
    "torch.jit.frontend": Advice("other", "large", why="the compiler's own parts have no counterpart"),
    "torch.jit": Advice("other", "none", why="the module itself; what is taken from it counts"),
}

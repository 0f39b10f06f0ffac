"""TensorRT built from Python: a network without an explicit batch, an engine without a profile for what is dynamic.

Definitions:
1. A *network* is what `create_network` of a `tensorrt.Builder` makes. Its batch is implicit where it is called without
   flags, or with 0: TensorRT before 10 then refuses an ONNX model, and from 10 on takes it for explicit.
2. A file *says* that axes are dynamic where an export to ONNX in it names dynamic axes or shapes, or an input is added
   with a size of -1. An engine that is built there needs an optimization profile.

Needs the names of a file. It will never know which TensorRT runs.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.exporting.orders import ONNX
from tsl.source.facts import Note, Step
from tsl.source.module import Module
from tsl.source.tree import walk

BUILDS = frozenset({"build_serialized_network", "build_engine", "build_cuda_engine", "build_engine_with_config"})
DYNAMIC = frozenset({"dynamic_axes", "dynamic_shapes"})


def steps(module: Module) -> Iterator[Step]:
    """What is out of order in the builds of a file."""
    if "tensorrt" not in module.file.text:
        return
    calls = [(home, qualname, node) for home, qualname, node in _calls(module)]
    builders = {name for _, _, node in calls for name in _named_builder(node, module)}
    for home, qualname, node in calls:
        if _method(node) == "create_network" and _is_builder(node.func.value, builders, module) and _is_implicit(node):
            yield Step(node, "implicit", module.file, module.file.segment(node), home=home, qualname=qualname)
    names = {_method(node) for _, _, node in calls}
    dynamic = next((node for _, _, node in calls if _says_dynamic(node, module)), None)
    if dynamic is None or "add_optimization_profile" in names or not builders:
        return
    story = (Note(module.file, dynamic, "sizes are dynamic from here on"),)
    for home, qualname, node in calls:
        if _method(node) in BUILDS:
            text = module.file.segment(node.func)
            yield Step(node, "unprofiled", module.file, text, story=story, home=home, qualname=qualname)


def _calls(module: Module) -> Iterator[tuple[Any, str, Any]]:
    """Every call, with the function around it and its name."""
    functions = [(name, node) for name, node in module.names.functions.items()]
    functions += [(f"{cls.name}.{name}", node) for cls in module.classes.values() for name, node in cls.methods.items()]
    seen: set[int] = set()
    for name, function in functions:
        for node in walk(function.body):
            if isinstance(node, _ast.Call):
                seen.add(id(node))
                yield function, name, node
    for node in walk(module.file.tree.body):
        if isinstance(node, _ast.Call) and id(node) not in seen:
            yield module.file.tree, "<module>", node


def _named_builder(node: Any, module: Module) -> Iterator[str]:
    """The names that may hold a builder: what the file assigns or binds from a call of tensorrt.Builder."""
    if module.names.dotted(node.func) != "tensorrt.Builder":
        return
    for outer in walk(module.file.tree.body):
        if isinstance(outer, _ast.Assign) and outer.value is node:
            yield from (_last(target) for target in outer.targets)
        elif isinstance(outer, _ast.With | _ast.AsyncWith):
            yield from (_last(one.optional_vars) for one in outer.items if one.context_expr is node)


def _is_builder(node: Any, builders: set[str], module: Module) -> bool:
    if isinstance(node, _ast.Call):
        return module.names.dotted(node.func) == "tensorrt.Builder"
    return _last(node) in builders


def _last(node: Any) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))


def _method(node: Any) -> str:
    return str(node.func.attr) if isinstance(node.func, _ast.Attribute) else ""


def _is_implicit(node: Any) -> bool:
    given = [*node.args, *(one.value for one in node.keywords if one.arg is not None)]
    starred = any(isinstance(one, _ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords)
    return not starred and (not given or (isinstance(given[0], _ast.Constant) and given[0].value == 0))


def _says_dynamic(node: Any, module: Module) -> bool:
    """(2)"""
    if module.names.dotted(node.func) in ONNX:
        said = [one.value for one in node.keywords if one.arg in DYNAMIC]
        return any(not (isinstance(one, _ast.Constant) and one.value is None) for one in said)
    return _method(node) == "add_input" and any(
        isinstance(one, _ast.UnaryOp) and isinstance(one.op, _ast.USub) for one in walk([*node.args, *node.keywords])
    )

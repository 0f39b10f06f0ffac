"""Which functions a live program has, and how an archive becomes one whatever libraries it asks for.

Needs torch, and runs where a crash of it may be borne. `capture_graph` copies the graphs. It will never run one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import torch

from tsl.ir.capture import Captured
from tsl.ir.capture_graph import Copier
from tsl.ir.graph import Graph

MOST_STUBS = 1000

_UNKNOWN = re.compile(r"Unknown builtin op: ([A-Za-z_]\w*)::([A-Za-z_]\w*)")


def function(live: Any) -> Captured:
    """A ScriptFunction, with the functions it calls."""
    copier = Copier()
    graphs = {live.qualified_name: copier.graph(live.graph, live.qualified_name)}
    _add_called(copier, graphs)
    return Captured(graphs, {live.name: copier.graph(live.inlined_graph, live.qualified_name)})


def module(inner: Any) -> Captured:
    """A ScriptModule, by its C++ object: the methods of its tree and what they call."""
    copier = Copier()
    graphs: dict[str, Graph] = {}
    for part in _tree(inner):
        for name in part._method_names():
            qualified = f"{_name_of(part)}.{name}"
            if qualified not in graphs:
                graphs[qualified] = copier.graph(part._get_method(name).graph, qualified)
    _add_called(copier, graphs)
    return Captured(graphs, _inlined(copier, inner))


def archive(path: str, inlined: bool) -> Captured:
    """An archive, every function of it, unknown operators as stubs. Raises RuntimeError where torch refuses it."""
    stubs: list[str] = []
    kept: list[Any] = []  # a library's operators go with it
    while True:
        unit = torch._C.CompilationUnit()
        try:
            inner = torch._C.import_ir_module(unit, path, torch.device("cpu"), {}, False)
            break
        except RuntimeError as error:
            unknown = _UNKNOWN.search(str(error))
            if unknown is None or len(stubs) == MOST_STUBS:
                raise
            schema = f"{unknown[2]}(...) -> {_results(str(error), unknown[2])}"
            stubs.append(f"{unknown[1]}::{schema}")
            library = torch.library.Library(unknown[1], "FRAGMENT")
            library.define(schema)
            kept.append(library)
    copier = Copier()
    named = sorted((each.qualified_name, each) for each in unit.get_functions())
    graphs = {name: copier.graph(each.graph, name) for name, each in named}
    return Captured(graphs, _inlined(copier, inner) if inlined else {}, tuple(stubs))


def _results(message: str, name: str) -> str:
    """What an unknown operator returns, by the number of names its results get in the line that torch shows."""
    line = re.search(rf"^\s*([^=\n]*?) = ops\.\w+\.{name}\(", message, re.M)
    count = line[1].rstrip(", ").count(",") + 1 if line and "," in line[1] else 1
    return "Tensor" if count == 1 else f"({', '.join(['Tensor'] * count)})"


def _inlined(copier: Copier, inner: Any) -> dict[str, Graph]:
    qualified = _name_of(inner)
    return {
        name: copier.graph(inner._get_method(name).inlined_graph, f"{qualified}.{name}")
        for name in inner._method_names()
    }


def _name_of(inner: Any) -> str:
    name: str = inner._type().qualified_name()
    return name


def _tree(inner: Any) -> Iterator[Any]:
    """A module and those in it, each class once."""
    seen: set[str] = set()
    queue = [inner]
    while queue:
        part = queue.pop()
        if _name_of(part) in seen:
            continue
        seen.add(_name_of(part))
        yield part
        queue.extend(child for _, child in reversed(torch._C.ModuleDict(part).items()))


def _add_called(copier: Copier, graphs: dict[str, Graph]) -> None:
    """The functions and methods that the graphs call and Python's own compilation unit has."""
    unit: Any = torch.jit._state._python_cu
    queue = list(graphs.values())
    while queue:
        for name in _calls(queue.pop()):
            found = None if name in graphs else unit.find_function(name)
            if found is not None:
                graphs[name] = copier.graph(found.graph, name)
                queue.append(graphs[name])


def _calls(graph: Graph) -> Iterator[str]:
    for node in graph.walk():
        if node.kind == "prim::Constant" and node.outputs[0].type.kind == "Function":
            yield node.outputs[0].type.name
        if node.kind == "prim::CallMethod" and node.inputs[0].type.kind == "Class":
            yield f"{node.inputs[0].type.name}.{node.attribute('name')}"
        for _, value in node.attributes:
            if isinstance(value, Graph):
                yield from _calls(value)

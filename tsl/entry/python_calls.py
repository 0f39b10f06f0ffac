"""Calls of Python in what torch captured: of a torch.autograd.Function, of a function under torch.jit.ignore.

Definitions:
1. A call of Python is a node `prim::PythonOp`. torch.jit.save refuses a model that holds one, wherever it stands.
2. Of a Function that was traced its call holds what it did with tensors, as a graph; of an ignored function nothing is
   known. Where all are of the first kind they are *opened*: what a call did takes its place, so that the rest of the
   model can be saved and looked at.

Needs torch; for the child process. It changes the graphs it is given, and will never run a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

CALL = "prim::PythonOp"


class PythonCalls:
    """The calls of Python that a captured model's methods reach (1): each with its name and the text of its place."""

    def __init__(self, captured: Any) -> None:
        self._captured = captured
        graphs = [method.inlined_graph for method in _methods(captured)]
        nodes = [node for graph in graphs for node in graph.findAllNodes(CALL)]
        self.found = [(node.pyname(), node.sourceRange()) for node in nodes]
        self.can_be_opened = all(node.hasAttribute("Subgraph") for node in nodes)

    def open(self) -> None:
        """Puts in place of each call what it did (2). Needs calls that can be opened."""
        captured = self._captured
        for inner in captured.modules() if isinstance(captured, torch.nn.Module) else [captured]:
            for method in _methods(inner):
                graph = method.graph
                # Hangs the graph of each call below it, as a block; torch.onnx.export does the same.
                torch._C._jit_pass_onnx_autograd_function_process(graph)
                for node in list(_opened(graph)):
                    _open(graph, node)


def _methods(captured: Any) -> list[Any]:
    """The methods of a scripted module; a scripted function is its own."""
    if not isinstance(captured, torch.nn.Module):
        return [captured]
    return [captured._c._get_method(name) for name in captured._c._method_names()]


def _opened(graph: Any) -> Iterator[Any]:
    return (node for node in graph.findAllNodes(CALL) if list(node.blocks()))


def _open(graph: Any, call: Any) -> None:
    (block,) = call.blocks()
    for inside, given in zip(block.inputs(), call.inputs(), strict=True):
        inside.replaceAllUsesWith(given)
    results = list(block.outputs())
    for node in list(block.nodes()):
        node.moveBefore(call)
    if not isinstance(call.output().type(), torch.TupleType):
        call.output().replaceAllUsesWith(results[0])
    else:
        made = graph.create("prim::TupleConstruct", results, 1).insertBefore(call)
        made.output().setType(call.output().type())
        call.output().replaceAllUsesWith(made.output())
    call.destroy()

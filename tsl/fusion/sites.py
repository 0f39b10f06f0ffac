"""Which line of the user's a node of an optimized graph comes from, and for which module it runs.

Needs torch, for the graphs before they were inlined; for the child process. It will never run a model.

1. A node keeps the place where it was recorded: of a trace the whole Python stack, of a script the line in its own
   function, which in a layer or function of torch is torch's. The calls that lead there are read from the graphs before
   inlining, module by module, and are found again by operator, place and module.
2. Where the same operator of the same line was inlined several times for one module, the n-th belongs to the n-th call.
3. What torch itself writes an operator out to (`2 * x`) was recorded in no file: it stands where its result is used.
4. The place of a stack is the innermost frame in the file under test, else the innermost that is not torch's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from tsl.ir.fused import Node
from tsl.ir.graph import Frame, Source

_SCRIPTED = re.compile(r'^\s*File "(.+)", line (\d+)', re.M)
_TRACED = re.compile(r"^(.+)\((\d+)\): (\S+)$", re.M)
_MODULE = re.compile(r"([^.()]+)\(")
_NAMELESS = frozenset(["UNKNOWN_INSTANCE", "SELF", "TOP"])
DEEPEST, NEAREST = 40, 5

Stack = tuple[Frame, ...]
Key = tuple[str, str, int, str]


class Sites:
    """The places of one model's nodes. `home` is the file under test, empty where there is none."""

    def __init__(self, model: Any, home: str) -> None:
        self._home = home
        self._calls: dict[Key, list[Stack]] = {}
        self._met: dict[Key, int] = {}
        inner = getattr(model, "_c", None)
        for graph, owner in _entered(model, inner):
            self._read(graph, owner, "", ())

    def restart(self) -> None:
        """Starts counting again (2), before another graph of the same model."""
        self._met.clear()

    def node(self, node: Any) -> Node:
        """A node as it is told."""
        own, module = _frames_near(node), module_of(node)
        first = own[0] if own else Frame("", 0, 1, "")
        key = (node.kind(), first.path, first.line, module)
        stacks = self._calls.get(key, [()])
        number = self._met[key] = self._met.get(key, -1) + 1
        place = self._place((*own, *stacks[number % len(stacks)])) or first
        return Node(node.kind(), place.path, place.line, module)

    def _place(self, stack: Stack) -> Frame | None:
        """(4)"""
        at_home = (frame for frame in stack if self._home and frame.path == self._home)
        return next(at_home, None) or Source(stack).place

    def _read(self, graph: Any, owner: Any, module: str, calls: Stack) -> None:
        """(1)"""
        if len(calls) > DEEPEST:
            return
        for node in _all(graph):
            kind = node.kind()
            own = _frames(node.sourceRange())
            if kind == "prim::CallMethod":
                self._enter(node, owner, module, (*own[:1], *calls))
            elif kind == "prim::CallFunction":
                called = _function(node)
                if called is not None:
                    self._read(called, None, module, (*own[:1], *calls))
            elif own:
                self._calls.setdefault((kind, own[0].path, own[0].line, module), []).append(calls)

    def _enter(self, node: Any, owner: Any, module: str, calls: Stack) -> None:
        names = _chain(node.inputsAt(0).node())
        if owner is None or names is None:
            return
        for name in names:
            if not owner.hasattr(name):
                return
            owner = owner.getattr(name)
        path = ".".join(filter(None, [module, *names]))
        self._read(owner._get_method(node.s("name")).graph, owner, path, calls)


def module_of(node: Any) -> str:
    """The path of the module a node runs for: `layers.0`; empty for the model itself."""
    names = _MODULE.findall(node.getModuleHierarchy())
    return ".".join(name for name in names if name not in _NAMELESS)


def own_place(node: Any) -> tuple[str, str, int]:
    """A node's kind and the place where it was recorded itself, whoever called that."""
    own = _frames(node.sourceRange())
    return (node.kind(), own[0].path, own[0].line) if own else (node.kind(), "", 0)


def _entered(model: Any, inner: Any) -> Iterator[tuple[Any, Any]]:
    """The graphs that a call of the model enters: of its forward, or its own."""
    if inner is None:
        yield model.graph, None
    elif inner._has_method("forward"):
        yield inner._get_method("forward").graph, inner


def _frames(text: str) -> Stack:
    """The recorded places in the text of a source range, innermost first."""
    told = text.partition("\nSerialized ")[0]
    traced = [Frame(path, int(line), 1, name) for path, line, name in _TRACED.findall(told)]
    return tuple(traced or [Frame(path, int(line), 1, "") for path, line in _SCRIPTED.findall(told)[:1]])


def _frames_near(node: Any) -> Stack:
    """The recorded places of a node, or of the first of those that use its result in turn which has some (3)."""
    for _ in range(NEAREST):
        own = _frames(node.sourceRange())
        if own and not own[0].path.startswith("<"):
            return own
        uses = node.outputsAt(0).uses() if node.outputsSize() else ()
        if not uses:
            return ()
        node = uses[0].user
    return ()


def _chain(node: Any) -> Sequence[str] | None:
    """The attributes from the module itself to a value, None where it is reached in another way."""
    names: list[str] = []
    while node.kind() == "prim::GetAttr":
        names.insert(0, node.s("name"))
        node = node.inputsAt(0).node()
    return names if node.kind() == "prim::Param" else None


def _function(node: Any) -> Any:
    """The graph of the function that a node calls, None where torch does not let it be seen."""
    called: Any = node.inputsAt(0).type()
    unit: Any = torch.jit._state._python_cu
    found = unit.find_function(called.annotation_str)
    return None if found is None else found.graph


def _all(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _all(inner)

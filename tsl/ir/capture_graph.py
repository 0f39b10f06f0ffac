"""Copies a graph of torch into frozen values, each type and each source once.

Needs torch. The iterators of pybind (`inputs()`, `outputs()`) are ten times slower than asking by number, and
`blocks()` is asked of If and Loop only (measured, torch 2.13). It will never change a graph.
"""

from __future__ import annotations

import re
from typing import Any

from tsl.archive import values
from tsl.ir.graph import Block, Frame, Graph, Node, Source, Value
from tsl.ir.types import Type, parse

WITH_BLOCKS = frozenset({"prim::If", "prim::Loop"})

# torch/csrc/jit/ir/attributes.h: how the value of an attribute is asked for, by its kind
_PLAIN_ATTRIBUTES = frozenset({"f", "fs", "i", "is", "s", "ss", "c", "cs"})

_PYTHON_FRAME = re.compile(r"^(.*)\((\d+)\): (.*)$")
_FILE = re.compile(r'^\s*File "(.*)", line (\d+)(?:, in (.*))?$')
_MARK = re.compile(r"^( *)~+(?: <--- HERE)?$")


class Copier:
    """Copies graphs of one program."""

    def __init__(self) -> None:
        self._types: dict[Any, Type] = {}
        self._sources: dict[str, Source | None] = {}

    def graph(self, live: Any, name: str) -> Graph:
        """The copy of a graph, under a qualified name."""
        known: dict[int, Value] = {}
        inputs = self._declared(live.inputs(), known)
        nodes = tuple(self._node(node, known) for node in live.nodes())
        return Graph(name, inputs, nodes, tuple(known[value.unique()] for value in live.outputs()))

    def _declared(self, live: Any, known: dict[int, Value]) -> tuple[Value, ...]:
        found = []
        for value in live:
            number = value.unique()
            known[number] = Value(number, self.type(value.type()), value.debugName())
            found.append(known[number])
        return tuple(found)

    def _node(self, live: Any, known: dict[int, Value]) -> Node:
        kind = live.kind()
        inputs = tuple(known[live.inputsAt(place).unique()] for place in range(live.inputsSize()))
        blocks = tuple(self._block(block, known) for block in live.blocks()) if kind in WITH_BLOCKS else ()
        outputs = self._declared([live.outputsAt(place) for place in range(live.outputsSize())], known)
        attributes = self._attributes(live, kind, outputs)
        schema = live.schema()
        told = None if schema == "(no schema)" else schema
        return Node(kind, inputs, outputs, attributes, blocks, told, self._source(live), live.scopeName())

    def _block(self, live: Any, known: dict[int, Value]) -> Block:
        inputs = self._declared(live.inputs(), known)
        nodes = tuple(self._node(node, known) for node in live.nodes())
        return Block(inputs, nodes, tuple(known[value.unique()] for value in live.outputs()))

    def _attributes(self, live: Any, kind: str, outputs: tuple[Value, ...]) -> tuple[tuple[str, Any], ...]:
        names = live.attributeNames()
        return tuple((name, self._attribute(live, name, kind, outputs)) for name in names)

    def _attribute(self, live: Any, name: str, kind: str, outputs: tuple[Value, ...]) -> Any:
        sort = live.kindOf(name)
        if kind == "prim::Constant" and name == "value":
            return self._constant(live, sort, outputs[0].type)
        if sort == "g":
            return self.graph(live.g(name), "")
        if sort == "ty":
            return self.type(live.ty(name))
        if sort == "tys":
            return tuple(self.type(type) for type in live.tys(name))
        if sort in _PLAIN_ATTRIBUTES:
            value = getattr(live, sort)(name)
            return tuple(value) if isinstance(value, list) else value
        return self._plain(getattr(live, sort)(name))

    def _constant(self, live: Any, sort: str, type: Type) -> Any:
        if type.kind == "Enum":  # Python has no class to make the member of: it is known by its name
            return values.EnumMember(type.name, str(live).partition("[value=")[2].partition("]")[0].rpartition(".")[2])
        if type.kind == "Class":
            return values.Object(type.name, {})
        value = live.outputsAt(0).toIValue() if sort != "t" else live.t("value")
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        """A value of torch's as data."""
        import torch

        if isinstance(value, torch.Tensor):
            return describe(value)
        if isinstance(value, torch.device):
            return values.Device(str(value))
        if isinstance(value, list):
            return [self._plain(part) for part in value]
        if isinstance(value, tuple):
            return tuple(self._plain(part) for part in value)
        if isinstance(value, dict):
            return {self._plain(key): self._plain(part) for key, part in value.items()}
        if value is None or isinstance(value, bool | int | float | complex | str):
            return value
        return values.Unresolved(type(value).__name__)

    def type(self, live: Any) -> Type:
        """The copy of a type; a tensor's shape is no part of it, as it is none of an archive."""
        text = live.annotation_str
        known = self._types.get((text, live.kind()))
        if known is None:
            known = self._types[(text, live.kind())] = self._made(live, text)
        return known

    def _made(self, live: Any, text: str) -> Type:
        kind = live.kind()
        inner = tuple(self.type(part) for part in live.containedTypes()) if kind in _CONTAINERS else ()
        if kind == "TupleType" and text.startswith("__torch__."):
            return Type("NamedTuple", inner, text, parse(live.str()).fields)
        if kind in _CONTAINERS:
            return Type(_CONTAINERS[kind], inner)
        if kind in _NAMED:
            return Type(_NAMED[kind], (), text)
        return parse(text)

    def _source(self, live: Any) -> Source | None:
        text = live.sourceRange()
        if text not in self._sources:
            self._sources[text] = read_source(text)
        return self._sources[text]


_CONTAINERS = {
    "ListType": "List",
    "OptionalType": "Optional",
    "DictType": "Dict",
    "TupleType": "Tuple",
    "FutureType": "Future",
    "AwaitType": "Await",
    "RRefType": "RRef",
}
_NAMED = {"ClassType": "Class", "InterfaceType": "Interface", "EnumType": "Enum", "FunctionType": "Function"}


LARGEST_COMPARED = 2**20  # bytes of a constant that are read to tell whether it equals another


def describe(tensor: Any) -> values.Tensor:
    """The description of a tensor that lies in memory: its storage is named after its content, or not at all."""
    strided = str(tensor.layout) == "torch.strided"
    return values.Tensor(
        dtype=str(tensor.dtype).removeprefix("torch."),
        shape=tuple(tensor.shape),
        stride=tuple(tensor.stride()) if strided else (),
        offset=tensor.storage_offset() if strided else 0,
        device=str(tensor.device),
        storage=_content(tensor) if strided else "",
        storage_size=tensor.untyped_storage().nbytes() // tensor.element_size() if strided else 0,
        requires_grad=tensor.requires_grad,
    )


def _content(tensor: Any) -> str:
    import hashlib

    import torch

    if tensor.is_quantized or tensor.device.type != "cpu" or tensor.nbytes > LARGEST_COMPARED:
        return ""
    data = tensor.detach().contiguous().reshape(-1).resolve_conj().view(torch.uint8).numpy().tobytes()
    return hashlib.sha256(data).hexdigest()[:16]


def read_source(text: str) -> Source | None:
    """The stack that the text of a source range tells, innermost first; None where it tells none of the user's.

    Three forms: a marked excerpt (`File "net.py", line 3`), a Python stack of tracing (`net.py(3): forward`), and
    for what a file was loaded from, after either, the place in the archive's own code, which is no source.
    """
    frames: list[Frame] = []
    column = 1
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if line.startswith("Serialized "):
            break
        told = _PYTHON_FRAME.match(line)
        if told:
            frames.append(Frame(told[1], int(told[2]), 1, told[3]))
            continue
        told = _FILE.match(line)
        if told and told[1]:
            column = _column(lines[place + 1 :])
            frames.append(Frame(told[1], int(told[2]), column, told[3] or ""))
    return Source(tuple(frames)) if frames else None


def _column(lines: list[str]) -> int:
    """Where (from 1) the mark of an excerpt begins."""
    for line in lines:
        if line.startswith("Serialized "):
            break
        mark = _MARK.match(line)
        if mark:
            return len(mark[1]) + 1
    return 1

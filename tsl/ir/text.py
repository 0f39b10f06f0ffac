"""A graph as text, and back: what torch prints for it, with the rest in notes.

1. A line of torch's is a line here, with the source in a comment (`# path:line:col`); `torch._C.parse_ir` reads it
   where it can read torch's own.
2. What torch does not print follows in a *note*: `#| {...}`, one JSON object on the line it belongs to (schema, further
   frames, module path, numbers out of order, types and attributes whose text says less than they are).
3. `read_graph(print_graph(graph)) == graph`. Without notes a graph reads back with what the text says.

`text_values` has the attributes. Needs only the graph; it will never look up an operator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tsl.ir.graph import Block, Frame, Graph, Node, Source, Value
from tsl.ir.text_values import decode, encode, print_attributes, read_attributes, spell, unspell
from tsl.ir.types import Type, parse


def print_graph(graph: Graph, notes: bool = True) -> str:
    """The text of a graph, with a final newline. Without notes it is what a person reads."""
    return "".join(f"{line}\n" for line in _Printer(notes).lines(graph))


class _Printer:
    """Prints graphs; counts values to see which numbers need a note, and collects subgraphs."""

    def __init__(self, notes: bool) -> None:
        self.notes, self.count, self.subgraphs = notes, 0, list[tuple[str, Graph]]()

    def lines(self, graph: Graph) -> Iterator[str]:
        note: dict[str, Any] = {"name": graph.name} | self._types(graph.inputs)
        parameters = ",\n      ".join(map(_declare, graph.inputs))
        yield f"graph({parameters}):{self._note(note)}"
        yield from self._nodes(graph.nodes, "  ")
        yield f"  return ({_names(graph.outputs)})"
        held, self.subgraphs = self.subgraphs, []
        for name, subgraph in held:
            inner = list(_Printer(self.notes).lines(subgraph))
            yield f"with {name} = {inner[0]}"
            yield from inner[1:]

    def _nodes(self, nodes: tuple[Node, ...], indent: str) -> Iterator[str]:
        for node in nodes:
            yield indent + self._node(node)
            for place, block in enumerate(node.blocks):
                note = self._note(self._types(block.inputs))
                yield f"{indent}  block{place}({', '.join(map(_declare, block.inputs))}):{note}"
                yield from self._nodes(block.nodes, indent + "    ")
                yield f"{indent}    -> ({_names(block.outputs)})"

    def _node(self, node: Node) -> str:
        note = self._types(node.outputs)
        kind, attributes = self._kind(node, note)
        left = ", ".join(map(_declare, node.outputs))
        text = f"{left} = {kind}{print_attributes(attributes, node.outputs)}({_names(node.inputs)})"
        stack = node.source.stack if node.source else ()
        if stack:
            text += f" # {stack[0].path}:{stack[0].line}:{stack[0].column - 1}"
        if stack and (stack[1:] or stack[0].function or not _PLACE.fullmatch(_placed(stack[0]))):
            note["stack"] = stack
        if node.source is not None and not stack:
            note["stack"] = ()
        if node.schema is not None:
            note["schema"] = node.schema
        if node.scope:
            note["scope"] = node.scope
        return text + self._note(note)

    def _kind(self, node: Node, note: dict[str, Any]) -> tuple[str, tuple[tuple[str, Any], ...]]:
        plain = []
        kind = node.kind
        for name, value in node.attributes:
            if isinstance(value, Graph):
                kind = f"{node.kind}_{len(self.subgraphs)}"
                note.setdefault("subgraphs", {})[name] = kind
                note["kind"] = node.kind
                self.subgraphs.append((kind, value))
                continue
            plain.append((name, value))
            encoded = encode(value, node.outputs if name == "value" else ())
            if encoded is not None:
                note.setdefault("attributes", {})[name] = encoded
        if len(plain) < len(node.attributes):
            note["order"] = [name for name, _ in node.attributes]
        return kind, tuple(plain)

    def _types(self, values: tuple[Value, ...]) -> dict[str, Any]:
        note: dict[str, Any] = {}
        if any(value.number != self.count + place for place, value in enumerate(values)):
            note["numbers"] = [value.number for value in values]
        self.count += len(values)
        lossy = {str(place): spell(value.type) for place, value in enumerate(values) if _lossy(value.type)}
        return note | ({"types": lossy} if lossy else {})

    def _note(self, note: dict[str, Any]) -> str:
        return f" #| {json.dumps(note)}" if note and self.notes else ""


def _declare(value: Value) -> str:
    return f"%{value.name} : {value.type.ir}"


def _names(values: tuple[Value, ...]) -> str:
    return ", ".join(f"%{value.name}" for value in values)


def _placed(frame: Frame) -> str:
    return f" # {frame.path}:{frame.line}:{frame.column - 1}"


def _lossy(type: Type) -> bool:
    named = type.kind in {"Interface", "NamedTuple"} or (type.kind == "Function" and bool(type.name))
    return named or any(map(_lossy, type.arguments))


class GraphSyntaxError(ValueError):
    """A text that is no graph; says why and on which line (from 1)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.message, self.line = message, line


_PLACE = re.compile(r" # ([^#\n]*):(\d+):(\d+)")
_COMMENT = re.compile(rf"(?:{_PLACE.pattern})?(?: #\|(.*)| #[^|].*)?\s*\Z")
_VALUE = re.compile(r"%([\w.\-/]+)")
_HEAD = re.compile(r"(?:with (\S+) = )?graph\(")
_BLOCK = re.compile(r"\s*block\d+\(")
_BLANK = re.compile(r"\s*(?:# |\Z)")
_KIND = re.compile(r"[\w.]+::[\w.]+")


def read_graph(text: str) -> Graph:
    """The graph of a text. Raises GraphSyntaxError."""
    return _Reader(text).graph()


class _Reader:
    """Reads one line after another; a name stands for the value last defined under it."""

    def __init__(self, text: str) -> None:
        self.lines = text.removesuffix("\n").split("\n") if text else []
        self.at, self.count = 0, 0
        self.values: dict[str, Value] = {}
        self.pending: dict[str, Graph] = {}

    def graph(self) -> Graph:
        first = self._read_graph()
        while self.at < len(self.lines) and (found := _HEAD.match(self._line())) and found[1]:
            self.values, self.count = {}, 0
            self.pending[found[1]] = self._read_graph()
        return self._attach(first)

    def _attach(self, graph: Graph) -> Graph:
        return graph._replace(nodes=tuple(map(self._attached, graph.nodes))) if self.pending else graph

    def _attached(self, node: Node) -> Node:
        blocks = tuple(block._replace(nodes=tuple(map(self._attached, block.nodes))) for block in node.blocks)
        held = [
            (name, self._subgraph(value.text) if isinstance(value, _Later) else value)
            for name, value in node.attributes
        ]
        return node._replace(blocks=blocks, attributes=tuple(held))

    def _subgraph(self, name: str) -> Graph:
        if name not in self.pending:
            raise self._wrong(f"no graph is given for {name}")
        return self._attach(self.pending.pop(name))

    def _wrong(self, message: str) -> GraphSyntaxError:
        return GraphSyntaxError(message, min(self.at, len(self.lines)) + 1)

    def _line(self) -> str:
        while self.at < len(self.lines) and _BLANK.match(self.lines[self.at]):
            self.at += 1
        return self.lines[self.at] if self.at < len(self.lines) else ""

    def _read_graph(self) -> Graph:
        found = _HEAD.match(self._line())
        if not found:
            raise self._wrong("a graph begins with `graph(`")
        head = self._line()[found.end() :]
        while "):" not in head and self.at + 1 < len(self.lines):
            self.at += 1
            head += " " + self.lines[self.at].strip()
        declared, _, comment = head.rpartition("):") if " #|" not in head else head.partition("):")
        note = self._note(comment)
        inputs = self._define(declared, note)
        self.at += 1
        nodes = self._read_nodes()
        line = self._line().strip()
        if not line.startswith("return ("):
            raise self._wrong("a graph ends with `return (...)`")
        self.at += 1
        return Graph(note.get("name", ""), inputs, nodes, self._use(line))

    def _read_nodes(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while (line := self._line().strip()) and not line.startswith(("return (", "-> (")):
            node = self._read_node(line)
            self.at += 1
            blocks: list[Block] = []
            while _BLOCK.match(self._line()):
                blocks.append(self._read_block())
            nodes.append(node._replace(blocks=tuple(blocks)) if blocks else node)
        return tuple(nodes)

    def _read_block(self) -> Block:
        line = self._line().strip()
        declared, closing, comment = line[line.index("(") + 1 :].partition("):")
        if not closing:
            raise self._wrong("a block begins with `block0(...):`")
        inputs = self._define(declared, self._note(comment))
        self.at += 1
        nodes = self._read_nodes()
        line = self._line().strip()
        if not line.startswith("-> ("):
            raise self._wrong("a block ends with `-> (...)`")
        self.at += 1
        return Block(inputs, nodes, self._use(line))

    def _read_node(self, line: str) -> Node:
        left, equals, right = line.partition("= ")
        kind = _KIND.match(right)
        if not equals or not kind or (left and not left.startswith("%")):
            raise self._wrong("a node is `%name : type = kind[attributes](%inputs)`")
        try:
            attributes, end = read_attributes(right, kind.end())
        except ValueError as error:
            raise self._wrong(str(error)) from None
        closing = right.find(")", end)
        if closing < 0 or right[end : end + 1] != "(":
            raise self._wrong("the inputs of a node stand in parentheses")
        inputs = self._use(right[end:closing])
        comment = right[closing + 1 :]
        note = self._note(comment)
        outputs = self._define(left, note)
        told = note.get("attributes", {})
        held = {name: decode(value, outputs if name == "value" else (), told.get(name)) for name, value in attributes}
        held |= {name: _Later(graph) for name, graph in note.get("subgraphs", {}).items()}
        order = note.get("order") or list(held)
        return Node(
            note.get("kind", kind[0]),
            inputs,
            outputs,
            tuple((name, held[name]) for name in order),
            (),
            note.get("schema"),
            _source(comment, note),
            note.get("scope", ""),
        )

    def _define(self, text: str, note: dict[str, Any]) -> tuple[Value, ...]:
        found: list[Value] = []
        starts = list(_VALUE.finditer(text))
        for place, match in enumerate(starts):
            end = starts[place + 1].start() if place + 1 < len(starts) else len(text)
            told = text[match.end() : end].strip().removeprefix(":").strip().rstrip(",").strip()
            spelled = note.get("types", {}).get(str(place))
            number = note["numbers"][place] if "numbers" in note else self.count
            try:
                value = Value(number, unspell(spelled) if spelled else parse(told or "Tensor"), match[1])
            except ValueError as error:
                raise self._wrong(str(error)) from None
            self.count += 1
            found.append(value)
            self.values[value.name] = value
        return tuple(found)

    def _use(self, text: str) -> tuple[Value, ...]:
        names = _VALUE.findall(text)
        missing = next((name for name in names if name not in self.values), None)
        if missing is not None:
            raise self._wrong(f"%{missing} is used and not defined")
        return tuple(self.values[name] for name in names)

    def _note(self, comment: str) -> dict[str, Any]:
        found = _COMMENT.match(comment)
        if not found or not found[4]:
            return {}
        try:
            note = json.loads(found[4])
        except ValueError:
            raise self._wrong("the note after `#|` is no JSON object") from None
        if not isinstance(note, dict):
            raise self._wrong("the note after `#|` is no JSON object")
        return note


class _Later:
    """The name of a subgraph that stands further down."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def _source(comment: str, note: dict[str, Any]) -> Source | None:
    if "stack" in note:
        return Source(tuple(Frame(*frame) for frame in note["stack"]))
    found = _COMMENT.match(comment)
    return Source((Frame(found[1], int(found[2]), int(found[3]) + 1),)) if found and found[2] else None

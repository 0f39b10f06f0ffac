"""Graph, Block, Node and Value: TorchScript's IR as frozen values.

Definitions, which are PyTorch's:
1. A *value* is defined once, by a node or as an input of a block, and has a type. Its `number` is unique in its graph.
2. A *node* has a kind (`aten::add`, `prim::If`), takes values, defines values and may hold blocks and attributes. One
   whose kind names an operator has the schema of the overload it calls, as text.
3. A *block* has inputs, nodes in order and outputs; a value defined in a block is seen in it and in the blocks within.
4. A *graph* is the outermost block, with the qualified name of the function or method it is the body of.

Everything is hashable, compares by content and survives pickling. Nothing here knows where a graph came from; it will
never hold an object of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tsl.ir.types import Type
from tsl.record import Record


class Frame(Record):
    """A place in a user's file: its path as it was recorded, a line and a column from 1, and the function it is in."""

    path: str
    line: int
    column: int = 1
    function: str = ""


class Source:
    """Where a node comes from: the recorded stack, innermost first.

    The archive road gives a `find` and an `offset` instead, and the debug record of a file is read when somebody asks.
    What was inlined keeps its source, and knows besides which calls it was inlined for.
    """

    __slots__ = ("_calls", "_find", "_offset", "_origin", "_stack")

    def __init__(
        self, stack: tuple[Frame, ...] = (), find: Callable[[int], tuple[Frame, ...]] | None = None, offset: int = 0
    ) -> None:
        self._stack, self._find, self._offset = stack, find, offset
        self._calls: tuple[Source, ...] = ()
        self._origin: Source | None = None

    @property
    def origin(self) -> Source:
        """The source it had before it was inlined."""
        return self if self._origin is None else self._origin

    def called_from(self, call: Source) -> Source:
        """The source of what a call is inlined for."""
        made = Source((), None, self._offset)
        made._calls, made._origin = (*self._calls, call.origin), self.origin
        return made

    @property
    def callers(self) -> tuple[Frame, ...]:
        """The frames of the calls it was inlined for, the innermost first."""
        return tuple(frame for call in self._calls for frame in call.stack)

    @property
    def stack(self) -> tuple[Frame, ...]:
        """The frames, innermost first; none where nothing was recorded."""
        if self._origin is not None:
            return self._origin.stack
        if self._find is not None:
            self._stack, self._find = self._find(self._offset), None
        return self._stack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source) and self.stack == other.stack

    def __hash__(self) -> int:
        return hash(self.stack)

    def __repr__(self) -> str:
        return f"Source({self.stack!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Source, (self.stack,)

    @property
    def place(self) -> Frame | None:
        """The innermost frame that is not torch's own, else the innermost one."""
        for frame in self.stack:
            path = frame.path.replace("\\", "/")
            if "/torch/" not in path and not path.startswith(("torch/", "<")):
                return frame
        return self.stack[0] if self.stack else None


class Value(Record):
    """A value (1). `name` is how it is printed, without the percent sign."""

    number: int
    type: Type
    name: str


class Node(Record):
    """A node (2). `attributes` are pairs in the order they are printed in; `scope` names the module path, if known."""

    kind: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    attributes: tuple[tuple[str, Any], ...] = ()
    blocks: tuple[Block, ...] = ()
    schema: str | None = None
    source: Source | None = None
    scope: str = ""

    def attribute(self, name: str, default: Any = None) -> Any:
        """The attribute of a name."""
        return next((value for key, value in self.attributes if key == name), default)


class Block(Record):
    """A block (3)."""

    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]


class Graph(Record):
    """A graph (4)."""

    name: str
    inputs: tuple[Value, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]

    def lint(self) -> tuple[str, ...]:
        """What is wrong with the graph, in sentences; see `tsl.ir.lint`."""
        from tsl.ir.lint import lint

        return lint(self)

    def walk(self) -> Iterator[Node]:
        """Every node, those of nested blocks after the node that holds them."""
        queue = list(reversed(self.nodes))
        while queue:
            node = queue.pop()
            yield node
            for block in reversed(node.blocks):
                queue.extend(reversed(block.nodes))

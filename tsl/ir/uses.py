"""What a graph does with what it is given: the inputs it writes to or never reads, what it reads of its module.

Definitions:
1. A value *comes from* the first operand of the node that defines it, where that node makes a view of it (by its
   schema), casts it, or takes it out of a tuple or list. What `may` be a view (`contiguous`, `reshape`, `to`) is one or
   a copy.
2. A constant is *written* into the graph where a `prim::Constant` makes it; a flag that is asked of the module is not.
3. A parameter is *read* where an attribute that is it, or a list that holds it, is asked for. Of a graph that hands a
   module on to what was not inlined nothing is known.
4. What a value is *made of* is what defines it, through all operands, up to what asks something of a tensor.

5. A result is *cast* where all that reads it is another dtype's `to`, or a cast by its name.

Needs graphs that call nothing any more. It will never know a device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from tsl.archive import values
from tsl.ir.graph import Block, Graph, Node
from tsl.ir.inline_alias import CASTS, effects
from tsl.ir.operator import operator_at
from tsl.ir.types import TENSOR

TAKES_OUT = frozenset({"prim::TupleUnpack", "prim::ListUnpack", "prim::TupleIndex", "aten::__getitem__"})
CALLS = frozenset({"prim::CallMethod", "prim::CallFunction", "prim::fork", "prim::awaitable"})
MAY_COPY = frozenset(
    "aten::contiguous aten::reshape aten::reshape_as aten::flatten aten::to aten::cpu aten::cuda aten::float"
    " aten::half aten::type_as aten::view_as_real".split()
)


CONVOLUTIONS = frozenset(
    "aten::conv1d aten::conv2d aten::conv3d aten::conv_transpose2d aten::conv_transpose3d aten::_convolution".split()
)
ANSWERS = frozenset({"int", "bool", "Device", "List[int]"})
RECASTS = frozenset("aten::to aten::type_as aten::half aten::bfloat16 aten::float".split())


class Uses:
    """A graph with what defines each of its values."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes = tuple(graph.walk())
        self._makers = {value.number: node for node in self.nodes for value in node.outputs}
        self._inputs = {value.number: value for value in graph.inputs}

    def maker(self, number: int) -> Node | None:
        """The node that defines a value; None for an input of the graph or of a block."""
        return self._makers.get(number)

    def root(self, number: int) -> int:
        """What a value comes from in the end (1)."""
        while (maker := self._makers.get(number)) is not None and maker.inputs and _comes_from_first(maker):
            number = maker.inputs[0].number
        return number

    def constant(self, number: int) -> Any:
        """The constant that is written into the graph (2), None where there is none."""
        maker = self._makers.get(number)
        return maker.attribute("value") if maker is not None and maker.kind == "prim::Constant" else None

    def argument(self, node: Node, name: str) -> Any:
        """The constant that is written into the graph for an argument, None where there is none."""
        operator = operator_at(node)
        place = operator.places.get(name, -1) if operator else -1
        return self.constant(node.inputs[place].number) if 0 <= place < len(node.inputs) else None

    def foldable(self, is_reached: Callable[[Node], bool]) -> int:
        """How many batch normalizations that may run freezing folds: nothing else reads the convolution before."""
        reading = (node for node in self.nodes if not _asks(node))
        readers = Counter(value.number for node in reading for value in node.inputs)
        readers.update(value.number for value in self.graph.outputs)
        readers.update(value.number for block in _blocks(self.nodes) for value in block.outputs)
        normal = (node for node in self.nodes if node.kind == "aten::batch_norm" and node.inputs and is_reached(node))
        taken = (node.inputs[0].number for node in normal)
        makers = ((number, self._makers.get(number)) for number in taken)
        return sum(1 for number, maker in makers if maker and maker.kind in CONVOLUTIONS and readers[number] == 1)

    @property
    def is_scripted(self) -> bool:
        """Whether all that was recorded of it was scripted: a trace records lines without columns."""
        columns = [node.source.stack[0].column for node in self.nodes if node.source and node.source.stack]
        return bool(columns) and min(columns) > 1

    @property
    def is_autocast(self) -> bool:
        """Whether the graph enters autocast: operators are then given other dtypes than the graph says."""
        entered = (node for node in self.nodes if node.kind == "prim::Enter" and node.inputs)
        return any("autocast" in str(node.inputs[0].type) for node in entered)

    def is_cast(self, node: Node) -> bool:
        """Whether what a node makes is cast at once (5)."""
        made = {value.number for value in node.outputs}
        return bool(made) and self._casting.issuperset(made) and not made & self._kept

    @cached_property
    def _casting(self) -> frozenset[int]:
        """The values that a cast reads."""
        return frozenset(node.inputs[0].number for node in self.nodes if node.kind in RECASTS and node.inputs)

    @cached_property
    def _kept(self) -> frozenset[int]:
        """The values that something reads which is no cast."""
        found = {
            value.number
            for node in self.nodes
            for place, value in enumerate(node.inputs)
            if place > 0 or node.kind not in RECASTS
        }
        found.update(value.number for value in self.graph.outputs)
        found.update(value.number for block in _blocks(self.nodes) for value in block.outputs)
        return frozenset(found)

    def written_inputs(self) -> Iterator[tuple[Node, str, bool]]:
        """The nodes that write to an input, the input's name, and whether it surely is the input and no copy (1)."""
        for node in self.nodes:
            operator = operator_at(node)
            if operator is None or not operator.writes_self or not node.inputs or node.inputs[0].type is not TENSOR:
                continue
            name, is_sure = self._origin(node.inputs[0].number)
            if name:
                yield node, name, is_sure

    def _origin(self, number: int) -> tuple[str, bool]:
        """The input that a value comes from (1), or nothing."""
        is_sure = True
        while (maker := self._makers.get(number)) is not None:
            if not maker.inputs or not _comes_from_first(maker):
                return "", False
            is_sure = is_sure and maker.kind not in MAY_COPY
            number = maker.inputs[0].number
        given = self._inputs.get(number)
        return (given.name.partition(".")[0], is_sure) if given is not None else ("", False)

    def unused_inputs(self) -> tuple[str, ...]:
        """The inputs that nothing reads."""
        used = {value.number for node in self.nodes for value in node.inputs}
        used.update(value.number for value in self.graph.outputs)
        used.update(value.number for block in _blocks(self.nodes) for value in block.outputs)
        inputs = (value for value in self.graph.inputs if value.type.kind != "Class")
        return tuple(value.name.partition(".")[0] for value in inputs if value.number not in used)

    def asks(self, number: int, asking: frozenset[str], barring: frozenset[str]) -> bool:
        """Whether a value is made of what asks something of a tensor, and of nothing of these other kinds (4)."""
        is_asked, seen, queue = False, set[int](), [number]
        while queue:
            number = queue.pop()
            if number in seen:
                continue
            seen.add(number)
            maker = self._makers.get(number)
            if maker is None:
                continue
            if maker.kind in barring:
                return False
            if maker.kind in asking and maker.inputs[0].type is TENSOR:
                is_asked = True
            else:
                queue.extend(value.number for value in maker.inputs)
        return is_asked

    def made_of(self, number: int, asking: frozenset[str]) -> frozenset[str]:
        """The kinds of what a value is made of (4), up to those that ask something of a tensor."""
        found, seen, queue = set[str](), set[int](), [number]
        while queue:
            maker = self._makers.get(number := queue.pop())
            if maker is None or number in seen:
                continue
            seen.add(number)
            found.add(maker.kind)
            if maker.kind not in asking:
                queue.extend(value.number for value in maker.inputs)
        return frozenset(found)

    def attributes(self) -> Iterator[tuple[str, str]]:
        """What is asked of the module: the path of the owner and the attribute. Raises LookupError (3)."""
        paths = {value.number: "" for value in self.graph.inputs[:1] if value.type.kind == "Class"}
        for node in self.nodes:
            if node.kind == "prim::GetAttr":
                owner, name = paths.get(node.inputs[0].number), str(node.attribute("name", ""))
                if owner is None:
                    raise LookupError(name)
                yield owner, name
                if node.outputs[0].type.kind == "Class":
                    paths[node.outputs[0].number] = f"{owner}.{name}" if owner else name
            elif node.kind in CALLS or (
                node.kind != "prim::SetAttr" and any(value.number in paths for value in node.inputs)
            ):
                raise LookupError(node.kind)


def unread_parameters(
    module: values.Object | None, registered: Callable[[str, str], str], uses: tuple[Uses, ...]
) -> tuple[str, ...]:
    """The paths of the parameters that no graph reads (3); none where that is not known."""
    if module is None or not uses:
        return ()
    owners = dict(_objects(module))
    read: set[Any] = set()
    try:
        for each in uses:
            for path, name in each.attributes():
                owner = owners.get(path)
                read.update(map(_memory, _read(owner, name) if owner else ()))
    except LookupError:
        return ()
    held = {
        f"{path}.{name}".lstrip("."): value
        for path, owner in owners.items()
        for name, value in owner.attributes.items()
        if registered(owner.type, name) == "parameter"
    }
    return tuple(path for path, value in held.items() if type(value) is values.Tensor and _memory(value) not in read)


def _asks(node: Node) -> bool:
    """Whether a node asks something of a tensor and makes none: a rank, a size."""
    return bool(node.outputs) and all(str(value.type) in ANSWERS for value in node.outputs)


def _comes_from_first(node: Node) -> bool:
    if node.kind in CASTS or node.kind in TAKES_OUT:
        return True
    operator = operator_at(node)
    return operator is not None and (0, 0) in effects(operator.schema.text).shares


def _blocks(nodes: tuple[Node, ...]) -> Iterator[Block]:
    return (block for node in nodes for block in node.blocks)


def _objects(module: values.Object, path: str = "") -> Iterator[tuple[str, values.Object]]:
    """A module and those below it, by their paths; one that is shared under each of its names."""
    queue = [(path, module)]
    while queue:
        path, found = queue.pop()
        yield path, found
        inner: Mapping[str, Any] = found.attributes
        queue.extend(
            (f"{path}.{name}".lstrip("."), part) for name, part in inner.items() if type(part) is values.Object
        )


def _read(owner: values.Object, name: str) -> Iterator[values.Tensor]:
    """What an attribute is or holds; a list of tensors, such as that of an LSTM, may hold all of its module."""
    found = tuple(_tensors(owner.attributes.get(name)))
    yield from found
    if found and type(owner.attributes[name]) is not values.Tensor:
        yield from (part for part in owner.attributes.values() if type(part) is values.Tensor)


def _memory(tensor: values.Tensor) -> Any:
    """What two attributes that are one tensor have in common."""
    return tensor.storage, tensor.offset, tensor.shape


def _tensors(value: Any) -> Iterator[values.Tensor]:
    if type(value) is values.Tensor:
        yield value
    elif type(value) is values.Typed:
        yield from _tensors(value.value)
    elif type(value) in (list, tuple):
        for part in value:
            yield from _tensors(part)
    elif type(value) is dict:
        for part in value.values():
            yield from _tensors(part)

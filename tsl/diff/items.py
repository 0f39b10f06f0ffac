"""A graph as items: what it computes, without the names, numbers and order that it happens to have.

Definitions:
1. A *constant* is what a `prim::Constant` makes, an attribute of a module, or a list or tuple of constants that nothing
   writes to. It has no item: it is part of the items that take it.
2. An *item* is every other node, an input of the graph, and the *end* of a block, which takes what the block hands on.
3. A *link* leads from an item to the one that makes what it takes, and says which of its values that is: the number of
   an output, or from BLOCK on an input of one of its blocks.
4. An item takes operands by the names of its operator's schema; those without a name are in a row, and it is
   *variadic*. A constant that is the schema's default is not an operand.
5. A value that is written to is, from there on, what the writer made of it; after a construct with blocks that write to
   it, what that construct made of it. So order is kept where it says something, and nowhere else.
   An attribute that the graph sets is no constant: whoever reads or sets it comes AFTER the one that set it before.
6. The end of a graph that returns a tuple takes its elements, and the tuple is no item.

Linear in the size of a graph. Needs a graph whose nodes name their modules as `tsl.draw.instances` has it, or none at
all. It will never compare anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from tsl.draw.instances import OUTERMOST
from tsl.draw.labels import FOREVER, INSTANCE, OBJECTS, written, written_to
from tsl.ir.dtype import CODES
from tsl.ir.facts import plain
from tsl.ir.graph import Block, Graph, Node, Value
from tsl.ir.operator import operator_at
from tsl.ir.schema import Argument
from tsl.record import Record

BLOCK = 1_000_000
INPUT, END = "input", "end"
GATHERS = {"prim::ListConstruct": "[]", "prim::TupleConstruct": "()"}
AROUND: Mapping[type, str] = {list: "[]", tuple: "()"}
GET, SET = "prim::GetAttr", "prim::SetAttr"
AFTER = "after"

# Arguments that a graph holds as numbers: c10/core/ScalarType.h, Layout.h and MemoryFormat.h.
ENUMS: dict[str, dict[str, str]] = {
    "dtype": {str(code): name for code, name in CODES.items()},
    "layout": dict(zip("0123", ("strided", "sparse_coo", "sparse_csr", "mkldnn"), strict=True)),
    "memory_format": dict(
        zip("0123", ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d"), strict=True)
    ),
}
# What is in a tensor constant, as a text that differs where the contents do.
Content = Callable[[Any], str]


class Constant(Record):
    """A constant (1): its text, or the `parts` of a list and the signs `around` them. An attribute has a `module`, by
    path, and is the module itself where it `is_module`. `content` tells tensors of one kind apart.
    """

    text: str = ""
    module: str | None = None
    around: str = ""
    parts: tuple[Any, ...] = ()
    content: str = ""
    is_module: bool = False

    @property
    def path(self) -> str:
        """The path of an attribute or a module."""
        return f"{self.module}.{self.text}" if self.module and self.text else self.module or self.text

    def spelled(self, module: str) -> str:
        """How it is written in a module, whose own attributes have their names alone."""
        if self.around:
            return f"{self.around[0]}{', '.join(part.spelled(module) for part in self.parts)}{self.around[1]}"
        if self.module is None:
            return self.text
        return self.path.removeprefix(f"{module}.") if module else self.path

    def attributes(self) -> Iterator[Constant]:
        """The attributes in it."""
        if self.module is not None and not self.is_module:
            yield self
        for part in self.parts:
            yield from part.attributes()


class Link(Record):
    """A link (3)."""

    maker: Item
    slot: int


Operand: TypeAlias = "Link | Constant"


class Item:
    """An item (2). `owner` holds the block it lies in, which is its `block`-th; None where that is the graph.

    `values` are what it makes, `blocks` the items of its blocks, ends last; `takers` are the items that take what it
    makes, each with the name of the operand and the number of the value.
    """

    __slots__ = (
        "block",
        "blocks",
        "constants",
        "kind",
        "links",
        "module",
        "node",
        "number",
        "owner",
        "takers",
        "values",
        "variadic",
    )

    def __init__(self, number: int, kind: str, owner: Item | None, block: int, module: str) -> None:
        self.number, self.kind, self.owner, self.block, self.module = number, kind, owner, block, module
        self.links: dict[str, Link] = {}
        self.constants: dict[str, Constant] = {}
        self.variadic = False
        self.node: Node | None = None
        self.values: tuple[Value, ...] = ()
        self.blocks: list[list[Item]] = []
        self.takers: list[tuple[Item, str, int]] = []

    def __repr__(self) -> str:
        return f"<{self.number} {self.kind} in {self.module!r}>"

    @property
    def title(self) -> str:
        """What a person calls it: `conv2d`, `torchvision::nms`."""
        namespace, _, name = self.kind.partition("::")
        return name if namespace in {"aten", "prim"} else self.kind


class Items:
    """The items of a graph: `all` in the order of the graph, a block after its holder; `top` are those of no block."""

    def __init__(self, graph: Graph, content: Content = lambda value: "") -> None:
        self.graph = graph
        self.all: list[Item] = []
        self.of_node: dict[int, Item] = {}
        self.inputs: list[Item] = []
        self._content = content
        self._made: dict[int, Operand] = {}  # what a value is where the reading is
        self._origin: dict[int, Operand] = {}
        self._changing = written_to(graph)
        self._returned = _returned(graph)
        self._set = {node.attribute("name") for node in graph.walk() if node.kind == SET}
        self._setters: dict[tuple[str, str], Item] = {}
        self.top: list[Item] = []
        self._enter(graph)

    def maker_of(self, value: Value) -> Operand | None:
        """What makes a value, whatever wrote to it later; None for what is no value of the graph."""
        return self._origin.get(value.number)

    def _define(self, value: Value, made: Operand) -> None:
        self._made[value.number] = self._origin[value.number] = made

    def _enter(self, graph: Graph) -> None:
        for place, value in enumerate(graph.inputs):
            if place == 0 and value.type.kind == "Class":
                self._define(value, Constant(module="", is_module=True))
                continue
            item = self._item(INPUT, None, 0, "")
            item.values = (value,)
            self._define(value, Link(item, 0))
            self.inputs.append(item)
        self.top = [*self.inputs, *self._block(graph, None, 0, "")]

    def _item(self, kind: str, owner: Item | None, block: int, module: str) -> Item:
        item = Item(len(self.all), kind, owner, block, module)
        self.all.append(item)
        return item

    def _block(self, block: Block | Graph, owner: Item | None, number: int, module: str) -> list[Item]:
        found = []
        for node in block.nodes:
            if node is self._returned:
                continue
            constant = self._constant(node) if len(node.outputs) == 1 and not node.blocks else None
            if constant is not None:
                self._define(node.outputs[0], constant)
            else:
                found.append(self._node(node, owner, number, module))
        end = self._item(END, owner, number, module)
        end.variadic = True
        returned = self._returned if owner is None else None
        if returned is not None:
            end.constants["form"] = Constant("a tuple")
        outputs = returned.inputs if returned is not None else block.outputs
        self._take(end, [(str(place), value) for place, value in enumerate(outputs)])
        return [*found, end]

    def _node(self, node: Node, owner: Item | None, number: int, module: str) -> Item:
        if node.scope:
            module = "" if node.scope == OUTERMOST else node.scope.rpartition("/")[2].rpartition("::")[2]
        item = self._item(node.kind, owner, number, module.removeprefix("__module").lstrip("."))
        item.node, item.values = node, node.outputs
        self.of_node[id(node)] = item
        arguments = _arguments(node)
        item.variadic = len(arguments) != len(node.inputs)
        names = [str(place) for place in range(len(node.inputs))] if item.variadic else [one.name for one in arguments]
        self._take(item, list(zip(names, node.inputs, strict=True)), arguments)
        for key, value in node.attributes:
            text = str(value).partition(INSTANCE)[0] if node.kind == "prim::CallMethod" else written(value)
            item.constants[key] = Constant(text)
        if node.kind in (GET, SET):
            self._follow(node, item)
        for place, value in enumerate(node.outputs):
            self._define(value, Link(item, place))
        self._enter_blocks(node, item)
        self._write(node, item, arguments)
        return item

    def _follow(self, node: Node, item: Item) -> None:
        """Puts what reads or sets an attribute after what set it before (5)."""
        owner = self._made.get(node.inputs[0].number)
        key = (owner.path if isinstance(owner, Constant) else "", str(node.attribute("name")))
        before = self._setters.get(key)
        if before is not None:
            item.links[AFTER] = Link(before, 0)
            before.takers.append((item, AFTER, 0))
        if node.kind == SET:
            self._setters[key] = item

    def _enter_blocks(self, node: Node, item: Item) -> None:
        before = dict(self._made) if node.blocks else {}
        for number, block in enumerate(node.blocks):
            for place, value in enumerate(block.inputs):
                self._define(value, Link(item, BLOCK * (number + 1) + place))
            item.blocks.append(self._block(block, item, number, item.module))
            for key, made in before.items():  # what the block wrote to is the construct's from here on (5)
                if self._made[key] != made:
                    before[key] = Link(item, 0)
                    self._made[key] = made
        self._made.update(before)

    def _take(self, item: Item, given: list[tuple[str, Value]], arguments: Sequence[Argument] = ()) -> None:
        named = {one.name: one for one in arguments}
        for name, value in given:
            made = self._made.get(value.number)
            if isinstance(made, Link):
                item.links[name] = made
                made.maker.takers.append((item, name, made.slot))
            elif made is not None and not (name in named and _is_default(made, named[name])):
                item.constants[name] = _named(name, made)

    def _write(self, node: Node, item: Item, arguments: Sequence[Argument]) -> None:
        """What a node writes to is its own from here on (5)."""
        for argument, value in zip(arguments, node.inputs, strict=False):
            if argument.writes and isinstance(self._made.get(value.number), Link):
                self._made[value.number] = Link(item, 0)

    def _constant(self, node: Node) -> Constant | None:
        """What the only output of a node is, where that is a constant (1)."""
        if node.kind == "prim::Constant":
            value = node.attribute("value")
            if node.outputs[0].type.kind == "Function":
                return Constant(plain(node.outputs[0].type.name).partition(INSTANCE)[0])
            return self._literal(value)
        if node.kind == GET:
            return self._attribute(node)
        around = GATHERS.get(node.kind) if node.outputs[0].number not in self._changing else None
        parts = [self._made.get(value.number) for value in node.inputs] if around else []
        if not around or not all(isinstance(part, Constant) and not part.is_module for part in parts):
            return None
        return Constant(around=around, parts=tuple(parts))

    def _literal(self, value: Any) -> Constant:
        """A value as a constant: a list is the same whether a node holds it or gathers it."""
        if type(value) in AROUND:
            return Constant(around=AROUND[type(value)], parts=tuple(map(self._literal, value)))
        content = self._content(value)
        is_number = content and getattr(value, "shape", None) == ()
        return Constant(f"{value.dtype} {content}" if is_number else written(value), content=content)

    def _attribute(self, node: Node) -> Constant | None:
        owner = self._made.get(node.inputs[0].number) if node.inputs else None
        if not isinstance(owner, Constant) or not owner.is_module:
            return None
        name = str(node.attribute("name", ""))
        if node.outputs[0].type.kind in OBJECTS:
            return Constant(module=f"{owner.module}.{name}".lstrip("."), is_module=True)
        return Constant(name, owner.module) if name not in self._set else None


def _named(argument: str, made: Constant) -> Constant:
    """A constant by the name that torch has for it: `bfloat16` where a `dtype` is 15."""
    name = ENUMS.get(argument, {}).get(made.text)
    return Constant(name) if name is not None and made.module is None else made


def _returned(graph: Graph) -> Node | None:
    """The node that makes the tuple which the graph returns, and which nothing else takes (6)."""
    if len(graph.outputs) != 1:
        return None
    number = graph.outputs[0].number
    takes = sum(value.number == number for node in graph.walk() for value in node.inputs)
    makers = (node for node in graph.nodes if node.kind == "prim::TupleConstruct" and node.outputs[0].number == number)
    return next(makers, None) if not takes else None


def _arguments(node: Node) -> Sequence[Argument]:
    operator = operator_at(node)
    if operator is None or operator.schema.takes_any or len(operator.schema.arguments) != len(node.inputs):
        return ()
    return operator.schema.arguments


def _is_default(constant: Constant, argument: Argument) -> bool:
    """Whether a constant says what the schema says anyway; `int[2] stride=1` stands for `[1, 1]` (4)."""
    if not argument.has_default or constant.module is not None:
        return False
    if constant.text == FOREVER and argument.default is None:
        return True
    default = argument.default
    if isinstance(default, list | tuple):
        return constant.around == "[]" and [part.spelled("") for part in constant.parts] == list(map(written, default))
    return not constant.around and constant.text == written(default)

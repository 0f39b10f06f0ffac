"""Two matched graphs as one: the new graph, with what was removed from the old one where it was.

Definitions:
1. The *union* has every node of the new graph, in order, and every removed node of the old graph after all that it is
   made of. A removed node takes the new value of a pair where it took the old one.
2. What took from a removed node takes from it still, after all it takes now.
3. Values of the old graph have numbers of their own: SHIFT more than they had.
4. Of each node of the union it is known which items it stands for: that of the old graph, of the new one, or both.

Linear in the size of both graphs, but for putting removed nodes in place. Needs pairs. It will never draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tsl.diff.items import BLOCK, Constant, Item, Link
from tsl.diff.pairs import Pairs
from tsl.ir.graph import Block, Graph, Node, Source, Value

Called = Callable[[str], str]
SHIFT = 1_000_000_000


class Union:
    """The union of two graphs (1-4). `called` says for either graph what a recorded path is called."""

    def __init__(self, pairs: Pairs, called: tuple[Called, Called] = (str, str)) -> None:
        self._pairs, self._called = pairs, called
        self._makers = _constants(pairs.old.graph)
        self._given: dict[int, Value] = {}
        self._items: dict[int, tuple[Node, Item | None, Item | None]] = {}
        old, new = pairs.old, pairs.new
        removed = [item.values[0] for item in old.inputs if item.number not in pairs.of_old]
        if new.graph.inputs and old.graph.inputs and len(old.inputs) < len(old.graph.inputs):
            self._given[old.graph.inputs[0].number] = new.graph.inputs[0]  # both begin with the model itself
        nodes = self._block(new.graph.nodes, old.top)
        inputs = (*new.graph.inputs, *map(self._shifted, removed))
        self.graph = Graph(new.graph.name, inputs, nodes, new.graph.outputs)

    def items(self, node: Node) -> tuple[Item | None, Item | None]:
        """The items that a node stands for (4); neither where it only makes a constant."""
        found = self._items.get(id(node))
        return found[1:] if found is not None else (None, None)

    def _block(self, nodes: Sequence[Node], old: Sequence[Item]) -> tuple[Node, ...]:
        """The nodes of a block of the union, from those of the new one and the items of the old one."""
        found = [self._new(node) for node in nodes]
        places = {id(item): at for at, node in enumerate(found) if (item := self.items(node)[1]) is not None}
        extra: dict[int, list[Node]] = {}
        at: dict[int, int] = {}
        for item in old:
            if item.node is None or item.number in self._pairs.of_old:
                continue
            at[item.number] = max((self._place(link.maker, places, at) for link in item.links.values()), default=-1)
            extra.setdefault(at[item.number], []).extend([*self._constants_of(item), self._old(item)])
        rows = [extra.get(-1, []), *([node, *extra.get(number, ())] for number, node in enumerate(found))]
        return tuple(node for row in rows for node in row)

    def _place(self, maker: Item, places: dict[int, int], at: dict[int, int]) -> int:
        """After which of the new nodes of a block the maker of something is there."""
        partner = self._pairs.of_old.get(maker.number)
        return at.get(maker.number, -1) if partner is None else places.get(id(partner), -1)

    def _new(self, node: Node) -> Node:
        item = self._pairs.new.of_node.get(id(node))
        if item is None:
            return node
        partner = self._pairs.of_new.get(item.number)
        blocks = tuple(
            Block(block.inputs, self._block(block.nodes, self._old_block(partner, place)), block.outputs)
            for place, block in enumerate(node.blocks)
        )
        gone = tuple(self._gone(partner)) if partner is not None else ()
        made = node._replace(inputs=(*node.inputs, *gone), blocks=blocks, source=_placed(node, self._called[1]))
        self._items[id(made)] = (made, partner, item)
        return made

    def _old_block(self, partner: Item | None, place: int) -> Sequence[Item]:
        return partner.blocks[place] if partner is not None and place < len(partner.blocks) else ()

    def _gone(self, partner: Item) -> Iterator[Value]:
        """What an item took from removed ones (2)."""
        for link in partner.links.values():
            if link.maker.number not in self._pairs.of_old and link.slot < len(link.maker.values):
                yield self._shifted(link.maker.values[link.slot])

    def _old(self, item: Item) -> Node:
        """A removed node in the union, with all that is in it."""
        node = item.node
        assert node is not None
        made = self._translated(node, item.links)
        self._items[id(made)] = (made, item, None)
        return made

    def _translated(self, node: Node, links: dict[str, Link]) -> Node:
        blocks = tuple(
            Block(
                tuple(map(self._shifted, block.inputs)),
                tuple(self._inner(inner) for inner in block.nodes),
                tuple(map(self._value, block.outputs)),
            )
            for block in node.blocks
        )
        inputs, outputs = tuple(map(self._value, node.inputs)), tuple(map(self._shifted, node.outputs))
        source = _placed(node, self._called[0])
        return node._replace(inputs=inputs, outputs=outputs, blocks=blocks, source=source)

    def _inner(self, node: Node) -> Node:
        item = self._pairs.old.of_node.get(id(node))
        return self._translated(node, {}) if item is None else self._old(item)

    def _value(self, value: Value) -> Value:
        """An old value in the union: the new one of a pair, else itself (1)."""
        given = self._given.get(value.number)
        if given is not None:
            return given
        made = self._pairs.old.maker_of(value)
        if isinstance(made, Link) and made.slot < BLOCK:
            partner = self._pairs.of_old.get(made.maker.number)
            if partner is not None and made.slot < len(partner.values):
                return partner.values[made.slot]
        return self._shifted(value)

    def _shifted(self, value: Value) -> Value:
        """(3)"""
        return value._replace(number=value.number + SHIFT)

    def _constants_of(self, item: Item) -> Sequence[Node]:
        """The nodes that make the constants an item takes, each with those it needs, makers first."""
        wanted = list(item.node.inputs) if item.node is not None else []
        wanted += [value for node in _nodes(item.node) for value in node.inputs] if item.blocks else []
        found: list[Node] = []
        seen: set[int] = set()
        while wanted:
            value = wanted.pop()
            node = self._makers.get(value.number) if value.number not in seen else None
            seen.add(value.number)
            if node is not None and isinstance(self._pairs.old.maker_of(node.outputs[0]), Constant):
                found.append(self._translated(node, {}))
                wanted += node.inputs
        return found[::-1]


def _placed(node: Node, called: Called) -> Source | None:
    """Where a node comes from, by what its files are called; looked up when somebody asks."""
    source = node.source
    if source is None:
        return None
    return Source(find=lambda _: tuple(frame._replace(path=called(frame.path)) for frame in source.stack))


def _constants(graph: Graph) -> dict[int, Node]:
    """The nodes of a graph that make one value and hold no block, by its number."""
    return {node.outputs[0].number: node for node in graph.walk() if len(node.outputs) == 1 and not node.blocks}


def _nodes(node: Node | None) -> Iterator[Node]:
    for block in node.blocks if node is not None else ():
        for inner in block.nodes:
            yield inner
            yield from _nodes(inner)

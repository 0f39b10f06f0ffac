"""A graph as a Picture: what is shown, and what is grouped with what.

1. Every node has a box but those whose value is folded into the labels of the boxes that take it.
2. A box lies in the cluster of its module, and that in the cluster of the block it is in; a module that has nodes in
   several blocks has a cluster in each.
3. An If is a cluster with a head, which takes the condition, a cluster for each block, and an end, where the values of
   the blocks meet. A Loop is one with a head, where values come in and go out, and its body; what the body hands on
   goes back to the head.
4. With a depth, the modules below it are one box each, with the number of their operators, their findings, and the
   values that cross their border.
5. Boxes are numbered, and edges listed, in the order of the graph, blocks after the block that holds them.

Linear in the size of the graph, and not recursive. Needs a graph, and who asks it for the findings of a node.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence

from tsl.draw.labels import FOREVER, Folded, fold, lines_of, shortened, written_to
from tsl.draw.picture import Badge, Box, Cluster, Edge, Mark, Picture
from tsl.draw.places import place_of, written
from tsl.draw.scopes import Path, places
from tsl.ir.facts import plain
from tsl.ir.graph import Block, Graph, Node, Value
from tsl.record import Record

_QUALIFIER = re.compile(r"__torch__\.(?:\w+\.)*(?=\w)")
LOOP = "prim::Loop"
BLOCKS = {"prim::If": ("then", "else"), LOOP: ("body",)}


class Told(Record):
    """What is told of the nodes and values of a graph by who knows more than the graph.

    Of a node its findings, badges and tone, and the line of its source; of a value what it is at a run, in the place of
    its type (`float32[1, 64]`), and the tone of the edge it takes to a node; of the path of a weight its shape
    (`[64, 3, 7, 7]`). Each answers with nothing where nothing is known.
    """

    marks: Callable[[Node], Sequence[Mark]] = lambda node: ()
    badges: Callable[[Node], Sequence[Badge]] = lambda node: ()
    tone: Callable[[Node], str] = lambda node: ""
    text: Callable[[Node], str] = lambda node: ""
    value: Callable[[Value], str] = lambda value: ""
    weight: Callable[[str], str] = lambda path: ""
    edge_tone: Callable[[Value, Node | None], str] = lambda value, taker: ""


NOTHING = Told()


class _Group:
    """A cluster in the making."""

    __slots__ = ("kind", "members", "modules", "path", "title")

    def __init__(self, kind: str, title: str, path: str = "") -> None:
        self.kind, self.title, self.path = kind, title, path
        self.members: list[_Draft | _Group] = []
        self.modules: dict[Path, _Group] = {}

    def module(self, path: Path, base: Path) -> _Group:
        """The cluster of a module in this one (2), which belongs to the module `base`."""
        group = self
        for length in range(len(base) + 1, len(path) + 1):
            part = path[:length]
            inner = self.modules.get(part)
            if inner is None:
                inner = self.modules[part] = _Group("module", part[-1], ".".join(part))
                group.members.append(inner)
            group = inner
        return group


class _Draft:
    """A box in the making."""

    __slots__ = ("badges", "kind", "lines", "marks", "number", "operators", "path", "place", "schema", "text", "tones")

    def __init__(self, number: int, kind: str, lines: Sequence[str], path: str = "") -> None:
        self.number, self.kind, self.lines, self.path = number, kind, list(lines), path
        self.marks: dict[Mark, None] = {}
        self.badges: dict[Badge, None] = {}
        self.tones: dict[str, None] = {}
        self.schema = self.place = self.text = ""
        self.operators = 0

    def tell(self, node: Node, told: Told) -> None:
        """Adds what is told of a node that the box stands for."""
        self.marks.update(dict.fromkeys(told.marks(node)))
        self.badges.update(dict.fromkeys(told.badges(node)))
        self.tones[told.tone(node)] = None

    def be(self, node: Node, told: Told) -> None:
        """Makes the box that of a node."""
        self.tell(node, told)
        self.schema, self.place, self.text, self.operators = (
            node.schema or node.kind,
            written(place_of(node)),
            told.text(node),
            1,
        )


class _Work(Record):
    """A block to draw: where, in which module, and the box its values go to. `inside` is the folded module."""

    block: Block | Graph
    group: _Group
    base: Path
    end: _Draft
    word: str = ""
    head: _Draft | None = None
    inside: _Draft | None = None


def sketch(graph: Graph, told: Told = NOTHING, depth: int | None = None) -> Picture:
    """The picture of a graph. `depth` is how many levels of modules are opened, None for all (4)."""
    return _Sketch(told, depth).picture(graph)


class _Sketch:
    def __init__(self, told: Told, depth: int | None) -> None:
        self._told, self._depth = told, depth
        self._drafts: list[_Draft] = []
        self._known: dict[int, Folded] = {}
        self._source: dict[int, _Draft] = {}
        self._edges: dict[tuple[int, int, int, str], Edge] = {}
        self._closed: dict[tuple[int, Path], _Draft] = {}
        self._work: deque[_Work] = deque()
        self._changing: frozenset[int] = frozenset()

    def picture(self, graph: Graph) -> Picture:
        self._changing = written_to(graph)
        root = _Group("block", plain(graph.name))
        for number, value in enumerate(graph.inputs):
            if number == 0 and value.type.kind == "Class":
                self._known[value.number] = Folded("self", (), "")
            else:
                root.members.append(self._input(value))
        end = self._draft("output", ["return"])
        self._work.append(_Work(graph, root, (), end))
        while self._work:
            self._block(self._work.popleft())
        root.members.append(end)
        return Picture(plain(graph.name), _frozen(root.members), tuple(self._edges.values()))

    def _input(self, value: Value) -> _Draft:
        draft = self._draft("input", [value.name, value.type.ir])
        self._source[value.number] = draft
        return draft

    def _draft(self, kind: str, lines: Sequence[str], path: str = "") -> _Draft:
        draft = _Draft(len(self._drafts), kind, lines, path)
        self._drafts.append(draft)
        return draft

    def _block(self, work: _Work) -> None:
        nodes = []
        for node in work.block.nodes:
            folded = fold(node, self._known, self._changing) if len(node.outputs) == 1 and not node.blocks else None
            if folded is None:
                nodes.append(node)
            else:
                weighs = node.kind == "prim::GetAttr" and folded.path is None
                shape = self._told.weight(folded.text) if weighs else ""
                self._known[node.outputs[0].number] = folded._replace(shape=shape) if shape else folded
        first = len(self._drafts)
        for node, path in zip(nodes, places(nodes, self._known, work.base), strict=True):
            self._node(node, path, work)
        if work.head is not None and first < len(self._drafts):
            self._follow(work.head, self._drafts[first])
        self._finish(work)

    def _node(self, node: Node, path: Path, work: _Work) -> None:
        inside = work.inside or self._folded_module(path, work)
        if inside is not None:
            self._inside(node, path, inside, work)
            return
        group = work.group.module(path, work.base)
        if node.blocks:
            self._control(node, path, group)
            return
        draft = self._draft("operator", lines_of(node, self._known, ".".join(path)))
        draft.be(node, self._told)
        group.members.append(draft)
        self._wire(node, draft, draft)

    def _folded_module(self, path: Path, work: _Work) -> _Draft | None:
        """The box of the module that a node disappears in, where its module lies too deep (4)."""
        if self._depth is None or len(path) <= self._depth:
            return None
        path = path[: self._depth + 1]
        key = (id(work.group), path)
        draft = self._closed.get(key)
        if draft is None:
            draft = self._closed[key] = self._draft("module", [path[-1]], ".".join(path))
            work.group.module(path[:-1], work.base).members.append(draft)
        return draft

    def _inside(self, node: Node, path: Path, inside: _Draft, work: _Work) -> None:
        inside.operators += 1
        inside.tell(node, self._told)
        self._wire(node, inside, inside)
        for block in node.blocks:
            for value in block.inputs:
                self._source[value.number] = inside
            self._work.append(_Work(block, work.group, path, inside, inside=inside))

    def _control(self, node: Node, path: Path, outer: _Group) -> None:
        """An If, a Loop, or whatever else has blocks (3)."""
        lines = self._loop_lines(node) if node.kind == LOOP else list(lines_of(node, self._known, ".".join(path)))
        lines[0] = lines[0].lower()
        head = self._draft("control", lines)
        head.be(node, self._told)
        group = _Group("control", lines[0])
        outer.members.append(group)
        group.members.append(head)
        loops = node.kind == LOOP
        end = head if loops or not node.outputs else self._draft("end", [f"end {lines[0]}"])
        words = BLOCKS.get(node.kind, ())
        for number, block in enumerate(node.blocks):
            word = words[number] if number < len(words) else f"block {number}"
            inner = _Group("block", word)
            group.members.append(inner)
            for value in block.inputs:
                self._source[value.number] = head
            self._work.append(_Work(block, inner, path, end, word, head))
        if end is not head:
            group.members.append(end)
            self._follow(head, end)
        self._wire(node, head, end)

    def _loop_lines(self, node: Node) -> list[str]:
        """What is known of a loop's bound, of its first condition, and of what it starts with."""
        texts = [known.text if (known := self._known.get(value.number)) else None for value in node.inputs]
        bound = [f"{texts[0]} times"] if texts[0] not in {None, FOREVER} else []
        entered = [f"if {texts[1]}"] if texts[1] not in {None, "True"} else []
        return ["loop", *bound, *entered, *(shortened(text) for text in texts[2:] if text is not None)]

    def _wire(self, node: Node, into: _Draft, out: _Draft) -> None:
        """Edges for what a node takes, and where what it defines comes from."""
        for value in node.inputs:
            self._join(value, into, taker=node)
        for value in node.outputs:
            self._source[value.number] = out

    def _finish(self, work: _Work) -> None:
        """Where the values of a block go: to the end of its node, or back to the head of its loop."""
        loops = work.word == "body"
        for place, value in enumerate(work.block.outputs):
            folded = self._known.get(value.number)
            if folded is None:
                self._join(value, work.end, "back" if loops else "value", "" if loops else work.word)
            elif work.inside is None and not (loops and place == 0 and folded.text == "True"):
                text = shortened(folded.text)
                work.end.lines.append(f"{work.word}: {text}" if work.word else text)

    def _join(
        self, value: Value, target: _Draft, kind: str = "value", word: str = "", taker: Node | None = None
    ) -> None:
        """An edge for a value, one however often it is taken. `word` names the block that hands it on."""
        source = self._source.get(value.number)
        key = (-1 if source is None else source.number, target.number, value.number, word)
        if source is None or (source is target and target.kind == "module") or key in self._edges:
            return
        known = self._told.value(value)
        type = known or short(value.type.ir)
        label = f"{word} {type if value.name.isdecimal() else f'{value.name}: {type}'}".lstrip()
        hint = f"%{value.name} : {value.type.ir}{f' = {known}' if known else ''}"
        tone = self._told.edge_tone(value, taker)
        self._edges[key] = Edge(source.number, target.number, label, hint, kind, value.name, (), tone)

    def _follow(self, before: _Draft, after: _Draft) -> None:
        self._edges[before.number, after.number, -1, ""] = Edge(before.number, after.number, "", kind="order")


def short(type: str) -> str:
    """A type with the names of classes alone: `List[Net]` for `List[__torch__.net.Net]`."""
    return _QUALIFIER.sub("", type) if "__torch__" in type else type


def _frozen(members: Sequence[_Draft | _Group]) -> tuple[Box | Cluster, ...]:
    """The finished boxes and clusters, innermost first and without recursion, for blocks lie as deep as they like."""
    done: dict[int, Cluster] = {}
    order: list[_Group] = [member for member in members if isinstance(member, _Group)]
    for group in order:
        order += [member for member in group.members if isinstance(member, _Group)]
    for group in reversed(order):
        done[id(group)] = Cluster(group.kind, group.title, _sealed(group.members, done), group.path)
    return _sealed(members, done)


def _sealed(members: Sequence[_Draft | _Group], done: dict[int, Cluster]) -> tuple[Box | Cluster, ...]:
    return tuple(done.pop(id(member)) if isinstance(member, _Group) else _box(member) for member in members)


def _box(draft: _Draft) -> Box:
    operators = draft.operators
    lines = [*draft.lines, counted(operators)] if draft.kind == "module" else draft.lines
    tones = [tone for tone in draft.tones if tone]
    alike = len(draft.tones) == 1 or (draft.kind != "module" and tones)
    tone = (tones[0] if alike else "changed") if tones else ""
    marks, badges = tuple(draft.marks), tuple(draft.badges)
    told = (draft.schema, draft.place, draft.text, draft.path)
    return Box(draft.number, draft.kind, tuple(lines), *told, marks, badges, tone, operators)


def counted(operators: int) -> str:
    """A number of operators in words."""
    return f"{operators:,} operators" if operators != 1 else "1 operator"

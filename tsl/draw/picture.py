"""Picture: boxes in clusters and edges between boxes, and what is painted on them.

Definitions:
1. A *box* stands for an input, an operator, the head or the end of a block construct, a folded module or part, a
   statement of Python, or what is returned. `lines` are its title and then what it takes that has no box of its own.
2. A *cluster* holds boxes and clusters, in order. Its kind is `module`, `control` (a whole If or Loop), `block`,
   `repeat` (some members that stand for several rounds of the like) or `fusion` (what a backend runs as one kernel).
3. An *edge* is a value on its way. Its kind is `value`, `back` where a loop carries it into its next round, or `order`,
   which is not drawn and says only that one box comes before another. In a picture of source it is control: `flow`.
4. A *mark* is a finding as it is shown on a box.
5. A *badge* is a word or two on a box, a cluster or an edge, of a kind: what is repeated, folded, moved, waited for.
6. A *tone* is why something is painted, one of TONES or nothing; how that looks is the business of the forms of output.
   The tone of a box that has none is the severity of its gravest mark.
7. *Notes* are sentences about the whole picture: what was left out, folded, or is not known.

Needs nothing. It will never know a graph, a color or a form of output.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.record import Record

BOXES = ("input", "operator", "control", "end", "module", "part", "statement", "output")
CLUSTERS = ("module", "control", "block", "repeat", "fusion")
EDGES = ("value", "back", "order", "flow")
BADGES = ("repeat", "folded", "transfer", "sync", "fusion", "diff")
TONES = ("added", "removed", "changed", "error", "warning", "info", "transfer", "sync", "lost", "solid")
SEVERITIES = ("error", "warning", "info")


class Badge(Record):
    """A word or two on something (5)."""

    kind: str
    text: str


class Mark(Record):
    """A finding on a box (4): its code, the name of its rule, its severity as a word, and its message.

    `place` is where it was found in the source, as `path:line`, and `text` that line; each is empty where not known.
    """

    code: str
    rule: str
    severity: str
    message: str
    place: str = ""
    text: str = ""


class Box(Record):
    """A box (1). `number` is its own in the picture, from 0.

    `schema` is that of an operator; `place` where it comes from, as `path:line`; `text` that line of the source; `path`
    that of the module it stands for. `operators` is how many a folded one stands for.
    """

    number: int
    kind: str
    lines: tuple[str, ...]
    schema: str = ""
    place: str = ""
    text: str = ""
    path: str = ""
    marks: tuple[Mark, ...] = ()
    badges: tuple[Badge, ...] = ()
    tone: str = ""
    operators: int = 1

    @property
    def painted(self) -> str:
        """Its tone (6)."""
        severities = {mark.severity for mark in self.marks}
        return self.tone or next((severity for severity in SEVERITIES if severity in severities), "")


class Cluster(Record):
    """A cluster (2). `path` is that of a module."""

    kind: str
    title: str
    members: tuple[Box | Cluster, ...]
    path: str = ""
    badges: tuple[Badge, ...] = ()
    tone: str = ""


class Edge(Record):
    """An edge (3), by the numbers of the boxes it leads from and to.

    `label` is what is written on it, `hint` what a reader is told who points at it, `value` the name of the value.
    """

    source: int
    target: int
    label: str
    hint: str = ""
    kind: str = "value"
    value: str = ""
    badges: tuple[Badge, ...] = ()
    tone: str = ""


class Picture(Record):
    """A whole picture. `notes` are (7)."""

    title: str
    members: tuple[Box | Cluster, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()

    def boxes(self) -> Iterator[Box]:
        """All boxes, in the order they lie in, however deep."""
        open_ones = [iter(self.members)]
        while open_ones:
            member = next(open_ones[-1], None)
            if member is None:
                open_ones.pop()
            elif isinstance(member, Box):
                yield member
            else:
                open_ones.append(iter(member.members))

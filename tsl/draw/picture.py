"""Picture: boxes in clusters and edges between boxes.

Definitions:
1. A *box* stands for an input, an operator, the head or the end of a block construct, a folded module, or what is
   returned. `lines` are its title and then what it takes that has no box of its own.
2. A *cluster* holds boxes and clusters, in order. Its kind is `module`, `control` (a whole If or Loop) or `block`.
3. An *edge* is a value on its way. Its kind is `value`, `back` where a loop carries it into its next round, or `order`,
   which is not drawn and says only that one box comes before another.
4. A *mark* is a finding as it is shown on a box.

Needs nothing. It will never know a graph or a form of output.
"""

from __future__ import annotations

from tsl.record import Record

BOXES = ("input", "operator", "control", "end", "module", "output")
CLUSTERS = ("module", "control", "block")
EDGES = ("value", "back", "order")


class Mark(Record):
    """A finding on a box (4): its code, the name of its rule, its severity as a word, and its message."""

    code: str
    rule: str
    severity: str
    message: str


class Box(Record):
    """A box (1). `number` is its own in the picture, from 0."""

    number: int
    kind: str
    lines: tuple[str, ...]
    hint: str = ""
    marks: tuple[Mark, ...] = ()


class Cluster(Record):
    """A cluster (2)."""

    kind: str
    title: str
    members: tuple[Box | Cluster, ...]
    hint: str = ""


class Edge(Record):
    """An edge (3), by the numbers of the boxes it leads from and to."""

    source: int
    target: int
    label: str
    hint: str = ""
    kind: str = "value"


class Picture(Record):
    """A whole picture."""

    title: str
    members: tuple[Box | Cluster, ...]
    edges: tuple[Edge, ...]

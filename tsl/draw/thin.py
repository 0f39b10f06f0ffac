"""What is written on the edges of a picture, so that it can be read and laid out.

Definitions:
1. A label that says only that a value is a tensor says nothing: it is left out. So is one that another edge from the
   same box says already.
2. Beyond MOST edges with a label, or a strain of TIGHT, only those keep theirs that something is painted on. Graphviz
   makes a rank of its own for labels: with a thousand of them it needs ten times as long (measured).

The hint of an edge keeps all. Linear in the size of the picture. It will never take an edge away.
"""

from __future__ import annotations

from tsl.draw.picture import Edge, Picture
from tsl.draw.repeats import type_of
from tsl.draw.strain import strain

MOST, TIGHT = 160, 1_500


def thinned(picture: Picture) -> Picture:
    """The picture with fewer labels (1, 2), and a note where they are only hinted at."""
    told: set[tuple[int, str]] = set()
    edges = [_unless_said(edge, told) for edge in picture.edges]
    if sum(1 for edge in edges if edge.label) <= MOST and strain(picture) <= TIGHT:
        return picture._replace(edges=tuple(edges))
    edges = [edge if edge.tone or edge.badges else edge._replace(label="") for edge in edges]
    notes = (*picture.notes, "too many edges to write on: what flows along one is told by pointing at it")
    return picture._replace(edges=tuple(edges), notes=notes)


def _unless_said(edge: Edge, told: set[tuple[int, str]]) -> Edge:
    key = (edge.source, edge.label)
    if type_of(edge) == "Tensor" or key in told:
        return edge._replace(label="")
    told.add(key)
    return edge

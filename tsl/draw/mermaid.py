"""A picture as Mermaid, the language of diagrams in comments and files of GitHub and GitLab.

Definitions:
1. GitHub draws a diagram of at most CHARACTERS and EDGES (the defaults of the npm package `mermaid`, maxTextSize and
   maxEdges). A picture that is over is fitted to fewer boxes, and again, until it is not.
2. Every text is a quoted string in which what Mermaid or HTML would read is written as `#code;` by its number.
3. Colors come as classes by kind and tone, in the light ones: GitHub's dark theme draws the boxes on dark paper.

Linear in the size of the picture. Needs pictures alone. It will never lay out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsl.draw.dot import lines_on, title_on
from tsl.draw.fit import fitted
from tsl.draw.look import BOX, CLUSTER, TONE, Paint, light
from tsl.draw.picture import Box, Cluster, Edge, Picture
from tsl.draw.thin import thinned

CHARACTERS, EDGES = 50_000, 500
ROOM = 0.96  # of the characters: GitHub counts a fence's own as well
MOST, LEAST = 120, 6  # boxes to try first, and at last
DEEPEST = 24  # clusters in each other that are indented
SHAPES = {"input": ("([", "])"), "output": ("([", "])"), "control": ("{{", "}}"), "module": ("[[", "]]")}
ARROWS = {"value": "-->", "flow": "-->", "back": "-.->"}
_PLAIN = frozenset(" .,:_/+=-()[]\N{MULTIPLICATION SIGN}\N{RIGHTWARDS ARROW}\N{MINUS SIGN}\N{HORIZONTAL ELLIPSIS}")


def mermaid(picture: Picture) -> str:
    """The picture as a flowchart within the limits (1), ended by a newline."""
    most = MOST
    shown = picture
    text = _text(shown)
    while (len(text) > ROOM * CHARACTERS or _count(shown) > EDGES) and most >= LEAST:
        shown = thinned(fitted(picture._replace(notes=()), most))
        text = _text(shown)
        most //= 2
    return text


def quoted(text: str) -> str:
    """A text as a quoted string (2)."""
    return '"' + "".join(sign if sign.isalnum() or sign in _PLAIN else _coded(sign) for sign in text) + '"'


def _coded(sign: str) -> str:
    return "<br/>" if sign == "\n" else f"#{ord(sign) if sign.isprintable() else 0xFFFD};"


def _count(picture: Picture) -> int:
    return sum(1 for edge in picture.edges if edge.kind != "order")


def _text(picture: Picture) -> str:
    return "".join(f"{line}\n" for line in _lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    yield "flowchart TB"
    yield from (f"  %% {_comment(line)}" for line in (picture.title, *picture.notes))
    if picture.notes:
        yield f"  notes[{quoted(chr(10).join(picture.notes))}]:::note"
    classes: dict[str, Paint] = {}
    yield from _members(picture.members, classes)
    edges = [edge for edge in picture.edges if edge.kind != "order"]
    yield from map(_edge, edges)
    for name, paint in classes.items():
        yield f"  classDef {name} {_painted(paint)}"
    yield f"  classDef note fill:none,stroke:none,color:{light('muted')}"
    for tone in dict.fromkeys(edge.tone for edge in edges if edge.tone):
        numbers = ",".join(str(number) for number, edge in enumerate(edges) if edge.tone == tone)
        yield f"  linkStyle {numbers} stroke:{light(TONE[tone].line)},stroke-width:2px"


def _comment(text: str) -> str:
    return "".join(sign if sign.isprintable() and sign not in "{}%" else " " for sign in text)


def _members(members: Sequence[Box | Cluster], classes: dict[str, Paint]) -> Iterator[str]:
    number = 0
    open_ones = [iter(members)]
    while open_ones:
        indent = "  " * min(len(open_ones), DEEPEST)
        member = next(open_ones[-1], None)
        if member is None:
            open_ones.pop()
            if open_ones:
                yield f"{'  ' * min(len(open_ones), DEEPEST)}end"
        elif isinstance(member, Box):
            yield f"{indent}{_box(member, classes)}"
        elif member.members:  # an empty one has no place in Mermaid
            yield f"{indent}subgraph c{number} [{quoted(title_on(member) or ' ')}]"
            yield f"{indent}  class c{number} {_class(member.tone or f'in_{member.kind}', member, classes)}"
            number += 1
            open_ones.append(iter(member.members))


def _box(box: Box, classes: dict[str, Paint]) -> str:
    left, right = SHAPES.get(box.kind, ("[", "]"))
    name = box.painted or box.kind
    classes[f"is_{name}"] = TONE.get(box.painted, BOX[box.kind][1])
    return f"n{box.number}{left}{quoted(chr(10).join(lines_on(box)))}{right}:::is_{name}"


def _class(name: str, cluster: Cluster, classes: dict[str, Paint]) -> str:
    classes[name] = TONE.get(cluster.tone, CLUSTER[cluster.kind])
    return name


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.tone in {"lost", "removed"} else ARROWS[edge.kind]
    text = "\n".join(filter(None, [edge.label, *(badge.text for badge in edge.badges)]))
    return f"  n{edge.source} {arrow}{f'|{quoted(text)}|' if text else ''} n{edge.target}"


def _painted(paint: Paint) -> str:
    dashes = {"dashed": ",stroke-dasharray:6 4", "dotted": ",stroke-dasharray:2 3"}.get(paint.style, "")
    fill, line, ink = light(paint.fill), light(paint.line), light("ink")
    return f"fill:{fill},stroke:{line},color:{ink},stroke-width:{paint.width:g}px{dashes}"

"""A Picture as DOT, the language of Graphviz.

1. Every text is a quoted string, so that none is taken for HTML or for a keyword; names are ASCII and ours.
2. In a quoted string Graphviz reads backslashes as escapes and `&name;` as a character: both are written so that the
   text comes out as it is. Control characters and half surrogates are shown by stand-ins.
3. Output is linear in the size of the picture and the same bytes for the same picture.

The package `graphviz` of PyPI is not needed for this: it makes the same strings, leaves `&` to its user, and is there
to start `dot`, which `render` does in a few lines. Needs nothing but pictures. It will never lay anything out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tsl.draw.look import BOX, CLUSTER, EDGE, SIGNS, TONE, Paint, light
from tsl.draw.picture import Badge, Box, Cluster, Edge, Mark, Picture

Attributes = Mapping[str, str]

FONT = "Helvetica,Arial,sans-serif"
GRAPH: Attributes = {
    "rankdir": "TB",
    "bgcolor": light("paper"),
    "fontname": FONT,
    "fontsize": "11",
    "fontcolor": light("ink"),
    "labeljust": "l",
    "newrank": "true",
}
NODE: Attributes = {
    "style": "filled",
    "fontname": FONT,
    "fontsize": "10",
    "fontcolor": light("ink"),
    "height": "0.3",
    "margin": "0.16,0.06",
}
LINE: Attributes = {
    "fontcolor": light("muted"),
    "fontname": FONT,
    "fontsize": "8",
    "arrowsize": "0.7",
}
UNDRAWN: Attributes = {"style": "invis"}
DEEPEST = 32  # clusters within each other that are indented; further ones would make the text grow with the square

_UNSHOWABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("&"): "&amp;", ord("\n"): "\\n"}
_LEFT = {**_ESCAPES, ord("\n"): "\\l"}


class Left(str):
    """A text whose lines, each ended by a line break, begin at the left and not in the middle."""

    __slots__ = ()


def dot(picture: Picture) -> str:
    """The picture as one `digraph`, ended by a newline."""
    return "".join(f"{line}\n" for line in _lines(picture))


def quoted(text: str) -> str:
    """A text as a quoted string that is shown as the text (1, 2)."""
    escapes = _LEFT if isinstance(text, Left) else _ESCAPES
    return f'"{_UNSHOWABLE.sub(_stand_in, text).translate(escapes)}"'


def _stand_in(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"digraph {quoted(picture.title)} {{"
    title = "\n".join([picture.title, *picture.notes])
    yield f"  graph {_attributes({**GRAPH, 'label': title, 'labelloc': 't', 'tooltip': picture.title})};"
    yield f"  node {_attributes(NODE)};"
    yield f"  edge {_attributes(LINE)};"
    yield from _members(picture.members)
    for number, edge in enumerate(picture.edges):
        yield f"  n{edge.source} -> n{edge.target} {_attributes(_edge(number, edge))};"
    yield "}"


def _members(members: Sequence[Box | Cluster]) -> Iterator[str]:
    """The boxes and clusters, however deep they lie, with clusters numbered in the order they come in."""
    number = 0
    open_ones = [iter(members)]
    while open_ones:
        indent = "  " * min(len(open_ones), DEEPEST)
        member = next(open_ones[-1], None)
        if member is None:
            open_ones.pop()
            if open_ones:
                yield f"{'  ' * min(len(open_ones), DEEPEST)}}}"
        elif isinstance(member, Box):
            yield f"{indent}n{member.number} {_attributes(_box(member))};"
        else:
            yield f"{indent}subgraph cluster_{number} {{"
            yield f"{indent}  graph {_attributes(_cluster(number, member))};"
            number += 1
            open_ones.append(iter(member.members))


def _box(box: Box) -> Attributes:
    tone = box.painted
    shape, paint = BOX[box.kind]
    lines = lines_on(box)
    told = [f"{mark.severity} {mark.code} {mark.rule}: {mark.message}" for mark in box.marks]
    hint = "\n".join([*filter(None, [box.path, box.schema, box.place, box.text]), *told]) or box.lines[0]
    styles = ["filled", *(["rounded"] if shape == "box" else [])]
    return {
        "id": f"n{box.number}",
        "class": f"{box.kind} {tone}".rstrip(),
        "label": Left("".join(f"{line}\n" for line in lines)) if box.kind == "statement" else "\n".join(lines),
        "tooltip": hint,
        "shape": shape,
        **_painted(TONE.get(tone, paint), styles),
    }


def _cluster(number: int, cluster: Cluster) -> Attributes:
    paint = TONE.get(cluster.tone, CLUSTER[cluster.kind])
    styles = ["filled", "rounded"] if cluster.kind in {"module", "repeat", "fusion"} else ["filled"]
    return {
        "id": f"c{number}",
        "class": f"{cluster.kind} {cluster.tone}".rstrip(),
        "label": title_on(cluster),
        "tooltip": cluster.path or cluster.title,
        "fontcolor": light(paint.line if cluster.kind != "module" or cluster.tone else "ink"),
        **_painted(paint, styles),
    }


def _edge(number: int, edge: Edge) -> Attributes:
    if edge.kind == "order":
        return UNDRAWN
    paint = TONE.get(edge.tone, EDGE[edge.kind])
    label = "\n".join(filter(None, [edge.label, *_badges(edge.badges)]))
    return {
        "id": f"e{number}",
        "class": f"{edge.kind} {edge.tone}".rstrip(),
        "label": label,
        "tooltip": edge.hint or edge.label,
        "color": light(paint.line),
        **({"fontcolor": light(paint.line)} if edge.tone else {}),
        **({"penwidth": f"{paint.width:g}"} if paint.width != 1 else {}),
        **({"style": paint.style} if paint.style != "solid" else {}),
        **({"constraint": "false"} if edge.kind == "back" else {}),
    }


def _painted(paint: Paint, styles: Sequence[str]) -> Attributes:
    """How a box or a cluster is filled and framed."""
    styles = [*styles, *([paint.style] if paint.style != "solid" else [])]
    width = {"penwidth": f"{paint.width:g}"} if paint.width != 1 else {}
    return {"style": ",".join(styles), "fillcolor": light(paint.fill), "color": light(paint.line), **width}


def lines_on(box: Box) -> list[str]:
    """What is written in a box: its title with the sign of its tone, its lines, its badges, the codes on it."""
    title, *rest = box.lines
    return [SIGNS.get(box.tone, "") + title, *rest, *_badges(box.badges), *_codes(box.marks)]


def title_on(cluster: Cluster) -> str:
    """What is written on a cluster."""
    return SIGNS.get(cluster.tone, "") + " ".join(filter(None, [cluster.title, *_badges(cluster.badges)]))


def _badges(badges: Sequence[Badge]) -> list[str]:
    return [badge.text for badge in badges if badge.text]


def _codes(marks: Sequence[Mark]) -> list[str]:
    """A line for each rule that found something in a box: `TSL401 host-sync`, with a number where it is several."""
    times: dict[str, int] = {}
    for mark in marks:
        name = f"{mark.code} {mark.rule}"
        times[name] = times.get(name, 0) + 1
    return [name if count == 1 else f"{name} (x{count})" for name, count in times.items()]


def _attributes(attributes: Attributes) -> str:
    inner = ", ".join(f"{name}={quoted(value)}" for name, value in attributes.items())
    return f"[{inner}]"

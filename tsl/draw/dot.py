"""A Picture as DOT, the language of Graphviz.

1. Every text is a quoted string, so that none is taken for HTML or for a keyword; names are ASCII and ours.
2. In a quoted string Graphviz reads backslashes as escapes and `&name;` as a character: both are written so that the
   text comes out as it is. Control characters and half surrogates are shown by stand-ins.
3. Output is linear in the size of the picture and the same bytes for the same picture.

The package `graphviz` of PyPI is not needed for this: it makes the same strings, leaves `&` to its user, and is there
to start `dot`, which `tsl graph` never does. Needs nothing but pictures. It will never lay anything out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tsl.draw.picture import Box, Cluster, Edge, Mark, Picture

Attributes = Mapping[str, str]

GRAPH: Attributes = {"rankdir": "TB", "fontname": "Helvetica", "fontsize": "11", "labeljust": "l", "newrank": "true"}
NODE: Attributes = {
    "shape": "box",
    "style": "filled",
    "fillcolor": "#ffffff",
    "color": "#5f6b7a",
    "fontname": "Helvetica",
    "fontsize": "10",
}
EDGE: Attributes = {
    "color": "#5f6b7a",
    "fontcolor": "#5f6b7a",
    "fontname": "Helvetica",
    "fontsize": "8",
    "arrowsize": "0.7",
}
BOX: Mapping[str, Attributes] = {
    "input": {"shape": "ellipse", "fillcolor": "#e8f0fe"},
    "operator": {},
    "control": {"shape": "hexagon", "fillcolor": "#f3e8fd"},
    "end": {"shape": "box", "style": "filled,rounded", "fillcolor": "#f3e8fd"},
    "module": {"shape": "box3d", "fillcolor": "#eef2f6"},
    "output": {"shape": "ellipse", "fillcolor": "#e6f4ea"},
}
CLUSTER: Mapping[str, Attributes] = {
    "module": {"style": "filled,rounded", "fillcolor": "#0000000a", "color": "#9aa5b1"},
    "control": {"style": "dashed", "color": "#8e5cc4", "fontcolor": "#8e5cc4"},
    "block": {"style": "dotted", "color": "#8e5cc4", "fontcolor": "#8e5cc4"},
}
LINE: Mapping[str, Attributes] = {
    "value": {},
    "back": {"style": "dashed", "constraint": "false"},
    "order": {"style": "invis"},
}
SEVERITY: Mapping[str, Attributes] = {
    "error": {"fillcolor": "#ffd6d6", "color": "#c62828", "penwidth": "2"},
    "warning": {"fillcolor": "#ffefc2", "color": "#b26a00", "penwidth": "2"},
    "info": {"fillcolor": "#d6ecff", "color": "#0b63a8", "penwidth": "2"},
}
DEEPEST = 32  # clusters within each other that are indented; further ones would make the text grow with the square
GRAVEST = ("error", "warning", "info")

_UNSHOWABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("&"): "&amp;", ord("\n"): "\\n"}


def dot(picture: Picture) -> str:
    """The picture as one `digraph`, ended by a newline."""
    return "".join(f"{line}\n" for line in _lines(picture))


def quoted(text: str) -> str:
    """A text as a quoted string that is shown as the text (1, 2)."""
    return f'"{_UNSHOWABLE.sub(_stand_in, text).translate(_ESCAPES)}"'


def _stand_in(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def _lines(picture: Picture) -> Iterator[str]:
    yield f"digraph {quoted(picture.title)} {{"
    title = {"label": picture.title, "labelloc": "t", "tooltip": picture.title}
    yield f"  graph {_attributes({**GRAPH, **title})};"
    yield f"  node {_attributes(NODE)};"
    yield f"  edge {_attributes(EDGE)};"
    yield from _members(picture.members)
    yield from map(_edge, picture.edges)
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
            number += 1
            style = {**CLUSTER[member.kind], "label": member.title, "tooltip": member.hint or member.title}
            yield f"{indent}  graph {_attributes(style)};"
            open_ones.append(iter(member.members))


def _box(box: Box) -> Attributes:
    lines = [*box.lines, *_codes(box.marks)]
    style = BOX[box.kind]
    severities = {mark.severity for mark in box.marks}
    worst = next((severity for severity in GRAVEST if severity in severities), None)
    told = [f"{mark.severity} {mark.code} {mark.rule}: {mark.message}" for mark in box.marks]
    hint = "\n".join([*filter(None, [box.hint]), *told]) or box.lines[0]
    return {"label": "\n".join(lines), "tooltip": hint, **style, **(SEVERITY[worst] if worst else {})}


def _codes(marks: Sequence[Mark]) -> list[str]:
    """A line for each rule that found something in a box: `TSL401 host-sync`, with a number where it is several."""
    times: dict[str, int] = {}
    for mark in marks:
        name = f"{mark.code} {mark.rule}"
        times[name] = times.get(name, 0) + 1
    return [name if count == 1 else f"{name} (x{count})" for name, count in times.items()]


def _edge(edge: Edge) -> str:
    told = {"label": edge.label, "tooltip": edge.hint or edge.label} if edge.kind != "order" else {}
    return f"  n{edge.source} -> n{edge.target} {_attributes({**told, **LINE[edge.kind]})};"


def _attributes(attributes: Attributes) -> str:
    inner = ", ".join(f"{name}={quoted(value)}" for name, value in attributes.items())
    return f"[{inner}]"

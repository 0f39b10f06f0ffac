"""What Graphviz drew as SVG, with the colors of light and dark paper in a style sheet of its own.

Definitions:
1. Every role of `look` is a variable of CSS, by its name, with its light color; where the reader prefers dark, it has
   its dark one. A rule for each kind and tone says which roles it takes: rules go before the colors Graphviz wrote.
2. The first line of a box is its title; the others are muted, but those on painted boxes.
3. What Graphviz writes about itself (its version) is left out: the same picture is the same bytes.
4. What a reader is told who points at something is its `title`, as SVG has it; Graphviz makes links of it.

Needs the classes that `dot` gives. It will never lay out or start a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsl.draw.look import BOX, CLUSTER, EDGE, ROLES, TONE, Paint

SHAPES = ("polygon", "ellipse", "path", "polyline")
_COMMENT = re.compile(r"<!--.*?-->\n?", re.S)
_HEAD = re.compile(r"^.*?(?=<svg)", re.S)
_OPENING = re.compile(r"<svg[^>]*>", re.S)
_TOLD = re.compile(r'<title>[^<]*</title>\n<g id="a_[^"]*"><a xlink:title="([^"]*)">\n')
_LINK = re.compile(r'<g id="a_[^"]*"><a [^>]*>\n|</a>\n</g>\n')


def svg(drawn: bytes) -> str:
    """The SVG of Graphviz with a style sheet (1-4)."""
    return _OPENING.sub(lambda opening: f"{opening[0]}\n<style>\n{style(':root')}</style>", body(drawn), count=1)


def body(drawn: bytes) -> str:
    """The SVG of Graphviz without a style sheet, for a page that has one (3, 4)."""
    text = _COMMENT.sub("", _HEAD.sub("", drawn.decode("utf-8")))
    return _LINK.sub("", _TOLD.sub(r"<title>\1</title>\n", text))


def style(root: str) -> str:
    """The style sheet, with the variables on what a selector names."""
    return "".join(f"{line}\n" for line in _style(root))


def _style(root: str) -> Iterator[str]:
    yield f"{root} {{ {_variables(0)} }}"
    yield f"@media (prefers-color-scheme: dark) {{ {root} {{ {_variables(1)} }} }}"
    yield ".graph > polygon { fill: var(--paper); }"
    yield "text { fill: var(--ink); }"
    yield ".graph > text:first-of-type { font-weight: 600; }"
    yield ".graph > text ~ text { fill: var(--muted); }"
    yield ".node text { font-weight: 600; }"
    yield ".node text ~ text { fill: var(--muted); font-weight: 400; }"
    yield ".node.statement text { font-weight: 400; fill: var(--ink); }"
    yield ".edge text { fill: var(--muted); stroke: var(--paper); stroke-width: 3px; paint-order: stroke; }"
    for kind, (_, paint) in BOX.items():
        yield _filled(f".node.{kind}", paint)
    for kind, paint in CLUSTER.items():
        yield _filled(f".cluster.{kind}", paint)
        if kind != "module":
            yield f".cluster.{kind} > text {{ fill: var(--{paint.line}); }}"
    for kind, paint in EDGE.items():
        yield from _line(f".edge.{kind}", paint)
    for tone, paint in TONE.items():
        yield _filled(f".node.{tone}", paint)
        yield f".node.{tone} text ~ text {{ fill: var(--ink); }}"
        yield _filled(f".cluster.{tone}", paint)
        yield from _line(f".edge.{tone}", paint)
        yield f".edge.{tone} text {{ fill: var(--{paint.line}); }}"


def _variables(place: int) -> str:
    return " ".join(f"--{role}: {colors[place]};" for role, colors in ROLES.items())


def _filled(selector: str, paint: Paint) -> str:
    shapes = ", ".join(f"{selector} {shape}" for shape in SHAPES)
    return f"{shapes} {{ fill: var(--{paint.fill}); stroke: var(--{paint.line}); }}"


def _line(selector: str, paint: Paint) -> Iterator[str]:
    yield f"{selector} path {{ stroke: var(--{paint.line}); }}"
    yield f"{selector} polygon {{ fill: var(--{paint.line}); stroke: var(--{paint.line}); }}"

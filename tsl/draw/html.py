"""A picture as one HTML page: what Graphviz drew, with a script to move in it, search it, close and open it.

Definitions:
1. The page is whole: style, script, picture and the picture's parts as JSON are in it. A policy in its head forbids
   whatever would leave it.
2. The script (page/page.js) and the style (page/page.css) are files of this package, put in as they are. They know
   boxes, clusters and edges by the ids that `dot` gives: `n1`, `c1`, `e1`.
3. Text of the picture is in the page twice, as SVG that Graphviz escaped and as JSON in which no `<` stands.

Needs SVG. It will never lay out, load anything, or hold a word of another's script.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from tsl.draw.as_json import parts
from tsl.draw.picture import Picture
from tsl.draw.svg import body, style

DIRECTORY = Path(__file__).parent / "page"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'"
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<input id="search" type="search" placeholder="search: operator, module, value, rule ( / )" aria-label="search">
<span id="found" role="status"></span>
<span class="group"><button id="close" title="close all clusters">close all</button>
<button id="open" title="open all clusters">open all</button></span>
<span class="group"><button id="out" title="zoom out ( - )">&minus;</button>
<button id="in" title="zoom in ( + )">+</button>
<button id="fit" title="show all ( 0 )">fit</button></span>
<span id="count" role="status"></span>
</header>
<main>
<div id="picture">{svg}</div>
<aside id="told" aria-live="polite"></aside>
</main>
<script type="application/json" id="parts">{parts}</script>
<script>
{script}</script>
</body>
</html>
"""


def html(picture: Picture, drawn: bytes) -> str:
    """The page of a picture and of what Graphviz drew of it."""
    return PAGE.format(
        policy=escape(POLICY),
        title=escape(picture.title),
        style=style(":root") + _file("page.css"),
        svg=body(drawn),
        parts=json.dumps(parts(picture), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        script=_file("page.js"),
    )


def _file(name: str) -> str:
    return (DIRECTORY / name).read_text(encoding="utf-8")

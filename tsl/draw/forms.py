"""The forms a picture comes in, by name and by the end of a file's name.

Needs the forms themselves, each loaded when it is asked for. It will never write a file or change a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.draw.picture import Picture

FORMS = ("dot", "svg", "png", "pdf", "html", "mermaid", "json")
SUFFIXES: Mapping[str, str] = {
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".html": "html",
    ".mmd": "mermaid",
    ".json": "json",
}


def formed(picture: Picture, form: str) -> bytes:
    """The picture in a form. Raises RenderError where Graphviz is needed and cannot do it."""
    return _MAKERS[form](picture)


def _dot(picture: Picture) -> bytes:
    from tsl.draw.dot import dot

    return dot(picture).encode()


def _svg(picture: Picture) -> bytes:
    from tsl.draw.render import rendered
    from tsl.draw.svg import svg

    return svg(rendered(picture, "svg")).encode()


def _image(form: str) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        from tsl.draw.render import rendered

        return rendered(picture, form)

    return make


def _html(picture: Picture) -> bytes:
    from tsl.draw.html import html
    from tsl.draw.render import rendered

    return html(picture, rendered(picture, "svg")).encode()


def _mermaid(picture: Picture) -> bytes:
    from tsl.draw.mermaid import mermaid

    return mermaid(picture).encode()


def _json(picture: Picture) -> bytes:
    from tsl.draw.as_json import as_json

    return as_json(picture).encode()


_MAKERS: Mapping[str, Callable[[Picture], bytes]] = {
    "dot": _dot,
    "svg": _svg,
    "png": _image("png"),
    "pdf": _image("pdf"),
    "html": _html,
    "mermaid": _mermaid,
    "json": _json,
}

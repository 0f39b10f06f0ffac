"""Where a node comes from, as it is written in a picture.

Definitions:
1. A path in the working directory is written from there, one in an installation of packages from the package on, any
   other as it was recorded: no picture of a project names the machine that it was drawn on.

Needs recorded places. It will never open a file.
"""

from __future__ import annotations

import os
import re

from tsl.ir.graph import Frame, Node

_INSTALLED = re.compile(r".*[\\/](?:site|dist)-packages[\\/]", re.S)


def place_of(node: Node) -> Frame | None:
    """The recorded place of a node."""
    return node.source.place if node.source is not None else None


def written(frame: Frame | None) -> str:
    """A place as `path:line` (1), nothing where none was recorded."""
    return f"{from_here(frame.path)}:{frame.line}" if frame is not None else ""


def from_here(path: str) -> str:
    """A path as a picture has it (1)."""
    here = os.getcwd() + os.sep
    return _INSTALLED.sub("", path.removeprefix(here))

"""A picture as an image, laid out by Graphviz where `dot` is installed.

Definitions:
1. Graphviz is a program beside tsl and not a part of it: the first `dot` of PATH is started, with DOT on its standard
   input, and ended with its children when TIMEOUT is over.
2. Layouts of more than LARGE boxes are settled sooner: the search for short edges ends after as many rounds, which
   halves the time and is not seen.
3. The time that cairo writes into a PDF is the beginning of all: the same picture is the same bytes.

Needs `dot`. It will never hold a color, or change what is drawn.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from tsl.draw.dot import dot
from tsl.draw.picture import Picture

TIMEOUT = 60  # seconds
LARGE = 100
EPOCH = b"19700101000000"
SOONER = ("-Gnslimit=1", "-Gnslimit1=1", "-Gmclimit=0.3")
MISSING = "needs Graphviz, and there is no dot on PATH; install it (apt-get install graphviz), or write a .dot file"

_STAMP = re.compile(rb"(?<=/CreationDate \(D:)\d{14}")


class RenderError(Exception):
    """Graphviz is missing, failed, or took too long; says which."""


def rendered(picture: Picture, form: str) -> bytes:
    """The picture as `svg`, `png` or `pdf`. Raises RenderError."""
    program = shutil.which("dot")
    if program is None:
        raise RenderError(MISSING)
    large = sum(1 for _ in picture.boxes()) > LARGE
    command = [program, f"-T{form}", *(SOONER if large else ())]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        done = subprocess.run(
            command, input=dot(picture).encode(), capture_output=True, timeout=TIMEOUT, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise RenderError(f"Graphviz took more than {TIMEOUT} s; draw less with --depth, --focus or --limit") from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise RenderError(f"Graphviz failed: {said or f'exit code {done.returncode}'}")
    return _STAMP.sub(EPOCH, done.stdout) if form == "pdf" else done.stdout

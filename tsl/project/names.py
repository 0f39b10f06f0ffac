"""Names of files: the path users read, the module Python knows, the word for why a file cannot be had.

Needs nothing but `os`. It will never decide whether a file is read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence


def shown(path: str, start: str | None = None) -> str:
    """A path as users read it: relative to the working directory, with forward slashes."""
    try:
        relative = os.path.relpath(path, start)
    except ValueError:  # another drive of Windows
        relative = os.path.abspath(path)
    return relative.replace(os.sep, "/")


def reason(error: OSError) -> str:
    """Why the system refused, in lower case and without the path."""
    return (error.strerror or type(error).__name__).lower()


def module_name(path: str, sources: Sequence[str] = ()) -> str:
    """The dotted name of a file's module, counted from the innermost source directory it lies in.

    Outside all of them names are counted from the first directory above the file that has no `__init__.py`.
    `sources` are paths of directories.
    """
    stem = os.path.splitext(os.path.abspath(path))[0]
    prefixes = [os.path.join(os.path.abspath(source), "") for source in sources]
    root = max((prefix for prefix in prefixes if stem.startswith(prefix)), key=len, default="")
    dotted = stem[len(root or _package_root(stem)) :].replace(os.sep, ".")
    return dotted.removesuffix(".__init__")


def _package_root(stem: str) -> str:
    root = os.path.dirname(stem)
    while os.path.isfile(os.path.join(root, "__init__.py")) and root != os.path.dirname(root):
        root = os.path.dirname(root)
    return os.path.join(root, "")

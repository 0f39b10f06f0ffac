"""Writing a file whole or not at all.

Needs a directory it may write to. It will never leave half a file under the name that was asked for.
"""

from __future__ import annotations

import os


def write(path: str, data: bytes) -> None:
    """Puts bytes where a path says, by renaming a finished file over it; into a device or pipe they go directly.

    Raises OSError, and then leaves what was there.
    """
    if _is_stream(path):
        with open(path, "wb") as file:
            file.write(data)
        return
    target = os.path.realpath(path)
    unfinished = f"{target}.{os.getpid()}.tmp"
    try:
        with open(unfinished, "wb") as file:
            file.write(data)
        os.replace(unfinished, target)
    except OSError:
        _remove(unfinished)
        raise


def _is_stream(path: str) -> bool:
    """Whether a path is that of no regular file. `/dev/stdout` may lead to one, which the shell holds open."""
    if os.path.abspath(path).startswith("/dev/"):
        return True
    return os.path.exists(path) and not os.path.isfile(path)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        return  # it was never made

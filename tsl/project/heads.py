"""Which files a run takes for archives of models: by their endings, and by the bytes they begin with.

1. An *ending* of ENDINGS promises an archive. Three of them are other people's too: `.ts` is TypeScript, `.pth` a list
   of paths in site-packages, `.pt` a page template of Zope.
2. A file *begins as an archive* where its first bytes are those of a ZIP file, a pickle, a flatbuffer of PyTorch, or of
   the pointer that Git LFS leaves in a file's place.

Needs a path to look at. It reads a few bytes and will never say what kind of archive it is: `tsl.archive.kind` does.
"""

from __future__ import annotations

import os

ENDINGS = frozenset([".jit", ".pt", ".pt2", ".ptl", ".pth", ".ts"])
AMBIGUOUS = frozenset([".pth", ".ts"])
HEAD = 64  # bytes that are enough to tell
# A local header, an end record, a part of several; PROTO of pickle; a large file that git keeps elsewhere.
STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
POINTER = b"version https://git-lfs.github.com/spec/"
FLATBUFFERS = (b"PTMF", b"PTFL")  # at byte 4


def ending(path: str) -> str:
    """A path's ending in lower case, with its dot."""
    return os.path.splitext(path)[1].lower()


def starts_archive(head: bytes | None) -> bool:
    """Whether a file that begins so begins as an archive (2); None stands for one that may not be read."""
    return head is None or head.startswith((*STARTS, POINTER)) or head[4:8] in FLATBUFFERS


def head_of(path: str) -> bytes | None:
    """The first bytes of a file, none of one that is not there; None where it may not be read, as its reader says."""
    try:
        with open(path, "rb") as file:
            return file.read(HEAD)
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def is_archive(path: str, head: bytes | None) -> bool:
    """Whether a file that was named, or standard input under this name, goes the road of archives."""
    kind = ending(path)
    if kind in ENDINGS - AMBIGUOUS:
        return True
    return starts_archive(head) and (head is not None or kind in ENDINGS)

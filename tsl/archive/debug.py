"""Where a file's code comes from: the debug record beside it, read as data when somebody asks.

Definitions, which are PyTorch's (torch/csrc/jit/serialization/source_range_serialization.cpp):
1. A record is a list of *ranges*: each begins at a byte offset of the printed file, holds up to the next one's, and
   names a *source* and a start and an end in it.
2. A *source* is a text, by lines of a string table, the path it stands in and the number of its first line. For traced
   code the text is a Python stack, innermost frame first: `path(line): function`.
3. An offset's *place* is the stack of its range: one frame for scripted code, all recorded ones for traced code; none
   for a range whose source is empty.

A record that is not of this form gives no places. It will never open a file that a record names.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from struct import error as StructError  # noqa: N812
from typing import Any

from tsl.archive.dialect import TORCHSCRIPT
from tsl.archive.limits import OPCODES
from tsl.archive.machine import Machine, Refusal
from tsl.archive.opcodes import actions
from tsl.archive.values import Typed

Place = tuple[tuple[str, int, int, str], ...]

_TABLE = "FORMAT_WITH_STRING_TABLE"
_FRAME = re.compile(r"(.*)\((\d+)\): (.*)")
_FUNCTION = re.compile(r"\s*(?:@.*\n\s*)*def\s+(\w+)")


class Debug:
    """The record of one file, of its bytes."""

    __slots__ = ("_ranges", "_sources", "_starts", "_strings")

    def __init__(self, data: bytes) -> None:
        self._starts: list[int] = []
        self._ranges: list[Any] = []
        self._strings: tuple[Any, ...] | None = None
        self._sources: dict[int, tuple[str, list[str], int] | None] = {}
        if data:
            self._read(data)

    def _read(self, data: bytes) -> None:
        held = _value(data)
        if isinstance(held, tuple | list) and len(held) == 3 and held[0] == _TABLE:
            self._strings, held = bare(held[1]), bare(held[2])
        if not isinstance(held, tuple | list):
            return
        for entry in held:
            if isinstance(entry, tuple) and len(entry) >= 2 and isinstance(entry[0], int):
                self._starts.append(entry[0])
                self._ranges.append(entry[1])
        if any(one > other for one, other in zip(self._starts, self._starts[1:], strict=False)):
            order = sorted(range(len(self._starts)), key=self._starts.__getitem__)
            self._starts = [self._starts[place] for place in order]
            self._ranges = [self._ranges[place] for place in order]

    def place(self, offset: int) -> Place:
        """The place (3) of a byte offset: frames of (path, line, column from 1, function), innermost first."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return ()
        match self._ranges[index]:
            case (source, int(start), int(_)):
                return self._frames(source, start)
        return ()

    def texts(self) -> Iterator[tuple[str, int, str]]:
        """The texts (2) that are code: each with the path it stands in and the number of its first line."""
        told = set()
        for held in self._ranges:
            read = self._known(held[0]) if isinstance(held, tuple) and held else None
            if read is None or not read[0] or all(map(_FRAME.fullmatch, filter(None, read[1]))):
                continue
            text = (read[0], read[2], "\n".join(read[1]))
            if text not in told:
                told.add(text)
                yield text

    def _known(self, source: Any) -> tuple[str, list[str], int] | None:
        key = id(source)
        if key not in self._sources:
            self._sources[key] = self._source(source)
        return self._sources[key]

    def _frames(self, source: Any, start: int) -> Place:
        read = self._known(source)
        if read is None:
            return ()
        path, lines, first = read
        frames = [_FRAME.fullmatch(line) for line in lines if line] if start == 0 else [None]
        if frames and all(frames):
            return tuple((frame[1], int(frame[2]), 1, frame[3]) for frame in frames if frame)
        if not path:
            return ()
        text = "\n".join(lines)
        before = text.encode("utf-8", "replace")[:start]
        function = _FUNCTION.match(text)
        line = before.count(b"\n")
        return ((path, first + line, start - before.rfind(b"\n"), function[1] if function else ""),)

    def _source(self, source: Any) -> tuple[str, list[str], int] | None:
        """The path of a source (2), its lines and the number of the first."""
        match source:
            case (text, path, int(first)) if self._strings is None and isinstance(text, str):
                return (path if isinstance(path, str) else "", text.split("\n"), first) if text else None
            case (list(parts) | tuple(parts), path, int(first)) if self._strings is not None:
                text = "".join(map(self._string, parts))
                return (self._string(path), text.split("\n"), first) if text else None
        return None

    def _string(self, index: Any) -> str:
        strings = self._strings or ()
        found = strings[index] if isinstance(index, int) and 0 <= index < len(strings) else ""
        return found if isinstance(found, str) else ""


def _value(data: bytes) -> Any:
    """The value of a record's pickle. A record names each source many times over, and is never walked as a whole: what
    it would unfold to is no matter here. A problem with a pickle that is no code is nobody's finding.
    """
    machine = Machine(data, TORCHSCRIPT)
    table = actions(TORCHSCRIPT.opcodes)
    at = 0
    try:
        for _ in range(OPCODES):
            at = table[data[at]](machine, at + 1)
            if at < 0:
                return machine.stack[-1] if machine.stack else None
    except (Refusal, StructError, LookupError):
        return None
    return None


def bare(value: Any) -> Any:
    """A container without the type that a pickle may name for it."""
    return value.value if isinstance(value, Typed) else value

"""The stack machine that a pickle is a program for: its state, what is wrong with it, and how its arguments are read.

Needs `dialect` and `limits`. It will never hold a function to call: `opcodes` has what each opcode does, to data
alone.
"""

from __future__ import annotations

from struct import unpack_from
from typing import Any

from tsl.archive.dialect import Dialect
from tsl.archive.limits import GLOBALS, LINE_BYTES, MARKS, PROBLEMS, STRING_BYTES
from tsl.archive.values import Unresolved
from tsl.record import Record


class Problem(Record):
    """Something wrong in a pickle: its name, the offset it was met at, and a sentence without its subject.

    `member` is the pickle's name in its archive, where that is known.
    """

    name: str
    offset: int
    message: str
    member: str = ""


class Refusal(Exception):
    """The program cannot go on; `pickle.read_pickle` makes a Problem of it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


class Machine:
    """A machine about to run: `here` is the offset of the opcode it is at, `outer` the stacks under open marks."""

    __slots__ = ("data", "dialect", "globals", "here", "memo", "outer", "problems", "stack", "strange")

    def __init__(self, data: bytes, dialect: Dialect) -> None:
        self.data, self.dialect, self.here = data, dialect, 0
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.globals: dict[str, Unresolved] = {}
        self.problems: list[Problem] = []
        self.strange: set[str] = set()

    def problem(self, name: str, offset: int, message: str) -> None:
        """Notes a problem; beyond a number of them only that there are more."""
        if len(self.problems) < PROBLEMS:
            self.problems.append(Problem(name, offset, message))

    def end(self, name: str, message: str) -> None:
        """Notes the problem that ends the program, however many there are."""
        self.problems.append(Problem(name, self.here, message))

    def once(self, name: str, subject: str, message: str) -> None:
        """Notes a problem at this opcode, the first time its subject is met."""
        if subject not in self.strange and len(self.strange) < PROBLEMS:
            self.strange.add(subject)
            self.problem(name, self.here, message)

    def named(self, module: str, name: str) -> Unresolved:
        """The global of a module, noted; one and the same object each time it is asked for."""
        dotted = f"{module}.{name}"
        found = self.globals.get(dotted)
        if found is None:
            if len(self.globals) >= GLOBALS:
                raise Refusal("globals", f"asks for more than {GLOBALS:,} names")
            found = self.globals[dotted] = Unresolved(dotted)
            if not self.dialect.knows(dotted):
                self.problem(
                    "foreign-global", self.here, f"asks for {dotted}, which {self.dialect.title} has no need of"
                )
        return found

    def mark(self) -> None:
        """Opens a mark: what comes is kept apart until it is closed."""
        if len(self.outer) >= MARKS:
            raise Refusal("marks", f"opens more than {MARKS:,} marks")
        self.outer.append(self.stack)
        self.stack = []

    def close(self) -> list[Any]:
        """What came since the last mark, which is closed."""
        items, self.stack = self.stack, self.outer.pop()
        return items

    def line(self, at: int) -> tuple[bytes, int]:
        """The bytes up to a line feed, and the offset after it; bytes as they stand, a blank is a blank."""
        end = self.data.find(b"\n", at, at + LINE_BYTES)
        if end >= 0:
            return self.data[at:end], end + 1
        if len(self.data) - at < LINE_BYTES:
            raise Refusal("truncated", "ends before STOP")
        raise Refusal("line", f"has an argument line of more than {LINE_BYTES:,} bytes")

    def counted(self, at: int, form: str, width: int) -> tuple[bytes, int]:
        """The bytes after a count of a struct form that fills a width, and the offset after them."""
        count: int = unpack_from(form, self.data, at)[0]
        at += width
        if count < 0 or count > STRING_BYTES:
            raise Refusal("string", f"asks for a string of {count:,} bytes; the limit is {STRING_BYTES:,}")
        if at + count > len(self.data):
            raise Refusal("truncated", "ends before STOP")
        return self.data[at : at + count], at + count


def text_of(data: bytes) -> str:
    """The text of bytes that should be UTF-8; what is not stays visible as a backslash and its number."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace")

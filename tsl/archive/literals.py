"""The opcodes of a pickle that push a constant, a number or a string. `opcodes` has the others, and the table of all.

An action takes the machine and the offset of the opcode's argument, and returns the offset of the next opcode. Needs
`machine` and `limits`. It will never decide whether an opcode may be there.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from
from typing import Any

from tsl.archive.limits import LONG_BYTES
from tsl.archive.machine import Machine, Refusal, text_of

Action = Callable[[Machine, int], int]


def constant(value: Any) -> Action:
    def push(machine: Machine, at: int) -> int:
        machine.stack.append(value)
        return at

    return push


def empty(kind: Callable[[], Any]) -> Action:
    def push(machine: Machine, at: int) -> int:
        machine.stack.append(kind())
        return at

    return push


def binint1(machine: Machine, at: int) -> int:
    machine.stack.append(machine.data[at])
    return at + 1


def binint2(machine: Machine, at: int) -> int:
    machine.stack.append(machine.data[at] | machine.data[at + 1] << 8)
    return at + 2


def binint(machine: Machine, at: int) -> int:
    machine.stack.append(unpack_from("<i", machine.data, at)[0])
    return at + 4


def binfloat(machine: Machine, at: int) -> int:
    machine.stack.append(unpack_from(">d", machine.data, at)[0])
    return at + 8


def long(form: str, width: int) -> Action:
    def push(machine: Machine, at: int) -> int:
        count: int = unpack_from(form, machine.data, at)[0]
        at += width
        if not 0 <= count <= LONG_BYTES:
            raise Refusal("integer", f"asks for an integer of {count:,} bytes; the limit is {LONG_BYTES}")
        if at + count > len(machine.data):
            raise Refusal("truncated", "ends before STOP")
        machine.stack.append(int.from_bytes(machine.data[at : at + count], "little", signed=True))
        return at + count

    return push


def written(kind: Callable[[str], Any]) -> Action:
    """A number in letters, on a line of its own."""

    def push(machine: Machine, at: int) -> int:
        line, at = machine.line(at)
        if len(line) > 40:
            raise Refusal("number", f"writes a number in {len(line)} letters")
        try:
            machine.stack.append(kind(line.decode("ascii").rstrip("L")))
        except ValueError:
            raise Refusal("number", "writes something else where a number must be") from None
        return at

    return push


def integer(text: str) -> int | bool:
    return text == "01" if text in ("00", "01") else int(text)


def binunicode(machine: Machine, at: int) -> int:
    data = machine.data
    start = at + 4
    end = start + int.from_bytes(data[at:start], "little")
    if end > len(data) or end - start > 65_535:
        found, end = machine.counted(at, "<I", 4)
        machine.stack.append(text_of(found))
        return end
    machine.stack.append(text_of(data[start:end]))
    return end


def counted_string(form: str, width: int, *, text: bool) -> Action:
    def push(machine: Machine, at: int) -> int:
        found, at = machine.counted(at, form, width)
        machine.stack.append(text_of(found) if text else found)
        return at

    return push


def line_of_text(machine: Machine, at: int) -> int:
    line, at = machine.line(at)
    machine.stack.append(text_of(line))
    return at

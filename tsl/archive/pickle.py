"""Pickles read as data: an opcode loop over what PyTorch writes, with nothing looked up and nothing called.

Definitions:
1. A *pickle* is a program for a stack machine; its value is what lies on top of the stack at STOP.
2. A *global* is a name that the program asks a module for. It stands for itself here, dotted, as `values.Unresolved`;
   calling one (REDUCE, NEWOBJ, ...) makes a value of `values` where `builders` knows the name, else another
   Unresolved.
3. A *dialect* is what a writer is known to write: its protocol, opcodes and globals. Whatever else turns up is a
   problem with a name, and reading goes on as long as the machine can; a program that breaks off keeps what was seen
   before.

The problems, by name: `protocol`, `opcode` (not of the dialect), `unknown-opcode`, `foreign-global`, `extension`,
`persistent-id`, `truncated`, `stack`, `memo`, `memo-index`, `marks`, `globals`, `opcodes`, `string`, `line`,
`integer`, `number`, `key`, `attribute`, `tensor`, `tensor-bounds`, `depth`, `cycle`, `weight`, `trailing`.

Needs `opcodes` for what each opcode does. It will never raise on bad bytes, import a module, or hold a tensor's data.
"""

from __future__ import annotations

from itertools import repeat
from struct import error as StructError  # noqa: N812
from typing import Any

from tsl.archive.dialect import TORCHSCRIPT, Dialect
from tsl.archive.limits import DEPTH, OPCODES, WEIGHT, WEIGHT_A_BYTE
from tsl.archive.machine import Machine, Problem, Refusal
from tsl.archive.opcodes import actions
from tsl.archive.weight import weigh
from tsl.record import Record


class Pickle(Record):
    """What a pickle holds (1).

    `globals` are dotted, in order of first sight; `end` is the offset after STOP, or where reading broke off; `whole`
    says that STOP was reached. The value is None where there is none to be had.
    """

    value: Any
    globals: tuple[str, ...]
    problems: tuple[Problem, ...]
    end: int
    whole: bool


def read_pickle(data: bytes, dialect: Dialect = TORCHSCRIPT, start: int = 0, *, last: bool = True) -> Pickle:
    """The pickle that begins at an offset. With `last`, bytes after its STOP are a problem. Never raises."""
    machine = Machine(data, dialect)
    if data[start : start + 2] != bytes((0x80, dialect.protocol)):
        machine.problem(
            "protocol", start, f"does not begin with protocol {dialect.protocol}, which is all torch writes"
        )
    value, end, whole = None, start, False
    try:
        end = _run(machine, start)
        value, whole = machine.stack[-1] if machine.stack else None, True
        if machine.outer or len(machine.stack) != 1:
            machine.problem("stack", end - 1, f"leaves {len(machine.stack):,} values on its stack, not one")
    except Refusal as refusal:
        machine.end(refusal.name, refusal.message)
    except StructError:
        machine.end("truncated", "ends before STOP")
    except IndexError:
        ended = machine.here + 1 >= len(data)  # so the opcode, or the byte it wanted, is not there
        name, message = ("truncated", "ends before STOP") if ended else ("stack", "takes more than the stack holds")
        machine.end(name, message)
    except KeyError:
        machine.end("memo", "asks the memo for what was never put there")
    if whole and last and end < len(data):
        machine.problem("trailing", end, f"has {len(data) - end:,} bytes after its STOP")
    if whole:
        value = _bounded(machine, value, start, end)
    return Pickle(value, tuple(machine.globals), tuple(machine.problems), end if whole else machine.here, whole)


def _run(machine: Machine, at: int) -> int:
    """Runs the program from an offset to its STOP; the offset after that."""
    data, table = machine.data, actions(machine.dialect.opcodes)
    for _ in repeat(None, OPCODES):
        machine.here = at
        at = table[data[at]](machine, at + 1)
        if at < 0:
            return -at
    raise Refusal("opcodes", f"has more than {OPCODES:,} opcodes")


def _bounded(machine: Machine, value: Any, start: int, end: int) -> Any:
    """The value, or None with a problem where walking it would not end, go too deep or take too long."""
    measured = weigh(value, DEPTH)
    if measured.cyclic:
        machine.problem("cycle", end, "holds a container that contains itself")
    elif measured.depth > DEPTH:
        machine.problem("depth", end, f"nests containers more than {DEPTH} deep")
    elif measured.weight > WEIGHT + WEIGHT_A_BYTE * (end - start):
        machine.problem("weight", end, "unfolds to many more values than it has bytes")
    else:
        return value
    return None

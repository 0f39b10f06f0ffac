"""What each opcode of a pickle does to the machine, as data: the table ACTIONS, by the opcode's byte.

An action takes the machine and the offset of the opcode's argument, and returns the offset of the next opcode,
negated at STOP. Opcodes are those of CPython's Lib/pickletools.py, protocols 0 to 5, each doing to data what the
unpickler does to objects; one that the machine's dialect lacks is noted the first time. An action raises IndexError
where the stack or the data ends, struct.error where the data does, KeyError for an empty place of the memo, and
Refusal for the rest.

Needs `machine` and `builders`. It will never call what a pickle names.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import unpack_from

from tsl.archive.builders import append, build, call, make, persistent, set_items
from tsl.archive.limits import LINE_BYTES, MEMO
from tsl.archive.literals import (
    Action,
    binfloat,
    binint,
    binint1,
    binint2,
    binunicode,
    constant,
    counted_string,
    empty,
    integer,
    line_of_text,
    long,
    written,
)
from tsl.archive.machine import Machine, Refusal, text_of
from tsl.archive.values import Unresolved


def _proto(machine: Machine, at: int) -> int:
    if machine.here and machine.data[at] != machine.dialect.protocol:
        machine.problem("protocol", machine.here, f"turns to protocol {machine.data[at]}")
    return at + 1


def _stop(machine: Machine, at: int) -> int:
    return -at


def _frame(machine: Machine, at: int) -> int:
    return at + 8


# The memo.


def _binput(machine: Machine, at: int) -> int:
    machine.memo[machine.data[at]] = machine.stack[-1]
    return at + 1


def _long_binput(machine: Machine, at: int) -> int:
    (index,) = unpack_from("<I", machine.data, at)
    return _put(machine, index, at + 4)


def _memoize(machine: Machine, at: int) -> int:
    return _put(machine, len(machine.memo), at)


def _put_line(machine: Machine, at: int) -> int:
    line, at = machine.line(at)
    return _put(machine, _index(line), at)


def _put(machine: Machine, index: int, at: int) -> int:
    if index > MEMO:
        raise Refusal("memo-index", f"puts into place {index:,} of the memo; the limit is {MEMO:,}")
    machine.memo[index] = machine.stack[-1]
    return at


def _binget(machine: Machine, at: int) -> int:
    machine.stack.append(machine.memo[machine.data[at]])
    return at + 1


def _long_binget(machine: Machine, at: int) -> int:
    machine.stack.append(machine.memo[unpack_from("<I", machine.data, at)[0]])
    return at + 4


def _get_line(machine: Machine, at: int) -> int:
    line, at = machine.line(at)
    machine.stack.append(machine.memo[_index(line)])
    return at


def _index(line: bytes) -> int:
    if not (line.isdigit() and len(line) < 12):
        raise Refusal("number", "writes something else where a place of the memo must be")
    return int(line)


# The stack and its containers.


def _mark(machine: Machine, at: int) -> int:
    machine.mark()
    return at


def _pop(machine: Machine, at: int) -> int:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.close()
    return at


def _pop_mark(machine: Machine, at: int) -> int:
    machine.close()
    return at


def _dup(machine: Machine, at: int) -> int:
    machine.stack.append(machine.stack[-1])
    return at


def _tuple(machine: Machine, at: int) -> int:
    items = machine.close()
    machine.stack.append(tuple(items))
    return at


def _tuple1(machine: Machine, at: int) -> int:
    machine.stack[-1] = (machine.stack[-1],)
    return at


def _tuple2(machine: Machine, at: int) -> int:
    last = machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], last)
    return at


def _tuple3(machine: Machine, at: int) -> int:
    last, middle = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1] = (machine.stack[-1], middle, last)
    return at


def _list(machine: Machine, at: int) -> int:
    items = machine.close()
    machine.stack.append(items)
    return at


def _dict(machine: Machine, at: int) -> int:
    items = machine.close()
    machine.stack.append({})
    set_items(machine, items)
    return at


def _append(machine: Machine, at: int) -> int:
    item = machine.stack.pop()
    append(machine, [item])
    return at


def _appends(machine: Machine, at: int) -> int:
    append(machine, machine.close())
    return at


def _setitem(machine: Machine, at: int) -> int:
    value, key = machine.stack.pop(), machine.stack.pop()
    set_items(machine, [key, value])
    return at


def _setitems(machine: Machine, at: int) -> int:
    set_items(machine, machine.close())
    return at


# Names and what is made of them (2).


def _global(machine: Machine, at: int) -> int:
    module, at = machine.line(at)
    name, at = machine.line(at)
    machine.stack.append(machine.named(text_of(module), text_of(name)))
    return at


def _stack_global(machine: Machine, at: int) -> int:
    name, module = machine.stack.pop(), machine.stack.pop()
    if type(module) is not str or type(name) is not str or len(module) + len(name) > LINE_BYTES:
        raise Refusal("stack", "makes a global of something that is no name")
    machine.stack.append(machine.named(module, name))
    return at


def _extension(form: str, width: int) -> Action:
    def push(machine: Machine, at: int) -> int:
        (code,) = unpack_from(form, machine.data, at)
        machine.once("extension", f"extension {code}", f"asks copyreg for whatever has extension code {code}")
        machine.stack.append(Unresolved(f"extension {code}"))
        return at + width

    return push


def _inst(machine: Machine, at: int) -> int:
    module, at = machine.line(at)
    name, at = machine.line(at)
    arguments = tuple(machine.close())
    machine.stack.append(call(machine, machine.named(text_of(module), text_of(name)), arguments))
    return at


def _obj(machine: Machine, at: int) -> int:
    items = machine.close()
    machine.stack.append(call(machine, items[0], tuple(items[1:])))
    return at


def _reduce(machine: Machine, at: int) -> int:
    arguments = machine.stack.pop()
    machine.stack[-1] = call(machine, machine.stack[-1], arguments)
    return at


def _newobj(machine: Machine, at: int) -> int:
    arguments = machine.stack.pop()
    machine.stack[-1] = make(machine, machine.stack[-1], arguments)
    return at


def _newobj_ex(machine: Machine, at: int) -> int:
    named, arguments = machine.stack.pop(), machine.stack.pop()
    machine.stack[-1] = make(machine, machine.stack[-1], (arguments, named))
    return at


def _build(machine: Machine, at: int) -> int:
    state = machine.stack.pop()
    machine.stack[-1] = build(machine, machine.stack[-1], state)
    return at


def _binpersid(machine: Machine, at: int) -> int:
    machine.stack[-1] = persistent(machine, machine.stack[-1])
    return at


def _persid(machine: Machine, at: int) -> int:
    line, at = machine.line(at)
    machine.stack.append(persistent(machine, text_of(line)))
    return at


def _nothing(machine: Machine, at: int) -> int:
    return at


# Name, byte and action. A set is a list here: what it holds need not be hashable as data.
_TABLE: tuple[tuple[str, int, Action], ...] = (
    ("PROTO", 0x80, _proto),
    ("STOP", 0x2E, _stop),
    ("NONE", 0x4E, constant(None)),
    ("NEWTRUE", 0x88, constant(True)),
    ("NEWFALSE", 0x89, constant(False)),
    ("EMPTY_TUPLE", 0x29, constant(())),
    ("EMPTY_LIST", 0x5D, empty(list)),
    ("EMPTY_DICT", 0x7D, empty(dict)),
    ("EMPTY_SET", 0x8F, empty(list)),
    ("BININT", 0x4A, binint),
    ("BININT1", 0x4B, binint1),
    ("BININT2", 0x4D, binint2),
    ("BINFLOAT", 0x47, binfloat),
    ("LONG1", 0x8A, long("<B", 1)),
    ("LONG4", 0x8B, long("<i", 4)),
    ("INT", 0x49, written(integer)),
    ("LONG", 0x4C, written(int)),
    ("FLOAT", 0x46, written(float)),
    ("BINUNICODE", 0x58, binunicode),
    ("SHORT_BINUNICODE", 0x8C, counted_string("<B", 1, text=True)),
    ("BINUNICODE8", 0x8D, counted_string("<Q", 8, text=True)),
    ("UNICODE", 0x56, line_of_text),
    ("STRING", 0x53, line_of_text),
    ("BINSTRING", 0x54, counted_string("<i", 4, text=True)),
    ("SHORT_BINSTRING", 0x55, counted_string("<B", 1, text=True)),
    ("BINBYTES", 0x42, counted_string("<I", 4, text=False)),
    ("SHORT_BINBYTES", 0x43, counted_string("<B", 1, text=False)),
    ("BINBYTES8", 0x8E, counted_string("<Q", 8, text=False)),
    ("BYTEARRAY8", 0x96, counted_string("<Q", 8, text=False)),
    ("FRAME", 0x95, _frame),
    ("BINPUT", 0x71, _binput),
    ("LONG_BINPUT", 0x72, _long_binput),
    ("MEMOIZE", 0x94, _memoize),
    ("PUT", 0x70, _put_line),
    ("BINGET", 0x68, _binget),
    ("LONG_BINGET", 0x6A, _long_binget),
    ("GET", 0x67, _get_line),
    ("MARK", 0x28, _mark),
    ("POP", 0x30, _pop),
    ("POP_MARK", 0x31, _pop_mark),
    ("DUP", 0x32, _dup),
    ("TUPLE", 0x74, _tuple),
    ("TUPLE1", 0x85, _tuple1),
    ("TUPLE2", 0x86, _tuple2),
    ("TUPLE3", 0x87, _tuple3),
    ("LIST", 0x6C, _list),
    ("DICT", 0x64, _dict),
    ("FROZENSET", 0x91, _tuple),
    ("APPEND", 0x61, _append),
    ("APPENDS", 0x65, _appends),
    ("ADDITEMS", 0x90, _appends),
    ("SETITEM", 0x73, _setitem),
    ("SETITEMS", 0x75, _setitems),
    ("GLOBAL", 0x63, _global),
    ("STACK_GLOBAL", 0x93, _stack_global),
    ("EXT1", 0x82, _extension("<B", 1)),
    ("EXT2", 0x83, _extension("<H", 2)),
    ("EXT4", 0x84, _extension("<i", 4)),
    ("INST", 0x69, _inst),
    ("OBJ", 0x6F, _obj),
    ("REDUCE", 0x52, _reduce),
    ("NEWOBJ", 0x81, _newobj),
    ("NEWOBJ_EX", 0x92, _newobj_ex),
    ("BUILD", 0x62, _build),
    ("BINPERSID", 0x51, _binpersid),
    ("PERSID", 0x50, _persid),
    ("NEXT_BUFFER", 0x97, constant(b"")),
    ("READONLY_BUFFER", 0x98, _nothing),
)

NAMES: Mapping[int, str] = {code: name for name, code, _ in _TABLE}


def _unknown(machine: Machine, at: int) -> int:
    raise Refusal("unknown-opcode", f"has byte 0x{machine.data[at - 1]:02x} where an opcode must be")


_ALL: dict[int, Action] = {code: action for _, code, action in _TABLE}


_TABLES: dict[frozenset[int], tuple[Action, ...]] = {}


def actions(usual: frozenset[int]) -> tuple[Action, ...]:
    """The 256 actions for a machine whose dialect has some opcodes; the others are noted when they are met."""
    found = _TABLES.get(usual)
    if found is None:
        found = _TABLES[usual] = tuple(_ALL[code] if code in usual else _noted(code) for code in range(256))
    return found


def _noted(code: int) -> Action:
    action = _ALL.get(code, _unknown)
    if action is _unknown:
        return action

    def noted(machine: Machine, at: int) -> int:
        machine.once("opcode", NAMES[code], f"has the opcode {NAMES[code]}, which {machine.dialect.title} never writes")
        return action(machine, at)

    return noted

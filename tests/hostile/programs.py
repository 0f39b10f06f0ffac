"""Pickles by hand: what pushes what, and hostile programs, each with the problem that must be told of it."""

from __future__ import annotations

import struct
from functools import cache


def program(body: bytes, protocol: int = 2) -> bytes:
    """A whole pickle."""
    return b"\x80" + bytes((protocol,)) + body + b"."


def name(module: str, dotted: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{dotted}\n".encode()


def text(given: str) -> bytes:
    """BINUNICODE."""
    data = given.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(given: int) -> bytes:
    """BININT1 or BININT."""
    return b"K" + bytes((given,)) if 0 <= given < 256 else b"J" + struct.pack("<i", given)


def true() -> bytes:
    """NEWTRUE."""
    return b"\x88"


def mark() -> bytes:
    """MARK."""
    return b"("


def tuple_of(*items: bytes) -> bytes:
    """MARK, the items, TUPLE."""
    return b"(" + b"".join(items) + b"t"


def dictionary(filled: bytes = b"") -> bytes:
    """EMPTY_DICT and what fills it."""
    return b"}" + filled


def memo(place: int) -> bytes:
    """BINPUT."""
    return b"q" + bytes((place,))


COMMAND = "touch {canary}"
CANARY = "tests.hostile.canary"


@cache
def hostile(canary: str) -> dict[str, tuple[str, bytes]]:
    """Programs by what they are, each with the name of the problem that must be told of it.

    Those that do something when unpickled make a file at a path, `canary`, or set `touched` in CANARY's module.
    """
    command = text(COMMAND.format(canary=canary))
    shell = tuple_of(command)
    line = f"S'{COMMAND.format(canary=canary)}'\n".encode()
    system = name("os", "system")
    ran = system + shell + b"R"
    torch_os, hub, popen = name("torch.os", "system"), name("torch.hub", "load"), name("subprocess", "Popen")
    getattr_ = name("builtins", "getattr")
    change = name("tests.hostile", "canary") + dictionary(text("touched") + true() + b"s")
    rebuild = name("torch._utils", "_rebuild_tensor_v2")
    touch = tuple_of(text(f"import {CANARY} as c; c.touched = True"))
    return {
        # Names and calls.
        "REDUCE of os.system": ("foreign-global", program(ran)),
        "REDUCE of builtins.exec": ("foreign-global", program(name("builtins", "exec") + touch + b"R")),
        "REDUCE of builtins.eval": ("foreign-global", program(name("builtins", "eval") + shell + b"R")),
        "REDUCE of a module that looks like torch": ("foreign-global", program(torch_os + shell + b"R")),
        "REDUCE of something in torch": ("foreign-global", program(hub + shell + b"R")),
        "a class with a name that is none": ("foreign-global", program(name("__torch__", "os;x") + shell + b"R")),
        "a name from beside the archive": ("foreign-global", program(name("__torch__x", "Net") + b")\x81")),
        "the archive's own name with nothing in it": ("foreign-global", program(name("__torch__", "") + b")\x81")),
        "a getattr": ("foreign-global", program(getattr_ + tuple_of(system, text("x")) + b"R" + shell + b"R")),
        "a blank after the module": ("foreign-global", program(b"cos \nsystem\n" + shell + b"R")),
        "a blank before the name": ("foreign-global", program(b"cos\n system\n" + shell + b"R")),
        "a carriage return after the module": ("foreign-global", program(b"ctorch\r\ndevice\r\n" + shell + b"R")),
        "a name that is not ASCII": ("foreign-global", program("cos\nsyst\u00e9m\n".encode() + shell + b"R")),
        "a name that is not UTF-8": ("foreign-global", program(b"cos\nsyst\xffm\n" + shell + b"R")),
        "a name of look-alikes": ("foreign-global", program("c\u0442orch\ndevice\n".encode() + shell + b"R")),
        "a dotted name": ("foreign-global", program(name("builtins", "__import__.__call__") + shell + b"R")),
        "INST": ("foreign-global", b"\x80\x02(" + line + b"ios\nsystem\n."),
        "OBJ": ("foreign-global", program(b"(" + system + command + b"o")),
        "NEWOBJ of a foreign class": ("foreign-global", program(popen + shell + b"\x81")),
        "NEWOBJ_EX": ("foreign-global", program(popen + shell + b"}\x92", 4)),
        "BUILD of a foreign global": ("foreign-global", program(change + b"b")),
        "STACK_GLOBAL": ("foreign-global", program(text("os") + text("system") + b"\x93" + shell + b"R", 4)),
        "STACK_GLOBAL from the memo": (
            "foreign-global",
            program(text("os") + b"\x94" + text("system") + b"\x94" + b"00h\x00h\x01\x93" + shell + b"R", 4),
        ),
        "STACK_GLOBAL of numbers": ("stack", program(b"K\x01K\x02\x93", 4)),
        "EXT1": ("extension", program(b"\x82\x07" + shell + b"R")),
        "EXT2": ("extension", program(b"\x83\x07\x00" + shell + b"R")),
        "EXT4": ("extension", program(b"\x84\x07\x00\x00\x00" + shell + b"R")),
        "a global that is thrown away": ("foreign-global", program(system + b"0N")),
        "a call whose result is thrown away": ("foreign-global", program(system + shell + b"R0N")),
        "a call in the memo": ("foreign-global", program(system + shell + b"Rq\x000N")),
        "a call in a dictionary": ("foreign-global", program(dictionary(b"(" + text("a") + system + shell + b"Ru"))),
        "a call as a dictionary's key": ("foreign-global", program(dictionary(system + shell + b"RNs"))),
        "a call as a persistent id": ("foreign-global", program(system + shell + b"RQ")),
        "a global before an unknown opcode": ("foreign-global", b"\x80\x02" + system + shell + b"R\xff."),
        "a global before the end": ("foreign-global", b"\x80\x02" + ran),
        # What is no program of torch's.
        "protocol 0": ("protocol", b"cos\nsystem\n(" + line + b"tR."),
        "protocol 1": ("protocol", program(b"N", 1)),
        "protocol 4": ("protocol", program(b"N", 4)),
        "protocol 255": ("protocol", program(b"N", 255)),
        "another protocol halfway": ("protocol", program(b"N0\x80\x04N")),
        "an opcode torch does not write": ("opcode", program(b"N0N")),
        "an unknown opcode": ("unknown-opcode", program(b"\xff")),
        "nothing": ("protocol", b""),
        "no STOP": ("truncated", b"\x80\x02N"),
        "an argument cut short": ("truncated", b"\x80\x02J\x00"),
        "a string cut short": ("truncated", b"\x80\x02X\x10\x00\x00\x00ab"),
        "a name cut short": ("truncated", b"\x80\x02cos\nsys"),
        "bytes after STOP": ("trailing", program(b"N") + b"cos\nsystem\n."),
        # The stack and the memo.
        "STOP on an empty stack": ("stack", program(b"")),
        "STOP on two values": ("stack", program(b"NN")),
        "STOP under a mark": ("stack", program(b"N(")),
        "REDUCE on an empty stack": ("stack", program(b"R")),
        "APPENDS without a mark": ("stack", program(b"]e")),
        "a tuple over a mark": ("stack", program(b"NN(\x86t")),
        "an empty place of the memo": ("memo", program(b"h\x07")),
        "a huge place of the memo": ("memo-index", program(b"Nr\xff\xff\xff\xff")),
        "a huge place of the memo, written": ("memo-index", program(b"Np99999999999\n")),
        "a place of the memo in letters": ("number", program(b"Npx\n")),
        # Sizes.
        "2,000,000 marks": ("marks", b"\x80\x02" + b"(" * 2_000_000 + b"."),
        "5,000,000 constants": ("opcodes", program(b"N" * 5_000_000)),
        "30,000 names": ("globals", program(b"".join(b"cm\nn%d\n0" % each for each in range(30_000)) + b"N")),
        "200,000 tuples in each other": ("depth", program(b")" + b"\x85" * 200_000)),
        "tuples of tuples, 2 to the 60th": ("weight", program(b")" + b"2\x86" * 60)),
        "2,000,000 places of the memo": (
            "opcodes",
            program(b"N" + b"".join(b"r" + struct.pack("<I", each) for each in range(2_000_000))),
        ),
        "lists of lists, through the memo": ("weight", program(b"]q\x00" + b"](h\x00h\x00h\x00eq\x00" * 40)),
        "a list in itself": ("cycle", program(b"]q\x00h\x00a")),
        "a dictionary in itself": ("cycle", program(b"}q\x00" + text("a") + b"h\x00s")),
        "an object in itself": (
            "cycle",
            program(name("__torch__", "Net") + b")\x81q\x00}" + text("a") + b"h\x00sb"),
        ),
        "tuples of tuples as a key": ("key", program(b"}" + b")" + b"2\x86" * 60 + b"Ns")),
        "200,000 tuples in each other as a key": ("key", program(b"}" + b")" + b"\x85" * 200_000 + b"Ns")),
        "an integer of 2 GB": ("integer", program(b"\x8b\xff\xff\xff\x7f")),
        "an integer of less than nothing": ("integer", program(b"\x8b\xff\xff\xff\xff")),
        "an integer of 255 bytes": ("integer", program(b"\x8a\xff" + b"\xff" * 255)),
        "an integer in a million digits": ("line", program(b"L" + b"9" * 1_000_000 + b"L\n")),
        "an integer in 4,000 digits": ("number", program(b"L" + b"9" * 4_000 + b"L\n")),
        "an integer in letters": ("number", program(b"Iabc\n")),
        "a string of 4 GB": ("string", program(b"X\xff\xff\xff\xff")),
        "a string of 2 to the 64th": ("string", program(b"\x8d" + b"\xff" * 8)),
        "a string of less than nothing": ("string", program(b"T\xff\xff\xff\xff")),
        "a name that never ends": ("line", program(b"c" + b"a" * 1_000_000)),
        # Tensors that could not be.
        "a tensor beyond its storage": ("tensor-bounds", program(_tensor((1_000, 1_000), (1_000, 1)))),
        "a tensor with an offset beyond its storage": ("tensor-bounds", program(_tensor((0,), (1,), 100))),
        "a tensor of less than nothing": ("tensor", program(_tensor((-1,), (1,)))),
        "a tensor with a stride too many": ("tensor", program(_tensor((2,), (1, 1)))),
        "a tensor of a name": ("tensor", program(rebuild + tuple_of(system, number(0), b")", b")") + b"R")),
        "a tensor of nothing": ("tensor", program(rebuild + b")R")),
        "a persistent id that is no storage": ("persistent-id", program(tuple_of(text("storage"), system) + b"Q")),
        "a persistent id of a persistent id": ("persistent-id", program(text("x") + b"Q" * 100_000)),
        "PERSID": ("persistent-id", program(b"Pos.system\n")),
    }  # fmt: skip


def _tensor(shape: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    storage = tuple_of(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), number(6)) + b"Q"
    sizes = [tuple_of(*map(number, given)) for given in (shape, stride)]
    return name("torch._utils", "_rebuild_tensor_v2") + tuple_of(storage, number(offset), *sizes, b"\x89", b"N") + b"R"

"""Broken and hostile archives without end: what is done to sound ones, chosen by a random generator.

SEEDS are sound files of several kinds, made without torch; MUTATIONS is what is done to them. A mutant is the same
for the same seed of the generator. It will never leave a file that is larger than a few MB.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Mapping
from random import Random

from tests.hostile.pack import Part, pack
from tests.hostile.programs import dictionary, hostile, name, number, program, text, true, tuple_of
from tests.hostile.seeds import archive, instance, members, tensor
from tests.hostile.zips import SHAPES
from tsl.archive.opcodes import NAMES

LARGEST = 4 << 20

CODE = b"""\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  size : Final[int] = 3
  sub : __torch__.Sub
  def forward(self: __torch__.Net,
    x: Tensor,
    n: int=2) -> Tuple[Tensor, List[int]]:
    _0 = __torch__.twice
    sub = self.sub
    y = torch.add(x, CONSTANTS.c0)
    total = 0
    y0 = y
    for i in range(n):
      _1 = torch.gt(i, 1)
      if _1:
        y1 = torch.mul(y0, self.weight)
      else:
        y1 = (sub).forward(y0, )
      y0, total = y1, torch.add(total, i)
    _2 = torch.tensor([1., 2.], dtype=6, device=torch.device("cpu"))
    _3 = annotate(Optional[Tensor], None)
    if torch.__is__(_3, None):
      z = _0(y0, )
    else:
      z = unchecked_cast(Tensor, _3)
    a, b, = torch.split(z, 1)[0], ops.mylib.custom(z)
    keep = True
    k = 0
    while keep:
      k0 = torch.add(k, 1)
      keep, k = torch.lt(k0, 3), k0
    if torch.eq(torch.len(torch.size(z)), 9):
      ops.prim.RaiseException("AssertionError: no")
    else:
      pass
    return (torch.reshape(z, [-1, int(torch.size(x, 0))]), [total, k])
class Sub(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Sub,
    x: Tensor) -> Tensor:
    return torch.neg(torch.relu(x))
class Pair(NamedTuple):
  first : int
  second : Tensor
class Color(Enum):
  RED = 1
  BLUE = 2
def twice(x: Tensor) -> Tensor:
  p = __torch__.Pair(1, x)
  return torch.mul(p.second, 2)
"""

DEBUG = pickle.dumps(
    (
        "FORMAT_WITH_STRING_TABLE",
        ("net.py", "    return x + 1\n", "forward"),
        ((0, ((1,), 0, 12), 0), (80, ((1,), 0, 12), 3), (400, ((2, 1), 0, 30), 7)),
    ),
    2,
)

DATA = program(
    instance(
        weight=tensor(),
        training=true(),
        sub=instance("__torch__ Sub", training=true()),
        color=name("__torch__", "Color") + number(2) + b"R",
        table=name("torch.jit._pickle", "restore_type_tag")
        + dictionary(b"(" + text("a") + number(1) + b"u")
        + text("Dict[str, int]")
        + b"\x86R",
    )
)
CONSTANTS = program(tensor() + b"\x85")
INPUTS = program(dictionary(b"(" + text("forward") + b"](" + tensor() + b"eu"))
BYTECODE = program(
    number(8)
    + tuple_of(
        text("__torch__.Net.forward"),
        tuple_of(
            tuple_of(text("instructions"), tuple_of(tuple_of(text("OP"), number(0), number(0)))),
            tuple_of(text("operators"), tuple_of(tuple_of(text("aten::add"), text("Tensor"), number(2)))),
            tuple_of(text("types"), tuple_of(text("int"))),
        ),
    )
    + b"\x86"
)


def full(
    code: bytes = CODE, data: bytes = DATA, constants: bytes = CONSTANTS, debug: bytes = DEBUG, **more: bytes
) -> bytes:
    """An archive with every member that a reader looks at."""
    extra = [
        Part("net/code/__torch__.py.debug_pkl", debug, deflated=True),
        Part("net/traced_inputs.pkl", more.get("inputs", INPUTS)),
        Part("net/constants/0", bytes(24)),
        Part("net/extra/notes.txt", b"hello"),
        Part("net/.data/version", b"10\n"),
    ]
    if "bytecode" in more:
        extra.append(Part("net/bytecode.pkl", more["bytecode"]))
    return pack(members(code, data, constants, more=tuple(extra)))


def _saved() -> bytes:
    state = program(dictionary(b"(" + text("weight") + tensor() + b"u"))
    return pack([Part("net/data.pkl", state), Part("net/data/0", bytes(24)), Part("net/version", b"3\n")])


def _legacy() -> bytes:
    state = program(dictionary(b"(" + text("weight") + tensor() + b"u"))
    parts = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    return b"".join(pickle.dumps(part, 2) for part in parts) + state + pickle.dumps(["0"], 2) + bytes(24)


def _safetensors() -> bytes:
    head = b'{"w":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}'
    return struct.pack("<Q", len(head)) + head + bytes(24)


SEEDS: Mapping[str, Callable[[], bytes]] = {
    "full": full,
    "lite": lambda: full(bytecode=BYTECODE),
    "small": archive,
    "plain": lambda: pack([part._replace(deflated=False, descriptor=False) for part in members(CODE)], wide=False),
    "checkpoint": _saved,
    "legacy": _legacy,
    "safetensors": _safetensors,
}
_SEEDS = {kind: made() for kind, made in SEEDS.items()}

Mutation = Callable[[Random, bytes], bytes]


def truncated(random: Random, data: bytes) -> bytes:
    """A part of the file, mostly from its beginning."""
    cut = random.randrange(len(data) + 1)
    return data[:cut] if random.random() < 0.8 else data[cut:]


def flipped(random: Random, data: bytes) -> bytes:
    """Some bits turned over."""
    held = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16, 64))):
        held[random.randrange(len(held))] ^= 1 << random.randrange(8)
    return bytes(held)


def overwritten(random: Random, data: bytes) -> bytes:
    """A run of bytes replaced, inserted or taken out."""
    at, length = random.randrange(len(data)), random.choice((1, 2, 4, 8, 100))
    filler = random.choice((b"\0", b"\xff", b"\x7f", random.randbytes(1))) * length
    return data[:at] + random.choice((b"", filler)) + data[at + random.choice((0, length)) :]


_SIGNATURES = (b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\x08")


def swapped(random: Random, data: bytes) -> bytes:
    """Two headers of the container, or two runs of bytes, in each other's place."""
    found = [at for sign in _SIGNATURES for at in _places(data, sign)]
    places = sorted(random.sample(found, 2)) if len(found) > 1 else sorted(random.choices(range(len(data)), k=2))
    length = random.choice((4, 22, 30, 46))
    one, other = (data[at : at + length] for at in places)
    held = bytearray(data)
    held[places[0] : places[0] + length], held[places[1] : places[1] + length] = other, one
    return bytes(held)


def _places(data: bytes, sign: bytes) -> list[int]:
    found, at = [], data.find(sign)
    while at >= 0:
        found.append(at)
        at = data.find(sign, at + 1)
    return found


_EXTREMES = (0, 1, 2, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


def headed(random: Random, data: bytes) -> bytes:
    """Fields of the container's headers at their extremes."""
    held = bytearray(data)
    found = [at for sign in _SIGNATURES for at in _places(data, sign)]
    for _ in range(random.choice((1, 1, 2, 5))):
        if not found:
            return overwritten(random, data)
        at = random.choice(found) + random.randrange(4, 46, 2)
        width = random.choice((2, 4, 8))
        value = random.choice(_EXTREMES) & (1 << 8 * width) - 1
        if at + width <= len(held):
            held[at : at + width] = value.to_bytes(width, "little")
    return bytes(held)


def nested(random: Random, data: bytes) -> bytes:
    """An archive in, before, after or across another."""
    other = random.choice(list(_SEEDS.values()))
    place = random.randrange(5)
    if place == 0:
        return data + other
    if place == 1:
        return pack(members(more=(Part("net/extra/inner.pt", data, deflated=random.random() < 0.5),)))
    if place == 2:
        return pack(members(), wide=False, comment=data[:60_000])
    if place == 3:
        return pack(members(CODE), prefix=data, shifted=random.random() < 0.5)
    at = random.randrange(len(data))
    return data[:at] + other[at:]


def shaped(random: Random, _: bytes) -> bytes:
    """A known shape of the container, and more done to it."""
    made = SHAPES[random.choice([shape for shape in SHAPES if "50" not in shape])][1]()
    return random.choice((flipped, truncated, headed, swapped))(random, made)


class Soup:
    """Pickle programs at random: opcodes with arguments that make sense half of the time."""

    def __init__(self, canary: str) -> None:
        told = [data for _, data in hostile(canary).values() if len(data) < 10_000]
        self.hostile = told
        self.pieces = [tensor(), instance(), INPUTS[2:-1], CONSTANTS[2:-1], *(data[2:-1] for data in told)]

    def __call__(self, random: Random) -> bytes:
        """A program."""
        if random.random() < 0.3:
            return self._wounded(random)
        opcodes = sorted(NAMES)
        body = [self._opcode(random, random.choice(opcodes)) for _ in range(random.choice((3, 10, 40, 200)))]
        return random.choice((b"\x80\x02", b"\x80\x02", b"\x80\x04", b"")) + b"".join(body) + random.choice((b".", b""))

    def _wounded(self, random: Random) -> bytes:
        whole = random.choice([DATA, CONSTANTS, INPUTS, BYTECODE, DEBUG, *self.hostile]) or b"."
        return random.choice((flipped, truncated, overwritten))(random, whole)

    def _opcode(self, random: Random, code: int) -> bytes:
        if random.random() < 0.2:
            return random.choice(self.pieces)
        if random.random() < 0.3:
            return random.choice((b"N", b"(", b"]", b"}", b")", b"K\x01", b"\x88", text("a"), b"q\x00", b"h\x00", b"2"))
        made = bytes((code,))
        if random.random() < 0.5:
            made += random.choice(
                (b"\0", b"\1\0\0\0", b"\xff\xff\xff\xff", b"a\nb\n", b"1\n", b"\x02ab", random.randbytes(8))
            )
        return made


_WORDS = [
    *b"( ) [ ] , : = . ' \" \\ # ; @ -> ** 0 1 -1 1.5 True False None x self y0 torch ops CONSTANTS.c0".split(),
    *b"if else for while in range return class def pass lambda yield import with del global async await".split(),
    *b"not or and is CONSTANTS.c9".split(),
    b"\n",
    b"\n    ",
    b"\t",
    b"\0",
    b"\xff",
    b"(" * 150,
    b"[" * 3000,
    b"-" * 5000,
    b"__import__('os').system('touch canary')",
    b"ops.os.system('x')",
    b"torch.os.system('x')",
    b"eval(x)",
    b"self.__class__.__init__.__globals__",
    b"x" * 5000,
    b"9" * 5000,
    b"annotate(List[List[Tensor]], [])",
    b"unchecked_cast(Optional[int], x)",
    b"uninitialized(Tensor)",
    b'getattr(self, "0")',
    b"isinstance(x, Tensor)",
    b"fork(__torch__.twice, x)",
    b"__torch__.Net",
    b"__torch__.Net.forward",
    b"__torch__.nowhere.Thing",
]


def recoded(random: Random, _: bytes) -> bytes:
    """Code with words put in, taken out and exchanged."""
    held = CODE
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(held) + 1)
        taken = random.choice((0, 0, 1, 5, 40))
        held = held[:at] + random.choice([random.choice(_WORDS), b" ", held[at : at + 60]]) + held[at + taken :]
    if random.random() < 0.3:
        lines = held.splitlines(keepends=True)
        random.shuffle(lines)
        held = b"".join(lines)
    return full(held)


def souped(soup: Soup, random: Random) -> bytes:
    """An archive with a random program as one of its pickles."""
    member = random.choice(("data", "constants", "debug", "inputs", "bytecode"))
    if random.random() < 0.1:
        return soup(random)  # a file of its own
    return full(**{member: soup(random)})


MUTATIONS: Mapping[str, Mutation] = {
    "truncation": truncated,
    "bit flips": flipped,
    "runs of bytes": overwritten,
    "header swaps": swapped,
    "header fields": headed,
    "nested archives": nested,
    "known shapes": shaped,
    "code": recoded,
}


def mutant(seed: int, soup: Soup) -> tuple[str, bytes]:
    """What was done, and what came of it."""
    random = Random(seed)
    kinds = [*MUTATIONS, "opcode soup", "opcode soup"]
    kind = kinds[seed % len(kinds)]
    if kind == "opcode soup":
        return kind, souped(soup, random)[:LARGEST]
    return kind, MUTATIONS[kind](random, random.choice(list(_SEEDS.values())))[:LARGEST]

"""The language of `--input`: the inputs of a model by name, kind of number and size.

Needs nothing. It will never make a tensor.

    SPEC  = INPUT, or several with commas, semicolons or blanks between them
    INPUT = [NAME=]DTYPE[[DIM,...]][:LOW..HIGH]         x=float32[1,3,H,W]  tokens=int64[2,N]:0..31
    DIM   = NUMBER | LOW..HIGH | SIZE | SIZE=NUMBER | SIZE=LOW..HIGH       8  1..8  H  H=224  H=32..256

1. A NAME is a parameter of forward; without one the input takes the next place.
2. A SIZE is a name for a number that all dimensions that carry it share. What it is said to be holds everywhere.
3. The search changes the sizes that are declared free: ranges and SIZEs. Where none is declared it changes every one.
4. A range of values, LOW..HIGH at the end, bounds what the input is filled with, at first and under perturbation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tsl.record import Record

SHORT: Mapping[str, str] = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "bf16": "bfloat16",
    "i8": "int8",
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "u8": "uint8",
}
DTYPES = (
    *("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"),
    *("complex64", "complex128"),
)
FORM = "write NAME=DTYPE[DIM,...], as in x=float32[1,3,H,W]"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_INPUT = re.compile(
    rf"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<dtype>[A-Za-z]\w*)(?:\[(?P<dims>[^][]*)\])?"
    rf"(?::(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER}))?"
)
_DIM = re.compile(r"(?:(?P<size>[A-Za-z_]\w*)(?:=|$))?(?P<low>\d+)?(?:\.\.(?P<high>\d+))?")


class Dim(Record):
    """A dimension: `low` and `high` bound it, both alike where it is one number, None where nothing is said.

    A named one with one number starts there, and is not bounded by it.
    """

    name: str = ""
    low: int | None = None
    high: int | None = None

    @property
    def free(self) -> bool:
        """Whether it was declared to be changed (3)."""
        return bool(self.name) or self.low != self.high


class InputSpec(Record):
    """One input: its parameter or nothing, its dtype in torch's words, its dimensions, the bounds of its values."""

    name: str
    dtype: str
    dims: tuple[Dim, ...] = ()
    low: float | None = None
    high: float | None = None


def parse(text: str) -> tuple[InputSpec, ...]:
    """The inputs of a SPEC, whose SIZEs all carry what one of them says. Raises ValueError in one line."""
    inputs = tuple(_input(word) for word in _words(text))
    if not inputs:
        raise ValueError(f"there is no input in {text!r}; {FORM}")
    names = [one.name for one in inputs if one.name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"{twice} is given twice")
    return _agreed(inputs)


def _words(text: str) -> Iterator[str]:
    """The parts between separators that stand outside brackets."""
    for word in re.split(r"[,;\s]+(?![^\[]*\])", text.strip()):
        if word:
            yield re.sub(r"\s+", "", word)


def _input(word: str) -> InputSpec:
    found = _INPUT.fullmatch(word)
    if found is None:
        raise ValueError(f"{word!r} is no input; {FORM}")
    dtype = SHORT.get(found["dtype"], found["dtype"])
    if dtype not in DTYPES:
        from tsl.config import nearest

        raise ValueError(f"{word!r}: there is no dtype {dtype!r}{nearest(dtype, DTYPES) or f'; {FORM}'}")
    low, high = (None if bound is None else float(bound) for bound in (found["low"], found["high"]))
    if low is not None and high is not None and low > high:
        raise ValueError(f"{word!r}: {found['low']}..{found['high']} holds nothing")
    dims = [part for part in (found["dims"] or "").split(",") if found["dims"]]
    return InputSpec(found["name"] or "", dtype, tuple(_dim(part, word) for part in dims), low, high)


def _dim(part: str, word: str) -> Dim:
    found = _DIM.fullmatch(part)
    if found is None or not part or part.endswith("=") or (found["high"] and not found["low"]):
        raise ValueError(f"{word!r}: {part!r} is no dimension; write 8, 1..8, N, N=8 or N=1..8")
    low = int(found["low"]) if found["low"] else None
    high = int(found["high"]) if found["high"] else low
    if low is not None and high is not None and low > high:
        raise ValueError(f"{word!r}: {part!r} holds nothing")
    return Dim(found["size"] or "", low, high)


def _agreed(inputs: Sequence[InputSpec]) -> tuple[InputSpec, ...]:
    """The inputs with every SIZE bounded as one of its mentions says (2)."""
    said: dict[str, Dim] = {}
    for dim in (dim for one in inputs for dim in one.dims):
        if dim.name and dim.low is not None and said.setdefault(dim.name, dim) != dim:
            raise ValueError(f"{dim.name} is said to be two different things; say it once")
    return tuple(one._replace(dims=tuple(said.get(dim.name, dim) for dim in one.dims)) for one in inputs)

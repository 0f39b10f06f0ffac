"""The domain of dtypes, and how torch promotes them.

Definitions, which are PyTorch's (c10/core/ScalarType.h; aten/src/ATen/native/TypeProperties.cpp, `result_type`):
1. A dtype is a text (`float32`); ANY where it is not known, NONE where no run gets that far. The lattice is flat.
2. The *category* of a dtype is bool, integral, floating or complex, in this order. A number of Python has one too.
3. Operands are of three priorities: tensors with dimensions, tensors without, numbers. The result has the dtype that
   those of the first priority promote to, unless a later priority is of a higher category: then it is what those
   promote to as well. A number is of the default dtype of its category, a float being of the highest floating one that
   is there.
4. A *default* dtype is what torch starts with: float32, and complex64. A program that sets another is not understood.

Needs nothing. It will never know an operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ANY, NONE = "", "!"
DEFAULT, DEFAULT_COMPLEX = "float32", "complex64"

# c10/core/ScalarType.h: the code by which a graph names a dtype.
CODES: Mapping[int, str] = {
    **dict(
        enumerate("uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool".split())
    ),
    **dict(enumerate("qint8 quint8 qint32 bfloat16 quint4x2 quint2x4".split(), 12)),
    **dict(enumerate("float8_e5m2 float8_e4m3fn float8_e5m2fnuz float8_e4m3fnuz uint16 uint32 uint64".split(), 23)),
    44: "float8_e8m0fnu",
    45: "float4_e2m1fn_x2",
}
CODE_OF: Mapping[str, int] = {name: code for code, name in CODES.items()}

BOOLEAN, INTEGRAL, FLOATING, COMPLEX = 0, 1, 2, 3
CATEGORIES: Mapping[str, int] = {  # (2)
    "bool": BOOLEAN,
    **dict.fromkeys("uint8 int8 int16 int32 int64 uint16 uint32 uint64".split(), INTEGRAL),
    **dict.fromkeys("float16 bfloat16 float32 float64".split(), FLOATING),
    **dict.fromkeys("complex32 complex64 complex128".split(), COMPLEX),
}
KINDS: Mapping[str, int] = {"bool": BOOLEAN, "int": INTEGRAL, "float": FLOATING, "complex": COMPLEX}

_BARE = frozenset({"uint16", "uint32", "uint64"})  # torch promotes them with floating dtypes only

# How many bits of value each has: the wider of two of one kind is what they promote to.
_WIDTHS: Mapping[str, int] = {
    "int8": 8,
    "int16": 16,
    "int32": 32,
    "int64": 64,
    "float16": 16,
    "bfloat16": 16,
    "float32": 32,
    "float64": 64,
    "complex32": 16,
    "complex64": 32,
    "complex128": 64,
}
_PLAIN = ("bool", "int64", DEFAULT)
_COMPLEX_OF: Mapping[str, str] = {
    "float16": "complex32",
    "bfloat16": "complex64",
    "float32": "complex64",
    "float64": "complex128",
}


def join(one: str, other: str) -> str:
    """What holds on either of two paths (1)."""
    if one == other or other == NONE:
        return one
    return other if one == NONE else ANY


def promote(one: str, other: str) -> str:
    """What two dtypes promote to; ANY where torch has no answer or one of them is not known.

    Source: c10/core/ScalarType.cpp, `promoteTypes`; held against it by a test.
    """
    if one == other:
        return one
    if NONE in (one, other):
        return NONE
    first, second = CATEGORIES.get(one), CATEGORIES.get(other)
    if first is None or second is None:
        return ANY
    if first != second:
        low, high = (one, other) if first < second else (other, one)
        if _BARE & {one, other} and CATEGORIES[high] != FLOATING:
            return ANY
        if CATEGORIES[high] == COMPLEX and CATEGORIES[low] == FLOATING:
            return promote(_COMPLEX_OF[low], high)
        return high
    if first == INTEGRAL:
        return _integral(one, other)
    if {one, other} == {"float16", "bfloat16"}:
        return "float32"
    return one if _WIDTHS[one] >= _WIDTHS[other] else other


def _integral(one: str, other: str) -> str:
    if "uint8" in (one, other):
        signed = other if one == "uint8" else one
        return "int16" if signed == "int8" else ANY if signed in _BARE else signed
    if _BARE & {one, other}:
        return ANY
    return one if _WIDTHS[one] >= _WIDTHS[other] else other


def result(dimensioned: Iterable[str], bare: Iterable[str] = (), numbers: Iterable[int] = ()) -> str:
    """The dtype of a result (3), of the dtypes of tensors with and without dimensions and the categories of numbers."""
    first, second, third = _folded(dimensioned), _folded(bare), max(numbers, default=-1)
    if ANY in (first, second):
        return ANY
    number = None if third < 0 else (*_PLAIN, DEFAULT_COMPLEX)[third]
    return _over(_over(first, second), number) or ANY


def _folded(dtypes: Iterable[str]) -> str | None:
    found: str | None = None
    for dtype in dtypes:
        if dtype == ANY:
            return ANY
        found = dtype if found is None else promote(found, dtype)
    return found


def _over(higher: str | None, lower: str | None) -> str | None:
    """`combine_categories` of TypeProperties.cpp."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    first, second = CATEGORIES.get(higher, COMPLEX), CATEGORIES.get(lower, COMPLEX)
    if first == COMPLEX or (first == FLOATING and second < COMPLEX):
        return higher
    if first == FLOATING:
        return _COMPLEX_OF[higher]
    return promote(higher, lower) if first == BOOLEAN or second >= FLOATING else higher


def floating(dtype: str) -> str:
    """The dtype of an operation that has no whole results: a floating one stays, others become the default (4)."""
    category = CATEGORIES.get(dtype)
    return dtype if category is None or category >= FLOATING else DEFAULT


def accumulated(dtype: str) -> str:
    """The dtype of a sum: whole numbers and truths are summed as int64."""
    category = CATEGORIES.get(dtype)
    return dtype if category is None or category >= FLOATING else "int64"


def real(dtype: str) -> str:
    """The dtype of the parts of a complex number."""
    parts = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}
    return parts.get(dtype, dtype)


def complexed(dtype: str) -> str:
    """The dtype of complex numbers with parts of a dtype."""
    unchanged = dtype in (ANY, NONE) or CATEGORIES.get(dtype) == COMPLEX
    return dtype if unchanged else _COMPLEX_OF.get(dtype, DEFAULT_COMPLEX)

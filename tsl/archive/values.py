"""What the pickles of an archive hold, as plain data.

Numbers, strings, bytes, None, tuples, lists and dicts stand for themselves; this module has the rest. Needs nothing.
It will never hold the data of a tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tsl.record import Record

# The dtype of a storage class of torch (c10/core/ScalarType.h): `torch FloatStorage` holds float32.
DTYPES: Mapping[str, str] = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "ComplexHalf": "complex32",
    "QInt8": "qint8",
    "QUInt8": "quint8",
    "QInt32": "qint32",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
    "UInt16": "uint16",
    "UInt32": "uint32",
    "UInt64": "uint64",
    "Float8_e5m2": "float8_e5m2",
    "Float8_e4m3fn": "float8_e4m3fn",
    "Float8_e5m2fnuz": "float8_e5m2fnuz",
    "Float8_e4m3fnuz": "float8_e4m3fnuz",
    "Float8_e8m0fnu": "float8_e8m0fnu",
    "Float4_e2m1fn_x2": "float4_e2m1fn_x2",
    "Untyped": "uint8",
}

# Bytes of an element.
ITEM_BYTES: Mapping[str, int] = {
    "complex128": 16,
    **dict.fromkeys(("float64", "int64", "uint64", "complex64"), 8),
    **dict.fromkeys(("float32", "int32", "uint32", "qint32", "complex32"), 4),
    **dict.fromkeys(("float16", "bfloat16", "int16", "uint16"), 2),
    **dict.fromkeys(("int8", "uint8", "bool", "qint8", "quint8", "quint4x2", "quint2x4"), 1),
    **dict.fromkeys(("float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz", "float8_e4m3fnuz", "float8_e8m0fnu"), 1),
    "float4_e2m1fn_x2": 1,
}


class Storage(Record):
    """A tensor's memory by its record: `key` under `data/` (or `constants/`), `size` in elements of `dtype`."""

    dtype: str
    key: str
    device: str
    size: int


class Tensor(Record):
    """The description of a tensor. `dtype` is torch's name without its module (`float32`), `device` as it is written
    in the archive (`cpu`, `cuda:0`), `shape` and `stride` count elements, `offset` is in elements of the storage, and
    `storage` is the key of the storage's record under `data/` or `constants/`.
    """

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    device: str
    storage: str
    storage_size: int
    requires_grad: bool = False
    quantizer: tuple[Any, ...] = ()

    @property
    def elements(self) -> int:
        """How many elements it has."""
        count = 1
        for size in self.shape:
            count *= size
        return count


class Device(Record):
    """A `torch.device`, as text: `cpu`, `cuda:0`."""

    text: str


class Object(Record):
    """An instance of a class of the archive: its qualified name (`__torch__.net.Net`) and its attributes in order.

    `state` holds what is no dictionary of attributes, such as the state of a custom class.
    """

    type: str
    attributes: dict[str, Any]
    state: Any = None


class EnumMember(Record):
    """A member of an enum class of the archive, by its value."""

    type: str
    value: Any


class Typed(Record):
    """A container whose type the pickle names (`restore_type_tag`): `List[int]`."""

    value: Any
    type: str


class Unresolved(Record):
    """Something that only a call or a look-up would make: the name that is asked for and what it is given, as data.

    A global that nothing is done with is one without arguments.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None

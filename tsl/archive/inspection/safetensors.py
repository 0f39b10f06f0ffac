"""The tensors of a safetensors file, from its header.

The file begins with the length of a JSON object, 8 bytes little-endian, and that object: tensors by name, each with its
dtype and shape (https://github.com/huggingface/safetensors, format section). Needs a file to read the header of. It
will never read a tensor's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tsl.archive.inspection.facts import TensorGroup

HEADER_BYTES = 100 << 20  # the format's own limit
DTYPES: Mapping[str, tuple[str, int]] = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "F8_E4M3": ("float8_e4m3fn", 1),
    "F8_E5M2": ("float8_e5m2", 1),
    "C64": ("complex64", 8),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U64": ("uint64", 8),
    "U32": ("uint32", 4),
    "U16": ("uint16", 2),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}


def groups_of_header(path: str) -> tuple[TensorGroup, ...]:
    """The tensors by dtype, sorted; none where the header is not as it should be. The format knows no devices.

    Raises OSError where the file cannot be read.
    """
    counts: dict[str, list[int]] = {}
    for dtype, elements in _tensors(_header(path)):
        count = counts.setdefault(dtype, [0, 0])
        count[0] += 1
        count[1] += elements
    groups = []
    for dtype, (tensors, elements) in sorted(counts.items()):
        name, size = DTYPES.get(dtype, (dtype, 0))
        groups.append(TensorGroup("tensor", name, "", tensors, elements, elements * size))
    return tuple(groups)


def _header(path: str) -> dict[str, Any]:
    import json

    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if length <= HEADER_BYTES else b""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _tensors(header: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The dtype and the number of elements of each tensor that is described as one."""
    for entry in header.values():
        if isinstance(entry, dict) and isinstance(entry.get("dtype"), str) and isinstance(entry.get("shape"), list):
            count = 1
            for size in entry["shape"]:
                count *= size if isinstance(size, int) and size >= 0 else 0
            yield entry["dtype"], count

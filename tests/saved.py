"""Archives written by hand, as torch.jit.save and torch.save write them, for tests that run without torch.

Needs nothing but the values of `tsl.archive.values`. It will never hold an assertion about tsl.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

from tsl.archive.values import DTYPES, Object, Tensor

STORAGES = {dtype: f"{name}Storage" for name, dtype in reversed(DTYPES.items()) if name != "Untyped"}


def tensor(*shape: int, dtype: str = "float32", device: str = "cpu", storage: str = "0") -> Tensor:
    """A contiguous tensor that fills a storage."""
    stride, count = [], 1
    for size in reversed(shape):
        stride.append(count)
        count *= size
    return Tensor(dtype, shape, tuple(reversed(stride)), 0, device, storage, count)


def module(type: str, **attributes: Any) -> Object:
    """A module in evaluation mode."""
    return Object(f"__torch__.{type}", {"training": False, **attributes})


def pickled(value: Any) -> bytes:
    """The pickle that PyTorch writes for a value."""
    return b"\x80\x02" + _pickled(value) + b"."


def _pickled(value: Any) -> bytes:
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, Object):
        name, _, leaf = value.type.rpartition(".")
        return f"c{name}\n{leaf}\n".encode() + b")\x81" + _pickled(value.attributes) + b"b"
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    inner = value.items() if isinstance(value, dict) else value
    if isinstance(value, dict):
        return b"}(" + b"".join(_pickled(key) + _pickled(part) for key, part in inner) + b"u"
    parts = b"".join(map(_pickled, inner))
    return b"](" + parts + b"e" if isinstance(value, list) else b"(" + parts + b"t"


def _tensor(value: Tensor) -> bytes:
    storage = b"(" + _pickled("storage") + f"ctorch\n{STORAGES[value.dtype]}\n".encode()
    storage += b"".join(map(_pickled, (value.storage, value.device, value.storage_size))) + b"tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    given = (value.offset, value.shape, value.stride, value.requires_grad)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"".join(map(_pickled, given)) + hooks + b"tR"


def zipped(members: Mapping[str, bytes | str], root: str = "net") -> bytes:
    """A ZIP file with its members in a directory, stored as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(f"{root}/{name}" if root else name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def torchscript(
    root: Object, code: Mapping[str, str], constants: tuple[Any, ...] = (), **members: bytes | str
) -> dict[str, bytes | str]:
    """The members of a TorchScript archive: `code` maps `__torch__/net.py` to its text."""
    return {
        "data.pkl": pickled(root),
        **{f"code/{name}": text for name, text in code.items()},
        "constants.pkl": pickled(constants),
        "version": "3\n",
        **members,
    }

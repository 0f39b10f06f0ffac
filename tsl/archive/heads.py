"""Formats that are told by the first bytes of a file, or by a walk over a few of them.

HEADS has those with a signature; ONNX and safetensors have none, so their structure is walked: by the lengths that
the fields give, never by reading what is in them. Needs nothing of a ZIP file. It will never parse a model.
"""

from __future__ import annotations

from tsl.archive.directory import Bytes

# Offset, signature, name of the kind. Sources: torch/csrc/jit/mobile/file_format.h (PTMF), torch/serialization.py (the
# magic number as protocol 2 and 3 write it), executorch/schema/program.fbs (ET12), tensorflow/lite/schema.fbs (TFL3).
HEADS: tuple[tuple[int, bytes, str], ...] = (
    (4, b"PTMF", "flatbuffer"),
    (0, b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "legacy-checkpoint"),
    (0, b"\x80\x03\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "legacy-checkpoint"),
    (4, b"ET12", "executorch"),
    (4, b"TFL3", "tflite"),
    (0, b"PYTORCH1", "preview-torchscript"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"GGUF", "gguf"),
    (0, b"\x93NUMPY", "numpy"),
    (0, b"ptrt", "tensorrt"),
    (0, b"ftrt", "tensorrt"),
    (0, b"\x7fELF", "elf"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"version https://git-lfs.github.com/", "lfs-pointer"),
    (0, b"PK\x03\x04", "truncated"),  # unless a directory is found
    (0, b"PK\x05\x06", "truncated"),
)
_TAR_NAMES = (b"sys_info", b"pickle", b"storages", b"tensors")
_MOST_FIELDS = 4_096

# Of onnx.ModelProto (onnx/onnx.proto): the wire type of each field, by its number.
_MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
_IR_VERSION, _GRAPH = 1, 7


def head_kind(data: Bytes) -> str:
    """The name of the kind that the first bytes say, "" for none; `truncated` and `text` for what may be more."""
    if not len(data):
        return "empty"
    for offset, signature, name in HEADS:
        if data[offset : offset + len(signature)] == signature:
            return name
    if data[257:262] == b"ustar":
        return "legacy-tar" if data[:100].rstrip(b"\0/").removeprefix(b"./") in _TAR_NAMES else "tar"
    if _is_safetensors(data):
        return "safetensors"
    if data[:1] == b"\x80" and data[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "pickle"
    return "onnx" if _is_onnx(data) else _words(data)


def _words(data: Bytes) -> str:
    head = data[:512]
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "text" if not head.translate(None, bytes(range(32, 127)) + b"\t\n\r\f") else ""


def _is_safetensors(data: Bytes) -> bool:
    """Whether a file begins with the length of a JSON object and that object (huggingface/safetensors, README)."""
    length = int.from_bytes(data[:8], "little")
    return 2 <= length <= min(len(data) - 8, 100_000_000) and data[8:10] in (b'{"', b"{}", b"{ ")


def _is_onnx(data: Bytes) -> bool:
    """Whether a file is, field after field up to its end, a protobuf message with the fields of a ModelProto."""
    seen = set()
    at = 0
    for _ in range(_MOST_FIELDS):
        if at >= len(data):
            break
        key, at = _varint(data, at)
        field, wire = key >> 3, key & 7
        if _MODEL_FIELDS.get(field) != wire:
            return False
        value, at = _varint(data, at)
        at += value if wire == 2 else 0
        seen.add(field)
    return at == len(data) and {_IR_VERSION, _GRAPH} <= seen


def _varint(data: Bytes, at: int) -> tuple[int, int]:
    """The number at an offset, seven bits a byte, and the offset after it; beyond the end where it does not end."""
    value = 0
    for place, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    return value, len(data) + 1

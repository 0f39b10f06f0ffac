"""What a file is, is told by its content: each kind is made here, and its loader is named."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping

import pytest

from tests.hostile.pack import Part, pack
from tests.hostile.programs import dictionary, name, program, text
from tests.hostile.seeds import DATA, archive, instance, members, tensor
from tsl.archive.archive import open_archive
from tsl.archive.kind import KINDS

STATE = program(dictionary(b"(" + text("weight") + tensor() + b"u"))
MODULE = program(
    instance(
        "net Net",
        _parameters=dictionary(b"(" + text("weight") + tensor() + b"u"),
        _buffers=dictionary(),
        _modules=dictionary(),
    )
)
HOSTILE = program(name("os", "system") + text("x") + b"\x85R")
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
SYSTEM = pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)


def saved(data: bytes, *more: Part) -> bytes:
    """A file of torch.save since 1.6."""
    records = (("data.pkl", data), ("byteorder", b"little"), ("data/0", bytes(24)), ("version", b"3\n"))
    return pack([*(Part(f"net/{member}", held) for member, held in records), *more])


def legacy(data: bytes) -> bytes:
    """A file of torch.save before 1.6."""
    return MAGIC + pickle.dumps(1001, 2) + SYSTEM + data + pickle.dumps(["0"], 2) + bytes(32)


def records(**held: bytes) -> bytes:
    """A ZIP file of members under one root; `__` stands for a slash and `_` for a point, as names of arguments must."""
    return pack([Part(f"net/{member}", data) for member, data in held.items()])


def by_zipfile(held: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as written:
        for member, data in held.items():
            written.writestr(member, data)
    return stream.getvalue()


def tar(*names: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as written:
        for member in names:
            written.addfile(tarfile.TarInfo(member))
    return stream.getvalue()


def safetensors() -> bytes:
    head = json.dumps({"weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(24)


def onnx() -> bytes:
    """ir_version 9, a producer, a graph of 300 bytes that no one reads, an opset."""
    return b"\x08\x09\x12\x07pytorch" + b"\x3a\xac\x02" + bytes(300) + b"\x42\x02\x10\x11"


MADE: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "torchscript": ("torchscript", archive),
    "torchscript without code": (
        "torchscript",
        lambda: pack([part for part in members() if "/code/" not in str(part.name)]),
    ),
    "lite": ("lite", lambda: archive(more=(Part("net/bytecode.pkl", program(b"K\x08\x85")),))),
    "lite without code": (
        "lite",
        lambda: records(**{"data.pkl": DATA, "bytecode.pkl": program(b"K\x08\x85"), "version": b"3"}),
    ),
    "legacy TorchScript": (
        "legacy-torchscript",
        lambda: records(**{"version": b"1", "model.json": b'{"protoVersion": "2"}', "tensors/0": bytes(24)}),
    ),
    "checkpoint": ("checkpoint", lambda: saved(STATE)),
    "one tensor": ("checkpoint", lambda: saved(program(tensor()))),
    "a checkpoint that asks for os.system": ("checkpoint", lambda: saved(HOSTILE)),
    "a checkpoint that cannot be read": ("checkpoint", lambda: saved(b"\x80\x02")),
    "module": ("pickled-module", lambda: saved(MODULE)),
    "a checkpoint with a module in it": (
        "pickled-module",
        lambda: saved(program(dictionary(b"(" + text("model") + MODULE[2:-1] + text("epoch") + b"K\x03u"))),
    ),
    "pt2": ("pt2", lambda: records(**{"archive_format": b"pt2", "models/model.json": b"{}", ".data/version": b"6"})),
    "pt2 before 2.8": ("pt2", lambda: by_zipfile({"serialized_exported_program.json": b"{}", "version": b"8.1"})),
    "aoti": ("aoti", lambda: records(**{"archive_format": b"pt2", "data/aotinductor/model/model.so": b""})),
    "torch.package": ("torch-package", lambda: records(**{".data/extern_modules": b"", "net.py": b""})),
    "flatbuffer": ("flatbuffer", lambda: b"\x34\0\0\0PTMF" + bytes(100)),
    "executorch": ("executorch", lambda: b"\x34\0\0\0ET12" + bytes(100)),
    "tflite": ("tflite", lambda: b"\x1c\0\0\0TFL3" + bytes(100)),
    "legacy checkpoint": ("legacy-checkpoint", lambda: legacy(STATE)),
    "legacy module": ("legacy-pickled-module", lambda: legacy(MODULE)),
    "legacy checkpoint cut short": ("legacy-checkpoint", lambda: legacy(STATE)[:60]),
    "legacy tar": ("legacy-tar", lambda: tar("sys_info", "pickle", "tensors")),
    "tar": ("tar", lambda: tar("readme")),
    "preview": ("preview-torchscript", lambda: b"PYTORCH1" + bytes(100)),
    "onnx": ("onnx", onnx),
    "safetensors": ("safetensors", safetensors),
    "pickle, protocol 2": ("pickle", lambda: pickle.dumps({"a": 1}, 2)),
    "pickle, protocol 4": ("pickle", lambda: pickle.dumps({"a": 1}, 4)),
    "torchserve": ("torchserve", lambda: by_zipfile({"MAR-INF/MANIFEST.json": b"{}", "model.pt": b""})),
    "keras": ("keras", lambda: by_zipfile({"config.json": b"{}", "model.weights.h5": b""})),
    "npz": ("npz", lambda: by_zipfile({"a.npy": b"\x93NUMPY", "b.npy": b"\x93NUMPY"})),
    "npy": ("numpy", lambda: b"\x93NUMPY\x01\x00" + bytes(100)),
    "hdf5": ("hdf5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(100)),
    "gguf": ("gguf", lambda: b"GGUF\x03\0\0\0" + bytes(100)),
    "gzip": ("gzip", lambda: b"\x1f\x8b\x08" + bytes(100)),
    "shared library": ("elf", lambda: b"\x7fELF" + bytes(100)),
    "git lfs": ("lfs-pointer", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
    "web page": ("html", lambda: b"\n<!DOCTYPE html><html><body>404</body></html>"),
    "text": ("text", lambda: b"hello\n"),
    "other zip": ("zip", lambda: by_zipfile({"readme": b"hello"})),
    "empty zip": ("zip", lambda: by_zipfile({})),
    "unfinished download": ("truncated", lambda: archive()[:300]),
    "empty": ("empty", lambda: b""),
    "noise": ("unknown", lambda: bytes(range(256)) * 4),
    "zeros": ("unknown", lambda: bytes(1000)),
}  # fmt: skip


@pytest.mark.parametrize("file", MADE)
def test_a_kind_is_told_by_its_content(file: str) -> None:
    kind, data = MADE[file]
    for name_of_file in ("model.pt", "model.onnx", "model"):
        assert open_archive(name_of_file, data()).kind.name == kind


@pytest.mark.parametrize("file", MADE)
def test_no_kind_of_file_is_more_than_its_bytes(file: str) -> None:
    """Whatever a file is, all that is asked of an archive has an answer."""
    opened = open_archive("model", MADE[file][1]())
    assert opened.size == len(MADE[file][1]())
    assert isinstance(opened.module.attributes, dict)
    assert (opened.traced_inputs, opened.extra) == ({}, ())
    assert all(problem.message for problem in opened.problems)


def test_every_kind_is_made_here_and_says_what_it_is() -> None:
    made = {kind for kind, _ in MADE.values()}
    assert set(KINDS) - made == {"tensorrt"}
    assert all(kind.title for kind in KINDS.values())
    assert KINDS["torchscript"].loader == "torch.jit.load"
    assert KINDS["safetensors"].loader == "safetensors.torch.load_file"


def test_a_pickle_of_another_kind_is_read_for_what_it_asks() -> None:
    for data in (saved(HOSTILE), legacy(HOSTILE), HOSTILE):
        opened = open_archive("model.pt", data)
        assert "os.system" in opened.pickles["data.pkl"].globals
        assert "foreign-global" in {problem.name for problem in opened.problems}


def test_what_torch_save_may_ask_for_is_no_problem() -> None:
    assert open_archive("model.pt", saved(STATE)).problems == ()
    assert open_archive("model.pt", legacy(STATE)).problems == ()


def test_the_class_of_a_pickled_module_is_foreign() -> None:
    problems = open_archive("model.pt", saved(MODULE)).problems
    assert [problem.message for problem in problems] == ["asks for net.Net, which torch.save has no need of"]


def test_onnx_is_not_seen_in_any_protobuf() -> None:
    for data in (b"\x08\x09", b"\x08\x09\x3a\x02", b"\x08\x09\x3a\x00\xff", b"\x3a\x00", b"\x0a\x02ab\x3a\x00"):
        assert open_archive("model.onnx", data).kind.name in ("unknown", "text")

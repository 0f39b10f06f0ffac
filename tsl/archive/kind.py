"""What a file is by its content, whatever its name says, and the call that reads it.

The table KINDS has every kind; `kind_of` asks, in this order: what the first bytes say, then which members a ZIP file
has, then what its `data.pkl` describes. Needs `heads` for formats that are no ZIP file. It will never look at a
file's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tsl.archive.directory import ArchiveError, Bytes
from tsl.archive.heads import head_kind
from tsl.archive.module import walk
from tsl.archive.pickle import Pickle
from tsl.archive.values import Object, Unresolved
from tsl.archive.zip import Zip
from tsl.record import Record

_OPEN = "torch.jit.load"
_WEIGHTS = "torch.load(..., weights_only=True)"
_OBJECTS = "torch.load(..., weights_only=False), which runs whatever the file says"


class Kind(Record):
    """A kind by name, what people call it, and the call that reads it ("" where nothing of PyTorch's does)."""

    name: str
    title: str
    loader: str

    @property
    def has_code(self) -> bool:
        """Whether it holds TorchScript's printed code."""
        return self.name in ("torchscript", "lite")


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # What torch's own ZIP reader opens.
        Kind("torchscript", "TorchScript archive", _OPEN),
        Kind("lite", "TorchScript archive for the lite interpreter", "torch.jit.mobile._load_for_lite_interpreter"),
        Kind("legacy-torchscript", "TorchScript archive of PyTorch before 1.4 (model.json)", _OPEN),
        Kind("checkpoint", "checkpoint of torch.save (tensors, no code)", _WEIGHTS),
        Kind("pickled-module", "pickled Python module of torch.save (its classes are not in the file)", _OBJECTS),
        Kind("pt2", "exported program of torch.export", "torch.export.load"),
        Kind("aoti", "compiled package of AOTInductor", "torch._inductor.aoti_load_package"),
        Kind("torch-package", "package of torch.package", "torch.package.PackageImporter"),
        # Others of PyTorch's.
        Kind("flatbuffer", "TorchScript module in flatbuffer form", "torch.jit.jit_module_from_flatbuffer"),
        Kind("legacy-checkpoint", "checkpoint of torch.save before 1.6 (tensors, no code)", _WEIGHTS),
        Kind("legacy-pickled-module", "pickled Python module of torch.save before 1.6", _OBJECTS),
        Kind("legacy-tar", "checkpoint of torch.save before 0.1.10 (tar)", _WEIGHTS),
        Kind("preview-torchscript", "TorchScript file of a preview of PyTorch 1.0 (PYTORCH1)", ""),
        Kind("executorch", "ExecuTorch program", "executorch.runtime.Runtime.load_program"),
        # Others'.
        Kind("onnx", "ONNX model", "onnx.load or onnxruntime.InferenceSession"),
        Kind("safetensors", "safetensors file (tensors, no code)", "safetensors.torch.load_file"),
        Kind("pickle", "Python pickle that torch.save did not write", "pickle.load, which runs whatever the file says"),
        Kind("torchserve", "TorchServe model archive", "torchserve --models"),
        Kind("numpy", "NumPy array", "numpy.load"),
        Kind("npz", "NumPy archive", "numpy.load"),
        Kind("keras", "Keras model", "keras.saving.load_model"),
        Kind("hdf5", "HDF5 file", "h5py.File"),
        Kind("gguf", "GGUF file", "gguf.GGUFReader"),
        Kind("tflite", "TensorFlow Lite model", "ai_edge_litert.interpreter.Interpreter"),
        Kind("tensorrt", "TensorRT engine", "tensorrt.Runtime.deserialize_cuda_engine"),
        Kind("lfs-pointer", "pointer of Git LFS, in place of the file it stands for", "git lfs pull"),
        Kind("html", "web page, in place of a download", ""),
        Kind("elf", "ELF binary", "torch.ops.load_library"),
        Kind("gzip", "gzip file", ""),
        Kind("tar", "tar file", ""),
        Kind("zip", "ZIP file that is no archive of PyTorch's", ""),
        Kind("truncated", "ZIP file without its end, such as an unfinished download", ""),
        Kind("text", "text", ""),
        Kind("empty", "empty file", ""),
        Kind("unknown", "file of no kind known here", ""),
    )
}

PickleOf = Callable[[str], "Pickle | None"]


def kind_of(data: Bytes, archive: Zip | None, pickle: PickleOf) -> Kind:
    """The kind of a file by its bytes, its members where it is a ZIP file, and a way to read a pickle among them."""
    name = head_kind(data)
    if name == "legacy-checkpoint":
        name = f"legacy-{_saved(pickle)}"
    elif name in ("", "truncated", "text") and archive is not None:
        name = _zip_kind(archive, pickle)
    return KINDS[name or "unknown"]


def _zip_kind(archive: Zip, pickle: PickleOf) -> str:
    names = archive.members
    if "data.pkl" in names and ("constants.pkl" in names or any(name.startswith("code/") for name in names)):
        return "lite" if "bytecode.pkl" in names else "torchscript"
    if "bytecode.pkl" in names:
        return "lite"
    if ".data/extern_modules" in names:
        return "torch-package"
    if "data.pkl" in names:
        return _saved(pickle)
    return _exported(archive) or _of_others(archive)


def _exported(archive: Zip) -> str:
    """The kinds that PyTorch writes without a `data.pkl`."""
    names = archive.members
    if any(name.startswith("data/aotinductor/") for name in names):
        return "aoti"
    format_ = _small(archive, "archive_format").strip()
    if format_ == b"pt2" or any(name.rpartition("/")[2] == "serialized_exported_program.json" for name in names):
        return "pt2"
    return "legacy-torchscript" if "model.json" in names and ("tensors" in names or "version" in names) else ""


def _of_others(archive: Zip) -> str:
    names = {f"{archive.root}/{name}" if archive.root else name for name in archive.members}
    if "MAR-INF/MANIFEST.json" in names:
        return "torchserve"
    if any(name.endswith("model.weights.h5") for name in names):
        return "keras"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def _small(archive: Zip, name: str) -> bytes:
    if name not in archive.members or archive.members[name].size > 64:
        return b""
    try:
        return archive.read(name)
    except ArchiveError:
        return b""


def _saved(pickle: PickleOf) -> str:
    """`pickled-module` where the pickle of torch.save describes one, or has one in it, else `checkpoint`."""
    found = pickle("data.pkl")
    if found is None:
        return "checkpoint"
    if "torch.fx.graph_module.reduce_graph_module" in found.globals:
        return "pickled-module"
    return "pickled-module" if any(_is_module(value) for _, value in walk(found.value)) else "checkpoint"


def _is_module(value: object) -> bool:
    """Whether something has the attributes of an nn.Module."""
    state = value.attributes if isinstance(value, Object) else value.state if isinstance(value, Unresolved) else None
    return isinstance(state, dict) and "_modules" in state and "_parameters" in state

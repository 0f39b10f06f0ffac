"""What an archive rule is asked with: one saved file and what is known of it, in the words of findings.

Definitions:
1. A *spot* is what a finding can be about: an archive has no lines, so each says itself what it is (`anchor`).
2. What an archive has many of, a finding names one and counts the rest: a *group* is by what is said of it.
3. A file's name *promises* a kind where its ending belongs to one, or a word in it does (`net_scripted.pt`).
4. A module is *refused* by name where torch's own parser of archives takes the name for a keyword, or for no name
   (measured against torch 2.13: torch.jit.save writes it, torch.jit.load raises).
5. Paths are *personal* where they name whoever made the file: `/home/NAME`, `/Users/NAME`, `C:\\Users\\NAME`.

Needs an Archive; everything is found when it is first asked for. It will never know a rule or a severity.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any
from zlib import crc32

from tsl.archive.archive import Archive, Versions
from tsl.archive.kind import Kind
from tsl.archive.module import objects, tensors, walk
from tsl.archive.storages import StorageRecord, equal_groups
from tsl.archive.values import Tensor
from tsl.record import Record

TORCHSCRIPT = frozenset({"torchscript", "lite", "flatbuffer", "legacy-torchscript"})
OF_PYTORCH = TORCHSCRIPT | frozenset(
    """checkpoint pickled-module legacy-checkpoint legacy-pickled-module legacy-tar pt2 aoti torch-package
    executorch""".split()
)
BROKEN = frozenset({"empty", "truncated"})

# (3) What the name of a file promises, by its ending, and by a word in the name of a file that promises nothing else.
ENDINGS: Mapping[str, tuple[str, frozenset[str]]] = {
    ".jit": ("TorchScript", TORCHSCRIPT),
    ".ts": ("TorchScript", TORCHSCRIPT),
    ".ptl": ("a model for the lite interpreter", frozenset({"lite", "flatbuffer"})),
    ".pt2": ("a program of torch.export", frozenset({"pt2", "aoti"})),
    ".pt": ("a file of PyTorch", OF_PYTORCH),
    ".pth": ("a file of PyTorch", OF_PYTORCH),
}
WORDS = re.compile(r"(?:^|[^a-z])(?:torchscript|scripted|traced|jit)(?![a-z])")

# (4)
REFUSED = frozenset(
    """False None NoneType True and as assert break class continue def del elif else for global if import in is not or
    pass raise return while with""".split()
)
# (5) Homes of build machines are nobody's.
PERSONAL = re.compile(
    rb"(/home/|/Users/|[A-Za-z]:\\Users\\)(?!runner\b|circleci\b|jenkins\b|vsts)([\w.@-]+)[/\\]"
    rb"(?:[^\x00-\x1f\"']*?\.py|[^\x00-\x1f\"']*)"
)

# What one is in the bytes of a little-endian storage.
ONES: Mapping[str, bytes] = {
    "float64": b"\0\0\0\0\0\0\xf0\x3f",
    "float32": b"\0\0\x80\x3f",
    "float16": b"\0\x3c",
    "bfloat16": b"\x80\x3f",
}
LARGEST_FILL = 16 << 20

OWN = frozenset({"aten", "prim", "prims", "quantized", "static_runtime", "_caffe2", "profiler"})
OF_OTHERS = frozenset({"foreign-global", "protocol"})  # problems that have a rule of their own
CUT_SHORT = frozenset(
    {"truncated", "unreadable", "zip"}
)  # all that is wrong with a checkpoint, which anything may be in


class Spot(Record):
    """Something in an archive (1). `text` names it, `times` says how many there are like it (2)."""

    text: str
    anchor: str
    times: int = 1
    detail: str = ""

    @property
    def more(self) -> str:
        """The rest of its group in words: ` and 3 more`."""
        return f" and {self.times - 1} more" if self.times > 1 else ""


class Promise(Record):
    """What a name promises (3): in words, and the kinds that keep it."""

    title: str
    kinds: frozenset[str]


class Library(Record):
    """A namespace of operators that torch does not bring, and the operators of it that the model calls."""

    namespace: str
    operators: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return self.namespace


class Copies(Record):
    """Weights that are stored more than once: the bytes that the copies take, and one group of them by name."""

    wasted: int
    names: tuple[str, ...]
    groups: int

    @property
    def anchor(self) -> str:
        return "copies"


class ArchiveFacts:
    """A saved file as rules see it."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.name = os.path.basename(archive.path)

    @property
    def whole(self) -> Spot:
        """The file itself, as a place."""
        return Spot(self.name, "")

    @property
    def kind(self) -> Kind:
        """What the file is, whatever its name says."""
        return self.archive.kind

    @property
    def is_torchscript(self) -> bool:
        """Whether it holds a TorchScript model in one of its forms."""
        return self.kind.name in TORCHSCRIPT

    @property
    def is_of_torch(self) -> bool:
        """Whether it is of a kind that PyTorch writes."""
        return self.kind.name in OF_PYTORCH

    @property
    def is_broken(self) -> bool:
        """Whether it is no more than the beginning of a file."""
        return self.kind.name in BROKEN

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.archive.size

    @property
    def versions(self) -> Versions:
        """Both records of the operator version."""
        return self.archive.versions

    @property
    def promise(self) -> Promise | None:
        """What the file's name promises; None where it promises nothing."""
        stem, ending = os.path.splitext(self.name.lower())
        if ending in {".pt", ".pth"} and WORDS.search(stem):
            return Promise(*ENDINGS[".jit"])
        found = ENDINGS.get(ending)
        return Promise(*found) if found else None

    def tricks(self) -> Iterator[Spot]:
        """What different readers of the container are shown differently, by kind of trick."""
        return _groups((trick.name, trick.member, trick.message) for trick in self.archive.tricks)

    def globals(self) -> Iterator[Spot]:
        """The names that the pickles ask for and that no writer of such a file writes; `detail` is the member."""
        names = [name for name in self.archive.members if name.endswith(".pkl")] or ["data.pkl"]
        for name in names:
            pickle = self.archive.pickle_of(name)
            foreign = dict.fromkeys(dotted for dotted in pickle.globals if not self._knows(dotted)) if pickle else ()
            yield from (Spot(dotted, f"{name}: {dotted}", detail=name) for dotted in foreign)

    def protocols(self) -> Iterator[Spot]:
        """Pickles of another protocol than torch writes."""
        found = (problem for problem in self.archive.problems if problem.name == "protocol")
        return _groups((problem.name, problem.member, problem.message) for problem in found)

    def damages(self) -> Iterator[Spot]:
        """What of the file cannot be read, by kind of damage; code that only a name spoils is not among it."""
        yield from _groups(self._damages())

    def _damages(self) -> Iterator[tuple[str, str, str]]:
        if self.is_broken:
            yield self.kind.name, self.name, f"is a {self.kind.title}"
            return
        for problem in self.archive.problems:
            if problem.name in CUT_SHORT or (self.is_torchscript and problem.name not in OF_OTHERS):
                yield problem.name, problem.member, problem.message
        if self.kind.name in {"torchscript", "lite"} and not self.archive.module.type:
            yield "no-module", "data.pkl", "holds no module"
        if any(self.refused_names()):
            return
        for broken in self._code_problems:
            yield broken.name, broken.member, broken.message

    @cached_property
    def _code_problems(self) -> list[Any]:
        if not self.archive.members:
            return []
        code = self.archive.code
        for member in code.members:
            code.file(member[len("code/") : -len(".py")].replace("/", "."))
        return list(code.problems)

    def libraries(self) -> Iterator[Library]:
        """The libraries of operators that must be loaded before the model is."""
        spaces: dict[str, list[str]] = {}
        for name in self._operators:
            space, _, operator = name.partition("::")
            if space not in OWN:
                spaces.setdefault(space, []).append(operator)
        yield from (Library(space, tuple(sorted(spaces[space]))) for space in sorted(spaces))

    @cached_property
    def _operators(self) -> tuple[str, ...]:
        bytecode = self.archive.bytecode
        mobile = [operator.name for operator in bytecode.operators] if bytecode else []
        return tuple(dict.fromkeys([*(self.archive.code.operators if self.archive.members else ()), *mobile]))

    def calls(self, names: Iterable[str]) -> tuple[str, ...]:
        """Which of these operators the model calls."""
        held = frozenset(self._operators)
        return tuple(name for name in names if name in held)

    @cached_property
    def reads_training(self) -> bool:
        """Whether the code of the model asks for the training flag."""
        code = [member for member in self.archive.members if member.startswith("code/") and member.endswith(".py")]
        return any(b".training" in self.archive.read(member) for member in code)

    def personal_paths(self) -> Iterator[Spot]:
        """The homes that recorded paths name (5), each with one such path in `detail`."""
        homes: dict[str, list[str]] = {}
        for member in self.archive.members:
            if member.endswith((".debug_pkl", ".py", ".json")):
                for match in PERSONAL.finditer(self.archive.read(member)):
                    home, path = f"{_text(match[1])}{_text(match[2])}", _text(match[0])
                    homes.setdefault(home, []).append(path)
        for home, paths in sorted(homes.items()):
            yield Spot(home, home, len(set(paths)), min(paths, key=lambda path: (len(path), path)))

    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """The tensors of the modules, by path: parameters, buffers and others."""
        return self._weights

    @cached_property
    def _weights(self) -> tuple[tuple[str, Tensor], ...]:
        return tuple(tensors(self.archive.module))

    @property
    def devices(self) -> frozenset[str]:
        """The devices the weights were saved on."""
        return frozenset(tensor.device for _, tensor in self._weights)

    def wide_weights(self) -> Iterator[Spot]:
        """Weights of float64 with a dimension, as one group; `detail` says whether `all` floats are, or `some`."""
        floats = [(path, tensor) for path, tensor in self._weights if tensor.dtype.startswith(("float", "bfloat"))]
        wide = [path for path, tensor in floats if tensor.dtype == "float64" and tensor.shape]
        if wide:
            others = any(tensor.dtype != "float64" for _, tensor in floats)
            yield Spot(wide[0], "float64", len(wide), "some" if others else "all")

    def examples_elsewhere(self) -> Iterator[Spot]:
        """Traced methods whose example inputs were on other devices than all weights; `detail` is those devices."""
        for method, inputs in self.archive.traced_inputs.items():
            devices = {found.device for given in inputs for _, found in walk(given) if isinstance(found, Tensor)}
            if self.devices and devices and not devices & self.devices:
                yield Spot(method, method, detail=", ".join(sorted(devices)))

    def in_training(self) -> Iterator[Spot]:
        """The outermost module whose training flag is on, with the number of all that are."""
        found = [
            (path, module) for path, module in objects(self.archive.module) if module.attributes.get("training") is True
        ]
        if found:
            path, module = found[0]
            yield Spot(path or _plain(module.type), f"training: {path}", len(found))

    def refused_names(self) -> Iterator[Spot]:
        """Attributes of modules with a name that torch.jit.load refuses (4)."""
        for path, module in objects(self.archive.module):
            for name in module.attributes:
                if name in REFUSED or (name.isidentifier() and not name.isascii()):
                    where = f"{path}.{name}" if path else name
                    yield Spot(where, where, detail=name)

    def copies(self, least: int) -> Iterator[Copies]:
        """Weights that are stored more than once, where the copies take at least so many bytes.

        Zeros and ones, which every model that was not trained is full of, are not counted.
        """
        fills = self._fills
        groups = [group for group in equal_groups(self.archive.storages) if not fills(group[0])]
        wasted = sum(group[0].size * (len(group) - 1) for group in groups)
        if groups and wasted >= least:
            largest = max(groups, key=lambda group: group[0].size * (len(group) - 1))
            yield Copies(wasted, tuple(storage.uses[0] for storage in largest), len(groups))

    @cached_property
    def _fills(self) -> Callable[[StorageRecord], bool]:
        """Whether a storage holds nothing but zeros or ones, by its checksum."""
        dtypes = {f"data/{tensor.storage}": tensor.dtype for _, tensor in self._weights}

        def fills(storage: StorageRecord) -> bool:
            if storage.size > LARGEST_FILL:
                return False
            one = ONES.get(dtypes.get(storage.record, ""), b"")
            ones = one * (storage.size // len(one)) if one else b""
            return storage.checksum in (crc32(bytes(storage.size)), crc32(ones))

        return fills

    @property
    def _knows(self) -> Callable[[str], bool]:
        from tsl.archive import dialect

        own = dialect.TORCHSCRIPT if self.is_torchscript else dialect.TORCH_SAVE
        return lambda name: own.knows(name) or (name.startswith("torch.") and name.endswith("Storage"))


def _groups(found: Iterable[tuple[str, str, str]]) -> Iterator[Spot]:
    """One spot for each name (2): the first member it is said of, what is said, and how often."""
    first: dict[str, tuple[str, str]] = {}
    times: dict[str, int] = {}
    for name, member, message in found:
        first.setdefault(name, (member, message))
        times[name] = times.get(name, 0) + 1
    for name, (member, message) in first.items():
        yield Spot(member, name, times[name], message)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plain(type: str) -> str:
    return type.rpartition(".")[2]

"""An archive: one file, what kind it is, and what it holds, each part read when it is first asked for.

Definitions:
1. The *pickles* of an archive are its members `*.pkl`, read as data. `module` is the value of `data.pkl`, `constants`
   that of `constants.pkl`, `traced_inputs` that of `traced_inputs.pkl`, `bytecode` that of `bytecode.pkl`.
2. A *weight* is a member that tensors' storages lie in. Weights are never read: a file is mapped, and only the pages
   that headers, pickles and code lie on are touched.
3. What is wrong is a Trick (of the container) or a Problem (of a pickle, or of a member that cannot be read). An
   archive with a trick is one that readers differ about; what is shown of it is what torch would read.

Raises ArchiveError and OSError from `open_archive` alone. It will never run, import or unpickle anything.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tsl.archive.dialect import TORCH_SAVE, TORCHSCRIPT, Dialect
from tsl.archive.directory import ArchiveError, Bytes, Trick, has_directory
from tsl.archive.kind import Kind, kind_of
from tsl.archive.legacy import read_legacy
from tsl.archive.limits import CHECKED_BYTES
from tsl.archive.machine import Problem
from tsl.archive.pickle import Pickle, read_pickle
from tsl.archive.values import Object, Typed
from tsl.archive.zip import Zip, read_zip
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.archive.code import Code
    from tsl.archive.lite import Bytecode
    from tsl.archive.storages import Storages

__all__ = ["Archive", "ArchiveError", "Problem", "Trick", "Versions", "open_archive"]

# Members that are small and say much: they are held to their checksums, as pickles, code and JSON are.
_CHECKED = (".pkl", ".py", ".json", ".debug_pkl")
_RECORDS = ("version", ".data/version", "byteorder", "archive_format")


class Versions(Record):
    """The two records of the operator version, `version` and `.data/version`; None where there is none or no number."""

    version: int | None
    data_version: int | None

    @property
    def number(self) -> int | None:
        """The one torch goes by: `.data/version` where there is one (caffe2/serialize/inline_container.cc)."""
        return self.version if self.data_version is None else self.data_version


class Archive:
    """An archive that was opened. Use it as a context, or call `close`, to give the map of the file back."""

    def __init__(self, path: str, data: Bytes) -> None:
        self.path, self.size, self._data = path, len(data), data
        self._troubles: dict[str, Problem] = {}
        self.zip: Zip | None = None
        if data[:2] == b"PK" or has_directory(data):
            try:
                self.zip = read_zip(data)
            except ArchiveError as error:
                self._troubles[""] = Problem("zip", 0, error.message)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unmaps the file; what was read stays, the rest cannot be read any more."""
        if isinstance(self._data, mmap.mmap):
            self._data.close()

    @cached_property
    def kind(self) -> Kind:
        """What the file is by its content, whatever its name says."""
        return kind_of(self._data, self.zip, self.pickle_of)

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the members, in the directory's order; none where the file is no ZIP file."""
        return tuple(self.zip.members) if self.zip else ()

    def read(self, name: str) -> bytes:
        """The bytes of a member; b"" where there is none or it cannot be had, which is then a problem."""
        if self.zip is None or name not in self.zip.members:
            return b""
        try:
            return self.zip.read(name)
        except ArchiveError as error:
            self._troubles[name] = Problem("unreadable", 0, error.message, name)
            return b""

    @cached_property
    def tricks(self) -> tuple[Trick, ...]:
        """Every trick of the container, wrong checksums of the members that are read included."""
        if self.zip is None:
            return ()
        told = [name for name in self.members if name.endswith(_CHECKED) or name in _RECORDS]
        total = sum(self.zip.members[name].size for name in told)
        if total > CHECKED_BYTES:
            return (*self.zip.tricks, Trick("too-large", "", f"its pickles and code have {total:,} bytes"))
        return self.zip.tricks + tuple(filter(None, map(self._mismatch, told)))

    def _mismatch(self, name: str) -> Trick | None:
        assert self.zip is not None
        try:
            return self.zip.checked(name)[1]
        except ArchiveError as error:
            self._troubles[name] = Problem("unreadable", 0, error.message, name)
            return None

    @cached_property
    def pickles(self) -> Mapping[str, Pickle]:
        """Each pickle (1) by its member's name, debug information left out."""
        names = [name for name in self.members if name.endswith(".pkl")] if self.zip else ["data.pkl"]
        found = {name: self.pickle_of(name) for name in names}
        return {name: pickle for name, pickle in found.items() if pickle is not None}

    @cached_property
    def debug_pickles(self) -> Mapping[str, Pickle]:
        """Each pickle of debug information by its member's name; all of it is much to read."""
        found = {name: self.pickle_of(name) for name in self.members if name.endswith(".debug_pkl")}
        return {name: pickle for name, pickle in found.items() if pickle is not None}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in the pickles, and the members that could not be read."""
        found = [problem for name, pickle in self.pickles.items() for problem in _of(name, pickle)]
        return (*found, *(self._troubles[name] for name in sorted(self._troubles)))

    def pickle_of(self, name: str) -> Pickle | None:
        """The pickle of a member, read once; None where there is no such member or it cannot be read.

        A file of torch.save before 1.6, or another pickle, has one, `data.pkl`.
        """
        if name not in self._read:
            self._read[name] = self._pickle(name)
        return self._read[name]

    def _pickle(self, name: str) -> Pickle | None:
        if self.zip is None:
            return read_legacy(self._data) if name == "data.pkl" else None
        data = self.read(name)
        return read_pickle(data, self._dialect) if data else None

    @property
    def _dialect(self) -> Dialect:
        """The dialect of the pickles: torch.save leaves neither code nor constants."""
        own = any(name in self.members for name in ("constants.pkl", "bytecode.pkl"))
        return TORCHSCRIPT if own or any(name.startswith("code/") for name in self.members) else TORCH_SAVE

    @cached_property
    def _read(self) -> dict[str, Pickle | None]:
        return {}

    def _value(self, name: str) -> Any:
        pickle = self.pickle_of(name)
        return pickle.value if pickle else None

    @cached_property
    def module(self) -> Object:
        """The root module; one without type and attributes where `data.pkl` holds none."""
        value = self._value("data.pkl")
        return value if isinstance(value, Object) else Object("", {})

    @cached_property
    def constants(self) -> tuple[Any, ...]:
        """The tensors and objects that code calls CONSTANTS.c0, CONSTANTS.c1, ..."""
        value = self._value("constants.pkl")
        return value if type(value) is tuple else ()

    @cached_property
    def traced_inputs(self) -> Mapping[str, tuple[Any, ...]]:
        """The example inputs of each traced method."""
        value = untyped(self._value("traced_inputs.pkl"))
        if type(value) is not dict:
            return {}
        lists = {str(name): untyped(given) for name, given in value.items()}
        return {name: tuple(given) if isinstance(given, list) else (given,) for name, given in lists.items()}

    @cached_property
    def versions(self) -> Versions:
        """Both records of the operator version."""
        return Versions(*(_number(self.read(name)) for name in ("version", ".data/version")))

    @cached_property
    def byteorder(self) -> str | None:
        """`little` or `big`; None where the archive does not say."""
        return self.read("byteorder").decode("ascii", "backslashreplace") or None

    @property
    def extra(self) -> tuple[str, ...]:
        """The names of the extra files, without `extra/`."""
        return tuple(name[6:] for name in self.members if name.startswith("extra/") and len(name) > 6)

    @cached_property
    def code(self) -> Code:
        """The printed functions and classes, parsed when they are asked for."""
        from tsl.archive.code import Code

        return Code(_Members(self, "code/"))

    @cached_property
    def bytecode(self) -> Bytecode | None:
        """What the mobile interpreter runs; None where there is no `bytecode.pkl`."""
        from tsl.archive.lite import read_bytecode

        return read_bytecode(self._value("bytecode.pkl")) if "bytecode.pkl" in self.members else None

    @cached_property
    def storages(self) -> Storages:
        """The weights (2): sizes, checksums and who uses them."""
        from tsl.archive.storages import storages_of

        return storages_of(self)


class _Members(Mapping[str, bytes]):
    """The members under a directory, read when they are asked for."""

    def __init__(self, archive: Archive, under: str) -> None:
        self._archive = archive
        self._names = dict.fromkeys(name for name in archive.members if name.startswith(under))

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        return self._archive.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def untyped(value: Any) -> Any:
    """A value without the type its pickle names for it."""
    return value.value if isinstance(value, Typed) else value


def _of(member: str, pickle: Pickle) -> tuple[Problem, ...]:
    return tuple(problem._replace(member=member) for problem in pickle.problems)


def _number(data: bytes) -> int | None:
    text = data.strip()
    return int(text) if text.isdigit() and len(text) < 10 else None


def open_archive(path: str | os.PathLike[str], data: bytes | None = None) -> Archive:
    """The archive at a path, or in the bytes given for it. Raises OSError where the file cannot be read."""
    if data is not None:
        return Archive(os.fspath(path), data)
    with open(path, "rb") as file:
        try:
            return Archive(os.fspath(path), mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:  # an empty file has no map
            return Archive(os.fspath(path), b"")

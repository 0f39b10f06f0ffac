"""Finding modules by path: what a dotted name means, without importing anything.

Definitions:
1. A dotted path is looked for below the importing file's root, then below the directories of `search`: source roots of
   the project, installed packages.
2. A path means the longest prefix that is a module, and the top-level name after it. A name that the module itself
   imports is followed to where it is defined, through at most MAX_HOPS modules and MAX_STARS star imports of each.
3. Packages in UNREAD are never read: torch is a table, the others hold no model code.
4. A module *depends* on every file that a look-up of its own went through, on what those depend on, and on the absence
   of every file that was looked for before the one that was found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tsl.record import Record
from tsl.source.file import SourceError, SourceFile, parse
from tsl.source.module import Module
from tsl.source.summaries import Shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tsl.source.exporting.operators import Exporters

UNREAD = frozenset(
    """torch numpy scipy math builtins typing collections functools itertools os sys re json warnings logging copy
    dataclasses abc enum pathlib contextlib pandas matplotlib PIL cv2 sympy networkx sklearn tqdm yaml requests einops
    jax tensorflow typing_extensions packaging huggingface_hub safetensors tokenizers""".split()
)
MAX_HOPS = 12
# A module with more star imports is an index of a library, such as transformers.models: a name that is not found there
# would cost reading all of it.
MAX_STARS = 64
MAX_BYTES = 1 << 20


class Definition(Record):
    """A top-level name in the module that defines it, and the attributes asked of it after that."""

    module: Module
    name: str
    rest: tuple[str, ...] = ()


class Dependencies(Record):
    """The files an analysis rests on: absolute paths that were read, and absolute paths that were not there."""

    read: frozenset[str]
    absent: frozenset[str]


class _LookUp(Record):
    definition: Definition | None
    read: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class Modules:
    """The modules read so far, by absolute path, and which of them rest on which files.

    `watched` are functions of torch whose calls are noted besides those that rules watch; `exporters` know what those
    of torch.onnx have, where that is asked.
    """

    def __init__(
        self,
        search: tuple[str, ...] = (),
        texts: Mapping[str, bytes] | None = None,
        watched: frozenset[str] = frozenset(),
        exporters: Exporters | None = None,
    ) -> None:
        """`texts` are read in the place of the files at these absolute paths."""
        self.search, self.watched, self.exporters = search, watched, exporters
        self._texts = texts or {}
        self.shared = Shared()
        self._by_path: dict[str, Module | None] = {}
        self._found: dict[tuple[str, str], _LookUp] = {}
        self._places: dict[tuple[str, str], tuple[str | None, tuple[str, ...]]] = {}
        self._rests_on: dict[str, tuple[set[str], set[str]]] = {}

    def parse(self, path: str, data: bytes) -> SourceFile:
        """The parsed file of a path; parsed once, also where another file asked for it. Raises SourceError."""
        known = self._by_path.get(os.path.abspath(path))
        return known.file if known is not None and known.file.data == data else parse(path, data)

    def module_of(self, file: SourceFile) -> Module:
        """The module a parsed file is, named from the first directory above it that is no package."""
        path = os.path.abspath(file.path)
        known = self._by_path.get(path)
        if known is not None and known.file is file:
            return known
        parts, root = [os.path.basename(path).removesuffix(".py")], os.path.dirname(path)
        while os.path.isfile(os.path.join(root, "__init__.py")) and os.path.dirname(root) != root:
            root, name = os.path.split(root)
            parts.insert(0, name)
        if parts[-1] == "__init__":
            parts.pop()
        module = self._by_path[path] = Module(file, ".".join(parts), root, self)
        return module

    def dependencies(self, file: SourceFile) -> Dependencies:
        """What the analysis of a file rests on besides the file itself (4), once it has been analysed."""
        own = os.path.abspath(file.path)
        read: set[str] = set()
        absent: set[str] = set()
        queue = [own]
        while queue:
            for path in self._edges(queue.pop(), absent):
                if path not in read:
                    read.add(path)
                    queue.append(path)
        return Dependencies(frozenset(read - {own}), frozenset(absent))

    def rest_on(self, file: SourceFile, paths: Iterable[str]) -> None:
        """Notes that the analysis of a file rests on others that are no Python: absolute paths that were read."""
        self._rests_on.setdefault(os.path.abspath(file.path), (set(), set()))[0].update(paths)

    def forget(self, keep: int) -> None:
        """Drops everything once more than `keep` modules are held: memory is worth more than parsing a few again."""
        if len(self._by_path) > keep:
            for table in (self._by_path, self._found, self._places, self._rests_on, self.shared):
                table.clear()

    def find(self, path: str, asker: Module) -> Definition | None:
        """Where a dotted path that a module uses is defined (2); None where it is not found or not read."""
        look_up = self._look_up(path, asker.root, 0)
        if look_up.read or look_up.absent:
            read, absent = self._rests_on.setdefault(os.path.abspath(asker.file.path), (set(), set()))
            read.update(look_up.read)
            absent.update(look_up.absent)
        return look_up.definition

    def _edges(self, path: str, absent: set[str]) -> Iterator[str]:
        read, missing = self._rests_on.get(path, ((), ()))
        absent.update(missing)
        yield from read

    def _look_up(self, path: str, root: str, hops: int) -> _LookUp:
        if path.partition(".")[0] in UNREAD or "." not in path or hops > MAX_HOPS:
            return NOTHING
        key = (path, root)
        if key not in self._found:
            self._found[key] = NOTHING  # while it is being found: a circle is nothing
            self._found[key] = self._search(path, root, hops)
        return self._found[key]

    def _search(self, path: str, root: str, hops: int) -> _LookUp:
        parts = path.split(".")
        absent: list[str] = []
        for cut in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:cut])
            place, missing = self._place(name, root)
            absent += missing
            module = self._read(place, name, root) if place else None
            if place is None:
                continue
            inner = self._defined(module, parts[cut], tuple(parts[cut + 1 :]), hops) if module else NOTHING
            return _LookUp(inner.definition, (place, *inner.read), (*absent, *inner.absent))
        return _LookUp(None, (), tuple(absent))

    def _defined(self, module: Module, name: str, rest: tuple[str, ...], hops: int) -> _LookUp:
        names = module.names
        if name in names.imports:
            return self._look_up(".".join([names.imports[name], *rest]), module.root, hops + 1)
        if name in names.functions or name in names.classes or name in names.assigned:
            return _LookUp(Definition(module, name, rest))
        read: list[str] = []
        for star in names.stars if len(names.stars) <= MAX_STARS else ():
            found = self._look_up(".".join([star, name, *rest]), module.root, hops + 1)
            if found.definition:
                return found
            read += found.read
        return _LookUp(None, tuple(read))

    def _place(self, dotted: str, root: str) -> tuple[str | None, tuple[str, ...]]:
        """The file of a module below a root or the search directories (1), and the places where it was not."""
        key = (dotted, root)
        if key not in self._places:
            relative = dotted.replace(".", os.sep)
            absent: list[str] = []
            candidates = (
                os.path.join(directory, relative + ending)
                for directory in (root, *self.search)
                for ending in (".py", os.sep + "__init__.py")
            )
            found = None
            for candidate in candidates:
                if os.path.isfile(candidate):
                    found = candidate
                    break
                absent.append(candidate)
            self._places[key] = found, tuple(absent)
        return self._places[key]

    def _read(self, path: str, name: str, root: str) -> Module | None:
        if path not in self._by_path:
            self._by_path[path] = self._parsed(path, name, root)
        return self._by_path[path]

    def _parsed(self, path: str, name: str, root: str) -> Module | None:
        try:
            data = self._texts.get(os.path.abspath(path)) if self._texts else None
            if data is None:
                with open(path, "rb") as stream:
                    data = stream.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                return None
            return Module(parse(os.path.relpath(path).replace(os.sep, "/"), data), name, root, self)
        except (OSError, SourceError):
            return None


NOTHING = _LookUp(None)

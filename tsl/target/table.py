"""Which operators a target has in which of its versions, and how that is known: a table, read a name at a time.

Definitions:
1. A table is text: a head of lines `# key: value`, then a line an operator: what it is called, a tab, and the
   *versions* it is in, as `9-20` or `1.12-2.0 2.4`. Versions are ordered as the head lists them. After another tab
   stands how many others the newest version takes it *apart* into, and which; a table of what is missing tells it of
   what is there.
2. Its *level* is `name` where the target goes by names of operators, `overload` where it tells overloads apart.
3. A table *lists* what is `known`, all else being unknown; or what is `missing`, all else being there.

Needs nothing but a file. It will never know what an operator does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tsl.record import Record

DIRECTORY = Path(__file__).parent / "tables"
NAMES = ("onnx", "onnx-dynamo", "libtorch", "cuda", "lite", "executorch", "export", "coreml", "tensorrt")


class Entry(Record):
    """A line of a table (1): a name, perhaps with its overload and schema, and its versions in order."""

    text: str
    versions: tuple[str, ...]
    apart: str = ""

    @property
    def operator(self) -> str:
        """`aten::add.Tensor` of `aten::add.Tensor(Tensor self, ...`."""
        return self.text.partition("(")[0]


class Table:
    """A table. `version_of` says what is counted by versions: `opset`, `torch`."""

    def __init__(self, text: str) -> None:
        head = dict[str, str]()
        for line in text.splitlines():
            if not line.startswith("# "):
                break
            key, _, value = line[2:].partition(": ")
            head[key] = value
        self.name, self.title, self.source = head["name"], head["title"], head["source"]
        self.date, self.level, self.version_of = head["date"], head["level"], head["version-of"]
        self.lists = head.get("lists", "known")
        self.versions = tuple(head["versions"].split())
        self.text = text
        self._known: dict[str, tuple[Entry, ...]] = {}

    @property
    def is_by_name(self) -> bool:
        """Whether the target goes by names (2)."""
        return self.level == "name"

    @property
    def is_of_missing(self) -> bool:
        """Whether the table lists what is missing (3)."""
        return self.lists == "missing"

    @property
    def operators(self) -> int:
        """How many operators it lists."""
        return sum(bool(line.split("\t")[1]) for line in self._all())

    def every(self) -> Iterator[Entry]:
        """All lines, in their order."""
        return map(self._entry, self._all())

    def _all(self) -> Iterator[str]:
        return (line for line in self.text.splitlines() if not line.startswith("#"))

    def entries(self, name: str) -> tuple[Entry, ...]:
        """The lines of an operator, all overloads; none where it has none."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = tuple(map(self._entry, self._lines(name)))
        return known

    def _lines(self, name: str) -> list[str]:
        found = []
        for sign in "(.\t":
            start = self.text.find(f"\n{name}{sign}")
            while start >= 0:
                end = self.text.find("\n", start + 1)
                found.append(self.text[start + 1 : end])
                start = self.text.find(f"\n{name}{sign}", end)
        return found

    def _entry(self, line: str) -> Entry:
        text, ranges, *apart = line.split("\t")
        held = list[str]()
        for part in ranges.split():
            first, _, last = part.partition("-")
            held += self.versions[self.versions.index(first) : self.versions.index(last or first) + 1]
        return Entry(text, tuple(held), *apart)


@lru_cache(maxsize=len(NAMES))
def shipped(name: str) -> Table:
    """One of the tables NAMES. Raises FileNotFoundError for another name."""
    import lzma

    return Table(lzma.decompress((DIRECTORY / f"{name}.txt.xz").read_bytes()).decode())

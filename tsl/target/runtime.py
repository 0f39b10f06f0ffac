"""The first release of torch that has all a model calls, by its operators and by the record of its file's version.

Definitions:
1. An operator *needs* the first release from which on every release takes the call. One of another library needs none.
2. A model needs the last of these releases, and the one that reads its file; what *sets* it is the operator that is
   met first among those that need it.
3. Releases before the first that is known are not told apart: a need that is met by that one is no need.
4. An operator *changed* where a release lacks one of the forms that the newest one has. No other sets a need, and what
   writes none of them in its code needs no graph to know it: arithmetic, indexing and the like, which code writes in
   other ways, have not changed.

Needs the table of releases, and the names of what changed, which scripts/target_tables.py reads from it. It will never
look at the version record alone: that is the newest operator version in use, and not the release that wrote the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from tsl.ir.facts import NodeFact
from tsl.record import Record
from tsl.target.judge import is_foreign, judge_of, written
from tsl.target.table import DIRECTORY, shipped


class Need(Record):
    """The first release of torch that runs a model; empty where the first one known does.

    `by` is the operator that sets it, empty where the file does; `oldest` the first release that is known.
    """

    version: str
    by: str
    oldest: str
    node: NodeFact | None = None


@lru_cache(maxsize=1)
def changed() -> frozenset[str]:
    """The names of the operators that changed (4)."""
    import lzma

    return frozenset(lzma.decompress((DIRECTORY / "changed.txt.xz").read_bytes()).decode().split())


def need_of(nodes: Iterable[NodeFact], reader: str = "") -> Need:
    """What a model that runs these nodes needs (2); `reader` is the first release that reads its file."""
    versions = shipped("libtorch").versions
    need = Need("", "", versions[0])
    rank = 0
    if reader in versions and versions.index(reader) > 0:
        need, rank = need._replace(version=reader), versions.index(reader)
    for node in _calls(nodes):
        since = _since(node, versions, rank)
        if since > rank:
            need, rank = Need(versions[since], node.kind, versions[0], node), since
    return need


def _calls(nodes: Iterable[NodeFact]) -> Iterator[NodeFact]:
    seen: set[object] = set()
    for node in nodes:
        inner = node.visit.node
        if inner.blocks or is_foreign(inner.kind) or inner.kind not in changed():
            continue
        key = (inner.kind, inner.schema, written(node))
        if key not in seen:
            seen.add(key)
            yield node


def _since(node: NodeFact, versions: tuple[str, ...], least: int) -> int:
    """The place of the first release from which on all take a node (1), where it is after `least`."""
    judge = judge_of(shipped("libtorch"))
    for place in range(len(versions) - 1, least - 1, -1):
        if not judge.takes(node, versions[place]):
            return place + 1 if place + 1 < len(versions) else least
    return least

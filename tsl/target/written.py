"""What a Python file is sure to call that its targets lack, before there is an archive of it.

Definitions:
1. What a trace always holds where a function of torch is called, whatever it is given, is in `tables/calls.txt.xz`
   (scripts/call_tables.py, by tracing torch's own samples).
2. A target *surely* lacks an operator where it lacks all its forms: one that goes by names has none, a release has no
   overload of it, a table of what is missing lists every overload. What depends on the graph is not told: what CUDA
   lacks, what a converter takes out before it looks.
3. A method counts where what it is called on surely is a tensor.

Needs functions that the source engine has judged, and asks it to note the calls (`watched`). It will never know a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from tsl.ir.schema import schemas
from tsl.record import Record
from tsl.source.facts import Call, Function
from tsl.source.values import NONE, TENSOR
from tsl.target.facts import Gap
from tsl.target.judge import LISTED, TAKEN_OUT, core_ml_names
from tsl.target.named import Target, listed
from tsl.target.rewrites import help_of
from tsl.target.table import DIRECTORY, Table

METHOD = "torch.Tensor."
# (2)
OF_A_GRAPH = frozenset({"cuda", "lite"})
BY_CONVERTERS = TAKEN_OUT | LISTED | {"aten::chunk"}


class Written(Record):
    """A call of an operator that targets surely lack (2), as a place in the user's file."""

    call: Any
    operator: str
    gaps: tuple[Gap, ...]
    labels: tuple[()] = ()
    is_foreign: bool = False

    @property
    def falls_back(self) -> bool:
        """Whether all that lack it leave it to torch."""
        return all(gap.falls_back for gap in self.gaps)

    @property
    def targets(self) -> str:
        """The targets in words."""
        return listed([gap.text for gap in self.gaps], "and")

    @property
    def help(self) -> str:
        """What to write instead; empty where nothing is known."""
        return help_of(self.operator)


class WrittenFacts:
    """A judged function and the targets of its model, as the rule on unknown operators sees them."""

    def __init__(self, function: Function, targets: Sequence[Target]) -> None:
        self._function, self._targets = function, targets

    def unknown(self) -> Iterator[Written]:
        """The calls of operators that targets surely lack, in the order in which they are noted."""
        for fact in self._function.facts:
            for operator in operators_of(fact) if isinstance(fact, Call) else ():
                gaps = tuple(gap for target in self._targets for gap in gaps_of(operator, target))
                if gaps:
                    yield Written(fact.node, operator, gaps)


def watched() -> frozenset[str]:
    """The functions and methods of torch whose calls the source engine is to note."""
    return frozenset(calls())


@lru_cache(maxsize=1)
def calls() -> dict[str, tuple[str, ...]]:
    """The operators that calls of functions and methods are sure to come to (1)."""
    import lzma

    lines = lzma.decompress((DIRECTORY / "calls.txt.xz").read_bytes()).decode().splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {path: tuple(operators.split()) for path, operators in pairs}


def operators_of(call: Call) -> tuple[str, ...]:
    """The operators that a call is sure to come to (1, 3)."""
    is_sure = not call.path.startswith(METHOD) or (call.base is not None and call.base.is_only(TENSOR | NONE))
    return calls().get(call.path, ()) if is_sure else ()


def gaps_of(operator: str, target: Target) -> Iterator[Gap]:
    """What a target surely lacks of an operator (2): one gap or none."""
    table = target.table
    if table.name in OF_A_GRAPH or (table.name in {"onnx", "coreml"} and operator in BY_CONVERTERS):
        return
    if _lacks(operator, table, target.version):
        later = table.versions[table.versions.index(target.version) + 1 :]
        yield Gap(target, next((one for one in later if not _lacks(operator, table, one)), ""))


@lru_cache(maxsize=8192)
def _lacks(operator: str, table: Table, version: str) -> bool:
    """(2)"""
    names = core_ml_names(operator) if table.name == "coreml" else (operator, operator.removesuffix("_"))
    entries = [entry for name in names for entry in table.entries(name) if version in entry.versions]
    if not table.is_of_missing:
        return not entries
    missing = {entry.operator for entry in entries}
    return bool(missing) and _overloads(operator) <= missing


def _overloads(operator: str) -> frozenset[str]:
    """The overloads that a call may come to: not those that write into what they are given, or go by named dims."""
    texts = (schema.text for schema in schemas().overloads(operator))
    called = (text.partition("(")[0] for text in texts if "Dimname" not in text)
    return frozenset(name for name in called if not name.endswith("out"))

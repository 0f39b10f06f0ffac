"""The operators of a model that is exported to ONNX, against those that its exporter has.

Definitions:
1. With `dynamo=False` the *older* exporter runs, which has the operators of an opset; one that is not spelled out is
   any. With `dynamo=True` the *newer* one, which has one list. Where a call says neither, the newer one runs since
   torch 2.9, and perhaps the older one, if the call names an opset.
2. An export *lacks* the operators of calls that its exporter does not have; *perhaps*, where it is the exporter that
   perhaps runs, or the call stands in an arm of an `if`.
3. An operator that the file names in a text, as `"aten::roll"`, is one that the file brings: it registers a function
   for it.
4. A torch.autograd.Function with a `symbolic` method tells the older exporter what to write: its `forward` is not read.

Needs the calls that the source engine notes in the model, and asks those who have the tables (`Exporters`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsl.record import Record
from tsl.source.classes import Class
from tsl.source.exporting import models
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import Const, Defined, Thing
from tsl.source.facts import Call, Note
from tsl.source.refs import External, Routine
from tsl.source.torch_hand import GUARDS

if TYPE_CHECKING:
    from typing import Protocol

    from tsl.source.exporting.statements import Run

    class Exporters(Protocol):
        """Who knows which operators the exporters of torch.onnx have."""

        def watched(self) -> frozenset[str]:
            """The functions and methods of torch whose calls say which operators a graph holds."""
            ...

        def lacking(self, call: Call, exporter: str, opset: int | None) -> tuple[str, str] | None:
            """The operator of a call that an exporter lacks, and the first later opset that has it, or nothing."""
            ...


OLDER, NEWER = "onnx", "onnx-dynamo"
# What a model is answered that asks how it is captured: by torch.jit.trace if nothing else is said
ANSWERS = {
    OLDER: {"is_in_onnx_export": True},
    NEWER: {
        **dict.fromkeys(("is_tracing", "is_jit_tracing", "_is_tracing", "_get_tracing_state"), False),
        **dict.fromkeys(("is_in_onnx_export", "is_exporting", "is_compiling", "is_dynamo_compiling"), True),
        **dict.fromkeys(("is_torch_compiling", "is_torchdynamo_compiling", "is_torchdynamo_exporting"), True),
    },
}
# How many operators are named, and how many calls are shown
MOST_NAMED, MOST_SHOWN = 3, 5


class Lack(Record):
    """A call of an operator that an exporter lacks (2)."""

    call: Call
    operator: str
    first: str
    exporter: str
    runs: bool

    @property
    def certain(self) -> bool:
        """Whether it surely lacks it (2)."""
        return self.runs and "arm" not in self.call.inside

    @property
    def text(self) -> str:
        """`aten::einsum` (from opset 12 on)."""
        return f"`{self.operator}`" + (f" (from opset {self.first} on)" if self.first else "")


def check_operators(run: Run, thing: Thing, given: Given, dynamo: bool | None) -> None:
    """What the model calls and its exporter lacks: one step for an export, of what it surely lacks if there is any."""
    tables = run.module.modules.exporters
    if tables is None or thing.source is None or _is_helped(given):
        return
    opset = _opset(given)
    found = (_lacks(run, tables, thing.source, one, opset) for one in _exporters(given, dynamo, opset))
    lacks = next(filter(None, found), [])
    lacks = [lack for lack in lacks if lack.certain] or lacks
    if not lacks:
        return
    story = [Note(lack.call.file, lack.call.node, f"`{lack.operator}` comes from here") for lack in lacks[:MOST_SHOWN]]
    run.tell(given.node, "operator", _named(lacks), _who(lacks[0], opset), certain=lacks[0].certain, story=story)


def _named(lacks: list[Lack]) -> str:
    texts = list(dict.fromkeys(lack.text for lack in lacks))
    more = [f"{len(texts) - MOST_NAMED} more"] if len(texts) > MOST_NAMED else []
    *texts, last = [*texts[:MOST_NAMED], *more]
    return f"{', '.join(texts)} and {last}" if texts else last


def _who(lack: Lack, opset: int | None) -> str:
    if lack.exporter == NEWER:
        return "the exporter of `dynamo=True` does not have"
    if opset is None:
        return "no opset of ONNX has"
    return f"opset {opset} of ONNX does not have" + ("" if lack.runs else ", in the exporter before torch 2.9,")


def _is_helped(given: Given) -> bool:
    """Whether a call may bring operators of its own, or leaves what ONNX lacks to the runtime."""
    kind = given.keywords.get("operator_export_type")
    path = kind.what.path if isinstance(kind, Defined) and isinstance(kind.what, External) else ""
    falls_through = kind is not None and not path.endswith(".ONNX")
    return given.rest is not None or given.says("custom_translation_table") or falls_through


def _opset(given: Given) -> int | None:
    said = given.keywords.get("opset_version")
    return said.value if isinstance(said, Const) and isinstance(said.value, int) else None


def _exporters(given: Given, dynamo: bool | None, opset: int | None) -> list[tuple[str, bool]]:
    """The exporters that may run, the surest first, and whether they surely do (1)."""
    if dynamo is None:
        return []
    if not dynamo:
        return [(OLDER, True)]
    either = "dynamo" not in given.keywords and opset is not None
    return [(NEWER, True), *([(OLDER, False)] if either else [])]


def _lacks(run: Run, tables: Exporters, cls: Class, running: tuple[str, bool], opset: int | None) -> list[Lack]:
    """What an exporter lacks, but for what the file brings (3)."""
    exporter, runs = running
    known, key, texts = run.reader.known, (cls, exporter), run.module.file.text.replace("'", '"')
    if key not in known:
        known[key] = _calls(cls, tables, exporter)
    found = [(call, tables.lacking(call, exporter, opset)) for call in known[key]]
    lacks = [Lack(call, *lack, exporter, runs) for call, lack in found if lack is not None]
    return [lack for lack in lacks if f'"{lack.operator}"' not in texts]


def _calls(cls: Class, tables: Exporters, exporter: str) -> list[Call]:
    """The calls of operators in a model in evaluation mode that an exporter goes through, in the order of places."""
    found = models.judged(cls, tables.watched(), GUARDS | ANSWERS[exporter])
    facts = [fact for home, fact in found if exporter == NEWER or not _is_symbolic(home)]
    return [fact for fact in facts if isinstance(fact, Call) and "training" not in fact.inside]


def _is_symbolic(routine: Routine) -> bool:
    """(4)"""
    return routine.owner is not None and "symbolic" in routine.owner.methods

"""The values that a difference is made of.

Definitions:
1. A *change* is about one operator, input, output, module, weight or method. Its `kind` is one of KINDS: what is
   `changed` is there on both sides, what is `moved` is the same in another module.
2. A *detail* is one thing that is different in it: which, in a word or two, and what it was and is. The aspect of a
   detail is what kind of thing that is.
3. What follows from another change is not a change: those values are counted as *consequences*, by aspect.
4. A finding is *new* where only the new model has it, *fixed* where only the old one had it, else *kept*.

Needs nothing. It will never know a graph.
"""

from __future__ import annotations

from collections.abc import Mapping

from tsl.diagnostic import Diagnostic
from tsl.record import Record

ADDED, REMOVED, CHANGED, MOVED = "added", "removed", "changed", "moved"
KINDS = (ADDED, REMOVED, CHANGED, MOVED)
OPERATOR, INPUT, OUTPUT, MODULE, WEIGHT, METHOD = "operator", "input", "output", "module", "weight", "method"
SUBJECTS = (METHOD, INPUT, OUTPUT, MODULE, OPERATOR, WEIGHT)
ASPECTS = (
    "operator",
    "constant",
    "operand",
    "type",
    "dtype",
    "device",
    "shape",
    "module",
    "name",
    "registered",
    "order",
)


class Detail(Record):
    """One thing that is different (2): `name` is what a person calls it. An empty text stands for nothing there."""

    aspect: str
    name: str
    old: str
    new: str


class Change(Record):
    """A change (1). `module` is the path it is in, `place` a recorded line (`net.py:12`), `near` where
    an operator stands that was added or removed. A change of whole modules names them all in `modules`. `total` is how
    many operators it is about, of weights how many weights; `weights` is how many of these come along with modules.

    `old` and `new` are the numbers of its items in the graphs of `method`, for pictures.
    """

    kind: str
    subject: str
    title: str
    module: str = ""
    details: tuple[Detail, ...] = ()
    place: str = ""
    total: int = 1
    near: str = ""
    modules: tuple[str, ...] = ()
    weights: int = 0
    method: str = ""
    old: tuple[int, ...] = ()
    new: tuple[int, ...] = ()


class Findings(Record):
    """The findings of both models (4)."""

    new: tuple[Diagnostic, ...] = ()
    fixed: tuple[Diagnostic, ...] = ()
    kept: tuple[Diagnostic, ...] = ()


class Difference(Record):
    """What is different between two models, by their names. `operators` are how many each runs, `retrained` how many of
    the weights that are the same in kind hold other numbers, and `notes` say what could not be compared.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    findings: Findings
    consequences: Mapping[str, int]
    operators: tuple[int, int] = (0, 0)
    retrained: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both models are the same as far as they were compared; findings that are kept are no difference."""
        return not self.changes and not self.findings.new and not self.findings.fixed

    def of(self, subject: str, *kinds: str) -> tuple[Change, ...]:
        """The changes about a subject, of these kinds or of all."""
        return tuple(one for one in self.changes if one.subject == subject and (not kinds or one.kind in kinds))

"""What is foretold of a model, in places that rules point at: conflicts, waits, nodes that run, parts.

Definition: a *cause* of a conflict of devices is what puts the odd tensor where it is: it is *left behind* where it is
saved and the way of deploying does not move it, of a *library* where torch's own code makes it on a device that is
written into the graph, and *mixed* otherwise.

Needs what `tsl.ir.solved` found. It will never look for anything itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.ir.deploy import Deploy
from tsl.ir.graph import Node
from tsl.ir.solved import ONCE, PER_ITERATION, PER_LAYER, Finding, Operand
from tsl.ir.uses import Uses
from tsl.record import Record

if TYPE_CHECKING:
    from tsl.ir.facts import NodeFact

LEFT_BEHIND, LIBRARY, MIXED = "left behind", "library", "mixed"
SAVED = frozenset({"parameter", "buffer", "attribute", "constant"})
TIMES = {ONCE: "", PER_LAYER: " at {count} places", PER_ITERATION: " each time around a loop"}


class Conflict(Record):
    """Tensors that an operation does not take together, or takes and makes float64 of; see `tsl.ir.solved`.

    `node` is its place with those its operands come from; `certain` is whether every run gets there; `always` whether
    it is one whatever the example is.
    """

    node: NodeFact
    certain: bool
    finding: Finding
    deploy: Deploy
    always: bool = True

    @property
    def kind(self) -> str:
        """`aten::add`."""
        return self.finding.node.kind

    @property
    def words(self) -> str:
        """What each operand is, or what is wrong with them."""
        return " and ".join(dict.fromkeys(self.finding.parts))

    @property
    def when(self) -> str:
        """Which runs it fails, in words: all of them, or those whose inputs are as the example's."""
        return "on every run" if self.always else "on inputs such as the example's"

    @property
    def odd(self) -> tuple[Operand, ...]:
        """The operands that are not where the model runs; all of them where all are."""
        away = tuple(each for each in self.finding.operands if each.tensor.device != self.deploy.device)
        return away or self.finding.operands

    @property
    def cause(self) -> str:
        """What puts the odd one where it is (see above)."""
        reasons = [reason for each in self.odd for reason in each.reasons]
        if any(reason.kind in SAVED for reason in reasons):
            return LEFT_BEHIND
        return LIBRARY if any(reason.kind == "literal" and of_torch(reason.node) for reason in reasons) else MIXED


class Wait(Record):
    """A place where the host waits for the device: why, how often (`tsl.ir.solved`), in how many places, and whether
    every run surely does."""

    node: NodeFact
    why: str
    multiplicity: str
    places: int = 1
    sure: bool = False

    @property
    def in_loop(self) -> bool:
        """Whether it waits each time around a loop."""
        return self.multiplicity == PER_ITERATION

    @property
    def times(self) -> str:
        """How often, in words that begin with a blank; none for once."""
        return TIMES[self.multiplicity].format(count=self.places)


class Running(Record):
    """A node that may run; `argument` reads what is written into the graph for one of its arguments."""

    node: NodeFact
    raw: Node
    uses: Uses

    @property
    def kind(self) -> str:
        """`aten::dropout`."""
        return self.raw.kind

    def argument(self, name: str) -> Any:
        """The constant of an argument; None where it is none, or one that the module is asked for."""
        return self.uses.argument(self.raw, name)


class Written(Record):
    """A node that writes to an input, whose name it is; not `certain` where it may be a copy of it."""

    node: NodeFact
    certain: bool
    name: str


class Part(Record):
    """A part of a model that no line is about: an input or a parameter, and what identifies it."""

    anchor: str
    name: str
    frame: None = None
    stack: tuple[()] = ()
    written: None = None
    others: tuple[()] = ()


def of_torch(node: Node | None) -> bool:
    """Whether a node is of torch's own code, as far as that was recorded."""
    stack = node.source.stack if node is not None and node.source else ()
    path = stack[0].path.replace("\\", "/") if stack else ""
    return "/torch/" in path or path.startswith(("torch/", "<string>"))

"""What a look at the fusion of a model comes to, in values that travel from the child process to a report.

Needs no torch, and will never hold a tensor or a graph: what a run showed is told here in words and numbers. `form_of`
turns any of it into what JSON holds, `read_plan` and the records themselves make values of that again.

1. A *group* is what one prim::TensorExprGroup runs: the operators that became one kernel.
2. The *rest* is every other operator of the plan that makes a tensor, each with the reason why it is in no group.
3. A *compilation* is a pass of the fuser over a graph: of the model, or after it met a new shape of one of its groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tsl.outcome import Failure
from tsl.record import Record

REASONS: Mapping[str, str] = {
    "in place": "it writes in place, and the fuser takes no operator that does",
    "requires grad": "gradients are recorded, and the graph for derivatives is not fused with its surroundings",
    "shape unknown": "a shape was not the same wherever the value was seen",
    "not run": "no call that was profiled has come to it",
    "dtype": "the fuser has no code for the dtype",
    "complex": "the fuser has no code for complex or quantized tensors",
    "devices": "its tensors are on more than one device",
    "reduction": "it is a reduction, and those are off by default",
    "number": "a number that was read from a tensor decides its type",
    "training": "it runs as in training",
    "training flag": "whether it runs as in training is read at run time",
    "alone": "the group would have this one operator",
    "order": "it may not be moved next to the group: something in between writes or is seen",
    "two uses": "it is a view that is used more than once",
    "branch": "its neighbours are in another branch or loop",
    "list": "its list of tensors is used more than once, or is not written out",
    "arguments": "the group would have more than 128 inputs and outputs",
    "symbolic shape": "there is no rule for its shape when sizes are left open",
    "excluded": "PYTORCH_TENSOREXPR_DONT_FUSE names it",
    "device off": "the fuser is off for its device",
    "on this device": "the fuser has code for it on another kind of device only",
    "no tensor": "it takes no tensor",
    "not supported": "the fuser has no code for it",
}


class Node(Record):
    """An operator of a plan, the user's line it comes from, and the path of the module it runs for."""

    op: str
    path: str
    line: int
    module: str


class Group(Record):
    """Operators that run as one kernel (1). `symbolic` says that it was made for any size."""

    nodes: tuple[Node, ...]
    symbolic: bool = False


class Unfused(Record):
    """An operator that is in no group (2): the reason, a key of REASONS, and what it is about.

    `origin` is the operator that brought it about, where that is another one. `expected` tells whether a reader expects
    it to be fused.
    """

    node: Node
    reason: str
    detail: str = ""
    origin: Node | None = None
    expected: bool = False


class Plan(Record):
    """What a model runs once the fuser is done with it. `runs` counts the calls it took until nothing changed.

    `nested` counts the groups inside graphs for derivatives, which have plans of their own. `splits` are branches and
    loops between operators that could be fused.
    """

    groups: tuple[Group, ...]
    rest: tuple[Unfused, ...]
    runs: int = 0
    nested: int = 0
    splits: tuple[Node, ...] = ()

    @property
    def fused(self) -> int:
        """How many operators are in groups."""
        return sum(len(group.nodes) for group in self.groups)

    @property
    def fusible(self) -> int:
        """How many operators a reader expects to be fused, and those that are."""
        return self.fused + sum(one.expected for one in self.rest)


class Shape(Record):
    """What happened on inputs of other sizes: compilations (3) until nothing changed, whether the first call took the
    unfused way, and whether code for any size was made.
    """

    inputs: tuple[str, ...]
    compilations: int
    fallback: bool
    symbolic: bool


class Variant(Record):
    """The same model after torch.jit.freeze or optimize_for_inference: its groups and fused operators, or why not."""

    name: str
    groups: int = 0
    fused: int = 0
    refused: str = ""


class Output(Record):
    """One output of the model: the largest difference between the fused and the unfused run, and relative to the
    largest value.
    """

    name: str
    error: float
    relative: float


class Kernels(Record):
    """Evidence that fused code ran: its kernels by name with calls in one run of the model.

    `launches` and `milliseconds` are pairs, unfused and fused, of a run on CUDA; milliseconds are medians.
    """

    names: tuple[tuple[str, int], ...]
    launches: tuple[int, int] | None = None
    milliseconds: tuple[float, float] | None = None


class Deployed(Record):
    """A way to the GPU, and the error of the first call there; none where it ran."""

    way: str
    error: str = ""


class Prediction(Record):
    """A plan that was foretold for a device, without running the model. `stopped` says what could not be typed."""

    device: str
    plan: Plan
    stopped: str = ""


class Report(Record):
    """A finished look. `failure` says why it could not be done, or not to its end.

    `waits` counts how often a call waits for the GPU; with `deployed` it is of runs on CUDA alone.
    """

    path: str
    entry: str
    device: str
    capture: str = ""
    inputs: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    plan: Plan | None = None
    shapes: tuple[Shape, ...] = ()
    variants: tuple[Variant, ...] = ()
    numerics: tuple[Output, ...] = ()
    kernels: Kernels | None = None
    waits: int | None = None
    deployed: tuple[Deployed, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def told(self) -> Plan | None:
        """The plan that is reported: of the run, else foretold for the device that was asked about."""
        if self.plan is not None:
            return self.plan
        return next((one.plan for one in self.predictions if one.device == self.device), None)


def form_of(value: Any) -> Any:
    """A value of this module as what JSON holds: records as objects, tuples as lists."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return [form_of(item) for item in value]
        return {field: form_of(item) for field, item in zip(fields, value, strict=True)}
    return value


def read_plan(form: Mapping[str, Any]) -> Plan:
    """The plan in what `form_of` made of one."""
    groups = tuple(Group(_nodes(one["nodes"]), one["symbolic"]) for one in form["groups"])
    rest = tuple(_unfused(one) for one in form["rest"])
    return Plan(groups, rest, form["runs"], form["nested"], _nodes(form["splits"]))


def read_kernels(form: Mapping[str, Any]) -> Kernels:
    """The kernels in what `form_of` made of them."""
    names = tuple((name, calls) for name, calls in form["names"])
    pairs = [form[key] and (form[key][0], form[key][1]) for key in ("launches", "milliseconds")]
    return Kernels(names, *pairs)


def _nodes(forms: Sequence[Mapping[str, Any]]) -> tuple[Node, ...]:
    return tuple(Node(**one) for one in forms)


def _unfused(form: Mapping[str, Any]) -> Unfused:
    origin = Node(**form["origin"]) if form["origin"] else None
    return Unfused(Node(**form["node"]), form["reason"], form["detail"], origin, form["expected"])

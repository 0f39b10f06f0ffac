"""The schedule: what is changed about the example inputs, and about how the model runs on them.

Needs torch; for the child process. It knows nothing of the model: a perturbation that the model itself refuses was not
legal, which only running tells.

1. A kind of perturbation follows on another in turn, so that a search that is cut short has seen something of each.
2. A size that grows is filled by starting over, so that indices and masks stay what they may be.
3. Values stay within the bounds that a SPEC gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import torch

from tsl.entry.inputs import Axis, Example, Inputs
from tsl.record import Record
from tsl.verify.verdict import EXAMPLE, KINDS, PAIR

Tensors = list[torch.Tensor]
Change = Callable[[Tensors], Tensors]
Edit = Callable[[torch.Tensor], torch.Tensor]


class Setting(Record):
    """How a model is run: in which mode and dtype, on which device, under which seed, at which call."""

    mode: str = "eval"
    seed: int = 0
    calls: int = 1
    dtype: torch.dtype | None = None
    device: str = ""

    @property
    def moves(self) -> bool:
        """Whether the parameters of the model are changed."""
        return bool(self.device) or self.dtype is not None


PLAIN = Setting()


class Trial(Record):
    """A perturbation of certain inputs, ready to be run."""

    kind: str
    text: str
    inputs: Inputs
    setting: Setting


class Perturbation(Record):
    """One change: its kind, what it is in words, what it does to tensors, the setting it runs in.

    `other` are inputs that take the place of the example's before anything is changed.
    """

    kind: str
    text: str
    change: Change | None = None
    setting: Setting = PLAIN
    other: Inputs | None = None

    def of(self, example: Inputs) -> Trial:
        """What it makes of the example's inputs. Raises RuntimeError where torch cannot change such tensors."""
        inputs = self.other or example
        if self.change is not None:
            inputs = inputs.holding(self.change([tensor for _, tensor in inputs.leaves()]))
        return Trial(self.kind, self.text, inputs, self.setting)


def schedule(example: Example, entry: str, skipped: frozenset[str]) -> Iterator[Perturbation]:
    """Every perturbation of an example, the kinds in turn (1), after the example itself."""
    yield Perturbation(EXAMPLE, "the example inputs")
    makers = {
        "own": _own(example, entry),
        "size": _sizes(example),
        "data": _data(example),
        "seed": iter([Perturbation("seed", "another random seed", setting=Setting(seed=1))]),
        "state": iter([Perturbation("state", "the second call of the same module", setting=Setting(calls=2))]),
        "dtype": _dtypes(example),
        "device": iter([Perturbation("device", "device `meta`", setting=Setting(device="meta"))]),
        "mode": _modes(example),
    }
    assert makers.keys() == KINDS.keys()
    waiting = [maker for kind, maker in makers.items() if kind not in skipped]
    while waiting:
        for maker in tuple(waiting):
            found = next(maker, None)
            if found is None:
                waiting.remove(maker)
            else:
                yield found


def pairs(sizes: Sequence[Perturbation], data: Sequence[Perturbation]) -> Iterator[Perturbation]:
    """Every two of legal perturbations of size and of data at once."""
    for place in range(len(sizes) * len(data)):
        one, other = sizes[place % len(sizes)], data[(place // len(sizes) + place) % len(data)]
        yield Perturbation(PAIR, f"{one.text}, and {other.text}", _both(one, other))


def _both(one: Perturbation, other: Perturbation) -> Change:
    def change(tensors: Tensors) -> Tensors:
        for part in (one.change, other.change):
            tensors = part(tensors) if part else tensors
        return tensors

    return change


def _own(example: Example, entry: str) -> Iterator[Perturbation]:
    for place, inputs in enumerate(example.others, 1):
        which = f" ({place})" if len(example.others) > 1 else ""
        yield Perturbation("own", f"the other inputs of {entry}(){which}", other=inputs)


def _sizes(example: Example) -> Iterator[Perturbation]:
    """Each axis with one more, then each doubled, and so on."""
    seen = set()
    for size_of, axis in product(SIZES, example.axes):
        size = size_of(axis)
        is_within = axis.low <= size and (axis.high is None or size <= axis.high)
        if is_within and size != axis.size and (axis, size) not in seen:
            seen.add((axis, size))
            yield Perturbation("size", f"{axis.text}: {axis.size} -> {size}", _resizing(axis, size))


SIZES: tuple[Callable[[Axis], int], ...] = (
    lambda axis: axis.size + 1,
    lambda axis: 2 * axis.size,
    lambda axis: 1,
    lambda axis: axis.low,
    lambda axis: axis.size if axis.high is None else axis.high,
)


def _resizing(axis: Axis, size: int) -> Change:
    def change(tensors: Tensors) -> Tensors:
        tensors = list(tensors)
        for leaf, dim in axis.members:
            tensors[leaf] = resized(tensors[leaf], dim, size)
        return tensors

    return change


def resized(tensor: torch.Tensor, dim: int, size: int) -> torch.Tensor:
    """The tensor with another size in one dimension, cut short or begun again (2)."""
    if not tensor.shape[dim]:
        return tensor.new_zeros([*tensor.shape[:dim], size, *tensor.shape[dim + 1 :]])
    return tensor.index_select(dim, torch.arange(size) % tensor.shape[dim])


def _data(example: Example) -> Iterator[Perturbation]:
    leaves = example.inputs.leaves()
    for text, edits in EDITS.items():
        edited = [leaf for leaf, (_, tensor) in enumerate(leaves) if _kind(tensor) in edits]
        groups = [[leaf] for leaf in edited] + ([edited] if len(edited) > 1 else [])
        for group in groups:
            edit = {leaf: edits[_kind(leaves[leaf][1])] for leaf in group}
            if all(_is_news(leaves[leaf][1], edit[leaf], example.bounds[leaf]) for leaf in group):
                names = " and ".join(f"`{leaves[leaf][0]}`" for leaf in group)
                yield Perturbation("data", f"{names} {text}", _editing(edit))


def _editing(edits: Mapping[int, Edit]) -> Change:
    def change(tensors: Tensors) -> Tensors:
        return [edits[leaf](tensor) if leaf in edits else tensor for leaf, tensor in enumerate(tensors)]

    return change


def _is_news(tensor: torch.Tensor, edit: Edit, bounds: tuple[float | None, float | None]) -> bool:
    """Whether an edit changes a tensor and leaves it within its bounds (3)."""
    low, high = bounds
    try:
        edited = edit(tensor) if tensor.numel() else tensor
    except RuntimeError:  # a kind of tensor that cannot be changed so, such as a sparse one
        return False
    if torch.equal(edited, tensor):
        return False
    return low is None or high is None or bool(((edited >= low) & (edited <= high)).all())


def _kind(tensor: torch.Tensor) -> str:
    if tensor.dtype is torch.bool:
        return "bool"
    if tensor.is_complex():
        return "complex"
    return "float" if tensor.is_floating_point() else "int"


def _shuffled(tensor: torch.Tensor) -> torch.Tensor:
    order = torch.randperm(tensor.numel(), generator=torch.Generator().manual_seed(1))
    return tensor.flatten()[order].view(tensor.shape)


def _with_a_nan(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.clone()
    tensor[(0,) * tensor.dim()] = float("nan")
    return tensor


def _other_values(tensor: torch.Tensor) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    low, high = tensor.min(), tensor.max()
    return (low + (high - low) * torch.rand(tensor.shape, generator=generator)).to(tensor.dtype)


# What is done to values, by what they are.
EDITS: Mapping[str, Mapping[str, Edit]] = {
    "negated": {"float": torch.neg, "complex": torch.neg, "bool": torch.logical_not},
    "times 10": {"float": lambda one: one * 10, "complex": lambda one: one * 10},
    "all positive": {"float": torch.abs, "bool": torch.ones_like},
    "all negative": {"float": lambda one: -one.abs()},
    "all zero": {"float": torch.zeros_like, "complex": torch.zeros_like, "bool": torch.zeros_like},
    "all its smallest": {"int": lambda one: torch.full_like(one, int(one.min()))},
    "all its largest": {"int": lambda one: torch.full_like(one, int(one.max()))},
    "shuffled": dict.fromkeys(("float", "int", "bool"), _shuffled),
    "with a NaN": {"float": _with_a_nan},
    "with other values": {"float": _other_values, "int": _other_values},
    "plus 1": {"float": lambda one: one + 1, "int": lambda one: one + 1},
    "minus 1": {"float": lambda one: one - 1, "int": lambda one: one - 1},
    "divided by 10": {"float": lambda one: one / 10},
}


def _dtypes(example: Example) -> Iterator[Perturbation]:
    """Model and inputs in another floating type; the indices among the inputs in another integer type."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        tensors = [tensor for _, tensor in example.inputs.leaves()]
        if all(tensor.dtype is not dtype for tensor in tensors):
            yield Perturbation("dtype", f"dtype {_word(dtype)}", _casting("float", dtype), Setting(dtype=dtype))
    if any(tensor.dtype is torch.int64 for _, tensor in example.inputs.leaves()):
        yield Perturbation("dtype", "integers as int32", _casting("int", torch.int32))


def _casting(kind: str, dtype: torch.dtype) -> Change:
    return lambda tensors: [one.to(dtype) if _kind(one) == kind else one for one in tensors]


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _modes(example: Example) -> Iterator[Perturbation]:
    """The example in training mode, then with its data and with each size changed once."""
    training = Setting(mode="train")
    yield Perturbation("mode", "training mode", setting=training)
    floats = [leaf for leaf, (_, tensor) in enumerate(example.inputs.leaves()) if _kind(tensor) == "float"]
    if floats:
        edits = dict.fromkeys(floats, EDITS["negated"]["float"])
        yield Perturbation("mode", "training mode, all data negated", _editing(edits), training)
    for found in _sizes(example):
        yield found._replace(kind="mode", text=f"training mode, {found.text}", setting=training)

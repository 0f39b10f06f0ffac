"""The modules of an archive and the tensors they hold, counted.

1. A module is met once, under the first of its paths, and so is a tensor: tied weights count once.
2. A tensor is a parameter or a buffer where the class of its module says so, else an attribute.
3. Modules look alike where their classes, the names, dtypes and shapes of their tensors, and their submodules do.

Needs the values of pickles, and who tells a class's parameters and buffers. It will never read a tensor's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tsl.archive.inspection.facts import Module, TensorGroup
from tsl.archive.module import tensors
from tsl.archive.values import ITEM_BYTES, Object, Tensor

ROLES = ("parameter", "buffer", "attribute", "tensor")
RoleOf = Callable[[str, str], str]

_MANGLED = re.compile(r"\.___torch_mangle_\d+")
_ROOT = re.compile(r"\b__torch__\.")


class Visit:
    """A module met on the walk: its path, and the modules and tensors that it holds itself."""

    __slots__ = ("inner", "object", "path", "tensors")

    def __init__(self, path: str, object: Object) -> None:
        self.path, self.object = path, object
        self.inner: list[Visit] = []
        self.tensors: list[tuple[str, str, Tensor]] = []


def plain(type: str) -> str:
    """A type without what torch puts before the names of classes and into them: `net.Net` of `__torch__.net.Net`."""
    return _ROOT.sub("", _MANGLED.sub("", type))


def is_module(value: Any) -> bool:
    """Whether a value is a module: torch gives every one of them a training flag."""
    return isinstance(value, Object) and "training" in value.attributes


def visits(root: Object, role_of: RoleOf) -> list[Visit]:
    """The modules, each before the ones in it (1), with their tensors by name and role (2)."""
    found: list[Visit] = []
    met = {id(root)}
    shown: set[int] = set()
    queue = [Visit("", root)]
    while queue:
        visit = queue.pop()
        found.append(visit)
        lead = f"{visit.path}." if visit.path else ""
        for name, value in visit.object.attributes.items():
            if is_module(value):
                if id(value) not in met:
                    met.add(id(value))
                    visit.inner.append(Visit(f"{lead}{name}", value))
            elif isinstance(value, (Tensor, Object, list, tuple, dict)) or hasattr(value, "value"):
                visit.tensors += _held(name, value, role_of(visit.object.type, name), shown)
        queue += reversed(visit.inner)
    return found


def _held(name: str, value: Any, role: str, shown: set[int]) -> Iterator[tuple[str, str, Tensor]]:
    for path, tensor in tensors(value, name):
        if id(tensor) not in shown:
            shown.add(id(tensor))
            yield path, role, tensor


def modules_of(found: Sequence[Visit]) -> tuple[Module, ...]:
    """The modules in the order of the walk, those that look alike by number (3)."""
    numbers: dict[tuple[Any, ...], int] = {}
    look: dict[int, int] = {}
    for visit in reversed(found):
        own = tuple((name, role, tensor.dtype, tensor.shape) for name, role, tensor in visit.tensors)
        inner = tuple((one.path.rpartition(".")[2], look[id(one)]) for one in visit.inner)
        key = (plain(visit.object.type), own, inner)
        look[id(visit)] = numbers.setdefault(key, len(numbers))
    return tuple(_module(visit, look[id(visit)]) for visit in found)


def _module(visit: Visit, look: int) -> Module:
    counts = dict.fromkeys(ROLES, 0)
    for _, role, tensor in visit.tensors:
        counts[role] += tensor.elements
    training = visit.object.attributes.get("training")
    flag = training if isinstance(training, bool) else None
    return Module(visit.path, plain(visit.object.type), flag, counts["parameter"], counts["buffer"], look)


def groups_of(found: Sequence[tuple[str, Tensor]]) -> tuple[TensorGroup, ...]:
    """Tensors with their roles by role, dtype and device; what lies at one place of one storage counts once (1)."""
    counts: dict[tuple[int, str, str], list[int]] = {}
    met: set[tuple[Any, ...]] = set()
    for role, tensor in found:
        place = (tensor.storage, tensor.offset, tensor.shape, tensor.stride, tensor.dtype)
        if place in met:
            continue
        met.add(place)
        count = counts.setdefault((ROLES.index(role), tensor.dtype, tensor.device), [0, 0])
        count[0] += 1
        count[1] += tensor.elements
    return tuple(
        TensorGroup(ROLES[role], dtype, device, many, elements, elements * ITEM_BYTES.get(dtype, 0))
        for (role, dtype, device), (many, elements) in sorted(counts.items())
    )

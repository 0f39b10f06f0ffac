"""The saved module as abstract values: what its attributes hold once the model is deployed.

Definitions:
1. A tensor of the archive is where the deployment puts it (see `deploy`); what is *registered* is what the class of its
   module lists as parameter or buffer, under whatever other name it is met: `.to` moves the tensor, not the attribute
   (torch.nn.Module._apply sets `.data`), and a list such as `_flat_weights` of an LSTM holds the same tensors.
2. An object that is shared is one Thing, named by the first path to it.
3. What is not in the archive is not known: its tensors may be anywhere.

Needs the values of an archive. It will never know a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tsl.archive import values
from tsl.archive.module import objects
from tsl.ir import dtype
from tsl.ir.abstract import (
    ANYTHING,
    MOST_PARTS,
    NEVER,
    NONE,
    Many,
    Maybe,
    On,
    Sequence,
    Table,
    Tensor,
    Thing,
    Value,
    constant,
)
from tsl.ir.deploy import Deploy
from tsl.ir.device import ANYWHERE, CPU, normal
from tsl.ir.number import ANY_NUMBER, ANY_SIZE
from tsl.ir.types import Type
from tsl.record import Record

# Of a class and an attribute: "parameter" or "buffer" where it is registered, else "".
Registered = Callable[[str, str], str]


class Reason(Record):
    """What puts a tensor on its device: `kind` is parameter, buffer, attribute, constant, input, literal or default;
    `name` is a path, an input's name or an operator; `node` is the node, where there is one.
    """

    kind: str
    name: str
    node: Any = None


Number = Callable[[Reason], int]


# The number that a tensor without dimensions was saved with; None where it is not read.
NumberOf = Callable[[values.Tensor], Any]


class Tree:
    """The module of an archive (1-3). Without a `root` nothing is known of its attributes. `number_of` tells the
    numbers that constants without dimensions hold.
    """

    def __init__(
        self,
        root: values.Object | None = None,
        registered: Registered = lambda owner, name: "parameter",
        number_of: NumberOf = lambda tensor: None,
    ) -> None:
        self.root, self.registered, self.number_of = root, registered, number_of
        self._objects: dict[int, tuple[str, values.Object]] = {}
        self._by_path: dict[str, values.Object] = {}
        self._tensors: dict[int, str] | None = None

    def whole(self) -> Value:
        """The module itself."""
        return ANYTHING if self.root is None else self._thing(self.root, "")

    def attribute(self, owner: Thing, name: str, type: Type, deploy: Deploy, number: Number) -> Value:
        """What an attribute of an object holds."""
        found = self._by_path.get(owner.path) if owner.path is not None else None
        path = f"{owner.path}.{name}" if owner.path else name
        if found is None or name not in found.attributes:
            return self.missing(owner.type, path, name, type, deploy, number)
        return self._value(found.attributes[name], path, self.registered(found.type, name), deploy, number)

    def missing(self, owner: str, path: str, name: str, type: Type, deploy: Deploy, number: Number) -> Value:
        """An attribute of which only its type is known (3); one that is registered still moves."""
        kind = self.registered(owner, name) if self.root is None else ""
        if kind and type.kind == "Tensor" and deploy.mode != "frozen":
            return Tensor(deploy.device, origin=(number(Reason(kind, path)),))
        return unknown(type)

    def shared(self) -> dict[int, str]:
        """What each registered tensor is registered as, by identity (1)."""
        if self._tensors is None:
            named = (
                (id(held), self.registered(found.type, name))
                for _, found in objects(self.root)
                for name, held in found.attributes.items()
                if type(held) is values.Tensor
            )
            self._tensors = {key: kind for key, kind in named if kind}
        return self._tensors

    def _thing(self, found: values.Object, path: str) -> Thing:
        known = self._objects.setdefault(id(found), (path, found))[0]
        self._by_path[known] = found
        return Thing(known, found.type, known)

    def _value(self, found: Any, path: str, registered: str, deploy: Deploy, number: Number) -> Value:
        kind = type(found)
        if kind is values.Tensor:
            registered = registered or self.shared().get(id(found), "")
            return tensor(
                found, deploy.moved(found.device, bool(registered)), number(Reason(registered or "attribute", path))
            )
        if kind is values.Object:
            return self._thing(found, path)
        if kind is values.Typed:
            return self._value(found.value, path, registered, deploy, number)
        if kind is values.Device:
            return On(normal(found.text), (), True)
        if kind in (list, tuple):
            if len(found) > MOST_PARTS:
                return Many(kind.__name__, ANYTHING, len(found))
            parts = (self._value(part, f"{path}.{at}", "", deploy, number) for at, part in enumerate(found))
            return Sequence(kind.__name__, tuple(parts))
        if kind is dict:
            items = (
                (constant(key), self._value(part, f"{path}.{key}", "", deploy, number)) for key, part in found.items()
            )
            return Table(tuple(items), NEVER)
        return plain(found)


def tensor(found: values.Tensor, device: str, origin: int) -> Tensor:
    """A saved tensor on a device."""
    known = found.dtype if found.dtype in dtype.CODE_OF else ""
    return Tensor(device, known, found.shape, (origin,))


def plain(found: Any) -> Value:
    """A saved number, text, or None."""
    if found is None:
        return NONE
    return constant(found) if type(found) in (bool, int, float, complex, str) else ANYTHING


def unknown(type: Type) -> Value:
    """A value of which only its type is known."""
    return _UNKNOWN.get(type.kind) or _made(type)


def _made(type: Type) -> Value:
    if type.kind == "Optional":
        inner = unknown(type.element)
        return inner if inner is ANYTHING else Maybe(inner)
    if type.kind == "List":
        return Many("list", unknown(type.element), ANY_SIZE)
    if type.kind in ("Tuple", "NamedTuple"):
        return Sequence("tuple", tuple(map(unknown, type.arguments)))
    if type.kind == "Dict":
        return Table((), unknown(type.arguments[1]))
    return ANYTHING


def moved(type: Type, device: str, origin: tuple[int, ...]) -> Value:
    """A value of a type, whose tensors are on a device."""
    if type.kind == "Tensor":
        return Tensor(device, origin=origin)
    if type.kind == "Optional":
        inner = moved(type.element, device, origin)
        return inner if inner is ANYTHING else Maybe(inner)
    if type.kind == "List":
        return Many("list", moved(type.element, device, origin), ANY_SIZE)
    if type.kind in ("Tuple", "NamedTuple"):
        names = type.fields or ("",) * len(type.arguments)
        return Sequence(
            "tuple",
            tuple(_field(name, part, device, origin) for name, part in zip(names, type.arguments, strict=False)),
        )
    if type.kind == "Dict":
        return Table((), moved(type.arguments[1], device, origin))
    return unknown(type)


def _field(name: str, type: Type, device: str, origin: tuple[int, ...]) -> Value:
    """A field of a NamedTuple. The sizes of batches of a PackedSequence stay on the CPU (torch/nn/utils/rnn.py)."""
    return moved(type, CPU if name == "batch_sizes" else device, origin)


_UNKNOWN: dict[str, Value] = {
    "Tensor": Tensor(),
    "int": ANY_NUMBER,
    "Device": On(ANYWHERE, (), False),
}

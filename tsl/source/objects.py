"""The attributes of objects and classes of a file.

Definitions:
1. An object's attributes are what its `__init__` leaves on `self`, found by interpreting it with the arguments the
   object was made with; the object a root is judged on is made with its defaults.
2. An attribute that other methods assign as well is doubtful.
3. Tensors made in `__init__` are static: they depend on no input.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.frame import Env
from tsl.source.refs import Instance, Routine
from tsl.source.tree import body_of, walk
from tsl.source.values import TENSOR, UNKNOWN, Value

if TYPE_CHECKING:
    from tsl.source.session import Session

UNTOLD = Value(UNKNOWN, values.STATIC)


class Objects:
    """The attributes found so far, one table an object."""

    __slots__ = ("_attributes", "_reassigned", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._attributes: dict[Instance, Env] = {}
        self._reassigned: dict[int, frozenset[str]] = {}

    def attribute(self, instance: Instance, name: str) -> Value:
        """The value of an attribute of an object; doubtful where the file does not say."""
        if instance not in self._attributes:
            self._attributes[instance] = {}  # while it is being built
            self._attributes[instance] = self._construct(instance)
        found = self._attributes[instance].get("self." + name)
        if found is None:
            return self.class_attribute(instance.cls, name)
        if name in self._assigned_elsewhere(instance.cls):
            found = values.join(found, UNTOLD)
        if instance.arguments is None and found.kind & TENSOR and not found.origin & values.DATA:
            return Value(found.kind, values.STATIC, found.const, found.parts, found.item, found.refs)
        return found

    def class_attribute(self, cls: Class, name: str) -> Value:
        """The value of a class-level attribute; doubtful where the file does not say."""
        for ancestor in cls.ancestors():
            node = ancestor.attributes.get(name)
            if isinstance(node, _ast.AnnAssign):
                promised = self._session.annotations.read(node.annotation, values.STATIC)
                told = node.value is None or not promised.kind & UNKNOWN
                return promised if told else self._session.module_value(node.value)
            if node is not None:
                return self._session.module_value(node)
        return UNTOLD

    def _construct(self, instance: Instance) -> Env:
        found = instance.cls.find("__init__")
        if found is None:
            return {}
        routine = Routine(found[0], found[1], values.reference(instance))
        return self._session.construct(routine, instance.arguments)

    def _assigned_elsewhere(self, cls: Class) -> frozenset[str]:
        known = self._reassigned.get(id(cls))
        if known is None:
            methods = [
                node for ancestor in cls.ancestors() for name, node in ancestor.methods.items() if name != "__init__"
            ]
            found = (name for node in methods for name in _assigned(node))
            known = self._reassigned[id(cls)] = frozenset(found)
        return known


def _assigned(method: _ast.FunctionDef) -> list[str]:
    """The attributes of `self` a method assigns."""
    return [
        node.attr
        for node in walk(body_of(method))
        if isinstance(node, _ast.Attribute)
        and isinstance(node.ctx, _ast.Store)
        and isinstance(node.value, _ast.Name)
        and node.value.id == "self"
    ]

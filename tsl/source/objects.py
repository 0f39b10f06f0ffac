"""The attributes of objects and classes of a file.

Definitions:
1. An object's attributes are what its `__init__` leaves on `self`, found by interpreting it with the arguments the
   object was made with; the object a root is judged on is made with its defaults.
2. An attribute that other methods assign as well is doubtful.
3. Tensors made in `__init__` are static: they depend on no input.
4. A named tuple or dataclass that has no `__init__` of its own holds what it was made with, in the order of its
   annotations.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.frame import Env
from tsl.source.refs import Instance, Routine
from tsl.source.summaries import Summary
from tsl.source.tree import body_of, decorator_names, walk
from tsl.source.values import TENSOR, UNKNOWN, Value

if TYPE_CHECKING:
    from tsl.source.names import Names
    from tsl.source.session import Session

UNTOLD = Value(UNKNOWN, values.STATIC)
NOTHING_LEFT = Summary(())


class Objects:
    """The attributes found so far, one table an object."""

    __slots__ = ("_built", "_reassigned", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._built: dict[Instance, Summary | None] = {}
        self._reassigned: dict[int, frozenset[str]] = {}

    def attribute(self, instance: Instance, name: str) -> Value:
        """The value of an attribute of an object; doubtful where the file does not say."""
        found = self._left_by_constructor(instance).get("self." + name)
        if found is None:
            given = self._given(instance, name)
            return self.class_attribute(instance.cls, name) if given is None else given
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
                promised = ancestor.module.annotations.read(node.annotation, values.STATIC)
                told = node.value is None or not promised.kind & UNKNOWN
                return promised if told else self._session.module_value(ancestor.module, node.value)
            if node is not None:
                return self._session.module_value(ancestor.module, node)
        return UNTOLD

    def items(self, value: Value) -> Value:
        """A named tuple as the sequence of its fields (4); any other value as it is."""
        if len(value.refs) != 1 or not value.is_only(values.REF) or not isinstance(value.refs[0], Instance):
            return value
        instance = value.refs[0]
        if instance.arguments is None or not any("NamedTuple" in path for path in instance.cls.foreign):
            return value
        return values.sequence([self.attribute(instance, name) for name in _fields(instance.cls)])

    def _given(self, instance: Instance, name: str) -> Value | None:
        cls, given = instance.cls, instance.arguments
        if given is None or given.rest is not None or cls.find("__init__"):
            return None
        fields = _fields(cls)
        if name not in fields or not (
            "dataclass" in decorator_names(cls.node) or cls.foreign == ("typing.NamedTuple",)
        ):
            return None
        return given.get(fields.index(name), name)

    def _left_by_constructor(self, instance: Instance) -> Env:
        if instance not in self._built:
            self._built[instance] = None  # while it is being built
            self._built[instance] = self._construct(instance)
        built = self._built[instance]
        if built is None:
            self._session.summaries.cut_short()
            return {}
        if built is not NOTHING_LEFT:
            self._session.summaries.note(built)
        return built.attributes

    def _construct(self, instance: Instance) -> Summary:
        found = instance.cls.find("__init__")
        if found is None:
            return NOTHING_LEFT
        routine = Routine(found[0], found[1].module, found[1], values.reference(instance))
        return self._session.construct(routine, instance.arguments)

    def _assigned_elsewhere(self, cls: Class) -> frozenset[str]:
        known = self._reassigned.get(id(cls))
        if known is None:
            asked = [
                ancestor.module.once(_assigned, node)
                for ancestor in cls.ancestors()
                for name, node in ancestor.methods.items()
                if name != "__init__"
            ]
            known = self._reassigned[id(cls)] = frozenset[str]().union(*asked)
        return known


def _fields(cls: Class) -> list[str]:
    return [name for name, node in cls.attributes.items() if isinstance(node, _ast.AnnAssign)]


def _assigned(method: Any, _names: Names) -> frozenset[str]:
    """The attributes of `self` a method assigns."""
    return frozenset(
        node.attr
        for node in walk(body_of(method))
        if isinstance(node, _ast.Attribute)
        and isinstance(node.ctx, _ast.Store)
        and isinstance(node.value, _ast.Name)
        and node.value.id == "self"
    )

"""The attributes of objects and classes of a file.

Definitions:
1. An object's attributes are what its `__init__` leaves on `self`, found by interpreting it with the arguments the
   object was made with; the object a root is judged on is made with its defaults.
   An object of a dataclass, or of another class without `__init__` that annotates fields, has in its fields what it was
   made with, by place or by name; where that is doubtful and a tensor is promised, or nobody is seen to set it, what
   the annotation says.
2. An attribute that other methods assign as well may be what they assign, told from the annotations of their
   parameters and from the object alone; where that does not tell, the attribute is doubtful.
3. Tensors made in `__init__` are static: they depend on no input.
4. A named tuple is the sequence of its fields.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.frame import Env
from tsl.source.refs import Instance, Routine
from tsl.source.summaries import Summary
from tsl.source.tree import assigned, decorator_names, walk
from tsl.source.values import NONE, TENSOR, UNKNOWN, UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from tsl.source.names import Names
    from tsl.source.session import Session

UNTOLD = Value(UNKNOWN, values.STATIC)
NOTHING_LEFT = Summary(())


class Objects:
    """The attributes found so far, one table an object."""

    __slots__ = ("_asking", "_built", "_elsewhere", "_reassigned", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._built: dict[Instance, Summary | None] = {}
        self._reassigned: dict[int, frozenset[str]] = {}
        self._elsewhere: dict[tuple[Instance, str], tuple[Value, Summary]] = {}
        self._asking: list[tuple[Instance, str]] = []

    def attribute(self, instance: Instance, name: str) -> Value:
        """The value of an attribute of an object; doubtful where the file does not say."""
        if has_fields(instance.cls):
            return self._field(instance, name)
        found = self._left_by_constructor(instance).get("self." + name)
        if found is None:
            return self.class_attribute(instance.cls, name)
        if name in self._assigned_elsewhere(instance.cls):
            found = self._joined_elsewhere(instance, name, found)
        if instance.arguments is None and found.kind & TENSOR and not found.origin & values.DATA:
            return Value(found.kind, values.STATIC, found.const, found.parts, found.item, found.refs)
        return found

    def made(self, instance: Instance) -> dict[str, Value]:
        """What the constructor of an object leaves on it, by name."""
        left = self._left_by_constructor(instance)
        return {name[5:]: value for name, value in left.items() if name.startswith("self.")}

    def item(self, instance: Instance, key: object) -> Value:
        """`object[key]` for an object of a dataclass that is a mapping: a field by name, or by place of those set."""
        if not has_fields(instance.cls) or instance.arguments is None:
            return UNKNOWN_VALUE
        names = fields(instance.cls)
        if isinstance(key, str) and key in names:
            return self._field(instance, key)
        if not isinstance(key, int) or instance.arguments.rest is not None:
            return UNKNOWN_VALUE
        made = [instance.arguments.get(place, name) for place, name in enumerate(names)]
        given = [value for value in made if value is not None and not value.is_only(NONE)]
        certain = all(not value.kind & (NONE | UNKNOWN) for value in given[: max(key, 0)])
        return given[key].without(NONE) if certain and 0 <= key < len(given) else UNKNOWN_VALUE

    def _field(self, instance: Instance, name: str) -> Value:
        promised = self.class_attribute(instance.cls, name, values.DATA)
        names, arguments = fields(instance.cls), instance.arguments
        if name not in names or arguments is None:
            return promised
        given = arguments.get(names.index(name), name)
        if name in self._assigned_elsewhere(instance.cls) or (given is None and arguments.rest is not None):
            return UNTOLD
        # A field that was left out may be set later, from anywhere: its default alone says too little.
        if given is None or (given.kind & UNKNOWN and promised.is_only(TENSOR | NONE)):
            return promised
        return given

    def class_attribute(self, cls: Class, name: str, origin: int = values.STATIC) -> Value:
        """The value of a class-level attribute; doubtful where the file does not say."""
        for ancestor in cls.ancestors():
            node = ancestor.attributes.get(name)
            if isinstance(node, _ast.AnnAssign):
                promised = ancestor.module.annotations.read(node.annotation, origin)
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
        return values.sequence([self.attribute(instance, name) for name in fields(instance.cls)])

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

    def _joined_elsewhere(self, instance: Instance, name: str, made: Value) -> Value:
        """What an attribute may be that its constructor and other methods assign (2)."""
        key, summaries = (instance, name), self._session.summaries
        if self._asking and self._asking[-1] == key:
            return made  # `self.blocks = self.blocks[:n]` starts from what the constructor made
        if key in self._asking:
            summaries.cut_short()
            return UNTOLD
        if key not in self._elsewhere:
            self._asking.append(key)
            collector = summaries.collect()
            self._elsewhere[key] = self._find_elsewhere(instance, name), collector
            summaries.collected()
            self._asking.pop()
        value, rests_on = self._elsewhere[key]
        summaries.note_all(rests_on)
        return values.join(made, value)

    def _find_elsewhere(self, instance: Instance, name: str) -> Value:
        given = [
            self._session.assigned_value(Routine(method, ancestor.module, ancestor, values.reference(instance)), node)
            for ancestor in instance.cls.ancestors()
            for method in ancestor.methods.values()
            if method.name != "__init__"
            for attribute, node in ancestor.module.once(_assignments, method)
            if attribute == name
        ]
        return values.join_all(UNTOLD if value.kind & UNKNOWN else value for value in given)

    def _assigned_elsewhere(self, cls: Class) -> frozenset[str]:
        known = self._reassigned.get(id(cls))
        if known is None:
            asked = [
                (name for name, _ in ancestor.module.once(_assignments, node))
                for ancestor in cls.ancestors()
                for name, node in ancestor.methods.items()
                if name != "__init__"
            ]
            known = self._reassigned[id(cls)] = frozenset[str]().union(*asked)
        return known


def has_fields(cls: Class) -> bool:
    """Whether objects of a class are made by naming its fields (1)."""
    if cls.is_module:
        return False
    for ancestor in cls.ancestors():
        if "__init__" in ancestor.methods:
            return False
        if "dataclass" in decorator_names(ancestor.node):
            return True
    return any("NamedTuple" in path for path in cls.foreign)


def fields(cls: Class) -> list[str]:
    """The fields of a class in the order in which its objects take them: those of its bases first."""
    names: dict[str, None] = {}
    for ancestor in reversed(list(cls.ancestors())):
        for name, node in ancestor.attributes.items():
            if isinstance(node, _ast.AnnAssign):
                names[name] = None
    return list(names)


def _assignments(method: Any, _names: Names) -> list[tuple[str, Any]]:
    """The attributes of `self` a method assigns, each with the expression it is given, None where that is a part."""
    found: list[tuple[str, Any]] = []
    for target, value in assigned(method.body):
        if isinstance(target, _ast.Tuple | _ast.List):
            found += [(node.attr, None) for node in walk([target]) if _is_own(node)]
        elif _is_own(target):
            found.append((target.attr, value))
    return found


def _is_own(node: Any) -> bool:
    return isinstance(node, _ast.Attribute) and isinstance(node.value, _ast.Name) and node.value.id == "self"

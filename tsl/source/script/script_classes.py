"""Objects of classes that are no modules, as the compiler takes them: script classes, named tuples, enums."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.refs import Instance, Routine
from tsl.source.script.read_types import is_enum, read
from tsl.source.script.table import Parameter, Schema, call
from tsl.source.script.types import TENSOR, UNKNOWN, Thing, Type, fits, is_known, told
from tsl.source.scripted import SCRIPTED
from tsl.source.tree import assigned, decorator_names, walk
from tsl.source.values import reference

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter


def is_named_tuple(cls: Class) -> bool:
    """Whether a class is a named tuple."""
    return any("NamedTuple" in path for path in cls.foreign)


def is_plain(cls: Class) -> bool:
    """Whether a class is one the compiler compiles, as far as its text tells."""
    return all(path == "builtins.object" for ancestor in cls.ancestors() for path in ancestor.foreign)


def is_scripted_class(cls: Class) -> bool:
    """Whether a class is given to torch.jit.script where it is made, which reads more of it than a call does."""
    names = cls.module.names
    rebound = names.assigned.get(cls.node.name, ())
    by_call = any(isinstance(node, _ast.Call) and names.dotted(node.func) in SCRIPTED for node in rebound)
    return by_call or "script" in decorator_names(cls.node)


def attribute(emitter: Emitter, node: _ast.Attribute, cls: Class) -> Type:
    """What `object.name` means."""
    name = node.attr
    if is_enum(cls):
        return _of_member(emitter, node, cls)
    if is_named_tuple(cls):
        held = cls.attributes.get(name)
        if isinstance(held, _ast.AnnAssign):
            return read(cls.module, held.annotation, lambda _, __: None)
        return emitter.refuse(
            node, "script-class", f"a `{cls.name}` has its fields when it is compiled, and no `{name}`"
        )
    found = cls.find(name)
    if found is not None:
        if name in found[1].properties:
            return UNKNOWN
        if "staticmethod" in decorator_names(found[0]) and is_plain(cls):
            text = f"`{name}` is a static method, which objects of `{cls.name}` do not have when it is compiled"
            return emitter.refuse(node, "script-class", text)
        return Thing("function", Routine(found[0], found[1].module, found[1], reference(Instance(cls, None))))
    if not is_plain(cls) or "dataclass" in decorator_names(cls.node):
        return UNKNOWN
    if name in made(cls) or name.startswith("__"):
        return UNKNOWN
    held = cls.attributes.get(name)
    if isinstance(held, _ast.AnnAssign) and held.value is None and not decorator_names(cls.node):
        return UNKNOWN
    return emitter.refuse(node, "script-class", f"objects of `{cls.name}` have no `{name}` when it is compiled")


def _of_member(emitter: Emitter, node: _ast.Attribute, cls: Class) -> Type:
    """What a member of an enum has: its name and its value."""
    if node.attr == "name":
        return "str"
    if node.attr != "value":
        return emitter.refuse(
            node, "script-class", f"a member of `{cls.name}` has `name` and `value`, and no `{node.attr}`"
        )
    values = [held for key, held in cls.attributes.items() if not key.startswith("_")]
    kinds = {type(held.value).__name__ if isinstance(held, _ast.Constant) else UNKNOWN for held in values}
    return kinds.pop() if len(kinds) == 1 else UNKNOWN


def of_class(emitter: Emitter, node: _ast.Attribute, cls: Class) -> Type:
    """What `Class.name` means."""
    if is_enum(cls):
        return _member(emitter, node, cls)
    found = cls.find(node.attr)
    if found is not None:
        marks = decorator_names(found[0])
        if "staticmethod" in marks:
            return Thing("function", Routine(found[0], found[1].module, found[1]))
        if cls.is_module and "classmethod" not in marks:
            return emitter.refuse(node, "module-made", f"`{cls.name}.{node.attr}` cannot be called on the class")
        return UNKNOWN
    held = cls.attributes.get(node.attr)
    value = held.value if isinstance(held, _ast.AnnAssign) else held
    if isinstance(value, _ast.Constant | _ast.List | _ast.Tuple | _ast.Dict):
        return emitter.refuse(
            node, "global", f"`{cls.name}.{node.attr}` stands outside of the function, which the compiler cannot read"
        )
    return UNKNOWN


def _member(emitter: Emitter, node: _ast.Attribute, cls: Class) -> Type:
    """A member of an enum, which has those that its class and the ones above it write out."""
    if any(node.attr in ancestor.attributes for ancestor in cls.ancestors()):
        return ("Class", cls)
    opened = any("metaclass" in (word.arg or "") for word in cls.node.keywords) or cls.node.decorator_list
    if opened or node.attr.startswith("_") or cls.find(node.attr) is not None:
        return UNKNOWN
    return emitter.refuse(node, "script-class", f"the enum `{cls.name}` has no `{node.attr}`")


def made(cls: Class) -> frozenset[str]:
    """The attributes `__init__` makes."""
    method = cls.methods.get("__init__")
    return cls.module.once(_made, method) if method is not None else frozenset()


def _made(method: Any, _names: Names) -> frozenset[str]:
    return frozenset(target.attr for target, _ in assigned(method.body) if isinstance(target, _ast.Attribute))


def store(emitter: Emitter, cls: Class, target: _ast.Attribute, kind: Type) -> None:
    """Assigns to an attribute of an object."""
    if is_named_tuple(cls):
        emitter.refuse(target, "script-class", f"the fields of a `{cls.name}` cannot be set")
        return
    if not is_plain(cls) or "dataclass" in decorator_names(cls.node):
        return
    if emitter.routine.name == "__init__":
        _make(emitter, target)
        _make_again(emitter, target, kind)
        return
    if target.attr in cls.setters:
        return
    if target.attr not in made(cls) and target.attr not in cls.attributes and "__init__" in cls.methods:
        emitter.refuse(target, "script-class", f"`{target.attr}` is not made in `__init__` of `{cls.name}`")
        return
    wanted = _kept(emitter, cls, target.attr)
    if is_known(wanted) and is_known(kind) and not fits(kind, wanted):
        emitter.refuse(target, "script-class", f"`{target.attr}` is {told(wanted)} and would be {told(kind)}")


def _make(emitter: Emitter, target: _ast.Attribute) -> None:
    """Makes an attribute in `__init__`: the first time in no branch and no loop."""
    node = emitter.routine.node
    top = [inner for statement in node.body if not isinstance(statement, BLOCKS) for inner in walk([statement])]
    outside = any(isinstance(part, _ast.Attribute) and part.attr == target.attr for part in top)
    if emitter.scope.outer is not None and not outside:
        emitter.refuse(target, "script-class", f"`{target.attr}` is made in a block of `__init__` alone")


def _make_again(emitter: Emitter, target: _ast.Attribute, kind: Type) -> None:
    """Holds what `__init__` assigns to an attribute a second time against what made it."""
    wanted = emitter.made.setdefault(target.attr, kind)
    if is_known(wanted) and is_known(kind) and not fits(kind, wanted):
        emitter.refuse(target, "script-class", f"`{target.attr}` is {told(wanted)} and would be {told(kind)}")


def _kept(emitter: Emitter, cls: Class, name: str) -> Type:
    """The type of an attribute that `__init__` takes from a parameter, or says itself."""
    held = cls.attributes.get(name)
    method = cls.methods.get("__init__")
    if isinstance(held, _ast.AnnAssign):
        return read(cls.module, held.annotation, lambda _, __: None)
    if method is None:
        return UNKNOWN
    nodes = [value for target, value in assigned(method.body) if getattr(target, "attr", "") == name]
    if len(nodes) == 1 and isinstance(nodes[0], _ast.Call):
        path = cls.module.names.dotted(nodes[0].func) or ""
        return TENSOR if path in MAKING else UNKNOWN
    if len(nodes) != 1 or not isinstance(nodes[0], _ast.Name):
        return UNKNOWN
    schema = emitter.compiler.signature(Routine(method, cls.module, cls)).schema
    return next((one.kind for one in schema.parameters if one.name == nodes[0].id), UNKNOWN)


MAKING = frozenset(f"torch.{name}" for name in "zeros ones empty full tensor arange rand randn".split())
BLOCKS = (_ast.If, _ast.For, _ast.While, _ast.With)


def construct(
    emitter: Emitter, node: _ast.Call, cls: Class, given: list[Type], named: dict[str, Type], certain: bool
) -> Type:
    """Calls a class."""
    if cls.is_module:
        return emitter.refuse(
            node, "module-made", f"a module of class `{cls.name}` cannot be made while the model runs"
        )
    if is_named_tuple(cls):
        return _named_tuple(emitter, node, cls, given, named, certain)
    if "dataclass" in decorator_names(cls.node):
        if not is_scripted_class(cls):
            place = cls.node if cls.module is emitter.module else node
            emitter.refuse(
                place, "no-source", f"`{cls.name}` is a dataclass, and the compiler cannot read its `__init__`"
            )
        return ("Class", cls)
    if is_enum(cls):
        return emitter.refuse(node, "script-class", f"the enum `{cls.name}` cannot be called when it is compiled")
    if not is_plain(cls):
        return UNKNOWN
    if cls.find("__init__") is None:
        return emitter.refuse(node, "script-class", f"`{cls.name}` has no `__init__`, which the compiler wants")
    bound = reference(Instance(cls, None))
    emitter.compiler.script_class(cls, (emitter.routine, node))
    if "__init__" not in cls.methods:
        return ("Class", cls)
    routine = Routine(cls.methods["__init__"], cls.module, cls, bound)
    answer = call([emitter.compiler.signature(routine).schema], given, named)
    if certain and answer.refused:
        emitter.refuse(node, "signature", f"`{cls.name}` does not take these arguments")
    return ("Class", cls)


def _named_tuple(
    emitter: Emitter, node: _ast.Call, cls: Class, given: list[Type], named: dict[str, Type], certain: bool
) -> Type:
    fields = [
        Parameter(name, read(cls.module, held.annotation, lambda _, __: None), held.value is not None, False)
        for name, held in cls.attributes.items()
        if isinstance(held, _ast.AnnAssign)
    ]
    answer = call([Schema(tuple(fields), UNKNOWN)], given, named)
    if certain and answer.refused and fields:
        kinds = ", ".join(told(kind) for kind in given)
        emitter.refuse(node, "signature", f"`{cls.name}` does not take ({kinds})")
    _ = is_known
    return ("Class", cls)

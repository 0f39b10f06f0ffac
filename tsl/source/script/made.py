"""What the constructor of a module leaves on it, as types of TorchScript."""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.refs import External, Instance, Layer, Routine
from tsl.source.script import by_default, class_body
from tsl.source.script.read_types import is_mixed, read
from tsl.source.script.types import NONE, TENSOR, UNKNOWN, Thing, Type, unify
from tsl.source.tree import assigned, decorator_names, walk
from tsl.source.values import Value

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

HOLDERS = {"torch.nn.ModuleList": "list", "torch.nn.Sequential": "sequential", "torch.nn.ModuleDict": "dict",
           "torch.nn.ParameterList": "parameters"}  # fmt: skip
PLAIN = (
    (values.BOOL, "bool"),
    (values.INT, "int"),
    (values.FLOAT, "float"),
    (values.STR, "str"),
    (values.TENSOR, TENSOR),
)


def type_of(emitter: Emitter, cls: Class, name: str, value: Value, node: Any) -> Type:
    """The type of an attribute that the constructor made; `node` is where it is read, for what is refused."""
    annotated = _annotated(emitter, cls, name)
    if annotated is not None:
        return annotated
    nodes = given(cls, name)
    shape = holder(cls, nodes)
    if shape:
        return Thing("submodules", (shape, value, _length(nodes)))
    foreign = _foreign([(owner, by_default.settled(owner, part)) for owner, part in nodes], value)
    if foreign:
        return _refused(emitter, cls, name, foreign, node)
    if len(nodes) == 1 and isinstance(nodes[0][1], _ast.BoolOp):
        owner, whole = nodes[0]
        kinds = _of_items(emitter, owner, by_default.settled(owner, whole))
        if _differ(kinds):
            return _refused(emitter, cls, name, "a dict of values of several types", node)
    said = by_default.type_of(nodes)
    if said is not None:
        if said[0] == "Class" and is_mixed(said[1]):
            return _refused(emitter, cls, name, "a member of an enum of values of several types", node)
        return said
    thing = thing_of(value)
    if thing is not None and value.is_only(values.REF):
        return _checked(emitter, cls, name, thing, node)
    if all(isinstance(part, _ast.Constant) and part.value is None for _, part in nodes) and nodes:
        return NONE
    if value.is_only(values.NONE):
        return NONE if not nodes and _is_registered_none(cls, name) else UNKNOWN
    for flag, kind in PLAIN:
        if value.is_only(flag):
            return kind
    if value.is_only(values.SEQ) and len(nodes) == 1 and not value.refs:
        return _sequence(emitter, cls, name, nodes[0][1], value, node)
    if value.is_only(values.DICT) and len(nodes) == 1 and isinstance(nodes[0][1], _ast.Dict):
        return _mapping(emitter, cls, name, nodes[0][1], value, node)
    return UNKNOWN


def _length(nodes: list[tuple[Class, Any]]) -> int | None:
    """How many modules a comprehension makes, where it counts by numbers that are written out."""
    source = nodes[0][1].args[0] if len(nodes) == 1 and len(nodes[0][1].args) == 1 else None
    if not isinstance(source, _ast.ListComp | _ast.GeneratorExp) or len(source.generators) > 1:
        return None
    match source.generators[0]:
        case _ast.comprehension(iter=_ast.Call(func=_ast.Name(id="range"), args=bounds), ifs=[]):
            held = [bound.value for bound in bounds if isinstance(bound, _ast.Constant)]
            numbers = [number for number in held if isinstance(number, int)]
            return len(range(*numbers)) if numbers and len(numbers) == len(bounds) else None
    return None


def _foreign(nodes: list[tuple[Class, Any]], value: Value) -> str:
    """What an attribute holds that is of no type of TorchScript, where that is plain to see."""
    if len(nodes) == 1 and isinstance(nodes[0][1], _ast.Set | _ast.SetComp):
        return "a set"
    if nodes and all(_is_method(owner, node) for owner, node in nodes):
        return "a method"
    if len(nodes) == 1 and isinstance(nodes[0][1], _ast.Name | _ast.Attribute):
        return "a type" if nodes[0][0].module.names.dotted(nodes[0][1]) in TYPES else ""
    if len(nodes) != 1 or not isinstance(nodes[0][1], _ast.Call):
        return ""
    owner, node = nodes[0]
    path = owner.module.names.dotted(node.func) or ""
    if path in PYTHON_OBJECTS:
        return f"a `{path}`"
    if len(value.refs) == 1 and isinstance(value.refs[0], Instance):
        cls = value.refs[0].cls
        marks = decorator_names(cls.node)
        if "dataclass" in marks and "script" not in marks:
            return f"an object of the dataclass `{cls.name}`"
    return ""


def _of_items(emitter: Emitter, owner: Class, node: Any) -> list[Type]:
    """The types of the values of a dict that is written out."""
    parts = node.values if isinstance(node, _ast.Dict) else []
    return [emitter.compiler.literal(owner.module, part) for part in parts]


def _differ(kinds: list[Type]) -> bool:
    """Whether known types are not all one that the compiler has."""
    return len(kinds) > 1 and UNKNOWN not in kinds and any(unify(kinds[0], kind) is None for kind in kinds[1:])


def _is_method(cls: Class, node: Any) -> bool:
    """Whether an expression is a method of `self` that is not called, or a choice between such."""
    match node:
        case _ast.IfExp(body=one, orelse=other):
            return _is_method(cls, one) and _is_method(cls, other)
        case _ast.Attribute(value=_ast.Name(id="self"), attr=name):
            found = cls.find(name)
            return found is not None and name not in found[1].properties
    return False


TYPES = frozenset(f"builtins.{name}" for name in "object int float bool str list dict tuple set bytes".split())
PYTHON_OBJECTS = frozenset(
    """types.SimpleNamespace functools.partial argparse.Namespace logging.getLogger collections.defaultdict
    collections.deque collections.Counter threading.Lock builtins.set builtins.open re.compile numpy.array numpy.zeros
    numpy.ones numpy.arange numpy.asarray numpy.linspace numpy.random.default_rng random.Random""".split()
)


def _annotated(emitter: Emitter, cls: Class, name: str) -> Type | None:
    for ancestor in cls.ancestors():
        held = ancestor.attributes.get(name)
        if isinstance(held, _ast.AnnAssign):
            return read(ancestor.module, held.annotation, _ignore)
    _ = emitter
    return None


def says_no_type(cls: Class, name: str) -> bool:
    """Whether an attribute has the type of its value: no class declares it, and the constructor gives no type."""
    if any(path not in class_body.KNOWN_BASES for ancestor in cls.ancestors() for path in ancestor.foreign):
        return False
    if any(name in ancestor.attributes for ancestor in cls.ancestors()):
        return False
    calls = [(owner, node.func) for owner, node in given(cls, name) if isinstance(node, _ast.Call)]
    return not any((owner.module.names.dotted(func) or "").startswith("torch.jit.") for owner, func in calls)


def _is_registered_none(cls: Class, name: str) -> bool:
    """Whether the constructors register a buffer or parameter as None, and as nothing else."""
    methods = [(one.module, one.methods["__init__"]) for one in cls.ancestors() if "__init__" in one.methods]
    found = [node for module, method in methods for key, node in module.once(_registered, method) if key == name]
    return bool(found) and all(isinstance(node, _ast.Constant) and node.value is None for node in found)


def _registered(method: Any, _names: Names) -> list[tuple[str, Any]]:
    found = []
    for node in walk(method.body):
        match node:
            case _ast.Call(
                func=_ast.Attribute(value=_ast.Name(id="self"), attr="register_buffer" | "register_parameter"),
                args=[_ast.Constant(value=str(name)), value, *_],
            ):
                found.append((name, value))
    return found


def _ignore(_place: Any, _text: str) -> None:
    return None


def _checked(emitter: Emitter, cls: Class, name: str, thing: Thing, node: Any) -> Type:
    if thing.kind == "function" and isinstance(thing.what.node, _ast.Lambda) and node is not None:
        return _refused(emitter, cls, name, "a lambda", node)
    return thing


def _refused(emitter: Emitter, cls: Class, name: str, what: str, node: Any, about: str = "") -> Type:
    if node is None or class_body.is_open(cls):
        return UNKNOWN
    text = f"`{name}` holds {what}, which the compiler cannot take over"
    return emitter.refuse(node, "module-attribute", text, about)


def _sequence(emitter: Emitter, cls: Class, name: str, source: Any, value: Value, node: Any) -> Type:
    parts = value.parts if isinstance(value.parts, tuple) else None
    if isinstance(source, _ast.List | _ast.ListComp):
        if isinstance(source, _ast.List) and not source.elts:
            return _refused(emitter, cls, name, "an empty list that says not of what", node)
        inside = list(parts or ()) or ([value.item] if value.item else [])
        if inside and all(_is_module(part) for part in inside):
            return _refused(emitter, cls, name, "a plain list of modules", node, f"ModuleList {name}")
        kinds = [plain(part) for part in inside]
        if len(kinds) > 1 and UNKNOWN not in kinds and any(unify(kinds[0], kind) is None for kind in kinds[1:]):
            return _refused(emitter, cls, name, "a list of values of several types", node)
        return ("List", kinds[0]) if kinds and all(kind == kinds[0] for kind in kinds) else UNKNOWN
    if isinstance(source, _ast.Tuple) and parts is not None:
        return ("Tuple", *map(plain, parts))
    return UNKNOWN


def _mapping(emitter: Emitter, cls: Class, name: str, source: _ast.Dict, value: Value, node: Any) -> Type:
    if not source.keys:
        return _refused(emitter, cls, name, "an empty dict that says not of what", node)
    inside = list(value.parts.values()) if isinstance(value.parts, Mapping) else []
    if inside and all(_is_module(part) for part in inside):
        return _refused(emitter, cls, name, "a plain dict of modules", node, f"ModuleDict {name}")
    kinds = [plain(part) for part in inside]
    if _differ(kinds):
        return _refused(emitter, cls, name, "a dict of values of several types", node)
    return UNKNOWN


def plain(value: Value) -> Type:
    """The type of a plain value."""
    return next((kind for flag, kind in PLAIN if value.is_only(flag)), UNKNOWN)


def _is_module(value: Value) -> bool:
    thing = thing_of(value)
    return thing is not None and thing.kind in ("self", "layer")


def thing_of(value: Value) -> Thing | None:
    """The module or function a value is, where it is one."""
    if len(value.refs) != 1 or value.kind & values.UNKNOWN:
        return None
    ref = value.refs[0]
    if isinstance(ref, Instance):
        return Thing("self", values.reference(ref)) if ref.cls.is_module else None
    if isinstance(ref, Layer):
        return Thing("layer", ref) if ref.path not in HOLDERS else Thing("submodules", (HOLDERS[ref.path], value))
    if isinstance(ref, Routine):
        return Thing("function", ref)
    if isinstance(ref, External):
        return Thing("path", ref.path)
    return None


def is_module_or_none(value: Value | None) -> bool:
    """Whether a value is one of several modules, or none of them."""
    if value is None or not value.refs or value.kind & ~(values.REF | values.NONE):
        return False
    return all(isinstance(ref, Layer) or (isinstance(ref, Instance) and ref.cls.is_module) for ref in value.refs)


def handed_over(cls: Class) -> list[tuple[Class, Any]]:
    """The expressions that constructors give to a container they are, or add to it by name: submodules without one."""
    found = []
    for ancestor in cls.ancestors():
        method = ancestor.methods.get("__init__")
        if method is not None:
            holds = any(path in HOLDERS for path in ancestor.foreign)
            found += [(ancestor, node) for above, node in ancestor.module.once(_handed, method) if holds or not above]
    return found


def _handed(method: Any, _names: Names) -> list[tuple[bool, Any]]:
    """What a constructor hands over, each with whether it is to the class above."""
    found: list[tuple[bool, Any]] = []
    for node in walk(method.body):
        match node:
            case _ast.Call(
                func=_ast.Attribute(value=_ast.Call(func=_ast.Name(id="super")), attr="__init__"), args=args
            ):
                found += [(True, part) for part in args]
            case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="self"), attr="add_module"), args=[_, part]):
                found.append((False, part))
            case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="self"), attr="append"), args=[part]):
                found.append((True, part))
    return [(above, part.value if isinstance(part, _ast.Starred) else part) for above, part in found]


def given(cls: Class, name: str) -> list[tuple[Class, Any]]:
    """The expressions that constructors assign to an attribute."""
    found = []
    for ancestor in cls.ancestors():
        method = ancestor.methods.get("__init__")
        for attribute, node in ancestor.module.once(_assignments, method) if method is not None else ():
            if attribute == name:
                found.append((ancestor, node))
    return found


def is_whole(cls: Class, left: Mapping[str, Value]) -> bool:
    """Whether constructors were followed: what each of them assigns itself is there."""
    for ancestor in cls.ancestors():
        method = ancestor.methods.get("__init__")
        own = [name for name, _ in ancestor.module.once(_assignments, method)] if method is not None else []
        if own and not any(name in left for name in own):
            return False
    return True


def _assignments(method: Any, _names: Names) -> list[tuple[str, Any]]:
    annotated = {id(node.target): node.value for node in walk(method.body) if isinstance(node, _ast.AnnAssign)}
    return [
        (target.attr, annotated.get(id(target)) if node is None else node)
        for target, node in assigned(method.body)
        if isinstance(target, _ast.Attribute) and isinstance(target.value, _ast.Name) and target.value.id == "self"
    ]


def holder(cls: Class, nodes: list[tuple[Class, Any]]) -> str:
    """The container of modules an attribute is: `list`, `sequential`, `dict`, or none."""
    kinds = {
        HOLDERS.get(owner.module.names.dotted(node.func) or "", "") if isinstance(node, _ast.Call) else ""
        for owner, node in nodes
    }
    return kinds.pop() if len(kinds) == 1 else ""

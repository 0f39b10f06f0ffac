"""Annotations as the compiler reads them: the type, and the annotations it refuses."""

from __future__ import annotations

import _ast
from collections.abc import Callable
from typing import Any

from tsl.source.classes import Class
from tsl.source.module import Module
from tsl.source.script.types import ANY, NONE, NUMBERS, TENSOR, UNKNOWN, Type, is_a, optional
from tsl.source.tree import decorator_names

Refuse = Callable[[Any, str], None]
PLAIN = {
    "builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool", "builtins.str": "str",
    "builtins.complex": "complex", "builtins.None": NONE, "torch.Tensor": TENSOR, "torch.nn.Parameter": TENSOR,
    "torch.LongTensor": TENSOR, "torch.FloatTensor": TENSOR, "torch.BoolTensor": TENSOR, "torch.IntTensor": TENSOR,
    "typing.Any": ANY, "torch.device": "Device", "torch.dtype": "int", "torch.Size": ("List", "int"),
    "torch.memory_format": "int", "torch.layout": "int", "torch.types.Device": UNKNOWN,
}  # fmt: skip
GENERIC = {
    "typing.List": "List", "builtins.list": "List", "typing.Dict": "Dict", "builtins.dict": "Dict",
    "typing.Tuple": "Tuple", "builtins.tuple": "Tuple", "typing.Optional": "Optional", "typing.Union": "Union",
    "typing.Final": "Final", "torch.jit.Final": "Final", "typing_extensions.Final": "Final",
}  # fmt: skip
# What typing offers and the compiler has no type for
BARE: dict[str, Type] = {"builtins.list": "AnyList", "builtins.tuple": "AnyTuple"}
NO_TYPES = frozenset(
    """builtins.object builtins.set builtins.frozenset builtins.type builtins.bytes builtins.callable builtins.any
    decimal.Decimal collections.OrderedDict collections.defaultdict collections.Counter collections.deque
    types.FunctionType argparse.Namespace""".split()
)
KEYS = frozenset({"int", "float", "complex", "bool", "str", TENSOR, "Device", ANY, UNKNOWN})
REFUSED = frozenset(
    """Callable Iterable Iterator Sequence Mapping MutableMapping Generator Type Set FrozenSet Literal Hashable
    Collection NoReturn Text ClassVar Annotated DefaultDict OrderedDict Counter Deque""".split()
)


def read(module: Module, node: Any, refuse: Refuse, depth: int = 0) -> Type:
    """The type of an annotation; tells what is refused in it."""
    if node is None or depth > 8:
        return UNKNOWN
    match node:
        case _ast.Constant(value=None):
            return NONE
        case _ast.Constant(value=str(text)):
            return _text(module, text, node, refuse, depth)
        case _ast.BinOp(op=_ast.BitOr(), left=left, right=right):
            return _union([read(module, part, refuse, depth + 1) for part in (left, right)])
        case _ast.Subscript(value=base, slice=inside):
            return _generic(module, base, inside, refuse, depth)
        case _ast.Name() | _ast.Attribute():
            return _plain(module, node, refuse, depth)
    return UNKNOWN


def _text(module: Module, text: str, node: Any, refuse: Refuse, depth: int) -> Type:
    try:
        inner = compile(text, "annotation", "eval", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError):
        return UNKNOWN
    assert isinstance(inner, _ast.Expression)
    return read(module, inner.body, lambda _, told: refuse(node, told), depth + 1)


def _plain(module: Module, node: Any, refuse: Refuse, depth: int) -> Type:
    cls = module.class_named(node)
    if cls is not None:
        return of_class(cls, node, refuse)
    path = module.names.dotted(node) or ""
    if path in PLAIN:
        if path == "torch.Size":
            refuse(node, "`torch.Size` is no type to the compiler, a shape is a List[int]")
        return PLAIN[path]
    name = path.rpartition(".")[2]
    if path in GENERIC:
        if path.startswith("typing.") and GENERIC[path] != "Final":
            refuse(node, f"`{name}` does not say of what")
        elif path == "builtins.dict":
            refuse(node, f"`{name}` does not say of what: the compiler knows no type of that name")
        return BARE.get(path, UNKNOWN)
    if path in NO_TYPES:
        refuse(node, f"the compiler has no type for `{name}`")
        return UNKNOWN
    if path.startswith(("typing.", "collections.abc.")) and name in REFUSED:
        refuse(node, f"the compiler has no type for `{name}`")
    elif path.startswith("numpy."):
        refuse(node, f"the compiler has no type for `{module.file.segment(node)}`")
    elif path.startswith("torch.nn.") and name[:1].isupper():
        refuse(node, f"a module is no type to the compiler: `{module.file.segment(node)}`")
    elif isinstance(node, _ast.Name) and node.id in module.names.assigned:
        return _alias(module, node, node.id, refuse, depth)
    elif isinstance(node, _ast.Name):
        found = module.modules.find(path, module)
        if found is not None and not found.rest and found.name in found.module.names.assigned:
            return _alias(found.module, node, found.name, refuse, depth)
    return UNKNOWN


def _alias(module: Module, node: Any, name: str, refuse: Refuse, depth: int) -> Type:
    """The type that a name of a module stands for; what is refused in it is told at the node that names it."""
    values = module.names.assigned[name]
    if len(values) != 1:
        return UNKNOWN
    value = values[0]
    if isinstance(value, _ast.Call):
        if module.names.dotted(value.func) == "typing.TypeVar":
            refuse(node, f"`{name}` is a type variable, and the compiler has none")
        return UNKNOWN
    return read(module, value, lambda _, told: refuse(node, told), depth + 1)


def of_class(cls: Class, node: Any, refuse: Refuse) -> Type:
    """The type of the objects of a class."""
    if "interface" in decorator_names(cls.node):
        return ("Interface", cls)
    if any(path == "torch.Tensor" for ancestor in cls.ancestors() for path in ancestor.foreign):
        return TENSOR
    if cls.is_module:
        foreign = [path for ancestor in cls.ancestors() for path in ancestor.foreign]
        if all(path.startswith("torch.nn.") for path in foreign):
            refuse(node, f"a module is no type to the compiler: `{cls.name}`")
        return UNKNOWN
    if is_enum(cls) and is_mixed(cls):
        refuse(node, f"the members of `{cls.name}` are not all ints, all floats or all strings")
    return ("Class", cls)


def is_mixed(cls: Class) -> bool:
    """Whether the members of an enum are plain to see, and of no one type that the compiler has enums of."""
    values = [node for name, node in cls.attributes.items() if not name.startswith("_")]
    kinds = {
        type(node.value).__name__
        if isinstance(node, _ast.Constant)
        else cls.module.names.dotted(node.func)
        if isinstance(node, _ast.Call)
        else type(node).__name__
        for node in values
    }
    known = {"int", "float", "str", "bool", "Tuple", "List", "Dict", "torch.tensor", "torch.zeros", "torch.device"}
    return kinds <= known and not any(kinds <= {one} for one in ("int", "float", "str"))


def is_enum(cls: Class) -> bool:
    """Whether a class is an enumeration."""
    return any(path.startswith("enum.") for ancestor in cls.ancestors() for path in ancestor.foreign)


def lacks(cls: Class, method: str) -> bool:
    """Whether objects of a class have certainly no method of a name: it is read, and no dataclass or tuple."""
    bare = all(path == "builtins.object" for one in cls.ancestors() for path in one.foreign)
    return (
        bare
        and not cls.node.decorator_list[1:]
        and "dataclass" not in decorator_names(cls.node)
        and (cls.find(method) is None)
    )


def _generic(module: Module, base: Any, inside: Any, refuse: Refuse, depth: int) -> Type:
    path = module.names.dotted(base) or ""
    kind = GENERIC.get(path)
    parts = inside.elts if isinstance(inside, _ast.Tuple) else [inside]
    if kind is None:
        name = path.rpartition(".")[2]
        if path.startswith(("typing.", "collections.abc.")) and name in REFUSED - {"ClassVar"}:
            refuse(base, f"the compiler has no type for `{name}`")
        return UNKNOWN
    if any(isinstance(part, _ast.Constant) and part.value is ... for part in parts):
        refuse(inside, "the compiler knows no tuple of any length") if kind == "Tuple" else None
        return UNKNOWN
    types = [read(module, part, refuse, depth + 1) for part in parts]
    if kind == "Final":
        return types[0]
    if kind == "Optional":
        return optional(types[0])
    if kind == "Dict" and types[0] not in KEYS and (not is_a(types[0], "Class") or _is_enum_type(types[0])):
        refuse(inside, "the keys of a dict are numbers, strings, tensors or devices")
        return UNKNOWN
    return _union(types) if kind == "Union" else (kind, *types)


def _is_enum_type(kind: Type) -> bool:
    return is_a(kind, "Class") and is_enum(kind[1])


def _union(types: list[Type]) -> Type:
    flat: list[Type] = []
    for kind in types:
        inside = kind[1:] if isinstance(kind, tuple) and kind[0] == "Union" else [kind]
        flat += [part for part in inside if part not in flat]
    if UNKNOWN in flat:
        return UNKNOWN
    rest = [kind for kind in flat if kind != NONE]
    whole = rest[0] if len(rest) == 1 else ("Union", *rest) if rest else NONE
    if len(rest) > 1 and NUMBERS.issuperset(rest):
        whole = "number"
    return optional(whole) if NONE in flat and rest else whole

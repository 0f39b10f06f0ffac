"""What an annotation promises: annotation expression -> abstract value.

Understands typing's and the new-style forms, strings, jaxtyping's `Float[Tensor, "b c"]`, torch's tensor classes and
the classes of the file. Anything else is UNKNOWN, never an error.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.refs import Instance, Layer
from tsl.source.tree import last_name
from tsl.source.values import UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from tsl.source.module import Module

TENSOR_NAMES = frozenset(
    {
        "Tensor",
        "LongTensor",
        "FloatTensor",
        "BoolTensor",
        "IntTensor",
        "HalfTensor",
        "DoubleTensor",
        "ByteTensor",
        "OptTensor",
        "TensorType",
    }
)
SCALARS = {
    "int": values.INT,
    "float": values.FLOAT | values.INT,
    "bool": values.BOOL,
    "str": values.STR,
    "None": values.NONE,
    "device": values.META,
    "dtype": values.META,
    "layout": values.META,
    "memory_format": values.META,
    "Number": values.NUMBER,
}
SEQUENCES = frozenset(
    {
        "List",
        "list",
        "Sequence",
        "Iterable",
        "Collection",
        "Set",
        "set",
        "FrozenSet",
        "Iterator",
        "MutableSequence",
    }
)
TENSOR_CLASSES = TENSOR_NAMES | {"Parameter"}
DICTS = frozenset({"Dict", "dict", "Mapping", "MutableMapping", "OrderedDict", "DefaultDict"})
WRAPPERS = frozenset({"Final", "ClassVar", "Annotated", "Required", "NotRequired"})
JAXTYPING = frozenset(
    {
        "Float",
        "Int",
        "Bool",
        "Shaped",
        "Num",
        "Real",
        "Inexact",
        "Integer",
        "UInt",
        "Complex",
    }
)


class Annotations:
    """Reads the annotations of one module; tensors get the origin they are asked for."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module

    def read(self, node: Any, origin: int, depth: int = 0) -> Value:
        """The value an annotation promises; UNKNOWN where there is none or it says nothing."""
        if node is None or depth > 6:
            return UNKNOWN_VALUE
        match node:
            case _ast.Constant(value=None):
                return values.NONE_VALUE
            case _ast.Constant(value=str(text)):
                return self._read_string(text, origin, depth)
            case _ast.BinOp(op=_ast.BitOr(), left=left, right=right):
                return self._union([left, right], origin, depth)
            case _ast.Subscript(value=base, slice=inner):
                return self._generic(last_name(base), inner, origin, depth)
            case _ast.Name() | _ast.Attribute():
                return self._plain(node, origin, depth)
        return UNKNOWN_VALUE

    def parameter(self, function: Any, parameter: Any, origin: int) -> Value:
        """What a function promises of a parameter: by its annotation, else by the function's type comment."""
        if parameter.annotation is not None or not getattr(function, "type_comment", None):
            return self.read(parameter.annotation, origin)
        comment = _type_comment(function.type_comment)
        plain = function.args.posonlyargs + function.args.args
        if comment is None or parameter not in plain:
            return UNKNOWN_VALUE
        place = plain.index(parameter) - (len(plain) - len(comment.argtypes))
        return self.read(comment.argtypes[place], origin) if place >= 0 else UNKNOWN_VALUE

    def returned(self, function: Any, origin: int) -> Value:
        """What a function promises to return; a lambda promises nothing."""
        if getattr(function, "returns", None) is not None or not getattr(function, "type_comment", None):
            return self.read(getattr(function, "returns", None), origin)
        comment = _type_comment(function.type_comment)
        return UNKNOWN_VALUE if comment is None else self.read(comment.returns, origin)

    def _read_string(self, text: str, origin: int, depth: int) -> Value:
        try:
            tree = compile(
                text.strip(),
                "<annotation>",
                "eval",
                _ast.PyCF_ONLY_AST,
                dont_inherit=True,
            )
        except SyntaxError:
            return UNKNOWN_VALUE
        return self.read(tree.body, origin, depth + 1)  # type: ignore[attr-defined]

    def _plain(self, node: Any, origin: int, depth: int) -> Value:
        name = last_name(node)
        if name in TENSOR_CLASSES and self._is_own_class(node):
            return self._class(node, name, origin, depth)
        if name == "Parameter":
            return values.tensor(values.STATIC)
        if name in TENSOR_NAMES:
            optional = values.NONE if name == "OptTensor" else 0
            return values.tensor(origin, doubt=optional)
        if name in SCALARS:
            return Value(SCALARS[name])
        if name == "Size" and self.module.names.dotted(node) == "torch.Size":
            return values.listing(values.size(values.SIZES), values.RANK)
        if name in SEQUENCES or name in ("tuple", "Tuple"):
            return values.LIST_VALUE
        if name in DICTS:
            return values.DICT_VALUE
        return self._class(node, name, origin, depth)

    def _is_own_class(self, node: Any) -> bool:
        """Whether what is called like a tensor is a class of the project that has nothing of torch."""
        if (self.module.names.dotted(node) or "").startswith("torch."):
            return False
        cls = self.module.class_named(node)
        return cls is not None and not any(path.startswith("torch.") for path in cls.foreign)

    def _class(self, node: Any, name: str, origin: int, depth: int) -> Value:
        cls = self.module.class_named(node)
        if cls is not None:
            named_tuple = any("NamedTuple" in path for path in cls.foreign)
            return UNKNOWN_VALUE if named_tuple else values.reference(Instance(cls, None))
        path = self.module.names.dotted(node) or ""
        if path == "torch.nn.Module":
            return values.reference(Layer(path, "T|?"))
        return self._alias(node, name, path, origin, depth)

    def _alias(self, node: Any, name: str, path: str, origin: int, depth: int) -> Value:
        meant = self.module.names.assigned.get(name) if isinstance(node, _ast.Name) else None
        if meant is not None:
            return self.read(meant[0], origin, depth + 1) if len(meant) == 1 else UNKNOWN_VALUE
        found = self.module.modules.find(path, self.module)
        if found is None or found.name not in found.module.names.assigned:
            return UNKNOWN_VALUE
        return found.module.annotations.read(found.module.names.assigned[found.name][0], origin, depth + 1)

    def _generic(self, name: str, inner: Any, origin: int, depth: int) -> Value:
        arguments = inner.elts if isinstance(inner, _ast.Tuple) else [inner]
        read = [self.read(node, origin, depth + 1) for node in arguments if not _is_ellipsis(node)]
        if name == "Optional":
            return values.join(read[0], values.NONE_VALUE)
        if name == "Union":
            return _either(read)
        if name in JAXTYPING or name in WRAPPERS:
            return read[0] if read else UNKNOWN_VALUE
        if name in SEQUENCES:
            return values.listing(values.join_all(read))
        if name in ("Tuple", "tuple"):
            return values.listing(read[0]) if any(_is_ellipsis(node) for node in arguments) else values.sequence(read)
        if name in DICTS:
            return Value(values.DICT, item=read[-1] if read else UNKNOWN_VALUE)
        return UNKNOWN_VALUE

    def _union(self, nodes: list[Any], origin: int, depth: int) -> Value:
        return _either([self.read(node, origin, depth + 1) for node in nodes])


def _either(members: list[Value]) -> Value:
    """The join of a union's members; one that tells nothing does not make a tensor among the others doubtful."""
    told = [member for member in members if not member.kind & values.UNKNOWN]
    return values.join_all(told if any(member.kind & values.TENSOR for member in told) else members)


def _type_comment(text: str) -> Any:
    """The signature in a comment such as `# type: (Tensor, int) -> Tensor`; None when it is none."""
    try:
        return compile(text, "<type comment>", "func_type", _ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError:
        return None


def _is_ellipsis(node: Any) -> bool:
    return isinstance(node, _ast.Constant) and node.value is ...

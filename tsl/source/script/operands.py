"""Operators: which operands they take, by the overloads of the operator they stand for."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.script.read_types import is_enum, lacks
from tsl.source.script.table import call, table
from tsl.source.script.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Type,
    head,
    is_a,
    is_known,
    is_optional,
    told,
)

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

BINARY = {
    _ast.Add: "add", _ast.Sub: "sub", _ast.Mult: "mul", _ast.Div: "div", _ast.Mod: "remainder", _ast.Pow: "pow",
    _ast.FloorDiv: "floordiv", _ast.MatMult: "matmul", _ast.BitAnd: "__and__", _ast.BitOr: "__or__",
    _ast.BitXor: "__xor__", _ast.LShift: "__lshift__", _ast.RShift: "__rshift__",
}  # fmt: skip
SIGNS = {
    _ast.Add: "+", _ast.Sub: "-", _ast.Mult: "*", _ast.Div: "/", _ast.Mod: "%", _ast.Pow: "**", _ast.FloorDiv: "//",
    _ast.MatMult: "@", _ast.BitAnd: "&", _ast.BitOr: "|", _ast.BitXor: "^", _ast.LShift: "<<", _ast.RShift: ">>",
    _ast.Eq: "==", _ast.NotEq: "!=", _ast.Lt: "<", _ast.LtE: "<=", _ast.Gt: ">", _ast.GtE: ">=", _ast.In: "in",
    _ast.NotIn: "not in",
}  # fmt: skip
COMPARE = {
    _ast.Eq: "eq", _ast.NotEq: "ne", _ast.Lt: "lt", _ast.LtE: "le", _ast.Gt: "gt", _ast.GtE: "ge",
}  # fmt: skip
OBJECT_METHODS = {
    _ast.Add: "add", _ast.Sub: "sub", _ast.Mult: "mul", _ast.Div: "truediv", _ast.Mod: "mod", _ast.Pow: "pow",
    _ast.MatMult: "matmul", _ast.BitAnd: "and", _ast.BitOr: "or", _ast.BitXor: "xor", _ast.FloorDiv: "floordiv",
    _ast.LShift: "lshift", _ast.RShift: "rshift",
}  # fmt: skip
BITWISE = (_ast.BitAnd, _ast.BitOr, _ast.BitXor)
NUMBERS = ("int", "float", "bool", "complex", "number")


def binary(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    """The type of an operation; tells operands that no overload takes."""
    if is_a(left, "Class") or is_a(right, "Class"):
        return _of_objects(emitter, node, left, op, right)
    if left == right == "bool" and isinstance(op, BITWISE):
        return "bool"
    if (left == TENSOR and right in (TENSOR, *NUMBERS)) or (right == TENSOR and left in NUMBERS):
        return TENSOR
    if isinstance(op, _ast.Add) and is_a(left, "Tuple") and is_a(right, "Tuple"):
        return (*left, *right[1:])
    if isinstance(op, _ast.Mod) and left == "str":
        return "str"
    if not is_known(left) or not is_known(right):
        return _doubtful(emitter, node, left, op, right)
    answer = call(table().overloads(f"aten::{BINARY[type(op)]}"), [_plain(left), _plain(right)], {})
    if answer.refused:
        return _refuse(emitter, node, left, op, right)
    return answer.returns


def _of_objects(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    """An operation on an object: the method of its class that stands for the sign."""
    known = is_known(left) and is_known(right)
    if known and is_a(left, "Class") and lacks(left[1], f"__{OBJECT_METHODS.get(type(op), '')}__"):
        return emitter.refuse(node, "operand", f"{told(left)} says nothing of `{SIGNS[type(op)]}`")
    if known and any(is_a(kind, "Class") and is_enum(kind[1]) for kind in (left, right)):
        return _refuse(emitter, node, left, op, right)
    return UNKNOWN


def _compare_objects(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    """A comparison with an object: members of enums are equal or not, other objects have a method for it."""
    enums = [is_a(kind, "Class") and is_enum(kind[1]) for kind in (left, right)]
    if not is_known(left) or not is_known(right) or ANY in (left, right):
        return "bool"
    if any(enums):
        alike = all(enums) and isinstance(op, _ast.Eq | _ast.NotEq)
        return "bool" if alike or is_optional(left) or is_optional(right) else _refuse(emitter, node, left, op, right)
    if is_a(left, "Class") and lacks(left[1], f"__{COMPARE[type(op)]}__"):
        return emitter.refuse(node, "operand", f"{told(left)} says nothing of `{SIGNS[type(op)]}`")
    return "bool"


def _plain(kind: Type) -> Type:
    return "int" if kind == "bool" else kind


def _doubtful(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    if (is_optional(left) and is_known(left)) or (is_optional(right) and is_known(right)):
        return _refuse(emitter, node, left, op, right)
    if TENSOR in (left, right) and isinstance(op, _ast.Sub | _ast.MatMult | _ast.Div | _ast.Mult | _ast.Add):
        return TENSOR
    return UNKNOWN


def _refuse(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    sign = SIGNS[type(op)]
    if is_optional(left) or is_optional(right):
        return emitter.refuse(node, "optional", f"`{sign}` between {told(left)} and {told(right)}, which may be None")
    return emitter.refuse(node, "operand", f"there is no `{sign}` between {told(left)} and {told(right)}")


def _contains(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    """The type of `left in right`; a tuple is a list of what its elements are."""
    if not is_known(left) or not is_known(right) or ANY in (left, right) or is_a(right, "Class"):
        return "bool"
    if (is_a(left, "Class") and not is_enum(left[1])) or left == right == "str":
        return "bool"
    listed = ("List", right[1]) if is_a(right, "Tuple") and len({*map(str, right[1:])}) == 1 else right
    if right == () or call(table().overloads("aten::__contains__"), [listed, _plain(left)], {}).refused:
        return _refuse(emitter, node, left, op, right)
    return "bool"


def unary(emitter: Emitter, node: Any, kind: Type) -> Type:
    """The type of `-x` or `~x`."""
    if kind in ("int", "float", "bool") and isinstance(node.op, _ast.Invert):
        return emitter.refuse(node, "operand", f"there is no `~` of {told(kind)}")
    if kind in (TENSOR, "int", "float", "complex", UNKNOWN):
        return kind
    if is_optional(kind) and is_known(kind):
        return emitter.refuse(node, "optional", f"{told(kind)} has no sign, it may be None")
    if kind == "bool":
        return "int"
    if kind in ("str", NONE) or (is_known(kind) and head(kind) in ("List", "Tuple", "Dict")):
        return emitter.refuse(node, "operand", f"{told(kind)} has no sign")
    return UNKNOWN


def compare(emitter: Emitter, node: Any, left: Type, op: Any, right: Type) -> Type:
    """The type of a comparison; tells operands that cannot be compared."""
    if isinstance(op, _ast.In | _ast.NotIn):
        return _contains(emitter, node, left, op, right)
    if isinstance(op, _ast.Is | _ast.IsNot):
        return "bool"
    if is_a(left, "Class") or is_a(right, "Class"):
        return _compare_objects(emitter, node, left, op, right)
    if TENSOR in (left, right):
        other = right if left == TENSOR else left
        if other in (TENSOR, UNKNOWN, *NUMBERS):
            return TENSOR
    if not is_known(left) or not is_known(right) or ANY in (left, right):
        return UNKNOWN
    if is_a(left, "Tuple") and is_a(right, "Tuple"):
        return "bool"
    answer = call(table().overloads(f"aten::{COMPARE[type(op)]}"), [_plain(left), _plain(right)], {})
    if answer.refused:
        if left == right == "bool" or left == right == NONE:
            return "bool"
        return _refuse(emitter, node, left, op, right)
    return answer.returns

"""What the classes and functions of an archive say about types: attributes, signatures, and which class meets which
interface.

Needs the archive's code and its texts of types. It will never look into a function's body.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.archive.code import Class, Code, Method, file_text
from tsl.archive.values import Device, EnumMember, Object
from tsl.ir.types import BOOL, COMPLEX, DEVICE, FLOAT, INT, NONE, STR, UNKNOWN, Type, TypeSyntaxError, list_of, parse
from tsl.record import Record

CUSTOM = "__torch__.torch.classes."
_KINDS = {"Enum": "Enum", "Interface": "Interface", "ModuleInterface": "Interface"}
_SIMPLE = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX, str: STR, type(None): NONE, Device: DEVICE}


class Parameter(Record):
    """A parameter of a signature, with the expression of its default."""

    name: str
    type: Type
    default: _ast.expr | None = None


class Signature(Record):
    """What a function takes and returns."""

    parameters: tuple[Parameter, ...]
    returns: Type


class LowerError(Exception):
    """A function that cannot be lowered; says why, and where in its file (a byte offset)."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


class Declarations:
    """The types that an archive's code declares, each read when it is asked for."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self._types: dict[str, Type] = {}
        self._named: dict[str, Type | None] = {}
        self._attributes: dict[str, dict[str, Type]] = {}
        self._signatures: dict[str, Signature] = {}
        self._meets: dict[tuple[str, str], bool] = {}

    def type(self, text: str) -> Type:
        """The type of a text of the archive; `Unknown` where it is none."""
        known = self._types.get(text)
        if known is None:
            try:
                known = parse(text, self.named)
            except TypeSyntaxError:
                known = UNKNOWN
            self._types[text] = known
        return known

    def named(self, name: str) -> Type | None:
        """The type of a qualified name; None where the archive does not define it."""
        if name not in self._named:
            self._named[name] = None if "." not in name else Type("Class", (), name)  # for a class that names itself
            self._named[name] = self._defined(name)
        return self._named[name]

    def _defined(self, name: str) -> Type | None:
        if name.startswith(CUSTOM):
            return Type("Class", (), name)
        found = self.code.find(name)
        if not isinstance(found, Class):
            return None
        if found.kind == "NamedTuple":
            fields = {field: self.type(given.type) for field, given in found.attributes.items()}
            return Type("NamedTuple", tuple(fields.values()), name, tuple(fields))
        return Type(_KINDS.get(found.kind, "Class"), (), name)

    def attributes(self, name: str) -> dict[str, Type]:
        """The types of a class's attributes, without its constants."""
        known = self._attributes.get(name)
        if known is None:
            found = self.code.find(name)
            held = found.attributes.values() if isinstance(found, Class) else ()
            known = {given.name: self.type(given.type) for given in held if given.constant is None}
            self._attributes[name] = known
        return known

    def constant(self, name: str, attribute: str) -> tuple[Any, Type] | None:
        """The value of a class's constant, and its type."""
        found = self.code.find(name)
        given = found.attributes.get(attribute) if isinstance(found, Class) else None
        if given is None or given.constant is None:
            return None
        declared = self.type(given.type)
        value = literal(given.constant)
        return value, declared if isinstance(value, list | tuple | dict) else type_of(value)

    def member(self, name: str, member: str) -> EnumMember | None:
        """A member of an enum by its name."""
        found = self.code.find(name)
        value = found.members.get(member) if isinstance(found, Class) and found.kind == "Enum" else None
        return EnumMember(name, literal(value)) if value is not None else None

    def method(self, name: str, method: str) -> Method | None:
        """A method of a class."""
        found = self.code.find(name)
        return found.methods.get(method) if isinstance(found, Class) else None

    def signature(self, method: Method) -> Signature:
        """What a function or method takes and returns; `self` is the first parameter of a method."""
        known = self._signatures.get(method.qualified)
        if known is None:
            known = self._signatures[method.qualified] = self._signature(method)
        return known

    def _signature(self, method: Method) -> Signature:
        node = method.node
        given = node.args.args
        defaults = [None] * (len(given) - len(node.args.defaults)) + list(node.args.defaults)
        parameters = [
            Parameter(argument.arg, self._annotated(method, argument.annotation, place), default)
            for place, (argument, default) in enumerate(zip(given, defaults, strict=True))
        ]
        returns = self.type(file_text(method.file, node.returns)) if node.returns else UNKNOWN
        return Signature(tuple(parameters), returns)

    def _annotated(self, method: Method, annotation: _ast.expr | None, place: int) -> Type:
        if annotation is not None:
            return self.type(file_text(method.file, annotation))
        owner = method.qualified.rpartition(".")[0]
        return Type("Class", (), owner) if place == 0 and self.named(owner) else parse("Tensor")

    def meets(self, type: Type, interface: Type) -> bool:
        """Whether a class, or an interface, has the methods of an interface, by name and number of parameters."""
        key = (type.name, interface.name)
        if key not in self._meets:
            mine, wanted = self.code.find(type.name), self.code.find(interface.name)
            self._meets[key] = (
                isinstance(mine, Class)
                and isinstance(wanted, Class)
                and all(
                    name in mine.methods and _arity(mine.methods[name]) == _arity(method)
                    for name, method in wanted.methods.items()
                )
            )
        return self._meets[key]


def _arity(method: Method) -> int:
    return len(method.node.args.args)


def type_of(value: Any) -> Type:
    """The type of a constant's value."""
    simple = _SIMPLE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, EnumMember):
        return Type("Enum", (), value.type)
    if isinstance(value, Object):
        return Type("Class", (), value.type)
    if isinstance(value, list):
        return list_of(type_of(value[0])) if value else list_of(parse("Tensor"))
    if type(value) is tuple:
        return Type("Tuple", tuple(map(type_of, value)))
    return parse("Tensor") if type(value).__name__ == "Tensor" else UNKNOWN


def literal(node: _ast.expr) -> Any:
    """The value of an expression of literals. Raises LowerError."""
    match node:
        case _ast.Constant(value=value):
            return value
        case _ast.UnaryOp(op=_ast.USub(), operand=operand):
            return -literal(operand)
        case _ast.List(elts=elements):
            return [literal(element) for element in elements]
        case _ast.Tuple(elts=elements):
            return tuple(literal(element) for element in elements)
        case _ast.Dict(keys=keys, values=values):
            return {literal(key): literal(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case _ast.Name(id="inf" | "nan" as name):
            return float(name)
        case _ast.BinOp(left=left, op=_ast.Add(), right=right):
            return literal(left) + literal(right)
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="torch"), attr="device"), args=[text]):
            return Device(str(literal(text)))
        case _ast.Call(func=_ast.Name(id="annotate"), args=[_, value]):
            return literal(value)
    raise LowerError("a constant is not a literal")

"""TorchScript's static types: parsed from torch's text, printed as torch prints them, and ordered by subtyping.

Definitions, which are PyTorch's (aten/src/ATen/core/jit_type.h, type.cpp):
1. A type is a *kind* with arguments (`List[int]`), a name (a class, an interface, an enum, a NamedTuple), or both.
   Equal types are one object, so comparing and hashing cost a pointer.
2. Two texts denote it: `str(type)`, which is what an archive's code and annotations say (`Optional[Tensor]`), and
   `type.ir`, which is what a graph prints (`Tensor?`, `int[]`, `Dict(str, int)`, `(Tensor, int)`). `parse` reads both.
3. S *is a subtype* of T where a value of S may stand where T is asked for: containers are invariant, a None and an S
   are an Optional[S], int, float and complex are a Scalar, a class is each interface it meets, everything is Any.
   What an unknown operator gives is a subtype of everything, so that it spoils nothing.
4. What a schema calls `SymInt`, `ScalarType`, `Layout` or `MemoryFormat` is an int to the JIT, and a Dimname a str.

Needs nothing of torch. It will never know the methods of a class: who matches classes with interfaces passes a test in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

NAMED = frozenset({"Class", "Interface", "Enum", "NamedTuple"})

# What schemas and pickles call a type, and what it is to the JIT (4).
SPELLINGS = {
    "SymInt": "int",
    "ScalarType": "int",
    "Layout": "int",
    "MemoryFormat": "int",
    "Dimname": "str",
    "string": "str",
    "NoneType": "NoneType",
    "None": "NoneType",
    "number": "Scalar",
    "Number": "Scalar",
    "SymBool": "bool",
    "torch.Tensor": "Tensor",
    "Final": "Any",
    "list": "AnyList",
    "tuple": "AnyTuple",
    "AnyClassType": "AnyClass",
    "AnyEnumType": "AnyEnum",
    "ConstQuantizerPtr": "Quantizer",
}

# How a graph prints a kind where that differs from its name.
GRAPH_SPELLINGS = {"AnyList": "list", "AnyTuple": "tuple", "AnyEnum": "AnyEnumType", "AnyClass": "AnyClassType"}


class Type:
    """A type (1). `kind` is its torch name (`Tensor`, `List`, `Class`), `name` qualifies what the archive defines, and
    `fields` names the elements of a NamedTuple. Construct freely: equal types are the same object.
    """

    __slots__ = ("arguments", "fields", "ir", "kind", "name", "text")

    kind: str
    arguments: tuple[Type, ...]
    name: str
    fields: tuple[str, ...]
    text: str
    ir: str

    def __new__(cls, kind: str, arguments: tuple[Type, ...] = (), name: str = "", fields: tuple[str, ...] = ()) -> Type:
        key = (kind, arguments, name, fields)
        known = _TYPES.get(key)
        if known is None:
            known = super().__new__(cls)
            for slot, value in zip(("kind", "arguments", "name", "fields"), key, strict=True):
                object.__setattr__(known, slot, value)
            object.__setattr__(known, "text", _text(known))
            object.__setattr__(known, "ir", _graph_text(known))
            _TYPES[key] = known
        return known

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a type does not change: {name}")

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Type({self.text})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Type, (self.kind, self.arguments, self.name, self.fields)

    @property
    def element(self) -> Type:
        """The first argument: of a list, an optional, a future. Raises IndexError where there is none."""
        return self.arguments[0]


_TYPES: dict[Any, Type] = {}


def _text(type: Type) -> str:
    if type.name:
        return type.name
    if type.kind == "Scalar":
        return "number"
    if type.kind == "NamedTuple":
        return _graph_text(type)
    if type.kind == "Tuple" and not type.arguments:
        return "Tuple[()]"
    return f"{type.kind}[{', '.join(map(str, type.arguments))}]" if type.arguments else type.kind


def _graph_text(type: Type) -> str:
    inner = [argument.ir for argument in type.arguments]
    match type.kind:
        case "List":
            return f"{inner[0]}[]"
        case "Optional":
            return f"{inner[0]}?"
        case "Tuple":
            return f"({', '.join(inner)})"
        case "Dict":
            return f"Dict({', '.join(inner)})"
        case "NamedTuple":
            return f"NamedTuple({', '.join(map(' : '.join, zip(type.fields, inner, strict=False)))})"
        case "Future":
            return f"Future[{inner[0]}]"
        case "RRef" | "Await":
            return f"{type.kind}({inner[0]})"
        case "Union":
            return f"Union({', '.join(inner)})"
        case "Enum":
            return f"Enum<{type.name}>"
    if type.kind in {"Function", "Scalar"}:
        return type.kind
    return GRAPH_SPELLINGS.get(type.kind, type.text)


TENSOR, INT, FLOAT, BOOL, STR, NONE = map(Type, ("Tensor", "int", "float", "bool", "str", "NoneType"))
COMPLEX, SCALAR, DEVICE, ANY = map(Type, ("complex", "Scalar", "Device", "Any"))
UNKNOWN = Type("Unknown")  # what an operator that no table has gives: it fits everywhere
NUMBERS = frozenset({INT, FLOAT, COMPLEX, SCALAR})


def list_of(element: Type) -> Type:
    """The type of lists of a type."""
    return Type("List", (element,))


def tuple_of(*elements: Type) -> Type:
    """The type of tuples with these elements."""
    return Type("Tuple", elements)


def optional(type: Type) -> Type:
    """The type of a value or None; Optional of Optional is Optional."""
    return type if type.kind in {"Optional", "NoneType", "Any"} else Type("Optional", (type,))


class TypeSyntaxError(ValueError):
    """A text that is no type; says the text and where (from 0) it stops being one."""

    def __init__(self, text: str, place: int) -> None:
        super().__init__(f"{text!r} is no type from character {place} on")
        self.text, self.place = text, place


Resolve = Callable[[str], "Type | None"]

# An alias set is part of a schema's type and says nothing of the type itself: `Tensor(a!)`, `Tensor(a -> *)`.
_SET = r"\([a-z*]!?(?:\|[a-z]!?)*(?:\s*->\s*[a-z*|!]+)?\)"
_ALIAS = re.compile(rf"{_SET}\Z")
_TOKEN = re.compile(rf"\s*(->|[A-Za-z_][\w.]*(?:<[\w.]+>)?|\d+|{_SET}|.)", re.S)
_VARIABLE = re.compile(r"t[A-Z0-9]?\w*\Z")
_DEEPEST = 64


def parse(text: str, resolve: Resolve | None = None) -> Type:
    """The type of a text in either spelling (2). `resolve` says what a qualified name is (a NamedTuple, an interface,
    an enum); without it, or where it knows nothing, a name that begins with `__torch__` is a class.

    Raises TypeSyntaxError.
    """
    known = _PARSED.get(text) if resolve is None else None
    if known is None:
        reader = _Reader(text, resolve)
        known = reader.type()
        if reader.peek():
            raise TypeSyntaxError(text, reader.place)
        if resolve is None:
            _PARSED[text] = known
    return known


_PARSED: dict[str, Type] = {}


def parse_start(text: str) -> tuple[Type, str, int]:
    """The type a text begins with, the text of its alias set, and the place after both. Raises TypeSyntaxError."""
    reader = _Reader(text)
    type = reader.type()
    return type, reader.alias, reader.place


class _Reader:
    """A recursive descent over the tokens of one text."""

    def __init__(self, text: str, resolve: Resolve | None = None) -> None:
        self.text, self.resolve, self.place, self.depth, self.alias = text, resolve, 0, 0, ""

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.place)
        return found[1] if found else ""

    def take(self, expected: str = "") -> str:
        found = _TOKEN.match(self.text, self.place)
        if found is None or (expected and found[1] != expected):
            raise TypeSyntaxError(self.text, self.place)
        self.place = found.end()
        return found[1]

    def type(self) -> Type:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise TypeSyntaxError(self.text, self.place)
        type = self._atom()
        while True:
            token = self.peek()
            if token == "?":
                self.take()
                type = optional(type)
            elif token == "[":
                self.take()
                if self.peek().isdigit():
                    self.take()
                self.take("]")
                type = list_of(type)
            elif _ALIAS.match(token):
                alias = self.take()[1:-1]
                self.alias = self.alias or alias
            else:
                break
        self.depth -= 1
        return type

    def _atom(self) -> Type:
        token = self.take()
        if token == "(":
            return tuple_of(*self._series(")"))
        if _ALIAS.match(token):  # `(t)`, which only looks like an alias set
            return tuple_of(parse(token[1:-1], self.resolve))
        if not re.match(r"[A-Za-z_]", token):
            raise TypeSyntaxError(self.text, self.place)
        if token == "NamedTuple" and self.peek() == "(":
            return self._named_tuple()
        if token in {"List", "Optional", "Dict", "Tuple", "Future", "RRef", "Await", "Union", "Final"}:
            return self._generic(token)
        return self._name(token)

    def _generic(self, kind: str) -> Type:
        opening, start = self.peek(), self.place
        if opening == "[" or opening == "(":
            self.take()
        elif _ALIAS.match(opening) and kind != "List":  # `Future(t)`
            self.take()
            return Type(kind, (parse(opening[1:-1], self.resolve),))
        elif kind in {"List", "Tuple"}:
            return Type(f"Any{kind}")
        else:
            raise TypeSyntaxError(self.text, self.place)
        inner = self._series("]" if opening == "[" else ")")
        if kind == "Final":
            return inner[0] if inner else ANY
        if kind == "Tuple":  # `Tuple[()]` has no elements; a tuple of an empty tuple is `Tuple[Tuple[()]]`
            return tuple_of() if self.text[start : self.place].replace(" ", "") == "[()]" else tuple_of(*inner)
        wanted = {"Dict": 2, "Union": len(inner) or 1}.get(kind, 1)
        if len(inner) != wanted:
            raise TypeSyntaxError(self.text, self.place)
        return optional(inner[0]) if kind == "Optional" else Type(kind, inner)

    def _series(self, closing: str) -> tuple[Type, ...]:
        found: list[Type] = []
        while self.peek() != closing:
            found.append(self.type())
            if self.peek() != ",":
                break
            self.take()
        self.take(closing)
        return tuple(found)

    def _named_tuple(self) -> Type:
        self.take("(")
        fields: list[str] = []
        types: list[Type] = []
        while self.peek() != ")":
            fields.append(self.take())
            self.take(":")
            types.append(self.type())
            if self.peek() != ",":
                break
            self.take()
        self.take(")")
        return Type("NamedTuple", tuple(types), "", tuple(fields))

    def _name(self, token: str) -> Type:
        if token.startswith("Enum<"):
            return Type("Enum", (), token[5:-1])
        if "." in token and token not in SPELLINGS:
            found = self.resolve(token) if self.resolve else None
            return found or Type("Class", (), token)
        if token in SPELLINGS:
            return Type(SPELLINGS[token])
        if _VARIABLE.match(token):
            return Type("Variable", (), token)
        if self.resolve and (found := self.resolve(token)):
            return found
        return Type(token)


Meets = Callable[[Type, Type], bool]


def is_subtype(type: Type, of: Type, meets: Meets | None = None) -> bool:
    """Whether a value of a type may stand where another is asked for (3). `meets` tells whether a class has the methods
    of an interface; without it, none has.
    """
    if type is of or of is ANY or type is UNKNOWN or of is UNKNOWN:
        return True
    kind, target = type.kind, of.kind
    if target == "Optional":
        if kind == "NoneType":
            return True
        if kind == "Optional":
            return is_subtype(type.element, of.element, meets)
        return is_subtype(type, of.element, meets)
    if of is SCALAR:
        return type in NUMBERS or (kind == "Union" and all(part in NUMBERS for part in type.arguments))
    if target == "Union":
        parts = type.arguments if kind == "Union" else (type,)
        return all(any(is_subtype(part, other, meets) for other in of.arguments) for part in parts)
    if target in {"Tuple", "NamedTuple"}:
        return _is_subtuple(type, of, meets)
    if target in {"Interface", "Class"} and kind in {"Class", "Interface"}:
        return target == "Interface" and meets is not None and meets(type, of)
    return (
        (target == "AnyList" and kind == "List")
        or (target == "AnyTuple" and kind in {"Tuple", "NamedTuple"})
        or (target == "AnyClass" and kind == "Class")
        or (target == "AnyEnum" and kind == "Enum")
        or (target == kind in {"Future", "RRef", "Await"} and is_subtype(type.element, of.element, meets))
        or (target == kind in {"List", "Dict"} and all(map(_may_be, type.arguments, of.arguments)))
    )


def _may_be(type: Type, of: Type) -> bool:
    """Whether two types are one but for what is unknown."""
    if type is of or type is UNKNOWN or of is UNKNOWN:
        return True
    return type.kind == of.kind and bool(type.arguments) and all(map(_may_be, type.arguments, of.arguments))


def _is_subtuple(type: Type, of: Type, meets: Meets | None) -> bool:
    if type.kind not in {"Tuple", "NamedTuple"} or len(type.arguments) != len(of.arguments):
        return False
    if of.kind == "NamedTuple" and (type.kind != "NamedTuple" or type.fields != of.fields):
        return False
    return all(is_subtype(mine, other, meets) for mine, other in zip(type.arguments, of.arguments, strict=True))


def unify(first: Type, second: Type, meets: Meets | None = None) -> Type | None:
    """The type that both arms of a branch have: one of the two, an Optional, or elementwise for tuples and futures.
    None where torch finds none (a variable of such a pair ends with the branch).
    """
    if first is UNKNOWN or second is UNKNOWN:
        return second if first is UNKNOWN else first
    if is_subtype(first, second, meets):
        return second
    if is_subtype(second, first, meets):
        return first
    for one, other in ((first, second), (second, first)):
        if one is NONE and other is not NONE:
            return optional(other)
    if first.kind == "Optional" or second.kind == "Optional":
        inner = unify(_bare(first), _bare(second), meets)
        return optional(inner) if inner else None
    if first.kind == second.kind == "Tuple" and len(first.arguments) == len(second.arguments):
        parts = [unify(one, other, meets) for one, other in zip(first.arguments, second.arguments, strict=True)]
        return None if None in parts else Type("Tuple", tuple(part for part in parts if part))
    return None


def _bare(type: Type) -> Type:
    return type.element if type.kind == "Optional" else type

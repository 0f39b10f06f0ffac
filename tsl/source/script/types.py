"""The types of TorchScript, and what annotations and schemas say in them.

A type is a string (`Tensor`, `int`, ...) or a tuple whose first item says what of: `("List", "int")`. `UNKNOWN` fits
everything. What the compiler calls a sugared value, a thing that is no value at run time, is a `Thing`.
"""

from __future__ import annotations

from typing import Any

from tsl.record import Record

Type = Any  # str | tuple[Any, ...] | Thing
UNKNOWN, TENSOR, NONE, ANY = "?", "Tensor", "None", "Any"
NUMBERS = frozenset({"int", "float", "complex"})


class Thing(Record):
    """What only the compiler sees: a module, a function, a class, a path of a library, a constant it folds."""

    kind: str
    what: Any = None

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def optional(of: Type) -> Type:
    """`Optional[of]`."""
    if of in (UNKNOWN, NONE, ANY) or is_optional(of):
        return of
    return ("Optional", of)


def is_optional(kind: Type) -> bool:
    """Whether None is one of the values of a type, and not the only one."""
    return isinstance(kind, tuple) and kind[0] == "Optional"


def is_a(kind: Type, name: str) -> bool:
    """Whether a type is one of `List`, `Dict`, `Tuple`, `Optional`, `Union`."""
    return isinstance(kind, tuple) and not isinstance(kind, Thing) and kind[0] == name


def is_known(kind: Type) -> bool:
    """Whether no part of a type is unknown."""
    if isinstance(kind, Thing):
        return False
    if isinstance(kind, tuple):
        return all(is_known(part) for part in kind[1:])
    return bool(kind != UNKNOWN)


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of one type is one of another, without conversion. The unknown fits."""
    if not is_known(given) or not is_known(wanted):
        return _may_fit(given, wanted)
    if is_a(wanted, "Interface") and is_a(given, "Class"):
        return True
    if given == wanted or wanted == ANY or (wanted == "number" and given in NUMBERS):
        return True
    if is_optional(wanted):
        if given == NONE:
            return True
        return fits(given[1], wanted[1]) if is_optional(given) else fits(given, wanted[1])
    if is_a(wanted, "Union"):
        if is_a(given, "Union"):
            return all(fits(part, wanted) for part in given[1:])
        return any(fits(given, part) for part in wanted[1:])
    if is_a(given, "Tuple") and is_a(wanted, "Tuple") and len(given) == len(wanted):
        return all(fits(one, other) for one, other in zip(given[1:], wanted[1:], strict=True))
    return (is_a(given, "Tuple") and wanted == "AnyTuple") or (is_a(given, "List") and wanted == "AnyList")


def _may_fit(given: Type, wanted: Type) -> bool:
    """Whether types with unknown parts may fit: only the outermost is compared."""
    if isinstance(given, Thing) or isinstance(wanted, Thing) or UNKNOWN in (given, wanted):
        return True
    if is_a(wanted, "Union") or is_a(given, "Union") or is_optional(given) or is_optional(wanted) or wanted == ANY:
        return True
    return head(given) == head(wanted) or head(wanted) == f"Any{head(given)}"


def head(kind: Type) -> str:
    """The outermost name of a type."""
    return str(kind[0]) if isinstance(kind, tuple) else str(kind)


def unify(left: Type, right: Type) -> Type | None:
    """The type of a value that is one of two; None where the compiler has none."""
    if UNKNOWN in (left, right) or isinstance(left, Thing) or isinstance(right, Thing):
        return left if left == right and not isinstance(left, Thing) else UNKNOWN
    if left == right or fits(right, left):
        return left if is_known(left) or not is_known(right) else right
    if fits(left, right):
        return right
    if left == NONE:
        return optional(right)
    if right == NONE:
        return optional(left)
    if is_optional(left) or is_optional(right):
        inner = unify(_inside(left), _inside(right))
        return None if inner is None else optional(inner)
    if is_a(left, "Tuple") and is_a(right, "Tuple") and len(left) == len(right):
        parts = [unify(one, other) for one, other in zip(left[1:], right[1:], strict=True)]
        return None if None in parts else ("Tuple", *parts)
    return None if is_known(left) and is_known(right) else UNKNOWN


def _inside(kind: Type) -> Type:
    return kind[1] if is_optional(kind) else kind


def converts(given: Type, wanted: Type) -> bool:
    """Whether the compiler converts a value by itself, where it assigns or returns it."""
    if is_optional(wanted):
        return converts(given, wanted[1])
    if given == TENSOR and wanted in ("int", "float", "complex", "number"):
        return True
    if given == "number" or wanted == "number":
        return True
    if is_a(given, "Tuple") and is_a(wanted, "List"):
        return all(fits(part, wanted[1]) for part in given[1:])
    if is_a(given, "Tuple") and is_a(wanted, "Tuple") and len(given) == len(wanted):
        return all(fits(one, other) or converts(one, other) for one, other in zip(given[1:], wanted[1:], strict=True))
    if is_a(wanted, "Interface"):
        return head(given) in ("Class", "Interface")
    if is_a(wanted, "Class"):
        return head(given) == "Class"
    return bool(given == "str" and wanted == "Device")


def told(kind: Type) -> str:
    """A type as the compiler writes it."""
    if isinstance(kind, Thing):
        return str(kind.kind)
    if not isinstance(kind, tuple):
        return "an unknown value" if kind == UNKNOWN else str(kind)
    if kind[0] in ("Class", "Interface"):
        return str(kind[1].name)
    return f"{kind[0]}[{', '.join(told(part) for part in kind[1:])}]"

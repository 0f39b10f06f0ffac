"""What a name in printed code can mean besides a value: the things that torch's frontend calls sugared values.

Needs nothing but the code's definitions. It will never hold an op.
"""

from __future__ import annotations

import _ast

from tsl.archive.code import Class, Method
from tsl.ir.inline_form import Region, Var
from tsl.ir.types import Type
from tsl.record import Record


class Space(Record):
    """A namespace of operators: `torch` is `aten`, `ops.prim` is `prim`; `ops` itself has no name."""

    name: str


class Operator(Record):
    """An operator: `aten::add`."""

    name: str


class Namespace(Record):
    """Something under `__torch__` that is no definition itself."""

    qualified: str


class ClassName(Record):
    """A class of the archive, named to be made."""

    type: Type
    found: Class


class FunctionName(Record):
    """A function of the archive."""

    method: Method


class Bound(Record):
    """A method of a value."""

    value: Var
    name: str


class Form(Record):
    """A name that the frontend itself knows: `annotate`, `int`, `fork`."""

    name: str


class Table(Record):
    """`CONSTANTS`."""


class Packed(Record):
    """Several values that would be one tuple, were they not taken apart at once."""

    values: tuple[Var, ...]
    type: Type


class Closure(Record):
    """A function within a function: what it does, over the values around it."""

    node: _ast.FunctionDef
    region: Region


Sugared = Var | Space | Operator | Namespace | ClassName | FunctionName | Bound | Form | Table | Packed | Closure

_TITLES: dict[type, str] = {
    Var: "a value",
    Space: "a namespace of operators",
    Operator: "an operator",
    Namespace: "a name under __torch__ that the archive does not define",
    ClassName: "a class",
    FunctionName: "a function",
    Bound: "a method",
    Form: "a word of the language",
    Table: "the table of constants",
    Packed: "several values",
    Closure: "a function within a function",
}


def title(meant: Sugared) -> str:
    """What something is, for a message."""
    return _TITLES[type(meant)]


FORMS = frozenset(
    "annotate unchecked_cast uninitialized fork awaitable getattr isinstance print int float bool str complex".split()
)

# Functions of Python that the frontend takes for operators.
FUNCTIONS = {
    "len": "aten::len",
    "min": "prim::min",
    "max": "prim::max",
    "abs": "prim::abs",
    "all": "aten::all",
    "any": "aten::any",
    "divmod": "aten::divmod",
    "list": "aten::list",
    "ord": "aten::ord",
    "chr": "aten::chr",
    "bin": "aten::bin",
    "pow": "aten::pow",
    "round": "aten::round",
    "hash": "aten::hash",
    "id": "prim::id",
    "hex": "aten::hex",
    "oct": "aten::oct",
    "sorted": "aten::sorted",
    "sum": "aten::sum",
}

CASTS = {
    "int": "aten::Int",
    "float": "aten::Float",
    "bool": "aten::Bool",
    "str": "aten::str",
    "complex": "aten::Complex",
}

"""What the compiler can call, by a table made from torch, and which overload it picks.

Definitions:
1. An overload *fits* arguments when each has the type of its parameter, a tuple may be a list, a number a list of fixed
   length; in a second round also a Tensor where a number is wanted, and a str where a device is.
2. The first that fits in the first round is called, else the first of the second.
3. An argument of unknown type fits everything: then the answer is what all that fit return, where they agree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from tsl.record import Record
from tsl.source.script.types import ANY, NONE, TENSOR, UNKNOWN, Type, fits, head, is_a, is_known, is_optional, optional

VERSION = "2.13"
PLAIN = {
    "Tensor": TENSOR, "int": "int", "SymInt": "int", "float": "float", "bool": "bool", "SymBool": "bool", "str": "str",
    "complex": "complex", "Scalar": "number", "number": "number", "ScalarType": "int", "Layout": "int",
    "MemoryFormat": "int", "Device": "Device", "NoneType": NONE, "Any": ANY, "AnyListType": "AnyList",
    "Dimname": "str", "AnyTupleType": "AnyTuple",
}  # fmt: skip


class Parameter(Record):
    """A parameter of a schema."""

    name: str
    kind: Type
    has_default: bool
    only_keyword: bool
    broadcasts: bool = False


class Schema(Record):
    """What a callable takes and returns; `open_ended` where it takes any arguments."""

    parameters: tuple[Parameter, ...]
    returns: Type
    open_ended: bool = False


class Table:
    """The facts of one version of torch, read when the first is asked for."""

    def __init__(self) -> None:
        self.operators: dict[str, list[str]] = {}
        self.paths: dict[str, tuple[str, str]] = {}
        self._schemas: dict[str, tuple[Schema, ...]] = {}
        self._methods: dict[tuple[str, str], bool] = {}
        for line in _text().splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "s":
                self.operators.setdefault(re.split(r"[.(]", rest, maxsplit=1)[0], []).append(rest)
            elif kind in "bfxkmt":
                path, _, what = rest.partition(" ")
                self.paths[path] = kind, what

    def overloads(self, operator: str) -> tuple[Schema, ...]:
        """The overloads of an operator in the order in which they are tried."""
        if operator not in self._schemas:
            self._schemas[operator] = tuple(map(read_schema, self.operators.get(operator, ())))
        return self._schemas[operator]

    def has_method(self, kind: Type, name: str) -> bool:
        """Whether some overload of `aten::name` takes a value of a type first."""
        if head(kind) == TENSOR and f"Tensor.{name}" in self.paths:
            return True
        return any(
            schema.open_ended or (schema.parameters and accepts(kind, schema.parameters[0], {}, True))
            for schema in self.overloads(f"aten::{name}")
        )


_loaded: list[Table] = []


def table() -> Table:
    """The one table."""
    if not _loaded:
        _loaded.append(Table())
    return _loaded[0]


def _text() -> str:
    import lzma

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tables", f"{VERSION}.txt.xz")
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return file.read()


def read_schema(text: str) -> Schema:
    """A schema from its text: `aten::relu(Tensor self) -> Tensor`."""
    opened = text.index("(")
    closed = _closing(text, opened)
    parameters: list[Parameter] = []
    open_ended = only_keyword = False
    for part in split(text[opened + 1 : closed]):
        if part == "*":
            only_keyword = True
        elif part == "...":
            open_ended = True
        else:
            parameters.append(_parameter(part, only_keyword))
    returned = text[closed + 1 :].removeprefix(" -> ").strip()
    return Schema(
        tuple(parameters), read_type(returned) if returned not in ("()", "...") else _nothing(returned), open_ended
    )


def _nothing(returned: str) -> Type:
    return NONE if returned == "()" else UNKNOWN


def _parameter(text: str, only_keyword: bool) -> Parameter:
    head, default, _ = text.partition("=")
    kind, _, name = head.rpartition(" ")
    if not kind:
        kind, name = name, ""
    broadcasts = bool(re.search(r"(int|SymInt|float)\[\d+\]\??$", kind))
    return Parameter(name, read_type(kind), bool(default), only_keyword, broadcasts)


def split(text: str) -> list[str]:
    """The parts of a list, split at commas outside brackets and quotes."""
    parts, depth, start, quoted = [], 0, 0, ""
    for place, letter in enumerate(text):
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "\"'":
            quoted = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and not depth:
            parts.append(text[start:place].strip())
            start = place + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def _closing(text: str, opened: int) -> int:
    depth, quoted = 0, ""
    for place in range(opened, len(text)):
        letter = text[place]
        if quoted:
            quoted = "" if letter == quoted else quoted
        elif letter in "\"'":
            quoted = letter
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                return place
    return len(text) - 1


def read_type(text: str) -> Type:
    """A type from how a schema writes it; the type variables of schemas are `$t` and their like."""
    text = re.sub(r"\((?:[a-z]!?|\*)(?:\|[a-z])*(?: ?-> ?[^)]*)?\)", "", text).strip()
    if text.endswith("?"):
        return optional(read_type(text[:-1]))
    listed = re.fullmatch(r"(.*)\[\d*\]", text)
    if listed and (not text.startswith(("List[", "Dict[", "Optional[", "Tuple[", "Union[")) or text.endswith("[]")):
        return ("List", read_type(listed[1]))
    if text.startswith("Dict("):
        return ("Dict", *map(read_type, split(text[5:-1])))
    generic = re.fullmatch(r"(List|Dict|Optional|Tuple|Union)\[(.*)\]", text)
    if generic:
        inside = tuple(map(read_type, split(generic[2])))
        return optional(inside[0]) if generic[1] == "Optional" else (generic[1], *inside)
    if text.startswith("("):
        parts = [re.sub(r" \w+$", "", part) for part in split(text[1:-1])]
        whole = [read_type(part) for part in parts]
        return ("Tuple", *whole) if len(whole) > 1 else whole[0] if whole else NONE
    text = text.partition(" ")[0]
    if re.fullmatch(r"t\w?|key|value|[A-Z]", text) or text in ("t1", "t2"):
        return f"${text}"
    return PLAIN.get(text, f"!{text}")


def accepts(given: Type, wanted: Parameter, bound: dict[str, Type], converting: bool) -> bool:
    """Whether a parameter takes a value of a type (1); binds type variables."""
    kind = wanted.kind
    if _takes(given, kind, bound, converting):
        return True
    if is_a(given, "Union") and is_a(kind, "List"):
        return all(part == kind[1] or is_a(part, "Tuple") or is_a(part, "List") for part in given[1:])
    if wanted.broadcasts:
        inner = kind[1] if is_optional(kind) else kind
        return _takes(given, inner[1], bound, converting)
    return False


def _takes(given: Type, kind: Type, bound: dict[str, Type], converting: bool) -> bool:
    if given == UNKNOWN or kind == UNKNOWN:
        return True
    if isinstance(kind, str) and kind.startswith("$"):
        known = bound.setdefault(kind, given)
        return known == given or fits(given, known)
    if kind == "number":
        return given in ("int", "float", "complex", "number", "bool") or (converting and given == TENSOR)
    if is_optional(kind):
        if given == NONE:
            return True
        return _takes(given[1] if is_optional(given) else given, kind[1], bound, converting)
    if is_a(kind, "List"):
        if is_a(given, "Tuple"):
            return all(_takes(part, kind[1], bound, False) for part in given[1:])
        return is_a(given, "List") and _element(given[1], kind[1], bound)
    if is_a(kind, "Dict") or is_a(kind, "Tuple"):
        same = isinstance(given, tuple) and given[0] == kind[0] and len(given) == len(kind)
        return same and all(_takes(one, other, bound, False) for one, other in zip(given[1:], kind[1:], strict=True))
    if fits(given, kind):
        return True
    if not converting:
        return False
    if given == TENSOR:
        return kind in ("int", "float", "complex")
    if given == "number":
        return kind in ("int", "float", "complex")
    return bool(given == "str" and kind == "Device")


def _element(given: Type, kind: Type, bound: dict[str, Type]) -> bool:
    if is_optional(kind):
        return (
            given in (UNKNOWN, kind)
            or (is_optional(given) and _takes(given[1], kind[1], bound, False))
            or given == kind[1]
        )
    if is_optional(given):
        return isinstance(kind, str) and kind.startswith("$") and _takes(given, kind, bound, False)
    return _takes(given, kind, bound, False)


class Answer(Record):
    """What a call returns, and whether the compiler refuses it, with the reason for the only overload there is."""

    returns: Type
    refused: bool = False
    why: str = ""


def call(schemas: Iterable[Schema], given: list[Type], named: Mapping[str, Type]) -> Answer:
    """The overload that is called (2, 3)."""
    schemas = list(schemas)
    certain = all(map(is_known, [*given, *named.values()]))
    reasons: list[str] = []
    for converting in (False, True):
        found: list[Type] = []
        for schema in schemas:
            bound: dict[str, Type] = {}
            why = mismatch(schema, given, named, bound, converting)
            if why:
                reasons.append(why)
                continue
            found.append(substituted(schema.returns, bound))
            if certain:
                return Answer(found[0])
        if found and converting:
            return Answer(found[0] if all(kind == found[0] for kind in found) else UNKNOWN)
    return Answer(UNKNOWN, True, reasons[-1] if len(schemas) == 1 and reasons else "")


def mismatch(
    schema: Schema, given: list[Type], named: Mapping[str, Type], bound: dict[str, Type], converting: bool
) -> str:
    """Why a schema does not take the arguments; empty where it does."""
    if schema.open_ended:
        return ""
    places = [parameter for parameter in schema.parameters if not parameter.only_keyword]
    given = gathered(places, given)
    if "input" in named and places and places[0].name == "self":
        named = {"self" if name == "input" else name: kind for name, kind in named.items()}
    if len(given) > len(places):
        return f"it takes {len(places)} arguments by place and is given {len(given)}"
    taken = {parameter.name: kind for parameter, kind in zip(places, given, strict=False)}
    for name in named:
        if name in taken and name:
            return f"{name} is given twice"
        if not any(parameter.name == name for parameter in schema.parameters):
            return f"it has no parameter {name}"
    for place, parameter in enumerate(schema.parameters):
        if parameter in places and place < len(given):
            kind = given[place]
        elif parameter.name in named:
            kind = named[parameter.name]
        elif parameter.has_default:
            continue
        else:
            return f"its parameter {parameter.name} is not given"
        if not accepts(kind, parameter, bound, converting):
            return f"{parameter.name}|{place}"
    return ""


def gathered(places: list[Parameter], given: list[Type]) -> list[Type]:
    """The arguments where the last one by place is a list, and its elements are given one by one."""
    for number, parameter in enumerate(places):
        kind = parameter.kind
        if not is_a(kind, "List") or number >= len(given) or kind[1] == UNKNOWN or str(kind[1]).startswith("$"):
            continue
        last = number == len(places) - 1
        if last and not isinstance(given[number], tuple) and (len(given) > number + 1 or not parameter.broadcasts):
            rest = given[number:]
            if all(one in (kind[1], UNKNOWN, "number") or (one == TENSOR and kind[1] == "int") for one in rest):
                return [*given[:number], ("List", kind[1])]
    return given


def substituted(kind: Type, bound: Mapping[str, Type]) -> Type:
    """A type with its variables replaced by what they are bound to."""
    if isinstance(kind, str):
        if kind.startswith("!"):
            return UNKNOWN
        return bound.get(kind, UNKNOWN) if kind.startswith("$") else kind
    if isinstance(kind, tuple) and kind[0] in ("List", "Dict", "Tuple", "Optional"):
        return (kind[0], *(substituted(part, bound) for part in kind[1:]))
    return kind

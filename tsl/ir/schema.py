"""The operators torch knows, from a table that ships with tsl, read one name at a time.

Definitions, which are PyTorch's (torch/csrc/jit/frontend/function_schema_parser.cpp):
1. A *schema* is `namespace::name.overload(arguments) -> returns`. An argument has a type, a name, perhaps a default,
   and stands after `*` where it is given by keyword only; `...` takes or returns any number of anything.
2. An argument of type `T(a!)` is written to; equal letters say that a result is, or is a view of, an argument.
3. The *overloads* of a name are tried in the order in which torch registered them: the order is part of the table.

The table is written by scripts/torch_schemas.py and names its torch in its first line. Needs no torch; `match` chooses
among overloads. It will never know an operator of another library: those have no overloads here.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from tsl.ir.types import Type, parse_start
from tsl.record import Record

DIRECTORY = Path(__file__).parent / "schemas"
NEWEST = "2.13"


class Argument(Record):
    """An argument of a schema (1). `default` is meaningful where `has_default`; `writes` is (2); `length` is the N of
    an `int[N]`, else 0.
    """

    name: str
    type: Type
    keyword: bool = False
    has_default: bool = False
    default: Any = None
    writes: bool = False
    alias: str = ""
    length: int = 0


class Schema(Record):
    """A schema (1). `text` is torch's own, `takes_any` and `returns_any` are its `...`."""

    name: str
    overload: str
    arguments: tuple[Argument, ...]
    returns: tuple[Argument, ...]
    takes_any: bool
    returns_any: bool
    text: str

    @property
    def writes(self) -> bool:
        """Whether it writes to an argument (2)."""
        return any(argument.writes for argument in self.arguments)


class SchemaError(ValueError):
    """A text that is no schema."""


class Table:
    """The schemas of a torch. `version` is `2.13.0`. Asking for a name parses its lines once."""

    __slots__ = ("_known", "_text", "version")

    def __init__(self, text: str) -> None:
        """Raises SchemaError where the first line does not name a torch."""
        title = re.match(r"# torch (\S+):", text)
        if not title:
            raise SchemaError("a table of schemas begins with the torch it is of")
        self.version, self._text, self._known = title[1], text, dict[str, tuple[Schema, ...]]()

    def overloads(self, name: str) -> tuple[Schema, ...]:
        """The schemas of `namespace::name` in order (3); none where the name is unknown."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = tuple(map(parse_schema, self._lines(name)))
        return known

    def _lines(self, name: str) -> list[str]:
        starts = (f"\n{name}(", f"\n{name}.")
        place = min((at for at in map(self._text.find, starts) if at >= 0), default=-1)
        found: list[str] = []
        while place >= 0 and self._text.startswith(starts, place):
            end = self._text.find("\n", place + 1)
            found.append(self._text[place + 1 : end])
            place = end
        return found


@lru_cache(maxsize=4)
def schemas(version: str = NEWEST) -> Table:
    """The table of a torch, by major and minor version. Raises FileNotFoundError where tsl ships none."""
    import lzma

    return Table(lzma.decompress((DIRECTORY / f"{version}.txt.xz").read_bytes()).decode())


_HEAD = re.compile(r"([\w.:]+?::\w+)(?:\.(\w+))?\(")
_MARK = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()\[\],]")
_REST = re.compile(r"(?:\s+(\w+))?(?:=(.*))?\Z", re.S)
_LENGTH = re.compile(r"\[(\d+)\]")


def parse_schema(text: str) -> Schema:
    """The schema of torch's text. Raises SchemaError, and TypeSyntaxError where a type is none."""
    head = _HEAD.match(text)
    if not head:
        raise SchemaError(f"{text[:80]!r} is no schema")
    parts, end = _parts(text, head.end())
    arrow = text.find("->", end)
    if arrow < 0:
        raise SchemaError(f"{text[:80]!r} returns nothing")
    returns = text[arrow + 2 :].strip()
    back = _parts(returns, 1)[0] if returns.startswith("(") else [returns]
    keyword = parts.index("*") if "*" in parts else len(parts)
    arguments = [_argument(part, place > keyword) for place, part in enumerate(parts) if part not in {"*", "...", ""}]
    results = [_argument(part, False) for part in back if part not in {"...", ""}]
    return Schema(head[1], head[2] or "", tuple(arguments), tuple(results), "..." in parts, "..." in back, text)


def _parts(text: str, start: int) -> tuple[list[str], int]:
    """What stands between the commas up to the closing parenthesis, and the place after it."""
    found, depth, begin = list[str](), 0, start
    for match in _MARK.finditer(text, start):
        character, place = match[0], match.start()
        if character in "([":
            depth += 1
        elif character in ")]" and depth:
            depth -= 1
        elif character == "," and not depth:
            found.append(text[begin:place].strip())
            begin = place + 1
        elif character == ")":
            found.append(text[begin:place].strip())
            return found, place + 1
    raise SchemaError(f"{text[:80]!r} is not closed")


def _argument(part: str, keyword: bool) -> Argument:
    type, alias, end = parse_start(part)
    found = _REST.match(part, end)
    if not found:
        raise SchemaError(f"{part!r} is no argument")
    length, default = _LENGTH.search(part, 0, end), found[2]
    size = int(length[1]) if length else 0
    value = _default(default, type, size) if default is not None else None
    return Argument(found[1] or "", type, keyword, default is not None, value, "!" in alias, alias, size)


def _default(text: str, type: Type, length: int) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        named = {"inf": float("inf"), "-inf": -float("inf"), "nan": float("nan")}
        return named.get(text, text)
    bare = type.element if type.kind == "Optional" else type
    if bare.kind == "List" and isinstance(value, int | float):
        return [value] * (length or 1)
    return float(value) if type.kind == "float" and isinstance(value, int) else value

"""The attributes of nodes in a graph's text: `[value=1]`, `[name="forward"]`, `[value=(1, "a")]`.

Numbers, strings, and lists and tuples of them read back from what torch prints, a bool and a device with the help of
the type of what they make. Everything else (tensors, infinite floats, objects) is shown as `<Tensor>` and stands whole
in the note of its line, as JSON that `encode` makes and `decode` reads.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from tsl.archive import values
from tsl.ir.graph import Value
from tsl.ir.types import BOOL, DEVICE, Type, TypeSyntaxError, parse

_RECORDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (values.Tensor, values.Device, values.Object, values.EnumMember, values.Typed, values.Unresolved)
}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def print_attributes(attributes: tuple[tuple[str, Any], ...], outputs: tuple[Value, ...]) -> str:
    """Attributes as torch prints them, with their brackets; nothing where there are none."""
    if not attributes:
        return ""
    shown = (f"{name}={_shown(value, outputs if name == 'value' else ())}" for name, value in attributes)
    return f"[{', '.join(shown)}]"


def _shown(value: Any, outputs: tuple[Value, ...]) -> str:
    if isinstance(value, bool) and len(outputs) == 1 and outputs[0].type is BOOL:
        return str(int(value))
    if isinstance(value, values.Device):
        return _quote(value.text)
    if _are_types(value):
        return f"[{', '.join(type.ir for type in value)}]"
    return _text(value) if _is_plain(value) else f"<{type(value).__name__}>"


def _are_types(value: Any) -> bool:
    return type(value) is tuple and bool(value) and all(isinstance(part, Type) for part in value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(map(_text, value))
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def _quote(text: str) -> str:
    parts = []
    for character in text:
        if character in _ESCAPES:
            parts.append(_ESCAPES[character])
        elif " " <= character <= "~":
            parts.append(character)
        else:
            parts.extend(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))
    return f'"{"".join(parts)}"'


def _is_plain(value: Any) -> bool:
    """Whether the text of a value says all of it."""
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        return all(map(_is_plain, value))
    return value is None or type(value) in {int, bool, str} or (type(value) is float and value - value == 0)


def encode(value: Any, outputs: tuple[Value, ...]) -> Any:
    """A value as JSON where its text says less than it is; None where the text says all. `outputs` are what the node
    makes where the value is what it makes: a constant's.
    """
    if _is_plain(value):
        needs_type = isinstance(value, bool) and not (len(outputs) == 1 and outputs[0].type is BOOL)
        return {"bool": value} if needs_type else None
    if isinstance(value, values.Device) and len(outputs) == 1 and outputs[0].type is DEVICE:
        return None
    return _jsoned(value)


def spell(type: Type) -> Any:
    """A type as JSON, which says what its text in a graph leaves out."""
    return [type.kind, [spell(argument) for argument in type.arguments], type.name, list(type.fields)]


def unspell(told: Any) -> Type:
    """The type that was spelled."""
    kind, arguments, name, fields = told
    return Type(kind, tuple(map(unspell, arguments)), name, tuple(fields))


def _jsoned(value: Any) -> Any:
    if isinstance(value, Type):
        return {"Type": spell(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | complex):
        return {type(value).__name__: repr(value)}
    if type(value).__name__ in _RECORDS and isinstance(value, tuple):
        return {type(value).__name__: [_jsoned(part) for part in value]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_jsoned(part) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[_jsoned(key), _jsoned(held)] for key, held in value.items()]}
    raise TypeError(f"a graph holds no {type(value).__name__}")


def decode(value: Any, outputs: tuple[Value, ...], note: Any) -> Any:
    """The value of an attribute, of what its text says, its note (or None) and what its node makes."""
    if note is not None:
        return _unjsoned(note)
    made = outputs[0].type if len(outputs) == 1 else None
    if made is BOOL and isinstance(value, int):
        return bool(value)
    return values.Device(value) if made is DEVICE and isinstance(value, str) else value


def _unjsoned(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    ((kind, held),) = told.items()
    if kind == "bool" or kind == "Type":
        return held if kind == "bool" else unspell(held)
    if kind in {"float", "complex"}:
        return float(held) if kind == "float" else complex(held)
    if kind == "dict":
        return {_unjsoned(key): _unjsoned(value) for key, value in held}
    parts = [_unjsoned(part) for part in held]
    return parts if kind == "list" else tuple(parts) if kind == "tuple" else _RECORDS[kind](*parts)


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<\w+>|[^\s"<>\[\](),=]+|[\[\](),=<>]|\s+')


def read_attributes(text: str, start: int) -> tuple[list[tuple[str, Any]], int]:
    """The attributes whose brackets open at a place of a text, and the place after them. What is shown as `<Tensor>`
    is None. Raises ValueError.
    """
    if text[start : start + 1] != "[":
        return [], start
    found: list[tuple[str, Any]] = []
    name, piece, depth, place = "", "", 0, start + 1
    while match := _TOKEN.match(text, place):
        token, place = match[0], match.end()
        if depth == 0 and token in {",", "]"}:
            if name:
                found.append((name, _types(piece) if name == "types" else _value(piece)))
            if token == "]":
                return found, place
            name, piece = "", ""
        elif depth == 0 and token == "=" and not name:
            name, piece = piece.strip(), ""
        else:
            depth += (token in {"[", "("}) - (token in {"]", ")"})
            piece += token
    raise ValueError("the attributes of a node stand in brackets")


def _types(piece: str) -> Any:
    try:
        return parse(f"Tuple{piece.strip()}").arguments
    except TypeSyntaxError:
        raise ValueError(f"{piece[:40]} is no list of types") from None


def _value(piece: str) -> Any:
    piece = piece.strip()
    if piece.startswith("<"):
        return None
    try:
        return _bytes_to_text(ast.literal_eval(piece))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"{piece[:40]} is no attribute value") from None


def _bytes_to_text(value: Any) -> Any:
    """Strings are printed by the byte; this puts them together."""
    if isinstance(value, str):
        return value.encode("latin-1", "replace").decode("utf-8", "surrogatepass")
    if isinstance(value, list | tuple):
        return type(value)(map(_bytes_to_text, value))
    return value

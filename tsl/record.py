"""Record: typing.NamedTuple without its price at start-up.

A class that derives from Record is an immutable tuple with named fields, written and type-checked exactly like a
`typing.NamedTuple`: annotated fields, defaults, methods and properties. typing's own compiles every annotation and
evaluates a constructor, 0.1 ms a class; tsl has thirty of them on its way to the first finding, and the whole run of a
short file may cost 50 ms. Nothing of tsl is below this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from operator import itemgetter

    class _RecordType(type):
        """Turns annotated class bodies into tuples with one property a field."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            for place, field in enumerate(fields):
                body[field] = property(itemgetter(place))
            body |= {"__slots__": (), "_fields": fields, "_defaults": defaults, "__match_args__": fields}
            return super().__new__(cls, name, bases, body)

    class Record(tuple, metaclass=_RecordType):
        """An immutable tuple with named fields. Raises TypeError where a field is missing, unknown or given twice."""

        def __new__(cls, *given: Any, **named: Any) -> Record:
            if len(given) == len(cls._fields) and not named:
                return tuple.__new__(cls, given)
            values = cls._defaults | dict(zip(cls._fields, given, strict=False)) | named
            twice = [field for field in cls._fields[: len(given)] if field in named]
            if len(given) > len(cls._fields) or twice or values.keys() != set(cls._fields):
                wrong = twice or sorted(values.keys() ^ set(cls._fields)) or [f"{len(given)} values"]
                raise TypeError(f"{cls.__name__} has the fields {', '.join(cls._fields)}; wrong: {', '.join(wrong)}")
            return tuple.__new__(cls, [values[field] for field in cls._fields])

        def _replace(self, **changed: Any) -> Record:
            return type(self)(**(dict(zip(self._fields, self, strict=True)) | changed))

        def __repr__(self) -> str:
            shown = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({shown})"

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)


__all__ = ["Record"]

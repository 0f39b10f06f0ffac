"""What comes from elsewhere: which paths and texts of an export script hold what was fetched, or sent by a client.

Definitions:
1. A call, a program or a parameter *brings* something; its place is in `State.fetched`, by the key of a path.
2. What is made of something that was brought, written from it or copied from it, was brought as well.

Needs values and the tables of `orders`. It will never know what a file holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import expressions, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.paths import key_of
from tsl.source.exporting.things import UNKNOWN, Const, Opaque, Seq, options_of
from tsl.source.facts import Note

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def fetch(run: Run, path: str, given: Given) -> Any:
    """A file comes from elsewhere: to a path that is named, or to the one that is returned."""
    place = orders.FETCHES[path]
    note = _note(run, given)
    if place is None:
        result = Opaque(("fetched", id(given.node)))
        run.here.fetched[result.key] = note
        for name in ("output", "out"):
            key = key_of(given.keywords.get(name))
            if key:
                run.here.fetched[key] = note
        return result
    target = given.get(place, "filename" if place == 1 and "retrieve" in path else "dst")
    key = key_of(target)
    if key:
        run.here.fetched[key] = note
    return UNKNOWN


def sent(run: Run, path: str) -> Any:
    """What a web framework holds of what a client has sent."""
    value = Opaque(("fetched", path))
    run.here.fetched[value.key] = run.note(run.home, "sent by a client")
    return value


def source_of(run: Run, value: Any) -> Note | None:
    """The place that fetched what a path holds."""
    known = run.here.fetched
    sources = (source for one in options_of(value) for source in _sources(key_of(one)))
    return next((known[source] for source in sources if source in known), None) if known else None


def _sources(key: Any) -> Iterator[Any]:
    """What a path or text was made of: `response.read()` of what a call fetched."""
    if isinstance(key, tuple) and key:
        yield key
        if key[0] == "fetched":
            yield from (key[:end] for end in range(len(key) - 1, 1, -1))
        for part in key:
            yield from _sources(part)


def bring(run: Run, source: Any, target: Any) -> None:
    """What is written to a path was fetched, if its source was."""
    note, key = source_of(run, source), key_of(target)
    if note is not None and key is not None:
        run.here.fetched[key] = note


def by_name(run: Run, name: str, given: Given) -> None:
    """What a method that is known by its name alone fetches, or writes of what was fetched."""
    place = orders.FETCHING_METHODS.get(name)
    target = given.get(place, "filename") if place is not None else None
    if target is not None and key_of(target):
        run.here.fetched[key_of(target)] = _note(run, given)
    if name in ("write", "write_bytes") and given.positional:
        bring(run, given.positional[0], expressions.evaluate(run, given.node.func.value))


def process(run: Run, _path: str, given: Given) -> Any:
    """Another program runs; one that fetches files may have written to whatever path it is given."""
    command = given.positional[0] if given.positional else UNKNOWN
    words = list(command.items) if isinstance(command, Seq) else []
    if isinstance(command, Const) and isinstance(command.value, str):
        words = [Const(word) for word in command.value.split()]
    program = words[0].value if words and isinstance(words[0], Const) else ""
    if str(program).rpartition("/")[2] in orders.DOWNLOADERS:
        note = _note(run, given)
        keys = [key_of(word) for word in words[1:] if not (isinstance(word, Const) and str(word.value)[:1] == "-")]
        run.here.fetched.update({key: note for key in keys if key is not None})
    return UNKNOWN


def _note(run: Run, given: Given) -> Note:
    return run.note(given.node, "fetched from elsewhere here")

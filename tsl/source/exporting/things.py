"""Things and their states (definitions 1 and 2 of the package), the values that stand for them, and how they join.

Records are tuples, and equal tuples are equal whatever class they are of: `tag` tells kinds of values apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tsl.record import Record
from tsl.source.classes import Class
from tsl.source.facts import Note

UNKNOWN_STATE = "?"
MAX_OPTIONS = 6


class Thing(Record):
    """One object at one point of a path. `kind` is model, traced, scripted, tensor or state.

    `source` is the class of a model that is read, `path` that of another; `shape` holds the sizes of an example that
    are literals; `parts` are the
    models one was made of; `story` are the places that put it into its state.
    """

    kind: str
    mode: str = UNKNOWN_STATE
    device: str = UNKNOWN_STATE
    source: Class | None = None
    path: str = ""
    shape: tuple[int | None, ...] | None = None
    stages: frozenset[str] = frozenset()
    exported: frozenset[str] = frozenset()
    dtype: str = UNKNOWN_STATE
    parts: frozenset[int] = frozenset()
    story: tuple[Note, ...] = ()
    origin: Any = None


class Archive(Record):
    """What a path holds (4): TorchScript, or what torch.save writes; from which device."""

    kind: str
    device: str
    note: Note


class Ref(Record):
    """A thing by its number in the heap."""

    number: int
    tag: str = "ref"


class Const(Record):
    """A literal."""

    value: Any
    tag: str = "const"


class Seq(Record):
    """A tuple or a list of known length."""

    items: tuple[Any, ...]
    tag: str = "seq"


class Many(Record):
    """A list of unknown length, whose items are all `item`: what a comprehension or a loop makes."""

    item: Any
    tag: str = "many"


class Map(Record):
    """A dict of known keys."""

    items: tuple[tuple[Any, Any], ...]
    tag: str = "map"


class Opaque(Record):
    """Something of which only the identity is known: a parameter, a path made of others; none where `key` is empty."""

    key: tuple[Any, ...] = ()
    tag: str = "opaque"


class Defined(Record):
    """A function or class that is read, a dotted path that is not, or a method of a thing."""

    what: Any
    owner: Any = None
    tag: str = "defined"


class Callback(Record):
    """A lambda."""

    node: Any
    tag: str = "callback"


class Partial(Record):
    """A call that is given some of its arguments now: `functools.partial`."""

    callee: Any
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    tag: str = "partial"


class Switch(Record):
    """What turns gradients or an autocast on or off once it is opened; `on` is None where that is unknown."""

    path: str
    node: Any
    on: bool | None
    tag: str = "switch"


class Own(Record):
    """An object of a class that is no module, by its number; 0 for `self` in a method that is read from outside."""

    source: Class
    number: int = 0
    tag: str = "own"


class Either(Record):
    """What different paths make of a name."""

    options: tuple[Any, ...]
    tag: str = "either"


UNKNOWN = Opaque()
NONE = Const(None)


def items_of(value: Any) -> tuple[Any, ...] | None:
    """What is in a list, as far as it differs; None where a value may be something else than a list."""
    found: list[Any] = []
    for one in options_of(value):
        if not isinstance(one, Seq | Many):
            return None
        found += one.items if isinstance(one, Seq) else [one.item]
    return tuple(dict.fromkeys(found))


def join_values(left: Any, right: Any) -> Any:
    """What a name is where two paths meet."""
    if left == right:
        return left
    options = tuple(dict.fromkeys((*options_of(left), *options_of(right))))
    return UNKNOWN if len(options) > MAX_OPTIONS else Either(options)


def options_of(value: Any) -> tuple[Any, ...]:
    """The values one may be."""
    return value.options if isinstance(value, Either) else (value,)


class State:
    """Names, things and archives on one path; `grad` is whether gradients are recorded, `cast` an autocast around.

    `held` are the attributes of objects, by the number of the object and their name.
    """

    __slots__ = ("archives", "cast", "fetched", "grad", "heap", "held", "names")

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.heap: dict[int, Thing] = {}
        self.held: dict[tuple[int, str], Any] = {}
        self.archives: dict[Any, Archive | None] = {}
        self.fetched: dict[Any, Note] = {}
        self.grad: bool | None = True
        self.cast: Any = None

    def copy(self) -> State:
        """The same state, to go another way from here."""
        other = State()
        other.names, other.heap, other.held = dict(self.names), dict(self.heap), dict(self.held)
        other.archives, other.fetched = dict(self.archives), dict(self.fetched)
        other.grad, other.cast = self.grad, self.cast
        return other

    def refs(self, value: Any) -> Iterator[int]:
        """The numbers of the things a value may be."""
        return (one.number for one in options_of(value) if isinstance(one, Ref) and one.number in self.heap)

    def family(self, value: Any) -> Iterator[int]:
        """The same, with the models they were made of: what is put into a mode or moved goes with them."""
        queue, seen = list(self.refs(value)), set[int]()
        while queue:
            number = queue.pop()
            if number not in seen and number in self.heap:
                seen.add(number)
                queue += sorted(self.heap[number].parts)
                yield number

    def attributes(self, number: int) -> dict[str, Any]:
        """What is on an object, by name."""
        return {name: value for (owner, name), value in self.held.items() if owner == number}

    def thing(self, value: Any) -> Thing | None:
        """The thing a value is on every path; None where it may be something else that is not None."""
        found: Thing | None = None
        several: list[int] = []
        for one in options_of(value):
            if isinstance(one, Ref) and one.number in self.heap:
                thing = self.heap[one.number]
                several.append(one.number)
                found = thing if found is None else join_things(found, thing)
            elif one != NONE:
                return None
        is_any = found is not None and len(several) > 1 and found.mode == "train"
        return found._replace(parts=found.parts | frozenset(several)) if found is not None and is_any else found


def join_states(left: State | None, right: State | None) -> State | None:
    """The state where two paths meet; a name or archive that one of them lacks is what the other says."""
    if left is None or right is None:
        return left or right
    met = left.copy()
    for name, value in right.names.items():
        met.names[name] = join_values(left.names[name], value) if name in left.names else value
    for place, value in right.held.items():
        met.held[place] = join_values(left.held[place], value) if place in left.held else value
    for number, thing in right.heap.items():
        met.heap[number] = join_things(left.heap[number], thing) if number in left.heap else thing
    for key, archive in right.archives.items():
        met.archives[key] = join_archives(left.archives.get(key, archive), archive)
    met.fetched.update(right.fetched)
    met.grad = left.grad if left.grad == right.grad else None
    met.cast = left.cast or right.cast
    return met


def join_things(left: Thing, right: Thing) -> Thing:
    """One thing after two paths, or two things of one name (2)."""
    if left == right:
        return left
    same_class = left.source is right.source and left.path == right.path
    return Thing(
        left.kind if left.kind == right.kind else UNKNOWN_STATE,
        left.mode if left.mode == right.mode else UNKNOWN_STATE,
        join_devices(left.device, right.device),
        left.source if same_class else None,
        left.path if same_class else "",
        left.shape if left.shape == right.shape else None,
        left.stages & right.stages,
        left.exported & right.exported,
        left.dtype if left.dtype == right.dtype else UNKNOWN_STATE,
        left.parts | right.parts,
        left.story if len(left.story) <= len(right.story) else right.story,
        left.origin if left.origin is right.origin else None,
    )


def join_devices(left: str, right: str) -> str:
    """One device of several, such as `cpu|cuda`; unknown where one is."""
    if UNKNOWN_STATE in (left, right):
        return UNKNOWN_STATE
    return "|".join(sorted({*left.split("|"), *right.split("|")}))


def join_archives(left: Archive | None, right: Archive | None) -> Archive | None:
    """What a path holds that two places wrote: known where they wrote the same kind."""
    if left is None or right is None or left.kind != right.kind:
        return None
    return left._replace(device=join_devices(left.device, right.device))


def joined(values: Iterable[Any]) -> Any:
    """The join of several values; unknown where there are none."""
    result: Any = None
    for value in values:
        result = value if result is None else join_values(result, value)
    return UNKNOWN if result is None else result

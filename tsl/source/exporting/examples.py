"""Tensors that an export script makes for a capture: the factories of torch (`orders.FACTORIES`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsl.source.exporting import expressions, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import NONE, UNKNOWN, UNKNOWN_STATE, Const, Defined, Seq, Thing
from tsl.source.refs import External

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


def example(run: Run, path: str, given: Given) -> Any:
    """The tensor that a factory makes, with its device, dtype and those of its sizes that are literals."""
    held = run.here.thing(given.positional[0]) if path in orders.OF_ARRAYS and given.positional else None
    device = given.keywords.get("device")
    where = "cpu" if device is None or device == NONE else expressions.device_of(device)
    if given.rest is not None or "<device>" in run.here.names:
        where = UNKNOWN_STATE
    shape = _shape(path, given) if orders.FACTORIES[path] else None
    dtype = float_of(run) if path in orders.MAKES_FLOATS else UNKNOWN_STATE
    if "dtype" in given.keywords or given.rest is not None:
        dtype = dtype_named(given.keywords.get("dtype"))
    if held is not None and held.kind == "array":
        shape, dtype = held.shape, dtype if "dtype" in given.keywords else held.dtype
    note = run.note(given.node, "made here")
    return run.make(Thing("tensor", device=where, shape=shape, dtype=dtype, origin=note))


def array(run: Run, path: str, given: Given) -> Any:
    """The array that a factory of numpy makes: float64 where nothing else is said."""
    said = given.keywords.get("dtype")
    dtype = "float64" if said is None and given.rest is None else dtype_named(said)
    shape = _shape(path, given) if given.rest is None else None
    return run.make(Thing("array", shape=shape, dtype=dtype, origin=run.note(given.node, "made here")))


def retyped(run: Run, thing: Thing, name: str, given: Given) -> Any:
    """A method of an array: `astype`, and those that make another one of the same dtype."""
    if name == "astype":
        return run.make(thing._replace(dtype=dtype_named(given.get(0, "dtype"))))
    return run.make(thing._replace(shape=None)) if name in orders.RESHAPES_ARRAY else UNKNOWN


def _shape(path: str, given: Given) -> tuple[int | None, ...] | None:
    sizes: tuple[Any, ...] = given.positional
    if "size" in given.keywords:
        sizes = (given.keywords["size"],)
    elif path.endswith("randint"):
        sizes = tuple(one for one in sizes if isinstance(one, Seq))
    if sizes and isinstance(sizes[0], Seq):
        sizes = sizes[0].items
    if given.rest is not None or not sizes:
        return None
    return tuple(one.value if isinstance(one, Const) and isinstance(one.value, int) else None for one in sizes)


def dtype_named(value: Any) -> str:
    """The floating dtype a value names; nothing where it names none."""
    name = value.what.path.rpartition(".")[2] if isinstance(value, Defined) and isinstance(value.what, External) else ""
    return orders.FLOATS.get(name, name if name in orders.FLOATS.values() else UNKNOWN_STATE)


def float_of(run: Run) -> str:
    """The dtype in which torch makes things here: unknown once the file says another one."""
    return UNKNOWN_STATE if "<dtype>" in run.here.names else "float32"

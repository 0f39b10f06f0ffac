"""The first layer of a model: what the sizes of an example have to be where both are known.

Definition: a *first layer* of a parameter of `forward` is a layer that `__init__` makes with a literal size and assigns
once, and that the body of `forward` calls, under no condition, with the parameter as it came.

Needs classes. What the layers take is torch.nn's own documentation, and `LAYERS` its table.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.record import Record
from tsl.source.classes import Class
from tsl.source.names import Names
from tsl.source.tree import walk


class Layer(Record):
    """What a layer takes: the argument that says a size, the axis it is of, and the ranks it takes (none: any)."""

    argument: str
    axis: int
    ranks: tuple[int, ...] = ()


def _convolutions(argument: str, most: int, batched_only: bool = False) -> Layer:
    return Layer(argument, 1 - most, (most,) if batched_only else (most - 1, most))


# What takes whole numbers of any sizes
EMBEDDING = "torch.nn.Embedding"
LAYERS: Mapping[str, Layer] = {
    "torch.nn.Linear": Layer("in_features", -1),
    **{f"torch.nn.Conv{n}d": _convolutions("in_channels", n + 2) for n in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{n}d": _convolutions("in_channels", n + 2) for n in (1, 2, 3)},
    **{f"torch.nn.BatchNorm{n}d": _convolutions("num_features", n + 2, True) for n in (2, 3)},
    **dict.fromkeys(["torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN"], Layer("input_size", -1, (2, 3))),
}


class First(Record):
    """A first layer: the place of the parameter among those of forward, the call, the layer's path and its size."""

    place: int
    name: str
    node: Any
    path: str
    size: int

    def misfit(self, shape: tuple[int | None, ...] | None, dtype: str) -> str:
        """Why an example of these sizes and this dtype does not fit, in words; nothing where it may."""
        if self.path == EMBEDDING:
            return f"is of {dtype}, and Embedding takes integers" if "float" in dtype else ""
        if shape is None:
            return ""
        layer = LAYERS[self.path]
        kind = self.path.rpartition(".")[2]
        if layer.ranks and len(shape) not in layer.ranks:
            takes = " or ".join(map(str, layer.ranks))
            return f"has {len(shape)} dimension{'' if len(shape) == 1 else 's'}, and {kind} takes {takes}"
        found = shape[layer.axis] if len(shape) >= -layer.axis else None
        if found is None or found == self.size:
            return ""
        where = "last" if layer.axis == -1 else f"{_ordinal(len(shape) + layer.axis)}"
        return f"has {found} in its {where} dimension, and {kind} takes {self.size}"


def _ordinal(place: int) -> str:
    return ("first", "second", "third", "fourth", "fifth")[place]


def first_layers(cls: Class) -> list[First]:
    """The first layers of a class, in the order of forward."""
    forward, init = cls.find("forward"), cls.find("__init__")
    if forward is None or init is None:
        return []
    layers = init[1].module.once(_made_with_sizes, init[0])
    arguments = [*forward[0].args.posonlyargs, *forward[0].args.args][1:]
    places = {argument.arg: place for place, argument in enumerate(arguments)}
    return list(_applied(forward[0].body, places, layers))


def _made_with_sizes(init: Any, names: Names) -> dict[str, tuple[str, int]]:
    """The layers a constructor makes: attribute -> path and size; those it assigns twice are left out."""
    found: dict[str, tuple[str, int]] = {}
    stored = [
        node.attr for node in walk(init.body) if isinstance(node, _ast.Attribute) and isinstance(node.ctx, _ast.Store)
    ]
    for statement in init.body:
        match statement:
            case _ast.Assign(
                targets=[_ast.Attribute(value=_ast.Name(id="self"), attr=name)], value=_ast.Call() as call
            ):
                path = names.dotted(call.func) or ""
                size = _size(call, path)
                if size is not None and stored.count(name) == 1:
                    found[name] = (path, size)
    return found


def _size(call: Any, path: str) -> int | None:
    if path == EMBEDDING:
        return 0
    layer = LAYERS.get(path)
    if layer is None:
        return None
    said = [one.value for one in call.keywords if one.arg == layer.argument] or call.args[:1]
    value = said[0].value if said and isinstance(said[0], _ast.Constant) else None
    return value if type(value) is int else None


def _applied(body: list[Any], places: Mapping[str, int], layers: Mapping[str, tuple[str, int]]) -> Iterator[First]:
    """The calls of layers on parameters that nothing has bound anew, in statements that always run."""
    fresh = set(places)
    for statement in body:
        if not isinstance(statement, _ast.Assign | _ast.Return | _ast.Expr | _ast.AnnAssign):
            return
        for node in walk([statement]):
            match node:
                case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="self"), attr=name), args=[_ast.Name(id=given)]):
                    if name in layers and given in fresh:
                        yield First(places[given], given, node, *layers[name])
                case _ast.IfExp() | _ast.BoolOp() | _ast.Lambda():
                    return
        fresh -= {one.id for one in walk([statement]) if isinstance(one, _ast.Name) and isinstance(one.ctx, _ast.Store)}
        fresh -= {name for name in fresh if _is_written(statement, name)}


def _is_written(statement: Any, name: str) -> bool:
    """Whether a statement may write into a parameter in place and change its sizes: `x.unsqueeze_(0)`."""
    return any(
        isinstance(node, _ast.Attribute)
        and isinstance(node.value, _ast.Name)
        and node.value.id == name
        and node.attr.endswith("_")
        for node in walk([statement])
    )

"""Which sizes may vary: `dynamic_shapes` for torch.export, from `dynamic_axes` or from the sizes a model reads.

Definitions:
1. `dynamic_axes` maps the ONNX names of inputs and outputs to axes, and axes to names. Inputs take their names from
   `input_names`, in the order of the arguments, else from the parameters of forward.
2. A *size in use* is an axis of a parameter of forward whose size forward reads: `x.shape[2]`, `x.size(0)`, or a name
   that `x.shape` is unpacked to and that is read.

Needs a syntax tree. It will never evaluate one.
"""

from __future__ import annotations

import _ast
import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Axes = Mapping[int, str]


def of_dynamic_axes(node: Any, inputs: Sequence[str] | None) -> list[tuple[str, Axes]] | None:
    """The axes of each input that `dynamic_axes` names, spelled out as a dict; None where it is not (1)."""
    if not isinstance(node, _ast.Dict):
        return None
    found: list[tuple[str, Axes]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        name = _text(key)
        axes = _axes(value)
        if name is None or axes is None:
            return None
        if inputs is None or name in inputs:
            found.append((name, axes))
    return found


def _axes(node: Any) -> Axes | None:
    if isinstance(node, _ast.Dict):
        pairs = [(_whole(key), _text(value)) for key, value in zip(node.keys, node.values, strict=True)]
        if any(axis is None or name is None for axis, name in pairs):
            return None
        return {axis: name for axis, name in pairs if axis is not None and name is not None}
    if isinstance(node, _ast.List | _ast.Tuple):
        places = [_whole(one) for one in node.elts]
        return None if None in places else {axis: f"axis_{axis}" for axis in places if axis is not None}
    return None


def of_sizes_in_use(forward: Any) -> list[tuple[str, Axes]]:
    """The axes of each parameter of forward whose sizes it reads (2)."""
    arguments = [*forward.args.posonlyargs, *forward.args.args]
    names = [argument.arg for argument in arguments if argument.arg != "self"]
    used: dict[str, set[int]] = {}
    for node in ast.walk(forward):
        for name, axis in _reads(node, forward):
            used.setdefault(name, set()).add(axis)
    return [(name, {axis: f"axis_{axis}" for axis in sorted(used[name])}) for name in names if name in used]


def _reads(node: Any, forward: Any) -> Iterator[tuple[str, int]]:
    match node:
        case _ast.Subscript(value=_ast.Attribute(value=_ast.Name(id=name), attr="shape"), slice=index):
            axis = _whole(index)
            if axis is not None and axis >= 0:
                yield name, axis
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id=name), attr="size"), args=[index]):
            axis = _whole(index)
            if axis is not None and axis >= 0:
                yield name, axis
        case _ast.Assign(targets=[_ast.Tuple(elts=parts)], value=value):
            name = _shape_of(value)
            for axis, part in enumerate(parts):
                if name and isinstance(part, _ast.Name) and _is_read(part.id, forward):
                    yield name, axis


def _shape_of(node: Any) -> str:
    match node:
        case _ast.Attribute(value=_ast.Name(id=name), attr="shape"):
            return str(name)
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id=name), attr="size"), args=[]):
            return str(name)
    return ""


def _is_read(name: str, forward: Any) -> bool:
    return any(
        isinstance(node, _ast.Name) and node.id == name and isinstance(node.ctx, _ast.Load)
        for node in ast.walk(forward)
    )


def dimensions(axes: Sequence[tuple[str, Axes]], *, named: bool) -> str:
    """The value of `dynamic_shapes`, by input."""
    return "{" + ", ".join(f'"{name}": {places(one, named=named)}' for name, one in axes) + "}"


def places(axes: Axes, *, named: bool) -> str:
    """The axes of one input: sizes by name, or left to torch.export where they have none."""
    return (
        "{"
        + ", ".join(f"{axis}: {_size(size) if named else 'torch.export.Dim.AUTO'}" for axis, size in axes.items())
        + "}"
    )


def _size(name: str) -> str:
    return f'torch.export.Dim("{re.sub(r"[^A-Za-z0-9_]", "_", name)}")'


def _text(node: Any) -> str | None:
    return node.value if isinstance(node, _ast.Constant) and isinstance(node.value, str) else None


def _whole(node: Any) -> int | None:
    return node.value if isinstance(node, _ast.Constant) and type(node.value) is int else None

"""What a node is called, and how the constants it takes are written.

1. A *folded* value has no box: a constant, an attribute of a module, and a list or tuple of folded values that nothing
   writes to. It is a text, with the paths of the modules whose attributes are in it.
2. A node's lines are its title and a line for each folded value it takes, named as in its schema; a value that is the
   schema's default is left out. Attributes are named from the module that the node belongs to.
3. The title of `aten::conv2d` is `conv2d`; other operators keep their namespace. A call is `module.method`.

Needs schemas as text. It will never look an operator up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tsl.ir.graph import Graph, Node
from tsl.record import Record

LONGEST = 48  # characters of a constant
MOST_TEXT = 1_000  # of a folded value, before names of modules are taken out
MOST_LINES = 12  # of constants in a box
GATHERS = {"prim::ListConstruct": "[]", "prim::TupleConstruct": "()"}
FOREVER = str(2**63 - 1)  # the end of a slice without one, and the trip count of a `while`
INSTANCE = "@"  # what follows it in the name of a function tells which module it runs for
BRACKETS: Mapping[type, str] = {list: "[]", tuple: "()"}
# What numbers mean where a schema asks for a ScalarType (c10/core/ScalarType.h).
DTYPES = (
    "uint8 int8 int16 int32 int64 float16 float32 float64 complex32 complex64 complex128 bool qint8 quint8 qint32"
    " bfloat16 quint4x2 quint2x4"
).split()
# Arguments without a default in the schema of `aten::_convolution` and the like, which traces call in the place of
# `conv2d`: what they usually are, or nothing where they are flags of a backend and no part of the model.
USUAL: Mapping[str, str] = {
    "transposed": "False",
    "groups": "1",
    "dilation": "1",
    "output_padding": "0",
    "benchmark": "",
    "deterministic": "",
    "cudnn_enabled": "",
    "allow_tf32": "",
}
OBJECTS = frozenset({"Class", "Interface"})


class Folded(Record):
    """A value without a box (1). `path` is that of a module, where the value is one; `shape` that of a weight."""

    text: str
    owners: tuple[str, ...] = ()
    path: str | None = None
    shape: str = ""


class Argument(Record):
    """A parameter of a schema: its name, the text of its default (None where it has none), and of its type."""

    name: str
    default: str | None
    type: str


def written_to(graph: Graph) -> frozenset[int]:
    """The numbers of the lists that something may write to: by its schema, or because it has none."""
    found: set[int] = set()
    for node in graph.walk():
        if node.kind not in GATHERS:
            types = [argument.type for argument in parameters(node.schema)] if node.schema else []
            for place, value in enumerate(node.inputs):
                if value.type.kind == "List" and (place >= len(types) or "!" in types[place]):
                    found.add(value.number)
        found.update(value.number for block in node.blocks for value in block.outputs)
    return frozenset(found)


def fold(node: Node, known: Mapping[int, Folded], changing: frozenset[int]) -> Folded | None:
    """What the only output of a node is folded to (1), None where the node has a box. `changing` are lists in use."""
    if node.kind == "prim::Constant":
        return Folded(written(node.attribute("value"))[:MOST_TEXT])
    if node.kind == "prim::GetAttr":
        return _attribute(node, known)
    around = GATHERS.get(node.kind) if node.outputs[0].number not in changing else None
    parts = [known.get(value.number) for value in node.inputs] if around else []
    folded = [part for part in parts if part is not None and part.path is None]
    if not around or len(folded) != len(parts):
        return None
    owners = dict.fromkeys(owner for part in folded for owner in part.owners)
    text = f"{around[0]}{', '.join(part.text for part in folded)}{around[1]}"
    return Folded(text[:MOST_TEXT], tuple(owners))


def _attribute(node: Node, known: Mapping[int, Folded]) -> Folded | None:
    owner = known.get(node.inputs[0].number) if node.inputs else None
    if owner is None or owner.path is None:
        return None
    name = str(node.attribute("name", ""))
    path = f"{owner.path}.{name}" if owner.path else name
    if node.outputs[0].type.kind in OBJECTS:
        return Folded(path, (), path)
    return Folded(path[:MOST_TEXT], (owner.path,))


def lines_of(node: Node, known: Mapping[int, Folded], path: str = "") -> tuple[str, ...]:
    """The lines of a node (2) that belongs to the module at a path."""
    arguments = parameters(node.schema) if node.schema else ()
    rows = []
    for place, value in enumerate(node.inputs):
        folded = known.get(value.number)
        if folded is None or (folded.path is not None and node.kind == "prim::CallMethod"):
            continue
        rows += _row(folded, arguments[place] if place < len(arguments) else None, path)
    if len(rows) > MOST_LINES:
        rows = [*rows[: MOST_LINES - 1], f"... {len(rows) - MOST_LINES + 1} more"]
    return (title_of(node, known), *rows)


def _row(folded: Folded, argument: Argument | None, path: str) -> list[str]:
    """The line of a folded value for a parameter, none where it is the default."""
    text = folded.text.replace(f"{path}.", "") if path and folded.owners else folded.text
    if argument is None:
        return [shortened(f"{text} {folded.shape}".rstrip())]
    if text == FOREVER or _is_default(text, argument.default) or _says_nothing(argument.name, text):
        return []
    if argument.type.startswith("ScalarType") and text.isdecimal() and int(text) < len(DTYPES):
        text = DTYPES[int(text)]
    return [shortened(f"{text if text == argument.name else f'{argument.name}={text}'} {folded.shape}".rstrip())]


def _says_nothing(name: str, text: str) -> bool:
    """Whether an argument only repeats what is so unless somebody asks for something else."""
    usual = USUAL.get(name)
    return usual is not None and (not usual or set(text.strip("[]").split(", ")) == {usual})


def title_of(node: Node, known: Mapping[int, Folded]) -> str:
    """The title of a node (3)."""
    namespace, _, name = node.kind.partition("::")
    if node.kind == "prim::CallMethod":
        owner = known.get(node.inputs[0].number) if node.inputs else None
        path = owner.path if owner is not None and owner.path is not None else "?"
        return f"{path}.{node.attribute('name', '')}".lstrip(".").partition(INSTANCE)[0]
    if node.kind == "prim::CallFunction":
        called = known.get(node.inputs[0].number) if node.inputs else None
        return called.text if called is not None else "call"
    if node.kind in {"prim::GetAttr", "prim::SetAttr"}:
        return f"{name[:3].lower()} {node.attribute('name', '')}"
    return name if namespace in {"aten", "prim"} else node.kind


def written(value: Any) -> str:
    """A plain value as Python writes it, on one line; a tensor by its dtype and shape."""
    if isinstance(value, str):
        return f'"{value}"'.replace("\n", "\\n")
    shape = getattr(value, "shape", None)
    if shape is not None and hasattr(value, "dtype"):
        return f"{value.dtype}[{', '.join(map(str, shape))}]"
    if type(value) in BRACKETS:
        around = BRACKETS[type(value)]
        return f"{around[0]}{', '.join(map(written, value))}{around[1]}"
    return str(getattr(value, "text", value))


def shortened(text: str) -> str:
    """A text of at most LONGEST characters, its end cut off where it is longer."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


@lru_cache(maxsize=4096)
def parameters(schema: str) -> Sequence[Argument]:
    """The parameters of a schema's text: `aten::relu(Tensor self) -> Tensor` has one, `self`."""
    start = schema.find("(")
    found, begin, depth = [], start + 1, 0
    for place in range(start, len(schema)):
        sign = schema[place]
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 or (sign == "," and depth == 1):
            found.append(schema[begin:place].strip())
            begin = place + 1
        if depth == 0:
            break
    return tuple(_parameter(text) for text in found if text not in {"", "*", "..."})


def _parameter(text: str) -> Argument:
    declared, equals, default = text.partition("=")
    type, _, name = declared.rpartition(" ")
    return Argument(name, default if equals else None, type)


def _is_default(text: str, default: str | None) -> bool:
    """Whether a constant says what the schema says anyway; `int[2] stride=1` stands for `[1, 1]`."""
    if default is None:
        return False
    if text == default or text.replace(" ", "") == default.replace(" ", ""):
        return True
    return text[:1] == "[" and text.strip("[]") != "" and set(text.strip("[]").split(", ")) == {default}

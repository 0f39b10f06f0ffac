"""Python's builtins as the compiler knows them."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.script import conditions
from tsl.source.script.table import call as matched
from tsl.source.script.table import table
from tsl.source.script.types import NONE, TENSOR, UNKNOWN, Thing, Type, is_a, is_known, is_optional, told

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

# Measured on torch 2.13, each as the only call of a function
REFUSED = frozenset(
    """aiter anext ascii breakpoint bytearray bytes callable classmethod compile delattr dir eval exec exit filter
    format frozenset globals help input issubclass iter locals map memoryview next object open property quit repr
    reversed set setattr staticmethod type vars __import__""".split()
)
RESULTS: dict[str, Type] = {
    "len": "int", "int": "int", "float": "float", "bool": "bool", "str": "str", "ord": "int", "chr": "str",
    "hex": "str", "oct": "str", "bin": "str", "hash": "int", "id": "int", "print": NONE, "complex": "complex",
}  # fmt: skip
SCHEMAS = frozenset(
    {"abs", "max", "min", "sum", "all", "any", "round", "ord", "chr", "hex", "oct", "bin", "pow", "divmod"}
)


def special(emitter: Emitter, node: _ast.Call, name: str) -> Type | None:
    """What a call of a builtin that takes no plain arguments gives; None for other calls."""
    if name in ("isinstance", "hasattr"):
        if len(node.args) != 2:
            return emitter.refuse(node, "signature", f"`{name}` takes two arguments")
        named = node.args[1]
        if name == "hasattr" and not (isinstance(named, _ast.Constant) and isinstance(named.value, str)):
            return emitter.refuse(node, "dynamic-attribute", "the name that `hasattr` is given has to be written out")
        conditions.read(emitter, node)
        return "bool"
    if name == "getattr":
        return _getattr(emitter, node)
    if name == "super":
        return UNKNOWN
    if name in ("range", "enumerate", "zip"):
        return _iterable(emitter, node, name)
    if name == "print":
        for keyword in node.keywords:
            emitter.refuse(node, "signature", f"`print` takes no `{keyword.arg}`")
    return None


def _getattr(emitter: Emitter, node: _ast.Call) -> Type:
    from tsl.source.script import attributes

    if not node.args:
        return UNKNOWN
    base = emitter.value(node.args[0])
    name = node.args[1] if len(node.args) > 1 else None
    if not (isinstance(name, _ast.Constant) and isinstance(name.value, str)):
        return emitter.refuse(
            node, "dynamic-attribute", "the name that `getattr` is given is written out when it is compiled"
        )
    if isinstance(base, Thing) and base.kind == "self" and len(node.args) == 2:
        return attributes.own_attribute(emitter, base, name.value, node)
    return UNKNOWN


def _iterable(emitter: Emitter, node: _ast.Call, name: str) -> Type:
    from tsl.source.script import expressions, module_lists

    if name == "range":
        for argument in node.args:
            kind = emitter.value(argument)
            if kind in (TENSOR, "float", "str", "bool") or is_a(kind, "List") or (is_optional(kind) and is_known(kind)):
                how = "optional" if is_optional(kind) else "argument"
                emitter.refuse(
                    node, how, f"`range` takes ints, and `{emitter.module.file.segment(argument)}` is {told(kind)}"
                )
        return Thing("iterable", ("int", False))
    parts: list[Type] = []
    unrolled = listed = modules = written_out = False
    for argument in node.args[: 1 if name == "enumerate" else None]:
        source = emitter.value(argument)
        kind, rolled = expressions.element(emitter, argument, source)
        parts.append(kind)
        listed = listed or is_a(source, "List")
        modules = modules or (isinstance(source, Thing) and source.kind == "submodules")
        unrolled = unrolled or rolled
        written_out = written_out or module_lists.is_unrolled(source)
    if name == "zip" and modules and listed:
        emitter.refuse(
            node, "module-list", "modules are not looped over together with a list, whose length is not known"
        )
    kinds = ["int", *parts] if name == "enumerate" else parts
    rounds = module_lists.versions(source) if name == "enumerate" and parts else []
    each = [("Tuple", "int", one) for one in rounds]
    return Thing("iterable", (("Tuple", *kinds), unrolled, written_out, each))


def builtin(emitter: Emitter, node: _ast.Call, name: str) -> Type:
    """What a call of a builtin gives."""
    from tsl.source.script import calls, expressions

    if name in REFUSED or name == "slice":
        if name != "slice":
            for argument in node.args:
                emitter.value(argument)
            return emitter.refuse(node, "python-call", f"the compiler knows no `{name}()`")
        return UNKNOWN
    if name[:1].isupper():
        calls.arguments(emitter, node)
        return UNKNOWN
    if name == "list" and len(node.args) == 1:
        source = emitter.value(node.args[0])
        kind, unrolled = expressions.element(emitter, node.args[0], source)
        return ("List", UNKNOWN if isinstance(kind, Thing) or unrolled else kind)
    if name in ("list", "dict") and not node.args and not node.keywords:
        return ("List", TENSOR) if name == "list" else ("Dict", "str", TENSOR)
    if "." in name:
        calls.arguments(emitter, node)
        return emitter.refuse(node, "python-call", f"the compiler knows no `{name}()`")
    if name == "dict" and len(node.args) == 1 and isinstance(emitter.value(node.args[0]), Thing):
        return UNKNOWN
    if name == "len" and node.args and len(node.args) == 1:
        source = emitter.value(node.args[0])
        if isinstance(source, Thing) and source.kind == "submodules" and source.what[0] == "parameters":
            return emitter.refuse(node, "argument", "a ParameterList has no length when it is compiled")
    given = calls.arguments(emitter, node)
    if name == "tuple" and given.places and is_a(given.places[0], "List"):
        return emitter.refuse(node, "unpack", "how many values a list has is not known when it is compiled")
    if name == "sorted" and given.named:
        return emitter.refuse(node, "signature", f"`sorted` takes no `{next(iter(given.named))}` in TorchScript")
    if name == "id" and given.places and is_known(given.places[0]) and not is_a(given.places[0], "Class"):
        return emitter.refuse(node, "argument", f"`id` takes an object, and is given {told(given.places[0])}")
    if name in ("sorted",) and given.places and is_a(given.places[0], "List"):
        return given.places[0]
    if name in SCHEMAS and given.certain and given.places:
        return _operator(emitter, node, name, given)
    if name in ("int", "float", "bool") and given.places and is_known(given.places[0]):
        kind = given.places[0]
        if is_optional(kind) or kind == NONE:
            return emitter.refuse(node, "optional", f"`{name}` does not take {told(kind)}")
        if (is_a(kind, "List") and name != "bool") or is_a(kind, "Dict"):
            return emitter.refuse(node, "argument", f"`{name}` does not take {told(kind)}")
    if name == "len" and given.places and is_known(given.places[0]):
        kind = given.places[0]
        if is_optional(kind) or kind in ("int", "float", "bool", NONE):
            how = "optional" if is_optional(kind) else "argument"
            return emitter.refuse(node, how, f"`len` does not take {told(kind)}")
    return RESULTS.get(name, UNKNOWN)


def _operator(emitter: Emitter, node: Any, name: str, given: Any) -> Type:
    if len(given.places) > 2 and name in ("max", "min"):
        return UNKNOWN
    if name in ("max", "min", "abs"):
        return _extreme(emitter, node, name, given)
    overloads = table().overloads(f"aten::{name}")
    if name not in ("sum", "any", "all") and not all(map(is_known, [*given.places, *given.named.values()])):
        if TENSOR in given.places and all(kind == TENSOR for kind in given.places):
            return TENSOR if name in ("round", "pow") else UNKNOWN
        return UNKNOWN
    answer = matched(overloads, given.places, given.named)
    if answer.refused and all(map(is_known, [*given.places, *given.named.values()])):
        return emitter.refuse(node, "argument", f"`{name}` does not take ({', '.join(map(told, given.places))})")
    return UNKNOWN if answer.refused else answer.returns


def _extreme(emitter: Emitter, node: Any, name: str, given: Any) -> Type:
    """What `max`, `min` or `abs` gives: of numbers, tensors, or of the numbers of one list, and by no key."""
    if given.named:
        return emitter.refuse(node, "signature", f"`{name}` takes no `{next(iter(given.named))}` in TorchScript")
    kinds = given.places
    if all(kind == TENSOR for kind in kinds):
        return TENSOR
    if not all(map(is_known, kinds)):
        return UNKNOWN
    refused = [kind for kind in kinds if kind in ("str", NONE, "Device") or is_optional(kind) or is_a(kind, "Dict")]
    refused += [kind for kind in kinds if is_a(kind, "List") and kind[1] not in ("int", "float", "bool")]
    if refused:
        how = "optional" if is_optional(refused[0]) else "argument"
        return emitter.refuse(node, how, f"`{name}` does not take ({', '.join(map(told, kinds))})")
    if len(kinds) == 1 and is_a(kinds[0], "List"):
        return kinds[0][1]
    whole = {"int" if kind == "bool" else kind for kind in kinds}
    return (
        "float"
        if whole == {"int", "float"}
        else whole.pop()
        if len(whole) == 1 and whole <= {"int", "float"}
        else UNKNOWN
    )

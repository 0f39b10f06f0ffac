"""What a name of a module's top level holds that the compiler cannot read: numbers by arithmetic, objects of Python.

Needs the tree of the module alone. Nothing is evaluated here, and nothing is refused.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.module import Module
from tsl.source.script.types import Thing

# Calls of Python whose objects have no type in TorchScript, measured on torch 2.13
OBJECTS = frozenset(
    """logging.getLogger re.compile random.Random numpy.array numpy.zeros numpy.ones numpy.arange
    numpy.random.default_rng argparse.ArgumentParser pathlib.Path threading.Lock collections.deque
    collections.defaultdict collections.Counter types.SimpleNamespace""".split()
)
VALUES = {
    "torch.device": "a device", "torch.Size": "a shape", "torch.Generator": "a generator", "builtins.slice": "a slice",
    "builtins.frozenset": "a set", "builtins.set": "a set", "builtins.len": "an int", "builtins.int": "an int",
    "builtins.float": "a float", "builtins.str": "a str", "torch.nn.Parameter": "a tensor", "torch.tensor": "a tensor",
    "torch.zeros": "a tensor", "torch.ones": "a tensor", "torch.arange": "a tensor", "torch.linspace": "a tensor",
}  # fmt: skip
NUMBERS = frozenset({"math.pi", "math.e", "math.tau", "math.inf", "math.nan", "torch.pi", "torch.inf", "numpy.pi"})


def object_of(module: Module, name: str, node: Any) -> Thing | None:
    """The object of Python, or the class of named tuples, that a call at a module's top level makes."""
    if not isinstance(node, _ast.Call):
        return None
    path = module.names.dotted(node.func) or ""
    if path == "collections.namedtuple":
        typed = f"{name}.__annotations__" in module.file.text
        fields = () if typed else _fields(node)
        return Thing("tuple-class", (name, fields)) if fields else None
    if path in OBJECTS:
        return Thing("python", f"an object of Python (`{path}`), which the compiler cannot read")
    return None


def _fields(node: _ast.Call) -> tuple[str, ...]:
    """The fields of a named tuple that are written out, none where some may be left out."""
    match node:
        case _ast.Call(args=[_, _ast.List(elts=parts) | _ast.Tuple(elts=parts)], keywords=[]):
            names = tuple(part.value for part in parts if isinstance(part, _ast.Constant))
            return tuple(map(str, names)) if len(names) == len(parts) else ()
        case _ast.Call(args=[_, _ast.Constant(value=str(text))], keywords=[]):
            return tuple(text.replace(",", " ").split())
    return ()


def constant(module: Module, node: Any) -> str:
    """What an expression gives that is plain to see, in words; empty where it is not."""
    if isinstance(node, _ast.Call):
        return VALUES.get(module.names.dotted(node.func) or "", "")
    if isinstance(node, _ast.Constant) and node.value is ...:
        return "`...`"
    if isinstance(node, _ast.BinOp) and _is_number(module, node):
        return "a number"
    return ""


def _is_number(module: Module, node: Any) -> bool:
    match node:
        case _ast.Constant(value=int() | float()):
            return True
        case _ast.UnaryOp(operand=inner):
            return _is_number(module, inner)
        case _ast.BinOp(left=left, right=right):
            return _is_number(module, left) and _is_number(module, right)
        case _ast.Name(id=name):
            held = module.names.assigned.get(name, ())
            return (
                len(held) == 1
                and held[0] is not node
                and isinstance(held[0], _ast.Constant)
                and (_is_number(module, held[0]))
            )
        case _ast.Attribute():
            return module.names.dotted(node) in NUMBERS
        case _ast.Call(func=func):
            return (module.names.dotted(func) or "").startswith("math.")
    return False

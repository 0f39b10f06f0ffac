"""The classes of a file: bases, methods, properties and class-level attributes.

A class is a *module* when one of its ancestors is torch.nn.Module as far as the file tells: by its path, or because a
class with a `forward` inherits from something the file does not define. Attributes made in `__init__` are found by the
interpreter (see `interpret`), not here.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.names import Names
from tsl.source.tree import decorator_names

PLAIN_BASES = frozenset(
    {
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing.NamedTuple",
        "enum.Enum",
        "builtins.Exception",
    }
)
NOT_MODULES = ("torch.autograd", "torch.utils.data", "builtins.", "enum.", "typing.", "abc.", "torch.optim")


class Class:
    """A class of the file. `bases` are classes of this file; `foreign` are the paths of the other bases."""

    __slots__ = ("attributes", "bases", "foreign", "methods", "name", "node", "properties")

    def __init__(self, node: _ast.ClassDef, bases: tuple[Class, ...], foreign: tuple[str, ...]) -> None:
        self.node, self.name, self.bases, self.foreign = node, node.name, bases, foreign
        self.methods: dict[str, Any] = {}
        self.properties: set[str] = set()
        self.attributes: dict[str, Any] = {}
        for statement in node.body:
            self._read(statement)

    def _read(self, statement: Any) -> None:
        match statement:
            case _ast.FunctionDef() | _ast.AsyncFunctionDef():
                decorators = decorator_names(statement)
                if decorators & {"overload", "setter", "deleter"}:
                    return
                self.methods[statement.name] = statement
                if decorators & {"property", "cached_property"}:
                    self.properties.add(statement.name)
            case _ast.Assign(targets=[_ast.Name(id=name)]):
                self.attributes[name] = statement.value
            case _ast.AnnAssign(target=_ast.Name(id=name)):
                self.attributes[name] = statement

    def ancestors(self) -> Iterator[Class]:
        """The class and its ancestors in this file, nearest first, each once."""
        seen: list[Class] = []
        queue = [self]
        while queue:
            cls = queue.pop(0)
            if cls not in seen:
                seen.append(cls)
                queue.extend(cls.bases)
                yield cls

    def find(self, method: str) -> tuple[Any, Class] | None:
        """The definition of a method and the class that holds it."""
        for cls in self.ancestors():
            if method in cls.methods:
                return cls.methods[method], cls
        return None

    def is_property(self, name: str) -> bool:
        """Whether the nearest definition of a method is a property."""
        found = self.find(name)
        return bool(found and name in found[1].properties)

    @property
    def is_module(self) -> bool:
        """Whether this is a torch.nn.Module as far as the file tells."""
        foreign = [path for cls in self.ancestors() for path in cls.foreign]
        if any(path.startswith("torch.nn.") or path.endswith(".Module") for path in foreign):
            return True
        unknown = [path for path in foreign if path not in PLAIN_BASES and not path.startswith(NOT_MODULES)]
        return bool(unknown) and self.find("forward") is not None


def read_classes(names: Names) -> dict[str, Class]:
    """Every top-level class of a module, with bases resolved in any order of definition; cycles are cut."""
    made: dict[str, Class] = {}

    def make(name: str, below: frozenset[str]) -> Class:
        if name in made:
            return made[name]
        node = names.classes[name]
        bases, foreign = [], []
        for base in node.bases:
            if isinstance(base, _ast.Subscript):
                base = base.value
            if isinstance(base, _ast.Name) and base.id in names.classes and base.id not in below:
                bases.append(make(base.id, below | {name}))
            else:
                foreign.append(names.dotted(base) or "?")
        made[name] = Class(node, tuple(bases), tuple(foreign))
        return made[name]

    for name in names.classes:
        make(name, frozenset((name,)))
    return made

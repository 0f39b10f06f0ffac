"""The classes of a file: bases, methods, properties and class-level attributes.

A class is a *module* when one of its ancestors is torch.nn.Module as far as the file tells: by its path, or because a
class with a `forward` inherits from something the file does not define. Attributes made in `__init__` are found by the
interpreter (see `interpret`), not here.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.module import Module

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
NOTHING_MORE = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
NOT_MODULES = (
    "torch.autograd",
    "torch.utils.data",
    "builtins.",
    "enum.",
    "typing.",
    "abc.",
    "torch.optim",
)


class Class:
    """A class that is read: its methods, properties and class-level attributes."""

    __slots__ = (
        "_bases",
        "_foreign",
        "attributes",
        "methods",
        "module",
        "name",
        "node",
        "properties",
        "setters",
    )

    def __init__(self, node: _ast.ClassDef, module: Module) -> None:
        self.node, self.name, self.module = node, node.name, module
        self.methods: dict[str, Any] = {}
        self.properties: set[str] = set()
        self.setters: dict[str, Any] = {}
        self.attributes: dict[str, Any] = {}
        self._bases: tuple[Class, ...] | None = None
        self._foreign: tuple[str, ...] = ()
        for statement in node.body:
            self._read(statement)

    @property
    def bases(self) -> tuple[Class, ...]:
        """The base classes that could be read, found on first use."""
        if self._bases is None:
            self._bases = ()  # while they are being found: a class that inherits from itself ends here
            self._bases, self._foreign = self._find_bases()
        return self._bases

    @property
    def foreign(self) -> tuple[str, ...]:
        """The dotted paths of the base classes that could not be read."""
        _ = self.bases
        return self._foreign

    def _find_bases(self) -> tuple[tuple[Class, ...], tuple[str, ...]]:
        bases, foreign = [], []
        for node in self.node.bases:
            base = node.value if isinstance(node, _ast.Subscript) else node
            found = self.module.class_named(base)
            if found is None or found is self:
                foreign.append(self.module.names.dotted(base) or "?")
            else:
                bases.append(found)
        return tuple(bases), tuple(foreign)

    def _read(self, statement: Any) -> None:
        match statement:
            case _ast.FunctionDef() | _ast.AsyncFunctionDef():
                decorators = decorator_names(statement)
                if "setter" in decorators:
                    self.setters[statement.name] = statement
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
    def is_plain(self) -> bool:
        """Whether its objects are nothing but objects: of no class outside of what is read, and no modules."""
        return all(path in NOTHING_MORE for cls in self.ancestors() for path in cls.foreign)

    @property
    def is_module(self) -> bool:
        """Whether this is a torch.nn.Module as far as the file tells."""
        foreign = [path for cls in self.ancestors() for path in cls.foreign]
        if any(path.startswith("torch.nn.") or path.endswith(".Module") for path in foreign):
            return True
        unknown = [path for path in foreign if path not in PLAIN_BASES and not path.startswith(NOT_MODULES)]
        return bool(unknown) and self.find("forward") is not None

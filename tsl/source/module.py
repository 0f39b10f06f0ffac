"""A module: one source file with what its names, classes and annotations mean.

What a file imports is looked up in `modules` by path, and read there; nothing is imported.
"""

from __future__ import annotations

import _ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tsl.source.annotations import Annotations
from tsl.source.classes import Class
from tsl.source.file import SourceFile
from tsl.source.names import Names

if TYPE_CHECKING:
    from tsl.source.modules import Modules

Answer = TypeVar("Answer")


class Module:
    """A parsed file under its dotted name; `root` is the directory its packages are found in."""

    __slots__ = ("_told", "annotations", "classes", "file", "modules", "name", "names", "root")

    def __init__(self, file: SourceFile, name: str, root: str, modules: Modules) -> None:
        self.file, self.name, self.root, self.modules = file, name, root, modules
        is_package = file.path.replace("\\", "/").endswith("/__init__.py")
        self.names = Names(file.tree, name if is_package else name.rpartition(".")[0])
        self.classes = {found: Class(node, self) for found, node in self.names.classes.items()}
        self.annotations = Annotations(self)
        self._told: dict[tuple[Callable[..., Any], int], Any] = {}

    def once(self, question: Callable[[Any, Names], Answer], node: Any) -> Answer:
        """The answer to a question about a node and the names around it, asked once however often it is needed."""
        key = (question, id(node))
        if key not in self._told:
            self._told[key] = question(node, self.names)
        return cast("Answer", self._told[key])

    def class_named(self, node: Any) -> Class | None:
        """The class an expression names, here or in a module this one imports from; None where tsl cannot read it."""
        if isinstance(node, _ast.Name) and node.id in self.classes:
            return self.classes[node.id]
        path = self.names.dotted(node)
        found = self.modules.find(path, self) if path else None
        return found.module.classes.get(found.name) if found else None

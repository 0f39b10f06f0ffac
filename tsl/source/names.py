"""What the names of a module's top level mean, without importing anything.

One pass over the top level (into `if`, `try` and `with`) sorts names into imports, functions, classes and assigned
expressions. The first binding of a function or import wins where a later one stands in an `except` arm: a fallback
definition must not hide the real thing. Names that the module never binds fall back to builtins, then to the four
conventional aliases, so that a snippet or a star import reads as its author meant it.
"""

from __future__ import annotations

import _ast
import builtins
from collections.abc import Iterator
from typing import Any

from tsl.source.refs import External
from tsl.source.tree import decorator_names

CONVENTIONAL = {
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "np": "numpy",
    "math": "math",
    "Tensor": "torch.Tensor",
}
CANONICAL = {
    "functional": "torch.nn.functional",
    "torch.functional": "torch",
    "torch._VF": "torch",
    "torch.nn.parameter": "torch.nn",
    "torch.autograd.Variable": "torch.tensor",
}
BUILTINS = frozenset(dir(builtins))


def canonical(path: str) -> str:
    """The public path of a torch name: `torch.functional.split` is `torch.split`."""
    if not path.startswith("torch."):
        return CANONICAL.get(path, path)
    if path.startswith("torch.nn.modules."):
        return "torch.nn." + path.rsplit(".", 1)[1]
    for prefix, public in CANONICAL.items():
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "."):
            return public + path[len(prefix) :]
    return path


def imported(node: Any, package: str = "") -> Iterator[tuple[str, str]]:
    """Each name an import statement binds, with the dotted path it stands for.

    `package` is the dotted name that relative imports count from. A star import binds the name `*`.
    """
    if isinstance(node, _ast.Import):
        for alias in node.names:
            yield ((alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2)
        return
    module = absolute(node.level, node.module or "", package)
    for alias in node.names:
        if alias.name == "*":
            yield "*", module
        else:
            yield alias.asname or alias.name, canonical(f"{module}.{alias.name}")


def absolute(level: int, module: str, package: str) -> str:
    """The dotted path of an import's module: relative ones count from a package, one dot its own."""
    if not level:
        return module
    parts = package.split(".") if package else []
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, module] if module else base)


class Names:
    """The top-level names of a module."""

    __slots__ = (
        "assigned",
        "classes",
        "functions",
        "imports",
        "package",
        "stars",
    )

    def __init__(self, tree: _ast.Module, package: str = "") -> None:
        self.package = package
        self.stars: list[str] = []
        self.imports: dict[str, str] = {}
        self.functions: dict[str, Any] = {}
        self.classes: dict[str, _ast.ClassDef] = {}
        self.assigned: dict[str, list[Any]] = {}
        self._read(tree.body, fallback=False)

    def external(self, name: str) -> External | None:
        """What a name refers to outside this file: an import, a builtin, or a conventional alias never bound here."""
        if name in self.imports:
            return External(self.imports[name])
        if name in BUILTINS:
            return External("builtins." + name)
        return External(CONVENTIONAL[name]) if name in CONVENTIONAL else None

    def dotted(self, node: Any) -> str | None:
        """The path an expression such as `nn.Module` names, canonical where it is torch's; else None."""
        parts: list[str] = []
        while isinstance(node, _ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, _ast.Name):
            return None
        root = self.external(node.id)
        return canonical(".".join([root.path if root else node.id, *reversed(parts)]))

    def _read(self, body: list[Any], fallback: bool) -> None:
        for node in body:
            match node:
                case _ast.Import() | _ast.ImportFrom():
                    for name, path in imported(node, self.package):
                        if name == "*":
                            self.stars.append(path)
                            continue
                        self._bind(self.imports, name, path, fallback)
                case _ast.FunctionDef() | _ast.AsyncFunctionDef():
                    self._define(node, fallback)
                case _ast.ClassDef():
                    self._bind(self.classes, node.name, node, fallback)
                case _ast.Assign(targets=[_ast.Name(id=name)]):
                    self.assigned.setdefault(name, []).append(node.value)
                case _ast.AnnAssign(target=_ast.Name(id=name)) if node.value:
                    self.assigned.setdefault(name, []).append(node.value)
                case _ast.If() | _ast.With():
                    self._read(node.body, fallback)
                    self._read(getattr(node, "orelse", []), fallback)
                case _ast.Try():
                    self._read(node.body + node.orelse + node.finalbody, fallback)
                    for handler in node.handlers:
                        self._read(handler.body, fallback=True)

    def _define(self, node: Any, fallback: bool) -> None:
        if "overload" not in decorator_names(node):
            self._bind(self.functions, node.name, node, fallback)

    def _bind(self, table: dict[str, Any], name: str, meaning: Any, fallback: bool) -> None:
        if fallback and (name in self.imports or name in self.functions or name in self.classes):
            return
        for other in (self.imports, self.functions, self.classes, self.assigned):
            if other is not table:
                other.pop(name, None)
        table[name] = meaning

"""Where a file uses torch.jit and torch.onnx.

Definitions:
1. A *use* is an expression or an import that names something under one of ROOTS, whatever it is called in the file:
   the longest dotted name counts once. Names mean what the file's top level and the imports of the functions around
   say; nothing is imported.
2. A *method use* is a call of a method that only TorchScript has (`METHODS`), or `save` of what the same function
   got from a capture.
3. A line that names torch.jit or torch.onnx and holds no use, in a comment or a text, is a *mention*.

Needs the names of `source`. It will never say what to write instead.
"""

from __future__ import annotations

import _ast
import re
from collections.abc import Iterator
from typing import Any

from tsl.record import Record
from tsl.source.file import SourceFile
from tsl.source.names import Names, imported

ROOTS = (
    *("torch.jit", "torch.onnx", "torch.utils.mobile_optimizer", "torch.ScriptModule", "torch._C.ScriptModule"),
    *("torch.ao.quantization.quantize_jit", "pytorch_lightning.core.to_torchscript"),
)
METHODS = {
    "to_torchscript": "lightning.to_torchscript",
    "_save_for_lite_interpreter": "torch.jit.ScriptModule._save_for_lite_interpreter",
    "_save_to_buffer_for_lite_interpreter": "torch.jit.ScriptModule._save_to_buffer_for_lite_interpreter",
    "save_to_buffer": "torch.jit.ScriptModule.save_to_buffer",
}
CAPTURES = frozenset(
    "torch.jit." + name for name in "trace trace_module script freeze optimize_for_inference load".split()
)
MENTION = re.compile(r"\btorch\s*\.\s*(?:jit|onnx)\b")
_ENDINGS = (".pt", ".pth", ".ts", ".jit", ".torchscript", ".ptl")


class Use(Record):
    """A use: its name in full, the node that names it, the call of it where it is called, what stands around.

    `role` is call, decorator, name, import, base or mention. `scope` is the function around, or the module.
    """

    name: str
    role: str
    node: Any
    call: Any
    home: str
    scope: Any


def uses_of(file: SourceFile, package: str = "") -> Iterator[Use]:
    """The uses of a file (1, 2), in the order of its tree."""
    return _Walk(file.tree, package).uses()


def mentions_of(file: SourceFile, taken: frozenset[int]) -> Iterator[tuple[int, int, str]]:
    """The lines of mentions (3): line, column, the line's text. `taken` are the lines of uses."""
    for number, text in enumerate(file.lines, 1):
        found = MENTION.search(text)
        if found is not None and number not in taken:
            yield number, found.start() + 1, text.strip()


class _Walk:
    """One pass over a tree, with the imports and the captured names of the functions around."""

    def __init__(self, tree: _ast.Module, package: str) -> None:
        self.tree, self.package = tree, package
        self.names = Names(tree, package)
        self.locals: list[dict[str, str]] = []

    def uses(self) -> Iterator[Use]:
        self.locals.append(_captured(self.tree, self.dotted))
        yield from self._below(self.tree, "", self.tree)

    def dotted(self, node: Any) -> str | None:
        """The full name of an expression, by the innermost binding of its first part."""
        parts: list[str] = []
        while isinstance(node, _ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, _ast.Name):
            return None
        bound = next((names[node.id] for names in reversed(self.locals) if node.id in names), None)
        if bound is None:
            bound = self._alias(node.id)
        if bound is None:
            return self.names.dotted(_rebuilt(node, parts))
        return ".".join([bound, *reversed(parts)])

    def _alias(self, name: str) -> str | None:
        """What a name stands for that the top level assigns once: `jit = torch.jit`."""
        values = self.names.assigned.get(name, ())
        if len(values) != 1 or not isinstance(values[0], _ast.Attribute | _ast.Name):
            return None
        found = self.names.dotted(values[0])
        return found if found is not None and _is_root(found) else None

    def _below(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        for child in _children(node):
            yield from self._visit(child, home, scope)

    def _visit(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        match node:
            case _ast.FunctionDef() | _ast.AsyncFunctionDef():
                yield from self._function(node, home, scope)
            case _ast.ClassDef():
                inner = f"{home}.{node.name}" if home else node.name
                yield from self._decorators(node, inner, scope)
                for base in node.bases:
                    yield from self._named(base, "base", None, inner, scope)
                for child in [*node.keywords, *node.body]:
                    yield from self._visit(child, inner, scope)
            case _ast.Import() | _ast.ImportFrom():
                yield from self._imports(node, home, scope)
            case _ast.Call():
                yield from self._call(node, home, scope)
            case _ast.Attribute() | _ast.Name():
                yield from self._named(node, "name", None, home, scope)
            case _ast.Constant():
                return
            case _:
                yield from self._below(node, home, scope)

    def _function(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        inner = f"{home}.{node.name}" if home else node.name
        yield from self._decorators(node, inner, scope)
        for part in (node.args, node.returns):
            if part is not None:
                yield from self._visit(part, inner, scope)
        self.locals.append(dict(_bound_inside(node, self.package)))
        self.locals[-1] |= _captured(node, self.dotted)
        for child in node.body:
            yield from self._visit(child, inner, node)
        self.locals.pop()

    def _decorators(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, _ast.Call) else None
            name = self.dotted(call.func if call else decorator)
            if name is not None and _is_root(name):
                yield Use(name, "decorator", call.func if call else decorator, node, home, scope)
                for child in [*call.args, *call.keywords] if call else ():
                    yield from self._visit(child, home, scope)
            else:
                yield from self._visit(decorator, home, scope)

    def _imports(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        for _, path in imported(node, self.package):
            if _is_root(path):
                yield Use(path, "import", node, None, home, scope)

    def _call(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        name = self.dotted(node.func)
        if name is not None and (_is_root(name) or _loads_archive(name, node)):
            yield Use(name, "call", node.func, node, home, scope)
        else:
            yield from self._method(node, home, scope)
            yield from self._visit(node.func, home, scope)
        for child in [*node.args, *node.keywords]:
            yield from self._visit(child, home, scope)

    def _method(self, node: Any, home: str, scope: Any) -> Iterator[Use]:
        """(2)"""
        if not isinstance(node.func, _ast.Attribute):
            return
        method = METHODS.get(node.func.attr)
        if method is None and node.func.attr == "save" and _is_captured(self.dotted(node.func.value)):
            method = "torch.jit.ScriptModule.save"
        if method is not None:
            yield Use(method, "call", node.func, node, home, scope)

    def _named(self, node: Any, role: str, call: Any, home: str, scope: Any) -> Iterator[Use]:
        name = self.dotted(node)
        if name is not None and _is_root(name):
            yield Use(name, role, node, call, home, scope)
            return
        yield from self._below(node, home, scope)


def _is_root(name: str) -> bool:
    return any(name == root or name.startswith(root + ".") for root in ROOTS)


_MADE = "made by "


def _is_captured(name: str | None) -> bool:
    return name is not None and name.startswith(_MADE)


def _captured(scope: Any, dotted: Any) -> dict[str, str]:
    """The names that a function, or the top level, assigns from a capture and from nothing else."""
    found: dict[str, set[str | None]] = {}
    for node in _own(scope):
        if not isinstance(node, _ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], _ast.Name):
            continue
        made = dotted(node.value.func) if isinstance(node.value, _ast.Call) else None
        found.setdefault(node.targets[0].id, set()).add(made)
    return {name: f"{_MADE}{min(made)}" for name, made in found.items() if made and made <= CAPTURES}  # type: ignore[type-var]


def _bound_inside(function: Any, package: str) -> Iterator[tuple[str, str]]:
    """The imports of a function's own body, and its parameters, which hide what the file calls so."""
    arguments = function.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        yield argument.arg, f"a parameter, {argument.arg}"
    for node in _own(function):
        if isinstance(node, _ast.Import | _ast.ImportFrom):
            yield from imported(node, package)


def _own(scope: Any) -> Iterator[Any]:
    """The nodes of a function or module, without those of functions inside."""
    rest = list(scope.body)
    while rest:
        node = rest.pop()
        yield node
        if not isinstance(node, _ast.FunctionDef | _ast.AsyncFunctionDef | _ast.ClassDef | _ast.Lambda):
            rest.extend(_children(node))


def _loads_archive(name: str, call: Any) -> bool:
    """torch.load of a path that ends as archives of models do."""
    if name != "torch.load" or not call.args:
        return False
    path = call.args[0]
    if isinstance(path, _ast.JoinedStr) and path.values:
        path = path.values[-1]
    return isinstance(path, _ast.Constant) and isinstance(path.value, str) and path.value.endswith(_ENDINGS)


def _rebuilt(node: Any, parts: list[str]) -> Any:
    for part in reversed(parts):
        node = _ast.Attribute(value=node, attr=part)
    return node


def _children(node: Any) -> Iterator[Any]:
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            yield from (one for one in value if isinstance(one, _ast.AST))
        elif isinstance(value, _ast.AST):
            yield value

"""What `tsl graph model.py:Net --source` draws: the control flow of a forward and of its class's own methods it calls.

Definitions:
1. What is named is a class with a forward of its own, a method of one (`Net.encode`), or a function of the file; with
   no name it is the only class with a forward.
2. Of a method all methods of the same class are drawn too that it calls on `self`, and those that these call.
3. Findings are what `tsl check` finds in the file when it is held against tracing, by the lines they stand on.

Needs the driver. It imports nothing of the file and runs none of it; it will never judge.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tsl.check import Books, Settings, check
from tsl.diagnostic import Diagnostic
from tsl.draw.drawing import DrawError
from tsl.draw.flow import Function, flow
from tsl.draw.picture import Mark, Picture
from tsl.draw.places import from_here

DEFAULT = "forward"
MOST_NAMES = 8  # that an error lists


def source_picture(path: str, name: str, settings: Settings, books: Books, *, findings: bool = True) -> Picture:
    """The picture of what is named in a file. Raises DrawError where that is not there, or the file does not parse."""
    tree, lines = _read(path)
    title, functions = _named(path, tree, name)
    found = _found(path, settings, books) if findings else ()

    def marks_on(first: int, last: int) -> Sequence[Mark]:
        return [_mark(each, lines) for each in found if first <= each.span.line <= last]

    try:
        return flow(title, functions, from_here(path), marks_on)
    except RecursionError:
        raise DrawError(path, "cannot be drawn: its code nests too deeply") from None


def _read(path: str) -> tuple[ast.Module, Sequence[str]]:
    try:
        with open(path, "rb") as file:
            data = file.read()
        tree = ast.parse(data)
    except (SyntaxError, ValueError) as error:
        raise DrawError(path, f"does not parse: {error}") from None
    except RecursionError:
        raise DrawError(path, "cannot be drawn: its code nests too deeply") from None
    return tree, data.decode("utf-8", "replace").splitlines()


def _found(path: str, settings: Settings, books: Books) -> Sequence[Diagnostic]:
    """The findings in the file (3)."""
    outcome = check([path], settings._replace(config=settings.config.with_flags(capture="trace")), books=books)
    for subject, message in outcome.failures:
        raise DrawError(subject, message)
    return outcome.diagnostics  # of the one file of the run


def _mark(found: Diagnostic, lines: Sequence[str]) -> Mark:
    text = lines[found.span.line - 1].strip() if found.span.line <= len(lines) else ""
    place = f"{found.span.path}:{found.span.line}"
    return Mark(found.code, found.rule, found.severity.label, found.message, place, text)


def _named(path: str, tree: ast.Module, name: str) -> tuple[str, Sequence[tuple[str, Function]]]:
    """What is named (1), with what is drawn of it (2)."""
    classes = {each.name: _methods(each) for each in tree.body if isinstance(each, ast.ClassDef)}
    functions = {each.name: each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))}
    owner, _, method = name.partition(".")
    if not name:
        owner = _only(path, [each for each, methods in classes.items() if DEFAULT in methods])
    if owner in functions and not method:
        return owner, [(owner, functions[owner])]
    if owner not in classes:
        raise DrawError(f"{path}:{name}", f"there is no {owner!r}{_choices([*classes, *functions])}")
    methods = classes[owner]
    if (method or DEFAULT) not in methods:
        hint = _choices(list(methods)) if methods else "; it has none of its own"
        raise DrawError(f"{path}:{name}", f"the class {owner} has no {method or DEFAULT} of its own{hint}")
    return f"{owner}.{method or DEFAULT}", list(_reached(methods, method or DEFAULT))


def _methods(owner: ast.ClassDef) -> dict[str, Function]:
    return {each.name: each for each in owner.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))}


def _reached(methods: dict[str, Function], first: str) -> Iterator[tuple[str, Function]]:
    """A method and those it reaches on `self` (2), in the order they are called."""
    order = {first: None}
    for name in iter(todo := [first]):
        yield name, methods[name]
        for node in ast.walk(methods[name]):
            called = _called(node)
            if called in methods and called not in order:
                order[called] = None
                todo.append(called)


def _called(node: ast.AST) -> str:
    """The method that a node calls on `self`, nothing where it is no such call."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return node.func.attr if isinstance(owner, ast.Name) and owner.id == "self" else ""
    return ""


def _only(path: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    told = f"name one: {path}:{names[0]}{_choices(names)}" if names else "there is no class with a forward"
    raise DrawError(path, f"several classes have a forward; {told}" if names else told)


def _choices(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = "" if len(names) <= MOST_NAMES else f" and {len(names) - MOST_NAMES} more"
    return f"; there are {', '.join(names[:MOST_NAMES])}{more}"

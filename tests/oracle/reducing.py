"""A program cut down to what shows something, by taking away from its text as long as it still shows it.

A step drops a statement, an argument or an element, puts the body of a compound statement or the value of a name in its
place, or an operand in the place of an expression. Only steps that make the text shorter are taken, so this ends.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from tests.oracle.program import Program, trimmed

Shows = Callable[[Program], bool]
Change = Callable[[ast.AST], None]
# Programs that are tried at most.
PATIENCE = 1500
BLOCKS = ("body", "orelse", "finalbody", "handlers")


def reduced(program: Program, shows: Shows, patience: int = PATIENCE) -> Program:
    """The smallest program found that still shows it; the program itself must."""
    tried = {program.text}
    while True:
        for smaller in _smaller(program):
            if smaller.text in tried:
                continue
            tried.add(smaller.text)
            if len(tried) > patience:
                return program
            if shows(smaller):
                program = smaller
                break
        else:
            return program


def _smaller(program: Program) -> Iterator[Program]:
    """Programs with one step taken, the boldest first."""
    yield from _without_inputs(program)
    tree = ast.parse(program.text)
    for place, change in _steps(tree):
        copied = copy.deepcopy(tree)
        change(_at(copied, place))
        if not all(_counts(node) for node in ast.walk(copied) if isinstance(node, ast.While)):
            continue
        try:
            text = trimmed(ast.unparse(ast.fix_missing_locations(copied)) + "\n")
        except (ValueError, SyntaxError):
            continue
        if len(text) < len(program.text):
            yield program._replace(text=text)


def _counts(loop: ast.While) -> bool:
    """Whether a loop still counts its rounds, and asks about their number."""
    counted = {ast.unparse(node.target) for node in loop.body if isinstance(node, ast.AugAssign)}
    tests = [loop.test, *(node.test for node in loop.body if isinstance(node, ast.If))]
    return any(isinstance(node, ast.Name) and node.id in counted for test in tests for node in ast.walk(test))


def _without_inputs(program: Program) -> Iterator[Program]:
    """Programs with an input less, where forward reads it nowhere."""
    tree = ast.parse(program.text)
    net = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Net")
    forward = next(node for node in net.body if isinstance(node, ast.FunctionDef) and node.name == "forward")
    for place, one in enumerate(program.inputs):
        read = any(isinstance(node, ast.Name) and node.id == one.name for node in ast.walk(forward))
        if read or len(program.inputs) == 1:
            continue
        del forward.args.args[place + 1]
        inputs = program.inputs[:place] + program.inputs[place + 1 :]
        kept = {dim for left in inputs for dim in left.dims}
        sizes = tuple(size for size in program.sizes if size[0] in kept)
        yield Program(ast.unparse(tree) + "\n", inputs, sizes)
        return


def _steps(tree: ast.Module) -> Iterator[tuple[int, Change]]:
    """What can be done, and the place in the walk of the tree of the node that it is done to."""
    nodes = list(enumerate(ast.walk(tree)))
    for place, node in nodes:
        for field in BLOCKS:
            held = getattr(node, field, None)
            if isinstance(held, list):
                yield from ((place, change) for change in _of_block(field, held, place == 0))
    for place, node in nodes:
        if isinstance(node, ast.FunctionDef):
            yield from ((place, _inlined(at)) for at, inner in enumerate(node.body) if _is_plain(inner))
    for place, node in nodes:
        for field, value in ast.iter_fields(node):
            if field != "annotation":
                yield from ((place, change) for change in _of_field(field, value))


def _of_block(field: str, held: list[ast.stmt], is_top: bool) -> Iterator[Change]:
    for at, statement in enumerate(held):
        yield _put(field, at, [] if len(held) > 1 or is_top or field != "body" else [ast.Pass()])
        inner = getattr(statement, "body", None)
        if isinstance(inner, list) and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield _put(field, at, inner)
            yield _put(field, at, getattr(statement, "orelse", []) or inner)


def _put(field: str, at: int, statements: list[ast.stmt]) -> Change:
    def change(node: ast.AST) -> None:
        getattr(node, field)[at : at + 1] = copy.deepcopy(statements)

    return change


def _is_plain(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and [type(target) for target in statement.targets] == [ast.Name]


def _inlined(at: int) -> Change:
    """A name replaced by its value wherever the function reads it."""

    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.FunctionDef)
        statement = node.body.pop(at)
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        _Inline(target.id, statement.value).visit(node)
        node.body = node.body or [ast.Pass()]

    return change


class _Inline(ast.NodeTransformer):
    """Puts a value where a name is read."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self._name, self._value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        read = node.id == self._name and isinstance(node.ctx, ast.Load)
        return copy.deepcopy(self._value) if read else node


def _of_field(field: str, value: object) -> Iterator[Change]:
    """An expression in a node replaced by one inside it, or dropped from a list."""
    if _is_read(value):
        yield from (_with(field, None, inner) for inner in _inside(value))
    elif isinstance(value, list) and field not in BLOCKS:
        for at, one in enumerate(value):
            if _is_read(one) or isinstance(one, ast.keyword):
                yield _with(field, at, None)
            if _is_read(one):
                yield from (_with(field, at, inner) for inner in _inside(one))


def _with(field: str, at: int | None, new: ast.expr | None) -> Change:
    def change(node: ast.AST) -> None:
        if at is None:
            setattr(node, field, copy.deepcopy(new))
        else:
            getattr(node, field)[at : at + 1] = [copy.deepcopy(new)] if new else []

    return change


def _is_read(value: object) -> bool:
    return isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), (ast.Store, ast.Del))


def _inside(value: object) -> Iterator[ast.expr]:
    """The expressions one step inside another, and the smallest that may stand for it."""
    assert isinstance(value, ast.expr)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        yield value.func.value
    bounded = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mod)  # what keeps a tensor small, a loop short
    for inner in ast.iter_child_nodes(value) if not bounded else ():
        if isinstance(inner, ast.expr) and not isinstance(inner, ast.Slice):
            yield inner
        elif isinstance(inner, ast.comprehension):
            yield inner.iter
    if not isinstance(value, (ast.Constant, ast.Name)):
        yield ast.Name("x", ast.Load())
        yield ast.Constant(1)


def _at(tree: ast.Module, place: int) -> ast.AST:
    return next(node for at, node in enumerate(ast.walk(tree)) if at == place)

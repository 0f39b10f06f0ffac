"""Arguments of a call: which one is meant, and what putting one in, changing or dropping it is as edits.

Needs a tree. It will never know what a call does.
"""

from __future__ import annotations

import libcst as cst

from tsl.diagnostic import Edit, Span
from tsl.fix.tree import Tree, is_atom


def given(call: cst.Call, place: int, *names: str) -> cst.Arg | None:
    """The argument at a place, from 0, or by one of its names; None where it is not given, or may be in a star."""
    for number, argument in enumerate(call.args):
        if argument.star:
            return None
        if argument.keyword is not None and argument.keyword.value in names:
            return argument
        if argument.keyword is None and number == place:
            return argument
    return None


def has_star(call: cst.Call) -> bool:
    """Whether a call gives arguments that are not spelled out."""
    return any(argument.star for argument in call.args)


def added(tree: Tree, call: cst.Call, name: str, value: str) -> Edit:
    """One more argument, by its name, after the others; on a line of its own where the last one has one."""
    text = f"{name}={value}"
    if not call.args:
        end = tree.span(call)
        return Edit(Span(tree.path, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1), text)
    last = call.args[-1]
    lines = tree.span(last.value)
    separator = ", "
    if len(call.args) > 1 and lines.line > tree.span(call.args[-2]).end_line:
        separator = ",\n" + " " * (tree.span(last).column - 1)
    return tree.put(last, separator + text, after=True)


def dropped(tree: Tree, call: cst.Call, argument: cst.Arg) -> Edit:
    """A call without one of its arguments."""
    number = call.args.index(argument)
    own = tree.span(argument)
    if number:
        before = tree.span(call.args[number - 1])
        return Edit(own._replace(line=before.end_line, column=before.end_column), "")
    if len(call.args) > 1:
        after = tree.span(call.args[1])
        return Edit(own._replace(end_line=after.line, end_column=after.column), "")
    return Edit(own, "")


def method_called(tree: Tree, value: cst.BaseExpression, name: str) -> tuple[Edit, ...]:
    """A value with a method called on it: `x` becomes `x.eval()`."""
    if is_atom(value) and not value.lpar:
        return (tree.put(value, f".{name}()", after=True),)
    if value.lpar:
        return (tree.instead(value, f"({tree.code(value.with_changes(lpar=[], rpar=[]))}).{name}()"),)
    return (tree.put(value, "(", after=False), tree.put(value, f").{name}()", after=True))

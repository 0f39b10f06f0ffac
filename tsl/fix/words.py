"""Types in the compiler's words as the file would write them, and what names in a function hold by their form.

Needs the syntax of a file. It will never guess: what is not plain has no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from tsl.fix.site import Site
from tsl.fix.tree import Tree, dotted

PLAIN = frozenset({"int", "float", "bool", "str"})
# What typing calls them, and what Python and the compiler take as well.
CONTAINERS = {"List": "list", "Dict": "dict", "Tuple": "tuple", "Optional": ""}
COUNTS = frozenset({"len", "int", "round", "ord"})
SIZES = frozenset({"size", "dim", "numel", "ndimension", "item"})


def written(site: Site, kind: str) -> str:
    """A type as the file can write it: `List[int]`, or `list[int]` where it does not import the name.

    Empty where a word of it is none that is always there.
    """
    parts = re.split(r"(\w+(?:\.\w+)*)", kind)
    words = [_word(site, part) if number % 2 else part for number, part in enumerate(parts)]
    return "" if None in words or not kind else "".join(word for word in words if word)


def _word(site: Site, word: str) -> str | None:
    if word in PLAIN:
        return word
    if word in CONTAINERS:
        return site.name_in("typing", word) or CONTAINERS[word] or None
    return (site.name_in("torch", "Tensor") or None) if word == "Tensor" else None


def scope_of(tree: Tree, node: cst.CSTNode) -> cst.CSTNode:
    """The function a node is in, or the module."""
    return tree.function(node) or tree.module


def values_of(tree: Tree, scope: cst.CSTNode, name: str) -> Iterator[cst.BaseExpression | None]:
    """What a name is given in a scope, None for a value that is taken apart, counted or not written there."""
    for node in tree.nodes(scope):
        match node:
            case cst.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _given(target.target, value, name)
            case cst.AnnAssign(target=target, value=value) if dotted(target) == name:
                yield value
            case cst.AugAssign(target=target) if dotted(target) == name:
                yield None
            case cst.For(target=target) | cst.CompFor(target=target) if _holds(tree, target, name):
                yield None
            case cst.NamedExpr(target=target) | cst.AsName(name=target) if dotted(target) == name:
                yield None
            case cst.Param(name=own) if own.value == name:
                yield None


def _given(
    target: cst.BaseAssignTargetExpression, value: cst.BaseExpression, name: str
) -> Iterator[cst.BaseExpression | None]:
    if dotted(target) == name:
        yield value
    elif isinstance(target, cst.Tuple | cst.List) and any(dotted(part.value) == name for part in target.elements):
        yield value if _is_shape(value) else None


def _holds(tree: Tree, target: cst.CSTNode, name: str) -> bool:
    return any(one.value == name for one in tree.within(target, cst.Name))


def _is_shape(node: cst.BaseExpression) -> bool:
    """`x.shape`, `x.size()`, and slices of them."""
    if isinstance(node, cst.Subscript):
        return _is_shape(node.value)
    if isinstance(node, cst.Call):
        return not node.args and isinstance(node.func, cst.Attribute) and node.func.attr.value == "size"
    return isinstance(node, cst.Attribute) and node.attr.value == "shape"


def is_size(tree: Tree, node: cst.BaseExpression) -> bool:
    """Whether an expression is the length of a dimension by its form: an int that is not negative."""
    if isinstance(node, cst.Name):
        given = list(values_of(tree, scope_of(tree, node), node.value))
        return bool(given) and all(value is not None and (_is_shape(value) or is_one_size(value)) for value in given)
    return is_one_size(node)


def is_one_size(node: cst.BaseExpression) -> bool:
    """`x.shape[0]`, `x.size(0)`."""
    if isinstance(node, cst.Subscript):
        return _is_shape(node.value)
    is_call = isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and len(node.args) == 1
    return is_call and node.func.attr.value == "size"  # type: ignore[attr-defined]  # an attribute, as just seen


def is_number(tree: Tree, node: cst.BaseExpression | None, depth: int = 3) -> bool:
    """Whether an expression is a plain number by its form, and no tensor."""
    match node:
        case cst.Integer() | cst.Float():
            return True
        case cst.Name(value=name) if depth:
            return _names_number(tree, node, name, depth)
        case cst.BinaryOperation(left=left, right=right) if depth:
            return is_number(tree, left, depth - 1) and is_number(tree, right, depth - 1)
        case cst.UnaryOperation(expression=inner):
            return is_number(tree, inner, depth)
        case cst.Call(func=cst.Name(value=name)):
            return name in COUNTS
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name)), args=arguments):
            return name in SIZES and (name != "size" or bool(arguments))
    return isinstance(node, cst.Subscript) and _is_shape(node.value) and not _is_slice(node)


def _is_slice(node: cst.Subscript) -> bool:
    return any(isinstance(part.slice, cst.Slice) for part in node.slice)


def _names_number(tree: Tree, node: cst.Name, name: str, depth: int) -> bool:
    """Whether all that a name is given are numbers: an annotated parameter, a size that is taken apart, arithmetic."""
    function = tree.function(node)
    parameters = list(tree.within(function.params, cst.Param)) if function else []
    own = next((one for one in parameters if one.name.value == name), None)
    if own is not None and (own.annotation is None or dotted(own.annotation.annotation) not in ("int", "float")):
        return False
    written_here = [one for one in values_of(tree, function or tree.module, name) if one is not None]
    return bool(own or written_here) and all(
        _is_shape(value) or is_number(tree, value, depth - 1) for value in written_here
    )

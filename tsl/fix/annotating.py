"""Fixes that tell torch.jit.script a type: of a parameter, an empty container, a number; or keep it from one.

MAKERS names them. Which type it is, the finding says in the compiler's words.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from tsl.diagnostic import Edit
from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import Tree, dotted
from tsl.fix.words import scope_of, values_of, written

EMPTY = frozenset({"list()", "dict()", "[]", "{}"})


def annotate_default(site: Site) -> Draft | None:
    """`n=3` becomes `n: int = 3`."""
    tree, kind = site.tree, written(site, site.found.about)
    default = tree.expression(site.found.span)
    parameter = tree.parent(default) if default else None
    if not kind or not isinstance(parameter, cst.Param) or parameter.annotation is not None:
        return None
    return Draft((_between(tree, parameter.name, parameter.equal, f": {kind} ="),))


def _between(tree: Tree, target: cst.CSTNode, equal: cst.CSTNode | cst.MaybeSentinel, text: str) -> Edit:
    """A text that ends with `=` in the place of what stands between a target and its value."""
    assert isinstance(equal, cst.AssignEqual)
    text += " " if equal.whitespace_after.empty else ""
    start, end = tree.span(target), tree.span(equal)
    return Edit(end._replace(line=start.end_line, column=start.end_column), text)


def annotate_container(site: Site) -> Draft | None:
    """`out = []` becomes `out: List[int] = []`, where that is the only thing the name is given in the function."""
    tree, kind = site.tree, written(site, site.found.about)
    node = tree.at(site.found.span, cst.Call) or tree.at(site.found.span, cst.Subscript)
    name = _container(node) if node else ""
    if node is None or not kind or not name:
        return None
    given = list(values_of(tree, scope_of(tree, node), name))
    statement = tree.parent(given[0]) if len(given) == 1 and given[0] is not None else None
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    if tree.code(statement.value).replace(" ", "") not in EMPTY:
        return None
    return Draft((tree.put(statement.targets[0].target, f": {kind}", after=True),))


def _container(node: cst.CSTNode) -> str:
    """The name of what is put into: `out` of `out.append(x)` and `out[0]`; empty where it has none."""
    if isinstance(node, cst.Subscript):
        return node.value.value if isinstance(node.value, cst.Name) else ""
    func = node.func if isinstance(node, cst.Call) else None
    return func.value.value if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) else ""


def float_literal(site: Site) -> Draft | None:
    """`k: float = 1` becomes `k: float = 1.0`."""
    statement = site.tree.at(site.found.span, cst.AnnAssign)
    if statement is None or dotted(statement.annotation.annotation) != "float":
        return None
    value = statement.value
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        value = value.expression
    if not isinstance(value, cst.Integer) or not value.value.isdecimal():
        return None
    return Draft((site.tree.put(value, ".0", after=True),))


def drop_annotation(site: Site) -> Draft | None:
    """`self.n: int = 3` becomes `self.n = 3`; a line that only annotates a local name goes."""
    statement, tree = site.tree.at(site.found.span, cst.AnnAssign), site.tree
    if statement is None:
        return None
    if statement.value is not None:
        return Draft((_between(tree, statement.target, statement.equal, " ="),))
    line = tree.statement(statement)
    block = tree.parent(line) if line else None
    if line is None or not isinstance(block, cst.IndentedBlock) or len(block.body) < 2:
        return None
    return Draft((whole_line(tree, line),))


def whole_line(tree: Tree, line: cst.SimpleStatementLine) -> Edit:
    """A line taken out, with the comment at its end."""
    span = tree.span(line)
    return Edit(span._replace(column=1, end_line=span.end_line + 1, end_column=1), "")


MAKERS: Mapping[str, Maker] = {
    "annotate-default": annotate_default,
    "annotate-container": annotate_container,
    "float-literal": float_literal,
    "drop-annotation": drop_annotation,
}

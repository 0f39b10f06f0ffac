"""Fixes that say the same in words that TorchScript knows: operators, comparisons, a decorator, an alias, a constant.

MAKERS names them.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from tsl.diagnostic import Edit
from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import dotted, is_atom
from tsl.fix.words import is_number, values_of

OPERATORS = {cst.FloorDivideAssign: "//", cst.MatrixMultiplyAssign: "@"}
# Where an Optional of these is tested, it can only be meant that it is there: the truth of a tensor with more than
# one element raises.
ALWAYS_TRUE = ("Optional[Tensor]",)
NUMBERS = frozenset({"int", "float"})
# Where a conditional expression stands without parentheses.
ALONE = (cst.Assign, cst.AnnAssign, cst.Return, cst.Arg, cst.Expr)


def write_out_operator(site: Site) -> Draft | None:
    """`n //= 2` becomes `n = n // 2`, `+x` becomes `x`. Safe where it is a number: a tensor is written into."""
    tree = site.tree
    plus = tree.at(site.found.span, cst.UnaryOperation)
    if plus is not None and isinstance(plus.operator, cst.Plus):
        return Draft((tree.instead(plus, tree.code(plus.expression)),))
    statement = tree.at(site.found.span, cst.AugAssign)
    sign = OPERATORS.get(type(statement.operator)) if statement else None
    if statement is None or sign is None or not dotted(statement.target):
        return None
    name, value = dotted(statement.target), tree.code(statement.value)
    right = value if is_atom(statement.value) or isinstance(statement.value, cst.BaseNumber) else f"({value})"
    target = statement.target
    is_safe = isinstance(target, cst.Name) and is_number(tree, target)
    return Draft((tree.instead(statement, f"{name} = {name} {sign} {right}"),), is_safe)


def compare_equal(site: Site) -> Draft | None:
    """`mode is "sum"` becomes `mode == "sum"`."""
    node = site.tree.at(site.found.span, cst.Comparison)
    if node is None or len(node.comparisons) != 1:
        return None
    target = node.comparisons[0]
    sign = {cst.Is: "==", cst.IsNot: "!="}.get(type(target.operator))
    if sign is None:
        return None
    left, right = site.tree.code(node.left), site.tree.code(target.comparator)
    return Draft((site.tree.instead(node, f"{left} {sign} {right}"),))


def choose_number(site: Site) -> Draft | None:
    """`n or 3` becomes `n if n != 0 else 3`, for numbers."""
    tree = site.tree
    node = tree.at(site.found.span, cst.BooleanOperation)
    if node is None or not set(site.found.about.split(", ")) <= NUMBERS or not dotted(node.left):
        return None
    if isinstance(node.right, cst.BooleanOperation):
        return None
    name, other = dotted(node.left), tree.code(node.right)
    yes, no = (name, other) if isinstance(node.operator, cst.Or) else (other, name)
    text = f"{yes} if {name} != 0 else {no}"
    is_bare = node.lpar or isinstance(tree.parent(node), ALONE)
    return Draft((tree.instead(node, text if is_bare else f"({text})"),))


def ask_for_none(site: Site) -> Draft | None:
    """`if mask:` becomes `if mask is not None:`, `not mask` becomes `mask is None`."""
    tree = site.tree
    node = tree.at(site.found.span, cst.Name) or tree.at(site.found.span, cst.Attribute)
    if node is None or not site.found.about:
        return None
    is_safe = site.found.about in ALWAYS_TRUE
    around = tree.parent(node)
    if isinstance(around, cst.UnaryOperation) and isinstance(around.operator, cst.Not):
        return Draft((tree.instead(around, f"{tree.code(node)} is None"),), is_safe)
    return Draft((tree.put(node, " is not None", after=True),), is_safe)


def name_optional(site: Site) -> Draft | None:
    """`bias = self.bias` at the beginning, and `bias` in the place of every `self.bias` that is asked for None.

    Safe where no method but the constructor assigns the attribute.
    """
    tree, function, path = site.tree, _function_at(site), _asked_for_none(site)
    if function is None or not path or not isinstance(function.body, cst.IndentedBlock):
        return None
    reads = [node for node in tree.within(function.body, cst.Attribute) if dotted(node) == path]
    name = path.rpartition(".")[2]
    taken = {node.value for node in tree.within(function, cst.Name) if not isinstance(tree.parent(node), cst.Attribute)}
    if name in taken or any(values_of(tree, function, path)):
        return None
    first = next(line for line in function.body.body if any(node in reads for node in tree.within(line, cst.Attribute)))
    owner = tree.class_of(function)
    methods = [one for one in owner.body.body if isinstance(one, cst.FunctionDef)] if owner else []
    is_safe = not any(any(True for _ in values_of(tree, one, path)) for one in methods if one.name.value != "__init__")
    edits = [tree.instead(node, name) for node in reads]
    return Draft((tree.above(first, f"{name} = {path}"), *edits), is_safe)


def _function_at(site: Site) -> cst.FunctionDef | None:
    node = site.tree.innermost(site.found.span)
    return site.tree.function(node) if node is not None else None


def _asked_for_none(site: Site) -> str:
    """The one attribute in a finding's expression that the function compares with None; empty where there is none."""
    tree, function = site.tree, _function_at(site)
    node = tree.innermost(site.found.span)
    if function is None or node is None:
        return ""
    asked = {dotted(one.left) for one in tree.within(function, cst.Comparison) if _is_none(one)}
    held = [dotted(one) for one in tree.within(node, cst.Attribute)]
    found = list(dict.fromkeys(path for path in held if path in asked and path.startswith("self.")))
    return found[0] if len(found) == 1 else ""


def _is_none(node: cst.Comparison) -> bool:
    last = node.comparisons[-1]
    return isinstance(last.operator, cst.Is | cst.IsNot) and dotted(last.comparator) == "None"


def optional_value(site: Site) -> Draft | None:
    """An Optional that is tested, or an attribute that was asked and is used."""
    return ask_for_none(site) if site.found.about else name_optional(site)


def context_for_decorator(site: Site) -> Draft | None:
    """`with torch.no_grad():` around the body in the place of the decorator, which the compiler drops."""
    tree = site.tree
    mark = tree.expression(site.found.span)
    decorator = tree.around(mark, cst.Decorator) if mark else None
    function = tree.parent(decorator) if decorator else None
    if mark is None or decorator is None or not isinstance(function, cst.FunctionDef) or function.asynchronous:
        return None
    if not isinstance(function.body, cst.IndentedBlock) or list(tree.within(function.body, cst.Yield)):
        return None
    body = list(function.body.body)
    if function.get_docstring() is not None:
        body = body[1:]
    if not body:
        return None
    text = tree.code(mark) if isinstance(mark, cst.Call) else f"{tree.code(mark)}()"
    gone = tree.span(decorator)
    line = Edit(gone._replace(column=1, end_line=gone.end_line + 1, end_column=1), "")
    return Draft((line, *tree.into_block(body, f"with {text}:")))


MAKERS: Mapping[str, Maker] = {
    "write-out-operator": write_out_operator,
    "compare-equal": compare_equal,
    "choose-number": choose_number,
    "optional-value": optional_value,
    "context-for-decorator": context_for_decorator,
}

"""Fixes of loops over modules: torch.jit.script unrolls a loop over a ModuleList, and takes no index that is counted.

MAKERS names them. How many modules there are is asked of the text of the class: a list that is spelled out, or made by
one comprehension over a range.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import Tree, dotted
from tsl.fix.words import values_of

GROWS = frozenset({"append", "extend", "insert", "add_module", "pop"})


def loop_over_modules(site: Site) -> Draft | None:
    """`for i, layer in enumerate(self.layers)` in the place of a counted index or a slice."""
    tree = site.tree
    node = tree.at(site.found.span, cst.Subscript) or _looped_over(tree, tree.at(site.found.span, cst.Call))
    if node is None or len(node.slice) != 1 or not dotted(node.value):
        return None
    index = node.slice[0].slice
    if isinstance(index, cst.Slice):
        return _slice(tree, node, index)
    counter = dotted(index.value) if isinstance(index, cst.Index) else ""
    loop = tree.around(node, cst.For) if counter else None
    while loop is not None and counter not in _targets(loop):
        loop = tree.around(loop, cst.For)
    return _counted(tree, node, counter, loop) if loop is not None else None


def _looped_over(tree: Tree, call: cst.Call | None) -> cst.Subscript | None:
    """The slice that a loop takes what is called from: the compiler takes the loop, and refuses the call in it."""
    loop = tree.around(call, cst.For) if call is not None and dotted(call.func) else None
    while loop is not None and call is not None and dotted(call.func) not in _targets(loop):
        loop = tree.around(loop, cst.For)
    return loop.iter if loop is not None and isinstance(loop.iter, cst.Subscript) else None


def _targets(loop: cst.For) -> list[str]:
    target = loop.target
    parts = [part.value for part in target.elements] if isinstance(target, cst.Tuple) else [target]
    return [dotted(part) for part in parts]


def _counted(tree: Tree, node: cst.Subscript, counter: str, loop: cst.For) -> Draft | None:
    path, function = dotted(node.value), tree.function(node)
    if function is None or list(values_of(tree, loop.body, counter)) or loop.orelse:
        return None
    reads = [one for one in tree.within(loop.body, cst.Subscript) if _is_item(one, path, counter)]
    written = {id(target.target) for one in tree.within(function, cst.Assign) for target in one.targets}
    name = _name_for(path, {one.value for one in tree.within(function, cst.Name)})
    if not name or any(id(one) in written for one in reads):
        return None
    inside = {id(one) for read in reads for one in tree.within(read, cst.Name)}
    others = [one for one in tree.within(function, cst.Name) if one.value == counter and id(one) not in inside]
    others = [one for one in others if not _is_in(tree, one, loop.target)]
    header = _header(tree, loop, path, name, counter, bool(others))
    if header is None:
        return None
    target, over, is_safe = header
    edits = [tree.instead(one, name) for one in reads]
    return Draft((tree.instead(loop.target, target), tree.instead(loop.iter, over), *edits), is_safe)


def _is_item(node: cst.Subscript, path: str, counter: str) -> bool:
    if dotted(node.value) != path or len(node.slice) != 1:
        return False
    index = node.slice[0].slice
    return isinstance(index, cst.Index) and dotted(index.value) == counter


def _is_in(tree: Tree, node: cst.CSTNode, outer: cst.CSTNode) -> bool:
    parent: cst.CSTNode | None = node
    while parent is not None and parent is not outer:
        parent = tree.parent(parent)
    return parent is outer


def _header(
    tree: Tree, loop: cst.For, path: str, name: str, counter: str, counts: bool
) -> tuple[str, str, bool] | None:
    """What a loop has before and after `in`, and whether it is as long as it was; None where it is no plain range."""
    call = loop.iter
    if not isinstance(call, cst.Call) or len(call.args) != 1 or call.args[0].keyword is not None:
        return None
    bound = call.args[0].value
    if dotted(call.func) == "range" and dotted(loop.target) == counter:
        is_whole = tree.code(bound).replace(" ", "") == f"len({path})" or _lasts(tree, loop, path, tree.code(bound))
        return (f"{counter}, {name}", f"enumerate({path})", is_whole) if counts else (name, path, is_whole)
    if dotted(call.func) != "enumerate" or not isinstance(loop.target, cst.Tuple) or not dotted(bound):
        return None
    other = _targets(loop)[1]
    if not other:
        return None
    is_whole = _length(tree, loop, path) == _length(tree, loop, dotted(bound)) != ""
    return f"{counter}, ({other}, {name})", f"enumerate(zip({dotted(bound)}, {path}))", is_whole


def _lasts(tree: Tree, node: cst.CSTNode, path: str, bound: str) -> bool:
    """Whether a number is that of the modules: as the class spells it, or an attribute that was given the same."""
    length, owner = _length(tree, node, path), tree.class_of(node)
    if not length or owner is None:
        return False
    given = list(values_of(tree, owner, bound))
    return bound == length or (len(given) == 1 and given[0] is not None and tree.code(given[0]) == length)


def _length(tree: Tree, node: cst.CSTNode, path: str) -> str:
    """How many modules are in a list, as the class has it in words; empty where it may be something else."""
    owner = tree.class_of(node)
    given = list(values_of(tree, owner, path)) if owner else []
    calls = list(tree.within(owner, cst.Call)) if owner else []
    grows = any(
        isinstance(one.func, cst.Attribute) and dotted(one.func.value) == path and one.func.attr.value in GROWS
        for one in calls
    )
    made = given[0] if len(given) == 1 and not grows else None
    inner = made.args[0].value if isinstance(made, cst.Call) and len(made.args) == 1 else None
    if isinstance(inner, cst.List) and not any(isinstance(one, cst.StarredElement) for one in inner.elements):
        return str(len(inner.elements))
    if isinstance(inner, cst.ListComp | cst.GeneratorExp):
        return _range_of(tree, inner.for_in)
    return ""


def _range_of(tree: Tree, clause: cst.CompFor) -> str:
    call = clause.iter
    if clause.ifs or clause.inner_for_in or not isinstance(call, cst.Call) or dotted(call.func) != "range":
        return ""
    return tree.code(call.args[0].value) if len(call.args) == 1 else ""


def _name_for(path: str, taken: set[str]) -> str:
    """A name for one of many: `layer` for `self.layers`; empty where none is free."""
    last = path.rpartition(".")[2].lstrip("_")
    singular = last.removesuffix("s") if last.endswith("s") and not last.endswith("ss") else ""
    names = (singular, f"{singular or last}_module", "submodule")
    return next((name for name in names if name and name.isidentifier() and name not in taken), "")


def _slice(tree: Tree, node: cst.Subscript, index: cst.Slice) -> Draft | None:
    """A loop over a part of the modules: over all, with a test of the number."""
    loop, path = tree.parent(node), dotted(node.value)
    function = tree.function(node)
    if not isinstance(loop, cst.For) or loop.iter is not node or function is None or index.step is not None:
        return None
    if not isinstance(loop.body, cst.IndentedBlock) or not isinstance(loop.target, cst.Name):
        return None
    taken = {one.value for one in tree.within(function, cst.Name)}
    number = next((name for name in ("i", "number", "position") if name not in taken), "")
    tests = list(_tests(index, path, number))
    if not number or not all(tests) or list(tree.within(loop.body, cst.Break)):
        return None
    target = tree.instead(loop.target, f"{number}, {loop.target.value}")
    over = tree.instead(node, f"enumerate({path})")
    if not tests:
        return Draft((tree.instead(node, path),))
    test = f"if {' and '.join(tests)}:"
    return Draft((target, over, *tree.into_block(loop.body.body, test)))


def _tests(index: cst.Slice, path: str, number: str) -> Iterator[str]:
    """What an index in a slice fulfils, empty for a bound that is not written out."""
    if index.lower is not None and not (isinstance(index.lower, cst.Integer) and index.lower.value == "0"):
        yield f"{number} >= {index.lower.value}" if isinstance(index.lower, cst.Integer) else ""
    upper = index.upper
    if isinstance(upper, cst.Integer):
        yield f"{number} < {upper.value}"
    elif isinstance(upper, cst.UnaryOperation) and isinstance(upper.operator, cst.Minus):
        inner = upper.expression
        yield f"{number} < len({path}) - {inner.value}" if isinstance(inner, cst.Integer) else ""
    elif upper is not None:
        yield ""


MAKERS: Mapping[str, Maker] = {"loop-over-modules": loop_over_modules}

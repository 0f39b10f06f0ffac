"""Fixes that let a trace follow what it would keep: sizes, `.data`, dtypes and devices, copies, the mode of dropout.

MAKERS names them.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from tsl.fix.arguments import added, dropped, given, has_star
from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import Tree, dotted, is_atom
from tsl.fix.words import is_size

# Factories of torch, and the method of a tensor that makes the same on its device.
NEW = {"zeros": "new_zeros", "ones": "new_ones", "empty": "new_empty", "full": "new_full"}
LIKE = frozenset({"zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like"})
NEW_TAKES = frozenset({"size", "dtype", "device", "requires_grad", "fill_value"})
# Where an operation stands without parentheses.
ALONE = (cst.Assign, cst.AnnAssign, cst.Return, cst.Arg, cst.Expr, cst.Index, cst.Element, cst.Slice)


def size_arithmetic(site: Site) -> Draft | None:
    """`n // 2` for `int(n / 2)`, `-(-n // 4)` for `math.ceil(n / 4)`, `n` for `int(n)`, `x.shape[0]` for `len(x)`.

    `n ** 0.5` for `math.sqrt(n)` can differ in the last bit and is not safe.
    """
    call, tree = site.call, site.tree
    if call is None or len(call.args) != 1 or call.args[0].keyword is not None or call.args[0].star:
        return None
    name, value = _function(site, call), call.args[0].value
    text = _counted(site, value) if name == "len" else _computed(tree, name, value)
    if not text:
        return None
    is_safe = name != "math.sqrt" and not _is_kept(tree, call)
    return Draft((tree.instead(call, _operand(tree, call, text)),), is_safe)


def _counted(site: Site, value: cst.BaseExpression) -> str:
    return f"{dotted(value)}.shape[0]" if dotted(value) and site.found.about == "tensor" else ""


def _computed(tree: Tree, name: str, value: cst.BaseExpression) -> str:
    """What a function of a size is in arithmetic; empty where that is not plain."""
    if name in ("math.sqrt", "int") and is_size(tree, value):
        return f"{tree.code(value)} ** 0.5" if name == "math.sqrt" else tree.code(value)
    division = _division(tree, value)
    if division is None or name not in ("int", "math.floor", "math.ceil"):
        return ""
    number, divisor = division
    return f"-(-{number} // {divisor})" if name == "math.ceil" else f"{number} // {divisor}"


def _is_kept(tree: Tree, call: cst.Call) -> bool:
    """Whether a number goes into an attribute or a container: while tracing, a tensor would be left there."""
    around = tree.parent(call)
    targets = around.targets if isinstance(around, cst.Assign) else []
    return any(not isinstance(target.target, cst.Name | cst.Tuple) for target in targets)


def _function(site: Site, call: cst.Call) -> str:
    """`math.ceil` also where the file imports `ceil` alone."""
    name = dotted(call.func)
    for known in ("ceil", "floor", "sqrt"):
        if name and name == site.name_in("math", known):
            return f"math.{known}"
    return name


def _division(tree: Tree, node: cst.BaseExpression) -> tuple[str, str] | None:
    """A size and what it is divided by: of `n / 2`, `n // 2`, `n * 0.5`; None of anything else."""
    if not isinstance(node, cst.BinaryOperation) or not is_size(tree, node.left):
        return None
    left, right = tree.code(node.left), node.right
    if isinstance(node.operator, cst.Divide | cst.FloorDivide):
        return (left, right.value) if isinstance(right, cst.Integer) and right.value.strip("0_") else None
    is_half = isinstance(node.operator, cst.Multiply) and isinstance(right, cst.Float) and right.value in ("0.5", ".5")
    return (left, "2") if is_half else None


def _operand(tree: Tree, call: cst.Call, text: str) -> str:
    """An operation in the place of a call, in parentheses where it is an operand."""
    if " " not in text:
        return text
    return text if isinstance(tree.parent(call), ALONE) and not call.lpar else f"({text})"


def detached(site: Site) -> Draft | None:
    """`x.detach()` for `x.data`, where the line writes into nothing."""
    tree = site.tree
    node = tree.at(site.found.span, cst.Attribute)
    if node is None or node.attr.value != "data":
        return None
    line: cst.CSTNode | None = node
    while line is not None and not isinstance(line, cst.BaseSmallStatement | cst.BaseCompoundStatement):
        line = tree.parent(line)
    if line is None or isinstance(line, cst.AugAssign) or any(map(_writes, tree.within(line, cst.Call))):
        return None
    targets = [target.target for target in line.targets] if isinstance(line, cst.Assign) else []
    if any(node is one for target in targets for one in tree.nodes(target)):
        return None
    return Draft((tree.instead(node.attr, "detach()"),))


def _writes(call: cst.Call) -> bool:
    """Whether a call is one of a method in place: `x.clamp_()`."""
    name = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
    return (name.endswith("_") and not name.endswith("__")) or any(
        argument.keyword is not None and argument.keyword.value == "out" for argument in call.args
    )


def follow_tensor(site: Site) -> Draft | None:
    """`x.new_zeros(n)` for `torch.zeros(n, device=x.device)`; no `device=` or `dtype=` that is the tensor's own."""
    call, tree = site.call, site.tree
    if call is None or has_star(call) or not isinstance(call.func, cst.Attribute):
        return None
    name, base = call.func.attr.value, dotted(call.func.value)
    if base == site.name_of("torch") and name in NEW:
        return _made_new(site, call, NEW[name])
    if base == site.name_of("torch") and name in LIKE:
        return _own_left_out(tree, call, dotted(call.args[0].value) if call.args else "")
    return _own_left_out(tree, call, base) if name in NEW.values() else None


def _own_left_out(tree: Tree, call: cst.Call, owner: str) -> Draft | None:
    """A call without the dtype and the device that it would take from the tensor anyhow."""
    named = [one for one in call.args[1:] if one.keyword is not None]
    own = [one for one in named if owner and dotted(one.value) == f"{owner}.{one.keyword.value}"]  # type: ignore[union-attr]
    return Draft(tuple(dropped(tree, call, one) for one in own))


def _made_new(site: Site, call: cst.Call, method: str) -> Draft | None:
    tree, device, dtype = site.tree, given(call, 99, "device"), given(call, 99, "dtype")
    names = {one.keyword.value for one in call.args if one.keyword is not None}
    path = dotted(device.value) if device else ""
    owner, is_safe = path.removesuffix(".device"), site.found.about == "tensor"
    if device is None or not site.found.about or owner in (path, "self") or names - NEW_TAKES:
        return None
    edits = [tree.instead(call.func, f"{owner}.{method}")]
    if dtype is None:
        if method == "new_full":
            return None  # its dtype is that of the number
        value = f"{site.name_of('torch')}.get_default_dtype()"
        edits += [tree.instead(device.keyword or device, "dtype"), tree.instead(device.value, value)]
        return Draft(tuple(edits), is_safe)
    gone = [device, dtype] if dotted(dtype.value) == f"{owner}.dtype" else [device]
    if call.args[0] in gone:
        return None
    return Draft((*edits, *(dropped(tree, call, one) for one in gone)), is_safe)


def copy_in_graph(site: Site) -> Draft | None:
    """`x.detach().clone()` for `torch.tensor(x)`; `torch.stack([a, b])` for `torch.tensor([a, b])`, with gradients."""
    call, tree, torch = site.call, site.tree, site.name_of("torch")
    if call is None or len(call.args) != 1 or dotted(call.func) != f"{torch}.tensor":
        return None
    value = call.args[0].value
    if site.found.about != "tensor":
        return None
    if not isinstance(value, cst.List):
        copy = f"{tree.code(value)}.detach().clone()"
        return Draft((tree.instead(call, copy),)) if is_atom(value) else None
    is_flat = not any(isinstance(one.value, cst.List | cst.Tuple) for one in value.elements)
    return Draft((tree.instead(call.func, f"{torch}.stack"),), is_safe=False) if is_flat else None


def hand_on_mode(site: Site) -> Draft | None:
    """`training=self.training`: nothing is dropped in eval mode any more."""
    call, tree = site.call, site.tree
    function = tree.function(call) if call else None
    first = function.params.params[:1] if function else ()
    if call is None or has_star(call) or not first or first[0].name.value != "self" or not tree.class_of(call):
        return None
    known = given(call, 2, "training")
    if known is not None:
        return Draft((tree.instead(known.value, "self.training"),))
    return Draft((added(tree, call, "training", "self.training"),))


MAKERS: Mapping[str, Maker] = {
    "size-arithmetic": size_arithmetic,
    "detached": detached,
    "follow-tensor": follow_tensor,
    "copy-in-graph": copy_in_graph,
    "hand-on-mode": hand_on_mode,
}

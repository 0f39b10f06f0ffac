"""Peephole optimisation, as torch/csrc/jit/passes/peephole*.cpp does it where shapes are not known.

In torch's order, each a walk over the whole graph:
1. transposes of transposes and numbers that came from numbers,
2. lists: `len`, an item, unpacking, `+` and slices of a list that is built here and never written to,
3. dictionaries: `len` and an item of one built here with constant keys and never written to,
4. what needs to know who writes to a tensor: `dim` of a convolution, adding 0, multiplying by 1,
5. None, casts, comparisons of a value with itself, and arithmetic of integers with constants,
6. concatenations of concatenations (`inline_concat`).

What changes anything is followed by dead code elimination without aliases. It will never look at a shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tsl.ir.inline_alias import Aliases
from tsl.ir.inline_concat import combine
from tsl.ir.inline_dead import eliminate
from tsl.ir.inline_form import (
    CONSTANT,
    Op,
    Region,
    Var,
    constant_of,
    constant_op,
    find,
    is_constant,
    list_op,
    must_be_none,
    must_not_be_none,
    put_input,
    replace,
)
from tsl.ir.types import BOOL, FLOAT, INT, NONE, Type, is_subtype, optional

_TO_NUMBER = frozenset({"aten::Float", "aten::Int", "aten::FloatImplicit", "aten::IntImplicit", "aten::ScalarImplicit"})
_ON_LISTS = frozenset({"aten::len", "aten::__getitem__", "prim::ListUnpack", "aten::add", "aten::slice"})
_RANK_AFTER = {"aten::conv1d": 3, "aten::conv2d": 4, "aten::conv3d": 5}
_PLAIN = frozenset({BOOL, INT, FLOAT, NONE})


class Edits:
    """Ops that a walk puts before others."""

    def __init__(self) -> None:
        self.before: dict[Op, list[Op]] = {}

    def constant(self, value: Any, type: Type, before: Op) -> Var:
        """A new constant before an op."""
        return self.put(constant_op(value, type), before).outputs[0]

    def put(self, made: Op, before: Op) -> Op:
        """A new op before another."""
        self.before.setdefault(before, []).append(made)
        return made

    def apply(self, region: Region) -> None:
        """Puts them in their places."""
        if not self.before:
            return
        ops: list[Op] = []
        for op in region.ops:
            for inner in op.regions:
                self.apply(inner)
            ops += self.before.get(op, ())
            ops.append(op)
        region.ops = ops


class Peephole:
    """One run over a region. `aliases` is computed when it is first asked for, and again after a change."""

    def __init__(self, region: Region) -> None:
        self.region, self.edits, self.changed = region, Edits(), False
        self._aliases: Aliases | None = None

    def run(self) -> None:
        """All walks, and what they leave dead taken out."""
        for walk in (_numbers, _lists, _dictionaries, _tensors, _plain_values):
            before = self.changed
            self.changed = False
            self._walk(self.region, walk)
            self.edits.apply(self.region)
            self.edits = Edits()
            if self.changed:
                self._aliases = None
            self.changed = self.changed or before
        if combine(self.region):
            self.changed = True
        if self.changed:
            eliminate(self.region)

    def _walk(self, region: Region, visit: Callable[[Peephole, Op], None]) -> None:
        for op in region.ops:
            for inner in op.regions:
                self._walk(inner, visit)
            if op.kind != CONSTANT:
                visit(self, op)

    def aliases(self) -> Aliases:
        """Who shares memory in the graph as it stands."""
        if self._aliases is None:
            self._aliases = Aliases(self.region)
        return self._aliases

    def replace(self, old: Var, new: Var) -> None:
        """Puts a value in the place of another."""
        replace(old, new)
        self.changed = True

    def replace_constant(self, old: Var, value: Any, type: Type, op: Op) -> None:
        """Puts a constant in the place of a value."""
        self.replace(old, self.edits.constant(value, type, op))


def _maker(var: Var) -> Op | None:
    return find(var).op


def _numbers(run: Peephole, op: Op) -> None:
    """(1)"""
    if op.kind == "aten::t":
        inner = _maker(op.inputs[0])
        if inner is not None and inner.kind == "aten::t":
            run.replace(op.outputs[0], inner.inputs[0])
    elif op.kind in _TO_NUMBER:
        inner = _maker(op.inputs[0])
        if inner is not None and inner.kind == "prim::NumToTensor":
            run.replace(op.outputs[0], inner.inputs[0])


def _lists(run: Peephole, op: Op) -> None:
    """(2)"""
    if op.kind not in _ON_LISTS or not op.inputs:
        return
    made = _maker(op.inputs[0])
    if made is None or made.kind != "prim::ListConstruct" or run.aliases().is_written(op.inputs[0]):
        return
    items = made.inputs
    if op.kind == "aten::len":
        run.replace_constant(op.outputs[0], len(items), INT, op)
    elif op.kind == "aten::__getitem__":
        place = constant_of(op.inputs[1], None)
        if isinstance(place, int) and -len(items) <= place < len(items):
            run.replace(op.outputs[0], items[place])
    elif op.kind == "prim::ListUnpack":
        if len(items) == len(op.outputs):
            for var, item in zip(op.outputs, items, strict=True):
                run.replace(var, item)
    elif op.kind == "aten::add":
        _join_lists(run, op, items)
    else:
        _slice_list(run, op, items)


def _join_lists(run: Peephole, op: Op, items: list[Var]) -> None:
    other = _maker(op.inputs[1]) if len(op.inputs) == 2 else None
    if other is not None and other.kind == "prim::ListConstruct" and not run.aliases().is_written(op.inputs[1]):
        _put_list(run, op, [*items, *other.inputs])


def _slice_list(run: Peephole, op: Op, items: list[Var]) -> None:
    if len(op.inputs) != 4 or not all(map(is_constant, op.inputs[1:])):
        return
    start, end, step = (constant_of(var) for var in op.inputs[1:])
    if step == 0 or (isinstance(step, int) and step < 0):
        return
    _put_list(run, op, items[slice(start, end, step)])


def _put_list(run: Peephole, op: Op, items: list[Var]) -> None:
    run.replace(op.outputs[0], run.edits.put(list_op(items, op.outputs[0].type), op).outputs[0])


def _dictionaries(run: Peephole, op: Op) -> None:
    """(3)"""
    if op.kind not in {"aten::len", "aten::__getitem__"}:
        return
    made = _maker(op.inputs[0])
    if made is None or made.kind != "prim::DictConstruct" or run.aliases().is_written(op.inputs[0]):
        return
    keys = [constant_of(var, None) for var in made.inputs[::2]]
    if None in keys or len(set(keys)) < len(keys) or any(not isinstance(key, int | float | str) for key in keys):
        return
    if op.kind == "aten::len":
        run.replace_constant(op.outputs[0], len(keys), INT, op)
        return
    key = constant_of(op.inputs[1], None)
    if key in keys:
        run.replace(op.outputs[0], made.inputs[2 * keys.index(key) + 1])


def _tensors(run: Peephole, op: Op) -> None:
    """(4)"""
    if op.kind == "aten::dim":
        made = _maker(op.inputs[0])
        if made is not None and made.kind in _RANK_AFTER and not run.aliases().is_written(op.inputs[0]):
            run.replace_constant(op.outputs[0], _RANK_AFTER[made.kind], INT, op)
        return
    if op.kind not in {"aten::add", "aten::sub", "aten::mul"} or not _is_with_number(op):
        return
    number = constant_of(op.inputs[1], None)
    is_idle = number == 1 if op.kind == "aten::mul" else number == 0 and constant_of(op.inputs[2], None) == 1
    if is_idle and _may_stand_in(run, op.inputs[0], op.outputs[0]):
        run.replace(op.outputs[0], op.inputs[0])


def _is_with_number(op: Op) -> bool:
    """Whether an op takes a tensor and integers alone."""
    first, *rest = [find(var).type for var in op.inputs]
    return first.kind == "Tensor" and len(rest) == (1 if op.kind == "aten::mul" else 2) and set(rest) == {INT}


def _may_stand_in(run: Peephole, one: Var, other: Var) -> bool:
    """AliasDb::safeToChangeAliasingRelationship: neither is written to, and not both are seen from outside."""
    aliases = run.aliases()
    if aliases.is_written(one) or aliases.is_written(other):
        return False
    return not (aliases.is_outside(one) and aliases.is_outside(other))


def _plain_values(run: Peephole, op: Op) -> None:
    """(5)"""
    for var in op.outputs:
        if var.type is NONE:
            run.replace_constant(var, None, NONE, op)
    visit = _BY_KIND.get(op.kind)
    if visit is not None:
        visit(run, op)


def _branch(run: Peephole, op: Op) -> None:
    first, second = op.regions
    for place, var in enumerate(op.outputs):
        one, other = find(first.outputs[place]), find(second.outputs[place])
        if var.type is BOOL and constant_of(one, None) is True and constant_of(other, None) is False:
            run.replace(var, op.inputs[0])
        if var.type.kind == "Optional" and "Optional" not in {one.type.kind, other.type.kind}:
            unified = _unify(one.type, other.type)
            if unified is not None:
                var.type = unified
                run.changed = True


def _unify(one: Type, other: Type) -> Type | None:
    if is_subtype(one, other):
        return other
    if is_subtype(other, one):
        return one
    if NONE in (one, other):
        return optional(other if one is NONE else one)
    return None


def _compare_none(run: Peephole, op: Op) -> None:
    for one, other in (op.inputs, op.inputs[::-1]):
        if must_be_none(one) and must_not_be_none(other):
            run.replace_constant(op.outputs[0], op.kind == "aten::__isnot__", BOOL, op)
            return


def _unwrap(run: Peephole, op: Op) -> None:
    if must_not_be_none(op.inputs[0]):
        run.replace(op.outputs[0], op.inputs[0])


def _cast(run: Peephole, op: Op) -> None:
    if is_subtype(find(op.inputs[0]).type, op.outputs[0].type):
        run.replace(op.outputs[0], op.inputs[0])


def _to_integer(run: Peephole, op: Op) -> None:
    if len(op.inputs) == 1 and find(op.inputs[0]).type is INT:
        run.replace(op.outputs[0], op.inputs[0])


def _compare(run: Peephole, op: Op) -> None:
    if len(op.inputs) != 2 or find(op.inputs[0]) is not find(op.inputs[1]):
        return
    type = find(op.inputs[0]).type
    parts = type.arguments if type.kind in {"List", "Dict"} else (type,)
    if _PLAIN.issuperset(parts):
        run.replace_constant(op.outputs[0], op.kind == "aten::eq", BOOL, op)


def _integer_operand(op: Op) -> int | None:
    """The constant operand of integer arithmetic, which comes to stand second where the operands may change places."""
    if len(op.inputs) != 2 or any(find(var).type is not INT for var in op.inputs):
        return None
    if op.kind in {"aten::mul", "aten::add"} and is_constant(op.inputs[0]):
        op.inputs.reverse()
    value = constant_of(op.inputs[1], None)
    return value if isinstance(value, int) else None


def _scale(run: Peephole, op: Op) -> None:
    if _integer_operand(op) == 1:
        run.replace(op.outputs[0], op.inputs[0])


def _shift(run: Peephole, op: Op) -> None:
    number = _integer_operand(op)
    if number is None:
        return
    if number == 0:
        run.replace(op.outputs[0], op.inputs[0])
        return
    inner = _maker(op.inputs[0])
    if inner is None or inner.kind not in {"aten::add", "aten::sub"}:
        return
    more = _integer_operand(inner)
    if more is None:
        return
    merged = number + more if inner.kind == op.kind else number - more
    if merged == 0:
        run.replace(op.outputs[0], inner.inputs[0])
        return
    put_input(op, 0, inner.inputs[0])
    put_input(op, 1, run.edits.constant(merged, INT, op))
    run.changed = True


_BY_KIND: dict[str, Callable[[Peephole, Op], None]] = {
    "prim::If": _branch,
    "aten::__is__": _compare_none,
    "aten::__isnot__": _compare_none,
    "prim::unchecked_unwrap_optional": _unwrap,
    "aten::_unwrap_optional": _unwrap,
    "prim::unchecked_cast": _cast,
    "aten::Int": _to_integer,
    "aten::ceil": _to_integer,
    "aten::eq": _compare,
    "aten::ne": _compare,
    "aten::mul": _scale,
    "aten::floordiv": _scale,
    "aten::div": _scale,
    "aten::add": _shift,
    "aten::sub": _shift,
}

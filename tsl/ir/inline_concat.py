"""Concatenations of concatenations become one, as torch/csrc/jit/passes/concat_opt.cpp (CombineConcats) does it.

Definitions:
1. A concatenation is *combinable* with the one that takes its result where both are along one known dimension, both of
   lists made by an op and not written to, and neither its result nor the other's list is used elsewhere.
2. Pairs are met in the order of the first. The second takes the parts of the first in the place of its result; a first
   that already took parts hands them on.
3. Of several that are combinable with one, the first alone is combined: torch loses the others, and so do we.

It will never reorder a concatenation.
"""

from __future__ import annotations

from tsl.ir.inline_alias import Aliases
from tsl.ir.inline_dead import eliminate
from tsl.ir.inline_form import Op, Region, Var, constant_of, find, list_op, put_input

Pair = tuple[Op, Op, int]


def combine(region: Region) -> bool:
    """Combines concatenations and takes out what that leaves dead; tells whether there were any."""
    found = [op for op in region.walk() if op.kind == "aten::cat"]
    if len(found) < 2:
        return False
    pairs = _pairs(region, found)
    if not pairs:
        return False
    _insert(region, _parts(pairs))
    eliminate(region, aliases=True)
    return True


def _pairs(region: Region, found: list[Op]) -> list[Pair]:
    """What is combinable with what, and the place of its result in the other's list (1)."""
    aliases: Aliases | None = None
    takers = _takers(region, found)
    pairs: list[Pair] = []
    for op in found:
        made, dimension = _list_of(op), constant_of(op.inputs[1], None) if len(op.inputs) == 2 else None
        next_list = takers.get(op.outputs[0])
        second = takers.get(next_list.outputs[0]) if next_list is not None else None
        if made is None or not isinstance(dimension, int) or next_list is None or second is None:
            continue
        if next_list.kind != "prim::ListConstruct" or second.kind != "aten::cat":
            continue
        if len(second.inputs) != 2 or constant_of(second.inputs[1], None) != dimension:
            continue
        aliases = aliases or Aliases(region)
        if not aliases.is_written(op.inputs[0]):
            pairs.append((op, second, [find(var) for var in next_list.inputs].index(op.outputs[0])))
    return pairs


def _takers(region: Region, found: list[Op]) -> dict[Var, Op]:
    """The one op that takes each value that only one place takes: results of concatenations, and lists."""
    lists = [made for made in map(_list_of, found) if made is not None]
    wanted = {op.outputs[0] for op in (*found, *lists) if op.outputs[0].uses == 1}
    takers: dict[Var, Op] = {}
    for op in region.walk():
        for var in op.inputs:
            if find(var) in wanted:
                takers[find(var)] = op
    return takers


def _list_of(op: Op) -> Op | None:
    made = find(op.inputs[0]).op
    return made if made is not None and made.kind == "prim::ListConstruct" else None


def _items(op: Op) -> list[Var]:
    made = _list_of(op)
    return [] if made is None else [find(var) for var in made.inputs]


def _parts(pairs: list[Pair]) -> dict[Op, list[Var]]:
    """The parts of each concatenation that is to change (2, 3)."""
    parts: dict[Op, list[Var]] = {}
    for first, second, place in pairs:
        own = parts.pop(first, None) or _items(first)
        if second not in parts:
            others = _items(second)
            parts[second] = [*others[:place], *own, *others[place + 1 :]]
    return parts


def _insert(region: Region, parts: dict[Op, list[Var]]) -> None:
    ops: list[Op] = []
    for op in region.ops:
        for inner in op.regions:
            _insert(inner, parts)
        if op in parts:
            ops.append(list_op(parts[op], find(op.inputs[0]).type))
            put_input(op, 0, ops[-1].outputs[0])
        ops.append(op)
    region.ops = ops

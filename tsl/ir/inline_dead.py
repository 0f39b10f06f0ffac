"""Dead code elimination, as torch/csrc/jit/passes/dead_code_elimination.cpp does it.

Definitions:
1. An op has a *side effect* where its kind says so, where it writes to memory that matters, or where one in it has.
2. An op is *dead* where nothing uses what it makes and it has no side effect.
3. Without aliases every write matters. With them, a write to memory that is not outside and that nothing else reads
   does not.

One walk from the end suffices: who uses a value stands after it. It will never change what is computed.
"""

from __future__ import annotations

from tsl.ir.inline_alias import Aliases, writes
from tsl.ir.inline_form import Op, Region, Var, find, release

# torch/csrc/jit/ir/ir.cpp, Node::hasSideEffects; the second half are operators that torch registered as having effects
# it does not describe, found by asking its own pass for every schema (torch 2.13; tests/test_ir_dead.py asks again).
SIDE_EFFECTS = frozenset(
    """
    prim::IgnoredPythonOp prim::Print prim::RaiseException prim::SetAttr prim::AddStatValue prim::TimePoint
    prim::CallFunction prim::CallMethod prim::BailoutTemplate prim::BailOut prim::rpc_async prim::rpc_sync
    prim::rpc_remote prim::Enter prim::Exit prim::PythonOp prim::fork prim::awaitable
    aten::warn aten::save aten::manual_seed aten::wait

    aten::backward aten::dist_backward aten::get_autocast_dtype aten::is_autocast_cpu_enabled
    aten::is_autocast_enabled aten::is_grad_enabled aten::set_grad_enabled aten::_get_cpu_capability
    mkldnn::_is_mkldnn_acl_supported mkldnn::_is_mkldnn_bf16_supported mkldnn::_is_mkldnn_fp16_supported
    profiler::_record_function_enter profiler::_record_function_enter_new profiler::_record_function_exit

    cuda::_current_device cuda::_exchange_device cuda::_maybe_exchange_device cuda::_set_device cuda::set_stream
    cuda::synchronize
    """.split()
)


def eliminate(region: Region, aliases: bool = False) -> None:
    """Takes out what is dead (2), once; with `aliases`, also writes that nobody sees (3)."""
    unseen = _unseen(region) if aliases else frozenset[Op]()
    _sweep(region, unseen)


def _sweep(region: Region, unseen: frozenset[Op]) -> bool:
    """Takes out what is dead in a region; tells whether what is left has a side effect."""
    kept: list[Op] = []
    has_effect = False
    for op in reversed(region.ops):
        effect = op.kind in SIDE_EFFECTS
        if op.regions:
            effect = _sweep_regions(op, unseen) or effect
        elif op.schema is not None and "!" in op.schema and op not in unseen:
            effect = effect or bool(writes(op))
        if not effect and not any(var.uses for var in op.outputs):
            release(op)
            continue
        has_effect = has_effect or effect
        kept.append(op)
    if len(kept) < len(region.ops):
        kept.reverse()
        region.ops = kept
    return has_effect


def _sweep_regions(op: Op, unseen: frozenset[Op]) -> bool:
    if op.kind == "prim::If":
        for place in range(len(op.outputs) - 1, -1, -1):
            if not op.outputs[place].uses:
                drop_branch_output(op, place)
    elif op.kind == "prim::Loop":
        for place in range(len(op.outputs) - 1, -1, -1):
            if not op.outputs[place].uses and not op.regions[0].inputs[place + 1].uses:
                drop_carried(op, place)
    effects = [_sweep(region, unseen) for region in op.regions]
    return any(effects)


def drop_branch_output(op: Op, place: int) -> None:
    """Takes an output from an If and its blocks."""
    del op.outputs[place]
    for region in op.regions:
        find(region.outputs.pop(place)).uses -= 1


def drop_carried(op: Op, place: int) -> None:
    """Takes a carried value from a Loop and its body."""
    del op.outputs[place]
    find(op.inputs.pop(place + 2)).uses -= 1
    op.types = op.types[: place + 2] + op.types[place + 3 :]
    del op.regions[0].inputs[place + 1]
    find(op.regions[0].outputs.pop(place + 1)).uses -= 1


def _unseen(region: Region) -> frozenset[Op]:
    """The ops that only write to memory that nothing else reads (3)."""
    if not any(op.schema is not None and "!" in op.schema and _is_idle(op) for op in region.walk()):
        return frozenset()
    aliases = Aliases(region)
    idle = [op for op in aliases.writers if _is_idle(op) and not _writes_outside(op, aliases)]
    written = {id(op): [aliases.leader(op.inputs[place]) for place in writes(op)] for op in idle}
    readers: dict[Var, set[int]] = {}
    _count_readers(region, aliases, {id(op) for op in idle}, readers, written)
    seen: set[int] = set()
    while True:  # a writer that stays reads what it takes
        more = {
            number
            for number, leaders in written.items()
            if number not in seen
            and any(readers.get(leader, set()) - set(written) | readers.get(leader, set()) & seen for leader in leaders)
        }
        if not more:
            break
        seen |= more
    return frozenset(op for op in idle if id(op) not in seen)


def _is_idle(op: Op) -> bool:
    return not any(var.uses for var in op.outputs) and op.kind not in SIDE_EFFECTS and bool(writes(op))


def _writes_outside(op: Op, aliases: Aliases) -> bool:
    return any(aliases.is_outside(op.inputs[place]) for place in writes(op))


def _count_readers(
    region: Region, aliases: Aliases, idle: set[int], readers: dict[Var, set[int]], written: dict[int, list[Var]]
) -> None:
    """Who takes a value of each shared memory; an idle writer does not count for what it writes to."""
    for op in region.ops:
        own = written[id(op)] if id(op) in idle else []
        for var in op.inputs:
            leader = aliases.leader(var)
            if leader not in own:
                readers.setdefault(leader, set()).add(id(op))
        for inner in op.regions:
            _count_readers(inner, aliases, idle, readers, written)
    for var in region.outputs:
        readers.setdefault(aliases.leader(var), set()).add(id(region))

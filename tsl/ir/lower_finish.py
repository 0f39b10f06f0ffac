"""From a function as it was emitted to the graph that torch keeps of it.

The steps, in torch's order (torch/csrc/jit/frontend/ir_emitter.cpp, runCleanupPasses):
1. Upgraders: what an old version of an operator meant (`upgraders`).
2. Names of operators that are aliases of others become the others'.
3. Functions that are forked take what they use of their surroundings as inputs.
4. What takes a tuple apart that was just made takes its elements; what is then dead goes.
5. What is constant is folded; what is then dead goes. Equal constants become one, at the top.
6. Outputs of branches and loops stand in the order of their first use.
7. Warnings are numbered.

The schemas of nodes are chosen at last, by the types that inputs then have. Needs the passes of `inline_*`.
"""

from __future__ import annotations

from tsl.ir.graph import Graph
from tsl.ir.inline_dead import eliminate
from tsl.ir.inline_fold import fold
from tsl.ir.inline_form import Freezer, Op, Region, Var, constant_of, find, replace, settle
from tsl.ir.inline_pool import pool
from tsl.ir.match import Matcher
from tsl.ir.types import BOOL, TENSOR
from tsl.ir.upgraders import upgrade

# torch/csrc/jit/passes/normalize_ops.cpp: an alias becomes the other where the first input is a tensor.
ALIASES = dict(
    pair.split(":")
    for pair in """
    absolute:abs absolute_:abs_ clip:clamp clip_:clamp_ det:linalg_det matrix_exp:linalg_matrix_exp
    matrix_power:linalg_matrix_power ger:outer arccos:acos arccos_:acos_ arcsin:asin arcsin_:asin_ arctan:atan
    arctan_:atan_ arctan2:atan2 arctan2_:atan2_ arccosh:acosh arccosh_:acosh_ arcsinh:asinh arcsinh_:asinh_
    arctanh:atanh arctanh_:atanh_ fix:trunc fix_:trunc_ negative:neg negative_:neg_ subtract:sub subtract_:sub_
    greater_equal:ge greater_equal_:ge_ greater:gt greater_:gt_ less_equal:le less_equal_:le_ less:lt less_:lt_
    not_equal:ne not_equal_:ne_ divide:div divide_:div_ multiply:mul multiply_:mul_ linalg_matmul:matmul
    inverse:linalg_inv true_divide:div true_divide_:div_ swapdims:transpose swapdims_:transpose_
    swapaxes:transpose swapaxes_:transpose_ moveaxis:movedim special_erf:erf special_erfc:erfc
    special_erfinv:erfinv special_expm1:expm1 special_exp2:exp2 special_expit:sigmoid special_logit:logit
    special_logsumexp:logsumexp special_round:round special_log1p:log1p special_sinc:sinc special_digamma:digamma
    special_psi:digamma special_i0:i0 special_xlogy:xlogy special_log_softmax:log_softmax
    orgqr:linalg_householder_product adjoint:mH special_multigammaln:mvlgamma special_softmax:softmax
    special_gammainc:igamma special_gammaincc:igammac special_gammaln:lgamma
    """.split()
)


# What compares a bool with a bool by identity compares by value.
_IDENTITY = {"aten::__is__": "aten::eq", "aten::__isnot__": "aten::ne"}
_NORMALIZED = {f"aten::{name}": f"aten::{other}" for name, other in ALIASES.items()} | _IDENTITY | {"aten::rsub": "sub"}
_NEVER = 1 << 62


def finish(region: Region, name: str, matcher: Matcher, version: int) -> Graph:
    """The graph of an emitted function, for an archive of an operator version. The region is spent."""
    upgrade(region, version)
    _rename(region)
    choose(region, matcher)
    graphs = _lift(region, matcher, version)
    _simplify(region)
    settle(region)
    _order_outputs(region)
    settle(region)
    _number_warnings(region)
    choose(region, matcher)
    for op, graph in graphs:
        op.attributes = tuple((key, graph if key == "Subgraph" else value) for key, value in op.attributes)
    return Freezer().graph(region, name)


def _simplify(region: Region) -> None:
    lower_tuples(region)
    eliminate(region, aliases=True)
    fold(region)
    pool(region)


def choose(region: Region, matcher: Matcher) -> None:
    """Gives each op the schema that it calls by the types of its inputs."""
    node = matcher.node
    for op in region.walk():
        types = tuple([find(var).type for var in op.inputs])
        if op.types != types or op.schema is None:
            op.types = types
            op.schema = node(op.kind, types)


def _rename(region: Region) -> None:
    for op in region.walk():
        if op.kind not in _NORMALIZED or not op.inputs:
            continue
        types = [find(var).type for var in op.inputs[:2]]
        if op.kind == "aten::rsub":
            if types == [TENSOR, TENSOR]:
                op.kind, op.inputs[:2] = "aten::sub", [op.inputs[1], op.inputs[0]]
        elif types == [BOOL, BOOL] if op.kind in _IDENTITY else types[0] is TENSOR:
            op.kind = _NORMALIZED[op.kind]


def lower_tuples(region: Region) -> None:
    """Takes the detour over tuples out (4): torch/csrc/jit/passes/lower_tuples.cpp."""
    for op in region.walk():
        if op.kind not in {"prim::TupleUnpack", "prim::TupleIndex"}:
            continue
        maker = find(op.inputs[0]).op
        if maker is None or maker.kind != "prim::TupleConstruct":
            continue
        if op.kind == "prim::TupleUnpack":
            for output, element in zip(op.outputs, maker.inputs, strict=False):
                replace(output, element)
            continue
        place = constant_of(op.inputs[1], None)
        if isinstance(place, int) and -len(maker.inputs) <= place < len(maker.inputs):
            replace(op.outputs[0], maker.inputs[place])


def _lift(region: Region, matcher: Matcher, version: int) -> list[tuple[Op, Graph]]:
    """Gives forked functions inputs of their own (3), and finishes them."""
    found: list[tuple[Op, Graph]] = []
    for op in list(region.walk()):
        inner = op.attribute("Subgraph") if op.attributes else None
        if not isinstance(inner, Region):
            continue
        own: set[Var] = set()
        _collect_own(inner, own)
        captured: dict[Var, Var] = {}
        _capture(inner, own, captured)
        inner.inputs.extend(captured.values())
        upgrade(inner, version)
        _rename(inner)
        choose(inner, matcher)
        found.extend(_lift(inner, matcher, version))
        _simplify(inner)
        settle(inner)
        choose(inner, matcher)
        used = [(outer, var) for outer, var in captured.items() if var.uses]
        inner.inputs = [var for _, var in used]
        op.inputs = [outer for outer, _ in used]
        for var in op.inputs:
            var.uses += 1
        found.append((op, Freezer().graph(inner, "")))
    return found


def _collect_own(region: Region, own: set[Var]) -> None:
    own.update(region.inputs)
    for op in region.ops:
        own.update(op.outputs)
        for inner in op.regions:
            _collect_own(inner, own)


def _capture(region: Region, own: set[Var], captured: dict[Var, Var]) -> None:
    def inside(var: Var) -> Var:
        outer = find(var)
        if outer in own:
            return outer
        if outer not in captured:
            captured[outer] = Var(outer.type, outer.name)
        outer.uses -= 1
        captured[outer].uses += 1
        return captured[outer]

    for op in region.ops:
        op.inputs = [inside(var) for var in op.inputs]
        for inner in op.regions:
            _capture(inner, own, captured)
    region.outputs = [inside(var) for var in region.outputs]


def _order_outputs(region: Region) -> None:
    """Sorts the outputs of branches and loops by first use (6): torch/csrc/jit/passes/canonicalize.cpp."""
    if not any(len(op.outputs) > 1 and op.regions for op in region.walk()):
        return
    _sort(region)


def _first_uses(region: Region, first: dict[Var, int], count: int) -> int:
    for op in region.ops:
        for var in op.inputs:
            first.setdefault(var, count)
            count += 1
        for inner in op.regions:
            count = _first_uses(inner, first, count)
    for var in region.outputs:
        first.setdefault(var, count)
        count += 1
    return count


def _sort(region: Region) -> None:
    """The last first, and outer ones before those within: each puts outputs of blocks, which are uses too, in order."""
    first: dict[Var, int] = {}
    for op in reversed(region.ops):
        if op.regions and len(op.outputs) > 1:
            if not first:
                _first_uses(region, first, 0)
            uses = [first.get(var, _NEVER) for var in op.outputs]
            order = sorted(range(len(uses)), key=uses.__getitem__)
            if order != list(range(len(uses))):
                _permute(op, order)
                first.clear()
        for inner in op.regions:
            _sort(inner)


def _permute(op: Op, order: list[int]) -> None:
    op.outputs = [op.outputs[place] for place in order]
    if op.kind == "prim::If":
        for region in op.regions:
            region.outputs = [region.outputs[place] for place in order]
        return
    (body,) = op.regions
    op.inputs[2:] = [op.inputs[place + 2] for place in order]
    body.inputs[1:] = [body.inputs[place + 1] for place in order]
    body.outputs[1:] = [body.outputs[place + 1] for place in order]


def _number_warnings(region: Region) -> None:
    count = 0
    for op in region.walk():
        if op.kind == "aten::warn":
            op.attributes = (("warn_id", count),)
            count += 1

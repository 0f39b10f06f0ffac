"""A plan with its reasons: what the graph shows, what the fuser said, and what the run before it saw, put together.

Needs torch, for the graphs it walks; for the child process. It will never run a model.

1. The *profiled* graph is that of the first call: the same operators, before any was fused, each with its line and the
   types it saw.
2. Under a graph for derivatives the lines are lost: those operators are told from the profiled graph, where their
   results were seen to require a gradient, or where (5) finds them.
3. The *origin* of a dtype that is not taken is the operator that made a tensor of it out of others, that of a number
   the operator that read it.
4. A branch or loop *splits* what could be fused where operators that are fusible stand in it and beside it, and it is
   no guard of the fuser's own.
5. A graph for derivatives also takes in what leads to it and needs no gradient, so that the first operators of a model
   are in it; of each kind as many as it holds are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from tsl.fusion.log import Made, Section, main_section
from tsl.fusion.plan import GRADIENT, GROUP, Drawn, draw, is_operator, walk
from tsl.fusion.reasons import UNTAKEN, UNTAKEN_ON_CPU, Seen, reason_of
from tsl.fusion.sites import Sites, own_place
from tsl.ir.fused import Group, Node, Plan, Unfused
from tsl.ir.fusible import DROPOUTS, READS, base_of, looks_fusible

_GUARDS = frozenset(
    ["prim::TypeCheck", "prim::RequiresGradCheck", "prim::TensorExprDynamicGuard", "prim::DifferentiableGraphBackward"]
)
_TORCH_NAMES = {word: name for name, word in (UNTAKEN | UNTAKEN_ON_CPU).items()}
_MOST_STEPS = 1000
Key = tuple[str, str, int]
PROFILE = "prim::profile"


def explained(graph: Any, sections: Sequence[Section], sites: Sites, profiled: Any, *, gradients: bool = False) -> Plan:
    """The plan of a graph with the reason for every operator that is in no group.

    With `gradients` the graph would be put under derivatives, and has not been.
    """
    sites.restart()
    drawn = draw(graph, sites.node)
    section = main_section(tuple(sections), (seen.name for seen, _ in drawn.rest))
    sites.restart()
    before = _by_place(profiled, sites)
    branched = _in_branches(graph)
    gradients = gradients or bool(drawn.gradients)
    rest = [
        _unfused(seen._replace(under_gradient=gradients), node, inner, section, before, branched, sites)
        for seen, node, inner in _rest(drawn)
    ]
    if drawn.gradients:
        told = {one.node for one in rest}.union(*drawn.groups)
        rest += _under_gradients(profiled, graph, told, sites)
    groups = tuple(Group(nodes, symbolic) for nodes, symbolic in zip(drawn.groups, drawn.symbolic, strict=True))
    nested = sum(one.groups for one in sections) if drawn.gradients else 0
    return Plan(groups, tuple(rest), nested=nested, splits=tuple(_splits(graph, sites)))


def _rest(drawn: Drawn) -> Iterator[tuple[Seen, Node, Any]]:
    return ((seen, node, inner) for (seen, node), inner in zip(drawn.rest, drawn.nodes, strict=True))


def _unfused(
    seen: Seen,
    node: Node,
    inner: Any,
    section: Section | None,
    before: Mapping[Key, Node],
    branched: frozenset[str],
    sites: Sites,
) -> Unfused:
    if section is not None and seen.name in section.makers:  # what is fused now has other names
        seen = seen._replace(inputs=section.inputs(seen.name))
    reason, detail = reason_of(seen, section)
    if reason == "alone" and seen.name in branched:
        reason = "branch"
    origin = None
    if reason == "dtype" and section is not None:
        made = _origin_of_dtype(seen.name, detail, section)
        origin = before.get((made.kind, made.path, made.line)) if made else None
    elif reason == "number":
        makers = (inner.inputsAt(place).node() for place in range(inner.inputsSize()))
        origin = next((sites.node(one) for one in makers if one.kind() in READS), None)
    expected = looks_fusible(seen.kind) and reason not in {"no tensor", "not run"} and not _is_state_or_search(seen)
    return Unfused(node, reason, detail, origin if origin != node else None, expected)


def _is_state_or_search(seen: Seen) -> bool:
    """Whether an operator updates what a module holds, does nothing in this mode, or looks for the largest element."""
    if seen.kind.endswith("_") and seen.makers[:1] == ("prim::GetAttr",):
        return True
    if base_of(seen.kind) in DROPOUTS and seen.training is False:
        return True
    return base_of(seen.kind) in {"max", "min"} and len(seen.makers) != 2


def _under_gradients(profiled: Any, graph: Any, told: Set[Node], sites: Sites) -> Iterator[Unfused]:
    """(2), (5)"""
    placed = [(node, sites.node(node)) for node in walk(profiled) if is_operator(node)]
    apart = [(node, place, _recorded(node)) for node, place in placed if place not in told]
    others = _held(graph) - Counter(node.kind() for node, _, recorded in apart if recorded)
    for node, place, recorded in apart:
        if not recorded:
            others[node.kind()] -= 1
        if recorded or others[node.kind()] >= 0:
            yield Unfused(place, "requires grad", expected=looks_fusible(node.kind()))


def _held(graph: Any) -> Counter[str]:
    """How many operators of each kind stand in graphs for derivatives."""
    inner = (one for node in walk(graph) if node.kind() == GRADIENT for one in walk(node.g("Subgraph")))
    return Counter(one.kind() for one in inner if is_operator(one))


def _recorded(node: Any) -> bool:
    """Whether the run before saw an operator's result require a gradient."""
    uses = (use.user for use in node.outputsAt(0).uses())
    return any(requires_gradient(one) for one in uses if one.kind() == PROFILE)


def requires_gradient(note: Any) -> bool:
    """Whether the tensor that a node of profiling saw required a gradient; of one that it never saw torch says yes."""
    noted = note.ty("profiled_type")
    return noted.dim() is not None and bool(noted.requires_grad())


def _by_place(profiled: Any, sites: Sites) -> dict[Key, Node]:
    """The operators of the profiled graph (1) by kind and own line, the first of each."""
    found: dict[Key, Node] = {}
    for node in walk(profiled):
        if is_operator(node):
            found.setdefault(own_place(node), sites.node(node))
    return found


def _origin_of_dtype(name: str, detail: str, section: Section) -> Made | None:
    """(3)"""
    wanted, reached = _TORCH_NAMES.get(detail), name
    for _ in range(_MOST_STEPS):
        made = [one for one in section.inputs(reached) if _is_of(one, wanted, section)]
        if not made:
            break
        reached = made[0]
    return section.makers.get(reached) if reached != name else None


def _is_of(name: str, wanted: str | None, section: Section) -> bool:
    maker = section.makers.get(name)
    is_made = maker is not None and maker.kind.startswith("aten::")
    return is_made and wanted is not None and section.types.get(name, "").startswith(f"{wanted}(")


def _output(node: Any) -> str:
    name: str = node.outputsAt(0).debugName()
    return name


def _in_branches(graph: Any) -> frozenset[str]:
    """The outputs of fusible operators whose fusible neighbours are all in other blocks."""
    blocks: dict[str, int] = {}
    nodes = []
    for number, block in enumerate(_blocks(graph)):
        for node in block.nodes():
            if node.outputsSize() and (node.kind() == GROUP or looks_fusible(node.kind())):
                blocks[_output(node)] = number
                nodes.append(node)
    apart = set()
    for node in nodes:
        near = [one.outputsAt(0).debugName() for one in _neighbours(node) if one.outputsSize()]
        known = {blocks[name] for name in near if name in blocks}
        if known and blocks[_output(node)] not in known:
            apart.add(_output(node))
    return frozenset(apart)


def _neighbours(node: Any) -> Iterator[Any]:
    for place in range(node.inputsSize()):
        yield node.inputsAt(place).node()
    for use in node.outputsAt(0).uses():
        yield use.user


def _blocks(block: Any) -> Iterator[Any]:
    yield block
    for node in block.nodes():
        for inner in node.blocks():
            yield from _blocks(inner)


def _splits(graph: Any, sites: Sites) -> Iterator[Node]:
    """(4)"""
    for node in walk(graph):
        if node.kind() not in {"prim::If", "prim::Loop"} or _is_guard(node):
            continue
        inside = any(_is_fusible(one) for block in node.blocks() for one in walk(block))
        if inside and any(_is_fusible(one) for one in _around(node)):
            yield sites.node(node)


def _around(node: Any) -> Iterator[Any]:
    """What uses the results of a branch, and what makes the tensors its blocks take, one step away."""
    for place in range(node.outputsSize()):
        for use in node.outputsAt(place).uses():
            yield use.user
    inner = [one for block in node.blocks() for one in walk(block)]
    made = {one.outputsAt(place).debugName() for one in inner for place in range(one.outputsSize())}
    for one in inner:
        for place in range(one.inputsSize()):
            value = one.inputsAt(place)
            if value.debugName() not in made:
                yield value.node()


def _is_fusible(node: Any) -> bool:
    if node.kind() == GROUP:
        return True
    if node.kind() == "prim::If" and _is_guard(node):
        return True
    return bool(looks_fusible(node.kind()) and is_operator(node))


def _is_guard(node: Any) -> bool:
    if node.kind() == "prim::Loop":
        return False
    return node.inputsAt(0).node().kind() in _GUARDS

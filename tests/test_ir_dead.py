"""What dead code elimination keeps, held against torch's own pass, for every operator that torch has; needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed, so its pass cannot be asked")

from tests.releases import since
from tsl.ir.graph import Graph, Node, Value
from tsl.ir.inline_dead import SIDE_EFFECTS, eliminate
from tsl.ir.inline_form import thaw
from tsl.ir.types import TENSOR

# Of a runtime that never meets a saved graph, and of torch's own tests.
ELSEWHERE = ("_test::", "static_runtime::", "prim::StaticRuntimeCopyOuts")


def kept_by_torch(schema: Any) -> bool:
    """Whether torch keeps a call of an operator that nothing uses."""
    import torch

    graph = torch._C.Graph()
    inputs = []
    for argument in schema.arguments:
        inputs.append(graph.addInput())
        inputs[-1].setType(argument.type)
    node = graph.create(schema.name, inputs, len(schema.returns))
    graph.appendNode(node)
    torch._C._jit_pass_dce(graph)
    return any(True for _ in graph.nodes())


def pure_schemas() -> Iterator[Any]:
    """The schemas that say of no argument that it is written to, but `aten::view`, which torch cannot find by types."""
    import torch

    for schema in torch._C._jit_get_all_schemas():
        if not schema.is_mutable and schema.name != "aten::view" and not schema.name.startswith(ELSEWHERE):
            yield schema


@since((2, 13), "the table is of this release")
def test_the_table_of_side_effects_is_torchs() -> None:
    found: dict[str, bool] = {}
    for schema in pure_schemas():
        found[schema.name] = kept_by_torch(schema) or found.get(schema.name, False)
    assert len(found) > 1000
    assert sorted(name for name, kept in found.items() if kept and name not in SIDE_EFFECTS) == []
    assert sorted(name for name, kept in found.items() if not kept and name in SIDE_EFFECTS) == []


@pytest.mark.parametrize(
    "kind", ["aten::backward", "cuda::synchronize", "profiler::_record_function_enter_new", "aten::relu"]
)
def test_what_has_a_side_effect_stays_though_nothing_uses_it(kind: str) -> None:
    given, made = Value(0, TENSOR, "x"), Value(1, TENSOR, "y")
    graph = Graph("f", (given,), (Node(kind, (given,), (made,)),), (given,))
    region = thaw(graph)
    eliminate(region)
    assert [op.kind for op in region.ops] == ([] if kind == "aten::relu" else [kind])

"""Where tensors are once a model is deployed: the rules of operators, control flow, containers, and the three modes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.saved import module, tensor
from tsl.archive.archive import open_archive
from tsl.archive.values import Object
from tsl.ir import deploy
from tsl.ir.abstract import Tensor, Value
from tsl.ir.deploy import Deploy
from tsl.ir.deployed import Deployed
from tsl.ir.graph import Graph
from tsl.ir.module_tree import Tree
from tsl.ir.solved import PER_ITERATION, Solved, solve
from tsl.ir.text import read_graph

CUDA = Deploy("cuda:0")

HOST = """
  %cpu : Device = prim::Constant[value="cpu"]()
  %none : NoneType = prim::Constant()
  %two : int = prim::Constant[value=2]()
  %sizes : int[] = prim::ListConstruct(%two)
  %no : int[] = prim::ListConstruct()
  %h : Tensor = aten::zeros(%sizes, %none, %none, %cpu, %none)
  %h0 : Tensor = aten::zeros(%no, %none, %none, %cpu, %none)
  %one : int = prim::Constant[value=1]()
  %yes : bool = prim::Constant[value=1]()
"""


def graph(body: str, inputs: str = "%x : Tensor", result: str = "%r", setup: str = HOST) -> Graph:
    return read_graph(f"graph({inputs}):\n{setup.strip(chr(10))}\n{body.strip(chr(10))}\n  return ({result})\n")


def solved(body: str, inputs: str = "%x : Tensor", given: list[Value] | None = None, **rest: Any) -> Solved:
    return solve(graph(body, inputs), CUDA, inputs=given or [Tensor("", "float32", (2,))], **rest)


def kinds(found: Solved) -> list[str]:
    return [conflict.node.kind for conflict in found.conflicts("device")]


def device(found: Solved) -> str:
    return found.device_of(found.graph.outputs[0])


def test_a_tensor_made_on_the_cpu_conflicts_with_an_input() -> None:
    found = solved("  %r : Tensor = aten::add(%x, %h, %one)")
    (conflict,) = found.conflicts()
    assert conflict.sure
    assert [(each.argument, each.tensor.device) for each in conflict.operands] == [("self", "cuda:0"), ("other", "cpu")]
    assert conflict.parts == (
        "self is on cuda:0 (the input x)",
        "other is on cpu (made by aten::zeros on a device that is written into the graph)",
    )


def test_a_cpu_tensor_without_dimensions_may_stand_beside_any() -> None:
    found = solved("  %r : Tensor = aten::add(%x, %h0, %one)")
    assert kinds(found) == []
    assert device(found) == "cuda:0"


def test_a_cuda_tensor_without_dimensions_may_not() -> None:
    found = solved("  %r : Tensor = aten::add(%x, %h, %one)", given=[Tensor("", "float32", ())])
    assert kinds(found) == ["aten::add"]


def test_a_cpu_tensor_of_unknown_rank_conflicts_with_nothing() -> None:
    body = "  %c : Tensor = aten::to(%y, %cpu, %none, %yes, %yes, %none)\n  %r : Tensor = aten::mul(%x, %c)"
    assert kinds(solved(body, "%x : Tensor, %y : Tensor")) == []


def test_what_follows_a_conflict_is_not_told_again() -> None:
    body = "  %a : Tensor = aten::add(%x, %h, %one)\n  %b : Tensor = aten::add(%a, %h, %one)"
    found = solved(body + "\n  %r : Tensor = aten::add(%b, %x, %one)")
    assert kinds(found) == ["aten::add"]
    assert device(found) == ""


def test_a_convolution_with_weights_on_the_cpu_conflicts() -> None:
    body = """
  %list : int[] = prim::ListConstruct(%one, %one)
  %shape : int[] = prim::ListConstruct(%one, %one, %one, %one)
  %w : Tensor = aten::ones(%shape, %none, %none, %cpu, %none)
  %r : Tensor = aten::conv2d(%x, %w, %none, %list, %list, %list, %one)"""
    assert kinds(solved(body, given=[Tensor("", "float32", (1, 1, 4, 4))])) == ["aten::conv2d"]


def test_cpu_indices_go_into_a_cuda_tensor_and_not_the_other_way() -> None:
    index = "  %l : Tensor?[] = prim::ListConstruct(%{index})\n  %r : Tensor = aten::index(%{self}, %l)"
    forth = solved(index.format(index="h", self="x"))
    assert (kinds(forth), device(forth)) == ([], "cuda:0")
    assert kinds(solved(index.format(index="x", self="h"))) == ["aten::index"]


@pytest.mark.parametrize(("shape", "conflicting"), [("no", []), ("sizes", ["aten::index_put"])])
def test_what_is_put_at_an_index_may_be_a_number_on_any_device(shape: str, conflicting: list[str]) -> None:
    body = f"""
  %far : Device = prim::Constant[value="cuda:1"]()
  %v : Tensor = aten::ones(%{shape}, %none, %none, %far, %none)
  %i : Tensor = aten::arange(%two, %none, %none, %cpu, %none)
  %l : Tensor?[] = prim::ListConstruct(%i)
  %r : Tensor = aten::index_put(%x, %l, %v, %yes)"""
    assert kinds(solved(body)) == conflicting


def test_lengths_of_a_packed_sequence_stay_on_the_cpu() -> None:
    body = "  %r : Tensor, %b : Tensor = aten::_pack_padded_sequence(%x, %{}, %yes)"
    assert kinds(solved(body.format("h"))) == []
    assert kinds(solved(body.format("x"))) == ["aten::_pack_padded_sequence"]


@pytest.mark.parametrize(
    ("call", "where"),
    [
        ("aten::to(%h, %x, %yes, %yes, %none)", "cuda:0"),
        ("aten::type_as(%h, %x)", "cuda:0"),
        ("aten::copy_(%h, %x, %yes)", "cpu"),
        ("aten::expand_as(%h, %x)", "cpu"),
        ("aten::zeros_like(%x, %none, %none, %none, %none, %none)", "cuda:0"),
        ("aten::zeros_like(%x, %none, %none, %cpu, %none, %none)", "cpu"),
        ("aten::arange(%two, %none, %none, %none, %none)", "cpu"),
        ("aten::cpu(%x)", "cpu"),
        ("aten::cuda(%h)", "cuda:0"),
        ("prim::NumToTensor(%two)", "cpu"),
        ("aten::relu(%x)", "cuda:0"),
    ],
)
def test_where_an_operator_makes_its_result(call: str, where: str) -> None:
    found = solved(f"  %r : Tensor = {call}")
    assert (kinds(found), device(found)) == ([], where)


def test_a_device_that_was_asked_for_is_no_literal() -> None:
    body = "  %d : Device = prim::device(%x)\n  %r : Tensor = aten::arange(%two, %none, %none, %d, %none)"
    found = solved(body)
    assert device(found) == "cuda:0"
    assert [node.kind for node in found.literals()] == ["aten::zeros", "aten::zeros"]


def test_arms_that_differ_leave_no_certain_device() -> None:
    body = """
  %m : Tensor = prim::If(%c)
    block0():
      -> (%h)
    block1():
      -> (%x)
  %r : Tensor = aten::add(%x, %m, %one)"""
    assert kinds(solved(body, "%x : Tensor, %c : bool")) == []


def test_arms_that_agree_leave_one() -> None:
    body = """
  %m : Tensor = prim::If(%c)
    block0():
      %a : Tensor = aten::neg(%h)
      -> (%a)
    block1():
      -> (%h)
  %r : Tensor = aten::add(%x, %m, %one)"""
    assert kinds(solved(body, "%x : Tensor, %c : bool")) == ["aten::add"]


def test_an_arm_that_raises_leaves_nothing() -> None:
    body = """
  %m : Tensor = prim::If(%c)
    block0():
      %t : str = prim::Constant[value="no"]()
       = prim::RaiseException(%t, %none)
      %u : Tensor = prim::Uninitialized()
      -> (%u)
    block1():
      -> (%x)
  %r : Tensor = aten::relu(%m)"""
    assert device(solved(body, "%x : Tensor, %c : bool")) == "cuda:0"


def test_an_arm_that_the_device_rules_out_is_dead() -> None:
    body = """
  %c : bool = prim::is_cuda(%x)
  %r : Tensor = prim::If(%c)
    block0():
      -> (%x)
    block1():
      %a : Tensor = aten::add(%x, %h, %one)
      -> (%a)"""
    found = solved(body)
    assert kinds(found) == []
    assert [arm for _, arm in found.dead_branches()] == [1]


def test_a_conflict_in_an_undecided_arm_is_not_sure() -> None:
    body = """
  %r : Tensor = prim::If(%c)
    block0():
      %a : Tensor = aten::add(%x, %h, %one)
      -> (%a)
    block1():
      -> (%x)"""
    (conflict,) = solved(body, "%x : Tensor, %c : bool").conflicts()
    assert not conflict.sure


def test_a_loop_joins_what_its_rounds_leave() -> None:
    body = """
  %r : Tensor = prim::Loop(%n, %yes, %h)
    block0(%i : int, %s : Tensor):
      %a : Tensor = aten::to(%s, %x, %yes, %yes, %none)
      -> (%yes, %a)"""
    assert device(solved(body, "%x : Tensor, %n : int")) == ""


def test_a_conflict_of_the_first_round_alone_is_not_certain() -> None:
    body = """
  %r : Tensor = prim::Loop(%n, %yes, %h)
    block0(%i : int, %s : Tensor):
      %m : Tensor = aten::mul(%x, %s)
      %a : Tensor = aten::to(%h, %x, %yes, %yes, %none)
      -> (%yes, %a)"""
    assert kinds(solved(body, "%x : Tensor, %n : int")) == []


def test_a_list_that_is_appended_to_holds_what_was_put_in() -> None:
    body = """
  %l : Tensor[] = prim::ListConstruct()
  %a : Tensor[] = aten::append(%l, %x)
  %b : Tensor[] = aten::append(%l, %h)
  %zero : int = prim::Constant[value=0]()
  %r : Tensor = aten::{}"""
    assert device(solved(body.format("__getitem__(%l, %one)"))) == "cpu"
    assert kinds(solved(body.format("cat(%l, %zero)"))) == ["aten::cat"]


def test_a_list_that_only_one_arm_appends_to_is_not_known_one_by_one() -> None:
    body = """
  %l : Tensor[] = prim::ListConstruct(%x)
   = prim::If(%c)
    block0():
      %b : Tensor[] = aten::append(%l, %h)
      -> ()
    block1():
      -> ()
  %zero : int = prim::Constant[value=0]()
  %r : Tensor = aten::cat(%l, %zero)"""
    assert kinds(solved(body, "%x : Tensor, %c : bool")) == []


def test_dictionaries_and_tuples_are_followed() -> None:
    body = """
  %k : str = prim::Constant[value="k"]()
  %d : Dict(str, Tensor) = prim::DictConstruct(%k, %x)
  %s : Dict(str, Tensor) = aten::_set_item(%d, %k, %h)
  %v : Tensor = aten::__getitem__(%d, %k)
  %t : (Tensor, Tensor) = prim::TupleConstruct(%x, %v)
  %r : Tensor, %q : Tensor = prim::TupleUnpack(%t)
  %z : Tensor = aten::add(%r, %q, %one)"""
    assert kinds(solved(body)) == ["aten::add"]


def test_what_is_forked_is_waited_for() -> None:
    note = '{"subgraphs": {"Subgraph": "prim::fork_0"}, "kind": "prim::fork", "order": ["Subgraph"]}'
    text = """graph(%x : Tensor):
  %f : Future(Tensor) = prim::fork_0(%x) #| {NOTE}
  %r : Tensor = aten::wait(%f)
  return (%r)
with prim::fork_0 = graph(%y : Tensor):
  %z : Tensor = aten::relu(%y)
  return (%z)
"""
    found = solve(read_graph(text.replace("{NOTE}", note)), CUDA, inputs=[Tensor("", "float32", (2,))])
    assert device(found) == "cuda:0"


def net(**attributes: Any) -> Tree:
    root = module("net.Net", **attributes)
    return Tree(root, lambda owner, name: {"w": "parameter", "b": "buffer"}.get(name, ""))


ATTRIBUTE = """graph(%self : __torch__.net.Net, %x : Tensor):
  %w : Tensor = prim::GetAttr[name="{}"](%self)
  %r : Tensor = aten::mul(%x, %w)
  return (%r)
"""


@pytest.mark.parametrize(
    ("name", "mode", "where"),
    [
        ("w", "to", "cuda:0"),
        ("b", "to", "cuda:0"),
        ("p", "to", "cpu"),
        ("p", "map_location", "cuda:0"),
        ("w", "map_location", "cuda:0"),
        ("w", "frozen", "cpu"),
    ],
)
def test_what_is_registered_moves_and_other_attributes_do_not(name: str, mode: str, where: str) -> None:
    read = read_graph(ATTRIBUTE.format(name))
    found = solve(read, Deploy("cuda:0", mode), net(**{name: tensor(2)}))
    assert found.device_of(read.nodes[0].outputs[0]) == where


def test_a_list_that_holds_a_parameter_moves_with_it() -> None:
    shared = tensor(2)
    text = """graph(%self : __torch__.net.Net):
  %l : Tensor[] = prim::GetAttr[name="flat"](%self)
  %r : Tensor = prim::ListUnpack(%l)
  return (%r)
"""
    assert device(solve(read_graph(text), CUDA, net(w=shared, flat=[shared]))) == "cuda:0"


def test_an_attribute_that_is_set_is_what_it_was_set_to() -> None:
    text = f"""graph(%self : __torch__.net.Net, %x : Tensor):
{HOST.strip(chr(10))}
   = prim::SetAttr[name="w"](%self, %h)
  %r : Tensor = prim::GetAttr[name="w"](%self)
  return (%r)
"""
    assert device(solve(read_graph(text), CUDA, net(w=tensor(2)))) == "cpu"


def test_a_call_of_an_interface_goes_to_the_module_that_is_there() -> None:
    text = """graph(%self : __torch__.net.Net, %x : Tensor):
  %step : __torch__.net.Step = prim::GetAttr[name="step"](%self)
  %r : Tensor = prim::CallMethod[name="forward"](%step, %x)
  return (%r)
"""
    body = """graph(%self : __torch__.net.Host, %x : Tensor):
  %r : Tensor = aten::cpu(%x)
  return (%r)
"""
    tree = net(step=Object("__torch__.net.Host", {}))
    functions = {"__torch__.net.Host.forward": read_graph(body)}
    assert device(solve(read_graph(text), CUDA, tree, functions=functions)) == "cpu"
    unknown = solve(read_graph(text), CUDA, tree)
    assert (device(unknown), unknown.unknown_transfers()["value"]) == ("", {"prim::CallMethod": 1})


def test_an_operator_of_an_unknown_library_is_counted() -> None:
    found = solved("  %r : Tensor = mylib::foo(%x, %h)")
    assert (kinds(found), device(found)) == ([], "")
    assert found.unknown_transfers()["device"] == {"mylib::foo": 1}


def test_numbers_read_from_the_device_wait_and_sizes_do_not() -> None:
    read = solved("  %s : Tensor = aten::sum(%x, %none)\n  %r : Scalar = aten::item(%s)")
    (sync,) = read.syncs()
    assert (sync.certain, sync.device, sync.multiplicity) == (True, "cuda:0", "once")
    sized = "  %n : int = aten::size(%x, %one)\n  %t : Tensor = prim::NumToTensor(%n)\n  %r : int = aten::Int(%t)"
    assert list(solved(sized, given=[Tensor("", "float32", (2, 2))]).syncs()) == []


def test_a_sync_in_a_loop_happens_every_round() -> None:
    body = """
  %r : int = prim::Loop(%n, %yes, %one)
    block0(%i : int, %s : int):
      %a : int = aten::Int(%x)
      -> (%yes, %a)"""
    (sync,) = solved(body, "%x : Tensor, %n : int").syncs()
    assert sync.multiplicity == PER_ITERATION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cuda", Deploy("cuda:0", "to")),
        ("cuda:1", Deploy("cuda:1", "to")),
        ("cuda:map_location", Deploy("cuda:0", "map_location")),
        ("cuda:1:frozen", Deploy("cuda:1", "frozen")),
        ("mps", Deploy("mps:0", "to")),
        ("cpu", Deploy("cpu", "to")),
    ],
)
def test_a_deployment_is_a_device_and_a_mode(text: str, expected: Deploy) -> None:
    assert deploy.parse(text) == expected


@pytest.mark.parametrize("text", ["", "cuda:", "cuda:later", "cuda:0:0", "CUDA"])
def test_another_text_is_no_deployment(text: str) -> None:
    with pytest.raises(ValueError, match="deploy"):
        deploy.parse(text)


@pytest.mark.filterwarnings("ignore")  # torch.jit is deprecated, and says so
def test_the_modes_give_three_different_right_answers(tmp_path: Path) -> None:
    """Measured under FakeTensorMode with fake CUDA values (facts of the IR engine, section 3)."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3)
            self.scale = torch.ones(4, 1, 1)

        def forward(self, x: Any) -> Any:
            y = self.conv(x)
            y = y * self.scale
            return y + torch.arange(y.size(3))

    traced = torch.jit.trace(Net().eval(), torch.randn(1, 3, 8, 8))
    assert told(traced, "cuda:to") == ["aten::mul"]
    assert told(traced, "cuda:map_location") == ["aten::add"]
    assert told(torch.jit.freeze(traced), "cuda:to") == ["aten::_convolution"]
    assert told(traced, "cuda:frozen") == ["aten::_convolution"]
    assert told(torch.jit.freeze(traced), "cuda:map_location") == ["aten::add"]
    assert told(traced, "cpu") == []


@pytest.mark.filterwarnings("ignore")  # torch.jit is deprecated, and says so
def test_a_traced_lstm_keeps_its_first_state_on_the_cpu() -> None:
    torch = pytest.importorskip("torch")
    traced = torch.jit.trace(torch.nn.LSTM(8, 6), torch.randn(5, 2, 8))
    assert told(traced, "cuda") == ["aten::lstm"]
    assert told(torch.jit.script(torch.nn.LSTM(8, 6)), "cuda") == []


def told(live: Any, text: str) -> list[str]:
    """The device conflicts of a module's methods once it is saved and deployed."""
    import torch

    buffer = io.BytesIO()
    torch.jit.save(live, buffer)
    found: list[str] = []
    with open_archive("net.pt", buffer.getvalue()) as archive:
        for _, each in Deployed(archive, deploy.parse(text)).all():
            assert isinstance(each, Solved), each
            found.extend(kinds(each))
    return found


@pytest.mark.filterwarnings("ignore")  # torch.jit is deprecated, and says so
def test_torch_moves_a_list_that_holds_a_parameter_and_no_other_attribute() -> None:
    """What `to` is said to move here (deploy, module_tree), asked of torch with a dtype in the place of a device."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.LSTM(4, 3)
            self.scale = torch.ones(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.inner(x * self.scale)[0]
            return y

    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Net()), buffer)
    loaded = torch.jit.load(io.BytesIO(buffer.getvalue())).to(torch.float64)
    assert {each.dtype for each in loaded.inner._c.getattr("_flat_weights")} == {torch.float64}
    assert loaded.scale.dtype == torch.float32
    with open_archive("net.pt", buffer.getvalue()) as archive:
        found = Deployed(archive, CUDA).solved("forward")
    (conflict,) = found.conflicts()
    assert conflict.parts == (
        "self is on cuda:0 (the input x)",
        "other is on cpu (the attribute scale, which is not registered)",
    )

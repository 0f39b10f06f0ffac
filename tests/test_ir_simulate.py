"""Runs of graphs on tensors without data: what torch's kernels refuse on a device that is not there; needs torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so there are no kernels to ask")

from tests.oracle import foretelling  # noqa: E402
from tsl.archive.archive import open_archive  # noqa: E402
from tsl.ir import device  # noqa: E402
from tsl.ir.deploy import Deploy, parse  # noqa: E402
from tsl.ir.graph import Graph  # noqa: E402
from tsl.ir.operator import operator_of  # noqa: E402
from tsl.ir.simulate_archive import methods, run  # noqa: E402
from tsl.ir.simulate_kernels import Failed, Kernels, Unable  # noqa: E402
from tsl.ir.simulate_run import Raised, Runner, taken  # noqa: E402
from tsl.ir.simulate_state import UNKNOWN, Thing  # noqa: E402
from tsl.ir.text import read_graph  # noqa: E402

CUDA = Deploy("cuda:0")
GRAPHS = 20
SETUP = """
  %none : NoneType = prim::Constant()
  %cpu : Device = prim::Constant[value="cpu"]()
  %no : bool = prim::Constant[value=0]()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %two : int = prim::Constant[value=2]()
  %sizes : int[] = prim::ListConstruct(%two)
  %h : Tensor = aten::zeros(%sizes, %none, %none, %cpu, %none)"""


def graph(body: str, result: str = "%r") -> Graph:
    return read_graph(f"graph(%x : Tensor):{SETUP}\n{body.strip(chr(10))}\n  return ({result})\n")


def ran(body: str, result: str = "%r", shape: tuple[int, ...] = (2,), dtype: str = "float32") -> tuple[Runner, Any]:
    """A run on an input on the device, and what it returned."""
    kernels = Kernels()
    runner = Runner(CUDA, kernels)
    return runner, runner.run(graph(body, result), [kernels.fake(shape, dtype, "cuda:0")])[0]


def refused(runner: Runner, of: Graph) -> dict[str, tuple[str, bool]]:
    """By kind of node the domain of a failure, and whether it is sure."""
    nodes = list(of.walk())
    return {nodes[place].kind: (found[0], found[2]) for (_, place), found in runner.failures.items()}


def told(body: str, **given: Any) -> dict[str, tuple[str, bool]]:
    return refused(ran(body, **given)[0], graph(body, given.get("result", "%r")))


def test_tensors_on_two_devices_are_refused_and_what_follows_is_unknown() -> None:
    body = "  %a : Tensor = aten::add(%x, %h, %one)\n  %r : Tensor = aten::add(%a, %h, %one)"
    assert told(body) == {"aten::add": ("device", True)}
    assert ran(body)[1] is UNKNOWN


def test_a_number_on_the_cpu_goes_with_any_device() -> None:
    runner, made = ran("  %s : Tensor = aten::sum(%h, %none)\n  %r : Tensor = aten::add(%x, %s, %one)")
    assert (runner.failures, str(made.device), runner.waits) == ({}, "cuda:0", {})


def test_what_fakes_let_pass_is_refused_here() -> None:
    kernels = Kernels()
    image, weight = kernels.fake((1, 1, 4, 4), "float32", "cuda:0"), kernels.fake((1, 1, 3, 3), "float32", "cpu")
    with pytest.raises(Failed, match="the weights are on cpu"):
        kernels.call(torch.ops.aten.conv2d.default, [image, weight, None, [1, 1], [0, 0], [1, 1], 1])
    held, index = kernels.fake((4,), "float32", "cpu"), kernels.fake((2,), "int64", "cuda:0")
    with pytest.raises(Failed, match="what they index is on cpu"):
        kernels.call(torch.ops.aten.index.Tensor, [held, [index]])
    assert kernels.call(torch.ops.aten.index.Tensor, [image, [kernels.fake((1,), "int64", "cpu")]]).shape[0] == 1
    table, words = kernels.fake((4, 3), "float32", "cpu"), kernels.fake((2, 2), "int64", "cuda:0")
    with pytest.raises(Failed) as failed:
        kernels.call(torch.ops.aten.embedding.default, [table, words, -1, False, False])
    assert failed.value.domain == "device"


def test_what_a_later_torch_added_to_an_operator_is_left_out_where_it_is_the_default() -> None:
    operator = operator_of("aten::relu(Tensor self, *, bool later=False) -> Tensor")
    assert operator is not None
    assert taken(operator, torch.ops.aten.relu.default, ["x", False]) == ["x"]
    assert taken(operator, torch.ops.aten.relu.default, ["x", True]) == ["x", True]
    assert taken(operator, torch.ops.aten.relu.default, ["x"]) == ["x"]


def test_what_the_installed_torch_has_no_kernel_for_is_run_on_the_cpu_and_put_back() -> None:
    kernels = Kernels()
    image, grid = kernels.fake((1, 1, 4, 4), "float32", "cuda:0"), kernels.fake((1, 3, 3, 2), "float32", "cuda:0")
    made = kernels.call(torch.ops.aten.grid_sampler.default, [image, grid, 0, 0, False])
    assert (str(made.device), tuple(made.shape)) == ("cuda:0", (1, 1, 3, 3))


def test_numbers_are_carried_along_until_their_memory_is_written_to() -> None:
    kernels = Kernels()
    held = kernels.holding(torch.tensor([3, 4]), "cuda:0")
    first = kernels.call(torch.ops.aten.select.int, [held, 0, 0])
    assert kernels.number(first) == 3
    assert kernels.waited
    kernels.call(torch.ops.aten.fill_.Scalar, [kernels.call(torch.ops.aten.select.int, [held, 0, 1]), 9])
    assert kernels.numbers(held) is None
    assert not isinstance(kernels.number(first), int)


def test_a_shape_that_does_not_fit_is_refused_wherever_it_runs() -> None:
    body = """
  %three : int = prim::Constant[value=3]()
  %wrong : int[] = prim::ListConstruct(%three)
  %r : Tensor = aten::view(%x, %wrong)"""
    assert told(body) == {"aten::view": ("other", True)}


def test_reading_a_number_waits_and_what_hangs_on_it_is_not_sure() -> None:
    body = """
  %s : Tensor = aten::sum(%x, %none)
  %n : float = aten::Float(%s)
  %m : Tensor = aten::mul(%x, %n)
  %r : Tensor = aten::add(%m, %h, %one)"""
    assert told(body) == {"aten::add": ("device", False)}
    runner, _ = ran(body)
    assert list(runner.waits.values()) == [True]


def test_a_size_that_data_decides_goes_on_as_a_symbol() -> None:
    runner, made = ran("  %n : Tensor = aten::nonzero(%x)\n  %r : Tensor = aten::relu(%n)")
    assert (runner.unable, len(made.shape), made.shape[1]) == ({}, 2, 1)
    assert list(runner.waits.values()) == [True]


BRANCH = """
  %s : Tensor = aten::sum(%x, %none)
  %c : bool = aten::Bool(%s)
  %r : Tensor = prim::If(%c)
    block0():
      {}
    block1():
      %b : Tensor = aten::relu(%x)
      -> (%b)"""


def test_both_arms_run_where_data_decides_and_what_one_refuses_is_not_sure() -> None:
    body = BRANCH.format("%a : Tensor = aten::add(%x, %h, %one)\n      -> (%a)")
    assert told(body) == {"aten::add": ("device", False)}
    assert ran(body)[1] is UNKNOWN


def test_what_both_arms_leave_alike_is_what_is_left() -> None:
    made = ran(BRANCH.format("%a : Tensor = aten::neg(%x)\n      -> (%a)"))[1]
    assert (str(made.device), tuple(made.shape)) == ("cuda:0", (2,))


def test_an_arm_that_raises_leaves_the_other_one() -> None:
    raising = '%t : str = prim::Constant[value="no"]()\n       = prim::RaiseException(%t, %none)\n      -> (%x)'
    body = BRANCH.format(raising.replace("       = ", "      = ")) + "\n  %z : Tensor = aten::add(%r, %h, %one)"
    assert told(body, result="%z") == {"aten::add": ("device", True)}


def test_a_list_that_arms_leave_differently_is_lost() -> None:
    body = """
  %l : Tensor[] = prim::ListConstruct(%x)
  %s : Tensor = aten::sum(%x, %none)
  %c : bool = aten::Bool(%s)
   = prim::If(%c)
    block0():
      %g : Tensor[] = aten::append(%l, %h)
      -> ()
    block1():
      -> ()
  %r : Tensor = aten::__getitem__(%l, %zero)"""
    assert ran(body)[1] is UNKNOWN


def test_a_loop_runs_its_rounds() -> None:
    body = """
  %yes : bool = prim::Constant[value=1]()
  %r : Tensor = prim::Loop(%two, %yes, %x)
    block0(%i : int, %y : Tensor):
      %w : Tensor = aten::unsqueeze(%y, %zero)
      -> (%yes, %w)"""
    assert tuple(ran(body)[1].shape) == (1, 1, 2)


def test_a_model_that_raises_ends_the_run() -> None:
    with pytest.raises(Raised):
        ran('  %t : str = prim::Constant[value="no"]()\n   = prim::RaiseException(%t, %none)', result="%x")


class Mixed(torch.nn.Module):
    """A convolution, a tensor that is not registered, and one that tracing puts on the CPU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 1)
        self.table = torch.ones(5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        x = x * self.table
        return x + torch.arange(5)


class Grown(torch.nn.Module):
    """Lists, dictionaries, sizes, branches on sizes, a loop and a call, as a script has them."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.steps = 3

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        parts: list[torch.Tensor] = []
        for place in range(self.steps):
            part = self.linear(x[:, place : place + 4])
            parts.append(part if part.size(0) > 1 else part.expand(2, -1))  # tsl: ignore[size-branch] it is scripted
        whole = torch.cat(parts, dim=-1)
        return {"whole": whole, "mean": whole.view(whole.size(0), -1, 4).mean(1), "count": torch.tensor([len(parts)])}


def exported(module: torch.nn.Module, path: Path, *inputs: torch.Tensor, script: bool = False) -> Path:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        module.eval()
        live = torch.jit.script(module) if script else torch.jit.trace(module, inputs, check_trace=False)
        torch.jit.save(live, str(path))
    return path


def simulated(path: Path, deploy: str, *inputs: torch.Tensor) -> tuple[Runner, Graph]:
    """The run of forward, on what was recorded or on inputs like these."""
    from tsl.ir.capture_graph import describe

    archive = open_archive(str(path))
    recorded = [describe(each) for each in inputs] or None
    method, deployed, of = next(each for each in methods(archive, parse(deploy)) if each[0] == "forward")
    assert of is not None
    runner, ending = run(archive, deployed, method, of, (), recorded)
    assert runner is not None
    assert ending == ""
    return runner, of


@pytest.mark.parametrize(
    ("deploy", "expected"),
    [
        ("cuda", {"aten::mul"}),
        ("cuda:map_location", {"aten::add"}),
        ("cuda:frozen", {"aten::_convolution"}),
        ("cpu", set()),
    ],
)
def test_each_way_to_a_device_is_refused_in_its_own_place(tmp_path: Path, deploy: str, expected: set[str]) -> None:
    runner, of = simulated(exported(Mixed(), tmp_path / "m.pt", torch.ones(1, 3, 5, 5)), deploy)
    nodes = list(of.walk())
    assert {nodes[place].kind for _, place in runner.failures} == expected
    assert all(found[0] == "device" and found[2] for found in runner.failures.values())


def layer() -> torch.nn.Module:
    return torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)


def stacked() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())


@pytest.mark.parametrize(
    ("make", "shape", "script"),
    [
        (Grown, (2, 7), True),
        (layer, (2, 5, 8), False),
        (stacked, (1, 3, 8, 8), True),
        (stacked, (1, 3, 8, 8), False),
    ],
)
def test_a_run_makes_what_the_model_makes(
    tmp_path: Path, make: Callable[[], torch.nn.Module], shape: tuple[int, ...], script: bool
) -> None:
    module, given = make(), torch.ones(shape)
    with torch.no_grad():
        expected = module.eval()(given)
    runner, of = simulated(exported(module, tmp_path / "m.pt", given, script=script), "cuda", given)
    assert runner.unable == {}
    assert described(of, runner) == [told_of(expected)]


def described(of: Graph, runner: Runner) -> list[Any]:
    """What a graph returns, as devices are left out."""
    keys = {value.number: (of.name, place) for place, node in enumerate(of.walk()) for value in node.outputs}
    return [told_of(runner.made[keys[value.number]][0]) for value in of.outputs]


def told_of(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), value.dtype
    return {key: told_of(part) for key, part in value.items()}


def test_random_graphs_are_refused_where_it_is_foretold() -> None:
    tally = foretelling.search(GRAPHS)
    assert tally.counts["refused"] > GRAPHS
    assert tally.counts["unable"] == 0
    assert [found.told for found in tally.found] == []


def test_a_static_engine_that_is_wrong_is_contradicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "is_light", lambda *_: False)
    monkeypatch.setattr(device, "is_heavy", lambda where, shape: where not in ("", "!"))
    found = foretelling.search(GRAPHS).found
    assert {one.words.partition(" ")[2][:4] for one in found} >= {"ran,"}
    small = foretelling.minimal(min(found, key=lambda one: len(one.choices)), most=40)
    assert small.words.partition(" ")[0] in small.told


def test_kernels_are_unable_where_there_is_no_such_dtype() -> None:
    with pytest.raises(Unable, match="no tensor of quantum8"):
        Kernels().fake((2,), "quantum8", "cuda:0")


def test_an_object_is_written_to() -> None:
    made = Runner(CUDA, Kernels()).run(
        read_graph(
            "graph(%self : __torch__.Net, %x : Tensor):\n"
            '   = prim::SetAttr[name="held"](%self, %x)\n'
            '  %r : Tensor = prim::GetAttr[name="held"](%self)\n'
            "  return (%r)\n"
        ),
        [Thing("__torch__.Net", {}), 3],
    )
    assert made == (3,)

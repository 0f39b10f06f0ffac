"""The shapes of results, held against torch: operators, whole traced modules, and what surely does not fit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.saved import tensor
from tsl.archive.archive import open_archive
from tsl.archive.values import Object
from tsl.entry import spec
from tsl.ir import entry, shape
from tsl.ir.abstract import Tensor
from tsl.ir.deploy import Deploy
from tsl.ir.deployed import Deployed
from tsl.ir.module_tree import Tree
from tsl.ir.number import Size, named
from tsl.ir.shape import Shape
from tsl.ir.solved import Solved, solve
from tsl.ir.text import read_graph

torch = pytest.importorskip("torch")

CPU = Deploy("cpu")
F = torch.nn.functional

ONE: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "view": (lambda x: x.view(4, -1), (2, 6)),
    "view of sizes": (lambda x: x.view(x.size(0), -1), (2, 3, 4)),
    "reshape": (lambda x: x.reshape(x.size(1) * 2, x.size(0) // 2), (4, 6)),
    "flatten": (lambda x: x.flatten(1), (2, 3, 4)),
    "unflatten": (lambda x: x.unflatten(1, (2, -1)), (2, 6)),
    "squeeze": (lambda x: x.squeeze(), (1, 3, 1)),
    "squeeze a dimension": (lambda x: x.squeeze(-1), (1, 3, 1)),
    "unsqueeze": (lambda x: x.unsqueeze(-1), (2, 3)),
    "transpose": (lambda x: x.transpose(0, -1), (2, 3, 4)),
    "permute": (lambda x: x.permute(2, 0, 1), (2, 3, 4)),
    "t": (lambda x: x.t(), (2, 3)),
    "mT": (lambda x: x.mT, (2, 3, 4)),
    "expand": (lambda x: x.expand(5, -1, 4), (2, 1)),
    "repeat": (lambda x: x.repeat(2, 1, 3), (2, 3)),
    "tile": (lambda x: x.tile(2), (2, 3)),
    "select": (lambda x: x[:, 1], (2, 3)),
    "slice": (lambda x: x[:, 1:-1:2], (2, 9)),
    "slice to the end": (lambda x: x[-2:], (5, 2)),
    "narrow": (lambda x: x.narrow(1, 1, 2), (2, 4)),
    "unbind": (lambda x: x.unbind(1)[0], (2, 3, 4)),
    "chunk": (lambda x: x.chunk(3, 1)[2], (2, 8)),
    "split": (lambda x: x.split(3, 1)[-1], (2, 8)),
    "split into sizes": (lambda x: x.split([2, 6], 1)[1], (2, 8)),
    "cat": (lambda x: torch.cat([x, x, x[:, :1]], 1), (2, 3)),
    "stack": (lambda x: torch.stack([x, x], -1), (2, 3)),
    "index": (lambda x: x[torch.tensor([0, 1, 1])], (2, 3)),
    "index in the middle": (lambda x: x[:, torch.tensor([[0, 1]])], (2, 3, 4)),
    "index apart": (lambda x: x[torch.tensor([0]), :, torch.tensor([1])], (2, 3, 4)),
    "index_select": (lambda x: x.index_select(1, torch.tensor([0, 2, 1, 0])), (2, 3)),
    "gather": (lambda x: x.gather(1, torch.zeros(2, 5, dtype=torch.long)), (2, 3)),
    "meshgrid": (lambda x: torch.meshgrid(x, torch.ones(4), indexing="xy")[0], (3,)),
    "movedim": (lambda x: x.movedim(0, 2), (2, 3, 4)),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), (2, 3)),
    "unfold": (lambda x: x.unfold(1, 3, 2), (2, 8)),
    "sum": (lambda x: x.sum((0, 2)), (2, 3, 4)),
    "mean, kept": (lambda x: x.mean(-1, keepdim=True), (2, 3)),
    "max": (lambda x: x.max(1)[1], (2, 3)),
    "argmax": (lambda x: x.argmax(), (2, 3)),
    "std": (lambda x: x.std(0), (2, 3)),
    "norm": (lambda x: x.norm(), (2, 3)),
    "topk": (lambda x: x.topk(2, 0)[0], (4, 3)),
    "cumsum": (lambda x: x.cumsum(1), (2, 3)),
    "glu": (lambda x: F.glu(x, 1), (2, 6)),
    "matmul": (lambda x: x @ x.transpose(1, 2), (2, 3, 4)),
    "matmul of vectors": (lambda x: x @ x[0], (2, 3)),
    "linear": (lambda x: F.linear(x, torch.ones(5, 3)), (2, 4, 3)),
    "einsum": (lambda x: torch.einsum("bij,bkj->bik", x, x), (2, 3, 4)),
    "addmm": (lambda x: torch.addmm(torch.ones(3), x, x.t() @ torch.ones(2, 3)), (2, 3)),
    "cdist": (lambda x: torch.cdist(x, x), (2, 3, 4)),
    "attention": (lambda x: F.scaled_dot_product_attention(x, x, x), (2, 2, 5, 4)),
    "conv1d": (lambda x: F.conv1d(x, torch.ones(4, 3, 3), stride=2, padding=1), (2, 3, 9)),
    "conv2d": (lambda x: F.conv2d(x, torch.ones(6, 1, 3, 3), dilation=2, groups=3), (2, 3, 9, 8)),
    "conv2d, same": (lambda x: F.conv2d(x, torch.ones(4, 3, 3, 3), padding="same"), (2, 3, 9, 8)),
    "conv_transpose2d": (
        lambda x: F.conv_transpose2d(x, torch.ones(3, 2, 3, 3), stride=2, output_padding=1, padding=1),
        (2, 3, 5, 4),
    ),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), (2, 3, 9, 8)),
    "max_pool2d, ceiling": (lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True), (2, 3, 9, 8)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 3, 2), (2, 3, 9)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (1, 2)), (2, 3, 9, 8)),
    "interpolate": (lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"), (2, 3, 5, 4)),
    "interpolate to a size": (lambda x: F.interpolate(x, size=(7, 3), mode="bilinear"), (2, 3, 5, 4)),
    "pad": (lambda x: F.pad(x, (1, 2, 0, 3)), (2, 3, 4)),
    "reflection": (lambda x: F.pad(x, (1, 2), mode="reflect"), (2, 3, 4)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (2, 8, 3, 4)),
    "pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), (2, 2, 6, 4)),
    "one_hot": (lambda x: F.one_hot(x.long(), 5), (2, 3)),
    "embedding": (lambda x: F.embedding(x.long(), torch.ones(5, 7)), (2, 3)),
    "arange": (lambda x: torch.arange(1, x.size(0) * 5, 3) + x.sum(), (2, 3)),
    "tensor": (lambda x: torch.zeros(x.size(1), 4) + x.sum(), (2, 3)),
    "view_as_complex": (lambda x: torch.view_as_complex(x), (3, 2)),
    "diagonal": (lambda x: x.diagonal(0, 0, 1).sum(-1), (3, 3, 2)),
    "mse_loss": (lambda x: F.mse_loss(x, x), (3, 2)),
    "where": (lambda x: torch.where(x > 0, x, x[:1]), (3, 2)),
}


class Net(torch.nn.Module):
    """A module that is a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def known(function: Callable[..., Any], shape: tuple[int, ...], inputs: Shape) -> Solved:
    """What is known of a function that was traced with zeros of a shape, saved, and is given inputs of another."""
    buffer = io.BytesIO()
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(Net(function), torch.zeros(shape), check_trace=False), buffer)
    with open_archive("net.pt", buffer.getvalue()) as archive:
        return Deployed(archive, CPU).solved("forward", [Tensor("", "float32", inputs)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ONE)
def test_an_operator_makes_the_shape_torch_makes(name: str) -> None:
    function, shape = ONE[name]
    found = known(function, shape, shape)
    assert list(found.conflicts()) == []
    assert found.shape_of(found.graph.outputs[0]) == tuple(function(torch.zeros(shape)).shape)
    assert found.unknown_transfers()["shape"] == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ONE)
def test_a_size_that_is_not_known_is_never_taken_for_another(name: str) -> None:
    """With named sizes, what is found covers what torch makes, and nothing surely fails."""
    function, shape = ONE[name]
    free = tuple(named(f"n{place}") for place in range(len(shape)))
    found = known(function, shape, free)
    assert list(found.conflicts()) == []
    assert covers(found.shape_of(found.graph.outputs[0]), tuple(function(torch.zeros(shape)).shape))


def covers(shape: Shape, real: tuple[int, ...]) -> bool:
    if shape is None:
        return True
    pairs = zip(shape, real, strict=True)
    return all(dim == size if isinstance(dim, int) else dim.low <= size <= dim.high for dim, size in pairs)


@pytest.mark.filterwarnings("ignore")
def test_every_value_of_traced_modules_is_as_torch_recorded_it() -> None:
    """Tracing records dtype, sizes and device of each value; nothing that is known may differ, and most is known."""
    from benchmarks import zoo
    from tsl.ir.capture_graph import Copier

    values = shaped = 0
    for _, make in sorted(zoo.makers().items()):
        model = make()
        if model.inputs is None:
            continue
        model.module.eval()
        with torch.no_grad():
            traced = torch.jit.trace(model.module, model.inputs, strict=False, check_trace=False)
        live = traced.inlined_graph
        graph = Copier().graph(live, "f")
        found = solve(graph, CPU, Tree(saved(traced)), [described(each) for each in model.inputs])
        assert list(found.conflicts()) == []
        by_number = {output.number: output for node in graph.walk() for output in node.outputs}
        for output in (output for node in live.nodes() for output in node.outputs()):
            kind = output.type()
            if kind.kind() != "TensorType" or kind.sizes() is None:
                continue
            value = by_number[output.unique()]
            values += 1
            shaped += found.shape_of(value) is not None
            assert covers(found.shape_of(value), tuple(kind.sizes())), str(output)
            assert found.dtype_of(value) in ("", str(kind.dtype()).removeprefix("torch.")), str(output)
            assert found.device_of(value) == "cpu", str(output)
    assert values > 400
    assert shaped == values


def saved(module: Any) -> Object:
    """A live module as an archive describes it."""
    from tsl.ir.capture_graph import describe

    inner = module._c
    held = {name: describe(each) for name, each in torch._C.ParameterDict(inner).items()}
    held |= {name: describe(each) for name, each in torch._C.BufferDict(inner).items()}
    held |= {name: saved(each) for name, each in module.named_children()}
    return Object(inner._type().qualified_name(), held | {"training": False})


def described(given: Any) -> Tensor:
    return Tensor("", str(given.dtype).removeprefix("torch."), tuple(given.shape))


def read(body: str, *shapes: Shape) -> Solved:
    inputs = ", ".join(f"%{name} : Tensor" for name, _ in zip("xyz", shapes, strict=False))
    text = f"""graph({inputs}):
  %none : NoneType = prim::Constant()
  %zero : int = prim::Constant[value=0]()
  %one : int = prim::Constant[value=1]()
  %five : int = prim::Constant[value=5]()
{body}
  return (%r)
"""
    return solve(read_graph(text), CPU, inputs=[Tensor("", "float32", shape) for shape in shapes])


CONFLICTS = [
    (
        "  %f : int[] = prim::ListConstruct(%one, %five)\n  %r : Tensor = aten::view(%x, %f)",
        (2, 5),
        None,
        "[2, 5] cannot be viewed as [1, 5]",
    ),
    ("  %r : Tensor = aten::add(%x, %y, %one)", (2, 3), (2, 4), "[2, 3] and [2, 4] do not broadcast"),
    ("  %r : Tensor = aten::matmul(%x, %y)", (2, 3), (4, 2), "[2, 3] is multiplied with [4, 2]"),
    ("  %r : Tensor = aten::linear(%x, %y, %none)", (2, 3), (5, 4), "[2, 3] is multiplied with weights of [5, 4]"),
    (
        "  %l : Tensor[] = prim::ListConstruct(%x, %y)\n  %r : Tensor = aten::cat(%l, %zero)",
        (2, 3),
        (2, 4),
        "[2, 3] and [2, 4] are put together along dimension 0",
    ),
    (
        "  %l : int[] = prim::ListConstruct(%five, %five)\n  %r : Tensor = aten::view(%x, %l)",
        (2, 3),
        (),
        "[2, 3] cannot be viewed as [5, 5]",
    ),
    ("  %r : Tensor = aten::transpose(%x, %zero, %five)", (2, 3), (), "dimension 5 of a tensor that has 2"),
]


@pytest.mark.parametrize(("body", "one", "other", "words"), CONFLICTS)
def test_shapes_that_never_fit_conflict(body: str, one: Shape, other: Shape, words: str) -> None:
    (found,) = read(body, one, other).conflicts("shape")
    assert found.parts == (words,)


@pytest.mark.parametrize(("body", "one", "other", "words"), CONFLICTS[:5])
def test_shapes_that_may_fit_do_not(body: str, one: Shape, other: Shape, words: str) -> None:
    free = named("n")
    for wide in (None, (free, free), (Size(1, 4), Size(1, 4))):
        assert list(read(body, wide, other).conflicts()) == []


def test_sizes_are_named_and_computed_with() -> None:
    body = """
  %h : int = aten::size(%x, %zero)
  %w : int = aten::size(%x, %one)
  %n : int = aten::mul(%h, %w)
  %l : int[] = prim::ListConstruct(%n, %one)
  %r : Tensor = aten::view(%x, %l)"""
    found = read(body, (named("H"), named("W")))
    shape = found.shape_of(found.graph.outputs[0])
    assert shape is not None
    assert [str(dim) for dim in shape] == ["H*W", "1"]


def test_what_a_user_says_of_inputs_is_known_of_them() -> None:
    text = """graph(%self : __torch__.Net, %x : Tensor, %n : int, %y.1 : Tensor):
  %r : Tensor = aten::relu(%x)
  return (%y.1)
"""
    told = entry.described(spec.parse("y=int64[2,N] x=float32[1..8,3,H=32..256,N]"), ("x", "n", "y"))
    graph = read_graph(text)
    found = solve(graph, Deploy("cuda:0"), inputs=told)
    x, y = found.tensor_of(graph.inputs[1]), found.tensor_of(graph.inputs[3])
    assert x is not None
    assert y is not None
    assert (x.device, x.dtype, shape.spell(x.shape)) == ("cuda:0", "float32", "[1..8, 3, H, N]")
    assert (y.device, y.dtype, shape.spell(y.shape)) == ("cuda:0", "int64", "[2, N]")


def test_recorded_inputs_may_be_lists_and_dictionaries() -> None:
    text = """graph(%xs : Tensor[], %named : Dict(str, Tensor)):
  %k : str = prim::Constant[value="a"]()
  %a : Tensor = aten::__getitem__(%named, %k)
  %b : Tensor = prim::ListUnpack(%xs)
  return (%a)
"""
    given = entry.recorded([[tensor(2, 3)], {"a": tensor(4, dtype="int64")}])
    found = solve(read_graph(text), Deploy("cuda:0"), inputs=given)
    outputs = [node.outputs[0] for node in found.graph.nodes]
    assert [found.shape_of(value) for value in outputs[1:]] == [(4,), (2, 3)]
    assert [found.device_of(value) for value in outputs[1:]] == ["cuda:0", "cuda:0"]


def test_one_more_than_a_size_never_fits_it() -> None:
    more = named("n")
    assert not isinstance(more, int)
    body = """
  %n : int = aten::size(%x, %zero)
  %m : int = aten::add(%n, %five)
  %l : int[] = prim::ListConstruct(%m)
  %y : Tensor = aten::ones(%l, %none, %none, %none, %none)
  %r : Tensor = aten::add(%x, %y, %one)"""
    (found,) = read(body, (named("n", 2),)).conflicts()
    assert found.parts == ("[n] and [n + 5] do not broadcast",)


def test_a_loop_that_grows_a_tensor_settles() -> None:
    body = """
  %yes : bool = prim::Constant[value=1]()
  %r : Tensor = prim::Loop(%five, %yes, %x)
    block0(%i : int, %s : Tensor):
      %l : Tensor[] = prim::ListConstruct(%s, %x)
      %c : Tensor = aten::cat(%l, %zero)
      -> (%yes, %c)"""
    found = read(body, (2, 3))
    shape = found.shape_of(found.graph.outputs[0])
    assert shape is not None
    assert not isinstance(shape[0], int)
    assert shape[1] == 3


def test_a_tensor_whose_shape_changes_in_place_conflicts_with_nothing() -> None:
    body = "  %u : Tensor = aten::unsqueeze_(%x, %zero)\n  %r : Tensor = aten::matmul(%x, %y)"
    assert list(read(body, (2, 3), (2, 3)).conflicts()) == []


def test_a_rank_that_was_checked_is_known_afterwards() -> None:
    body = """
  %d : int = aten::dim(%x)
  %c : bool = aten::ne(%d, %five)
   = prim::If(%c)
    block0():
      %t : str = prim::Constant[value="no"]()
       = prim::RaiseException(%t, %none)
      -> ()
    block1():
      -> ()
  %r : Tensor = aten::relu(%x)"""
    found = read(body, None)
    assert found.shape_of(found.graph.outputs[0]) is not None

"""The dtypes of results: torch's promotion in full, and operators held against what torch makes."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tsl.ir import dtype
from tsl.ir.abstract import Tensor
from tsl.ir.deploy import Deploy
from tsl.ir.dtype import CATEGORIES, KINDS
from tsl.ir.solved import Solved, solve
from tsl.ir.text import read_graph

torch = pytest.importorskip("torch")

CPU = Deploy("cpu")
COMMON = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64")
UNTOLD = {"uint16", "uint32", "uint64"}  # torch promotes them in some combinations only


def of_torch(name: str) -> Any:
    return getattr(torch, name)


@pytest.mark.parametrize("one", CATEGORIES)
def test_two_dtypes_promote_as_in_torch(one: str) -> None:
    for other in CATEGORIES:
        try:
            expected = str(torch.promote_types(of_torch(one), of_torch(other))).removeprefix("torch.")
        except RuntimeError:
            expected = dtype.ANY
        assert dtype.promote(one, other) == expected, other


@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize("one", sorted(set(CATEGORIES) - UNTOLD))
def test_dimensions_decide_over_none_and_none_over_numbers(one: str) -> None:
    for other, a, b in itertools.product(sorted(set(CATEGORIES) - UNTOLD), (0, 1), (0, 1)):
        expected = torch.result_type(
            torch.zeros((2,) * a, dtype=of_torch(one)), torch.zeros((2,) * b, dtype=of_torch(other))
        )
        ranked = [(one, a), (other, b)]
        found = dtype.result([n for n, rank in ranked if rank], [n for n, rank in ranked if not rank])
        assert f"torch.{found}" == str(expected), (other, a, b)
    for number, rank in itertools.product((True, 1, 1.0, 1j), (0, 1)):
        expected = torch.result_type(torch.zeros((2,) * rank, dtype=of_torch(one)), number)
        kind = KINDS[type(number).__name__]
        found = dtype.result([one] * rank, [one] * (1 - rank), [kind])
        assert f"torch.{found}" == str(expected), (number, rank)


def test_the_codes_of_dtypes_are_those_of_torch() -> None:
    graph = torch._C.parse_ir("graph(%x : Tensor):\n  %r : int = prim::dtype(%x)\n  return (%r)\n")
    code = torch._C._create_function_from_graph("f", graph)
    for name in CATEGORIES:
        assert int(code(torch.zeros(1, dtype=of_torch(name)))) == dtype.CODE_OF[name], name


UNARY = """relu sigmoid tanh exp log sqrt neg abs round floor sin cos reciprocal logical_not isnan sum mean prod
cumsum std softmax argmax any all amax erf sign square rsqrt""".split()
BINARY = "add sub mul div pow floor_divide remainder eq lt maximum minimum atan2 logical_and where fmod".split()
EXTRA = {"cumsum": (0,), "softmax": (0,), "amax": (0,)}


def saved_and_loaded(traced: Any) -> Any:
    """As an archive has it: a number that tracing made a tensor of is a number again."""
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


def check(function: Callable[..., Any], *given: Any) -> bool:
    """Holds the dtype of what a function makes against its traced graph; whether it is known."""
    from tsl.ir.capture_graph import Copier

    try:
        loaded = saved_and_loaded(torch.jit.trace(function, given, check_trace=False))
        expected = loaded(*given)
    except (RuntimeError, TypeError):
        return True  # torch has no such operation for these dtypes
    graph = Copier().graph(loaded.inlined_graph, "f")
    inputs = [Tensor("", str(each.dtype).removeprefix("torch."), tuple(each.shape)) for each in given]
    found = solve(graph, CPU, inputs=inputs)
    told = found.dtype_of(graph.outputs[0])
    assert not told or f"torch.{told}" == str(expected.dtype), [str(each.dtype) for each in given]
    return bool(told)


def sample(name: str, rank: int) -> Any:
    return torch.ones((2,) * rank, dtype=of_torch(name))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNARY)
def test_an_operator_of_one_tensor_makes_the_dtype_torch_makes(name: str) -> None:
    for each in COMMON:
        assert check(lambda x: getattr(torch, name)(x, *EXTRA.get(name, ())), sample(each, 1))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BINARY)
def test_an_operator_of_two_tensors_makes_the_dtype_torch_makes(name: str) -> None:
    for one, other in itertools.product(COMMON, COMMON):
        for ranks in ((1, 1), (1, 0), (0, 1)):
            call = (lambda x, y: torch.where(x > y, x, y)) if name == "where" else getattr(torch, name)
            is_known = check(lambda x, y, call=call: call(x, y), sample(one, ranks[0]), sample(other, ranks[1]))
            assert is_known or ranks != (1, 1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", [2, 2.5, True])
def test_a_number_promotes_by_its_category(number: Any) -> None:
    for each in COMMON:
        for name in ("add", "mul", "div", "pow", "eq", "clamp"):
            is_known = check(lambda x, name=name: getattr(torch, name)(x, number), sample(each, 1))
            assert is_known or each in ("bool", "uint8", "int32", "int64")


@pytest.mark.filterwarnings("ignore")
def test_what_is_made_has_the_dtype_torch_gives_it() -> None:
    x = torch.ones(2, 2, dtype=torch.float16)
    makers: list[Callable[[Any], Any]] = [
        lambda x: torch.zeros(2),
        lambda x: torch.arange(4),
        lambda x: torch.arange(4.0),
        lambda x: torch.full((2,), 1),
        lambda x: torch.full((2,), 1.0),
        lambda x: torch.eye(3, dtype=torch.int32),
        lambda x: torch.zeros_like(x),
        lambda x: x.new_zeros(3),
        lambda x: x.new_zeros(3, dtype=torch.bool),
        lambda x: torch.ones(2).type_as(x),
        lambda x: torch.ones(2).to(x),
        lambda x: x.double(),
        lambda x: x.to(torch.int8),
        lambda x: x.nonzero(),
        lambda x: x.sort()[1],
        lambda x: x.max(0)[0],
        lambda x: torch.fft.fft(x.float()),
        lambda x: torch.hann_window(4),
        lambda x: torch.linspace(0, 1, 3),
        lambda x: x.float().matmul(x.float()),
        lambda x: torch.cat([x, x.double()]),
        lambda x: torch.stack([x, x]),
    ]
    for make in makers:
        assert check(make, x)


def graph(body: str) -> Solved:
    text = f"""graph(%x : Tensor, %y : Tensor):
  %one : int = prim::Constant[value=1]()
{body}
  return (%r)
"""
    given = [Tensor("", "float32", (2, 2)), Tensor("", "float64", (2, 2))]
    return solve(read_graph(text), CPU, inputs=given)


def test_a_float64_tensor_with_dimensions_is_a_promotion() -> None:
    (found,) = graph("  %r : Tensor = aten::add(%x, %y, %one)").promotions()
    assert found.parts == ("other is float64 (the input y)", "self is float32")


def test_a_float64_number_is_no_promotion() -> None:
    text = """graph(%x : Tensor, %y : Tensor):
  %r : Tensor = aten::mul(%x, %y)
  return (%r)
"""
    given = [Tensor("", "float32", (2, 2)), Tensor("", "float64", ())]
    found = solve(read_graph(text), CPU, inputs=given)
    assert list(found.promotions()) == []
    assert found.dtype_of(found.graph.outputs[0]) == "float32"


def test_matrices_of_two_dtypes_conflict() -> None:
    (found,) = graph("  %r : Tensor = aten::matmul(%x, %y)").conflicts("dtype")
    assert found.parts == ("self is float32 and other is float64",)


def test_matrices_of_unknown_dtype_conflict_with_nothing() -> None:
    text = "graph(%x : Tensor, %y : Tensor):\n  %r : Tensor = aten::matmul(%x, %y)\n  return (%r)\n"
    given = [Tensor("", "float32", (2, 2)), Tensor("", "", (2, 2))]
    assert list(solve(read_graph(text), CPU, inputs=given).conflicts()) == []

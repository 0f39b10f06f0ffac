"""What findings on targets say to write instead computes the same, wherever it is an expression. Needs torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tsl.target.rewrites import REWRITES, rewrite_of

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be computed")
F = torch.nn.functional

X = torch.tensor([[-2.5, 0.0, 1.5], [0.25, 3.0, -0.75]])
Y = torch.tensor([[2.0, 0.5, -1.25], [1.0, 2.0, 4.0]])
Q = torch.linspace(-1, 1, 24).reshape(2, 3, 4)
EDGES, COUNTS = torch.tensor([-1.0, 0.5, 2.0]), torch.tensor([0, 2, 2, 1])

# Names in the expressions, and torch's own answer.
CASES: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
    "aten::scaled_dot_product_attention": (
        {"q": Q, "k": Q + 1, "v": Q * 2},
        lambda: F.scaled_dot_product_attention(Q, Q + 1, Q * 2),
    ),
    "aten::roll": ({"x": X, "n": 1}, lambda: X.roll(1, 1)),
    "aten::nansum": ({"x": X / X}, lambda: (X / X).nansum()),
    "aten::bincount": ({"x": COUNTS, "n": 3}, lambda: COUNTS.bincount()),
    "aten::searchsorted": (
        {"sorted_sequence": EDGES, "values": X[0]},
        lambda: torch.searchsorted(EDGES, X[0].contiguous()),
    ),
    "aten::bucketize": ({"x": X, "boundaries": EDGES}, lambda: torch.bucketize(X, EDGES)),
    "aten::remainder": ({"x": X, "y": Y}, lambda: X.remainder(Y)),
    "aten::fmod": ({"x": X, "y": Y}, lambda: X.fmod(Y)),
    "aten::hypot": ({"x": X, "y": Y}, lambda: X.hypot(Y)),
    "aten::lerp": ({"x": X, "y": Y, "w": 0.25}, lambda: X.lerp(Y, 0.25)),
    "aten::cdist": ({"x": X, "y": Y}, lambda: torch.cdist(X, Y)),
    "aten::logaddexp": ({"x": X, "y": Y}, lambda: torch.logaddexp(X, Y)),
    "aten::sinc": ({"x": X}, lambda: X.sinc()),
    "aten::rsqrt": ({"x": X.abs() + 1}, lambda: (X.abs() + 1).rsqrt()),
    "aten::square": ({"x": X}, lambda: X.square()),
    "aten::exp2": ({"x": X}, lambda: X.exp2()),
    "aten::log2": ({"x": X.abs() + 1}, lambda: (X.abs() + 1).log2()),
    "aten::silu": ({"x": X}, lambda: F.silu(X)),
    "aten::mish": ({"x": X}, lambda: F.mish(X)),
    "aten::hardswish": ({"x": X}, lambda: F.hardswish(X)),
    "aten::count_nonzero": ({"x": X}, lambda: X.count_nonzero()),
    "aten::trace": ({"x": X}, lambda: X.trace()),
    "aten::outer": ({"x": X[0], "y": Y[1]}, lambda: torch.outer(X[0], Y[1])),
    "aten::diff": ({"x": X}, lambda: X.diff()),
    "aten::heaviside": ({"x": X, "values": Y}, lambda: torch.heaviside(X, Y)),
    "aten::expm1": ({"x": X, "dim": 0}, lambda: X.expm1()),
    "aten::log1p": ({"x": X.abs()}, lambda: X.abs().log1p()),
    "aten::logcumsumexp": ({"x": X, "dim": 1}, lambda: X.logcumsumexp(1)),
    "aten::erfc": ({"x": X}, lambda: X.erfc()),
    "aten::trunc": ({"x": X}, lambda: X.trunc()),
    "aten::frac": ({"x": X}, lambda: X.frac()),
    "aten::addcdiv": ({"x": X, "a": X, "b": Y, "value": 0.5}, lambda: X.addcdiv(X, Y, value=0.5)),
    "aten::addcmul": ({"x": X, "a": X, "b": Y, "value": 0.5}, lambda: X.addcmul(X, Y, value=0.5)),
    "aten::addmv": ({"x": X[:, 0], "m": Y, "v": X[0]}, lambda: X[:, 0].addmv(Y, X[0])),
    "aten::addr": ({"x": X, "a": X[:, 0], "b": Y[0]}, lambda: X.addr(X[:, 0], Y[0])),
    "aten::addbmm": (
        {"x": Q[0] @ Q[0].T, "a": Q, "b": Q.transpose(1, 2)},
        lambda: (Q[0] @ Q[0].T).addbmm(Q, Q.transpose(1, 2)),
    ),
    "aten::deg2rad": ({"x": X}, lambda: X.deg2rad()),
    "aten::rad2deg": ({"x": X}, lambda: X.rad2deg()),
    "aten::fliplr": ({"x": X}, lambda: X.fliplr()),
    "aten::flipud": ({"x": X}, lambda: X.flipud()),
    "aten::hstack": ({"x": X, "y": Y}, lambda: torch.hstack([X, Y])),
    "aten::vstack": ({"x": X, "y": Y}, lambda: torch.vstack([X, Y])),
    "aten::dstack": ({"x": X, "y": Y}, lambda: torch.dstack([X, Y])),
    "aten::column_stack": ({"x": X, "y": Y}, lambda: torch.column_stack([X, Y])),
    "aten::sinh": ({"x": X}, lambda: X.sinh()),
    "aten::cosh": ({"x": X}, lambda: X.cosh()),
    "aten::asinh": ({"x": X}, lambda: X.asinh()),
    "aten::acosh": ({"x": X.abs() + 1}, lambda: (X.abs() + 1).acosh()),
    "aten::atanh": ({"x": X / 4}, lambda: (X / 4).atanh()),
    "aten::copysign": ({"x": X, "y": Y}, lambda: X.copysign(Y)),
    "aten::dot": ({"x": X[0], "y": Y[0]}, lambda: X[0].dot(Y[0])),
    "aten::vdot": ({"x": X[0], "y": Y[0]}, lambda: X[0].vdot(Y[0])),
    "aten::inner": ({"x": X, "y": Y}, lambda: X.inner(Y)),
    "aten::mm": ({"x": X, "y": Y.T}, lambda: X.mm(Y.T)),
    "aten::mv": ({"x": X, "y": Y[0]}, lambda: X.mv(Y[0])),
    "aten::dist": ({"x": X, "y": Y}, lambda: X.dist(Y)),
    "aten::cosine_similarity": ({"x": X, "y": Y}, lambda: F.cosine_similarity(X, Y)),
    "aten::pairwise_distance": ({"x": X, "y": Y}, lambda: F.pairwise_distance(X, Y)),
    "aten::float_power": ({"x": X, "y": 2}, lambda: X.float_power(2)),
    "aten::fmax": ({"x": X, "y": Y}, lambda: X.fmax(Y)),
    "aten::fmin": ({"x": X, "y": Y}, lambda: X.fmin(Y)),
    "aten::maximum": ({"x": X, "y": Y}, lambda: X.maximum(Y)),
    "aten::minimum": ({"x": X, "y": Y}, lambda: X.minimum(Y)),
    "aten::amax": ({"x": X, "dim": 1}, lambda: X.amax(1)),
    "aten::amin": ({"x": X, "dim": 1}, lambda: X.amin(1)),
    "aten::huber_loss": ({"x": X, "y": Y}, lambda: F.huber_loss(X, Y)),
    "aten::l1_loss": ({"x": X, "y": Y}, lambda: F.l1_loss(X, Y)),
    "aten::mse_loss": ({"x": X, "y": Y}, lambda: F.mse_loss(X, Y)),
    "aten::binary_cross_entropy": (
        {"x": torch.sigmoid(X), "y": torch.sigmoid(Y)},
        lambda: F.binary_cross_entropy(torch.sigmoid(X), torch.sigmoid(Y)),
    ),
    "aten::isclose": ({"x": X, "y": Y}, lambda: X.isclose(Y)),
    "aten::isfinite": ({"x": X / X}, lambda: (X / X).isfinite()),
    "aten::isinf": ({"x": 1 / X}, lambda: (1 / X).isinf()),
    "aten::isposinf": ({"x": 1 / X}, lambda: (1 / X).isposinf()),
    "aten::isneginf": ({"x": -1 / X}, lambda: (-1 / X).isneginf()),
    "aten::isnan": ({"x": X / X}, lambda: (X / X).isnan()),
    "aten::isin": ({"x": X, "values": EDGES}, lambda: torch.isin(X, EDGES)),
    "aten::ldexp": ({"x": X, "y": Y}, lambda: X.ldexp(Y)),
    "aten::log10": ({"x": X.abs() + 1}, lambda: (X.abs() + 1).log10()),
    "aten::log_sigmoid": ({"x": X}, lambda: F.logsigmoid(X)),
    "aten::logaddexp2": ({"x": X, "y": Y}, lambda: X.logaddexp2(Y)),
    "aten::logit": ({"x": torch.sigmoid(X)}, lambda: torch.sigmoid(X).logit()),
    "aten::logical_or": ({"x": X, "y": Y}, lambda: X.logical_or(Y)),
    "aten::logical_xor": ({"x": X, "y": Y}, lambda: X.logical_xor(Y)),
    "aten::masked_select": ({"x": X, "mask": X > 0}, lambda: X.masked_select(X > 0)),
    "aten::nan_to_num": ({"x": X / X}, lambda: (X / X).nan_to_num()),
    "aten::nanmean": ({"x": X / X}, lambda: (X / X).nanmean()),
    "aten::msort": ({"x": X}, lambda: X.msort()),
    "aten::median": ({"x": X}, lambda: X.median()),
    "aten::kthvalue": ({"x": X, "dim": 1, "k": 2}, lambda: X.kthvalue(2, 1)[0]),
    "aten::ravel": ({"x": X}, lambda: X.ravel()),
    "aten::view_as": ({"x": X, "y": Y.T}, lambda: X.view_as(Y.T)),
    "aten::reshape_as": ({"x": X, "y": Y.T}, lambda: X.reshape_as(Y.T)),
    "aten::rot90": ({"x": X}, lambda: X.rot90()),
    "aten::sgn": ({"x": X}, lambda: X.sgn()),
    "aten::signbit": ({"x": X}, lambda: X.signbit()),
    "aten::relu6": ({"x": X * 4}, lambda: F.relu6(X * 4)),
    "aten::hardshrink": ({"x": X}, lambda: F.hardshrink(X)),
    "aten::softshrink": ({"x": X}, lambda: F.softshrink(X)),
    "aten::selu": ({"x": X}, lambda: F.selu(X)),
    "aten::celu": ({"x": X}, lambda: F.celu(X)),
    "aten::glu": ({"x": X.reshape(3, 2), "n": 1}, lambda: F.glu(X.reshape(3, 2))),
    "aten::trapezoid": ({"x": X}, lambda: torch.trapezoid(X)),
    "aten::cumprod": ({"x": Q[0] + 2, "dim": 0}, lambda: (Q[0] + 2).cumprod(0)),
    "aten::xlogy": ({"x": X, "y": Y.abs()}, lambda: X.xlogy(Y.abs())),
    "aten::rms_norm": ({"x": X, "eps": 1e-6}, lambda: F.rms_norm(X, (3,), eps=1e-6)),
}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_a_rewrite_computes_the_same(kind: str) -> None:
    names, expected = CASES[kind]
    text = REWRITES[kind].partition(", which ")[0].partition(", for what ")[0]
    computed = eval(text, {"torch": torch, "math": math, **names})
    torch.testing.assert_close(computed, expected(), equal_nan=True)


def test_what_writes_in_place_has_the_rewrite_of_what_does_not() -> None:
    assert rewrite_of("aten::hardswish_") == rewrite_of("aten::hardswish")
    assert rewrite_of("aten::no_such_thing") == ""

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
}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_a_rewrite_computes_the_same(kind: str) -> None:
    names, expected = CASES[kind]
    text = REWRITES[kind].partition(", which ")[0]
    torch.testing.assert_close(eval(text, {"torch": torch, "math": math, **names}), expected())


def test_what_writes_in_place_has_the_rewrite_of_what_does_not() -> None:
    assert rewrite_of("aten::hardswish_") == rewrite_of("aten::hardswish")
    assert rewrite_of("aten::no_such_thing") == ""

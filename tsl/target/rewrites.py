"""What to write in place of an operator that targets lack: older or more common ones.

Each says what it costs where that is more than time. It will never know a target.
"""

from __future__ import annotations

from collections.abc import Mapping

INVERSE = "the inverse of a constant matrix as a buffer, or the closed form of a small one"
REWRITES: Mapping[str, str] = {
    "aten::scaled_dot_product_attention": "torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.size(-1)), -1) @ v",
    "aten::einsum": "torch.matmul, with permute and reshape around it",
    "aten::tril": "x * mask, with a mask of ones and zeros that is a buffer",
    "aten::triu": "x * mask, with a mask of ones and zeros that is a buffer",
    "aten::roll": "torch.cat([x[:, -n:], x[:, :-n]], 1)",
    "aten::inverse": INVERSE,
    "aten::linalg_inv": INVERSE,
    "aten::quantile": "torch.sort and an index",
    "aten::nansum": "torch.where(torch.isnan(x), torch.zeros_like(x), x).sum()",
    "aten::bincount": "torch.nn.functional.one_hot(x, n).sum(0)",
    "aten::searchsorted": "(sorted_sequence[None, :] < values[:, None]).sum(1)",
    "aten::bucketize": "(boundaries < x.unsqueeze(-1)).sum(-1)",
    "aten::remainder": "x - torch.floor(x / y) * y",
    "aten::fmod": "x - torch.trunc(x / y) * y",
    "aten::hypot": "torch.sqrt(x * x + y * y)",
    "aten::lerp": "x + w * (y - x)",
    "aten::cdist": "torch.linalg.norm(x.unsqueeze(-2) - y.unsqueeze(-3), dim=-1)",
    "aten::logaddexp": "torch.logsumexp(torch.stack([x, y]), 0)",
    "aten::logcumsumexp": "torch.log(torch.cumsum(torch.exp(x), dim)), which overflows sooner",
    "aten::sinc": "torch.where(x == 0, torch.ones_like(x), torch.sin(math.pi * x) / (math.pi * x))",
    "aten::rsqrt": "1 / torch.sqrt(x)",
    "aten::square": "x * x",
    "aten::exp2": "torch.pow(2.0, x)",
    "aten::expm1": "torch.exp(x) - 1, which is less exact near zero",
    "aten::log1p": "torch.log(1 + x), which is less exact near zero",
    "aten::log2": "torch.log(x) / math.log(2)",
    "aten::silu": "x * torch.sigmoid(x)",
    "aten::mish": "x * torch.tanh(torch.nn.functional.softplus(x))",
    "aten::hardswish": "x * torch.clamp(x + 3, 0, 6) / 6",
    "aten::count_nonzero": "(x != 0).sum()",
    "aten::trace": "torch.diagonal(x).sum()",
    "aten::outer": "x.unsqueeze(1) * y.unsqueeze(0)",
    "aten::diff": "x[..., 1:] - x[..., :-1]",
    "aten::movedim": "x.permute",
    "aten::unflatten": "x.reshape",
    "prim::Enter": "the model without `with`, and torch.no_grad() where it is called",
    "prim::fork": "a plain call",
    "aten::heaviside": "torch.where(x > 0, torch.ones_like(x), torch.where(x == 0, values, torch.zeros_like(x)))",
}


def rewrite_of(kind: str) -> str:
    """What to write in place of an operator, or of one that writes in place; empty where nothing is known."""
    return REWRITES.get(kind) or REWRITES.get(kind.removesuffix("_"), "")

"""Tests: of data, of sizes, and of what is no input, for `if`, `while`, `assert` and for values that are true or false.

A test of data is a tensor of one element in eager mode, a test of sizes a bool; both will do for an `if`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.kinds import Bool, Expr, Int, Seq, Tensor
from tests.oracle.numbers import SMALL, floating, number
from tests.oracle.templates import filled, lines
from tests.oracle.writer import Body

Production = Callable[[Body], "str | None"]
LIMITS = ("0", "0.5", "-1", "2", "5")

DATA = lines("""
    {t}.sum() > {c}
    {t}.mean() < {c}
    {t}.max() >= {c}
    ({t} > {c}).any()
    ({t} < {c}).all()
    {t}.abs().sum() > {c}
    torch.any({t} > {c})
    {t}.flatten()[0] > {c}
    {t}.isnan().any()
    {t}.sum() == {t}.abs().sum()
    ~({t} > {c}).any()
    torch.isfinite({t}).all()
    ({t} > {c}).sum() > 2
    ({t}.sum() > 0) & ({t}.max() > 1)
    {t}.any()
""")
DECIDED = lines("""
    bool(({t} > {c}).any())
    {t}.sum().item() > {c}
    float({t}.mean()) > {c}
    torch.equal({t}, {u}.abs())
    torch.allclose({t}, {u}.relu())
    {t}.equal({u} * 1)
    any(v > {c} for v in {t}.flatten().tolist())
    ({t} > {c}).all().item()
    1.0 in {t}
    ({t} > {c}).any().tolist()
    torch.is_nonzero(({t} > {c}).any())
    {t}.sum().is_nonzero()
    len({t}[{t} > {c}]) > 1
    ({t} > {c}).nonzero().numel() > 2
    not {t}.any()
    any({t}.flatten() > {c})
    all({t}.flatten() > {c})
    max({t}.flatten()) > {c}
""")
SIZES = lines("""
    {n} > {k}
    {n} == {k}
    {n} % 2 == 0
    {n} < {k}
    {n} != {k}
    {n} % 2
    1 < {n} < {k} + 2
    {n} in (1, {k})
    {n} in {{1, {k}}}
    {n} in [2, {k}]
    {n} not in (1, {k})
    {n} in SCALES
    {n} >= {m}
    {n} in range({k})
    {n} in WIDTHS
    bool({n} > {k})
    operator.gt({n}, {k})
    any({n} == w for w in WIDTHS)
    all([{n} > 1, {n} < {k} + 3])
    ({n}).__gt__({k})
    not {n} > {k}
    {n} // 2 > 1
""")
SHAPES = lines("""
    {t}.shape == {u}.shape
    {t}.shape[0] == {u}.shape[-1]
    {t}.shape[-1] == 1
    {t}.numel() > 8
    {t}.shape != {u}.size()
    {t}.size() == torch.Size([2, 3])
    1 in {t}.shape
    2 in {t}.size()
    {t}.shape[0] > {u}.shape[0]
    {t}.shape[-1] % 2 == 1
    tuple({t}.shape) == (2, 3)
    list({t}.shape) == [2, 3, 4]
    all(n > 1 for n in {t}.shape)
    max({t}.shape) > 4
    any(n == m for n, m in zip({t}.shape, {u}.shape))
    {t}.shape[:1] == {u}.shape[:1]
    {t}.is_same_size({u})
    {t}.shape < {u}.shape
    {t}.is_contiguous()
    {t}.stride(-1) > 1
""")
KINDS = lines("""
    isinstance({n}, int)
    isinstance({n}, torch.Tensor)
    type({n}) is int
""")
CONSTANTS = lines("""
    DEBUG
    LIMIT > 2
    MODE == 'fast'
    NOTHING is None
    not DEBUG
    LIMIT in WIDTHS
    len(WIDTHS) > 2
    LIMIT and not DEBUG
    torch.is_grad_enabled()
""")
OF_KIND_OF_TENSOR = lines("""
    {t} is not None
    {t}.dim() > 2
    {t}.ndim == 2
    len({t}.shape) == 3
    {t}.dtype == torch.float32
    isinstance({t}, torch.Tensor)
    {t}.requires_grad
    {t}.is_floating_point()
    {t}.is_cuda
    isinstance({t}, (list, tuple))
    torch.is_tensor({t})
    hasattr({t}, 'shape')
    {t}.device.type == 'cpu'
    {t}.is_sparse
""")
OF_MODULE = lines("""
    self.training
    not self.training
    self.nothing is None
    self.flag
    self.flag and not self.training
    self.mode == 'sum'
    getattr(self, 'flag', False)
    hasattr(self, 'mode')
    self.nothing or self.flag
""")


def test(body: Body) -> Expr:
    """Anything an `if` can ask."""
    made = body.writer.pick(TESTS)(body) if body.writer.spend() else None
    return Expr(f"({made or 'self.training' if body.is_method else made or 'DEBUG'})", Bool())


def plain(body: Body) -> Expr:
    """A test that is a Python bool in eager mode."""
    made = body.writer.pick(PLAIN)(body) if body.writer.spend() else None
    return Expr(f"({made or 'DEBUG'})", Bool())


def of_data(body: Body) -> str | None:
    """A test of data, a tensor of one element."""
    x = _filled(body)
    return filled(body.writer, DATA, t=x.text, c=body.writer.pick(LIMITS)) if x else None


def decided_data(body: Body) -> str | None:
    """A test of data that Python or torch has decided."""
    x = _filled(body)
    if x is None:
        return None
    y = body.tensor(lambda kind: kind == x.kind) or x
    return filled(body.writer, DECIDED, t=x.text, u=y.text, c=body.writer.pick(LIMITS))


def of_size(body: Body) -> str | None:
    """A test of a size."""
    return filled(body.writer, SIZES, n=number(body).text, m=number(body).text, k=body.writer.pick(SMALL))


def of_shapes(body: Body) -> str | None:
    """A test of whole shapes."""
    x = body.tensor(lambda kind: bool(kind.dims))
    if x is None:
        return None
    y = body.tensor(lambda kind: bool(kind.dims) and kind.dims != x.kind.dims)
    return filled(body.writer, SHAPES, t=x.text, u=y.text if y else f"{x.text}[:3]")


def of_kind(body: Body) -> str | None:
    """A test of what a size is to Python."""
    return filled(body.writer, KINDS, n=number(body).text)


def of_no_input(body: Body) -> str | None:
    """A test that comes out alike for every input of the search."""
    x = body.tensor()
    forms = CONSTANTS + OF_KIND_OF_TENSOR * (x is not None) + OF_MODULE * body.is_method
    return filled(body.writer, forms, t=x.text if x else "")


def combined(body: Body) -> str | None:
    """Two tests, or the contrary of one."""
    one, other = test(body).text, test(body).text
    return body.writer.pick((f"{one} and {other}", f"{one} or {other}", f"not {one}"))


def plainly_combined(body: Body) -> str | None:
    """The same of tests that are bools."""
    one, other = plain(body).text, plain(body).text
    forms = (f"{one} and {other}", f"{one} or {other}", f"not {one}", f"{one} == {other}", f"{one} != {other}")
    return body.writer.pick(forms)


def of_float(body: Body) -> str | None:
    """A test of a float."""
    x = floating(body)
    return body.writer.pick((f"{x.text} > 1.5", f"{x.text} < 3", f"math.isclose({x.text}, 2.0)", f"2 < {x.text} < 20"))


def of_sequence(body: Body) -> str | None:
    """A test of a list."""
    xs = body.any(Seq)
    if xs is None:
        return None
    forms = [f"len({xs.text}) > 2", f"{xs.text}", f"not {xs.text}", f"len({xs.text}) == 1"]
    if isinstance(xs.kind.item, Int):
        forms += [f"3 in {xs.text}", f"any(n > 2 for n in {xs.text})", f"{xs.text} == [2, 3]"]
    return body.writer.pick(forms)


def named(body: Body) -> str | None:
    """A truth in scope."""
    held = body.any(Bool)
    return held.text if held else None


def _filled(body: Body) -> Expr | None:
    """A tensor that has elements on every input."""
    return body.tensor(lambda kind: kind.dtype == "float" and _has_elements(kind))


def _has_elements(kind: Tensor) -> bool:
    return all(dim.lo > 0 for dim in kind.dims)


PLAIN: tuple[Production, ...] = (
    *(of_no_input,) * 3,
    *(of_size,) * 4,
    *(of_shapes,) * 3,
    *(decided_data,) * 2,
    of_kind,
    plainly_combined,
    of_float,
    of_sequence,
    named,
)
TESTS: tuple[Production, ...] = (*PLAIN, *(of_data,) * 4, combined)

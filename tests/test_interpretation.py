"""The source engine on small programs: where values come from, where they go, and what is left alone."""

from __future__ import annotations

import pytest

from tests.engine import analysed, function_named, told, uses_in
from tsl.source.ways import WAYS

# Values through names, containers and calls


def test_a_size_is_followed_through_names_arithmetic_and_unpacking() -> None:
    assert told("""
        def forward(self, x):
            b, c, h, w = x.shape
            pad = (8 - h % 8) % 8
            if pad > 0:
                x = x * 2
            return x
    """) == ["4 if: pad > 0"]


def test_tuples_lists_and_dicts_keep_what_is_put_into_them() -> None:
    assert told("""
        def forward(self, x):
            pair = (x.size(0), 3)
            table = {"n": x.size(1), "k": 4}
            sizes = []
            sizes.append(x.size(2))
            if pair[1] > 2 and table["k"] > 2:
                return int(pair[0]) + int(table["n"]) + int(sizes[0])
            return 0
    """) == ["7 number: int(pair[0])", '7 number: int(table["n"])', "7 number: int(sizes[0])"]


def test_the_length_of_a_list_is_no_size_and_the_length_of_a_tensor_is() -> None:
    assert told("""
        def forward(self, x):
            xs = [x, x]
            if len(xs) > 1 and len(x.shape) == 4:
                return x
            return range(len(x))
    """) == ["5 len: len(x)"]


def test_a_conversion_ends_the_tracing_of_a_value() -> None:
    assert told("""
        def forward(self, x):
            n = int(x.size(0))
            if n > 3:
                return x
            return -x
    """) == ["2 number: int(x.size(0))"]


def test_helpers_of_the_file_are_followed_with_the_arguments_of_the_call() -> None:
    assert told("""
        def _pad(n, multiple):
            return multiple * math.ceil(n / multiple)

        def forward(self, x):
            return _pad(x.size(1), 8) + _pad(5, 8)
    """) == ["2 math: math.ceil(n / multiple)"]


def test_submodules_and_methods_are_followed_through_the_class_model() -> None:
    found = told("""
        class Block(nn.Module):
            def __init__(self, dim):
                super().__init__()
                self.fc = nn.Linear(dim, dim)

            def gate(self, y):
                return y.mean() > 0.5

            def forward(self, x):
                return self.fc(x)

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([Block(4) for _ in range(3)])

            def forward(self, x):
                for block in self.blocks:
                    x = block(x)
                if self.blocks[0].gate(x):
                    return x
                return -x
    """)
    assert found == ["20 if: self.blocks[0].gate(x)"]


def test_what_an_inherited_constructor_leaves_on_self_is_known() -> None:
    assert told("""
        class Base(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("scale", torch.ones(1))
                self.head = nn.Linear(4, 4)

        class Net(Base):
            def forward(self, x):
                if self.scale > 0:
                    x = x * self.scale
                return x if self.head(x).sum() > 0 else -x
    """) == ["11 ternary: self.head(x).sum() > 0"]


def test_a_property_answers_where_it_is_read() -> None:
    assert (
        told("""
        class Net(nn.Module):
            @property
            def width(self):
                return 4

            def forward(self, x):
                return x if self.width > 3 else -x
    """)
        == []
    )


def test_functools_partial_keeps_the_arguments_it_has() -> None:
    assert told("""
        from functools import partial

        def _clip(low, x):
            return x if x.min() > low else x + low

        def forward(self, x):
            clip = partial(_clip, 0)
            return clip(x)
    """) == ["4 ternary: x.min() > low"]


def test_recursion_ends() -> None:
    assert (
        told("""
        def _down(x, n):
            return x if n == 0 else _down(x * 2, n - 1)

        def forward(self, x):
            return _down(x, 3)
    """)
        == []
    )


def test_a_value_that_may_be_unknown_is_never_reported() -> None:
    assert (
        told("""
        from elsewhere import mystery

        def forward(self, x):
            y = mystery(x)
            if y > 0:
                return x
            return y
    """)
        == []
    )


def test_the_shape_of_an_unknown_result_is_a_size_all_the_same() -> None:
    assert told("""
        from elsewhere import mystery

        def forward(self, x):
            y = mystery(x)
            if y.shape[0] > 1:
                return x
            return y
    """) == ["5 if: y.shape[0] > 1"]


# Guards


@pytest.mark.parametrize(
    "test",
    [
        "x is None",
        "torch.jit.is_scripting()",
        "not torch.jit.is_tracing()",
        "torch.compiler.is_compiling()",
        "isinstance(x, (list, tuple))",
        "x.dim() == 3",
        "x.dtype == torch.float16",
        "x.is_cuda",
        "self.training",
        "hasattr(self, 'fused')",
        "self.mode == 'sum'",
    ],
)
def test_a_test_on_no_traced_value_is_no_use(test: str) -> None:
    assert (
        told(f"""
        def forward(self, x):
            y = x.relu()
            if {test}:
                y = y + 1
            return y
    """)
        == []
    )


def test_code_that_tracing_never_runs_is_not_judged() -> None:
    assert (
        told("""
        def forward(self, x):
            if not torch.jit.is_tracing():
                if x.sum() > 0:
                    return x
            return -x
    """)
        == []
    )


def test_none_is_narrowed_away_before_a_tensor_is_tested() -> None:
    (use,) = uses_in("""
        def forward(self, x, mask=None):
            x = x.relu()
            if mask is not None and mask.sum() > 0:
                x = x.masked_fill(mask, 0)
            return x
    """)
    assert use.text == "mask.sum() > 0"
    assert use.certain


def test_a_value_that_is_a_size_on_one_path_only_is_joined() -> None:
    (use,) = uses_in("""
        def forward(self, x, flag: bool):
            n = 4
            if flag:
                n = x.size(0)
            if n > 2:
                return x
            return -x
    """)
    assert not use.certain


def test_an_early_return_leaves_the_other_path_alone() -> None:
    assert told("""
        def forward(self, x, y=None):
            if y is None:
                return x.relu()
            return x if y.max() > 0 else x.relu()
    """) == ["4 ternary: y.max() > 0"]


# Loops, tests and their effects


def test_a_loop_carries_what_its_body_assigns() -> None:
    (use,) = uses_in("""
        def forward(self, x):
            last = 0
            for _ in range(3):
                if last > 1:
                    x = -x
                last = x.size(0)
            return x
    """)
    assert (use.how, use.certain) == ("if", False)


def test_the_loss_stands_at_the_operand_that_is_lost() -> None:
    assert told("""
        def forward(self, x):
            if self.flag and not x.any() or x.size(0) > 1:
                return x
            return -x
    """) == ["2 if: x.any()", "2 if: x.size(0) > 1"]


def test_comparing_shapes_converts_inside_the_comparison() -> None:
    (use,) = uses_in("""
        def forward(self, x, y):
            if x.shape != y.shape:
                raise ValueError("shapes differ")
            return x + y
    """)
    assert use.only_checks


def test_a_test_whose_arms_do_the_same_loses_nothing() -> None:
    assert (
        told("""
        def forward(self, x):
            if x.sum() > 0:
                y = x + 1
            else:
                y = x + 1
            return y
    """)
        == []
    )


def test_a_while_loop_and_an_endless_one_end() -> None:
    assert told("""
        def forward(self, x):
            while x.norm() > 1:
                x = x / 2
            while True:
                x = x + 1
                if self.done:
                    break
            return x
    """) == ["2 while: x.norm() > 1"]


def test_try_with_and_match_are_entered() -> None:
    assert told("""
        def forward(self, x):
            try:
                with torch.no_grad():
                    n = int(x.size(0))
            except RuntimeError:
                n = x.argmax().item()
            match n:
                case 1:
                    return x
                case _:
                    return -x
    """) == ["4 number: int(x.size(0))", "6 item: x.argmax().item()"]


def test_a_list_as_long_as_a_dimension_is_unrolled_and_one_of_known_length_is_not() -> None:
    assert told("""
        def forward(self, x):
            a, b = x.chunk(2, dim=-1)
            parts = [part * 2 for part in x.split([1, 2])]
            whole = torch.stack(x.unbind(0))
            rows = [row.sum() for row in x.unbind(0)]
            return torch.stack(rows), torch.stack(parts)
    """) == ["4 unroll: x.unbind(0)", "5 unroll: x.unbind(0)"]


def test_a_length_that_depends_on_data_is_data() -> None:
    (use,) = uses_in("""
        def forward(self, x):
            found = x.nonzero()
            if found.shape[0] == 0:
                return x
            return -x
    """)
    assert use.depends_on.data


# Roots


def test_a_private_helper_that_nothing_reaches_is_not_judged() -> None:
    assert (
        told("""
        def _helper(x: torch.Tensor):
            if x.sum() > 0:
                return x
            return -x
    """)
        == []
    )


def test_a_public_function_with_a_tensor_parameter_is_a_root() -> None:
    assert told("""
        def helper(x: torch.Tensor):
            return float(x)
    """) == ["2 number: float(x)"]


def test_what_is_traced_at_a_call_site_is_a_root() -> None:
    analysis = analysed("""
        def _f(x):
            return x if x.sum() > 0 else -x

        traced = torch.jit.trace(_f, torch.ones(2))
    """)
    assert [function.qualname for function in analysis.functions] == ["_f"]
    assert analysis.captures == {"trace"}


def test_a_named_root_judges_only_what_it_reaches() -> None:
    text = """
        class A(nn.Module):
            def forward(self, x):
                return x if x.sum() > 0 else -x

        class B(nn.Module):
            def forward(self, x):
                return x if x.max() > 0 else -x
    """
    assert told(text, "B") == ["7 ternary: x.max() > 0"]
    assert analysed(text, "C").unmatched_roots == ("C",)


def test_a_method_of_a_root_is_judged_under_its_qualified_name() -> None:
    function = function_named(
        """
        class Net(nn.Module):
            def forward(self, x):
                return float(x.sum())
        """,
        "Net.forward",
    )
    assert [use.how for use in function.conversions("number")] == ["number"]
    assert list(function.branches()) == []


def test_a_type_comment_promises_as_an_annotation_does() -> None:
    assert (
        told("""
        class Net(nn.Module):
            def forward(self, xs):
                # type: (list[Tensor]) -> Tensor
                return [x.relu() for x in xs]
    """)
        == []
    )


def test_labels_tell_where_the_value_became_a_tensor_and_a_number() -> None:
    (use,) = uses_in("""
        def forward(self, x):
            n = x.size(0)
            return math.sqrt(n)
    """)
    assert [note.text for note in use.labels] == [
        "`x` is a tensor: a parameter of `forward`",
        "`x.size(0)` is a size, which tracing records",
    ]


def test_every_way_the_engine_records_is_listed() -> None:
    hows = {
        use.how
        for use in uses_in("""
        def forward(self, x, y):
            n, m = x.shape
            assert n > 1
            while y.any(): y = y - 1
            a = 1 if n > 2 else 2
            b = [v for v in x if v > 0]
            c = n > 1 and m
            d = n in (1, 2)
            e = torch.equal(x, y)
            f = int(n), x.sum().item(), math.sqrt(n), max(n, m), len(x)
            g = [1, 2][n], range(n), f"{n}", x.tolist()
            p, q = x
            h = torch.tensor(n), x.data, x.numpy(), x.stride(0)
            print(*x)
            for r in x.unbind(0): pass
            for r in x.chunk(2): pass
            if n > m: return x
            return x.chunk(n)
    """)
    }
    assert hows == set(WAYS) - {"match"}


def test_a_scripted_function_keeps_its_control_flow_and_is_not_judged() -> None:
    assert told("""
        @torch.jit.script
        def gate(x: Tensor) -> Tensor:
            if x.sum() > 0:
                return x
            return -x

        def forward(self, x):
            return x if gate(x).sum() > 0 else -x
    """) == ["8 ternary: gate(x).sum() > 0"]


def test_a_list_as_long_as_a_dimension_is_counted_and_spread_with_a_loss() -> None:
    assert told("""
        def forward(self, x):
            first, *rest = x.unbind(0)
            return len(x.unbind(0)), list(map(torch.relu, x)), math.fsum([x.shape[0]])
    """) == [
        "2 star: x.unbind(0)",
        "3 len: len(x.unbind(0))",
        "3 iterate: map(torch.relu, x)",
        "3 math: math.fsum([x.shape[0]])",
    ]


def test_a_root_may_be_an_assigned_function_or_a_class_without_forward() -> None:
    text = """
        gate = lambda x: x if x.sum() > 0 else -x

        class Box:
            def scale(self, x: torch.Tensor):
                return float(x)
    """
    assert told(text, "gate") == ["1 ternary: x.sum() > 0"]
    assert told(text, "Box") == ["5 number: float(x)"]
    assert analysed(text, "Box.forward").unmatched_roots == ("Box.forward",)

"""What the source engine reads before it interprets: files, names, classes, annotations, usage, effects."""

from __future__ import annotations

import _ast
from textwrap import dedent

import pytest

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.effects import effect_of
from tsl.source.file import SourceError, parse
from tsl.source.module import Module
from tsl.source.modules import Modules
from tsl.source.names import Names, canonical
from tsl.source.returns import decode
from tsl.source.usage import evident_tensors, likely_tensors
from tsl.source.values import DATA, FLOAT, INT, NONE, SEQ, TENSOR, UNKNOWN


def module_of(text: str) -> Module:
    return Modules().module_of(parse("snippet.py", dedent(text).encode()))


def names_of(text: str) -> Names:
    return module_of(text).names


def classes_of(text: str) -> dict[str, Class]:
    return module_of(text).classes


# Files


def test_a_span_counts_characters_and_not_bytes() -> None:
    file = parse("a.py", 'x = "é" + f(1)\n'.encode())
    call = file.tree.body[0].value.right  # type: ignore[attr-defined]
    assert file.span(call) == ("a.py", 1, 11, 1, 15)
    assert file.segment(call) == "f(1)"


def test_a_segment_of_several_lines_is_one_line_and_cut() -> None:
    file = parse("a.py", b"f(\n    first,\n    second)\n")
    call = file.tree.body[0].value  # type: ignore[attr-defined]
    assert file.segment(call) == "f(first, second)"
    assert file.segment(call, 10) == "f(first..."


def test_an_encoding_cookie_counts() -> None:
    assert "é" in parse("a.py", b"# -*- coding: latin-1 -*-\nname = '\xe9'\n").text


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"x = 1\ny = (\n", "'(' was never closed", 2),
        (b"x = 1\n\xff\n", "byte 0xff is not UTF-8 and no encoding is declared", 2),
        (b"x = 1\0\n", "source code string cannot contain null bytes", 1),
        (b"x = " + b"-" * 100_000 + b"1\n", "", 1),
    ],
)
def test_bytes_that_are_no_python_say_where_and_why(data: bytes, message: str, line: int) -> None:
    with pytest.raises(SourceError) as raised:
        parse("a.py", data)
    assert raised.value.line == line
    assert message in raised.value.message
    assert "\n" not in raised.value.message


def test_windows_line_ends_and_a_byte_order_mark_do_not_shift_lines() -> None:
    file = parse("a.py", b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert file.lines[:2] == ["a = 1", "b = 2"]
    assert file.span(file.tree.body[1]).line == 2


# Names and classes


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("torch.functional.split", "torch.split"),
        ("torch.nn.modules.linear.Linear", "torch.nn.Linear"),
        ("torch.nn.functional.relu", "torch.nn.functional.relu"),
        ("torchvision.ops.nms", "torchvision.ops.nms"),
    ],
)
def test_torch_names_have_one_public_path(path: str, public: str) -> None:
    assert canonical(path) == public


def test_a_fallback_definition_does_not_hide_the_import_it_falls_back_from() -> None:
    names = names_of("""
        try:
            from torch import _assert
        except ImportError:
            def _assert(condition, message):
                assert condition, message
    """)
    assert names.imports["_assert"] == "torch._assert"
    assert "_assert" not in names.functions


def test_conventional_aliases_are_known_unless_the_file_binds_them() -> None:
    assert names_of("x = 1").external("F") == ("torch.nn.functional",)
    assert names_of("import mine as F").external("F") == ("mine",)


def test_a_class_is_a_module_through_its_ancestors_and_a_dataset_is_not() -> None:
    classes = classes_of("""
        import torch
        from timm.layers import Mlp
        class Base(torch.nn.Module): pass
        class Net(Base): pass
        class Mixed(Mlp):
            def forward(self, x): return x
        class Data(torch.utils.data.Dataset):
            def forward(self, x): return x
        class Plain:
            def forward(self, x): return x
    """)
    assert {name for name, cls in classes.items() if cls.is_module} == {"Base", "Net", "Mixed"}


def test_classes_that_inherit_from_each_other_end() -> None:
    classes = classes_of("""
        class A(B): pass
        class B(A): pass
    """)
    assert [cls.name for cls in classes["A"].ancestors()][:2] == ["A", "B"]


# Annotations


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("Tensor", TENSOR),
        ("torch.LongTensor", TENSOR),
        ("Optional[Tensor]", TENSOR | NONE),
        ("'torch.Tensor | None'", TENSOR | NONE),
        ("Union[Tensor, SparseThing]", TENSOR),
        ('Float[Tensor, "b c"]', TENSOR),
        ("List[Tensor]", SEQ),
        ("tuple[int, int]", SEQ),
        ("int", INT),
        ("float", FLOAT | INT),
        ("Mystery", UNKNOWN),
        ("Callable[[Tensor], Tensor]", UNKNOWN),
        ("'not an ( annotation'", UNKNOWN),
    ],
)
def test_an_annotation_promises_a_kind(annotation: str, kind: int) -> None:
    node = compile(annotation, "", "eval", _ast.PyCF_ONLY_AST).body  # type: ignore[attr-defined]
    assert module_of("import torch").annotations.read(node, DATA).kind == kind


# Usage and effects


def tensors_in(text: str) -> tuple[frozenset[str], frozenset[str]]:
    names = names_of(text)
    function = names.functions["f"]
    return evident_tensors(function, names), likely_tensors(function, names)


def test_what_is_used_as_a_tensor_is_evident_and_a_flag_is_not() -> None:
    evident, likely = tensors_in("""
        import torch
        def f(self, x, y, z, k, flag, name, items):
            if flag and name == "sum":
                return torch.cat([y, z])
            shortcut = x
            for item in items:
                k = int(k)
            return shortcut.view(1, -1)
    """)
    assert {"x", "y", "z"} <= evident
    assert likely >= {"k"}
    assert not {"flag", "name", "items"} & (evident | likely)


@pytest.mark.parametrize(
    ("source", "effect"),
    [
        ("if t:\n  raise ValueError(1)", "checks"),
        ("if t:\n  raise ValueError(1)\nelse:\n  y = 1", "checks"),
        ("if t:\n  message = f'{x}'\n  raise ValueError(message)", "checks"),
        ("if t:\n  warnings.warn('x')", "checks"),
        ("if t:\n  warnings.warn('x')\nelse:\n  y = 1", "differs"),
        ("if t:\n  y = 1\nelse:\n  y = 1", "same"),
        ("if t:\n  y = 1", "differs"),
    ],
)
def test_the_arms_of_a_test_tell_its_effect(source: str, effect: str) -> None:
    node = compile(source, "", "exec", _ast.PyCF_ONLY_AST).body[0]  # type: ignore[attr-defined]
    assert effect_of(node.body, node.orelse) == effect


# Return codes


def test_return_codes_read_as_their_grammar_says() -> None:
    attention = decode("(TN|T)", DATA)
    assert isinstance(attention.parts, tuple)
    assert [part.kind for part in attention.parts] == [TENSOR, TENSOR | NONE]
    assert decode("[T]", DATA).elements().kind == TENSOR
    assert decode("S", DATA).elements().kind == values.SIZE
    assert decode("?|s", DATA).kind == UNKNOWN | values.STR

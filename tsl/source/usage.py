"""Which un-annotated parameters are tensors, judged by how a function uses them.

Definition: a parameter is *evidently a tensor* when the function
1. reads an attribute or calls a method that only tensors have (`x.shape`, `x.permute(...)`),
2. passes it, bare, as the first argument of a torch function (any argument inside a first list: `torch.cat([x, y])`),
3. passes it, bare, as the first argument of a call on an attribute of `self` (`self.conv(x)`),
4. indexes it with a tuple, an ellipsis or None (`x[:, 0]`), or multiplies it with `@`,
   or inverts it (`~mask`), or subtracts or divides by a slice of it (`x[1:] - x[:-1]`),
5. assigns it, or something computed from it by operators and indexing alone, to a name that is evidently a tensor by
   1-4 (`shortcut = x`, `mask = lengths > 0`), or adds it to one.
A flag that is only tested for truth is no tensor. Flow-insensitive, one walk a function; nothing is evaluated.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.names import Names
from tsl.source.torch_stubs import METHODS
from tsl.source.tree import body_of, walk

ATTRIBUTES = frozenset(
    """shape ndim requires_grad is_cuda layout grad_fn T mT size dim view reshape permute transpose
    flatten unsqueeze squeeze contiguous expand expand_as repeat_interleave chunk unbind unfold detach clone float
    half long bool double cuda cpu numel new_zeros new_ones new_full new_empty new_tensor masked_fill masked_fill_
    masked_select index_select gather scatter scatter_ scatter_add scatter_add_ softmax sigmoid tanh relu relu_
    clamp clamp_ clamp_min matmul bmm mm einsum sum mean argmax argmin topk cumsum norm abs exp log sqrt rsqrt pow
    type_as to item tolist numpy any all max min mul_ add_ sub_ div_ copy_ zero_ fill_ is_contiguous
    is_floating_point view_as reshape_as narrow movedim swapaxes roll flip tile nonzero argsort ne eq ge gt le lt
    logical_not data""".split()
)
FACTORIES = frozenset(
    """zeros ones full empty arange linspace rand randn randint eye tensor as_tensor range logspace rand randperm
    tril_indices triu_indices""".split()
)


def evident_tensors(node: Any, names: Names) -> frozenset[str]:
    """The names of a function that are evidently tensors by the definition above."""
    found: set[str] = set()
    links: list[tuple[str, str]] = []
    for inner in walk(body_of(node)):
        match inner:
            case _ast.Attribute(value=_ast.Name(id=name), attr=attr) if attr in ATTRIBUTES:
                found.add(name)
            case _ast.Call(func=func, args=[first, *_]):
                found.update(_passed(func, first, names))
            case _ast.Subscript(value=_ast.Name(id=name), slice=index) if _is_tensor_index(index):
                found.add(name)
            case _ast.UnaryOp(op=_ast.Invert(), operand=_ast.Name(id=name)):
                found.add(name)
            case _ast.BinOp(op=_ast.MatMult(), left=left, right=right):
                found.update(side.id for side in (left, right) if isinstance(side, _ast.Name))
            case _ast.BinOp(
                op=_ast.Add() | _ast.Sub(),
                left=_ast.Name(id=left),
                right=_ast.Name(id=right),
            ):
                links += [(left, right), (right, left)]
            case _ast.BinOp(op=_ast.Sub() | _ast.Div(), left=one, right=other):
                found.update(name for side in (one, other) for name in _cut(side))
            case _ast.Assign(targets=[_ast.Name(id=target)], value=value):
                links += [(source, target) for source in _computed_from(value)]
    for source, target in links * 2:
        if target in found:
            found.add(source)
    return frozenset(found)


def evident_dicts(node: Any, _names: Names) -> frozenset[str]:
    """The names a function indexes or searches with text, or asks for keys, and for nothing that only tensors have."""
    found: set[str] = set()
    others: set[str] = set()
    for inner in walk(body_of(node)):
        match inner:
            case _ast.Subscript(value=_ast.Name(id=name), slice=_ast.Constant(value=str())):
                found.add(name)
            case _ast.Compare(left=_ast.Constant(value=str()), ops=[_ast.In() | _ast.NotIn()], comparators=[right]):
                found.update(_bare([right]))
            case _ast.Attribute(value=_ast.Name(id=name), attr="keys" | "items" | "values"):
                found.add(name)
            case _ast.Attribute(value=_ast.Name(id=name), attr=attr) if attr in ATTRIBUTES:
                others.add(name)
            case _ast.Call(func=_ast.Name(id="isinstance"), args=[_ast.Name(id=name), *_]):
                others.add(name)
            case _ast.Subscript(value=_ast.Name(id=name), slice=index) if _is_tensor_index(index):
                others.add(name)
    return frozenset(found - others)


def likely_tensors(node: Any, names: Names) -> frozenset[str]:
    """The names a function takes for a number and for nothing else.

    A name is taken for a number when it is an operand of arithmetic or a comparison, a bound of a slice, given to
    int(), float(), bool() or enumerate(), or handed, bare, to a function or class of the file. It is taken for
    something else when it is tested for truth, compared with None or a string, given to isinstance(), iterated,
    unpacked, called, indexed with a string, or asked for an attribute no tensor has. What forward requires and only
    takes for a number is a tensor.
    """
    numbers: set[str] = set()
    others: set[str] = set()
    for inner in walk(body_of(node)):
        numbers.update(_as_number(inner, names))
        others.update(_as_other(inner))
    return frozenset(numbers - others)


def _as_number(node: Any, names: Names) -> Iterator[str]:
    match node:
        case _ast.BinOp(left=left, right=right) | _ast.Compare(left=left, comparators=[right]):
            yield from _bare([left, right])
        case _ast.Slice(lower=lower, upper=upper):
            yield from _bare([lower, upper])
        case _ast.Call(func=_ast.Name(id="int" | "float" | "bool" | "enumerate"), args=[first, *_]):
            yield from _bare([first])
        case _ast.Call(func=_ast.Name(id=name), args=given) if name in names.classes or name in names.functions:
            yield from _bare(given)
        case _ast.Attribute(value=_ast.Name(id=name), attr=attr) if attr in METHODS:
            yield name


def _as_other(node: Any) -> Iterator[str]:
    match node:
        case _ast.If(test=test) | _ast.IfExp(test=test) | _ast.While(test=test):
            yield from _tested(test)
        case _ast.BoolOp(values=operands):
            for operand in operands:
                yield from _tested(operand)
        case _ast.Compare(left=_ast.Name(id=name), comparators=[_ast.Constant(value=str() | None), *_]):
            yield name
        case _ast.Call(
            func=_ast.Name(id="isinstance" | "len" | "list" | "tuple" | "hasattr"),
            args=[first, *_],
        ):
            yield from _bare([first])
        case _ast.Call(func=_ast.Name(id=name)):
            yield name
        case _ast.For(iter=source) | _ast.comprehension(iter=source) | _ast.Starred(value=source):
            yield from _bare([source])
        case _ast.Subscript(value=source, slice=_ast.Constant(value=str())):
            yield from _bare([source])
        case _ast.Assign(targets=[_ast.Tuple()], value=source):
            yield from _bare([source])
        case _ast.Attribute(value=source, attr=attr) if attr not in METHODS and attr not in ATTRIBUTES:
            yield from _bare([source])


def _bare(nodes: list[Any]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, _ast.Name))


def _tested(test: Any) -> Iterator[str]:
    while isinstance(test, _ast.UnaryOp) and isinstance(test.op, _ast.Not):
        test = test.operand
    yield from _bare([test])


def _computed_from(node: Any) -> Iterator[str]:
    match node:
        case _ast.Name(id=name):
            yield name
        case _ast.BinOp(left=left, right=right) | _ast.Compare(left=left, comparators=[right]):
            yield from _computed_from(left)
            yield from _computed_from(right)
        case _ast.UnaryOp(operand=inner) | _ast.Subscript(value=inner, slice=_ast.Slice() | _ast.Tuple()):
            yield from _computed_from(inner)


def _passed(func: Any, first: Any, names: Names) -> Iterator[str]:
    on_self = isinstance(func, _ast.Attribute) and isinstance(func.value, _ast.Name) and func.value.id == "self"
    indexed = isinstance(func, _ast.Subscript)
    path = "" if on_self or indexed else names.dotted(func) or ""
    if not (on_self or indexed or path.startswith("torch.")) or path.startswith(
        ("torch.jit.", "torch.is_", "torch.device", "torch.Size")
    ):
        return
    if (
        on_self
        and not indexed
        and isinstance(func, _ast.Attribute)
        and func.attr.startswith(("get_", "_get", "set_", "is_", "_is", "forward_"))
    ):
        return
    inside = first.elts if isinstance(first, _ast.List | _ast.Tuple) else [first]
    factory = path.rsplit(".", 1)[-1] in FACTORIES
    yield from (item.id for item in inside if isinstance(item, _ast.Name) and not factory)


def _cut(node: Any) -> Iterator[str]:
    if isinstance(node, _ast.Subscript) and isinstance(node.slice, _ast.Slice):
        yield from _bare([node.value])


def _is_tensor_index(index: Any) -> bool:
    if isinstance(index, _ast.Tuple):
        return any(isinstance(item, _ast.Slice) or _is_tensor_index(item) for item in index.elts)
    return isinstance(index, _ast.Constant) and (index.value is None or index.value is ...)

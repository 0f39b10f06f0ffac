"""Branches on data, as the operators that torch.export keeps: torch.cond, torch.while_loop, torch.where, torch._check.

Definitions:
1. The *operands* of an arm are the local names it reads that are bound before it; its *results* are the names it binds
   that are read after it, or what it returns.
2. An `if` whose first arm returns has the rest of the block for its other arm.
3. An arm that raises is a check, and no branch.

Needs the tree of a function. What is written is a start: arms must return tensors of like shapes and dtypes, which no
text shows.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

LONG = 8  # lines of an arm that is written out

Names = list[str]


def skeleton(function: Any, node: Any) -> str:
    """What to write for a branch, loop, conditional expression or assertion; nothing where this knows no form."""
    match node:
        case ast.IfExp(test=test, body=body, orelse=other) if _may_be_tensors(body, other):
            return f"torch.where({_code(test)}, {_code(body)}, {_code(other)})"
        case ast.Assert(test=test):
            return f"torch._check(bool({_code(test)}))"
        case ast.While(orelse=[]):
            return _loop(function, node)
        case ast.If():
            return _branch(function, node)
    return ""


def _may_be_tensors(*arms: Any) -> bool:
    """Whether torch.where could take the arms of a conditional expression: no list, no text, no None among them."""
    plain = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr, ast.ListComp, ast.Lambda)
    numbers = (bool, int, float, complex)
    return not any(
        isinstance(arm, plain) or (isinstance(arm, ast.Constant) and not isinstance(arm.value, numbers)) for arm in arms
    )


def _branch(function: Any, node: Any) -> str:
    if _raises(node.body) and not node.orelse:  # (3)
        return f"torch._check(not bool({_code(node.test)}))"
    rest = _after(function, node)
    other = node.orelse
    if _returns(node.body) and not other:  # (2)
        other, rest = rest, []
    results = [] if _returns(node.body) else _results(node, rest)
    if not results and not (_returns(node.body) and _returns(other)):
        return ""
    operands = _operands([*node.body, *other], function, results)
    arms = [*_arm("taken", node.body, operands, results), "", *_arm("otherwise", other, operands, results), ""]
    made = f"torch.cond({_code(node.test)}, taken, otherwise, {_tuple(operands)})"
    return "\n".join([*arms, f"{', '.join(results)} = {made}" if results else f"return {made}"])


def _loop(function: Any, node: Any) -> str:
    carried = _results(node, [*_after(function, node), node])
    if not carried or any(isinstance(one, ast.Break | ast.Continue | ast.Return) for one in ast.walk(node)):
        return ""
    names = ", ".join(carried)
    others = [name for name in _operands([node], function, []) if name not in carried]
    lines = [f"def goes_on({names}):", f"    return {_code(node.test)}", ""]
    lines += [f"def step({names}):", *_lines(node.body), f"    return {_values(carried)}", ""]
    if others:
        lines.insert(0, f"# {', '.join(others)}: read from outside")
    return "\n".join(
        [*lines, f"{names}{',' if len(carried) == 1 else ''} = torch.while_loop(goes_on, step, {_tuple(carried)})"]
    )


def _arm(name: str, body: Sequence[Any], operands: Names, results: Names) -> list[str]:
    """A function of the operands; torch.cond takes no arm that hands one on, so that one is copied."""
    bound = {one.id for statement in body for one in _names(statement) if isinstance(one.ctx, ast.Store)}
    lines = _lines(body)
    if results:
        kept = [name if name in bound else f"{name}.clone()" for name in results]
        lines.append(f"    return {', '.join(kept)}")
    elif lines and lines[-1].removeprefix("    return ") in {name for name in operands if name not in bound}:
        lines[-1] += ".clone()"
    return [f"def {name}({', '.join(operands)}):", *lines]


def _lines(body: Sequence[Any]) -> list[str]:
    """The lines of an arm, or how many there are where it is long."""
    lines = [f"    {line}" for statement in body for line in _code(statement).split("\n")]
    if len(lines) <= LONG:
        return lines
    return [f"    ...  # the {len(lines)} lines from `{_cut(lines[0].strip())}` on"]


def _cut(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _results(node: Any, rest: Sequence[Any]) -> Names:
    """The names a statement binds that are read after it (1), in the order in which it binds them."""
    read = {one.id for statement in rest for one in _names(statement) if isinstance(one.ctx, ast.Load)}
    bound = [one.id for one in _names(node) if isinstance(one.ctx, ast.Store)]
    return [name for name in dict.fromkeys(bound) if name in read]


def _operands(body: Sequence[Any], function: Any, results: Names) -> Names:
    """The local names that statements read, in that order (1); a result is one, as an arm may keep it."""
    local = {argument.arg for argument in [*function.args.posonlyargs, *function.args.args]} - {"self"}
    local |= {one.id for one in _names(function) if isinstance(one.ctx, ast.Store)}
    fresh = {one.id for statement in body for one in _names(statement) if isinstance(one.ctx, ast.Store)} - set(results)
    read = [one.id for statement in body for one in _names(statement) if isinstance(one.ctx, ast.Load)]
    return [name for name in dict.fromkeys([*read, *results]) if name in local and name not in fresh]


def _after(function: Any, node: Any) -> list[Any]:
    """The statements after one in its block, and after the blocks around it."""
    for block in _blocks(function):
        if node in block:
            inner = block[block.index(node) + 1 :]
            owner = next((one for one in ast.walk(function) if any(block is part for part in _own_blocks(one))), None)
            return inner if owner in (None, function) else [*inner, *_after(function, owner)]
    return []


def _blocks(function: Any) -> Iterator[list[Any]]:
    for node in ast.walk(function):
        yield from _own_blocks(node)


def _own_blocks(node: Any) -> Iterator[list[Any]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield block


def _names(node: Any) -> list[Any]:
    found = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    return sorted(found, key=lambda one: (one.lineno, one.col_offset))


def _returns(body: Sequence[Any]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return)


def _raises(body: Sequence[Any]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def _tuple(names: Names) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _values(names: Names) -> str:
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)


def _code(node: Any) -> str:
    return ast.unparse(node)

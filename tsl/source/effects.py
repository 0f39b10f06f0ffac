"""What a test decides: whether its arms compute something, only check something, or do the same.

Definitions:
1. A statement *only checks* when it raises, asserts, warns, logs, prints, passes, or is a string.
2. A test has the effect CHECKS when one arm only checks and contains more than `pass`: what tracing loses is then the
   check and not a result. An arm that raises may stand beside any other arm; an arm that only warns may stand beside
   nothing, or beside another one that only checks.
3. It has the effect SAME when both arms are the same text; else it DIFFERS.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.facts import CHECKS, DIFFERS, SAME
from tsl.source.tree import last_name

WARNERS = frozenset(
    {
        "warn",
        "warning",
        "warning_once",
        "warn_once",
        "warn_deprecated",
        "info",
        "debug",
        "error",
        "print",
        "log",
        "exception",
    }
)
CHECKERS = ("_assert", "_check", "assert_", "check_")


def effect_of(body: list[Any], orelse: list[Any]) -> str:
    """The effect of an `if` with these arms, by the definitions above."""
    if any(_raises(arm) for arm in (body, orelse)):
        return CHECKS
    if _only_checks(body) and (not orelse or _only_checks(orelse)):
        return CHECKS
    same = len(body) == len(orelse) and all(_same(one, other) for one, other in zip(body, orelse, strict=True))
    return SAME if same else DIFFERS


def ternary_effect(node: Any) -> str:
    """The effect of a conditional expression."""
    return SAME if _same(node.body, node.orelse) else DIFFERS


def _raises(arm: list[Any]) -> bool:
    return bool(arm) and _only_checks(arm) and isinstance(arm[-1], _ast.Raise)


def _only_checks(arm: list[Any]) -> bool:
    return bool(arm) and all(_is_check(statement) for statement in arm)


def _is_check(statement: Any) -> bool:
    match statement:
        case _ast.Raise() | _ast.Assert() | _ast.Pass():
            return True
        case _ast.Expr(value=_ast.Constant()):
            return True
        case _ast.Expr(value=_ast.Call(func=func)):
            name = last_name(func)
            return name in WARNERS or name.startswith(CHECKERS)
        case _ast.Assign(targets=[_ast.Name()], value=_ast.JoinedStr() | _ast.Constant(value=str())):
            return True
        case _ast.If():
            return _only_checks(statement.body) and (not statement.orelse or _only_checks(statement.orelse))
    return False


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(_same(left, right) for left, right in zip(one, other, strict=True))
    if not isinstance(one, _ast.AST):
        return bool(one == other)
    return all(_same(getattr(one, field, None), getattr(other, field, None)) for field in one._fields)

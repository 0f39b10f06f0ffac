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
import re
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
CHECKER = re.compile(r"(^|_)(check|assert|require|ensure|validate|verify)(_|$|s$)", re.IGNORECASE)


def effect_of(body: list[Any], orelse: list[Any]) -> str:
    """The effect of an `if` with these arms, by the definitions above."""
    if any(raises(arm) for arm in (body, orelse)):
        return CHECKS
    if only_checks(body) and (not orelse or only_checks(orelse)):
        return CHECKS
    same = len(body) == len(orelse) and all(_same(one, other) for one, other in zip(body, orelse, strict=True))
    return SAME if same else DIFFERS


def effect_of_if(node: Any, _names: object = None) -> str:
    """The effect of an `if` statement."""
    return effect_of(node.body, node.orelse)


def ternary_effect(node: Any) -> str:
    """The effect of a conditional expression."""
    return SAME if _same(node.body, node.orelse) else DIFFERS


def raises(arm: list[Any]) -> bool:
    """Whether an arm only checks, and ends by raising."""
    return bool(arm) and only_checks(arm) and isinstance(arm[-1], _ast.Raise)


def only_checks(arm: list[Any]) -> bool:
    """Whether an arm does nothing but check (1)."""
    return bool(arm) and all(_is_check(statement) for statement in arm)


def _is_check(statement: Any) -> bool:
    match statement:
        case _ast.Raise() | _ast.Assert() | _ast.Pass():
            return True
        case _ast.Expr(value=_ast.Constant()):
            return True
        case _ast.Expr(value=_ast.Call(func=func)):
            return last_name(func) in WARNERS or checks_by_name(func)
        case _ast.Assign(targets=[_ast.Name()], value=_ast.JoinedStr() | _ast.Constant(value=str())):
            return True
        case _ast.If():
            return only_checks(statement.body) and (not statement.orelse or only_checks(statement.orelse))
    return False


def checks_by_name(func: Any) -> bool:
    """Whether a callee's name says that it checks: `torch._assert`, `CHECK_SHAPE`, `validate_input`."""
    return bool(CHECKER.search(last_name(func)))


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(_same(left, right) for left, right in zip(one, other, strict=True))
    if not isinstance(one, _ast.AST):
        return bool(one == other)
    return all(_same(getattr(one, field, None), getattr(other, field, None)) for field in one._fields)

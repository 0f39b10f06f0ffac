"""Statements: how each one changes the environment, and where paths part and meet.

Structured interpretation over the syntax tree, as measured best for this domain: joins at `if`, `try` and loop heads,
loops by `flow.solve.fixpoint`. Expressions are `evaluate`'s job, narrowing is `guards`'.

Definitions:
1. A path that returned, raised, broke or continued has no environment; statements after it are not looked at.
2. `if`: each arm starts from the environment narrowed by its outcome; a test that tsl can decide runs one arm only.
3. Loop: the head's environment is the least one that covers the entry and every path that comes back to the head.
4. `try`: any statement of the body may raise, so a handler starts from the join of the environments before and after
   it.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.flow.solve import fixpoint
from tsl.source import containers, operators, values
from tsl.source.binding import bind, bind_element, note_sparse_write, store
from tsl.source.effects import checks_by_name, effect_of_if, raises
from tsl.source.evaluate import evaluate
from tsl.source.facts import CHECKS, DIFFERS
from tsl.source.frame import Env, Frame, join_envs, same_envs
from tsl.source.guards import assume
from tsl.source.names import imported
from tsl.source.refs import Routine
from tsl.source.scripted import beside
from tsl.source.tree import last_name
from tsl.source.truth import decide
from tsl.source.values import DICT, REF, SEQ, TENSOR, TRACED, UNKNOWN, UNKNOWN_VALUE, Value

LOOP_ROUNDS = 4


def block(frame: Frame, body: list[Any]) -> None:
    """Interprets statements until the path ends (1)."""
    for statement in body:
        if frame.env is None:
            return
        handler = STATEMENTS.get(type(statement))
        if handler:
            handler(frame, statement)


# Simple statements


ALIASES = (_ast.Name, _ast.Attribute, _ast.Subscript)


def _assign(frame: Frame, node: Any) -> None:
    if isinstance(node.value, ALIASES):
        with frame.inside("outside"):  # a name for it, which takes nothing into a trace yet
            value = evaluate(frame, node.value)
    else:
        value = evaluate(frame, node.value)
    for target in node.targets:
        bind(frame, target, value, node.value)


def _annotated(frame: Frame, node: Any) -> None:
    if node.value is None:
        return
    value = evaluate(frame, node.value)
    if value.kind & UNKNOWN:
        promised = frame.module.annotations.read(node.annotation, value.origin)
        value = value if promised.kind & UNKNOWN else promised
    bind(frame, node.target, value, node.value)


def _augmented(frame: Frame, node: Any) -> None:
    before, value = evaluate(frame, node.target), evaluate(frame, node.value)
    if isinstance(node.target, _ast.Subscript):
        if before.is_only(TENSOR) and before.origin & values.EXTENT:
            note_sparse_write(frame, node.target, before)
        bind_element(frame, node.target, value)
    else:
        result = operators.binary(node.op, before, value)
        if isinstance(node.target, _ast.Attribute):
            frame.note_write(node.target, result, node.target.attr)
        elif isinstance(node.target, _ast.Name) and node.target.id in frame.outer:
            frame.note_write(node.target, result, node.target.id)
        store(frame, node.target, result)


# What a constructor calls to give its tensors their first values: it leaves no attribute that decides anything.
INITIALISERS = ("reset_", "init_", "_init", "apply", "post_init", "named_apply", "fill_", "normal_", "trunc_")


def _expression(frame: Frame, node: Any) -> None:
    if frame.muted and isinstance(node.value, _ast.Call) and last_name(node.value.func).startswith(INITIALISERS):
        return
    if not isinstance(node.value, _ast.Call) or not checks_by_name(node.value.func):
        evaluate(frame, node.value)
        return
    # A call for its effect alone, by a name that checks: what its arguments lose is that check.
    with frame.testing("boolean", CHECKS), frame.inside("message"):
        evaluate(frame, node.value)


def _return(frame: Frame, node: Any) -> None:
    value = evaluate(frame, node.value) if node.value else values.NONE_VALUE
    for name in beside(node.value, [call for call, _ in frame.handed.values()]) if frame.handed else ():
        frame.read(name)
    if frame.is_root and value.kind & (SEQ | DICT | REF):
        frame.note_event(node.value, "output", value)
        _leave_the_trace(frame, node.value, value)
    frame.returned.append(value)
    frame.leave()


def _leave_the_trace(frame: Frame, node: Any, value: Value, depth: int = 3) -> None:
    """What a root returns leaves the trace as so many tensors, also inside a tuple or a dict."""
    containers.count_out(frame, value, node)
    inside = value.parts.values() if isinstance(value.parts, dict) else value.parts or ()
    for part in inside if depth and value.is_only(SEQ | DICT) else ():
        _leave_the_trace(frame, node, part, depth - 1)


def _raise(frame: Frame, _node: Any) -> None:
    # What a message says about sizes is not worth a finding: the path ends here.
    frame.env = None


def _assert(frame: Frame, node: Any) -> None:
    with frame.testing("assert", CHECKS):
        decide(frame, node.test)
    frame.env = assume(frame, frame.env, node.test, True)


def _global(frame: Frame, node: Any) -> None:
    frame.outer = (*frame.outer, *node.names)


def _delete(frame: Frame, node: Any) -> None:
    for target in node.targets:
        if isinstance(target, _ast.Name) and frame.env is not None:
            frame.env.pop(target.id, None)


def _function(frame: Frame, node: Any) -> None:
    frame.scope[node.name] = values.reference(Routine(node, frame.module, closure=frame.scope))


def _import(frame: Frame, node: Any) -> None:
    for name, path in imported(node, frame.module.names.package):
        frame.scope[name] = frame.session.imported(path, frame.module)


def _break(frame: Frame, _node: Any) -> None:
    frame.breaks.append(frame.scope)
    frame.env = None


def _continue(frame: Frame, _node: Any) -> None:
    frame.continues.append(frame.scope)
    frame.env = None


# Branches


def _if(frame: Frame, node: Any) -> None:
    with frame.testing("if", frame.module.once(effect_of_if, node)):
        outcome = decide(frame, node.test)
    before = frame.env
    after = None
    for arm, truth in ((node.body, True), (node.orelse, False)):
        if outcome is (not truth):
            continue
        frame.env = _copy(assume(frame, before, node.test, truth))
        with frame.inside(_kind_of_arm(node.test, arm, truth)):
            block(frame, arm)
        after = join_envs(after, frame.env)
    frame.env = after


def _kind_of_arm(test: Any, arm: list[Any], truth: bool) -> str:
    # `if self.training` and `if self.training and ...`: what only runs in training mode
    first = test.values[0] if isinstance(test, _ast.BoolOp) and isinstance(test.op, _ast.And) else test
    if truth and isinstance(first, _ast.Attribute) and first.attr == "training":
        return "training"
    return "message" if raises(arm) else "arm"


def _copy(env: Env | None) -> Env | None:
    return None if env is None else dict(env)


def _match(frame: Frame, node: Any) -> None:
    subject = evaluate(frame, node.subject)
    if any(not _is_wildcard(case.pattern) for case in node.cases):
        with frame.testing("match", DIFFERS):
            frame.record(node.subject, "match", _compared(node, subject))
    before, after = frame.env, None
    for case in node.cases:
        frame.env = _copy(before)
        for name in _captured(case.pattern):
            frame.scope[name] = UNKNOWN_VALUE
        if _is_wildcard(case.pattern) and case.pattern.name:
            frame.scope[case.pattern.name] = subject
        if case.guard:
            with frame.testing("if", DIFFERS):
                decide(frame, case.guard)
        block(frame, case.body)
        after = join_envs(after, frame.env)
    exhaustive = any(_is_wildcard(case.pattern) and not case.guard for case in node.cases)
    frame.env = after if exhaustive else join_envs(before, after)


def _compared(node: Any, subject: Value) -> Value:
    """What is compared with the patterns: the elements of a sequence, such as sizes, where a pattern names some."""
    inside = [part for case in node.cases for part in getattr(case.pattern, "patterns", ())]
    if all(_is_wildcard(part) or isinstance(part, _ast.MatchStar) for part in inside):
        return subject
    elements = subject.elements() if subject.is_only(SEQ) else subject
    return elements if elements.kind & TRACED else subject


def _is_wildcard(pattern: Any) -> bool:
    return isinstance(pattern, _ast.MatchAs) and pattern.pattern is None


def _captured(pattern: Any) -> list[str]:
    names = [pattern.name] if getattr(pattern, "name", None) else []
    for field in ("pattern", "patterns", "kwd_patterns"):
        inner = getattr(pattern, field, None)
        for part in inner if isinstance(inner, list) else [inner] if inner else []:
            names += _captured(part)
    return names


def _with(frame: Frame, node: Any) -> None:
    for item in node.items:
        value = evaluate(frame, item.context_expr)
        if item.optional_vars is not None:
            bind(
                frame,
                item.optional_vars,
                Value(UNKNOWN, value.origin),
                item.context_expr,
            )
    block(frame, node.body)


def _try(frame: Frame, node: Any) -> None:
    before = _copy(frame.env)
    block(frame, node.body)
    after_body = frame.env
    raised = join_envs(before, after_body)
    block(frame, node.orelse)
    after = frame.env
    for handler in node.handlers:
        frame.env = _copy(raised)
        if handler.name:
            frame.scope[handler.name] = UNKNOWN_VALUE
        block(frame, handler.body)
        after = join_envs(after, frame.env)
    frame.env = after if after is not None or not node.finalbody else _copy(raised)
    block(frame, node.finalbody)
    if after is None:
        frame.env = None


# Loops


def _loop(frame: Frame, head: Any, body: list[Any]) -> list[Env]:
    """Solves a loop (3): `head(env)` is the environment its body starts in; returns the environments of its breaks."""
    outer = frame.breaks, frame.continues
    frame.breaks = []

    def once(env: Env | None) -> Env | None:
        frame.continues = []
        frame.env = head(_copy(env))
        if frame.env is not None:
            block(frame, body)
        back = frame.env
        for skipped in frame.continues:
            back = join_envs(back, skipped)
        return back

    frame.env, _ = fixpoint(frame.env, once, join_envs, same_envs, LOOP_ROUNDS)
    breaks = frame.breaks
    frame.breaks, frame.continues = outer
    return breaks


def _for(frame: Frame, node: Any) -> None:
    iterable = evaluate(frame, node.iter)
    element = containers.iterate(frame, iterable, node.iter)
    if iterable.is_only(SEQ) and iterable.parts == ():
        block(frame, node.orelse)
        return
    runs_once = iterable.is_only(SEQ) and isinstance(iterable.parts, tuple)

    def head(env: Env | None) -> Env | None:
        frame.env = env
        bind(frame, node.target, element, node.iter)
        return frame.env

    entry = frame.env
    breaks = _loop(frame, head, node.body)
    if not runs_once:
        frame.env = join_envs(entry, frame.env)
    _finish(frame, node, breaks)


def _while(frame: Frame, node: Any) -> None:
    endless = isinstance(node.test, _ast.Constant) and bool(node.test.value)

    def head(env: Env | None) -> Env | None:
        frame.env = env
        with frame.testing("while", DIFFERS):
            outcome = decide(frame, node.test)
        return None if outcome is False else assume(frame, frame.env, node.test, True)

    breaks = _loop(frame, head, node.body)
    frame.env = None if endless else assume(frame, frame.env, node.test, False)
    _finish(frame, node, breaks)


def _finish(frame: Frame, node: Any, breaks: list[Env]) -> None:
    block(frame, node.orelse)
    for left in breaks:
        frame.env = join_envs(frame.env, left)


STATEMENTS: dict[type, Any] = {
    _ast.Assign: _assign,
    _ast.AnnAssign: _annotated,
    _ast.AugAssign: _augmented,
    _ast.Expr: _expression,
    _ast.Return: _return,
    _ast.Raise: _raise,
    _ast.Assert: _assert,
    _ast.Delete: _delete,
    _ast.Global: _global,
    _ast.FunctionDef: _function,
    _ast.Import: _import,
    _ast.ImportFrom: _import,
    _ast.Break: _break,
    _ast.Continue: _continue,
    _ast.If: _if,
    _ast.Match: _match,
    _ast.With: _with,
    _ast.AsyncWith: _with,
    _ast.Try: _try,
    _ast.For: _for,
    _ast.AsyncFor: _for,
    _ast.While: _while,
}
if hasattr(_ast, "TryStar"):
    STATEMENTS[_ast.TryStar] = _try

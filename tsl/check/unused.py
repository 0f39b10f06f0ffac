"""The findings about comments that suppress nothing (TSL901).

Needs what the comments did. It judges a name only where its rule was asked and its findings would have been shown: what
a run did not look for it cannot call unused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tsl.check.plan import UNUSED, Plan
from tsl.diagnostic import Diagnostic
from tsl.rule import Rule
from tsl.rulebook import UnknownRule
from tsl.suppress import Idle, Suppression

WHOLE = "*"


def unused_suppressions(idle: Iterable[Idle], shown: frozenset[str] | None, plan: Plan) -> tuple[Diagnostic, ...]:
    """A finding for each comment that is wrong or does nothing.

    `shown` are the codes whose findings are shown in the file; None where only a part of it was judged.
    """
    complaints = ((suppression, *_complaint(suppression, names, shown, plan)) for suppression, names in idle)
    return tuple(
        _diagnostic(suppression, message, vain, plan.rule(UNUSED))
        for suppression, message, vain in complaints
        if message
    )


def _diagnostic(suppression: Suppression, message: str, vain: str, rule: Rule) -> Diagnostic:
    message = f"suppresses nothing: {message}"
    anchor = ", ".join(suppression.names) or "all"
    return Diagnostic(suppression.span, rule.code, rule.name, rule.severity, message, rule.help, anchor, about=vain)


def _complaint(
    suppression: Suppression, names: tuple[str, ...], shown: frozenset[str] | None, plan: Plan
) -> tuple[str, str]:
    """What is wrong with a comment, or nothing; and the names in it that a fix takes out, `*` for the whole comment.

    A name that no rule has is a slip, and stays.
    """
    where = "in this file" if suppression.whole_file else "on this line"
    if suppression.fault:
        return suppression.fault, ""
    if not suppression.names:
        is_judged = shown is not None and not suppression.is_noqa
        return (f"no rule has a finding {where}", WHOLE) if is_judged else ("", "")
    if suppression.is_noqa:
        names = tuple(name for name in names if plan.is_own(name))
    reasons = list(_reasons(names, shown, where, plan))
    return "; ".join(reason for _, reason in reasons), ", ".join(name for name, _ in reasons if name)


def _reasons(names: Iterable[str], shown: frozenset[str] | None, where: str, plan: Plan) -> Iterator[tuple[str, str]]:
    """Why names do nothing, each with the name where there is such a rule."""
    for name in names:
        try:
            codes = plan.rulebook.select(name)
        except UnknownRule as error:
            yield "", str(error)
            continue
        if shown and codes & shown - {UNUSED}:
            yield name, f"{name} has no finding {where}"

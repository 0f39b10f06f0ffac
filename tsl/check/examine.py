"""One file from its name to what is shown of it: load, judge, suppress, select.

Needs a plan. A file's answer depends on no other file's, so that files may be examined in any order and in any process.
It will never raise: what goes wrong in a file is a failure that names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tsl.cache import Judged
from tsl.check.judge import RuleCallError, judge, load
from tsl.check.plan import UNCHECKED, Plan
from tsl.check.unused import unused_suppressions
from tsl.diagnostic import Diagnostic
from tsl.outcome import Failure
from tsl.project import module_name, reason
from tsl.record import Record
from tsl.suppress import Suppression, read, settle


class Examined(Record):
    """What a run says of one file: findings to show, how many more are suppressed, the text, the roots it holds."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    suppressed: int = 0
    lines: tuple[str, ...] = ()
    roots: frozenset[str] = frozenset()
    failure: Failure | None = None


def examine(path: str, plan: Plan, data: bytes | None = None) -> Examined:
    """What a run says of the file at a path, or of the bytes that stand for it."""
    try:
        return _examined(path, plan, load(path) if data is None else data)
    except OSError as error:
        return _failed(path, f"cannot read the file: {reason(error)}")
    except RecursionError:
        return _failed(path, "cannot be checked: its code is nested too deeply; split it, or leave it out with exclude")
    except RuleCallError as error:
        return _crashed(path, str(error))
    except Exception as error:  # a fault of tsl's own must not cost the other files their check
        return _crashed(path, f"{type(error).__name__}: {error}")


def _examined(path: str, plan: Plan, data: bytes) -> Examined:
    config = plan.settings.config
    roots = local_roots(path, plan.settings.roots, [config.place(source) for source in config.src])
    judged = judge(path, data, tuple(roots), plan)
    shown = plan.shown_in(path, judged.captures)
    text = _text(data) if judged.diagnostics or plan.is_named_in(data) else ""
    comments = read(path, text)
    found, suppressed = _spoken(judged, comments, shown, plan)
    lines = tuple(text.split("\n")) if found else ()
    held = frozenset(root for name, root in roots.items() if name not in judged.unmatched_roots)
    return Examined(path, found, suppressed, lines, held)


def _spoken(
    judged: Judged, comments: tuple[Suppression, ...], shown: frozenset[str], plan: Plan
) -> tuple[tuple[Diagnostic, ...], int]:
    """The findings of a file that are shown, and how many more a comment keeps from being shown."""
    settled = settle(judged.diagnostics, comments, plan.codes_of)
    is_whole = not plan.settings.roots and not any(found.code in UNCHECKED for found in judged.diagnostics)
    unused = unused_suppressions(settled.idle, shown if is_whole else None, plan)
    # Only a comment that names the rule speaks of comments: else each would excuse itself.
    excused = settle(unused, [comment for comment in comments if comment.names], plan.codes_of)
    silence = (*settled.silenced, *excused.silenced)
    candidates = [(one, silent) for one, silent in zip((*judged.diagnostics, *unused), silence, strict=True)]
    candidates = [(one, silent) for one, silent in candidates if one.code in shown]
    found = tuple(plan.weighed(one) for one, silent in candidates if not silent)
    return found, len(candidates) - len(found)


def local_roots(path: str, roots: tuple[str, ...], sources: list[str]) -> Mapping[str, str]:
    """The names by which a file may hold the asked-for roots, each with the root it stands for.

    A root is known by its own name, and by what follows the name of the file's module or the end of that name.
    """
    names = {root: root for root in roots}
    if any("." in root for root in roots):
        module = f".{module_name(path, sources)}"
        for root in roots:
            parts = root.split(".")
            for cut in range(1, len(parts)):
                if module.endswith(f".{'.'.join(parts[:cut])}"):
                    names.setdefault(".".join(parts[cut:]), root)
    return names


def _text(data: bytes) -> str:
    """The text of a file for excerpts and comments, with a mark for each byte that no encoding explains."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode(_declared_encoding(data), errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _declared_encoding(data: bytes) -> str:
    from io import BytesIO
    from tokenize import detect_encoding

    try:
        return detect_encoding(BytesIO(data).readline)[0]
    except SyntaxError:
        return "utf-8"


def _crashed(path: str, what: str) -> Examined:
    if os.environ.get("TSL_DEBUG"):
        import traceback

        traceback.print_exc()
    return _failed(path, f"cannot be checked: {what}; please report it with what TSL_DEBUG=1 prints")


def _failed(path: str, message: str) -> Examined:
    return Examined(path, failure=Failure(path, message))

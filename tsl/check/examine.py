"""One file from its name to what is shown of it: load and judge, then suppress and select.

Needs a plan. A file is judged by itself, in any order and in any process; what judging it finds may stand in other
files too, so that a file is shown once all are judged. It will never raise: what goes wrong in a file is a failure
that names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from tsl.cache import Judged
from tsl.check.correspond import agreed
from tsl.check.judge import Judge, RuleCallError, counted, load, merge
from tsl.check.plan import UNCHECKED, Plan
from tsl.check.unused import unused_suppressions
from tsl.diagnostic import Diagnostic
from tsl.outcome import Failure
from tsl.project import HEAD, head_of, is_archive, module_name, reason
from tsl.record import Record
from tsl.suppress import Suppression, read, settle


class Examined(Record):
    """A judged file: what judging it found, here and elsewhere, and the asked-for roots it holds; or why it failed.

    An archive has no text, and so no comments and no lines to show.
    """

    path: str
    judged: Judged = Judged(())
    roots: frozenset[str] = frozenset()
    failure: Failure | None = None
    is_archive: bool = False
    notes: tuple[str, ...] = ()
    beside: Failure | None = None


class Shown(Record):
    """What a run says of one file: findings to show, how many more are suppressed, the lines of its text."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    suppressed: int = 0
    lines: tuple[str, ...] = ()


def examine(path: str, judge: Judge, plan: Plan, data: bytes | None = None) -> Examined:
    """What judging the file at a path finds, or the bytes that stand for it."""
    try:
        if _is_archive(path, data):
            return _examined_archive(path, data, plan)
        data = load(path) if data is None else data
        config = plan.settings.config
        roots = local_roots(path, plan.settings.roots, [config.place(source) for source in config.src])
        judged = judge.judge(path, data, tuple(roots))
        held = frozenset(root for name, root in roots.items() if name not in judged.unmatched_roots)
        return Examined(path, judged, held)
    except OSError as error:
        return _failed(path, f"cannot read the file: {reason(error)}")
    except RecursionError:
        return _failed(path, "cannot be checked: its code is nested too deeply; split it, or leave it out with exclude")
    except RuleCallError as error:
        return _crashed(path, str(error))
    except Exception as error:  # a fault of tsl's own must not cost the other files their check
        return _crashed(path, f"{type(error).__name__}: {error}")


def _is_archive(path: str, data: bytes | None) -> bool:
    if path.endswith(".py"):
        return False
    return is_archive(path, head_of(path) if data is None else data[:HEAD])


def _examined_archive(path: str, data: bytes | None, plan: Plan) -> Examined:
    from tsl.check.archives import judge_archive
    from tsl.check.simulated import simulation_of
    from tsl.ir.foretold import InputError

    settings = plan.settings
    try:
        simulation = simulation_of(path, data, plan, settings.inputs, "--trust") if settings.trust else None
        judged, notes = judge_archive(path, data, settings.roots, plan, simulation)
        beside = simulation.failure if simulation else None
        return Examined(path, judged, is_archive=True, notes=notes, beside=beside)
    except InputError as error:
        return _failed(path, f"--input: {error}")


def show(examined: Examined, found: Iterable[Diagnostic], plan: Plan, data: bytes | None = None) -> Shown:
    """What is shown of a file, given all findings that stand in it whichever file led to them."""
    path, merged = examined.path, counted(merge(found))
    if examined.is_archive:
        data = b""
    elif data is None:
        data = _reread(path)
    judged = examined.judged._replace(diagnostics=merged)
    text = _text(data) if merged or plan.is_named_in(data) else ""
    shown, suppressed = _spoken(judged, read(path, text), plan.shown_in(path, judged.captures), plan)
    return Shown(path, shown, suppressed, tuple(text.split("\n")) if shown and not examined.is_archive else ())


def _reread(path: str) -> bytes:
    try:
        return load(path)
    except OSError:
        return b""  # it went away after it was judged


def _spoken(
    judged: Judged, comments: tuple[Suppression, ...], shown: frozenset[str], plan: Plan
) -> tuple[tuple[Diagnostic, ...], int]:
    """The findings of a file that are shown, and how many more a comment keeps from being shown."""
    settled = settle(judged.diagnostics, comments, plan.codes_of)
    is_whole = not plan.settings.roots and not any(found.code in UNCHECKED for found in judged.diagnostics)
    unused = unused_suppressions(settled.idle, shown - plan.of_graphs if is_whole else None, plan)
    # Only a comment that names the rule speaks of comments: else each would excuse itself.
    excused = settle(unused, [comment for comment in comments if comment.names], plan.codes_of)
    silence = (*settled.silenced, *excused.silenced)
    candidates = [(one, silent) for one, silent in zip((*judged.diagnostics, *unused), silence, strict=True)]
    candidates = [(one, silent) for one, silent in candidates if one.code in shown]
    found = tuple(plan.weighed(one) for one, silent in candidates if not silent)
    return agreed(found), len(candidates) - len(found)


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

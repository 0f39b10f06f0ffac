"""The source engine: what tracing bakes into a model, read from its source and nothing else.

    parse -> names -> classes -> abstract interpretation from the roots -> uses of traced values -> questions of rules

`analyse` is the whole interface; `facts` is what rules see. The engine is loaded when the first file is analysed, for
a run that is answered from the cache needs none of it. Nothing here imports or runs the code it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsl.record import Record
from tsl.source.facts import Function
from tsl.source.file import SourceFile

if TYPE_CHECKING:
    from tsl.source.session import Session


class Analysis(Record):
    """The judged functions of a file, the --root names it does not know, and the captures its call sites ask for."""

    functions: tuple[Function, ...]
    unmatched_roots: tuple[str, ...]
    captures: frozenset[str]


def analyse(file: SourceFile, roots: tuple[str, ...] = ()) -> Analysis:
    """The analysis of a file from its default roots, or from the classes and functions named in `roots`."""
    from tsl.source.roots import default_roots, named_roots, read_captures
    from tsl.source.session import Session

    session = Session(file)
    captures = read_captures(session)
    unmatched = []
    for name in roots:
        found = named_roots(session, name)
        if not found:
            unmatched.append(name)
        for routine in found:
            session.judge(routine)
    if not roots:
        for routine in default_roots(session, captures):
            session.judge(routine)
    return Analysis(_functions(session), tuple(unmatched), frozenset(capture.kind for capture in captures))


def _functions(session: Session) -> tuple[Function, ...]:
    functions = []
    for key, routine in session.judged.items():
        uses = sorted(
            session.uses.get(key, {}).values(), key=lambda use: (use.node.lineno, use.node.col_offset, use.how)
        )
        functions.append(Function(routine.qualname, routine.node, session.file, tuple(uses)))
    return tuple(sorted(functions, key=lambda function: (function.node.lineno, function.node.col_offset)))

"""The source engine: what tracing bakes into a model, read from its source and nothing else.

    parse -> names -> classes -> abstract interpretation from the roots -> uses of traced values -> questions of rules
                              -> states of models in export scripts     -> steps out of order    ->

`analyse` is the whole interface; `facts` is what rules see. The engine is loaded when the first file is analysed, for
a run that is answered from the cache needs none of it. Nothing here imports or runs the code it reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsl.record import Record
from tsl.source.facts import Function
from tsl.source.file import SourceFile

if TYPE_CHECKING:
    from tsl.source.modules import Modules
    from tsl.source.session import Session


class Analysis(Record):
    """The judged functions, the --root names the file does not know, and the captures its call sites ask for.

    `functions` stand in the file itself and in whatever its roots reach.
    """

    functions: tuple[Function, ...]
    unmatched_roots: tuple[str, ...]
    captures: frozenset[str]


def analyse(
    file: SourceFile, roots: tuple[str, ...] = (), modules: Modules | None = None, *, compiles: bool = True
) -> Analysis:
    """The analysis of a file from its default roots, or from the classes and functions named in `roots`.

    `modules` is what is known of other files; one that is shared by several analyses reads each of them once. Without
    `compiles`, what torch.jit.script would refuse is asked only where the file scripts something, and of its modules
    only where it scripts anything but functions of its own.
    """
    from tsl.source.exporting import steps_of
    from tsl.source.modules import Modules as Library
    from tsl.source.roots import default_roots, named_roots, read_captures
    from tsl.source.session import Session

    session = Session((modules or Library()).module_of(file))
    captures = read_captures(session)
    found = {name: named_roots(session, name) for name in roots}
    named = (routine for routines in found.values() for routine in routines or ())
    chosen = list(named if roots else default_roots(session, captures))
    for routine in chosen:
        session.judge(routine)
    if compiles or any(capture.kind == "script" for capture in captures):
        from tsl.source.script.compiler import compile_roots, scripted_roots

        names = frozenset(capture.name for capture in captures if capture.kind == "script")
        modules_too = compiles or not names <= session.module.names.functions.keys()
        compile_roots(session, chosen if roots else scripted_roots(session, chosen if modules_too else [], names))
    unmatched = tuple(name for name, routines in found.items() if routines is None)
    functions = _functions(session) if roots else (*_functions(session), *steps_of(session))
    return Analysis(functions, unmatched, frozenset(capture.kind for capture in captures))


def _functions(session: Session) -> tuple[Function, ...]:
    functions = []
    for key, routine in session.judged.items():
        found = session.facts.get(key, {}).values()
        facts = sorted(found, key=lambda fact: (fact.node.lineno, fact.node.col_offset, fact.how))
        functions.append(Function(routine.qualname, routine.node, routine.module.file, tuple(facts)))
    return tuple(sorted(functions, key=lambda one: (one.file.path, one.node.lineno, one.node.col_offset)))

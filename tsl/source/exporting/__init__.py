"""Export scripts: in which order a file makes, prepares, captures, saves and loads its models.

    a function, a method, the top level of a file -> states of things along its paths -> steps out of order -> rules

Definitions, cited by number elsewhere:

1. A *thing* is an object whose history matters: a model, a traced or scripted module, an example input, what
   `state_dict()` returns. It has a *state*: mode (train or eval), device, stages it went through.
2. A state is a word or `?`. Where paths meet and disagree, or something unknown had the thing in hand, it is `?`, and
   a thing of unknown state is in no wrong order: what is unknown is silent.
3. A *step* is a place where something is out of order (`ways.STEPS`). The legal order is

       construct -> load weights -> to(device) -> eval() -> no_grad -> trace | script -> freeze -> optimize -> save
       load(map_location) -> eval() -> run

   and `orders.MOVES` says which call moves which state.
4. An *archive* is what a path holds: it is known by the text of the path, or by the parameter it comes from.
5. A function whose lines capture, save or load is read as if called from outside, and so are those that call it, and
   what stands at the top level; each is read again wherever it is called, with what it is given there.

Needs the names and classes of `source`; the tensors inside a model are `interpret`'s business. `steps_of` is the whole
interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsl.source.exporting.marked import marked_lines
from tsl.source.facts import Function, Step

if TYPE_CHECKING:
    from tsl.source.file import SourceFile
    from tsl.source.session import Session


def steps_of(session: Session) -> tuple[Function, ...]:
    """The functions of a file, its top level and its methods, in which something is out of order."""
    file = session.module.file
    marked = marked_lines(session.module)
    if not marked:
        return ()
    from tsl.source.exporting.reader import Reader

    found: dict[int, list[Step]] = {}
    names: dict[int, tuple[str, object]] = {}
    for step in Reader(session, marked).read():
        found.setdefault(id(step.home), []).append(step)
        names[id(step.home)] = step.qualname, step.home
    return tuple(_function(*names[key], file, steps) for key, steps in found.items())


def _function(qualname: str, node: object, file: SourceFile, steps: list[Step]) -> Function:
    ordered = sorted(steps, key=lambda step: (step.node.lineno, step.node.col_offset, step.how, step.text))
    return Function(qualname, node, file, tuple(ordered))

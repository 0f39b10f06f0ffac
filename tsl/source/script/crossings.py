"""How a refusal in one file reaches the file whose author can do something about it.

Definitions:
1. A *cause* is a refusal with the place it stands at, and the calls through which other files led there, nearest first.
2. Where compiling leads from one file into another, every cause behind that step is told at the step too, once for
   each class or function that takes it: that is the place nearest to the cause in its file. Labels tell the rest.
3. What was compiled once keeps its causes, so that a second caller is told of them too.

Needs the session to record in. It will never decide what is refused.
"""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.record import Record
from tsl.source.facts import Note, Refusal
from tsl.source.refs import Instance, Routine

if TYPE_CHECKING:
    from tsl.source.session import Session

Step = tuple[Routine, Any]


class Cause(Record):
    """A refusal on its way: its class, what it says, and the places it is told at, the nearest to the reader first."""

    how: str
    text: str
    way: tuple[Note, ...]


MOST = 16  # causes that one finding leads to
Causes = dict[tuple[int, str], Cause]


class Crossings:
    """The causes behind everything compiled so far, and behind each of what is being compiled now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._behind: dict[Any, Causes] = {}
        self._open: list[Causes] = []
        self._told: set[tuple[int, int, str]] = set()

    def begin(self) -> None:
        """Something is being compiled."""
        self._open.append({})

    def end(self, key: Any) -> None:
        """It is compiled: what was refused is known by its key (3)."""
        self._behind[key] = self._open.pop()

    def refused(self, routine: Routine, refusal: Refusal) -> None:
        """Keeps a refusal as a cause of what is being compiled."""
        if self._open:
            name = f"what `{routine.qualname}` holds here: {refusal.text}"
            way = (Note(routine.module.file, refusal.node, name),)
            self._open[-1].setdefault((id(refusal.node), refusal.how), Cause(refusal.how, refusal.text, way))

    def step(self, key: Any, at: Step | None) -> None:
        """What is compiled under a key is taken by `at`: causes of other files are told there (2)."""
        causes = self._behind.get(key)
        if not causes:
            return
        new: dict[str, list[Cause]] = {}
        for place, cause in causes.items():
            if at is not None and all(note.file is not at[0].module.file for note in cause.way):
                owner = id(at[0].owner.node if at[0].owner else at[0].node)
                if (owner, *place) not in self._told:
                    self._told.add((owner, *place))
                    new.setdefault(cause.how, []).append(cause)
                taken = Note(at[0].module.file, at[1], f"which `{_taken(at)}` here leads to")
                cause = Cause(cause.how, cause.text, (taken, *cause.way))
            if self._open:
                self._open[-1].setdefault(place, cause)
        for told in new.values():
            self._tell(told, at)

    def _tell(self, causes: list[Cause], at: Any) -> None:
        """One refusal for all causes of a class at a step; it says what the first says, and leads to the others too."""
        routine, node = at
        labels = tuple(dict.fromkeys(note for cause in causes[:MOST] for note in cause.way))
        text = f"`{_taken(at)}` does not compile: {causes[0].text}"
        self._session.record(routine, Refusal(node, causes[0].how, text, routine.module.file, labels=labels))


def _taken(at: Step) -> str:
    routine, node = at
    return routine.module.file.segment(node.func if isinstance(node, _ast.Call) else node)


def made_at(instance: Instance, name: str) -> Step:
    """Where a module takes the submodule of a name: what its constructor assigns, else its constructor, else itself."""
    from tsl.source.script import made

    for owner, node in made.given(instance.cls, name):
        return Routine(owner.methods["__init__"], owner.module, owner), node
    found = instance.cls.find("__init__")
    if found is None:
        return inherited_at(instance)
    return Routine(found[0], found[1].module, found[1]), found[0]


def inherited_at(instance: Instance) -> Step:
    """Where a class takes the methods of the classes it is made from."""
    cls = instance.cls
    node = cls.node
    return Routine(node, cls.module), node.bases[0] if node.bases else node

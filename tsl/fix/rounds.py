"""Rounds of fixes: try them on texts in memory, judge what they lead to, keep what is better and nothing else.

Definitions:
1. A fix *holds* where the text after it parses, the finding is gone, and no file is worse (`weigh`). Rounds ask this of
   what judging the file itself finds, and those that find something in it; the end of a wave asks it of every file
   that rests on one that changed, and gives back the files of which it is not so: these are not tried again.
2. In a round all fixes of a file that do not meet are tried at once; where they do not hold together, those that are
   not blamed for it. What was blamed is tried by itself, in this round and later ones. One that does not hold alone is
   not tried again.
3. Lines that are put in twice in a round may say the same twice: only the first is tried, the next round asks again.
4. A *wave* is one round of all files at once, as far as it holds, and then rounds of each file that still has fixes: a
   file comes after those it rests on. What was refused before a text changed that it rests on is asked again in the
   next wave. They go on until none keeps a fix. Each makes the number of findings smaller, so that there is an end.
5. Where the compiler's walk comes further after a fix, it may meet what it did not reach before. A fix that does not
   hold for that alone holds with those that the text after it has, if these end with no more findings than before.

Needs a run that can be asked again of other texts. It will never write a file.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from tsl.check import Run, again, outcome_of
from tsl.check.examine import Examined
from tsl.check.judge import load
from tsl.check.memory import Room
from tsl.diagnostic import Diagnostic
from tsl.fix.edits import all_of, apart, applied
from tsl.fix.files import Text, text_of
from tsl.fix.propose import proposed
from tsl.fix.settle import settled
from tsl.fix.weigh import REVEALED, blamed, changed_in, excess, leads_to, shown_in
from tsl.record import Record
from tsl.source.file import SourceError, parse

Fixes = Sequence[Diagnostic]


class Mended(Record):
    """A run with the texts that fixes led to, by absolute path.

    `before` are the bytes that were read of each file with a fix, `withheld` is how many fixes were not asked for.
    """

    run: Run
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    withheld: int


class Rounds:
    """The state of the rounds: the run with the texts kept so far."""

    def __init__(self, run: Run, *, unsafe: bool) -> None:
        self.run, self._unsafe, self._looks_on = run, unsafe, True
        self._names = {rule.code: rule.fix for rule in run.plan.rulebook.rules if rule.fix}
        self._refused: set[tuple[str, ...]] = set()
        self._blamed: set[tuple[str, ...]] = set()
        self._proposed: dict[str, tuple[bytes, Fixes, Fixes]] = {}
        # The number of texts kept so far, when each was kept last, and when a file was last left.
        self._count, self._kept_at, self._left_at = 0, dict[str, int](), dict[str, int]()
        self._room = Room()
        self.before: dict[str, bytes] = {}
        self.after: dict[str, bytes] = {}

    def all(self) -> Mended:
        """What all waves come to (4)."""
        paths = due = self.fixable()
        sound, given_back = self.run, set[str]()
        while due:
            self._wave(due)
            reached, sound = self.run, settled(sound, {own: self.after[own] for own in self._changed_since(sound)})
            given_back |= self._changed_since(sound)
            self.run = sound
            self.after = {own: data for own in self.after if (data := sound.texts.get(own)) is not None}
            due = [path for path in self._due(paths, reached) if os.path.abspath(path) not in given_back]
        withheld = sum(len(self.proposals(path, unsafe=True)) for path in paths) if not self._unsafe else 0
        return Mended(self.run, self.before, self.after, withheld)

    def fixable(self) -> list[str]:
        """The paths of the Python files that may have a fix, in their order."""
        python = {file.path for file in self.run.examined if not file.is_archive}
        shown = (one.span.path for one in outcome_of(self.run).diagnostics if one.code in self._names)
        return list(dict.fromkeys(path for path in shown if path in python))

    def proposals(self, path: str, *, unsafe: bool) -> list[Diagnostic]:
        """The shown findings of a file with a fix that was not refused, the safe ones or all."""
        text = self._text(path)
        if text is None:
            return []
        found = [one for one in shown_in(self.run, path) if one.code in self._names]
        own = self.run.texts.get(os.path.abspath(path), b"")
        known = self._proposed.get(path)
        if known is None or known[:2] != (own, found):
            content = text.content.replace("\r\n", "\n").replace("\r", "\n")
            known = self._proposed[path] = own, found, proposed(path, content, found, self._names)
        fixes = (one for one in known[2] if _identity(one) not in self._refused)
        return [one for one in fixes if one.fix and (one.fix.is_safe or unsafe)]

    def go_on(self, path: str) -> bool:
        """Whether rounds in one file, which only take what holds by itself, keep a fix (5)."""
        self._looks_on = False
        return self._rounds_of(path)

    def trial(self, path: str, fixes: Fixes) -> Run | None:
        """The run after fixes of a file, where they hold by themselves (1)."""
        trial = self._tried({path: fixes})
        return trial if trial is not None and not excess(self.run, trial, fixes) else None

    # Waves

    def _wave(self, due: Collection[str]) -> None:
        """A round of several files at once, then the rounds of each (4)."""
        self._refused = {one for one in self._refused if one[0] not in due}
        self._blamed = {one for one in self._blamed if one[0] not in due}
        self._at_once({path: self._next(path) for path in due})
        extent = {file.path: len(file.judged.read) for file in self.run.examined}
        for path in sorted(due, key=lambda path: (extent[path], path)):
            self._rounds_of(path)
            self._left_at[path] = self._count

    def _at_once(self, asked: Mapping[str, Fixes]) -> None:
        """Keeps fixes of several files that hold together, without those that are blamed where they do not."""
        asked = {path: fixes for path, fixes in asked.items() if fixes and self._edited(path, fixes) is not None}
        while len(asked) > 1:
            trial = self._tried(asked)
            assert trial is not None
            fixes = list(chain.from_iterable(asked.values()))
            worse = {path for path, _ in excess(self.run, trial, fixes)}
            if not worse:
                self._keep(trial, asked)
                return
            blame = blamed(self.run, trial, fixes)
            self._blamed.update(map(_identity, blame))
            asked = _without(asked, blame, _concerned(trial, worse))

    def _changed_since(self, sound: Run) -> set[str]:
        """The absolute paths of the texts that were kept and are not those of a run."""
        return {own for own, data in self.after.items() if sound.texts.get(own, self.before[own]) != data}

    def _due(self, paths: Iterable[str], reached: Run) -> list[str]:
        """The files to ask again: what is known of them changed when they were judged again, or what they rest on
        after a fix was refused in them (4)."""
        changed = {new.path for old, new in changed_in(reached, self.run) if old.judged != new.judged}
        refused = {one[0] for one in self._refused}

        def is_due(path: str) -> bool:
            about = [file for file in self.run.examined if file.path == path or leads_to(file, path)]
            left = self._left_at.get(path, 0)
            return any(file.path in changed for file in about) or (
                path in refused and any(self._kept_at.get(own, 0) > left for file in about for own in _rests_on(file))
            )

        return [path for path in paths if is_due(path)]

    # Rounds in one file

    def _rounds_of(self, path: str) -> bool:
        """Whether rounds in a file keep a fix."""
        kept = False
        while self._round(path):
            kept = True
        return kept

    def _round(self, path: str) -> bool:
        """Whether a round keeps a fix (2)."""
        queue = self._parts(self._next(path))
        while queue:
            fixes = queue.pop(0)
            if self._holds(path, fixes):
                return True
            if len(fixes) == 1:
                self._refused.add(_identity(fixes[0]))
            else:
                queue = [*self._parts(fixes), *queue]
        return False

    def _parts(self, fixes: Fixes) -> list[Fixes]:
        """What to try of fixes: those that were never blamed together, then each of the others."""
        fresh = [one for one in fixes if _identity(one) not in self._blamed]
        alone: list[Fixes] = [[one] for one in fixes if _identity(one) in self._blamed]
        return [fresh, *alone] if fresh else alone

    def _next(self, path: str) -> Fixes:
        """The fixes of a file that the next round tries."""
        return list(_together(self.proposals(path, unsafe=self._unsafe)))

    def _holds(self, path: str, fixes: Fixes) -> bool:
        """Whether fixes of a file hold, and then they are kept; else those to blame for it are known after."""
        trial = self._tried({path: fixes})
        worse = excess(self.run, trial, fixes) if trial else []
        if trial and worse and all(code.startswith(REVEALED) for _, code in worse):
            rest = self._revealed(path, trial)
            trial, worse = (rest, excess(self.run, rest, fixes)) if rest else (trial, worse)
        if trial and not worse:
            self._keep(trial, [path])
            return True
        blame = blamed(self.run, trial, fixes) if trial else []
        self._blamed.update(map(_identity, blame or fixes))
        return False

    def _revealed(self, path: str, trial: Run) -> Run | None:
        """The run after the fixes that a text has after other fixes (5)."""
        rest = Rounds(trial, unsafe=self._unsafe)
        return rest.run if self._looks_on and rest.go_on(path) else None

    # Texts

    def _tried(self, asked: Mapping[str, Fixes]) -> Run | None:
        """The run after fixes of files, where these parse."""
        self._room.make()
        texts = {os.path.abspath(path): self._edited(path, fixes) for path, fixes in asked.items()}
        known = {own: data for own, data in texts.items() if data is not None}
        if len(known) < len(texts):
            return None
        led = {
            file.path for file in self.run.examined if any(one.span.path in asked for one in file.judged.diagnostics)
        }
        return again(self.run, known, led | asked.keys())

    def _edited(self, path: str, fixes: Fixes) -> bytes | None:
        """The text of a file after fixes, where it parses."""
        text = self._text(path)
        assert text is not None
        try:
            data = text.encoded(applied(text.content, all_of(one.fix for one in fixes if one.fix)))
            parse(path, data)
        except (SourceError, UnicodeEncodeError):
            return None
        return data

    def _keep(self, trial: Run, paths: Iterable[str]) -> None:
        self.run = trial
        self._count += 1
        for own in map(os.path.abspath, paths):
            self.after[own] = trial.texts[own]
            self._kept_at[own] = self._count

    def _text(self, path: str) -> Text | None:
        own = os.path.abspath(path)
        data = self.run.texts.get(own)
        try:
            data = load(path) if data is None else data
            text = text_of(data)
        except (OSError, SyntaxError, UnicodeDecodeError):
            return None
        self.before.setdefault(own, data)
        return text


def _rests_on(file: Examined) -> tuple[str, ...]:
    return (os.path.abspath(file.path), *file.judged.read)


def _concerned(run: Run, worse: Collection[str]) -> frozenset[str]:
    """The absolute paths of some files and of those they rest on."""
    return frozenset(own for file in run.examined if file.path in worse for own in _rests_on(file))


def _without(asked: Mapping[str, Fixes], blame: Fixes, concerned: Collection[str]) -> dict[str, Fixes]:
    """Fixes by file without the blamed ones; where none is blamed, without those of all files that are concerned."""
    culprits = {_identity(one) for one in blame}
    left: dict[str, Fixes] = {}
    for path, fixes in asked.items():
        is_out = not blame and os.path.abspath(path) in concerned
        left[path] = [one for one in fixes if not is_out and _identity(one) not in culprits]
    return {} if left == asked else {path: fixes for path, fixes in left.items() if fixes}


def _together(fixes: Fixes) -> Iterator[Diagnostic]:
    """The findings of a round: their fixes do not meet, and put no line in twice (3)."""
    lines: set[str] = set()
    for number in apart([one.fix for one in fixes if one.fix]):
        own = set(_lines_of(fixes[number]))
        if not own & lines:
            lines |= own
            yield fixes[number]


def _lines_of(one: Diagnostic) -> Iterator[str]:
    """The lines that a fix puts in."""
    for edit in one.fix.edits if one.fix else ():
        if "\n" in edit.text and edit.span[1:3] == edit.span[3:]:
            yield edit.text


def _identity(one: Diagnostic) -> tuple[str, ...]:
    return (one.span.path, one.code, one.anchor)

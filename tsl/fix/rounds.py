"""Rounds of fixes: try them on texts in memory, judge what they lead to, keep what is better and nothing else.

Definitions:
1. A fix *holds* where the text after it parses, the finding is gone, and there are no more findings than before of any
   rule about what the file promises, whether they are shown, suppressed or not selected. Rounds ask this of what
   judging the file itself finds, and those that find something in it; the end asks it of every file that rests on one
   that changed, and gives back the files of which it is not so.
2. In a round all fixes of a file that do not meet are tried at once; where they do not hold together, one by one. One
   that does not hold is not tried again.
3. Lines that are put in twice in a round may say the same twice: only the first is tried, the next round asks again.
4. Rounds go on until none keeps a fix. Each makes the number of findings smaller, so that there is an end.
5. Where the compiler's walk comes further after a fix, it may meet what it did not reach before. A fix that does not
   hold for that alone holds with those that the text after it has, if these end with no more findings than before.

Needs a run that can be asked again of other texts. It will never write a file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tsl.check import Run, again, outcome_of
from tsl.check.examine import Examined
from tsl.check.judge import load, merge
from tsl.diagnostic import Diagnostic
from tsl.fix.edits import all_of, apart, applied
from tsl.fix.files import Text, text_of
from tsl.fix.propose import proposed
from tsl.record import Record
from tsl.source.file import SourceError, parse

UNUSED = "TSL901"
# What a fix may reveal: what the compiler had not reached, and comments that have lost their findings (5).
REVEALED = ("TSL2", UNUSED)


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
        self.run, self._first, self._unsafe, self._looks_on = run, run, unsafe, True
        self._names = {rule.code: rule.fix for rule in run.plan.rulebook.rules if rule.fix}
        self._refused: set[tuple[str, ...]] = set()
        self.before: dict[str, bytes] = {}
        self.after: dict[str, bytes] = {}

    def all(self) -> Mended:
        """What all rounds come to (4)."""
        paths = self.fixable()
        while any(self._rounds_of(path) for path in paths):
            self._refused.clear()
        if self.after:
            self.run = self._settled()
        withheld = sum(len(self.proposals(path, unsafe=True)) for path in paths) if not self._unsafe else 0
        return Mended(self.run, self.before, self.after, withheld)

    def _settled(self) -> Run:
        """The first run with the texts kept, but for those that leave another file worse (1)."""
        final = again(self._first, self.after)
        if self._is_no_worse(final):
            return final
        kept: dict[str, bytes] = {}
        for path, data in sorted(self.after.items()):
            if self._is_no_worse(again(self._first, {**kept, path: data})):
                kept[path] = data
        self.after = kept
        return again(self._first, kept)

    def _is_no_worse(self, trial: Run) -> bool:
        changed = _changed(self._first, trial)
        before = _counts(self._first, (old for old, _ in changed))
        after = _counts(trial, (new for _, new in changed))
        return all(number <= before[key] for key, number in after.items())

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
        content = text.content.replace("\r\n", "\n").replace("\r", "\n")
        found = [one for one in shown_in(self.run, path) if _identity(one) not in self._refused]
        fixes = proposed(path, content, found, self._names)
        return [one for one in fixes if one.fix and (one.fix.is_safe or unsafe)]

    def _rounds_of(self, path: str) -> bool:
        """Whether rounds in a file keep a fix."""
        kept = False
        while self._round(path):
            kept = True
        return kept

    def _round(self, path: str) -> bool:
        """Whether a round keeps a fix (2)."""
        together = list(_together(self.proposals(path, unsafe=self._unsafe)))
        if not together:
            return False
        if self._keeps(path, together):
            return True
        for one in together if len(together) > 1 else ():
            if self._keeps(path, [one]):
                return True
            self._refused.add(_identity(one))
        self._refused.update(map(_identity, together))
        return False

    def _keeps(self, path: str, fixes: Sequence[Diagnostic]) -> bool:
        """Whether fixes hold; then they are kept."""
        trial = self._tried(path, fixes)
        if trial is None:
            return False
        excess = self._excess(path, fixes, trial)
        if excess:
            if not all(code.startswith(REVEALED) for _, code in excess):
                return False
            rest = Rounds(trial, unsafe=self._unsafe)
            if not self._looks_on or not rest.go_on(path) or self._excess(path, fixes, rest.run):
                return False
            trial = rest.run
        self.run = trial
        self.after[os.path.abspath(path)] = trial.texts[os.path.abspath(path)]
        return True

    def go_on(self, path: str) -> bool:
        """Whether rounds in one file, which only take what holds by itself, keep a fix (5)."""
        self._looks_on = False
        return self._rounds_of(path)

    def trial(self, path: str, fixes: Sequence[Diagnostic]) -> Run | None:
        """The run after fixes of a file, where they hold by themselves (1)."""
        trial = self._tried(path, fixes)
        return trial if trial is not None and not self._excess(path, fixes, trial) else None

    def _tried(self, path: str, fixes: Sequence[Diagnostic]) -> Run | None:
        """The run after fixes of a file, where it parses."""
        text = self._text(path)
        assert text is not None
        try:
            data = text.encoded(applied(text.content, all_of(one.fix for one in fixes if one.fix)))
            parse(path, data)
        except (SourceError, UnicodeEncodeError):
            return None
        led = {file.path for file in self.run.examined if _leads_to(file, path)}
        return again(self.run, {os.path.abspath(path): data}, led | {path})

    def _excess(self, path: str, fixes: Sequence[Diagnostic], trial: Run) -> list[tuple[str, str]]:
        """The files and codes of which a trial has more findings than before without those aimed at (1)."""
        changed = _changed(self.run, trial)
        if any(new.failure for _, new in changed):
            return [(path, "")]
        before = _counts(self.run, (old for old, _ in changed), path)
        after = _counts(trial, (new for _, new in changed), path)
        aims = Counter((one.span.path, one.code) for one in fixes)
        return [key for key in after | aims if after[key] > before[key] - aims[key]]

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


def shown_in(run: Run, path: str) -> list[Diagnostic]:
    """The findings that a run shows in one file."""
    led = tuple(file for file in run.examined if file.path == path or _leads_to(file, path))
    return [one for one in outcome_of(run._replace(examined=led)).diagnostics if one.span.path == path]


def _leads_to(file: Examined, path: str) -> bool:
    return any(one.span.path == path for one in file.judged.diagnostics)


def _changed(before: Run, after: Run) -> list[tuple[Examined, Examined]]:
    """The files that were judged again."""
    return [(old, new) for old, new in zip(before.examined, after.examined, strict=True) if old is not new]


def _counts(run: Run, files: Iterable[Examined], path: str = "") -> Counter[tuple[str, str]]:
    """How many findings of each rule the judging of files makes in each file, and of unused comments in one."""
    found = merge(one for file in files for one in _promised(run, file))
    unused = [one for one in shown_in(run, path) if one.code == UNUSED] if path else []
    return Counter((one.span.path, one.code) for one in (*found, *unused))


def _promised(run: Run, file: Examined) -> Iterator[Diagnostic]:
    """The findings that judging a file makes, but for those of a capture that nobody makes of it, and those of optional
    rules that nobody asked for."""
    codes = run.plan.selected | {rule.code for rule in run.plan.rulebook.rules if not rule.optional}
    everything = run.plan._replace(selected=codes, ignored_in=())
    codes = everything.shown_in(file.path, file.judged.captures)
    return (one for one in file.judged.diagnostics if one.code in codes)


def _together(fixes: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
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

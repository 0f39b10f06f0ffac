"""The words that every report of a difference uses. Needs differences. It will never lay out a report."""

from __future__ import annotations

from collections.abc import Mapping

from tsl.diff.change import ADDED, CHANGED, MODULE, MOVED, OPERATOR, REMOVED, WEIGHT, Change, Detail, Difference
from tsl.record import Record
from tsl.report.summary import counted, listed

SIGNS: Mapping[str, str] = {ADDED: "+", REMOVED: "-", CHANGED: "~", MOVED: ">"}
TITLES: Mapping[str, str] = {
    "method": "methods",
    "input": "inputs",
    "output": "outputs",
    "module": "modules",
    "operator": "operators",
    "weight": "weights",
}
NOTHING = "nothing"
LONGEST = 60
TOGETHER = 3  # changes that are alike in all but their place, from which on they are told together
NAMED = 3  # of these


class Row(Record):
    """Changes that are told together: the first of them, and the others, which differ in nothing but their place."""

    first: Change
    others: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """What it is about: `conv1: conv2d`, `conv2d, 20 times`, `62 weights`."""
        times = 1 + len(self.others)
        if times == 1:
            return name_of(self.first)
        if self.first.subject == MODULE:
            return f"{counted(times, 'module')} -> {self.first.details[0].new or 'the model'}"
        return counted(times, "weight") if self.first.subject == WEIGHT else f"{self.first.title}, {times} times"

    @property
    def remark(self) -> str:
        """What there is to say beside details; of modules that moved together how many operators run there."""
        if self.others and self.first.subject == MODULE:
            return counted(self.first.total + sum(one.total for one in self.others), "operator")
        return remark_of(self.first)

    @property
    def place(self) -> str:
        """The recorded line, where all have the same."""
        return self.first.place if all(one.place == self.first.place for one in self.others) else ""

    @property
    def near(self) -> str:
        """Where it stands: of several the first modules or weights."""
        if not self.others:
            return self.first.near
        all_of = (self.first, *self.others)
        names = list(dict.fromkeys(map(_whose, all_of)))
        more = len(names) - NAMED
        shown = [*names[:NAMED], f"{more} more"] if more > 0 else names
        return f"in {listed(shown)}" if self.first.subject == OPERATOR else listed(shown)


def rows(difference: Difference, subject: str) -> tuple[Row, ...]:
    """The changes about a subject, those that are alike together where they are TOGETHER or more."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for number, change in enumerate(difference.of(subject)):
        groups.setdefault(_alike(change) or (number,), []).append(change)
    found = []
    for group in groups.values():
        if len(group) < TOGETHER:
            found += [Row(change) for change in group]
        else:
            found.append(Row(group[0], tuple(group[1:])))
    return tuple(found)


def _whose(change: Change) -> str:
    """What tells a change from those that it is told with."""
    if change.subject == MODULE:
        return change.details[0].old or "the model"
    return change.title if change.subject == WEIGHT else change.module or change.place


def _alike(change: Change) -> tuple[object, ...] | None:
    """What changes that are told together have in common; nothing for those that are told alone."""
    if change.subject == OPERATOR and change.kind != MOVED:
        return change.kind, change.title, change.details
    if change.subject == MODULE and change.kind == MOVED:
        return change.kind, change.details[0].new
    return (change.kind, change.details) if change.subject == WEIGHT and change.kind == CHANGED else None


def name_of(change: Change) -> str:
    """What a change is about: `layer1.2`, `conv1: conv2d`, `fc.weight`."""
    if change.subject == MODULE:
        if change.kind == MOVED:
            return f"{change.details[0].old or 'the model'} -> {change.details[0].new or 'the model'}"
        first, last = change.modules[0], change.modules[-1]
        return first if first == last else f"{first} to {last}"
    if change.subject == OPERATOR:
        return f"{change.module}: {change.title}" if change.module else change.title
    return change.title


def remark_of(change: Change) -> str:
    """What there is to say of a change beside its details."""
    if change.subject == MODULE:
        title = f"{change.title}, " if change.title else ""
        weights = f", {counted(change.weights, 'weight')}" if change.weights else ""
        return f"{title}{counted(change.total, 'operator')}{weights}"
    if change.subject == WEIGHT and change.total > 1:
        return counted(change.total, "weight")
    if change.kind in {ADDED, REMOVED} and change.details:
        side = [detail.new or detail.old for detail in change.details]
        if change.subject == OPERATOR:
            side = [_given(detail) for detail in change.details]
        return shortened(", ".join(dict.fromkeys(side)))
    return ""


def _given(detail: Detail) -> str:
    text = detail.new or detail.old
    return text if text == detail.name else f"{detail.name}={text}"


def detail_of(detail: Detail) -> str:
    """A detail of what changed, in a line: `stride: [1, 1] -> [2, 2]`."""
    return f"{detail.name}: {shortened(detail.old) or NOTHING} -> {shortened(detail.new) or NOTHING}"


def details_of(change: Change) -> tuple[str, ...]:
    """The details of a change that have a line each."""
    is_told = change.kind in {ADDED, REMOVED} or (change.kind == MOVED and change.subject == MODULE)
    return () if is_told else tuple(map(detail_of, change.details))


def shortened(text: str) -> str:
    """A text of at most LONGEST characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def tally(difference: Difference) -> str:
    """How much changed, in a sentence: `2 modules added, 1 operator changed`."""
    counts: dict[tuple[str, str], int] = {}
    for change in difference.changes:
        times = len(change.modules) or (change.total if change.subject == WEIGHT else 1)
        key = (change.subject, change.kind)
        counts[key] = counts.get(key, 0) + times
    return ", ".join(f"{counted(number, subject)} {kind}" for (subject, kind), number in counts.items())


def findings_tally(difference: Difference) -> str:
    """How many findings are new, fixed and kept; nothing where there is none."""
    found = difference.findings
    rows = ((len(found.new), "new"), (len(found.fixed), "fixed"), (len(found.kept), "kept"))
    told = [f"{number} {word}" for number, word in rows if number]
    return f"findings: {listed(told)}" if told else ""


def consequences_of(difference: Difference) -> str:
    """What follows from the changes, in a sentence."""
    rows = [(number, aspect) for aspect, number in difference.consequences.items() if number]
    if not rows:
        return ""
    told = [f"another {aspect} in {counted(number, 'value')}" for number, aspect in rows]
    return f"in consequence: {listed(told)}"


def sizes_of(difference: Difference) -> str:
    """How many operators both run, in words."""
    old, new = difference.operators
    return counted(old, "operator") if old == new else f"{old:,} operators became {new:,}"


def retrained_of(difference: Difference) -> str:
    """How many of the weights that are the same in kind hold other numbers."""
    other, same = difference.retrained
    if not other:
        return ""
    whole = f"all {counted(same, 'weight')} have" if other == same else f"{other:,} of {counted(same, 'weight')} have"
    return f"{whole} the same kind and other numbers" if same > 1 else "1 weight has the same kind and other numbers"

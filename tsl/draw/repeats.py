"""Repeated parts of a picture folded into one of them.

Definitions:
1. Members of a cluster, next to each other, are a *round* of a *repeat* where the members after them are of the same
   form, again and again. The *form* of a member is all that is drawn in it (titles of modules apart, and names of
   values), and the edges within it, whatever its boxes are numbered.
2. Rounds are alike in their wiring as well: from the second on, each takes what it takes from the same places: of its
   own, of the round before it, or of what lies before all of them.
3. Of a repeat the first round is drawn, with the number of rounds. What another round hands to its next one is drawn
   once, as an edge back; all other edges of any round are those of the first.
4. A repeat is folded from LEAST rounds on, where that saves SAVED boxes. With `tight` two rounds are enough.
5. Inner repeats are folded before outer ones. Deeper than DEEPEST nothing is folded.

Linear in the size of the picture times the depth of its clusters, and not recursive. It will never fold what differs
in a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tsl.draw.members import Member, by_depth, rebuilt, size_of
from tsl.draw.picture import Badge, Box, Cluster, Edge, Picture
from tsl.record import Record

LEAST, SAVED, PERIOD, DEEPEST = 3, 4, 24, 32


class Run(Record):
    """A repeat: where in its cluster it begins, how many members a round has, and how many rounds there are."""

    start: int
    period: int
    rounds: int


def folded_repeats(picture: Picture, tight: bool = False) -> Picture:
    """The picture with its repeats folded."""
    levels = by_depth(picture.members, DEEPEST)
    for depth in range(len(levels) - 1, -1, -1):
        picture = _Level(picture, depth, tight).folded()
    return picture


class _Level:
    """One depth of a picture whose deeper repeats are folded."""

    def __init__(self, picture: Picture, depth: int, tight: bool) -> None:
        self._picture, self._depth, self._least = picture, depth, 2 if tight else LEAST
        self._place = {box.number: place for place, box in enumerate(picture.boxes())}
        self._into: dict[int, list[Edge]] = {}
        for edge in picture.edges:
            if edge.kind != "order":
                self._into.setdefault(edge.target, []).append(edge)
        self._moved: dict[int, int] = {}
        self._back: dict[Edge, None] = {}
        self._lost: set[int] = set()
        self._more: dict[int, list[Box]] = {}

    def folded(self) -> Picture:
        members = rebuilt(self._picture.members, self._depth, self._container)
        if not self._moved:
            return self._picture
        return self._picture._replace(members=members, edges=tuple(self._edges()))

    def _container(self, members: tuple[Member, ...]) -> tuple[Member, ...]:
        if len(members) < self._least:
            return members
        forms = self._forms(members)
        kept: list[Member] = []
        place = 0
        for run in runs(forms, [size_of(member) for member in members], self._least):
            rounds = self._alike(members, run)
            if rounds < self._least or not self._saves(members, run._replace(rounds=rounds)):
                continue
            kept += members[place : run.start]
            kept.append(self._fold(members, run._replace(rounds=rounds)))
            place = run.start + rounds * run.period
        return (*kept, *members[place:]) if kept else members

    def _forms(self, members: tuple[Member, ...]) -> list[int]:
        """The forms of some members; one that is alone in its size and title has a number of its own."""
        keys = [(size, each.kind) for each, size in self._sized(members)]
        counts = Counter(keys)
        return [
            self._form(member) if counts[key] >= self._least else -place
            for place, (member, key) in enumerate(zip(members, keys, strict=True))
        ]

    @staticmethod
    def _sized(members: tuple[Member, ...]) -> Iterator[tuple[Member, int]]:
        return ((member, size_of(member)) for member in members)

    def _saves(self, members: Sequence[Member], run: Run) -> bool:
        round_ = members[run.start : run.start + run.period]
        return sum(map(size_of, round_)) * (run.rounds - 1) >= SAVED

    def _form(self, member: Member) -> int:
        """The form of a member (1), as a hash."""
        boxes = list(boxes_of((member,)))
        base = self._place[boxes[0].number] if boxes else 0
        last = base + len(boxes)
        wires = []
        for place, box in enumerate(boxes):
            for edge in self._into.get(box.number, ()):
                source = self._place[edge.source]
                wires.append((place, source - base if base <= source < last else -1, type_of(edge), edge.kind))
        return hash((tuple(_looks(member)), tuple(sorted(wires))))

    def _alike(self, members: Sequence[Member], run: Run) -> int:
        """How many rounds are wired alike (2)."""
        rounds = [
            [box.number for box in boxes_of(members[start : start + run.period])]
            for start in range(run.start, run.start + run.rounds * run.period, run.period)
        ]
        home = {number: (turn, place) for turn, numbers in enumerate(rounds) for place, number in enumerate(numbers)}
        second: object = None
        for turn, numbers in enumerate(rounds[1:], 1):
            wires = sorted(
                self._wire(edge, place, turn, home)
                for place, number in enumerate(numbers)
                for edge in self._into.get(number, ())
            )
            if second is not None and wires != second:
                return turn
            second = wires
        return run.rounds

    def _wire(self, edge: Edge, place: int, turn: int, home: dict[int, tuple[int, int]]) -> tuple[int, int, int, str]:
        source_turn, source_place = home.get(edge.source, (-1, edge.source))
        return place, (turn - source_turn if source_turn >= 0 else -1), source_place, type_of(edge)

    def _fold(self, members: Sequence[Member], run: Run) -> Member:
        shown = members[run.start : run.start + run.period]
        first = [box.number for box in boxes_of(shown)]
        turn_of = dict.fromkeys(first, 0)
        for turn in range(1, run.rounds):
            start = run.start + turn * run.period
            for number, box in zip(first, boxes_of(members[start : start + run.period]), strict=True):
                self._moved[box.number] = number
                turn_of[box.number] = turn
                self._more.setdefault(number, []).append(box)
        self._between(turn_of)
        badge = Badge("repeat", f"\N{MULTIPLICATION SIGN}{run.rounds}")
        end = run.start + run.rounds * run.period
        title = f"{_titles(shown)} \N{HORIZONTAL ELLIPSIS} {_titles(members[end - run.period : end])}"
        (one,) = shown if run.period == 1 else (None,)
        if isinstance(one, Cluster):
            return one._replace(title=title if one.kind == "module" else one.title, badges=(*one.badges, badge))
        return Cluster("repeat", title if _titles(shown) else "", tuple(shown), badges=(badge,))

    def _between(self, turn_of: dict[int, int]) -> None:
        """What the first round hands to the second, as an edge back from each box (3); others hand on the same."""
        told: set[int] = set()
        for number, turn in turn_of.items():
            for edge in self._into.get(number, ()):
                source = turn_of.get(edge.source)
                if source is None or source == turn:
                    continue
                self._lost.add(id(edge))
                if turn == 1 and edge.source not in told:
                    told.add(edge.source)
                    target = self._moved[number]
                    into = edge._replace(source=self._moved.get(edge.source, edge.source), target=target, kind="back")
                    self._back[into] = None

    def _edges(self) -> Iterator[Edge]:
        told: set[tuple[int, int, str, str]] = set()
        for edge in self._picture.edges:
            if id(edge) in self._lost:
                continue
            source, target = (self._moved.get(number, number) for number in (edge.source, edge.target))
            if (source, target) != (edge.source, edge.target):
                edge = edge._replace(source=source, target=target)
            key = (source, target, type_of(edge), edge.kind)
            if edge.target not in self._more and edge.source not in self._more:
                yield edge
            elif key not in told:
                told.add(key)
                yield edge
        yield from self._back


def runs(forms: Sequence[int], sizes: Sequence[int], least: int) -> Iterator[Run]:
    """The runs of equal rounds in a sequence of forms, the longest from each place on, without overlap."""
    count = len(forms)
    periods = range(1, min(PERIOD, count // max(least, 2)) + 1)
    ahead = {period: _ahead(forms, period) for period in periods}
    place = 0
    while place < count:
        best = Run(place, 1, 1)
        for period in periods:
            rounds = ahead[period][place] // period + 1 if place < len(ahead[period]) else 1
            if rounds >= least and rounds * period > best.rounds * best.period:
                best = Run(place, period, rounds)
        if best.rounds >= least:
            yield best
        place += best.rounds * best.period
    return


def _ahead(forms: Sequence[int], period: int) -> list[int]:
    """For each place, how many forms from it on equal those a period later."""
    found = [0] * (len(forms) - period + 1)
    for place in range(len(forms) - period - 1, -1, -1):
        found[place] = found[place + 1] + 1 if forms[place] == forms[place + period] else 0
    return found


def boxes_of(members: Iterable[Member]) -> Iterator[Box]:
    """The boxes of some members, however deep."""
    return Picture("", tuple(members), ()).boxes()


def _titles(members: Sequence[Member]) -> str:
    """The modules among some members, by their titles."""
    modules = [each for each in members if each.kind == "module"]
    return ", ".join(each.title if isinstance(each, Cluster) else each.lines[0] for each in modules)


def type_of(edge: Edge) -> str:
    """What is written on an edge but the name of its value."""
    return edge.label.replace(f"{edge.value}: ", "", 1)


def _looks(member: Member) -> Iterator[object]:
    """What is drawn in a member, one thing after the other, with the ends of clusters; paths from its own on."""
    path = f"{member.path}." if member.path else ""
    open_ones: list[Iterator[Member]] = [iter((member,))]
    while open_ones:
        each = next(open_ones[-1], None)
        if each is None:
            open_ones.pop()
            yield ")"
        elif isinstance(each, Box):
            marks = tuple(mark.code for mark in each.marks)
            lines = each.lines[1:] if each is member and each.kind == "module" else each.lines
            lines = tuple(line.replace(path, "") for line in lines) if path else lines
            yield (each.kind, lines, each.schema, each.badges, each.painted, marks)
        else:
            title = each.title if each.kind != "module" or len(open_ones) > 1 else ""
            yield (each.kind, title, each.badges, each.tone)
            open_ones.append(iter(each.members))

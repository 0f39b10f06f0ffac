"""What a rule on fusion is asked with: the operators that are not fused, what splits groups, what new sizes cost.

Needs a report. A rule asks and reads; it walks nothing. It will never know a rule or how a finding is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tsl.ir.fused import REASONS, Node, Plan, Report, Shape, Unfused
from tsl.record import Record


class Spot(Record):
    """A place a rule may point at: the operator that stands there; `others` are further ones, each with a text.

    `about` says what a reason is about, such as a dtype; `many` how many operators the same is true of,
    `more` how many of them are the same line for other modules.
    """

    operator: Node
    reason: str = ""
    about: str = ""
    many: int = 1
    others: tuple[tuple[Node, str], ...] = ()
    more: int = 0

    @property
    def kind(self) -> str:
        """The operator, under the name that places in graphs have it by."""
        return self.operator.op

    @property
    def op(self) -> str:
        """The operator: `aten::relu_`."""
        return self.operator.op

    @property
    def where(self) -> str:
        """The module it runs for, in words, and how often it is there else: ` of layers.0 and 3 times more`."""
        again = f" and {self.more} time{'s' if self.more > 1 else ''} more" if self.more else ""
        return f" of {self.operator.module}{again}" if self.operator.module else again

    @property
    def why(self) -> str:
        """The reason in words."""
        return REASONS[self.reason]


class FusionFacts:
    """What is known of the fusion of one model."""

    def __init__(self, report: Report) -> None:
        self._plan = report.told or Plan((), ())
        self.shapes: tuple[Shape, ...] = report.shapes

    def unfused(self, *reasons: str) -> Iterator[Spot]:
        """The operators that a reader expects to be fused and that are not, for one of these reasons.

        Those that one operator keeps from it are one spot, where that operator stands; the same operator of the same
        line in several modules is one as well.
        """
        kept: dict[Node, list[Unfused]] = {}
        alike: dict[Node, list[Unfused]] = {}
        for one in self._plan.rest:
            if one.reason not in reasons or not one.expected:
                continue
            if one.origin is not None:
                kept.setdefault(one.origin, []).append(one)
            else:
                anywhere = one.node._replace(module="") if one.node.path else one.node
                alike.setdefault(anywhere, []).append(one)
        for ones in alike.values():
            first = ones[0]
            yield Spot(first.node, first.reason, first.detail, len(ones), more=len(ones) - 1)
        for origin, ones in kept.items():
            others = tuple((one.node, "not fused") for one in ones)
            yield Spot(origin, ones[0].reason, ones[0].detail, len(ones), others)

    def splits(self) -> Iterator[Spot]:
        """The branches and loops that stand between operators that could be fused."""
        return (Spot(node) for node in self._plan.splits)

    def recompiled(self) -> Iterator[Spot]:
        """The groups, by their first operator, of a model that was compiled again for other sizes."""
        if any(shape.compilations for shape in self.shapes):
            for group in self._plan.groups:  # what a literal was written out to has no line
                yield from (Spot(node) for node in [node for node in group.nodes if node.path][:1])

    @property
    def compilations(self) -> int:
        """How often the groups were compiled again for the sizes that were tried."""
        return sum(shape.compilations for shape in self.shapes)

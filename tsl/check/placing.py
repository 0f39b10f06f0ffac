"""The findings of a graph, where they stand in the checked files.

1. A finding stands at the innermost recorded place that is in a file of the run. Where the innermost one of all is in
   another file, it is a label.
2. One place and rule have one finding: the gravest, the first of equal ones. Of rules in BY_SUBJECT each subject has.
3. What has no place in the files of the run is left out and counted, by the file it was recorded in.
4. A finding on the model as a whole stands at its *home*: where the file makes it.

Needs a graph whose rules were asked, and the files. It will never ask a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tsl.check.archives import Unread, evidence_of, recorded_span
from tsl.check.files import Files
from tsl.check.text import Text
from tsl.diagnostic import Diagnostic, Evidence, Label, Span
from tsl.ir.facts import NodeFact
from tsl.ir.found import Part
from tsl.ir.graph import Frame
from tsl.project import shown
from tsl.rule import Rule, Verdict

# Rules that tell of each operator on a line.
BY_SUBJECT = frozenset({"TSL601", "TSL606"})
# The rules on archives that speak of the model in it; the others speak of the file, which nobody keeps.
OF_MODEL = frozenset({"TSL702", "TSL706", "TSL707", "TSL708", "TSL709", "TSL711"})


class Placing:
    """Findings in the making. `elsewhere` counts those that have no place, by file (3)."""

    def __init__(self, files: Files, home: Span | None) -> None:
        self.files, self.home = files, home
        self._found: dict[tuple[str, int, str, str], Diagnostic] = {}
        self.elsewhere: dict[str, int] = {}

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was placed."""
        return tuple(self._found.values())

    def of_graph(self, asked: Iterable[tuple[Rule, Verdict]]) -> None:
        """Places what rules on graphs found."""
        for rule, verdict in asked:
            node: NodeFact | Part = verdict.node
            if isinstance(node, Part):  # of the signature or the weights, which no line is about (4)
                self.at_home(rule, verdict.severity, verdict.sentence, node.anchor)
                continue
            labels = (Label(self._span(other.frame), told) for other, told in node.others if other.frame)
            evidence = evidence_of(verdict)
            if not self.at_stack(rule, verdict.severity, verdict.sentence, node.stack, tuple(labels), evidence):
                self._count(_innermost(node.stack).path if node.stack else "")

    def of_file(self, asked: Iterable[tuple[Rule, Verdict]]) -> None:
        """Places what rules on archives say of the model (4)."""
        for rule, verdict in asked:
            if rule.code in OF_MODEL:
                self.at_home(rule, verdict.severity, verdict.sentence, str(verdict.node.anchor))

    def of_targets(self, asked: Iterable[tuple[Rule, Verdict]]) -> None:
        """Places what the rules on targets and locks found: at the first call in the files, else as (4)."""
        for rule, verdict in asked:
            place = verdict.node
            stacks = [node.stack for node in (*getattr(place, "near", ()), *getattr(place, "nodes", ()))]
            subject = str(place.anchor) if rule.code in BY_SUBJECT else ""
            told = (rule, verdict.severity, verdict.sentence)
            if not any(self.at_stack(*told, stack, subject=subject) for stack in stacks):
                self.at_home(*told, str(place.anchor))

    def of_unread(self, rule: Rule, parts: Iterable[Unread]) -> None:
        """Places what was not checked (4)."""
        for part in parts:
            self.at_home(rule, rule.severity, part.message, part.anchor)

    def at_stack(
        self,
        rule: Rule,
        severity: Any,
        message: str,
        stack: tuple[Frame, ...],
        labels: tuple[Label, ...] = (),
        evidence: tuple[Evidence, ...] = (Evidence.IR,),
        subject: str = "",
    ) -> bool:
        """Places a finding by a recorded stack, innermost first (1); whether it has a place."""
        for frame, text in self._of_run(stack):
            span, inner = text.span(frame.line, frame.column), _innermost(stack)
            if inner != frame:
                labels = (Label(self._span(inner), f"recorded here, in {inner.function or 'another file'}"), *labels)
            labels = tuple(label for label in labels if label.span != span)
            self._add(span, rule, severity, message, text.anchor(frame.line), labels, evidence, subject)
            return True
        return False

    def at_home(self, rule: Rule, severity: Any, message: str, anchor: str, labels: tuple[Label, ...] = ()) -> None:
        """Places a finding on the model as a whole (4)."""
        if self.home:
            self._add(self.home, rule, severity, message, anchor, labels)
        else:
            self._count("")

    def _count(self, path: str) -> None:
        if self.files.is_left_out(path) if path else self.files.any_left_out:
            return  # which has been said
        self.elsewhere[path] = self.elsewhere.get(path, 0) + 1

    def _add(
        self,
        span: Span,
        rule: Rule,
        severity: Any,
        message: str,
        anchor: str,
        labels: tuple[Label, ...],
        evidence: tuple[Evidence, ...] = (Evidence.IR,),
        subject: str = "",
    ) -> None:
        """(2)"""
        key = (span.path, span.line, rule.code, subject)
        known = self._found.get(key)
        if known is None or severity > known.severity:
            self._found[key] = Diagnostic(
                span, rule.code, rule.name, severity, message, rule.help, anchor, evidence, labels
            )

    def _of_run(self, stack: Iterable[Frame]) -> Iterator[tuple[Frame, Text]]:
        for frame in stack:
            text = self.files.find(frame.path)
            if text and text.line(frame.line):
                yield frame, text

    def _span(self, frame: Frame) -> Span:
        """Where a recorded place is: in a file of the run, or in one that is not shown."""
        for known, text in self._of_run([frame]):
            return text.span(known.line, known.column)
        return recorded_span(frame)


def _innermost(stack: tuple[Frame, ...]) -> Frame:
    """The innermost place that is not torch's own, as a graph has it (see `tsl.ir.graph.Source`)."""
    from tsl.ir.graph import Source

    place = Source(stack).place
    assert place is not None
    return place


def told_elsewhere(counted: dict[str, int]) -> str:
    """The findings without a place in words: where they were recorded, the files with most of them first."""
    named = sorted(((number, path) for path, number in counted.items() if path), key=lambda one: (-one[0], one[1]))
    total = sum(counted.values())
    findings = "1 finding of its graph has" if total == 1 else f"{total} findings of its graph have"
    if not named:
        return f"{findings} no recorded place"
    files = ", ".join(shown(path) for _, path in named[:2])
    more = f" and {len(named) - 2} more" if len(named) > 2 else ""
    return f"{findings} no place in the checked files; recorded in {files}{more}"


__all__ = ["OF_MODEL", "Placing", "told_elsewhere"]

"""The findings on fusion, where they stand in the user's files.

Needs a plan of a check and a report. It will never run a model or make a fact.

1. A finding stands at the line of its operator, of an archive on the archive, the line that was recorded being a label.
   One whose line is in no file that can be read stands where the file under test makes the model.
2. Comments and selectors speak as they do for `tsl check`.
3. The evidence is a run, and of what is foretold the graph.
4. A rule on graphs that speaks of fusion is asked of the plan as well: it needs no more than `splits`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tsl.cache import Judged
from tsl.check.examine import Examined, show
from tsl.check.judge import ask
from tsl.check.plan import Books, Plan, Settings, make_plan
from tsl.check.text import Text, read_text
from tsl.diagnostic import Diagnostic, Evidence, Label, Span
from tsl.ir.fused import Node, Report
from tsl.ir.fused_facts import FusionFacts, Spot
from tsl.outcome import Failure, Outcome
from tsl.rule import Rule, Verdict

FAMILY = "TSL8"


def judged(report: Report, settings: Settings, books: Books) -> Outcome:
    """The findings on a report. Raises SettingError for a setting that cannot be followed."""
    plan = make_plan(settings, books)
    rules = [*plan.rules_of("run"), *(rule for rule in plan.rules_of("ir") if rule.code.startswith(FAMILY))]
    facts = FusionFacts(report)
    placing = _Placing(report)
    for rule in rules:
        for verdict in ask(rule, facts):
            placing.take(rule, verdict)
    return _outcome(report, placing, plan, frozenset(rule.code for rule in rules))


def _outcome(report: Report, placing: _Placing, plan: Plan, asked: frozenset[str]) -> Outcome:
    by_path: dict[str, list[Diagnostic]] = {}
    for one in placing.found:
        by_path.setdefault(one.span.path, []).append(one)
    shown_files = [
        show(Examined(path, Judged(()), is_archive=not path.endswith(".py")), found, plan)
        for path, found in sorted(by_path.items())
    ]
    diagnostics = sorted(
        (one for file in shown_files for one in file.diagnostics if one.code in asked),
        key=lambda one: (one.span, one.code),
    )
    failures: Sequence[Failure] = tuple(filter(None, [report.failure]))
    return Outcome(
        tuple(diagnostics),
        files=1,
        suppressed=sum(file.suppressed for file in shown_files),
        failures=tuple(failures),
        notes=report.notes,
        lines={file.path: file.lines for file in shown_files if file.diagnostics},
    )


class _Placing:
    """Findings in the making (1)."""

    def __init__(self, report: Report) -> None:
        self._texts: dict[str, Text | None] = {}
        self._is_archive = not report.entry
        text = None if self._is_archive else self._text(report.path)
        self._evidence = (Evidence.RUN if report.plan else Evidence.IR,)
        self._home = (text and text.definition(report.entry)) or Span(report.path, 1, 1, 1, 1)
        self.found: list[Diagnostic] = []

    def take(self, rule: Rule, verdict: Verdict) -> None:
        """Places what a rule found."""
        spot: Spot = verdict.node
        node = spot.operator
        text = None if self._is_archive else self._text(node.path)
        here = text.span(node.line) if text and text.line(node.line) else self._home
        anchor = text.anchor(node.line) if text and here != self._home else f"{node.module}: {node.op}"
        beside = spot.others if here != self._home else ((node, "recorded here"), *spot.others)
        labels = tuple(Label(span, told) for one, told in dict.fromkeys(beside) if (span := self._span(one)) != here)
        told, severity = verdict.sentence, verdict.severity
        self.found.append(
            Diagnostic(here, rule.code, rule.name, severity, told, rule.help, anchor, self._evidence, labels)
        )

    def _span(self, node: Node) -> Span:
        text = None if self._is_archive else self._text(node.path)
        return text.span(node.line) if text and text.line(node.line) else Span(node.path, node.line, 1, node.line, 2)

    def _text(self, path: str) -> Text | None:
        if path not in self._texts:
            self._texts[path] = read_text(path) if path.endswith(".py") else None
        return self._texts[path]

"""Reports: a finished run, or the rules, as text in the form a reader or a machine wants.

Needs the outcome of a run and the rulebook; each function imports the one module it needs. Every function returns the
whole text, ended by a newline where it is not empty. It will never print, choose an exit code, or decide on colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsl.archive.inspection.facts import Inspection
    from tsl.diagnostic import Diagnostic
    from tsl.diff.change import Difference
    from tsl.ir.fused import Report
    from tsl.migrate.ledger import Ledger
    from tsl.outcome import Outcome
    from tsl.rule import Rule
    from tsl.rulebook import Rulebook
    from tsl.target.table import Table
    from tsl.verify.compiled import Compilation
    from tsl.verify.verdict import Confirmation, Verdict
    from tsl.verify.weigh import Weighed

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "markdown")
STATISTICS_FORMATS = ("text", "concise")  # the CLI refuses --statistics with another one
COLOR_FORMATS = ("text", "concise")
RULES_FORMATS = ("text", "json")
VERDICT_FORMATS = ("text", "json")
FUSION_FORMATS = ("text", "json", "concise", "sarif", "github")
INSPECTION_FORMATS = ("text", "json")
TARGETS_FORMATS = ("text", "json")
MIGRATION_FORMATS = ("text", "markdown", "json")
DIFF_FORMATS = ("text", "json", "markdown")


def render(format: str, outcome: Outcome, rulebook: Rulebook, *, color: bool, statistics: bool) -> str:
    """The report of a run in one of FORMATS, its findings sorted by place and code.

    `color` paints the COLOR_FORMATS and leaves the others as they are. Failures are told by the SARIF report alone:
    what tsl could not do, the CLI says on stderr, one line each; text and concise count them in their summary.
    Raises ValueError for another format, or for `statistics` with a format that is not one of STATISTICS_FORMATS;
    `tsl.page.PageError` where SARIF has to describe a rule that has no page.
    """
    if format not in FORMATS:
        raise ValueError(f"{format!r} is not a format; use {', '.join(FORMATS)}")
    if statistics and format not in STATISTICS_FORMATS:
        raise ValueError(f"no statistics in format {format}; use {' or '.join(STATISTICS_FORMATS)}")
    outcome = outcome._replace(diagnostics=tuple(sorted(outcome.diagnostics, key=_place)))
    match format:
        case "text":
            from tsl.report.text import text

            return text(outcome, color=color, statistics=statistics)
        case "concise":
            from tsl.report.concise import concise

            return concise(outcome, color=color, statistics=statistics)
        case "json":
            from tsl.report.jsonform import json_form

            return json_form(outcome)
        case "sarif":
            from tsl.report.sarif import sarif

            return sarif(outcome, rulebook)
        case "github":
            from tsl.report.github import github

            return github(outcome)
        case "gitlab":
            from tsl.report.gitlab import gitlab

            return gitlab(outcome)
        case "junit":
            from tsl.report.junit import junit

            return junit(outcome)
        case _:
            from tsl.report.markdown import markdown

            return markdown(outcome)


def explain(rule: Rule, *, color: bool) -> str:
    """A rule's page. Raises `tsl.page.PageError` where the rule has none that can be read."""
    from tsl.report.pages import page_text

    return page_text(rule, color=color)


def rules_table(rulebook: Rulebook, format: str, *, color: bool) -> str:
    """All rules of a rulebook, as a table or as JSON.

    Raises ValueError for a format that is not one of RULES_FORMATS; `tsl.page.PageError` where a rule has no page.
    """
    if format not in RULES_FORMATS:
        raise ValueError(f"{format!r} is not a format of rules; use {' or '.join(RULES_FORMATS)}")
    from tsl.report.pages import rules_json, rules_text

    return rules_json(rulebook.rules) if format == "json" else rules_text(rulebook.rules, color=color)


def verdict_report(format: str, verdict: Verdict, confirmation: Confirmation, *, color: bool) -> str:
    """What a run of a model against its trace came to, in one of VERDICT_FORMATS. Raises ValueError for another."""
    if format not in VERDICT_FORMATS:
        raise ValueError(f"{format!r} is not a format of verdicts; use {' or '.join(VERDICT_FORMATS)}")
    from tsl.report.verdict import verdict_json, verdict_text

    return verdict_json(verdict, confirmation) if format == "json" else verdict_text(verdict, confirmation, color=color)


def fusion_report(format: str, report: Report, outcome: Outcome, rulebook: Rulebook, *, color: bool) -> str:
    """What a look at the fusion of a model came to, in one of FUSION_FORMATS. Raises ValueError for another.

    The forms for machines other than JSON have the findings alone.
    """
    if format not in FUSION_FORMATS:
        raise ValueError(f"{format!r} is not a format of fusion; use {', '.join(FUSION_FORMATS)}")
    if format in {"text", "json"}:
        from tsl.report.fusion import fusion_json, fusion_text

        return fusion_json(report, outcome) if format == "json" else fusion_text(report, outcome, color=color)
    return render(format, outcome, rulebook, color=color, statistics=False)


def compiled_report(format: str, told: Compilation, weighed: Weighed, *, color: bool) -> str:
    """What the compiler says of a model and of findings, in one of VERDICT_FORMATS. Raises ValueError for another."""
    if format not in VERDICT_FORMATS:
        raise ValueError(f"{format!r} is not a format of compilations; use {' or '.join(VERDICT_FORMATS)}")
    from tsl.report.compiled import compiled_json, compiled_text

    return compiled_json(told, weighed) if format == "json" else compiled_text(told, weighed, color=color)


def inspection_report(format: str, found: Inspection, *, depth: int, color: bool) -> str:
    """What is known of a file that was looked into, in one of INSPECTION_FORMATS. Raises ValueError for another.

    `depth` is how many levels of modules text shows.
    """
    if format not in INSPECTION_FORMATS:
        raise ValueError(f"{format!r} is not a format of inspections; use {' or '.join(INSPECTION_FORMATS)}")
    from tsl.report.inspection import inspection_json, inspection_text

    return inspection_json(found) if format == "json" else inspection_text(found, depth=depth, color=color)


def targets_report(format: str, tables: Sequence[Table], *, color: bool) -> str:
    """The targets there are, in one of TARGETS_FORMATS. Raises ValueError for another."""
    if format not in TARGETS_FORMATS:
        raise ValueError(f"{format!r} is not a format of targets; use {' or '.join(TARGETS_FORMATS)}")
    from tsl.report.targets import targets_json, targets_text

    return targets_json(tables) if format == "json" else targets_text(tables, color=color)


def migration_report(format: str, ledger: Ledger, *, color: bool) -> str:
    """What a project uses of torch.jit and torch.onnx, in one of MIGRATION_FORMATS. Raises ValueError for another."""
    if format not in MIGRATION_FORMATS:
        raise ValueError(f"{format!r} is not a format of ledgers; use {', '.join(MIGRATION_FORMATS)}")
    from tsl.report import migration

    if format == "text":
        return migration.migration_text(ledger, color=color)
    return migration.migration_json(ledger) if format == "json" else migration.migration_markdown(ledger)


def difference_report(format: str, difference: Difference, *, color: bool) -> str:
    """What is different between two models, in one of DIFF_FORMATS. Raises ValueError for another."""
    if format not in DIFF_FORMATS:
        raise ValueError(f"{format!r} is not a format of differences; use {', '.join(DIFF_FORMATS)}")
    if format == "markdown":
        from tsl.report.diff_markdown import difference_markdown

        return difference_markdown(difference)
    from tsl.report.diff import difference_json, difference_text

    return difference_json(difference) if format == "json" else difference_text(difference, color=color)


def _place(found: Diagnostic) -> tuple[object, ...]:
    """What findings are sorted by: all of a finding that has an order, place and code first."""
    return (found.span, found.code, found.rule, found.severity, found.message, found.anchor)

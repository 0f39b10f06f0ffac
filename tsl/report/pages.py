"""Rules shown to people: one rule's page, and the table of all of them.

Needs the rules' files, but for titles that their index has, and rich where a page is wanted in colour. It will never
show findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tsl.remedy import REMEDIES
from tsl.report.paint import Line, Segment, paint

if TYPE_CHECKING:
    from tsl.rule import Rule

MARK = "fix"
READABLE = 100  # columns; wider lines of prose are hard to follow

# rich's own styles put code on black, which suits half of all terminals.
MARKDOWN = {"markdown.code": "cyan", "markdown.h2": "bold"}

# Code prefixes; the longest that fits is a rule's family.
FAMILIES = {
    "TSL10": "Tensor data decides Python",
    "TSL11": "Sizes become constants",
    "TSL12": "Metadata becomes constants",
    "TSL13": "Python state is frozen",
    "TSL14": "Devices and dtypes become constants",
    "TSL15": "Checks are lost",
    "TSL17": "What torch.jit.trace refuses",
    "TSL2": "What torch.jit.script refuses or changes",
    "TSL3": "The export path",
    "TSL4": "Host and device wait for each other",
    "TSL5": "Conflicts in the graph",
    "TSL6": "Operators a target does not know",
    "TSL7": "The archive",
    "TSL8": "Fusion",
    "TSL9": "tsl itself",
}


def page_text(rule: Rule, *, color: bool) -> str:
    """A rule's page: title, what the rule is, its remedy, and the body. Raises `tsl.page.PageError`."""
    from tsl.page import page_of

    page = page_of(rule)
    head: list[Line] = [
        [Segment(page.title, "strong")],
        [Segment(f"{rule.code} {rule.name}", rule.severity.label), Segment(f", {described(rule)}")],
        [],
        [Segment("help: ", "help"), Segment(rule.help)],
        *([[Segment("fix: ", "help"), Segment(mended(rule))]] if rule.fix else []),
        [],
    ]
    return paint(head, color=color) + (_rendered(page.body) if color else page.body + "\n")


def rules_text(rules: Sequence[Rule], *, color: bool) -> str:
    """All rules by family: code, name, severity, title. Raises `tsl.page.PageError`."""
    if not rules:
        return ""
    code, name, severity, fix = (max(len(word) for word in words) for words in zip(*map(_words, rules), strict=True))
    lines: list[Line] = []
    for family, members in families(rules):
        lines.append([Segment(family, "strong")])
        for rule in members:
            lines.append(
                [
                    Segment(f"  {rule.code:<{code}}  {rule.name:<{name}}  "),
                    Segment(f"{rule.severity.label:<{severity}}", rule.severity.label),
                    Segment(f"  {MARK if rule.fix else '':<{fix}}" if fix else ""),
                    Segment(f"  {title_of(rule)}{' (optional)' if rule.optional else ''}"),
                ]
            )
        lines.append([])
    if fix:
        return paint(
            [*lines, [Segment(f"{MARK}: tsl check --fix mends it, in some places or all", "help")]], color=color
        )
    return paint(lines[:-1], color=color)


def rules_json(rules: Sequence[Rule]) -> str:
    """All rules as a JSON list in the order of their codes, ended by a newline. Raises `tsl.page.PageError`."""
    import json

    form = [
        {
            "code": rule.code,
            "name": rule.name,
            "severity": rule.severity.label,
            "family": family_of(rule.code),
            "engine": rule.engine,
            "optional": rule.optional,
            "since": rule.since,
            "title": title_of(rule),
            "help": rule.help,
            "fix": _fix_form(rule),
        }
        for rule in rules
    ]
    return json.dumps(form, indent=2) + "\n"


def title_of(rule: Rule) -> str:
    """The title of a rule's page, which is parsed where the index of rules does not have it.

    Raises `tsl.page.PageError` where that cannot be done.
    """
    if rule.title:
        return rule.title
    from tsl.page import page_of

    return page_of(rule).title


def mended(rule: Rule) -> str:
    """What a rule's fix does, and which options of `tsl check` ask for it."""
    remedy = REMEDIES[rule.fix]
    return f"{remedy.title} ({remedy.asked_by})"


def _fix_form(rule: Rule) -> dict[str, str] | None:
    if not rule.fix:
        return None
    remedy = REMEDIES[rule.fix]
    return {"name": rule.fix, "title": remedy.title, "safety": remedy.safety}


def families(rules: Iterable[Rule]) -> Iterator[tuple[str, list[Rule]]]:
    """The rules, sorted by code, grouped by family."""
    from itertools import groupby

    for family, members in groupby(sorted(rules, key=lambda rule: rule.code), lambda rule: family_of(rule.code)):
        yield family, list(members)


def family_of(code: str) -> str:
    """The family of a code. Rules under a prefix of a user's own are a family by that prefix."""
    fitting = [prefix for prefix in FAMILIES if code.startswith(prefix)]
    return FAMILIES[max(fitting, key=len)] if fitting else f"{code.rstrip('0123456789')} rules"


def described(rule: Rule) -> str:
    """The severity of a rule and when it came in: `error, since 0.1`."""
    return f"{rule.severity.label}, since {rule.since}"


def _words(rule: Rule) -> tuple[str, str, str, str]:
    return rule.code, rule.name, rule.severity.label, MARK if rule.fix else ""


def _rendered(body: str) -> str:
    """Markdown in colour, wrapped to the terminal."""
    from io import StringIO
    from shutil import get_terminal_size

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    out = StringIO()
    console = Console(
        file=out,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
        width=min(get_terminal_size().columns, READABLE),
        theme=Theme(MARKDOWN),
    )
    console.print(Markdown(body, code_theme="ansi_dark"))
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())

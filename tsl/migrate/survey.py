"""The sites of a file, and the branches that its check found.

Needs the check's findings of TSL10x, which know what depends on data. It will never run anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from tsl.diagnostic import Diagnostic
from tsl.migrate.advice import advise
from tsl.migrate.branches import skeleton
from tsl.migrate.find import Use, mentions_of, uses_of
from tsl.migrate.ledger import Site
from tsl.migrate.names import standing
from tsl.migrate.words import Context
from tsl.source.file import SourceFile

# Findings whose statement data decides, and what stands at them.
DECIDED = {ast.If: "TSL101", ast.While: "TSL102", ast.Assert: "TSL103", ast.IfExp: "TSL104"}
# Findings that take data for a number or a length of Python's, and what torch.export makes of it.
NUMBERS = {
    "TSL106": "torch.export keeps the number as a symbol: say its bounds with torch._check before it makes a size",
    "TSL107": "torch.export keeps each number as a symbol; a tensor does where no list is needed",
    "TSL108": "torch.export unrolls no loop whose length data decides: write it with tensors, or torch.while_loop",
}
BRANCHES = (*DECIDED.values(), *NUMBERS)


def sites_of(file: SourceFile, package: str, findings: Sequence[Diagnostic]) -> list[Site]:
    """The sites of a file, in the order in which they stand."""
    context = Context(file)
    uses = list(uses_of(file, package))
    taken = frozenset(
        line for use in uses for line in range(use.node.lineno, (use.node.end_lineno or use.node.lineno) + 1)
    )
    found = [_site(context, use) for use in uses]
    for line, column, text in mentions_of(file, taken):
        found.append(Site(file.path, line, column, "", "mention", "", "works", "none", text))
    found += _branches(file, findings)
    return sorted(found, key=lambda site: (site.line, site.column, site.kind, site.name))


def _site(context: Context, use: Use) -> Site:
    span = context.file.span(use.node)
    advice, held = advise(context, use), standing(use.name)
    text = context.file.segment(use.call if use.role == "call" else use.node, 100)
    place = (span.path, span.line, span.column, use.home)
    return Site(
        *(*place, advice.kind, use.name, held.status, advice.effort, text),
        advice.replacement,
        advice.why,
        held.no_python_314,
    )


def _branches(file: SourceFile, findings: Sequence[Diagnostic]) -> Iterator[Site]:
    nodes = dict(_decided(file))
    first = {(finding.span.line, finding.code): finding for finding in reversed(findings)}
    for key, finding in sorted(first.items()):
        if finding.code in NUMBERS:
            yield _number(file, finding)
            continue
        node, function, home = nodes.get(key, (None, None, ""))
        if node is None:
            continue
        text = file.segment(node.test, 100)
        written = skeleton(function, node)
        effort = "small" if isinstance(node, ast.Assert | ast.IfExp) and written else "large"
        why = "torch.export refuses a branch that data decides"
        place = (finding.span.path, finding.span.line, finding.span.column)
        yield Site(*place, home, "branch", finding.rule, "works", effort, text, written, why)


def _number(file: SourceFile, finding: Diagnostic) -> Site:
    span = finding.span
    homes = [
        home for function, home in _functions(file.tree, "") if function.lineno <= span.line <= function.end_lineno
    ]
    text = file.lines[span.line - 1].strip()
    place = (span.path, span.line, span.column, homes[-1] if homes else "")
    return Site(*place, "branch", finding.rule, "works", "medium", text, why=NUMBERS[finding.code])


def _decided(file: SourceFile) -> Iterator[tuple[tuple[int, str], tuple[Any, Any, str]]]:
    """Statements with a test, by the line of the test and the code of the finding that would stand there."""
    for function, home in _functions(file.tree, ""):
        node: Any
        for node in ast.walk(function):
            if type(node) in DECIDED:
                yield (node.test.lineno, DECIDED[type(node)]), (node, function, home)


def _functions(node: Any, home: str) -> Iterator[tuple[Any, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{home}.{child.name}" if home else child.name
            if not isinstance(child, ast.ClassDef):
                yield child, inner
            yield from _functions(child, inner)
        else:
            yield from _functions(child, home)

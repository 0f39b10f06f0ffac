"""Findings of both engines about one thing, as one.

Two tables say what a rule on graphs finds that, on the same line, one of these rules on source found already.
1. SAME: both say one thing. The source's finding stays, for it knows the expression and the way a value came.
2. MORE: the graph's says what comes of it: that a run fails, or what it computes. It stays.
3. What stays gains the evidence of the other, a label with its sentence, its labels, and the graver severity.

Both count as themselves for selectors and comments, for they meet after both.

Needs findings that are to be shown. It will never select among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tsl.diagnostic import Diagnostic, Evidence, Label

# A code on the left is whole; on the right stand beginnings of codes, the likeliest first.
SAME: Mapping[str, tuple[str, ...]] = {
    "TSL401": ("TSL411", "TSL412", "TSL413"),  # the host waits: reads a value, asks for a length, copies
    "TSL501": ("TSL141", "TSL142", "TSL143", "TSL144"),  # a device of the example: made on, moved to, state, copied to
    "TSL522": ("TSL11",),  # a size of the example: in a loop, a branch, a number
    "TSL904": ("TSL2", "TSL17"),  # torch refuses what the language, or tracing, does not have
    "TSL601": ("TSL601",),  # the same operator, whoever met it
}
# Of these both have to be about one subject, which the sentence names first.
BY_SUBJECT = frozenset({"TSL601"})
MORE: Mapping[str, tuple[str, ...]] = {
    "TSL502": ("TSL14",),  # it fails on the device, for what is made, moved or copied here
    "TSL503": ("TSL14",),
    "TSL504": ("TSL143", "TSL14"),
    "TSL511": ("TSL145",),  # it computes in another dtype, for the one that is written here
    "TSL513": ("TSL145",),
    "TSL531": ("TSL135",),  # it drops in production, for the flag that is not handed on here
    "TSL532": ("TSL134",),  # it draws
}
TABLES = {**SAME, **MORE}


def agreed(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings of a file, those of a graph joined with the source's own."""
    kept: list[Diagnostic] = []
    graph: list[Diagnostic] = []
    for one in found:
        (graph if one.code in TABLES and Evidence.SOURCE not in one.evidence else kept).append(one)
    for one in sorted(graph, key=lambda one: one.code in MORE):
        places = [(_distance(known, one), number) for number, known in enumerate(kept) if _is_same(known, one)]
        if places:
            number = min(places)[1]
            kept[number] = _joined(kept[number], one) if one.code in SAME else _joined(one, kept[number])
        else:
            kept.append(one)
    return tuple(kept)


def _is_same(source: Diagnostic, graph: Diagnostic) -> bool:
    meant = source.code.startswith(TABLES[graph.code]) and Evidence.SOURCE in source.evidence
    if graph.code in BY_SUBJECT and _subject(source) != _subject(graph):
        return False
    return meant and source.span.line <= graph.span.line <= source.span.end_line


def _subject(found: Diagnostic) -> str:
    return found.message.split("`")[1]


def _distance(source: Diagnostic, graph: Diagnostic) -> tuple[int, int, int]:
    """How far a finding is from what a graph recorded: by line, by column, by how likely its rule is."""
    order = [number for number, code in enumerate(TABLES[graph.code]) if source.code.startswith(code)]
    return graph.span.line - source.span.line, abs(graph.span.column - source.span.column), order[0]


def _joined(stays: Diagnostic, goes: Diagnostic) -> Diagnostic:
    """(3)"""
    is_of_graph = Evidence.SOURCE not in goes.evidence
    where = "in the graph" if is_of_graph else "in the source"
    label = Label(stays.span if is_of_graph else goes.span, f"{where}: {goes.message}")
    labels = tuple(dict.fromkeys((*stays.labels, label, *goes.labels)))
    evidence = tuple(kind for kind in Evidence if kind in (*stays.evidence, *goes.evidence))
    return stays._replace(severity=max(stays.severity, goes.severity), evidence=evidence, labels=labels)

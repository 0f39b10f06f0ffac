"""A baseline: the findings that a project had when it began to use tsl, so that only new ones are shown.

Definitions:
1. A finding is known by its fingerprint, which holds through changes of other lines. A file of a baseline lists those
   of all findings of a run, with what they are about for those who read it.
2. Findings of one fingerprint are counted: a second one where one was accepted is new.
3. An entry that no finding of a run meets is *gone*, where its file was one of the run.

Needs the outcome of a run. It will never decide that a run is clean: what could not be done stays said.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tsl.diagnostic import Diagnostic
from tsl.outcome import Outcome
from tsl.record import Record

VERSION = 1


class BaselineError(Exception):
    """A file is no baseline; the message says why, in one line."""


class Entry(Record):
    """One accepted finding."""

    fingerprint: str
    code: str
    path: str
    message: str


class Compared(Record):
    """An outcome without what a baseline holds, how many findings that took away, and the entries that are gone (3)."""

    outcome: Outcome
    gone: tuple[Entry, ...]


def text_of(findings: Iterable[Diagnostic]) -> str:
    """The file of a baseline (1), by path and code, ended by a newline."""
    import json

    entries = sorted(_entry(found) for found in findings)
    rows = [dict(zip(Entry._fields, entry, strict=True)) for entry in entries]
    return json.dumps({"version": VERSION, "findings": rows}, indent=1, ensure_ascii=False) + "\n"


def _entry(found: Diagnostic) -> Entry:
    return Entry(found.fingerprint, found.code, found.span.path.replace("\\", "/"), found.message)


def read(text: str) -> tuple[Entry, ...]:
    """The entries of a baseline's file. Raises BaselineError."""
    import json

    try:
        form: Any = json.loads(text)
        if form["version"] != VERSION:
            raise BaselineError(f"is of version {form['version']}, and this tsl reads {VERSION}; write it anew")
        return tuple(Entry(*(str(row[field]) for field in Entry._fields)) for row in form["findings"])
    except (ValueError, KeyError, TypeError):
        raise BaselineError("is no baseline of tsl; --write-baseline writes one") from None


def compared(outcome: Outcome, entries: Iterable[Entry], checked: Iterable[str]) -> Compared:
    """An outcome without the findings that entries accept (2). `checked` are the paths of the files of the run."""
    entries = tuple(entries)
    accepted = Counter(entry.fingerprint for entry in entries)
    new: list[Diagnostic] = []
    for found in outcome.diagnostics:
        if accepted[found.fingerprint] > 0:
            accepted[found.fingerprint] -= 1
        else:
            new.append(found)
    run = {os.path.normpath(path) for path in checked}
    gone = tuple(entry for entry in entries if accepted[entry.fingerprint] > 0 and os.path.normpath(entry.path) in run)
    known = len(outcome.diagnostics) - len(new)
    return Compared(outcome._replace(diagnostics=tuple(new), accepted=outcome.accepted + known), gone)

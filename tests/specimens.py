"""Small real things for the tests of pages and reports: a model's source, rules with pages, findings on the source.

Rules are files, loaded the way tsl loads them. It will never hold a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tsl.diagnostic import Diagnostic, Label, Severity, Span
from tsl.outcome import Failure, Outcome
from tsl.rule import Rule
from tsl.rulebook import Rulebook, load_file

MODEL = """\
import torch


class Gate(torch.nn.Module):
    def forward(self, x, y):
        total = x.sum()
        if total > 0:
            return y
        for step in range(x.size(0)):
            y = y + step
        return y
"""
LINES = MODEL.splitlines()

TENSOR_BRANCH = """\
'''Branch on the value of a tensor

## What happens
Tracing runs the model once
and keeps the branch that ran.

The other branch is gone.

## Example
```python
def forward(self, x):
    if x.sum() > 0:  # TSL101
        return x
    return -x
```

## Use instead
```python
def forward(self, x):
    return torch.where(x.sum() > 0, x, -x)
```
'''
from tsl.rule import source_rule


@source_rule("TSL101", severity="error", since="0.1", help="use torch.where")
def tensor_branch(function):
    yield from ()
"""

SIZE_LOOP = """\
'''Loop over a size

## What happens
The loop is unrolled.

## Example
```python
def forward(self, x):
    for i in range(x.size(0)):  # TSL112
        x = x + i
    return x
```

## Use instead
```python
def forward(self, x):
    return x + torch.arange(x.size(0)).sum()
```
'''
from tsl.rule import source_rule


@source_rule("TSL112", severity="warning", since="0.2", help="write the loop as one tensor operation")
def size_loop(function):
    yield from ()
"""


def rule_in(directory: Path, text: str) -> Rule:
    """The rule of a file written to `directory`, named after its function."""
    found = re.search(r"^def (\w+)\(function\)", text, re.M)
    assert found, "a rule is a function"
    path = directory / f"{found[1]}.py"
    path.write_text(text, encoding="utf-8")
    return load_file(str(path))


def book_in(directory: Path, *texts: str) -> Rulebook:
    """A rulebook of rules written to `directory`: a tensor-branch and a size-loop where no texts are given."""
    return Rulebook(rule_in(directory, text) for text in texts or (TENSOR_BRANCH, SIZE_LOOP))


def at(line: int, text: str, *, path: str = "models/gate.py", lines: Iterable[str] = LINES) -> Span:
    """The first place of a text on a line of the model, or of other lines."""
    start = list(lines)[line - 1].index(text) + 1
    return Span(path, line, start, line, start + len(text))


BRANCH = Diagnostic(
    span=at(7, "total > 0"),
    code="TSL101",
    rule="tensor-branch",
    severity=Severity.ERROR,
    message="tracing keeps only the branch its example input takes",
    help="use torch.where",
    anchor="Gate.forward\0if total > 0:",
    labels=(Label(at(5, "x"), "a tensor since here"), Label(at(6, "total"), "its sum, still a tensor")),
)
LOOP = Diagnostic(
    span=at(9, "range(x.size(0))"),
    code="TSL112",
    rule="size-loop",
    severity=Severity.WARNING,
    message="tracing unrolls the loop for the size of its example input",
    help="write the loop as one tensor operation",
    anchor="Gate.forward\0for step in range(x.size(0)):",
    labels=(Label(at(9, "x.size(0)"), "a size since here"), Label(at(5, "x"), "a tensor since here")),
)
NOTE = LOOP._replace(span=at(10, "y + step"), severity=Severity.INFO, labels=(), anchor="Gate.forward\0y = y + step")
UNREADABLE = Failure("locked.py", "permission denied")


def outcome(*found: Diagnostic, files: int = 1, suppressed: int = 0, failures: tuple[Failure, ...] = ()) -> Outcome:
    """A run over the model that found these."""
    return Outcome(found, files, suppressed, failures, lines={"models/gate.py": LINES})


EMPTY_BOOK = Rulebook(())

"""What tsl says: a Diagnostic and the values it is made of.

The ground floor: it imports nothing of tsl and nothing but the standard library, and it will never contain analysis,
selection or printing. Values are named tuples and not dataclasses, because importing `dataclasses` alone costs as much
processor time as half of what a single-file run may use.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from tsl.record import Record


class Severity(IntEnum):
    """How much harm a finding foretells; ordered, so that `severity >= Severity.WARNING` reads as it should."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word users write and read: `info`, `warning` or `error`."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """The severity a word names. Raises ValueError naming the words there are."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f"{word!r} is not a severity; use error, warning or info") from None


class Evidence(Enum):
    """What a finding rests on: the text allows it, the graph contains it, torch's kernels refused it of tensors without
    data on a device that need not be there, or a run showed it.
    """

    SOURCE = "source"
    IR = "ir"
    SIMULATED = "simulated"
    RUN = "run"


class Span(Record):
    """A stretch of a file. Lines and columns count from 1 in characters; the end column is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Label(Record):
    """A second place that tells part of the story of a diagnostic."""

    span: Span
    text: str


class Edit(Record):
    """A stretch of a file, empty where something is put in, and the text that takes its place."""

    span: Span
    text: str


class Fix(Record):
    """A way to mend a finding: what it does in words, whether the program means the same after it, and the edits.

    Edits are of one file, in the order of the text, and do not overlap.
    """

    title: str
    is_safe: bool
    edits: tuple[Edit, ...]


class Diagnostic(Record):
    """One finding, ready to be shown.

    `message` starts with the consequence, in lower case and without a final stop; the remedy stands in `help`.
    `anchor` identifies the finding without line numbers: the enclosing function, the text of the line, and a counter
    where both occur more than once. `about` is what the engine knows that a fix has to know, in a form that the fix and
    the engine agree on.
    """

    span: Span
    code: str
    rule: str
    severity: Severity
    message: str
    help: str
    anchor: str
    evidence: tuple[Evidence, ...] = (Evidence.SOURCE,)
    labels: tuple[Label, ...] = ()
    about: str = ""
    fix: Fix | None = None

    @property
    def fingerprint(self) -> str:
        """A line-independent identity: 16 hexadecimal digits over code, path and anchor."""
        from hashlib import blake2b

        text = "\0".join((self.code, self.span.path.replace("\\", "/"), self.anchor))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()

"""The lines of a working tree that are not those of a revision of git, so that only what a change did is shown.

    git diff --unified=0 REV -> files and stretches of lines

Definition: a finding is *of the change* where one of its lines is changed, or one that it labels; in a file that the
revision does not have every line is. An archive has no lines: it is of the change where its bytes are others.

Needs git. It will never write into the working tree.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence

from tsl.diagnostic import Diagnostic, Span
from tsl.outcome import Outcome

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.M)
Stretches = Sequence[range]
ALL = (range(2**31),)


class ChangeError(Exception):
    """The changes since a revision cannot be had; the message says why, in one line."""


def changed_lines(revision: str) -> Mapping[str, Stretches]:
    """The changed lines of each file, by absolute path without links. Raises ChangeError."""
    top = _git("rev-parse", "--show-toplevel").strip()
    _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", failing=f"git knows no revision {revision!r}")
    changed: dict[str, Stretches] = {}
    told = _git(
        "-c", "core.quotepath=off", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", revision
    )
    for part in re.split(r"^diff --git ", told, flags=re.M)[1:]:
        name = re.search(r"^\+\+\+ (.+?)\t?$", part, re.M)
        binary = re.search(r"^Binary files (?:.+) and (.+) differ$", part, re.M)
        if name is not None and name[1] != "/dev/null":
            changed[_place(top, name[1])] = [_stretch(*hunk) for hunk in HUNK.findall(part)]
        elif binary is not None:
            changed[_place(top, binary[1])] = ALL
    for new in _git("ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/").split("\0"):
        if new:
            changed[_place(top, new)] = ALL
    return changed


def of_change(outcome: Outcome, changed: Mapping[str, Stretches]) -> Outcome:
    """An outcome with the findings of the change alone."""
    kept = tuple(found for found in outcome.diagnostics if _is_of_change(found, changed))
    elsewhere = len(outcome.diagnostics) - len(kept)
    return outcome._replace(diagnostics=kept, elsewhere=outcome.elsewhere + elsewhere)


def _is_of_change(found: Diagnostic, changed: Mapping[str, Stretches]) -> bool:
    return any(_meets(span, changed) for span in (found.span, *(label.span for label in found.labels)))


def _meets(span: Span, changed: Mapping[str, Stretches]) -> bool:
    stretches = changed.get(os.path.realpath(span.path), ())
    return any(stretch.start <= span.end_line and span.line < stretch.stop for stretch in stretches)


def _stretch(start: str, count: str) -> range:
    """The lines of a hunk; where it only takes lines away, the two around the gap."""
    first, many = int(start), int(count or 1)
    return range(first, first + many) if many else range(first, first + 2)


def _place(top: str, name: str) -> str:
    return os.path.realpath(os.path.join(top, name))


def _git(*arguments: str, failing: str = "") -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, encoding="utf-8", errors="surrogateescape", check=False
        )
    except OSError:
        raise ChangeError("git is not installed, and it knows what changed") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it does not say why"])[0]
        raise ChangeError(failing or f"git {arguments[0]} failed: {said}")
    return done.stdout

"""Comments that ask for silence, which findings they silence, and which of them do nothing.

    # tsl: ignore[tensor-branch] reason         what a rule says of this line; several with commas, no bracket for all
    # tsl: ignore-file[TSL11, TSL106] reason    what rules say in this file; on a line of its own
    # noqa: TSL101, E501                        as flake8 has it, also without codes; codes of other tools are theirs

A comment speaks of the findings that begin or end on its line. Needs the text of a file, and tokenises it only where
one of the words occurs, so that a string is not taken for a comment. It will never know a rule: which codes a name
stands for is asked of a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tsl.diagnostic import Diagnostic, Span
from tsl.record import Record

OURS = r"(?:^|\s)(?P<all>#\s*tsl:\s*ignore(?P<file>-file)?(?![\w-])(?:\s*\[(?P<names>[^\]]*)(?P<closed>\])?)?.*)"
NOQA = r"(?P<all>#\s*noqa(?!\w)(?:\s*:\s*(?P<names>[a-z]+[0-9]+(?:[,\s]+[a-z]+[0-9]+)*))?)"

CodesOf = Callable[[str], frozenset[str]]


class Suppression(Record):
    """One comment. No `names` stands for every rule; `fault` says why it cannot have an effect."""

    span: Span
    names: tuple[str, ...] = ()
    whole_file: bool = False
    is_noqa: bool = False
    fault: str = ""

    def covers(self, found: Diagnostic) -> bool:
        """Whether a finding stands where this comment speaks of."""
        if self.fault:
            return False
        return self.whole_file or self.span.line in (found.span.line, found.span.end_line)


class Idle(Record):
    """A comment that silences nothing, or those of its names that do not."""

    suppression: Suppression
    names: tuple[str, ...]


class Settled(Record):
    """For each finding, in order, whether a comment silences it; and what the comments did in vain."""

    silenced: tuple[bool, ...]
    idle: tuple[Idle, ...]


def read(path: str, text: str) -> tuple[Suppression, ...]:
    """The suppressions in a file's text, in order. A text that breaks off in the middle yields those before."""
    if "tsl:" not in text and "noqa" not in text.lower():
        return ()
    found: list[Suppression] = []
    for line, column, comment, is_alone in _comments(text):
        if match := re.search(OURS, comment):
            found.append(_ours(match, _span(path, line, column, match), is_alone))
        if match := re.search(NOQA, comment, re.IGNORECASE):
            codes = tuple(re.split(r"[,\s]+", match["names"].upper())) if match["names"] else ()
            found.append(Suppression(_span(path, line, column, match), codes, is_noqa=True))
    return tuple(found)


def settle(found: Sequence[Diagnostic], suppressions: Sequence[Suppression], codes_of: CodesOf) -> Settled:
    """What a file's suppressions do to its findings, all of them, whether they will be shown or not.

    `codes_of` gives the codes a name in a comment stands for, none for a name it does not know.
    """
    silenced = [False] * len(found)
    idle = []
    for suppression in suppressions:
        covered = [number for number, one in enumerate(found) if suppression.covers(one)]
        useful = {name: [n for n in covered if found[n].code in codes_of(name)] for name in suppression.names}
        for number in covered if not useful else (n for numbers in useful.values() for n in numbers):
            silenced[number] = True
        vain = tuple(name for name, numbers in useful.items() if not numbers)
        if vain or not (useful or covered):
            idle.append(Idle(suppression, vain))
    return Settled(tuple(silenced), tuple(idle))


def _comments(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Line, column from 0 and text of each comment, and whether it has its line to itself."""
    import tokenize
    from io import StringIO

    try:
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                yield line, column, token.string, not token.line[:column].strip()
    except (tokenize.TokenError, SyntaxError):
        return  # the file does not parse, and that is a finding of its own


def _span(path: str, line: int, column: int, match: re.Match[str]) -> Span:
    start, end = match.span("all")
    return Span(path, line, column + start + 1, line, column + end + 1)


def _ours(match: re.Match[str], span: Span, is_alone: bool) -> Suppression:
    names = tuple(filter(None, (name.strip() for name in (match["names"] or "").split(","))))
    fault = ""
    if match["names"] is not None and not match["closed"]:
        fault = "its bracket is not closed"
    elif match["names"] is not None and not names:
        fault = "its brackets name no rule"
    elif match["file"] and not is_alone:
        fault = "ignore-file stands on a line of its own"
    return Suppression(span, names, whole_file=bool(match["file"]), fault=fault)

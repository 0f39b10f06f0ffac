"""The fixes of a file's findings as its text stands.

Needs libcst, loaded for the first file that has a finding with a fix. It will never try a fix or apply one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

import libcst as cst

from tsl.diagnostic import Diagnostic, Span
from tsl.fix.annotating import MAKERS as OF_TYPES
from tsl.fix.attributes import MAKERS as OF_ATTRIBUTES
from tsl.fix.capturing import MAKERS as OF_CAPTURES
from tsl.fix.comments import MAKERS as OF_COMMENTS
from tsl.fix.following import MAKERS as OF_TRACES
from tsl.fix.looping import MAKERS as OF_LOOPS
from tsl.fix.site import Maker, Site, fix_of
from tsl.fix.tree import Tree
from tsl.fix.writing import MAKERS as OF_WORDS

TABLES = (OF_CAPTURES, OF_TYPES, OF_WORDS, OF_LOOPS, OF_ATTRIBUTES, OF_TRACES, OF_COMMENTS)
MAKERS: Mapping[str, Maker] = dict(chain.from_iterable(table.items() for table in TABLES))


# What the text of a finding's place holds wherever its fix can be made: most have none, and concrete syntax is dear.
NEEDS_TEXT: Mapping[str, re.Pattern[str]] = {
    "copy-in-graph": re.compile(r"tensor\("),
    "detached": re.compile(r"\.data$"),
    "follow-tensor": re.compile(r"\b(?:device|dtype)\s*=\s*[\w.]+\.(?:device|dtype)\b"),
    "loop-over-modules": re.compile(r"[\[(]"),
    "size-arithmetic": re.compile(r"^(?:\w+\.)?(?:int|len|ceil|floor|sqrt)\("),
    "write-out-operator": re.compile(r"//=|@=|^\+"),
}
# And where the engine has to have told something.
NEEDS_ABOUT = frozenset(
    """annotate-container annotate-default choose-number container-of-modules copy-in-graph drop-suppression
    example-of-dtype example-on-device keep-methods right-loader""".split()
)


def proposed(path: str, text: str, found: Iterable[Diagnostic], fix_names: Mapping[str, str]) -> list[Diagnostic]:
    """The findings of a text that have a fix, with it, in the order given.

    `fix_names` says by code which fix a rule has. A text that libcst does not read has none.
    """
    lines = text.split("\n")
    fixable = [one for one in found if one.code in fix_names and _is_likely(one, fix_names[one.code], lines)]
    if not fixable:
        return []
    try:
        tree = _tree(path, excerpt(text, [span.line for one in fixable for span in (one.span, *_labelled(one))]))
    except (cst.ParserSyntaxError, RecursionError):
        return []
    fixes = [(one, fix_of(fix_names[one.code], MAKERS, Site(one, tree))) for one in fixable]
    return [one._replace(fix=fix) for one, fix in fixes if fix is not None]


def _is_likely(one: Diagnostic, name: str, lines: Sequence[str]) -> bool:
    """Whether a fix can apply to a finding, at a look."""
    if name in NEEDS_ABOUT and not one.about:
        return False
    if name not in NEEDS_TEXT:
        return True
    span = one.span
    stretch = list(lines[span.line - 1 : span.end_line])
    stretch[-1] = stretch[-1][: span.end_column - 1]
    stretch[0] = stretch[0][span.column - 1 :]
    return NEEDS_TEXT[name].search("\n".join(stretch)) is not None


def _labelled(one: Diagnostic) -> Iterable[Span]:
    return (label.span for label in one.labels if label.span.path == one.span.path)


@lru_cache(maxsize=4)
def _tree(path: str, text: str) -> Tree:
    return Tree(path, text)


def excerpt(text: str, lines: Iterable[int]) -> str:
    """A text in which functions and classes at top level are left blank where none of the given lines is in them.

    Fixes look at the definition they are in and at the top level, and concrete syntax costs forty times what Python's
    own does.
    """
    wanted, kept = set(lines), text.split("\n")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        last = node.end_lineno or first
        if not wanted & set(range(first, last + 1)):
            kept[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(kept)

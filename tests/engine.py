"""Asking the source engine about a snippet, for the tests of its rooms."""

from __future__ import annotations

from textwrap import dedent

from tsl.source import Analysis, analyse
from tsl.source.facts import Function, Use
from tsl.source.file import parse


def analysed(text: str, *roots: str) -> Analysis:
    """The analysis of a snippet."""
    return analyse(parse("snippet.py", dedent(text).strip().encode()), roots)


def function_named(text: str, qualname: str) -> Function:
    """A judged function of a snippet."""
    return next(function for function in analysed(text).functions if function.qualname == qualname)


def uses_in(text: str, *roots: str) -> list[Use]:
    """Every use of a traced value that depends on an input in a snippet, in the order of the text."""
    uses = [use for function in analysed(text, *roots).functions for use in function.uses]
    return [use for use in uses if use.depends_on.data or use.depends_on.size]


def told(text: str, *roots: str) -> list[str]:
    """Every use in a snippet as `LINE how: text`."""
    return [f"{use.node.lineno} {use.how}: {use.text}" for use in uses_in(text, *roots)]

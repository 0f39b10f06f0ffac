"""The readers of values: each makes a value of a text, or raises ValueError with what to write instead.

Needs what knows the words of an option, loaded for that option. It will never act on a value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tsl.config import nearest


def choice(words: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of some words."""

    def read(word: str) -> str:
        if word not in words:
            hint = nearest(word, words) or f"; use {', '.join(words[:-1])} or {words[-1]}"
            raise ValueError(f"there is no {word!r}{hint}")
        return word

    return read


def rules_of(text: str) -> list[str]:
    """Names and codes of rules, with commas between them."""
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise ValueError(f"{text!r} has an empty place; write rules with commas between them")
    return words


def single(text: str) -> list[str]:
    """A text, as a list of one to add up."""
    return [text]


def inputs(text: str) -> list[str]:
    """A specification of inputs, which it must be."""
    from tsl.entry.spec import parse

    parse(text)
    return [text]


def deployment(text: str) -> str:
    """A deployment, which it must be."""
    from tsl.ir.deploy import parse

    parse(text)
    return text


def kinds(text: str) -> list[str]:
    """Kinds of perturbations, with commas between them."""
    from tsl.verify.verdict import KINDS

    return [choice(tuple(KINDS))(word.strip()) for word in text.split(",")]


def gates(text: str) -> list[str]:
    """Kinds of differences to fail on, with commas between them."""
    from tsl.diff.gates import GATES

    return [choice(GATES)(word.strip()) for word in text.split(",")]


def models(text: str) -> list[Any]:
    """Models to review, with commas between them."""
    from tsl.review.against import named

    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise ValueError(f"{text!r} has an empty place; write models with commas between them")
    return list(map(named, words))


def seconds(text: str) -> float:
    """A time in seconds, more than none."""
    digits = text.replace(".", "", 1)
    if not digits.isdecimal() or not float(text) > 0:
        raise ValueError(f"{text!r} is not a time; use a number of seconds, as in 60 or 2.5")
    return float(text)


def trials(text: str) -> int:
    """A number of perturbations, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is not a number of perturbations; use 1 or more")
    return int(text)


def levels(text: str) -> int:
    """A number of levels of modules, at least 0."""
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a number of levels; use 0 or more")
    return int(text)


def boxes(text: str) -> int:
    """A number of boxes, 0 for all there are."""
    if not text.isdecimal():
        raise ValueError(f"{text!r} is not a number of boxes; use 0 (all) or more")
    return int(text)


def processes(text: str) -> int:
    """A number of processes, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is not a number of processes; use 1 or more")
    return int(text)

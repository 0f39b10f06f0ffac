"""Checking files that lie elsewhere than where they belong: the settings for it, and findings by their right names.

1. In a copy of a tree the configuration counts from the copy, so that its patterns mean the same files; rulebooks and
   tables of targets stay where they are.
2. A finding is called by the path that its file has where it belongs.

Needs settings and findings. It will never check anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tsl.check import Settings
from tsl.diagnostic import Diagnostic, Span
from tsl.outcome import Failure, Outcome
from tsl.project import shown

Called = Callable[[str], str]


def rebased(settings: Settings, base: str) -> Settings:
    """The settings for a copy of the working directory at `base` (1)."""
    config = settings.config
    return settings._replace(
        config=config._replace(
            directory=os.path.normpath(os.path.join(base, shown(config.place(".")))),
            rulebooks=tuple(map(config.place, config.rulebooks)),
            target_files=tuple(map(config.place, config.target_files)),
        )
    )


def placed(outcome: Outcome, called: Called) -> Outcome:
    """An outcome by the paths its files belong to (2)."""
    return outcome._replace(
        diagnostics=tuple(_placed(one, called) for one in outcome.diagnostics),
        failures=tuple(Failure(_path(one.subject, called), one.message) for one in outcome.failures),
    )


def _placed(found: Diagnostic, called: Called) -> Diagnostic:
    labels = tuple(label._replace(span=_span(label.span, called)) for label in found.labels)
    return found._replace(span=_span(found.span, called), labels=labels)


def _span(span: Span, called: Called) -> Span:
    return span._replace(path=_path(span.path, called))


def _path(path: str, called: Called) -> str:
    return called(os.path.normpath(os.path.join(os.getcwd(), path)))


class Names:
    """What paths below some directories are called; each directory with its name, the innermost first."""

    def __init__(self, *roots: tuple[str, str]) -> None:
        self._roots = tuple(
            (form, name) for root, name in roots for form in dict.fromkeys((root, os.path.realpath(root)))
        )

    def called(self, path: str) -> str:
        """What a path is called; from the working directory where it lies below that."""
        for root, name in self._roots:
            if path == root or path.startswith(os.path.join(root, "")):
                return shown(os.path.join(name, os.path.relpath(path, root)))
        here = os.path.join(os.getcwd(), "")
        return shown(path) if path.startswith(here) else path

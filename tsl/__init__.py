"""tsl tells what TorchScript will do to a PyTorch model before it does it.

    import tsl

    outcome = tsl.check("models", select=["TSL10"])
    for found in outcome.diagnostics:
        print(found.span.path, found.span.line, found.message)
    print(tsl.explain("tensor-branch"))

Importing it loads nothing: each name brings what it needs when it is used.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import Any

    from tsl.diagnostic import Diagnostic as Diagnostic
    from tsl.outcome import Outcome

__version__ = "0.1.0"
__all__ = ["Diagnostic", "__version__", "check", "explain"]


def check(
    *paths: str | PathLike[str],
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    extend_select: Sequence[str] | None = None,
    capture: str | None = None,
    roots: Sequence[str] = (),
    config: str | None = None,
    isolated: bool = False,
    stdin: bytes = b"",
    stdin_filename: str = "<stdin>",
    jobs: int = 1,
) -> Outcome:
    """A finished run over files and directories, as `tsl check` makes it: findings, failures, notes and counts.

    `paths` may hold "-" for a file whose text is `stdin`. `select`, `ignore` and `extend_select` are rule names, codes
    or prefixes of codes; `capture` is auto, trace, script or both; with `roots` only what these classes and functions
    reach is judged. `config` names a configuration file; without it the nearest one counts, and none with `isolated`.

    Raises `tsl.config.SettingError` for a setting that cannot be followed. What goes wrong with a file is a failure in
    the outcome.
    """
    import os

    from tsl.check import Settings
    from tsl.check import check as run
    from tsl.config import Config, read

    asked = Config() if isolated else read(config)
    asked = asked.with_flags(select=select, ignore=ignore, extend_select=extend_select, capture=capture)
    settings = Settings(asked, tuple(roots), jobs, stdin_filename=stdin_filename)
    return run([os.fspath(path) for path in paths], settings, stdin=stdin)


def explain(rule: str) -> str:
    """The page of a rule, by name or code, as plain text. Raises `tsl.config.SettingError` where there is none."""
    from tsl.check import open_books, rule_named
    from tsl.config import Config
    from tsl.report import explain as page

    return page(rule_named(rule, open_books(Config())), color=False)


def __getattr__(name: str) -> Any:
    if name == "Diagnostic":
        from tsl.diagnostic import Diagnostic

        return Diagnostic
    raise AttributeError(f"module 'tsl' has no attribute {name!r}")


class _Package(type(sys)):  # type: ignore[misc]
    """The package, whose `check` stays the function above when the driver's room of that name is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "check" or not isinstance(value, type(sys)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

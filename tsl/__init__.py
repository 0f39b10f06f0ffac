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

    from tsl.config import Config
    from tsl.diagnostic import Diagnostic as Diagnostic
    from tsl.entry.request import Request
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
    entry: str | None = None,
    inputs: Sequence[str] = (),
    against: str | PathLike[str] | None = None,
    deploy: str | None = None,
    targets: Sequence[str] | None = None,
    timeout: float | None = None,
    stdin: bytes = b"",
    stdin_filename: str = "<stdin>",
    jobs: int = 1,
) -> Outcome:
    """A finished run over files and directories, as `tsl check` makes it: findings, failures, notes and counts.

    `paths` may hold "-" for a file whose text is `stdin`. `select`, `ignore` and `extend_select` are rule names, codes
    or prefixes of codes; `capture` is auto, trace, script or both; with `roots` only what these classes and functions
    reach is judged. `config` names a configuration file; without it the nearest one counts, and none with `isolated`.

    `entry` names what makes the model in the first path, which is a Python file: it is imported and exported in a child
    process, within `timeout` seconds (60). `against` names an archive that the files are held against. `inputs` are the
    inputs of the model, in the words of `--input`: what an entry is traced with, what is given to an archive. Graphs
    are held to a deployment, as in "cuda" or "cuda:map_location", with `deploy`, and to `targets`, as in "onnx:13".

    Raises `tsl.config.SettingError` for a setting that cannot be followed. What goes wrong with a file is a failure in
    the outcome.
    """
    import os

    from tsl.check import Settings
    from tsl.check import check as run
    from tsl.config import Config, read

    asked = Config() if isolated else read(config)
    asked = asked.with_flags(
        select=select, ignore=ignore, extend_select=extend_select, capture=capture, deploy=deploy, targets=targets
    )
    files = [os.fspath(path) for path in paths]
    settings = Settings(asked, tuple(roots), jobs, stdin_filename=stdin_filename)
    if entry is None:
        settings = settings._replace(inputs=tuple(inputs))
    else:
        settings = settings._replace(entry=_request(files, entry, inputs, timeout, asked))
    if against is not None:
        settings = settings._replace(against=os.fspath(against))
    return run(files, settings, stdin=stdin)


def _request(files: Sequence[str], entry: str, inputs: Sequence[str], timeout: float | None, config: Config) -> Request:
    """The export of the first file that `entry` asks for."""
    from tsl.config import SettingError
    from tsl.entry.request import TIMEOUT, Request

    if not files or not files[0].endswith(".py"):
        found = files[0] if files else "missing"
        raise SettingError("entry", f"names something in a Python file, and the first path is {found}")
    sources = tuple(config.place(source) for source in config.src)
    return Request(files[0], entry, (), tuple(inputs), timeout or TIMEOUT, sources)


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

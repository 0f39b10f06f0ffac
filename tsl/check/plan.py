"""What a run does with each file, settled before the first one is read.

Needs the configuration and the rulebook, and brings the two together: here a name becomes codes, and a name that no
rule has becomes an error that tells where it stands. It will never read a file of the user's project.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tsl.cache import Cache, stamp
from tsl.config import Config, SettingError
from tsl.diagnostic import Diagnostic, Severity
from tsl.outcome import Failure
from tsl.project import Patterns, reason, shown
from tsl.record import Record
from tsl.rule import Rule
from tsl.rulebook import Rulebook, RulebookError, UnknownRule, builtin_directory, load_builtin, load_directory

if TYPE_CHECKING:
    from tsl.entry.request import Request
    from tsl.entry.spec import InputSpec
    from tsl.ir.deploy import Deploy
    from tsl.target.lock import Lock
    from tsl.target.named import Target
    from tsl.target.table import Table

# Their findings say that a file was not checked at all: only an `ignore` that names them silences these.
UNCHECKED = frozenset(["TSL712", "TSL900", "TSL902", "TSL903"])
UNUSED = "TSL901"
REFUSED = "TSL904"
CALLS_PYTHON = "TSL603"
# TSL411 stands where TSL10x does, which says more of a trace: it is for what is scripted.
PROMISES = {"TSL1": "trace", "TSL2": "script", "TSL411": "script"}


class Settings(Record):
    """What one run is asked for: the configuration under the command line, and what only a command line says.

    `entry` asks for an export and its graphs, `against` for those of the archive at a path. `inputs` are what a user
    gives forward of an archive's model, each in the words of `tsl.entry.spec`; `verbose` asks how much of its graphs is
    not known, and `trust` lets an archive's code be run on tensors without data.
    """

    config: Config = Config()
    roots: tuple[str, ...] = ()
    jobs: int = 1
    cache: bool = False
    stdin_filename: str = "<stdin>"
    lock: str = ""
    entry: Request | None = None
    against: str | None = None
    inputs: tuple[str, ...] = ()
    verbose: bool = False
    trust: bool = False


class Books(Record):
    """The rules a run knows, and the rulebooks that could not be loaded."""

    rulebook: Rulebook
    failures: tuple[Failure, ...] = ()


class Plan(Record):
    """The rules of a run, and what decides which of their findings are shown, and how.

    `deploy` and `inputs` are what the graphs of archives are held to. `texts` stand for the files at these absolute
    paths.
    """

    settings: Settings
    rulebook: Rulebook
    selected: frozenset[str]
    prefixes: frozenset[str]
    severities: Mapping[str, Severity]
    ignored_in: tuple[tuple[Patterns, frozenset[str]], ...]
    cache: Cache | None = None
    targets: tuple[Target, ...] = ()
    lock: Lock | None = None
    deploy: Deploy | None = None
    inputs: tuple[InputSpec, ...] = ()
    texts: Mapping[str, bytes] = {}

    @property
    def search(self) -> tuple[str, ...]:
        """The directories modules are looked for in: the project's source roots, then installed packages."""
        config = self.settings.config
        installed = (path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
        return (*(config.place(source) for source in config.src), *installed)

    def rules_of(self, engine: str) -> tuple[Rule, ...]:
        """The rules that ask an engine: `source`, `archive`, `ir` or `target`."""
        return tuple(rule for rule in self.rulebook.rules if rule.engine == engine)

    @property
    def of_graphs(self) -> frozenset[str]:
        """The codes that stand in a Python file only in a run that asks for a graph of it, or runs it."""
        asked = self.rules_of("ir") + self.rules_of("archive") + self.rules_of("run")
        return frozenset([REFUSED, *(rule.code for rule in asked)])

    def rule(self, code: str) -> Rule:
        """The rule that has one of the codes the driver itself reports."""
        return next(rule for rule in self.rulebook.rules if rule.code == code)

    def weighed(self, found: Diagnostic) -> Diagnostic:
        """A finding with the severity the configuration has for its rule, if it has one."""
        severity = self.severities.get(found.code)
        return found if severity is None else found._replace(severity=severity)

    def codes_of(self, name: str) -> frozenset[str]:
        """The codes a name stands for, none where no rule has it."""
        try:
            return self.rulebook.select(name)
        except UnknownRule:
            return frozenset()

    def is_own(self, code: str) -> bool:
        """Whether a code is of this rulebook's kind, known or not, and not another tool's."""
        return code.rstrip("0123456789") in self.prefixes

    def is_named_in(self, data: bytes) -> bool:
        """Whether a file can hold a comment on a rule: a cheap look that spares reading most files again."""
        text = data.lower()
        return any(prefix.lower().encode() in text for prefix in self.prefixes)

    def shown_in(self, path: str, captures: frozenset[str]) -> frozenset[str]:
        """The codes whose findings are shown in a file whose call sites make these captures."""
        promises = self._promises(captures)
        codes = frozenset(code for code in self.selected if _promise(code) in {"", *promises})
        for patterns, ignored in self.ignored_in:
            if patterns.verdict(os.path.abspath(path)):
                codes -= ignored
        return codes

    @property
    def compiles(self) -> bool:
        """Whether every file may be held to what torch.jit.script takes, those that script nothing too."""
        asked = self.settings.entry or self.settings.against
        return bool(asked) or self.settings.config.capture in {"script", "both"}

    def _promises(self, captures: frozenset[str]) -> frozenset[str]:
        capture = self.settings.config.capture
        if capture == "auto":
            return captures or frozenset(["trace"])
        return frozenset(["trace", "script"] if capture == "both" else [capture])


def _promise(code: str) -> str:
    return PROMISES.get(code) or PROMISES.get(code[:4], "")


def open_books(config: Config) -> Books:
    """tsl's own rules and those of the configured rulebooks; one that is broken is left out whole and said.

    Raises SettingError where tsl's own do not load.
    """
    try:
        book = Rulebook(load_builtin())
    except RulebookError as error:
        raise SettingError(*_split(error)) from None
    missing = sorted({UNUSED, REFUSED, CALLS_PYTHON, *UNCHECKED} - {rule.code for rule in book.rules})
    if missing:
        raise SettingError(builtin_directory(), f"tsl's own rules lack {', '.join(missing)}; install it again")
    failures = []
    for directory in config.rulebooks:
        try:
            more = list(load_directory(shown(config.place(directory))))
            book = Rulebook([*book.rules, *more])
        except RulebookError as error:
            failures.append(Failure(*_split(error)))
    return Books(book, tuple(failures))


def rule_named(word: str, books: Books) -> Rule:
    """The one rule to explain that has a name or code. Raises SettingError where there is none, or more than one."""
    try:
        codes = books.rulebook.select(word)
    except UnknownRule as error:
        raise SettingError("explain", str(error)) from None
    if len(codes) > 1:
        message = f"{word} stands for {len(codes)} rules, {min(codes)} to {max(codes)}; name one of them"
        raise SettingError("explain", message)
    return next(rule for rule in books.rulebook.rules if rule.code in codes)


def make_plan(settings: Settings, books: Books) -> Plan:
    """The plan of a run.

    Raises SettingError for a name that no rule has, and for a pattern, a deployment or inputs that are none.
    """
    config, names = settings.config, _Names(books, settings.config)
    if settings.trust and not config.deploy:
        raise SettingError("--trust", "says nothing without a device to run on; add --deploy cuda")
    return Plan(
        settings,
        books.rulebook,
        _selected(names),
        frozenset(rule.code.rstrip("0123456789") for rule in books.rulebook.rules),
        _severities(names),
        tuple(
            (_patterns(config, "per_file_ignores", [pattern]), frozenset().union(*names.all(rules, "per_file_ignores")))
            for pattern, rules in config.per_file_ignores
        ),
        _cache(settings, books.rulebook),
        targets_of(config),
        _lock(settings.lock) if settings.lock else None,
        _deploy(config),
        _inputs(settings),
    )


def _deploy(config: Config) -> Deploy | None:
    if not config.deploy:
        return None
    from tsl.ir.deploy import parse

    try:
        return parse(config.deploy)
    except ValueError as error:
        raise SettingError(config.origin("deploy"), str(error)) from None


def _inputs(settings: Settings) -> tuple[InputSpec, ...]:
    if not settings.inputs:
        return ()
    from tsl.entry.spec import parse

    try:
        return parse(" ".join(settings.inputs))
    except ValueError as error:
        raise SettingError("--input", str(error)) from None


def tables_of(config: Config) -> tuple[Table, ...]:
    """The tables of tsl, and those of a configuration's files. Raises SettingError for one that describes none."""
    from tsl.target.named import TargetError, tables

    try:
        return tables(target_files(config))
    except TargetError as error:
        raise SettingError(config.origin("target_files"), str(error)) from None
    except OSError as error:
        raise SettingError(config.origin("target_files"), f"{error.filename}: {reason(error)}") from None


def _lock(path: str) -> Lock:
    from tsl.target.lock import LockError, read_lock

    try:
        with open(path, encoding="utf-8") as file:
            return read_lock(file.read())
    except OSError as error:
        raise SettingError(path, f"cannot be read: {reason(error)}") from None
    except UnicodeDecodeError:
        raise SettingError(path, "is no lock: it is not UTF-8") from None
    except LockError as error:
        raise SettingError(path, str(error)) from None


def targets_of(config: Config) -> tuple[Target, ...]:
    """The targets of a configuration. Raises SettingError for one that there is not, or a file that describes none."""
    if not config.targets:
        return ()
    from tsl.target.named import TargetError, targets

    try:
        return targets(config.targets, target_files(config))
    except TargetError as error:
        raise SettingError(config.origin("targets"), str(error)) from None
    except OSError as error:
        raise SettingError(config.origin("target_files"), f"{error.filename}: {reason(error)}") from None


def target_files(config: Config) -> tuple[str, ...]:
    """The files that describe a project's own targets."""
    return tuple(shown(config.place(file)) for file in config.target_files)


def excluded(config: Config) -> Patterns | None:
    """The configuration's `exclude` patterns. Raises SettingError for one that is none."""
    return _patterns(config, "exclude", config.exclude) if config.exclude else None


class _Names:
    """What the names in a configuration stand for.

    Where a rulebook is broken an unknown name may be one of its rules, and stands for nothing.
    """

    def __init__(self, books: Books, config: Config) -> None:
        self._books, self.config = books, config

    def codes(self, name: str, key: str) -> frozenset[str]:
        """The codes of one name under a key. Raises SettingError naming the key and the nearest rule."""
        try:
            return self._books.rulebook.select(name)
        except UnknownRule as error:
            if self._books.failures:
                return frozenset()
            raise SettingError(self.config.origin(key), str(error)) from None

    def all(self, names: Iterable[str], key: str) -> list[frozenset[str]]:
        """The codes of each name under a key."""
        return [self.codes(name, key) for name in names]


def _selected(names: _Names) -> frozenset[str]:
    """The selected codes: of the selectors that speak of a code the narrowest decides, and `ignore` between equals."""
    config = names.config
    chosen = [
        UNCHECKED,
        *names.all(config.select, "select"),
        *names.all(config.extend_select, "extend_select"),
    ]
    dropped = names.all(config.ignore, "ignore")
    everything = frozenset[str]().union(*chosen)
    return frozenset(code for code in everything if _width(code, dropped) > _width(code, chosen))


def _severities(names: _Names) -> Mapping[str, Severity]:
    """The configured severity of each code; the narrowest selector that speaks of it decides."""
    levels = [(names.codes(name, "severity"), severity) for name, severity in names.config.severity]
    return {code: severity for codes, severity in sorted(levels, key=lambda level: -len(level[0])) for code in codes}


def _width(code: str, selectors: Iterable[frozenset[str]]) -> float:
    return min((len(codes) for codes in selectors if code in codes), default=float("inf"))


def _patterns(config: Config, key: str, lines: Iterable[str]) -> Patterns:
    try:
        return Patterns(config.place("."), lines)
    except ValueError as error:
        raise SettingError(config.origin(key), str(error)) from None


def _cache(settings: Settings, rulebook: Rulebook) -> Cache | None:
    if not settings.cache:
        return None
    from tsl import __version__

    try:
        own = builtin_directory()
        foreign = [rule.path for rule in rulebook.rules if os.path.dirname(rule.path) != own]
        return Cache(settings.config.place("."), stamp(__version__, foreign, own))
    except OSError:
        return None  # a rule's file went away meanwhile


def _split(error: RulebookError) -> tuple[str, str]:
    """A rulebook's error as the file it is about and the rest of the line."""
    subject, _, message = str(error).partition(": ")
    return subject, message

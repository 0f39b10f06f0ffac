"""A rulebook is a directory of rule files; tsl's own and the user's load by one road.

Files load by path: from `tsl/rules` in an installed wheel, from the sibling `rules/` in a checkout, from the
directories the configuration names. Of tsl's own an index is kept (`rule_index`), and a file runs when its rule is
first asked. A file whose name starts with an underscore is not a rule. A rule that fails to load is an error and never
a warning: a check that silently does not run is a miss.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader
from types import ModuleType

from tsl.rule import Rule
from tsl.rule_index import indexed

ALL = "ALL"
# The families of codes that are promised (docs/how-it-works.md); one without a rule in this version selects nothing.
FAMILIES = frozenset(f"TSL{number}" for number in range(1, 10))


class RulebookError(Exception):
    """A rule file or directory cannot be loaded; one line that says which, where and why."""


class UnknownRule(Exception):
    """A selector that matches no rule; says which one is nearest."""


class Rulebook:
    """All rules there are, sorted by code."""

    __slots__ = ("_by_word", "rules")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.code))
        self._by_word: dict[str, Rule] = {}
        for rule in self.rules:
            for word in (rule.code, rule.name):
                if word in self._by_word:
                    raise RulebookError(f"{rule.path}: {word} is taken by {self._by_word[word].path}; choose another")
                self._by_word[word] = rule

    def find(self, word: str) -> Rule | None:
        """The rule of a name or a code."""
        return self._by_word.get(word)

    def select(self, selector: str) -> frozenset[str]:
        """The codes a selector stands for: a rule's name, a code, a prefix of codes, a family, or ALL.

        A rule that is optional is selected by its name or code alone.

        Raises UnknownRule when it stands for none.
        """
        if selector == ALL:
            return frozenset(rule.code for rule in self.rules if not rule.optional)
        if selector in self._by_word:
            return frozenset((self._by_word[selector].code,))
        matching = frozenset(
            rule.code for rule in self.rules if selector and rule.code.startswith(selector) and not rule.optional
        )
        if not matching and selector not in FAMILIES:
            raise UnknownRule(self._unknown(selector))
        return matching

    def _unknown(self, selector: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(selector, list(self._by_word), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else "; `tsl rules` lists them"
        return f"no rule is called {selector!r}{hint}"


def builtin_directory() -> str:
    """Where tsl's own rules are: beside the package's modules when installed, beside the package in a checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(here, "rules")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(here), "rules")


def load(directories: Iterable[str] = ()) -> Rulebook:
    """The rulebook of tsl's own rules and those in the given directories. Raises RulebookError."""
    more = (rule for directory in directories for rule in load_directory(directory))
    return Rulebook([*load_builtin(), *more])


def load_builtin() -> list[Rule]:
    """tsl's own rules, by file name; the file of each runs when it is first asked. Raises RulebookError."""
    directory = builtin_directory()
    names = _names(directory)
    try:
        return indexed(directory, names, _load_own)
    except OSError as error:
        raise RulebookError(f"{error.filename}: {error.strerror or error}; install tsl again") from None


def load_directory(directory: str) -> Iterator[Rule]:
    """The rules of a directory, by file name. Raises RulebookError naming the file that is no rule."""
    for name in _names(directory):
        yield load_file(os.path.join(directory, name))


def _names(directory: str) -> list[str]:
    """The files of a directory that hold rules, sorted. Raises RulebookError."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise RulebookError(
            f"{directory}: {error.strerror or error}; a rulebook is a directory of rule files"
        ) from None
    return [name for name in names if name.endswith(".py") and not name.startswith("_")]


def load_file(path: str) -> Rule:
    """The one rule a file defines. Raises RulebookError."""
    return _load(path)[0]


def _load_own(path: str) -> Rule:
    """A rule of tsl's own, with the title of its page: tests hold these to their form, those of a user none does."""
    rule, text = _load(path)
    return rule._replace(title=text.partition("\n")[0].strip())


def _load(path: str) -> tuple[Rule, str]:
    """The rule of a file, and its docstring where Python keeps that. Raises RulebookError."""
    stem = os.path.basename(path)[:-3]
    module = ModuleType(f"tsl_rule_{stem}")
    module.__file__ = path
    try:
        SourceFileLoader(module.__name__, path).exec_module(module)
    except SyntaxError as error:
        raise RulebookError(f"{path}:{error.lineno}: the rule does not parse: {error.msg}") from None
    except Exception as error:  # a rule is foreign code: whatever it raises is said, and ends the run
        raise RulebookError(f"{path}: the rule fails to load: {type(error).__name__}: {error}") from error
    rules = [thing for thing in vars(module).values() if isinstance(thing, Rule)]
    if len(rules) != 1:
        raise RulebookError(
            f"{path}: holds {len(rules)} rules; a rule file defines exactly one function marked as a rule"
        )
    if rules[0].name.replace("-", "_") != stem:
        raise RulebookError(f"{path}: defines {rules[0].name}; name the file {rules[0].name.replace('-', '_')}.py")
    return rules[0]._replace(path=path), module.__doc__ or ""

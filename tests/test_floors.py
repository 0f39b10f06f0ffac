"""The house has floors: imports only go down, heavy libraries stay in their rooms, rooms stay small.

Imports are read from the source, those inside functions and under `if TYPE_CHECKING` included.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.checkout import ROOT

# Ground first. A module of a floor may import the floors under it and its own room; a room is a module or a package.
# The rooms of the second line know nothing of each other's business and nothing of rules: check.py binds them.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("record",),
    ("diagnostic",),
    ("outcome", "suppress", "config", "project", "cache", "baseline", "changed"),
    ("flow", "entry"),
    ("source", "archive"),
    ("ir",),
    ("target",),
    ("page", "remedy"),
    ("rule",),
    ("rule_index",),
    ("rulebook",),
    ("rules",),
    ("check",),
    ("verify", "migrate", "fix", "fusion"),
    ("draw",),
    ("diff",),
    ("report",),
    ("review",),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

# Within the second floor, who may use whom.
NEIGHBOURS = {"config": {"project"}, "cache": {"project"}, "baseline": {"outcome"}, "changed": {"outcome"}}

# What a rule may speak of: its own form, severities, and the engine it asks.
RULES_MAY_USE = {"record", "diagnostic", "rule", "source", "flow", "archive", "ir", "target"}

# Distributions other than Python itself, and the only rooms that may import them.
LIBRARIES = {
    "torch": {"entry", "verify", "ir", "migrate", "fusion"},
    "libcst": {"fix"},
    "networkx": set(),
    "graphviz": set(),
    "rich": {"report"},
    "pathspec": {"project"},
    "tomli": {"config", "target"},
}

EXTRAS = {"torch"}  # what an optional extra brings, and no command of the base installation needs

STANDARD = sys.stdlib_module_names | {"tomllib"}  # which came with 3.11

LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
NAMELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "tools"}


class Import(NamedTuple):
    """An import statement's target: the dotted module, and the line it is asked for on."""

    module: str
    line: int


def files() -> list[Path]:
    return sorted([*(ROOT / "tsl").rglob("*.py"), *(ROOT / "rules").glob("*.py")])


def name_of(path: Path) -> str:
    """The dotted name of a file of the checkout: `tsl.source.file`, `rules.tensor_branch`, `tsl`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room a dotted name lies in: `source` for `tsl.source.file`; the package's own front door is ''."""
    parts = module.split(".")
    if parts[0] == "rules" or parts[:2] == ["tsl", "rules"]:
        return "rules"
    return parts[1] if len(parts) > 1 else ""


def is_module(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return place.with_suffix(".py").is_file() or place.is_dir()


def imports(path: Path, text: str) -> Iterator[Import]:
    """Every module a file asks for, by statement or by `import_module`/`__import__` with a literal name."""
    package = name_of(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            inside = [Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names]
            found = [target for target in inside if target.module.startswith("tsl.") and is_module(target.module)]
            yield from found or [Import(origin, node.lineno)]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if re.search(r"\b(import_module|__import__)$", called) and isinstance(node.args[0].value, str):
                yield Import(node.args[0].value, node.lineno)


def complaint(path: Path, target: Import) -> str | None:
    """What is wrong with a file importing a module, or None."""
    here, place = room_of(name_of(path)), f"{path.relative_to(ROOT)}:{target.line}"
    top = target.module.partition(".")[0]
    if top != "tsl":
        if top in STANDARD:
            return None
        if top not in LIBRARIES:
            return f"{place} imports {top}, which no room may: name its room in LIBRARIES and declare it as dependency"
        return None if here in LIBRARIES[top] else f"{place} imports {top}; only {sorted(LIBRARIES[top])} may"
    there = room_of(target.module)
    if there == here or not there:
        return None
    if not here:
        return None
    if there == "rules":
        return f"{place} imports {target.module}: rules are loaded by path, an import breaks outside a wheel"
    if there not in FLOOR_OF:
        return f"{place} imports {target.module}, a room on no floor: give it one in FLOORS"
    if here == "rules" and there not in RULES_MAY_USE:
        return f"{place} is a rule and imports {target.module}; a rule uses {sorted(RULES_MAY_USE)}"
    if FLOOR_OF[there] == FLOOR_OF[here] and there not in NEIGHBOURS.get(here, set()):
        return f"{place} imports {target.module}, its neighbour: let check.py bind the two, or name it in NEIGHBOURS"
    if FLOOR_OF[there] > FLOOR_OF[here]:
        return f"{place} imports {target.module}, which is above it: move the shared part down"
    return None


def is_generated(path: Path) -> bool:
    """Whether a module is a table that a script of this checkout writes, and says so."""
    text = path.read_text(encoding="utf-8")
    written = re.search(r"^Written by (scripts/\w+\.py)", ast.get_docstring(ast.parse(text)) or "", re.M)
    return written is not None and (ROOT / written[1]).is_file()


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@pytest.fixture(params=files(), ids=name_of)
def path(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def test_every_module_is_on_a_floor(path: Path) -> None:
    room = room_of(name_of(path))
    assert not room or room in FLOOR_OF, f"{path.relative_to(ROOT)} is on no floor: give {room!r} one in FLOORS"


def test_imports_only_go_down(path: Path) -> None:
    found = [complaint(path, target) for target in imports(path, path.read_text(encoding="utf-8"))]
    assert not list(filter(None, found))


def test_a_module_is_not_longer_than_the_bar(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    within = lines <= LONGEST_MODULE or is_generated(path)
    assert within, f"{path.relative_to(ROOT)} has {lines} lines: split it by what it knows"


def test_a_function_is_not_longer_than_the_bar(path: Path) -> None:
    for node in functions(ast.parse(path.read_text(encoding="utf-8"))):
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        assert lines <= LONGEST_FUNCTION, f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines"


def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path.relative_to(ROOT)} has no docstring"
    assert path.stem not in NAMELESS, f"{path.relative_to(ROOT)} has a name that says nothing"


def test_the_rooms_of_graphs_know_torch_only_where_they_capture(path: Path) -> None:
    known = [target for target in imports(path, path.read_text(encoding="utf-8")) if target.module.startswith("torch")]
    assert not known or room_of(name_of(path)) != "ir" or path.stem.startswith(("capture", "simulate"))


def test_no_room_is_listed_that_does_not_exist() -> None:
    existing = {room_of(name_of(path)) for path in files()}
    assert sorted(set(FLOOR_OF) - existing) == []


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("tsl/diagnostic.py", "from tsl.rule import Rule", "above it"),
        ("tsl/diagnostic.py", "def late():\n    from tsl import check", "above it"),
        ("tsl/source/file.py", "from ..report import text", "above it"),
        ("tsl/suppress.py", "from tsl.config import Config", "neighbour"),
        ("tsl/check.py", "import tsl.rules.tensor_branch", "by path"),
        ("tsl/check.py", "from tsl.helpers import x", "on no floor"),
        ("rules/tensor_branch.py", "from tsl.config import Config", "is a rule"),
        ("tsl/check.py", "def late():\n    import torch", "imports torch"),
        ("tsl/cli.py", "from rich.console import Console", "imports rich"),
        ("tsl/cli.py", "import requests", "no room may"),
        ("tsl/cli.py", "import importlib\nimportlib.import_module('libcst')", "imports libcst"),
    ],
)
def test_a_wrong_import_is_told(file: str, text: str, words: str) -> None:
    found = [complaint(ROOT / file, target) for target in imports(ROOT / file, text)]
    assert any(words in told for told in found if told)


def test_dependencies_are_what_is_imported() -> None:
    """A declared base dependency is imported somewhere, and what is imported is declared."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.M | re.S)
    assert block
    declared = set(re.findall(r'^\s*"([A-Za-z0-9_-]+)', block[1], re.M))
    texts = {path: path.read_text(encoding="utf-8") for path in files()}
    used = {target.module.partition(".")[0] for path in files() for target in imports(path, texts[path])}
    assert declared == used & set(LIBRARIES) - EXTRAS

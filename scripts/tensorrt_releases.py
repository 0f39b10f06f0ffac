"""What each release of Torch-TensorRT takes of TorchScript, read as text from a clone of its repository.

A converter or evaluator is known by the schema or name that it is registered with, macros included; an operator that a
lowering pass names counts as known, and where the pass has it alone in a pattern, what it is replaced by is told.
Nothing is built or run. For scripts/target_tables.py.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

RELEASE = re.compile(r"v(\d+\.\d+)\.(\d+)")
FIRST = (1, 0)  # before, the project had another name
SCHEMA = re.compile(r'(?:"|R"SIG\()\s*(?:" ")?((?:aten|prim|trt)::\w+)[.(]')
MACRO = re.compile(r"^\s*convert\((\w+),", re.M)
NAMED = re.compile(r'fromQualString\("(\w+::\w+)"\)')
SYMBOL = re.compile(r"torch::jit::(aten|prim)::(\w+)")
MENTIONED = re.compile(r"\b(aten::\w+)")
PATTERN = re.compile(r'(\w+)\s*=\s*R"IR\((.*?)\)IR"', re.S)
REWRITE = re.compile(r"RegisterRewritePattern\(\s*(\w+),\s*(\w+)\s*\)")


class Release(NamedTuple):
    """A release: the names that it takes, and those that it replaces, with what replaces them."""

    version: str
    names: set[str]
    replaced: dict[str, list[str]]


def releases(repository: Path) -> list[Release]:
    """The newest patch of each release, oldest first."""
    newest: dict[tuple[int, int], tuple[int, str]] = {}
    for tag in _git(repository, "tag").split():
        match = RELEASE.fullmatch(tag)
        if match:
            major, minor = map(int, match[1].split("."))
            newest[major, minor] = max(newest.get((major, minor), (-1, "")), (int(match[2]), tag))
    return [_release(repository, tag) for key, (_, tag) in sorted(newest.items()) if key >= FIRST]


def _release(repository: Path, tag: str) -> Release:
    names, converted = set[str](), set[str]()
    passes: dict[str, list[str]] = {}
    for path in _git(repository, "ls-tree", "-r", "--name-only", tag, "core").split():
        if not path.endswith(".cpp"):
            continue
        text = re.sub(r"//[^\n]*", "", _git(repository, "show", f"{tag}:{path}"))
        if "conversion/converters/" in path:
            converted.update(_converted(text))
        elif "conversion/evaluators/" in path:
            names.update(NAMED.findall(text))
            names.update(f"{space}::{name}" for space, name in SYMBOL.findall(text))
        elif "lowering/passes/" in path:
            names.update(MENTIONED.findall(text))
            passes.update(_replaced(text))
    version = ".".join(tag.removeprefix("v").split(".")[:2])
    replaced = {name: made for name, made in passes.items() if name not in converted}
    return Release(version, names | converted, replaced)


def _converted(text: str) -> Iterable[str]:
    yield from SCHEMA.findall(text)
    for name in MACRO.findall(text):
        yield f"aten::{name}"
        yield f"aten::{name}_"


def _replaced(text: str) -> dict[str, list[str]]:
    patterns = {name: re.findall(r"aten::\w+", body) for name, body in PATTERN.findall(text)}
    found: dict[str, list[str]] = {}
    for before, after in REWRITE.findall(text):
        whole, made = patterns.get(before, []), patterns.get(after, [])
        if len(whole) == 1 and len(made) > len(found.get(whole[0], [])):
            found[whole[0]] = made
    return found


def _git(repository: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(repository), *words], check=True, capture_output=True, text=True).stdout

"""Whether an archive was made from the text that a file has now.

Definitions:
1. Scripted code is recorded as text: it differs where a line of it does, blanks at both ends aside.
2. Traced code is recorded as lines and names of functions. It differs where such a line is no code, or is in a function
   of another name; and where most lines that say what they ran do not show it: an operator by its name or its sign, a
   module of torch's by the name of its attribute. A line that calls an attribute need not show an operator's name.
3. What was compiled for a lambda, a comprehension or a module has no function to compare.

Needs the files of a run and what was recorded of them. A file of which nothing was recorded differs in nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tsl.check.files import Files
from tsl.check.text import Text
from tsl.ir.facts import NodeFact
from tsl.ir.graph import Frame

# Operators that Python writes with a sign. Of the others those are looked for that are called by their own name.
SIGNS: Mapping[str, str] = {
    "add": "+",
    "sub": "-",
    "rsub": "-",
    "mul": "*",
    "div": "/",
    "floor_divide": "//",
    "matmul": "@",
    "neg": "-",
    "pow": "**",
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "select": "[",
    "slice": "[",
    "index": "[",
}
NAMED = frozenset(
    """relu gelu silu sigmoid tanh softmax log_softmax conv1d conv2d conv3d linear cat stack sum mean amax amin max min
    abs exp log sqrt sin cos clamp where arange zeros ones nonzero masked_fill gather scatter permute transpose reshape
    view flatten unsqueeze squeeze expand repeat einsum bmm dropout layer_norm embedding""".split()
)


def differing(nodes: Iterable[NodeFact], recorded: Iterable[tuple[str, int, str]], files: Files) -> dict[str, str]:
    """The files that are not what an archive was made from, by path, with what tells it."""
    found: dict[str, str] = {}
    for path, first, code in recorded:
        text = files.find(path)
        if text:
            _keep(found, text, _differs_in_text(text, first, code))
    shown: dict[str, dict[int, bool]] = {}
    for node in nodes:
        for place, frame in enumerate(node.recorded):
            text = files.find(frame.path)
            if text:
                _keep(found, text, _differs_in_place(text, frame))
                shows = _shows(text, frame, node, place)
                if shows is not None:
                    lines = shown.setdefault(text.path, {})
                    lines[frame.line] = lines.get(frame.line, False) or shows
    for path, lines in shown.items():
        wrong = [line for line, shows in sorted(lines.items()) if not shows]
        if len(wrong) * 2 > len(lines):
            found.setdefault(path, f"line {wrong[0]} does not show what was recorded of it")
    return found


def _keep(found: dict[str, str], text: Text, what: str) -> None:
    if what:
        found.setdefault(text.path, what)


def _differs_in_text(text: Text, first: int, code: str) -> str:
    """(1)"""
    for number, line in enumerate(code.rstrip().split("\n"), first):
        if text.line(number).strip() != line.strip():
            return f"line {number} was `{line.strip()}`" if line.strip() else f"line {number} was empty"
    return ""


def _differs_in_place(text: Text, frame: Frame) -> str:
    """(2)"""
    if not text.holds_code(frame.line):
        return f"line {frame.line} was code, and is none"
    function = text.function(frame.line)
    name = function.name if function else ""
    if frame.function and not frame.function.startswith("<") and name != frame.function:  # (3)
        return (
            f"line {frame.line} was in `{frame.function}`, and is in `{name}`"
            if name
            else (f"line {frame.line} was in `{frame.function}`, and is in no function")
        )
    return ""


def _shows(text: Text, frame: Frame, node: NodeFact, place: int) -> bool | None:
    """Whether the statement a node was recorded for shows what it runs; None where it need not."""
    statement = text.statement(frame.line)
    if place:
        return _shows_module(statement, node, place)
    name = node.kind.removeprefix("aten::").rstrip("_")
    sign = SIGNS.get(name)
    if sign is None and name not in NAMED:
        return None
    if (sign is not None and sign in statement) or re.search(rf"(?<![a-z]){name}", statement):
        return True
    return None if sign is None and re.search(r"self\.\w+\(", statement) else False


def _shows_module(statement: str, node: NodeFact, place: int) -> bool | None:
    """Whether a statement shows the attribute of a module of torch's that it called; what is inside is torch's own."""
    inner, path = node.recorded[:place], node.module
    if any("/container.py" in frame.path for frame in inner):
        path = re.sub(r"(\.\d+)+$", "", path)
    attribute = path.rpartition(".")[2]
    if "/torch/nn/modules/" not in inner[0].path or not all("/torch/" in frame.path for frame in inner):
        return None
    if not attribute or attribute.isdigit():
        return None
    return re.search(rf"\b{attribute}\b", statement) is not None

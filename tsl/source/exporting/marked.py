"""Which lines of a file may capture, save or load a model, by their text: most files have none and are not read.

Definitions:
1. A line is *marked* where MARKS finds something in it. WORDS and KINDS spare most lines, and most files, that search.
2. So is a line that calls such a function by a name of the file's own: `import torch.jit as tj`, `from torch import
   load as read`.

Needs the text and the imports of one file. It will never say what a line does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsl.source.module import Module

# What a line looks like that captures, saves or loads; the last are for what is imported by its own name.
MARKS = re.compile(
    r"\bjit\.(trace|script|load|save|freeze|optimize)|onnx\.(export|register|utils|dynamo)|torch\.(load|save)\b|model_dump"
    r"|\bexport\.(save|load)\b|aoti_compile|to_torchscript|optimize_for_(mobile|inference)|register_custom_op_symbolic"
    r"|create_network|build_(serialized_network|engine|cuda_engine)\b"
    r"|from torch\.(jit|onnx)\S* import(?! +Final\s*$)|\b(trace|trace_module|script|freeze|export)\(",
    re.MULTILINE,
)
# One of these is in every line that MARKS finds something in; to look for them takes a tenth of the time.
WORDS = (
    *"jit.trace jit.script jit.load jit.save jit.freeze jit.optimize onnx. torch.load torch.save model_dump".split(),
    *"to_torchscript optimize_for_ register_custom_op create_network build_ aoti_compile export.save".split(),
    *"export.load trace( trace_module( script( freeze( export(".split(),
    *("from torch.jit", "from torch.onnx"),
)
# One of these is in every file that is read
KINDS = ("jit", "onnx", "torch.load", "torch.save", "torch.export", "aoti_compile", "model_dump", "tensorrt")
# An import under a name of one's own, and what is called by such a name: a module's functions, or the function itself
RENAMED = re.compile(r"^\s*((from torch\S* )?import .*\bas\b|from torch import|from torch\S* import \()", re.MULTILINE)
OF_MODULES = {
    "torch": "load|save",
    "torch.jit": r"trace\w*|script|load|save|freeze|optimize_for_inference",
    "torch.onnx": "export|register_custom_op_symbolic",
    "torch.export": "export|save|load",
}


def marked_lines(module: Module) -> list[int]:
    """The marked lines of a module, from 1, in their order."""
    text = module.file.text
    marked = _by_words(text) if _may_export(text) else []
    if "torch" in text and RENAMED.search(text):
        marked = sorted({*marked, *_by_names(text, module.names.imports)})
    return marked


def _by_words(text: str) -> list[int]:
    """(1)"""
    spots = {text.rfind("\n", 0, spot) + 1 for word in WORDS for spot in _spots(text, word)}
    marked, line, before = [], 1, 0
    for start in sorted(spots):
        line += text.count("\n", before, start)
        before = start
        end = text.find("\n", start)
        if MARKS.search(text, start, len(text) if end < 0 else end):
            marked.append(line)
    return marked


def _by_names(text: str, imports: Mapping[str, str]) -> Iterator[int]:
    """(2)"""
    called = []
    for name, path in imports.items():
        home, _, function = path.rpartition(".")
        if path in OF_MODULES and name != path:
            called.append(rf"{name}\.({OF_MODULES[path]})\(")
        elif home in OF_MODULES and re.fullmatch(OF_MODULES[home], function):
            called.append(rf"{name}\(")
    for found in re.finditer(rf"\b({'|'.join(called)})", text) if called else ():
        yield text.count("\n", 0, found.start()) + 1


def _spots(text: str, word: str) -> Iterator[int]:
    """Where a word is in a text."""
    spot = text.find(word)
    while spot >= 0:
        yield spot
        spot = text.find(word, spot + 1)


def _may_export(text: str) -> bool:
    """A cheap look that spares most files the other one."""
    return (
        ("torch" in text or "tensorrt" in text)
        and any(word in text for word in KINDS)
        and any(word in text for word in WORDS)
    )

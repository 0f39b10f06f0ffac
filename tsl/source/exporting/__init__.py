"""Export scripts: in which order a file makes, prepares, captures, saves and loads its models.

    a function, a method, the top level of a file -> states of things along its paths -> steps out of order -> rules

Definitions, cited by number elsewhere:

1. A *thing* is an object whose history matters: a model, a traced or scripted module, an example input, what
   `state_dict()` returns. It has a *state*: mode (train or eval), device, stages it went through.
2. A state is a word or `?`. Where paths meet and disagree, or something unknown had the thing in hand, it is `?`, and
   a thing of unknown state is in no wrong order: what is unknown is silent.
3. A *step* is a place where something is out of order (`ways.STEPS`). The legal order is

       construct -> load weights -> to(device) -> eval() -> no_grad -> trace | script -> freeze -> optimize -> save
       load(map_location) -> eval() -> run

   and `orders.MOVES` says which call moves which state.
4. An *archive* is what a path holds: it is known by the text of the path, or by the parameter it comes from.
5. A function whose lines capture, save or load is read as if called from outside, and so are those that call it, and
   what stands at the top level; each is read again wherever it is called, with what it is given there.

Needs the names and classes of `source`; the tensors inside a model are `interpret`'s business. `steps_of` is the whole
interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tsl.source.facts import Function, Step

if TYPE_CHECKING:
    from tsl.source.file import SourceFile
    from tsl.source.session import Session

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
    *(
        "jit.trace",
        "jit.script",
        "jit.load",
        "jit.save",
        "jit.freeze",
        "jit.optimize",
        "onnx.",
        "torch.load",
        "torch.save",
    ),
    *(
        "model_dump",
        "to_torchscript",
        "optimize_for_",
        "register_custom_op",
        "create_network",
        "build_",
        "from torch.jit",
    ),
    *("from torch.onnx", "trace(", "trace_module(", "script(", "freeze(", "export("),
    *("export.save", "export.load", "aoti_compile"),
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


def steps_of(session: Session) -> tuple[Function, ...]:
    """The functions of a file, its top level and its methods, in which something is out of order."""
    file = session.module.file
    marked = _marked(file.text) if _may_export(file.text) else []
    if "torch" in file.text and RENAMED.search(file.text):
        marked = sorted({*marked, *_marked_by_names(file.text, session.module.names.imports)})
    if not marked:
        return ()
    from tsl.source.exporting.reader import Reader

    found: dict[int, list[Step]] = {}
    names: dict[int, tuple[str, object]] = {}
    for step in Reader(session, marked).read():
        found.setdefault(id(step.home), []).append(step)
        names[id(step.home)] = step.qualname, step.home
    return tuple(_function(*names[key], file, steps) for key, steps in found.items())


def _marked(text: str) -> list[int]:
    """The lines that look like it, from 1."""
    spots = {text.rfind("\n", 0, spot) + 1 for word in WORDS for spot in _spots(text, word)}
    marked, line, before = [], 1, 0
    for start in sorted(spots):
        line += text.count("\n", before, start)
        before = start
        end = text.find("\n", start)
        if MARKS.search(text, start, len(text) if end < 0 else end):
            marked.append(line)
    return marked


def _marked_by_names(text: str, imports: Mapping[str, str]) -> Iterator[int]:
    """The lines that call what a file imports under a name of its own."""
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


def _function(qualname: str, node: object, file: SourceFile, steps: list[Step]) -> Function:
    ordered = sorted(steps, key=lambda step: (step.node.lineno, step.node.col_offset, step.how, step.text))
    return Function(qualname, node, file, tuple(ordered))

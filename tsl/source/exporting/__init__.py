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
from typing import TYPE_CHECKING

from tsl.source.facts import Function, Step

if TYPE_CHECKING:
    from tsl.source.file import SourceFile
    from tsl.source.session import Session

# What a line looks like that captures, saves or loads; the last are for what is imported by its own name.
MARKS = re.compile(
    r"\bjit\.(trace|script|load|save|freeze|optimize)|onnx\.(export|register|utils|dynamo)|torch\.(load|save)\b|model_dump"
    r"|to_torchscript|optimize_for_(mobile|inference)|register_custom_op_symbolic|from torch\.(jit|onnx)\S* import"
    r"|\b(trace|trace_module|script|freeze|export)\("
)


def steps_of(session: Session) -> tuple[Function, ...]:
    """The functions of a file, its top level and its methods, in which something is out of order."""
    file = session.module.file
    marked = _marked(file.text) if _may_export(file) else []
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
    marked: list[int] = []
    line, start = 1, 0
    for found in MARKS.finditer(text):
        line += text.count("\n", start, found.start())
        start = found.start()
        if marked[-1:] != [line]:
            marked.append(line)
    return marked


def _may_export(file: SourceFile) -> bool:
    """A cheap look that spares most files the other one."""
    return "torch" in file.text and any(
        word in file.text for word in ("jit", "onnx", "torch.load", "torch.save", "model_dump")
    )


def _function(qualname: str, node: object, file: SourceFile, steps: list[Step]) -> Function:
    ordered = sorted(steps, key=lambda step: (step.node.lineno, step.node.col_offset, step.how, step.text))
    return Function(qualname, node, file, tuple(ordered))

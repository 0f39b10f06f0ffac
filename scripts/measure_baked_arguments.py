"""Measures which integer arguments torch.jit.trace bakes into its graph.

    python scripts/measure_baked_arguments.py > docs/measurements/baked-arguments.md

Needs torch. Every line of baked_argument_cases.txt is traced at one size, run at another and compared with what eager
PyTorch says there. The outcome is one of: follows, baked (the trace returns something else than eager), fails (the
trace raises where eager does not), refused (tracing itself raises). The table it prints is what BAKED_ARGUMENTS in
tsl/source/torch_hand.py rests on, and a test holds the two together. It holds no opinion about rules.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

CASES = Path(__file__).with_name("baked_argument_cases.txt")
MODULES = ("torch", "math", "numpy", "operator", "functools")
TRACED_SIZE, OTHER_SIZE = 8, 12
HEADER = """# What torch.jit.trace bakes

Measured with torch {version} by `scripts/measure_baked_arguments.py`: each expression was traced with n = {traced} and
run with n = {other}; `h` is `n // 2`.

- *follows*: the trace agrees with eager PyTorch
- *baked*: it returns something else
- *fails*: it raises where eager PyTorch does not
- *refused*: tracing itself raises"""


class Case(NamedTuple):
    """One experiment; `form` says whether the size arrives as a number or inside a list."""

    section: str
    function: str
    argument: str
    form: str
    shape: str
    expression: str


def cases(text: str) -> Iterator[Case]:
    """The experiments a case file describes."""
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line and not line.startswith("#"):
            yield Case(section, *(part.strip() for part in line.split(" | ", 4)))


def example(shape: str, size: int) -> torch.Tensor:
    """A tensor of the shape, with `n` replaced; the same values at every call."""
    sizes = [size if word == "n" else int(word) for word in shape.split(",")]
    return torch.randn(sizes, generator=torch.Generator().manual_seed(1))


def as_tensor(value: Any) -> torch.Tensor:
    """The value itself, or the constant a plain number becomes; without the warning torch.tensor would give."""
    return value if isinstance(value, torch.Tensor) else torch.ones(()).new_full((), float(value))


def program(expression: str, size: str = "x.size(-1)") -> Any:
    """A function of x that computes the expression; a plain number becomes the constant it is."""
    source = f"def run(x):\n n = {size}\n h = n // 2\n return as_tensor({expression})"
    names: dict[str, Any] = {name: importlib.import_module(name) for name in MODULES}
    names |= {"__name__": "experiment", "F": torch.nn.functional}
    names["as_tensor"] = as_tensor
    exec(source, names)  # the expressions are our own file
    return names["run"]


def agree(one: torch.Tensor, other: torch.Tensor) -> bool:
    """True if both are the same to rounding."""
    return one.shape == other.shape and torch.allclose(one, other.to(one.dtype), equal_nan=True)


def tells(case: Case, expected: torch.Tensor) -> bool:
    """True if eager PyTorch answers something else where the traced size is used in place of the real one."""
    if not re.search(r"\b[nh]\b", case.expression):
        return not agree(program(case.expression)(example(case.shape, TRACED_SIZE)), expected)
    try:
        return not agree(program(case.expression, str(TRACED_SIZE))(example(case.shape, OTHER_SIZE)), expected)
    except (RuntimeError, ValueError, IndexError):
        return True


def outcome(case: Case) -> tuple[str, bool]:
    """What tracing does to the argument, and whether a TracerWarning told so."""
    run = program(case.expression)
    expected = run(example(case.shape, OTHER_SIZE))
    if not tells(case, expected):
        raise SystemExit(f"{case.function}({case.argument}): the experiment cannot tell, both sizes give one result")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            traced = torch.jit.trace(run, example(case.shape, TRACED_SIZE), check_trace=False)
        except Exception:
            return "refused", False
    warned = any(issubclass(one.category, torch.jit.TracerWarning) for one in heard)
    try:
        actual = traced(example(case.shape, OTHER_SIZE))
    except RuntimeError:
        return "fails", warned
    return ("follows" if agree(actual, expected) else "baked"), warned


def main() -> None:
    """Prints the table as Markdown."""
    torch.set_grad_enabled(False)
    print(HEADER.format(version=torch.__version__, traced=TRACED_SIZE, other=OTHER_SIZE))
    section = ""
    for case in cases(CASES.read_text()):
        if case.section != section:
            section = case.section
            print(f"\n## {section}\n\n| function | argument | form | outcome | TracerWarning | expression |")
            print("|---|---|---|---|---|---|")
        result, warned = outcome(case)
        said = "yes" if warned else "no"
        print(f"| {case.function} | {case.argument} | {case.form} | {result} | {said} | `{case.expression}` |")


if __name__ == "__main__":
    main()

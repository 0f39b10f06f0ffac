"""What the commands that compare models take: tables of options.

Needs the names of formats. It will never act on a value.
"""

from __future__ import annotations

from tsl.cli.arguments import Form, Option
from tsl.cli.forms import COLOR, CONFIGURATION
from tsl.cli.readers import choice, deployment, gates, inputs, seconds, single
from tsl.diagnostic import Severity
from tsl.report import DIFF_FORMATS

DIFF_END = """\
OLD and NEW are TorchScript archives, Python files, or either in a revision of
git as REV:PATH (main:model.pt, HEAD~1:net.py).

KIND is added-findings, added-operators, removed-operators, changed-operators,
moved, interface (methods, inputs, outputs), weights, dtypes, devices, shapes
or any.

exit codes:
  0  compared, whatever is different
  1  there is something of a KIND that --fail-on names
  2  not compared; a line on stderr says what, where and why

examples:
  tsl diff old.pt new.pt
  tsl diff main:model.pt model.pt --fail-on added-findings,interface
  tsl diff HEAD:net.py net.py --entry build --input 'x=float32[1,3,224,224]'
  tsl diff old.pt new.pt -o diff.md
  tsl diff old.pt new.pt --format dot | dot -Tsvg > diff.svg
"""

MAKING = (
    Option(("--entry",), "NAME", "what in a Python file makes the model, as tsl verify has it; imports and runs it"),
    Option(
        ("--input",),
        "SPEC",
        "the inputs to trace with, in the words of tsl verify; of archives what forward is given; repeatable",
        inputs,
        adds_up=True,
    ),
    Option(
        ("--capture",),
        "HOW",
        "trace or script what the entry makes (default: trace where there are inputs)",
        choice(("trace", "script")),
    ),
    Option(("--timeout",), "S", "seconds that one export may take (default: 60)", seconds),
)
DIFF = Form(
    "diff",
    "OLD NEW [options]",
    "Says what is different between two models: operators, constants, dtypes, devices, shapes, weights, and which"
    " findings of tsl check are new or fixed. Names, numbers and the order of what does not depend on each other are no"
    " difference. Nothing of an archive is executed.",
    "OLD NEW",
    "the two models",
    (
        ("what to compare", (*MAKING,)),
        (
            "how far to look",
            (
                Option(("--method",), "NAME", "compare this method only; repeatable", single, adds_up=True),
                Option(
                    ("--deploy",),
                    "DEVICE[:MODE]",
                    "compare and check them as deployed there, as tsl check has it",
                    deployment,
                ),
                Option(("--no-findings",), "", "ask no rule"),
            ),
        ),
        (
            "report",
            (
                Option(
                    ("--fail-on",), "KIND,...", "exit 1 where there is a difference of these kinds", gates, adds_up=True
                ),
                Option(
                    ("--severity",),
                    "LEVEL",
                    "the lowest that counts as an added finding: error, warning (default) or info",
                    Severity.parse,
                    Severity.WARNING,
                ),
                Option(
                    ("--format",),
                    "FORM",
                    "text, json, markdown or dot (default: by the suffix of -o, else text)",
                    choice((*DIFF_FORMATS, "dot")),
                ),
                Option(("-o", "--output"), "FILE", "write there, whole or not at all (default: standard output)"),
                COLOR,
                *CONFIGURATION,
            ),
        ),
    ),
    least=2,
    most=2,
    end=DIFF_END,
)

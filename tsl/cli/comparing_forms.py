"""What the commands that compare models take: tables of options.

Needs the names of formats. It will never act on a value.
"""

from __future__ import annotations

from tsl.cli.arguments import Form, Option
from tsl.cli.forms import COLOR, CONFIGURATION
from tsl.cli.readers import choice, deployment, gates, inputs, models, seconds, single
from tsl.diagnostic import Severity
from tsl.draw.forms import FORMS as DRAWN
from tsl.report import DIFF_FORMATS

FORMS = (*DIFF_FORMATS, *(form for form in DRAWN if form not in DIFF_FORMATS))

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
  tsl diff old.pt new.pt -o diff.html
"""

ENTRY = Option(("--entry",), "NAME", "what in a Python file makes the model, as tsl verify has it; imports and runs it")
MAKING = (
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
FAILING = (
    Option(("--fail-on",), "KIND,...", "exit 1 where there is a difference of these kinds", gates, adds_up=True),
    Option(
        ("--severity",),
        "LEVEL",
        "the lowest that counts as an added finding: error, warning (default) or info",
        Severity.parse,
        Severity.WARNING,
    ),
)
REVIEW_END = """\
MODEL is FILE.pt, or FILE.py:NAME for what NAME in a Python file makes: that
file is imported and run, once as it is and once as it was.

KIND is as for tsl diff; added-findings counts those of the paths too.

exit codes:
  0  reviewed, whatever is different
  1  there is something of a KIND that --fail-on names
  2  not, or not all of it, reviewed; a line on stderr says what, where and why

examples:
  tsl review --base origin/main
  tsl review --base origin/main --models release/net.pt -o review
  tsl review src --base main --models src/net.py:build --fail-on added-findings
"""
DIFF = Form(
    "diff",
    "OLD NEW [options]",
    "Says what is different between two models: operators, constants, dtypes, devices, shapes, weights, and which"
    " findings of tsl check are new or fixed. Names, numbers and the order of what does not depend on each other are no"
    " difference. Nothing of an archive is executed.",
    "OLD NEW",
    "the two models",
    (
        ("what to compare", (ENTRY, *MAKING)),
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
                *FAILING,
                Option(
                    ("--format",),
                    "FORM",
                    f"{', '.join(FORMS)} (default: by the suffix of -o, else text)",
                    choice(FORMS),
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
REVIEW = Form(
    "review",
    "[PATH...] --base REV [options]",
    "Says what a change did: which findings of tsl check are new or fixed since a revision of git, and what is"
    " different in models, as one comment in Markdown with the files that go with it. Nothing is sent anywhere.",
    "PATH",
    "files and directories to check (default: .)",
    (
        (
            "what to review",
            (
                Option(("--base",), "REV", "the revision to compare the working tree with"),
                Option(("--models",), "MODEL,...", "models to compare; repeatable", models, adds_up=True),
                *MAKING,
            ),
        ),
        (
            "report",
            (
                *FAILING,
                Option(
                    ("-o", "--output"),
                    "DIR",
                    "write comment.md, tsl.sarif and pictures there (default: the comment to standard output)",
                ),
                *CONFIGURATION,
            ),
        ),
    ),
    most=None,
    end=REVIEW_END,
)

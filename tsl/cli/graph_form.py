"""What `tsl graph` takes.

Needs the names of forms of pictures. It will never act on a value.
"""

from __future__ import annotations

import os
from types import SimpleNamespace

from tsl.cli.arguments import Form, Option
from tsl.cli.forms import CONFIGURATION
from tsl.cli.readers import boxes, choice, deployment, inputs, levels
from tsl.config import SettingError
from tsl.draw.forms import FORMS, SUFFIXES

ARCHIVES = ("--method", "--depth", "--deploy", "--input", "--fusion")
BINARY = frozenset({"png", "pdf"})
KNOWING = (
    Option(("--fusion",), "FILE.json", "draw the groups that tsl fusion --format json wrote there around their nodes"),
    Option(
        ("--input",),
        "SPEC",
        "what forward is given, for what was not recorded in tracing: x=float32[1..8,3,H,W]; repeatable",
        inputs,
        adds_up=True,
    ),
    Option(
        ("--deploy",), "DEVICE", "where the model runs, in the words of tsl check: cuda, cuda:map_location", deployment
    ),
)

GRAPH_END = """\
exit codes:
  0  the graph was written
  2  it was not; a line on stderr says why

examples:
  tsl graph model.pt -o model.html
  tsl graph model.pt --depth 1 -o overview.svg
  tsl graph model.pt --deploy cuda --findings --radius 3 -o around.svg
  tsl graph model.pt --focus encoder.layers.0 --radius 2 -o part.png
  tsl graph model.pt --format mermaid >> comment.md
  tsl graph model.py:Net --source -o flow.svg
"""

GRAPH = Form(
    "graph",
    "FILE [options]",
    "Draws what a method of a TorchScript archive runs: operators in the clusters of their modules, blocks nested, what"
    " is known of tensors on the edges, what tsl check finds on its node. Nothing of the archive is executed.",
    "FILE",
    "an archive; with --source a Python file, and what of it: FILE.py:NAME",
    (
        (
            "what to draw",
            (
                Option(
                    ("--source",),
                    "",
                    "draw the control flow of a Python file's forward instead, at its lines: dashed is what tracing"
                    " loses; FILE.py:Net, FILE.py:Net.encode and FILE.py:function say of what. Runs nothing",
                ),
                Option(("--method",), "NAME", "the method to draw (default: forward, or the only one)"),
                Option(("--depth",), "N", "levels of modules to open; those below are one box each", levels),
                Option(
                    ("--focus",),
                    "NODE",
                    "draw only what this names and what is around it: an operator (conv2d), a module's path, a value"
                    " or a rule (TSL401)",
                ),
                Option(("--findings",), "", "draw only what findings are on and what is around it"),
                Option(("--radius",), "R", "how many edges around reaches (default: 1)", levels, 1),
                Option(("--no-findings",), "", "draw no findings, and ask no rule"),
                Option(
                    ("--limit",),
                    "N",
                    "the most boxes (default: 400): repeats are folded and modules closed until they are no more, and"
                    " the picture says so; 0 folds nothing",
                    boxes,
                ),
            ),
        ),
        ("what to know", KNOWING),
        (
            "output",
            (
                Option(
                    ("-o", "--output"),
                    "FILE",
                    "write there (default: DOT on standard output); .dot .gv .svg .png .pdf .html .mmd .json say the"
                    " form; .svg .png .pdf .html need Graphviz",
                ),
                Option(("--format",), "FORM", f"the form, whatever FILE is called: {', '.join(FORMS)}", choice(FORMS)),
            ),
        ),
        ("run", CONFIGURATION),
    ),
    least=1,
    most=1,
    end=GRAPH_END,
)


def drawable(options: SimpleNamespace) -> str:
    """The form that `tsl graph` writes. Raises SettingError where there is none, or options do not go together."""
    if options.findings and options.no_findings:
        raise SettingError("--no-findings", "leaves nothing for --findings to draw; leave one of them out")
    given = [flag for flag in ARCHIVES if getattr(options, flag.lstrip("-"))]
    if options.source and given:
        raise SettingError(given[0], "is about archives, and --source draws a Python file; leave one of them out")
    if not options.source and options.words[0].endswith(".py"):
        raise SettingError(options.words[0], "is a Python file; add --source to draw its control flow")
    if options.format is not None:
        form = str(options.format)
    else:
        suffix = os.path.splitext(options.output or "")[1]
        form = SUFFIXES.get(suffix, "" if suffix else "dot")
    if not form:
        raise SettingError(options.output, f"is in no form there is; use {' '.join(SUFFIXES)}, or --format")
    if form in BINARY and options.output is None:
        raise SettingError("--format", f"{form} is no text; name a file with -o")
    return form


def source_of(word: str) -> tuple[str, str]:
    """The path and the name that FILE.py:NAME stands for; a name may be missing. Raises SettingError."""
    path, colon, name = word.rpartition(":")
    if colon and path.endswith(".py") and "/" not in name and "\\" not in name:
        return path, name
    if not word.endswith(".py"):
        raise SettingError(word, "is no Python file; --source draws FILE.py or FILE.py:NAME")
    return word, ""

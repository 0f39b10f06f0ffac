"""What each command takes: tables of options.

Needs the names of formats and captures. It will never act on a value.
"""

from __future__ import annotations

import os
from types import SimpleNamespace

from tsl.cli.arguments import Form, Option
from tsl.cli.fixing import FIX_OPTIONS, agree_on_fixes
from tsl.cli.narrowing import NARROWING, agree_on_narrowing
from tsl.cli.readers import choice, deployment, inputs, kinds, levels, processes, rules_of, seconds, single, trials
from tsl.config import CAPTURES, SettingError
from tsl.diagnostic import Severity
from tsl.report import (
    FORMATS,
    INSPECTION_FORMATS,
    RULES_FORMATS,
    STATISTICS_FORMATS,
    TARGETS_FORMATS,
    VERDICT_FORMATS,
)

COLORS = ("auto", "always", "never")

CHECK_END = """\
RULE is a rule's name (tensor-branch), its code (TSL101), the beginning of
codes (TSL1, TSL10) or ALL. Commas and repetition add up:
--select TSL10,size-loop --select TSL9.

exit codes:
  0  clean
  1  findings at or above --severity
  2  tsl could not do its job; a line on stderr says what, where and why

examples:
  tsl check                              everything below this directory
  tsl check model.py --root Net          what Net reaches, and nothing else
  tsl check model.pt                     an archive, without torch
  tsl check model.pt --target onnx:13    and what ONNX has no operator for
  tsl check model.pt --deploy cuda       what will fail or wait on a GPU
  tsl check model.pt --deploy cuda --trust   and let torch's own kernels say so
  tsl check model.py --entry build       the graph of what build() makes as well
  tsl check model.py --against model.pt  the graph of an archive made from it
  tsl check --diff                       what --fix would change
  tsl check --format sarif -o tsl.sarif  a file for code scanning
  tsl check --baseline tsl.json          what is new since --write-baseline
  tsl check --diff-base origin/main      what this branch brought
  git show HEAD:net.py | tsl check - --stdin-filename net.py
"""


VERIFY_END = """\
SPEC is one or several of NAME=DTYPE[DIM,...], with commas or blanks between:
x=float32[1,3,H,W] mask=bool[1,H,W]. NAME is a parameter of forward; a DIM is
8, 1..8 (free), N (free, shared by all that carry it), N=8 or N=1..8; values
are bounded by :LOW..HIGH at the end, as in tokens=int64[2,N]:0..31.

KIND is own, size, data, seed, state, dtype, device or mode; docs/verify.md
says what is tried.

exit codes:
  0  no divergence found; with --script, the model compiles
  1  a divergence; with --script, the compiler refuses it
  2  it could not be run, or not to the end; a line on stderr says why

examples:
  tsl verify model.py --entry Net --input 'x=float32[2,3,H,W]'
  tsl verify model.py --entry examples --skip device,dtype --format json
  tsl verify model.py --entry Net --script
"""

INSPECT_END = """\
exit codes:
  0  the file was read, whatever kind it is
  2  it cannot be read, or is cut off; a line on stderr says why

examples:
  tsl inspect model.pt
  tsl inspect model.pt --depth 4
  tsl inspect model.pt --format json | jq .libraries
"""

LOCK_END = """\
exit codes:
  0  the lock was written
  2  it was not; a line on stderr says why

examples:
  tsl lock model.pt -o model.lock
  tsl check model.pt --lock model.lock
"""

COLOR = Option(
    ("--color",),
    "WHEN",
    "auto (default: on a terminal, unless NO_COLOR is set), always or never",
    choice(COLORS),
    "auto",
)
CONFIGURATION = (
    Option(("--config",), "FILE", "a pyproject.toml or tsl.toml (default: the nearest upward)"),
    Option(("--isolated",), "", "read no configuration"),
)
WHAT = (
    Option(("--stdin-filename",), "FILE", "the name under which standard input is reported"),
    Option(
        ("--capture",),
        "HOW",
        "check against the promises of trace, script or both; auto (default) goes by each file's call sites, and by"
        " trace where there are none",
        choice(CAPTURES),
    ),
    Option(
        ("--root",),
        "NAME",
        "judge only what this class or function reaches (Net, Net.forward, pkg.module.Net); repeatable",
        single,
        adds_up=True,
    ),
    Option(
        ("--target",),
        "T[:V]",
        "hold archives against what this can run (onnx:13, libtorch:2.1, cuda); tsl targets lists them; repeatable",
        single,
        adds_up=True,
    ),
    Option(("--lock",), "FILE", "report what has drifted in the one archive named from this file of tsl lock"),
)
GRAPHS = (
    Option(
        ("--entry",),
        "NAME",
        "import and run the first PATH, a file; export what NAME makes, as tsl verify has it, and check the graph too",
    ),
    Option(
        ("--input",),
        "SPEC",
        "the inputs to trace with, in the words of tsl verify; of an archive what forward is given, in place of what it"
        " recorded: x=float32[1..8,3,H,W]; repeatable",
        inputs,
        adds_up=True,
    ),
    Option(("--timeout",), "S", "seconds that making and exporting the model may take (default: 60)", seconds),
    Option(
        ("--against",),
        "FILE.pt",
        "check the graph of an archive that was exported from the files, without running anything",
    ),
    Option(
        ("--trust",),
        "",
        "run the code of archives with torch on tensors without data, in a process of its own, where --deploy asks what"
        " a device makes of them",
    ),
    Option(
        ("--deploy",),
        "DEVICE",
        "hold archives to a run on this device: cuda, cuda:1; cuda:to (default), cuda:map_location or cuda:frozen say"
        " how they get there",
        deployment,
    ),
)
WHICH = (
    Option(
        ("--select",),
        "RULE,...",
        "report these rules and no others, whatever the configuration ignores",
        rules_of,
        adds_up=True,
    ),
    Option(
        ("--ignore",), "RULE,...", "do not report these; the narrower of two selectors decides", rules_of, adds_up=True
    ),
    Option(("--extend-select",), "RULE,...", "report these as well as what is selected anyway", rules_of, adds_up=True),
)
REPORT = (
    Option(
        ("--severity",),
        "LEVEL",
        "the lowest that fails the run: error, warning (default) or info; all are reported",
        Severity.parse,
        Severity.WARNING,
    ),
    Option(("--format",), "FORM", f"{', '.join(FORMATS)} (default: text)", choice(FORMATS), "text"),
    Option(("-o", "--output"), "FILE", "write the report there, whole or not at all"),
    Option(("--statistics",), "", "count the findings of each rule as well"),
    Option(("-v", "--verbose"), "", "say of each archive which of its nodes nothing is known of"),
    COLOR,
    Option(("--exit-zero",), "", "exit 0 where it would be 1"),
    *NARROWING,
)
RUN = (
    Option(("--jobs",), "N", "processes to share many files among (default: 1)", processes, 1),
    Option(("--no-cache",), "", "neither read nor write .tsl_cache"),
    *CONFIGURATION,
)

CHECK = Form(
    "check",
    "[PATH ...] [options]",
    "Says what TorchScript will do to the models in Python files, and what is wrong with archives of models; neither is"
    " imported or run, but for the file that --entry speaks of. Directories are searched for .py files and archives"
    " that git does not ignore; files that are named are always checked.",
    "PATH",
    "files, directories, or - for standard input (default: .)",
    (
        ("what to check", WHAT),
        ("graphs", GRAPHS),
        ("which rules", WHICH),
        ("fixes", FIX_OPTIONS),
        ("report", REPORT),
        ("run", RUN),
    ),
    most=None,
    end=CHECK_END,
)
EXPLAIN = Form(
    "explain",
    "RULE [options]",
    "Shows a rule's page: what happens, an example, what to write instead.",
    "RULE",
    "a rule's name or code: tensor-branch, TSL101",
    (("options", (COLOR, *CONFIGURATION)),),
    least=1,
    most=1,
)
RULES = Form(
    "rules",
    "[options]",
    "Lists the rules: tsl's own and those of the configured rulebooks.",
    "",
    "",
    (
        (
            "options",
            (
                Option(("--format",), "FORM", "text (default) or json", choice(RULES_FORMATS), "text"),
                COLOR,
                *CONFIGURATION,
            ),
        ),
    ),
)
VERIFY = Form(
    "verify",
    "FILE.py --entry NAME [options]",
    "Runs a model and its trace on inputs that are perturbed step by step, says where they part, at which line, and"
    " which findings that confirms; or compiles it. This command imports and runs the file, in a process with a time"
    " limit.",
    "FILE.py",
    "the file to import",
    (
        (
            "what to run",
            (
                Option(("--entry",), "NAME", "a module, its class, or a function that returns it, with inputs or not"),
                Option(
                    ("--input",),
                    "SPEC",
                    "the inputs to trace with, in place of those the entry gives; repeatable",
                    inputs,
                    adds_up=True,
                ),
                Option(("--script",), "", "compile it with torch.jit.script, and hold that against the findings"),
            ),
        ),
        (
            "how far to search",
            (
                Option(("--timeout",), "S", "seconds the whole search may take (default: 60)", seconds, 60.0),
                Option(("--trials",), "N", "perturbations to try at most (default: 100)", trials),
                Option(("--skip",), "KIND,...", "do not perturb in these ways; repeatable", kinds, adds_up=True),
            ),
        ),
        (
            "report",
            (
                Option(("--format",), "FORM", "text (default) or json", choice(VERDICT_FORMATS), "text"),
                COLOR,
                *CONFIGURATION,
            ),
        ),
    ),
    least=1,
    most=1,
    end=VERIFY_END,
)


INSPECT = Form(
    "inspect",
    "FILE [options]",
    "Says what an archive is and what is in it: sizes, methods, modules, tensors, operators, and what to be wary of."
    " Nothing of it is executed or unpickled, and no weight is read.",
    "FILE",
    "a TorchScript archive or any other file of a model",
    (
        (
            "options",
            (
                Option(("--depth",), "N", "levels of the module tree to show (default: 2)", levels, 2),
                Option(("--format",), "FORM", "text (default) or json", choice(INSPECTION_FORMATS), "text"),
                COLOR,
            ),
        ),
    ),
    least=1,
    most=1,
    end=INSPECT_END,
)
TARGETS = Form(
    "targets",
    "[options]",
    "Lists what archives may be held against with tsl check --target, in which versions, and how each table of"
    " operators was obtained: tsl's own, and those of the files that the configuration names.",
    "",
    "",
    (
        (
            "options",
            (
                Option(("--format",), "FORM", "text (default) or json", choice(TARGETS_FORMATS), "text"),
                COLOR,
                *CONFIGURATION,
            ),
        ),
    ),
)
LOCK = Form(
    "lock",
    "FILE.pt [options]",
    "Writes down what a deployment of an archive rests on: operators, signatures, dtypes and devices of weights, tensor"
    " constants, devices in the code, the first release of torch that runs it. The same model has the same lock, byte"
    " for byte. Nothing of the archive is executed.",
    "FILE.pt",
    "the archive",
    (("output", (Option(("-o", "--output"), "FILE", "write there, whole or not at all (default: standard output)"),)),),
    least=1,
    most=1,
    end=LOCK_END,
)


def agree(options: SimpleNamespace) -> None:
    """Raises SettingError where arguments of `tsl check` that are right by themselves do not go together."""
    agree_on_fixes(options)
    agree_on_narrowing(options)
    if options.stdin_filename is not None and "-" not in options.words:
        raise SettingError("--stdin-filename", "names standard input, which is not checked; add - to the paths")
    if options.lock is not None and (len(options.words) != 1 or os.path.isdir(options.words[0])):
        raise SettingError("--lock", "is of one model; name the archive, and no other path")
    if options.entry is None and options.timeout:
        raise SettingError("--timeout", "goes with --entry, which says what makes the model")
    first = options.words[0] if options.words else "."
    if options.entry is not None and not first.endswith(".py"):
        raise SettingError("--entry", f"names something in a Python file, and the first path is {first}; put it first")
    if options.statistics and options.format not in STATISTICS_FORMATS:
        forms = " or ".join(STATISTICS_FORMATS)
        raise SettingError("--statistics", f"goes with --format {forms} and not with {options.format}")

"""What `tsl fusion` takes: its table of options, and the request that they make.

Needs the forms of arguments. It will never act on a value.
"""

from __future__ import annotations

from types import SimpleNamespace

from tsl.cli.arguments import Form, Option
from tsl.cli.forms import COLOR, CONFIGURATION
from tsl.cli.readers import choice, groups, inputs, runs, seconds
from tsl.config import Config, SettingError
from tsl.diagnostic import Severity
from tsl.report import FUSION_FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tsl.fusion.launch import Request
    from tsl.ir.fused import Report

CAPTURES = ("auto", "trace", "script")
DEVICES = ("cpu", "cuda")
END = """\
FILE.py:ENTRY is a file and what in it makes the model, as tsl verify has it:
a module, its class, or a function that returns it, with inputs or not. An
archive is loaded with torch.jit.load and run; naming it is the consent.
SPEC is that of tsl verify: x=float32[4,16]. A size that is left open, as in
x=float32[1..64,16], is tried at its ends and its middle. A number that the
model takes is a dimensionless input: sr=int64:16000..16000.

On the CPU torch fuses only when it is asked to, which this command does: it
proves which operators are fused, not that they are faster (docs/fusion.md).
The fuser is NNC. NVFuser is gone from PyTorch, and its switches do nothing;
oneDNN graph, torch.jit.enable_onednn_fusion, is another way, on the CPU.

exit codes:
  0  clean; with --expect or --baseline: as much is fused as that says
  1  findings at or above --severity; with --expect or --baseline: less is
  2  it could not be looked at, or not to the end; a line on stderr says why

examples:
  tsl fusion model.py:build
  tsl fusion model.py:Net --input 'x=float32[1..64,16]' --capture script
  tsl fusion model.py:build --predict                  without running it
  tsl fusion model.pt --input 'x=float32[1,3,224,224]' --expect 12
  tsl fusion model.py:build --format json -o fusion.json
  tsl fusion model.py:build --baseline fusion.json
"""
FUSION = Form(
    "fusion",
    "FILE.py:ENTRY | FILE.pt [options]",
    "Says which operators of a model TorchScript's fuser makes one kernel of, why it does not of the others, and what"
    " shows it. This command imports and runs the file, or loads and runs the archive, in a process with a time limit.",
    "FILE",
    "a Python file with the entry behind a colon, or a TorchScript archive",
    (
        (
            "what to run",
            (
                Option(("--input",), "SPEC", "the inputs of the model; repeatable", inputs, adds_up=True),
                Option(
                    ("--capture",),
                    "HOW",
                    "trace or script; auto (default) traces, and takes what is in TorchScript as it is",
                    choice(CAPTURES),
                    "auto",
                ),
                Option(("--device",), "DEVICE", "cpu (default) or cuda", choice(DEVICES), "cpu"),
                Option(("--grad",), "", "leave gradients on; without, the model is called under torch.no_grad()"),
                Option(("--runs",), "N", "calls at most until the plan stands (default: 8)", runs, 8),
                Option(("--timeout",), "S", "seconds it may take (default: 300)", seconds, 300.0),
                Option(("--predict",), "", "foretell the plan for cpu and cuda, and run no kernel of the model"),
            ),
        ),
        (
            "gate",
            (
                Option(("--expect",), "GROUPS", "fail, with one line, where fewer groups are fused", groups),
                Option(("--baseline",), "FILE", "fail, with one line, where less is fused than in this report (json)"),
            ),
        ),
        (
            "report",
            (
                Option(
                    ("--severity",),
                    "LEVEL",
                    "the lowest that fails the run: error, warning (default) or info",
                    Severity.parse,
                    Severity.WARNING,
                ),
                Option(
                    ("--format",),
                    "FORM",
                    f"{', '.join(FUSION_FORMATS)} (default: text)",
                    choice(FUSION_FORMATS),
                    "text",
                ),
                Option(("-o", "--output"), "FILE", "write the report there, whole or not at all"),
                COLOR,
                *CONFIGURATION,
            ),
        ),
    ),
    least=1,
    most=1,
    end=END,
)


def request_of(options: SimpleNamespace, config: Config) -> Request:
    """What the child process is asked for. Raises SettingError where the file or the baseline is none."""
    from tsl.fusion.gate import read_baseline
    from tsl.fusion.launch import Request

    path, _, entry = options.words[0].partition(".py:")
    path = f"{path}.py" if entry else options.words[0]
    if path.endswith(".py") and not entry:
        raise SettingError(path, f"needs the entry that makes the model behind a colon, as in {path}:build")
    if options.baseline is not None:
        read_baseline(options.baseline)  # before a run that may take minutes
    sources = tuple(config.place(source) for source in config.src)
    return Request(
        path,
        entry,
        tuple(options.input or ()),
        options.device,
        options.capture,
        options.runs,
        bool(options.grad),
        bool(options.predict),
        options.timeout,
        sources,
    )


def gates_of(options: SimpleNamespace, report: Report) -> list[tuple[str, str]]:
    """The gates that were asked for, each with what it says: nothing where as much is fused as it wants."""
    from tsl.fusion.gate import below, regressed

    gates = []
    if options.expect is not None:
        gates.append(("--expect", below(report, options.expect)))
    if options.baseline is not None:
        gates.append(("--baseline", regressed(report, options.baseline)))
    return [] if report.failure else gates

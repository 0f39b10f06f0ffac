"""What `tsl migrate` takes: its options, and which of them go together.

Needs the forms of the other commands. It will never act on a value.
"""

from __future__ import annotations

from types import SimpleNamespace

from tsl.cli.arguments import Form, Option
from tsl.cli.forms import COLOR, CONFIGURATION
from tsl.cli.readers import choice, inputs, processes, seconds, single
from tsl.config import SettingError
from tsl.report import MIGRATION_FORMATS

MIGRATE_END = """\
exit codes:
  0  the ledger was written, and torch.export took every model that was tried
  1  it did not take one
  2  tsl could not do its job; a line on stderr says what, where and why

examples:
  tsl migrate                                      everything below this directory
  tsl migrate src --format markdown -o LEDGER.md   a list to tick off
  tsl migrate model.py --prove --entry Net --input 'x=float32[N,3,224,224]'
  tsl migrate src --prove --entry proofs.py:small --entry proofs.py:large
"""

MIGRATE = Form(
    "migrate",
    "[PATH ...] [options]",
    "Lists what Python files use of torch.jit and torch.onnx, and the branches on data that torch.export refuses: how"
    " torch stands to each, what to write instead, how much work it is. Nothing is imported or run, but for the entries"
    " that --prove puts through torch.export.",
    "PATH",
    "files and directories (default: .)",
    (
        (
            "proof",
            (
                Option(("--prove",), "", "put the models of --entry through torch.export, and save, read and run that"),
                Option(
                    ("--entry",),
                    "[FILE.py:]NAME",
                    "import FILE.py (default: PATH, where that is one file) and export the model that NAME makes, as"
                    " tsl verify has it; repeatable",
                    single,
                    adds_up=True,
                ),
                Option(
                    ("--input",),
                    "SPEC",
                    "the inputs to export one entry with, in the words of tsl verify; sizes declared free are dynamic",
                    inputs,
                    adds_up=True,
                ),
                Option(("--timeout",), "S", "seconds that each entry may take (default: 120)", seconds),
            ),
        ),
        (
            "report",
            (
                Option(
                    ("--format",),
                    "FORM",
                    f"{', '.join(MIGRATION_FORMATS)} (default: text)",
                    choice(MIGRATION_FORMATS),
                    "text",
                ),
                Option(("-o", "--output"), "FILE", "write the ledger there, whole or not at all"),
                COLOR,
            ),
        ),
        (
            "run",
            (
                Option(("--jobs",), "N", "processes to share many files among (default: 1)", processes, 1),
                *CONFIGURATION,
            ),
        ),
    ),
    most=None,
    end=MIGRATE_END,
)


def provable(options: SimpleNamespace) -> None:
    """Raises SettingError where arguments of `tsl migrate` that are right by themselves do not go together."""
    if bool(options.prove) != bool(options.entry):
        raise SettingError("--prove" if options.prove else "--entry", "--prove and --entry NAME go together; give both")
    if not options.prove and (options.input or options.timeout):
        raise SettingError("--input" if options.input else "--timeout", "goes with --prove")
    if options.input and len(options.entry) > 1:
        raise SettingError("--input", "is of one model; name one entry, or let each return its inputs")
    named = [entry for entry in options.entry or () if ".py:" not in entry]
    if named and (len(options.words) != 1 or not options.words[0].endswith(".py")):
        raise SettingError("--entry", f"names {named[0]!r} in no file; write FILE.py:{named[0]}")

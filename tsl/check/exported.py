"""The graphs of a run: of what `--entry` exports, and of the archive that `--against` names.

    export -> archive -> ask -> place -> bear out

The user's code runs in a child process (`tsl.entry`) and nowhere else; the archives are read as any others, without
torch. What the graphs say stands in the files of the run (`tsl.check.placing`).

1. An export that torch refuses is a finding (TSL904), at the user's line that the refusal names.
2. Without --capture the call sites of the entry's file say what is done with the model; without them there is a trace
   where there are inputs.
3. Of a file that differs from what an archive was made from, nothing in that archive speaks.
4. A file without call sites is held to the promises of the captures that the graphs show of it.
5. Calls of Python are told here, by the rule for graphs that hold them (TSL603): no archive does.

Needs a plan that asks for graphs, and the judged files. It is in no cache: what a file imports may change anything.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tsl.archive.archive import Archive, ArchiveError, open_archive
from tsl.check.archives import (
    TOO_DEEP,
    UNREAD,
    asked_of_file,
    asked_of_graphs,
    asked_of_targets,
    notes_of,
    recorded_span,
    unread_of,
)
from tsl.check.arms import Arms
from tsl.check.examine import Examined
from tsl.check.files import Files
from tsl.check.judge import RuleCallError
from tsl.check.placing import Placing, told_elsewhere
from tsl.check.plan import CALLS_PYTHON, REFUSED, Plan
from tsl.check.simulated import simulation_of
from tsl.check.versions import differing
from tsl.diagnostic import Diagnostic, Label, Span
from tsl.entry.place import Place
from tsl.entry.request import PythonCall, Refusal, Request, export
from tsl.entry.sample import Argument
from tsl.entry.spec import InputSpec, parse
from tsl.ir.facts import GraphFacts, facts_of, plain
from tsl.ir.foretold import InputError
from tsl.ir.graph import Frame
from tsl.outcome import Failure
from tsl.project import reason, shown

if TYPE_CHECKING:
    from tsl.ir.simulate import Simulation

# What is said of an archive, and not of the model in it: nothing where tsl wrote the archive itself.
OF_FILE = frozenset({"TSL554"})


class Exported:
    """What the graphs of a run come to: findings, failures, notes, and what they show of branches."""

    def __init__(self, examined: Sequence[Examined], plan: Plan) -> None:
        self._plan = plan
        self._paths = [file.path for file in examined if not file.is_archive and not file.failure]
        self._captures = {os.path.realpath(file.path): file.judged.captures for file in examined}
        self._arms = Arms()
        self.diagnostics: list[Diagnostic] = []
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        if plan.settings.entry:
            self._of_entry(plan.settings.entry)
        if plan.settings.against:
            self._of_archive(plan.settings.against)

    def bear_out(self, found: Diagnostic) -> Diagnostic:
        """A finding of the source engine, with what the graphs show of it."""
        return self._arms.bear_out(found)

    def captures_of(self, file: Examined) -> frozenset[str]:
        """What is done with the models of a file: what its call sites say, else what the graphs show (4)."""
        return file.judged.captures or self._arms.captures_of(file.path)

    def _of_entry(self, asked: Request) -> None:
        files = Files(self._paths, elsewhere=False)
        text = files.at(asked.path)
        home = text.definition(asked.entry) if text else None
        placing = Placing(files, home or Span(shown(asked.path), 1, 1, 1, 1))
        with TemporaryDirectory(prefix="tsl-") as directory:
            done = export(asked._replace(captures=self._captured(asked)), directory)
            self.failures += filter(None, [done.failure])
            for refusal in done.refusals:
                self._refused(refusal, placing)
            for call in done.python_calls:
                self._calls_python(call, placing)
            for captured in done.archives:
                inputs = done.inputs if captured.capture == "script" else ()
                simulation = self._simulated(captured.path, "--entry", inputs)
                self._read(captured.path, files, placing, asked.entry, simulation, captured.example)
        self._take(placing, asked.entry)

    def _inputs(self, archive: Archive) -> tuple[InputSpec, ...]:
        """What a user describes; what an entry's model was traced on is recorded."""
        asked = self._plan.settings.entry
        if asked is None:
            return self._plan.inputs
        return () if archive.traced_inputs or not asked.inputs else parse(" ".join(asked.inputs))

    def _captured(self, asked: Request) -> tuple[str, ...]:
        """(2)"""
        capture = self._plan.settings.config.capture
        if capture == "auto":
            return tuple(sorted(self._captures.get(os.path.realpath(asked.path), ())))
        return ("script", "trace") if capture == "both" else (capture,)

    def _refused(self, refusal: Refusal, placing: Placing) -> None:
        """(1)"""
        rule, stack = self._plan.rule(REFUSED), _frames(refusal.stack)
        message = f"torch.jit.{refusal.step} refuses this: {refusal.message}"
        if not placing.at_stack(rule, rule.severity, message, stack):
            labels = (Label(recorded_span(stack[0]), "refused here"),) if stack else ()
            placing.at_home(rule, rule.severity, message, refusal.step, labels)

    def _calls_python(self, call: PythonCall, placing: Placing) -> None:
        """(5)"""
        rule, stack = self._plan.rule(CALLS_PYTHON), _frames(call.stack)
        message = f"`{call.name}` calls Python: the model cannot be saved"
        if not placing.at_stack(rule, rule.severity, message, stack):
            placing.at_home(rule, rule.severity, message, f"python: {call.name}")

    def _of_archive(self, path: str) -> None:
        files, name = Files(self._paths, elsewhere=True), shown(path)
        placing = Placing(files, None)
        try:
            inputs = self._plan.settings.inputs
            simulation = self._simulated(path, "--trust", inputs) if self._plan.settings.trust else None
            self._read(path, files, placing, name, simulation)
        except OSError as error:
            self.failures.append(Failure(name, f"cannot be read: {reason(error)}"))
            return
        self._take(placing, name)

    def _simulated(self, path: str, command: str, inputs: Sequence[str]) -> Simulation | None:
        simulation = simulation_of(path, None, self._plan, inputs, command)
        self.failures += filter(None, [simulation.failure if simulation else None])
        return simulation

    def _read(
        self,
        path: str,
        files: Files,
        placing: Placing,
        name: str,
        simulation: Simulation | None,
        example: Sequence[Argument] = (),
    ) -> None:
        """Asks what there is to ask of an archive, and places it."""
        try:
            with open_archive(path) as archive:
                facts = facts_of(archive, self._plan.deploy, self._inputs(archive), example, simulation)
                if facts is None:
                    self.failures.append(Failure(name, f"holds no TorchScript model: it is a {archive.kind.title}"))
                    return
                self._place(archive, facts, files, placing, name)
        except InputError as error:
            self.failures.append(Failure("--input", str(error)))
        except ArchiveError as error:
            self.failures.append(Failure(name, f"is no archive: {error.message}"))
        except RuleCallError as error:
            self.failures.append(Failure(name, f"cannot be checked: {error}; please report it"))

    def _place(self, archive: Archive, facts: GraphFacts, files: Files, placing: Placing, name: str) -> None:
        unread = self._plan.rule(UNREAD)
        try:
            _ = facts.foretold  # says of inputs that the model does not take
            for path, what in _differing(archive, facts, files).items():  # (3)
                self.notes.append(f"{name}: was made from another version of {path}: {what}; nothing is said there")
                files.leave_out(path)
            if files.elsewhere:
                placing.home = _class_of(archive, files)
                if not files.found:
                    self.notes.append(f"{name}: none of the checked files is recorded in it")
            of_file = () if files.elsewhere else OF_FILE
            placing.of_graph(one for one in asked_of_graphs(facts, self._plan) if one[0].code not in of_file)
            placing.of_targets(asked_of_targets(archive, facts, self._plan))
            placing.of_file(asked_of_file(archive, self._plan))
            placing.of_unread(unread, unread_of(facts))
            self._arms.read(facts.nodes(), files)
            if self._plan.settings.verbose:
                self.notes += [f"{name}: {note}" for note in notes_of(facts)]
        except RecursionError:
            placing.of_unread(unread, [TOO_DEEP])

    def _take(self, placing: Placing, name: str) -> None:
        self.diagnostics += placing.diagnostics
        if placing.elsewhere and (placing.files.found or not placing.files.elsewhere):
            self.notes.append(f"{name}: {told_elsewhere(placing.elsewhere)}")


def _frames(stack: Sequence[Place]) -> tuple[Frame, ...]:
    return tuple(Frame(place.path, place.line, 1, place.function) for place in stack)


def _differing(archive: Archive, facts: GraphFacts, files: Files) -> dict[str, str]:
    """The files that an archive was not made from, with what tells it; none where it was exported just now."""
    if not files.elsewhere:
        return {}
    texts = list(archive.code.recorded())
    files.settle({path for path, _, _ in texts} | {frame.path for node in facts.nodes() for frame in node.recorded})
    return differing(facts.nodes(), texts, files)


def _class_of(archive: Archive, files: Files) -> Span | None:
    """Where the files define the class of an archive's model: in a module of the name it was recorded with."""
    module, _, name = plain(archive.module.type).rpartition(".")
    stem = module.rpartition(".")[2]
    for text in files.texts():
        own = os.path.basename(os.path.abspath(text.path)).removesuffix(".py")
        found = text.definition(name) if name and (not module or stem in {own, "__main__"}) else None
        if found:
            return found
    return None

"""The way off TorchScript: what a project uses of torch.jit and torch.onnx, and what to write instead.

    files -> find: uses -> advice: what to write -> survey: sites, and the branches that the check found -> Ledger
    an entry -> prove: torch.export in a child process -> Proof

    ledger     what a site and a proof are
    find       where a file uses a name
    names      how torch 2.13 stands to it
    advice     what to write instead: tables, and the words, captures, onnx and islands that need the call
    shapes     sizes that may vary
    branches   branches on data as torch.cond and its like
    survey     the sites of a file
    prove      a proof from outside, child from inside

`migrate` is the whole interface. A site is a fact about names, whatever reaches it: this is an inventory, where a check
reports what does harm. Nothing is run but what an entry makes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tsl.migrate.ledger import Ledger, Proof
from tsl.outcome import Failure

if TYPE_CHECKING:
    from tsl.check import Settings
    from tsl.migrate.ledger import Site
    from tsl.migrate.prove import Request
    from tsl.outcome import Outcome

__all__ = ["Ledger", "migrate"]


def migrate(paths: Sequence[str], settings: Settings, proofs: Sequence[Request] = ()) -> Ledger:
    """The ledger of the Python files at paths. Raises SettingError for a setting that cannot be followed."""
    from tsl.check import check
    from tsl.check.plan import excluded
    from tsl.migrate.survey import BRANCHES
    from tsl.project import find, head_of, is_archive

    config = settings.config.with_flags(select=list(BRANCHES), capture="trace")
    found = find(paths, excluded(config))
    files = [path for path in found.files if path.endswith(".py") or not is_archive(path, head_of(path))]
    outcome = check(files, settings._replace(config=config)) if files else None
    sites: list[Site] = []
    failures = [Failure(problem.path, problem.message) for problem in found.problems]
    for path in files:
        surveyed, failure = _surveyed(path, outcome)
        sites += surveyed
        failures += [failure] if failure else []
    proved, failed = _proved(proofs)
    notes = () if files or found.problems else ("no Python files found",)
    return Ledger(tuple(sites), tuple(proved), len(files), (*failures, *failed), notes)


def _surveyed(path: str, outcome: Outcome | None) -> tuple[list[Site], Failure | None]:
    from tsl.check.judge import load
    from tsl.migrate.survey import sites_of
    from tsl.project import module_name, reason, shown
    from tsl.source.file import SourceError, parse

    name = shown(path)
    try:
        file = parse(name, load(path))
    except OSError as error:
        return [], Failure(name, f"cannot read the file: {reason(error)}")
    except SourceError as error:
        return [], Failure(name, f"does not parse: line {error.line}: {error.message}")
    module = module_name(path)
    package = module if os.path.basename(path) == "__init__.py" else module.rpartition(".")[0]
    findings = [one for one in outcome.diagnostics if one.span.path == name] if outcome else []
    return sites_of(file, package, findings), None


def _proved(requests: Sequence[Request]) -> tuple[list[Proof], list[Failure]]:
    from tsl.migrate.prove import prove

    told = [prove(request) for request in requests]
    return [proof for proof, _ in told if proof], [failure for _, failure in told if failure]

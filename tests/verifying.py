"""A search for divergences in this process, on a module written for a test; the command itself uses a child process.

Needs torch. It will never hold an assertion about tsl.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from tsl.entry.example import example as given_example
from tsl.entry.inputs import Example, from_specs
from tsl.entry.make import load, make
from tsl.entry.spec import parse
from tsl.verify.runs import Subject, run_graphs_as_they_are
from tsl.verify.search import Clock, Plan, Search
from tsl.verify.verdict import Counts, Divergence, LostCheck

HEAD = """\
import random

import numpy
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.linear = nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.5)
        self.norm = nn.BatchNorm1d(4)

"""
TAIL = """

def entry():
    torch.manual_seed(0)
    return Net(), torch.randn(6, 4)
"""


class Searched(NamedTuple):
    """What a search told."""

    path: Path
    divergences: list[Divergence]
    lost_checks: list[LostCheck]
    counts: Counts
    notes: list[str]

    def lines(self, *but: str) -> list[int | None]:
        """The line of each divergence, in order, without those of some kinds."""
        return [found.place.line if found.place else None for found in self.divergences if found.kind not in but]

    @property
    def marked(self) -> list[int]:
        """The lines of the file that end in `# here`."""
        lines = enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1)
        return [number for number, line in lines if line.endswith("# here")]


def model(body: str) -> str:
    """The text of a module whose Net has this forward, and of an entry for it."""
    return HEAD + "".join(f"    {line}\n" for line in body.strip().splitlines()) + TAIL


def searched(
    path: Path, text: str, entry: str = "entry", spec: str = "", *, trials: int = 100, skip: str = ""
) -> Searched:
    """What a search finds in a file of this text."""
    path.write_text(text, encoding="utf-8")
    return search_of(path, entry, spec, trials=trials, skip=skip)


def search_of(path: Path, entry: str, spec: str = "", *, trials: int = 100, skip: str = "") -> Searched:
    """What a search finds in a file."""
    run_graphs_as_they_are()
    made = make(load(str(path), ()), entry, has_inputs=bool(spec), path=str(path))
    subject = Subject(made.model)
    if spec:
        example = from_specs(parse(spec), made.model, 8)
    else:
        assert made.inputs is not None
        example = given_example((), entry, made, lambda inputs: subject.eager(inputs).error)
    return _searched(path, subject, example, Plan(entry, str(path), trials, frozenset(skip.split())))


def _searched(path: Path, subject: Subject, example: Example, plan: Plan) -> Searched:
    told: dict[str, list[Any]] = {"divergence": [], "lost": [], "suspect": [], "trying": [], "inputs": []}
    search = Search(subject, example, plan, Clock(time.monotonic(), 600), lambda word, value: told[word].append(value))
    search.run()
    return Searched(path, told["divergence"], told["lost"], search.counts, search.notes)


def sections(text: str) -> dict[str, str]:
    """Bodies by the names that stand above them as comments."""
    return dict(re.findall(r"^# ([^\n]+)\n(.*?)(?=^# |\Z)", text, re.M | re.S))

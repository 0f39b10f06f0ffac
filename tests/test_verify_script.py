"""`tsl verify --script` as a user runs it: what the compiler confirms, what it never reaches; needs torch."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be compiled")

from tests.conftest import Done, Project

LIBRARY = "def helper(x):\n    return x.numpy()\n"
NET = """\
import torch
from torch import nn

from library import helper


def scale(x, by: float):
    return x * by + {1}


class Inner(nn.Module):
    def forward(self, x):
        return self.missing + x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        y = x.numpy()
        z = scale(x, 2.0)
        return self.inner(x) + z + (lambda t: t)(y)


class Calls(nn.Module):
    def forward(self, x):
        return helper(x)


class Fine(nn.Module):
    def forward(self, x):
        return x * 2


class Chosen(nn.Module):
    def __init__(self, wide=False):
        super().__init__()
        if wide:
            self.wide = nn.Linear(2, 2)

    def forward(self, x):
        return self.wide(x)


def wide():
    return Chosen(True)


class Silent(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))

    def forward(self, x):
        return self.norm(x)
"""


@pytest.fixture
def asked(project: Project) -> Any:
    """Runs the command on the file above."""
    project.write("library.py", LIBRARY)
    project.write("net.py", NET)

    def ask(entry: str, *options: str) -> Done:
        return project.tsl("verify", "net.py", "--entry", entry, "--script", *options)

    return ask


def told(done: Done) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(done.out)
    return form


def lines(form: dict[str, Any], key: str) -> list[int]:
    by_print = {found["fingerprint"]: found["line"] for found in form["diagnostics"]}
    return [by_print[one] for one in form[key]]


def test_the_compiler_confirms_a_finding_in_each_part_and_stops_before_others(asked: Any) -> None:
    done = asked("Net", "--format", "json")
    form = told(done)
    assert done.code == 1
    assert [(one["part"], one["stack"][0]["line"], len(one["confirms"])) for one in form["refused"]] == [
        ("Net", 24, 1),
        ("inner (Inner)", 13, 1),
        ("scale", 8, 1),
    ]
    assert lines(form, "unreached") == [22]
    assert form["compiles"] == []
    run = {found["line"] for found in form["diagnostics"] if "run" in found["evidence"]}
    assert run == {8, 13, 24}


def test_a_refusal_in_another_file_confirms_the_line_that_leads_there(asked: Any) -> None:
    done = asked("Calls")
    assert done.code == 1
    assert "library.py:2:5" in done.out
    assert "confirms: TSL224 missing-method in line 29" in done.out


def test_a_model_that_compiles_is_said_to(asked: Any) -> None:
    done = asked("Fine")
    assert (done.code, done.out) == (
        0,
        "Fine compiles: of 0 errors of tsl check 0 confirmed, 0 compiled, 0 never reached\n",
    )


def test_an_error_on_a_line_that_compiles_is_told_apart(asked: Any) -> None:
    form = told(asked("wide", "--format", "json"))
    assert form["refused"] == []
    assert form["model"] == "Chosen"
    assert lines(form, "compiles") == [44]


def test_where_tsl_is_silent_that_is_said(asked: Any) -> None:
    done = asked("Silent")
    assert done.code == 1
    assert "silent: tsl check finds nothing where the compiler stops" in done.out


def test_a_function_is_compiled_itself(asked: Any) -> None:
    done = asked("scale")
    assert done.code == 1
    assert "confirms: TSL202 unsupported-expression in line 8" in done.out


@pytest.mark.parametrize("option", [("--trials", "3"), ("--skip", "data"), ("--input", "x=f32[2]")])
def test_options_of_a_search_are_refused(asked: Any, option: tuple[str, str]) -> None:
    done = asked("Fine", *option)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"tsl: {option[0]}: is for running a trace; --script compiles the model and runs nothing\n"


def test_an_entry_that_is_not_there_is_one_line(asked: Any) -> None:
    done = asked("Nope")
    assert (done.code, done.out) == (2, "")
    assert done.err == "tsl: --entry: net.py has no 'Nope'\n"

"""The hard cases of family TSL2 are so: torch.jit.script refuses each that marks an error, and no other; needs torch.

A fence compiles what it is about in its last line, so that importing it raises what the compiler says. Where that names
a line of the fence, a finding stands on it.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be compiled")

from tests.checkout import ROOT
from tests.fences import RULEBOOK, Case, cases_of, verdicts_on
from tsl.diagnostic import Severity

FAMILY = "TSL2"
CASES = [
    pytest.param(case, id=f"{page.stem}-line-{case.line}")
    for page in sorted((ROOT / "fixtures" / "rules").glob("*.md"))
    if (rule := RULEBOOK.find(page.stem)) and rule.code.startswith(FAMILY)
    for case in cases_of(page)
    if not case.gap
]


def refused(code: str, path: Path) -> tuple[bool, set[int]]:
    """Whether the compiler refuses what a fence compiles, and the lines of the fence that it names."""
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        named = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', str(error))
        return True, set(map(int, named))
    finally:
        del sys.modules[path.stem]
    return False, set()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_the_compiler_refuses_what_a_case_marks_as_an_error(case: Case, tmp_path: Path) -> None:
    found = [verdict for group in verdicts_on(case.fence.code, FAMILY).values() for _, verdict in group]
    errors = [verdict for verdict in found if verdict.severity == Severity.ERROR]
    is_refused, lines = refused(case.fence.code, tmp_path / f"case_{case.line}.py")
    assert is_refused == bool(errors)
    marked = {line for one in errors for line in range(one.node.lineno, (one.node.end_lineno or one.node.lineno) + 1)}
    assert not lines or lines & marked


def test_there_are_cases() -> None:
    assert len(CASES) > 100

"""What each fix makes of a program, as fixtures/fixes has it; and what fixes never do to any program here."""

from __future__ import annotations

import ast
import json
from collections import Counter

import pytest

from tests.checkout import ROOT
from tests.conftest import Project
from tests.fences import RULEBOOK, cases_of, python_fences
from tests.fixes import FixCase, cases, params
from tsl.fix.propose import MAKERS
from tsl.page import page_of
from tsl.remedy import DEPENDS, REMEDIES, SAFE, UNSAFE

FIXABLE = {rule.code for rule in RULEBOOK.rules if rule.fix}
TEXTS = sorted(
    {
        *(fence.code for rule in RULEBOOK.rules for fence in python_fences(page_of(rule))),
        *(
            case.fence.code
            for path in (ROOT / "fixtures" / "rules").glob("*.md")
            for case in cases_of(path)
            if case.fence.language == "python"
        ),
        *(path.read_text(encoding="utf-8") for path in (ROOT / "fixtures" / "models").glob("*.py")),
    }
)


def fix(project: Project, text: str, *flags: str) -> str:
    """A program after `tsl check --fix`."""
    path = project.write("program.py", text)
    done = project.tsl("check", "--isolated", "--no-cache", "--select", "ALL", *flags, "--fix", "program.py")
    assert done.code in (0, 1), done.err
    return path.read_text(encoding="utf-8")


def found(project: Project, text: str) -> Counter[str]:
    """How many findings of each rule a program has, comments left out of account."""
    project.write("program.py", text)
    form = json.loads(project.check("--isolated", "--select", "ALL", "program.py").out)
    return Counter(one["code"] for one in form["diagnostics"])


@pytest.mark.parametrize("case", params())
def test_a_fix_makes_of_a_program_what_the_fixture_says(case: FixCase, project: Project) -> None:
    codes = {rule.code for rule in RULEBOOK.rules if rule.fix == case.name}
    assert found(project, case.before).keys() & codes
    selected = ",".join(sorted(codes))
    assert fix(project, case.before, *["--unsafe-fixes"] * case.unsafe, "--select", selected) == case.after


@pytest.mark.parametrize("case", [param for param in params() if param.values[0].unsafe])  # type: ignore[attr-defined]
def test_an_unsafe_fix_is_left_alone_unless_it_is_asked_for(case: FixCase, project: Project) -> None:
    codes = ",".join(sorted(rule.code for rule in RULEBOOK.rules if rule.fix == case.name))
    assert fix(project, case.before, "--select", codes) == case.before


@pytest.mark.parametrize("case", params())
def test_a_fixed_program_is_not_fixed_again(case: FixCase, project: Project) -> None:
    once = fix(project, case.before, "--unsafe-fixes")
    assert fix(project, once, "--unsafe-fixes") == once


@pytest.mark.parametrize(
    "body",
    [
        "return torch.zeros(3, device=self.device)",
        "return torch.full((2,), 1, device=x.device)",
        "w = x if x.dim() > 1 else [x]\n        return x + len(w)",
        "return int((x.shape[0] - 5) / 2)",
        "return torch.tensor([x.amin(), 1.0])",
        "y = x * 1.0\n        y.data.clamp_(max=1)\n        return y",
        "y = x * 1.0\n        y.data = x\n        return y.data.add_(1)",
        "return torch.zeros(3, device=x.device, layout=torch.strided)",
    ],
)
def test_what_is_not_sure_to_be_right_is_left_alone(body: str, project: Project) -> None:
    head = "import torch\nfrom torch.nn import functional as F\n\n\nclass Net(torch.nn.Module):\n"
    text = f"{head}    def forward(self, x: torch.Tensor, other=None):\n        {body}\n"
    assert found(project, text)
    assert fix(project, text, "--unsafe-fixes") == text


def test_a_number_that_is_kept_is_a_fix_to_ask_for(project: Project) -> None:
    body = "        self.n = int(x.shape[0])\n        return x * self.n\n"
    text = f"import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n{body}"
    assert fix(project, text) == text
    assert "self.n = x.shape[0]" in fix(project, text, "--unsafe-fixes")


def test_every_fix_has_cases_of_its_kind_of_safety() -> None:
    tried = {name: {case.unsafe for case in cases() if case.name == name} for name in REMEDIES}
    wanted = {SAFE: {False}, UNSAFE: {True}, DEPENDS: {False, True}}
    assert tried == {name: wanted[remedy.safety] for name, remedy in REMEDIES.items()}


def test_every_fix_is_made_and_named_by_a_rule() -> None:
    assert set(MAKERS) == set(REMEDIES) == {rule.fix for rule in RULEBOOK.rules if rule.fix}


@pytest.mark.parametrize("flags", [[], ["--unsafe-fixes"]], ids=["safe", "all"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_no_program_breaks_or_gets_worse(text: str, flags: list[str], project: Project) -> None:
    before = found(project, text)
    if not before.keys() & FIXABLE:
        return
    fixed = fix(project, text, *flags)
    ast.parse(fixed)
    assert found(project, fixed) <= before

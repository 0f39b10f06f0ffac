"""The `python fusion` fences of the rules' pages: models that are run, on the CPU, by `tsl fusion`.

A marker stands on the line of the finding; every other line has none of this family that is graver than an info, and no
unmarked finding of the page's own rule. Needs torch.
"""

from __future__ import annotations

import re

import pytest

from tests.conftest import Project
from tests.fences import RULEBOOK
from tsl.page import Fence, page_of

pytest.importorskip("torch", reason="torch is not installed, so no model can be run")

PRELUDE = "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\nfrom typing import Final\n\n"
OPTIONS = re.compile(r"^# options: (.+)$", re.M)
FENCES = [
    pytest.param(rule.code, fence, id=f"{rule.name}-line-{fence.line + 1}")
    for rule in RULEBOOK.rules
    for fence in page_of(rule).fences
    if fence.language == "python fusion"
]


@pytest.mark.parametrize(("code", "fence"), FENCES)
def test_a_fence_that_is_run_has_exactly_the_findings_it_marks(code: str, fence: Fence, project: Project) -> None:
    project.write("page.py", PRELUDE + fence.code)
    options = OPTIONS.search(fence.code)
    arguments = options[1].split() if options else []
    done = project.tsl("fusion", "page.py:entry", "--isolated", "--format", "json", *arguments)
    assert done.err == ""
    before = PRELUDE.count("\n")
    found = {
        (one["line"] - before, one["code"]) for one in done.findings if one["severity"] != "info" or one["code"] == code
    }
    assert found == {(line, one) for line, codes in fence.expected().items() for one in codes}


def test_each_rule_on_fusion_has_a_page_that_is_run() -> None:
    run = {rule.code for rule in RULEBOOK.rules if rule.engine == "run"}
    assert run == {rule.code for rule in RULEBOOK.rules if rule.code.startswith("TSL8")} - {"TSL811"}
    assert run <= {str(fence.values[0]) for fence in FENCES}

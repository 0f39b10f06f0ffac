"""The `python archive` fences of the rules' pages: programs that write archives, run under torch.

A marker stands on the line that names the file it speaks of: that file has exactly these findings, and every other file
that a program leaves has none. Needs torch, to write the archives; tsl reads them without.
"""

from __future__ import annotations

import re
import sys
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.checkout import ROOT
from tests.conftest import Project
from tests.fences import RULEBOOK, archive_fences_of
from tests.ir_fences import TARGET
from tsl.page import Fence, page_of

pytest.importorskip("torch", reason="torch is not installed, so no archive can be written")

PRELUDE = "import torch\nfrom torch import Tensor, nn\n"
NAMED = re.compile(r"\"([\w./-]+\.(?:pt|pth|jit|ts|ptl|pt2))\"")
ENDINGS = {".jit", ".pt", ".pt2", ".ptl", ".pth", ".ts"}
# Rules that say of a model that it cannot be moved, whose fences take two rows of three numbers.
MOVED = ("device-literal", "device-mix", "tensor-left-behind")
FORM = re.compile(r"[a-z\d`].*(?<![.!:])")
DEPLOYED = {"python archive": [], "python archive cuda": ["--deploy", "cuda"]}
FENCES = [
    pytest.param(fence, id=f"{rule.name}-line-{fence.line + 1}")
    for rule in RULEBOOK.rules
    for fence in page_of(rule).fences
    if fence.language.startswith("python archive")
]
FENCES += [
    pytest.param(fence, id=f"{page.stem}-hard-line-{fence.line}")
    for page in sorted((ROOT / "fixtures" / "rules").glob("*.md"))
    for fence in archive_fences_of(page)
]
NUMBERS = count()


def promised(fence: Fence) -> dict[str, set[str]]:
    """File to the codes its marker promises; the last file a marked line names is the one it writes."""
    lines = fence.code.splitlines()
    return {NAMED.findall(lines[line - 1])[-1]: codes for line, codes in fence.expected().items()}


def write(fence: Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a fence in the working directory, as a module in a file of its own there: scripting reads the source."""
    name = f"fence_{next(NUMBERS)}"
    module = ModuleType(name)
    module.__file__ = f"{name}.py"
    text = PRELUDE + fence.code
    Path(module.__file__).write_text(text, encoding="utf-8")
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(text, module.__file__, "exec"), vars(module))


def locked(fence: Fence, project: Project) -> list[str]:
    """The arguments that hold what is written against the lock of the file that a line `# lock: before.pt` names."""
    named = re.search(r"^# lock: (\S+)$", fence.code, re.M)
    if not named:
        return []
    assert project.tsl("lock", named[1], "-o", "model.lock").code == 0
    (project.root / named[1]).unlink()
    return ["--lock", "model.lock"]


def moved(path: str) -> Any:
    """A saved model whose parameters and buffers are on the meta device, which stands for any other device."""
    import torch

    model = torch.jit.load(path)
    for module in model.modules():
        held = [*torch._C.ParameterDict(module._c).items(), *torch._C.BufferDict(module._c).items()]
        for name, tensor in held:
            module._c.setattr(name, tensor.detach().to("meta"))
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fence", [case for case in FENCES if str(case.id).startswith(MOVED)])
def test_a_model_with_a_device_in_its_graph_does_not_move_and_another_one_does(
    fence: Fence, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    write(fence, monkeypatch)
    model, given = moved("model.pt"), torch.ones(2, 3, device="meta")
    if fence.expected():
        with pytest.raises(RuntimeError, match="device"):
            model(given)
    else:
        assert model(given).is_meta


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fence", FENCES)
def test_an_archive_has_exactly_the_findings_its_page_marks(
    fence: Fence, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(fence, monkeypatch)
    lock = locked(fence, project)
    files = sorted(path.name for path in project.root.iterdir() if path.suffix in ENDINGS)
    assert files or not fence.expected()
    asked = [word for target in TARGET.findall(fence.code) for word in ("--target", target)]
    done = project.check("--isolated", *asked, *lock, *files, *DEPLOYED[fence.language])
    found: dict[str, set[str]] = {}
    for one in done.findings:
        assert FORM.fullmatch(one["message"]), one["message"]
        found.setdefault(one["path"], set()).add(one["code"])
    assert (found, done.err) == (promised(fence), "")

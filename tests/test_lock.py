"""Lock files: what they hold, that they are stable, and that each thing that drifts is one finding. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.saved import module, tensor, torchscript, zipped
from tsl.archive.values import Tensor
from tsl.target.lock import LockError, drifts, lock_text, read_lock

NET = """\
class Net(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = []
  weight : Tensor
  bias : Tensor
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    _0 = torch.add(torch.mul(x, self.weight), CONSTANTS.c0)
    _1 = torch.zeros([2], dtype=6, layout=None, device=torch.device("cuda:0"))
    return torch.add(_0, _1)
"""
DTYPE = {"weight": tensor(3, dtype="float16"), "bias": tensor(3, dtype="float16", storage="1")}
WEIGHTS = {"weight": tensor(3), "bias": tensor(3, storage="1")}


def net(text: str = NET, weights: Mapping[str, Tensor] | None = None) -> bytes:
    """A small archive."""
    return zipped(
        torchscript(
            module("net.Net", **{**WEIGHTS, **(weights or {})}), {"__torch__/net.py": text}, (tensor(3, storage="2"),)
        )
    )


@pytest.fixture
def locked(project: Project) -> Path:
    """A lock of the small archive, in a project."""
    project.write("net.pt", net())
    assert project.tsl("lock", "net.pt", "-o", "net.lock").code == 0
    return project.root / "net.lock"


def drifted(project: Project, data: bytes) -> list[str]:
    project.write("net.pt", data)
    done = project.check("--isolated", "net.pt", "--lock", "net.lock")
    assert done.err == ""
    return [one["message"] for one in done.findings if one["code"] == "TSL610"]


def test_a_lock_holds_what_a_deployment_rests_on(locked: Path) -> None:
    assert (
        locked.read_text(encoding="utf-8")
        == """\
# Written by tsl lock. `tsl check MODEL.pt --lock THIS` reports what has drifted from it.

form = 1
torch = "1.12"
operators = [
    "aten::add.Tensor",
    "aten::mul.Tensor",
    "aten::zeros",
]
devices = [
    "cuda:0",
]

[methods]
"forward" = "forward(x: Tensor) -> Tensor"

[weights]
"bias" = "float32 on cpu"
"weight" = "float32 on cpu"

[constants]
"float32[3] on cpu" = 1
"""
    )


def test_a_lock_is_read_as_it_was_written(locked: Path) -> None:
    text = locked.read_text(encoding="utf-8")
    assert lock_text(read_lock(text)) == text
    assert drifts(read_lock(text), read_lock(text)) == ()


def test_a_model_that_is_the_same_has_not_drifted(project: Project, locked: Path) -> None:
    assert drifted(project, net()) == []


def test_a_weight_that_was_trained_on_has_not_drifted(project: Project, locked: Path) -> None:
    assert drifted(project, net(weights={"weight": tensor(3, storage="9")})) == []


def test_a_dtype_that_drifts_is_one_finding(project: Project, locked: Path) -> None:
    told = ["`bias` and 1 more weights are float16 on cpu, and in the lock float32 on cpu"]
    assert drifted(project, net(weights=DTYPE)) == told


def test_an_operator_that_drifts_is_one_finding(project: Project, locked: Path) -> None:
    more = NET.replace("return torch.add(_0, _1)", "return torch.relu(torch.add(_0, _1))")
    assert drifted(project, net(more)) == ["the model calls `aten::relu`, which is not in the lock"]
    less = NET.replace("torch.mul(x, self.weight)", "x")
    assert drifted(project, net(less)) == [
        "the model does not call `aten::mul.Tensor` any more, which is in the lock",
    ]


def test_a_device_that_drifts_is_one_finding(project: Project, locked: Path) -> None:
    told = ["the code names `cuda:1`, and the lock has `cuda:0`"]
    assert drifted(project, net(NET.replace("cuda:0", "cuda:1"))) == told
    moved = drifted(project, net(weights={"weight": tensor(3, device="cuda:0")}))
    assert moved == ["`weight` is float32 on cuda:0, and in the lock float32 on cpu"]


def test_a_signature_that_drifts_is_one_finding(project: Project, locked: Path) -> None:
    told = ["the method `forward(x: Tensor) -> Tensor` is now `forward(x: Tensor, n: int) -> Tensor`"]
    assert drifted(project, net(NET.replace("    x: Tensor)", "    x: Tensor,\n    n: int)"))) == told


def test_a_constant_that_drifts_is_one_finding(project: Project, locked: Path) -> None:
    data = zipped(torchscript(module("net.Net", **WEIGHTS), {"__torch__/net.py": NET}, (tensor(4),)))
    assert drifted(project, data) == [
        "the model has 0 tensor constants `float32[3] on cpu`, and the lock 1",
        "the model has 1 tensor constants `float32[4] on cpu`, and the lock 0",
    ]


def test_an_operator_that_needs_a_later_torch_is_told_once(project: Project, locked: Path) -> None:
    more = NET.replace("torch.mul(x, self.weight)", "torch.scaled_dot_product_attention(x, x, x)")
    told = drifted(project, net(more.replace("torch.add(_0, _1)", "torch.mul(_0, _1)")))
    assert told == ["the model calls `aten::scaled_dot_product_attention`, which is not in the lock"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no lock of form 1; write one with tsl lock"),
        ("form =\n", "is not valid TOML"),
        ("form = 1\n", "torch is missing or not of its form; write the lock again with tsl lock"),
        ('form = 1\ntorch = "2.0"\noperators = [3]\n', "operators is missing or not of its form"),
    ],
)
def test_a_file_that_is_no_lock_is_told(project: Project, text: str, words: str) -> None:
    project.write("net.pt", net())
    project.write("net.lock", text)
    done = project.check("--isolated", "net.pt", "--lock", "net.lock")
    assert (done.code, done.err[: len(words) + 15]) == (2, f"tsl: net.lock: {words}")
    with pytest.raises(LockError):
        read_lock(text)


def test_a_model_that_cannot_be_read_whole_has_no_lock(project: Project, locked: Path) -> None:
    data = net(NET.replace("CONSTANTS.c0", "CONSTANTS.c9"))
    project.write("other.pt", data)
    done = project.tsl("lock", "other.pt")
    assert done.code == 2
    assert done.err.startswith("tsl: other.pt: cannot be locked: `net.Net.forward` cannot be read: ")
    assert drifted(project, data) == []
    assert "TSL903" in project.check("--isolated", "net.pt", "--lock", "net.lock").codes


def test_a_lock_is_of_one_model(project: Project, locked: Path) -> None:
    done = project.check("--isolated", ".", "--lock", "net.lock")
    assert (done.code, done.err) == (2, "tsl: --lock: is of one model; name the archive, and no other path\n")


def test_a_lock_that_nothing_is_held_against_is_told(project: Project, locked: Path) -> None:
    project.write("net.py", "x = 1\n")
    done = project.check("--isolated", "net.py", "--lock", "net.lock")
    assert (done.code, done.err) == (2, "tsl: --lock: nothing was held against it: the file is no archive\n")


def test_a_file_without_a_model_has_no_lock(project: Project) -> None:
    project.write("notes.pt", b"some text")
    done = project.tsl("lock", "notes.pt")
    assert done.code == 2
    assert done.err.startswith("tsl: notes.pt: holds no model that has code: it is a ")


def test_a_model_that_became_something_else_has_drifted(project: Project, locked: Path) -> None:
    told = drifted(project, b"some text")
    assert told == ["the lock is of a `TorchScript` model, and this is a `text`"]

"""`tsl fusion --device cuda` on a machine that has a GPU. scripts/cuda_check.sh runs the same and writes a table."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="torch is not installed, so nothing can be fused")

import torch

from tests.checkout import ROOT
from tests.conftest import Project

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device, so nothing can be fused on one"),
]
FUSED, ON_CUDA = ROOT / "fixtures" / "fusion" / "fused.py", ROOT / "fixtures" / "fusion" / "on_cuda.py"


def test_a_fused_model_launches_fewer_kernels_and_computes_the_same(project: Project) -> None:
    done = project.tsl("fusion", f"{FUSED}:gelu", "--device", "cuda", "--isolated", "--format", "json")
    found = json.loads(done.out)
    before, after = found["kernels"]["launches"]
    assert found["groups"]
    assert after < before
    assert found["numerics"][0]["relative"] < 1e-4


def test_a_model_that_reads_a_number_waits_and_one_that_does_not_does_not(project: Project) -> None:
    waits = {}
    for name in ("reads", "clean"):
        options = ["--device", "cuda", "--capture", "script", "--isolated", "--format", "json"]
        waits[name] = json.loads(project.tsl("fusion", f"{ON_CUDA}:{name}", *options).out)["waits"]
    assert waits["reads"] > 0
    assert waits["clean"] == 0


def test_a_tensor_that_is_left_behind_fails_where_it_was_foretold(project: Project) -> None:
    options = ["--device", "cuda", "--capture", "trace", "--isolated", "--format", "json"]
    found = json.loads(project.tsl("fusion", f"{ON_CUDA}:unregistered", *options).out)
    assert {one["way"]: bool(one["error"]) for one in found["deployed"]}["to"]

"""Models that torch traces and scripts, held to a deployment: what moves is silent, what does not names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Project

torch = pytest.importorskip("torch", reason="torch is not installed, so no archive can be written")

MODELS = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        rest = (nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout(0.2))
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), *rest)
        self.skip = nn.Conv2d(3, 8, 1)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = self.body(x) + self.skip(x)
        return self.head(x.mean((2, 3)))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.register_buffer("position", torch.zeros(1, 6, 8))

    def forward(self, x):
        return self.layer(x + self.position).softmax(-1)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 8, batch_first=True)

    def forward(self, x):
        out, _ = self.rnn(x)  # here
        return out[:, -1]


image, tokens = torch.ones(1, 3, 8, 8), torch.ones(2, 6, 8)
"""


def saved(project: Project, expression: str) -> int:
    """Saves what an expression makes, and the line of the models that is marked."""
    path = project.write("models.py", MODELS)
    scope: dict[str, object] = {"__name__": "models", "__file__": str(path)}
    exec(compile(MODELS, str(path), "exec"), scope)
    torch.jit.save(eval(expression, scope), "net.pt")
    return next(number for number, line in enumerate(MODELS.splitlines(), 1) if line.endswith("# here"))


ATTENTION = "torch.jit.trace(Attention().eval(), tokens, check_trace=False)"
BLOCK = "torch.jit.trace(Block().eval(), image)"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("expression", "deploy"),
    [(BLOCK, "cpu"), (BLOCK, "cuda"), (BLOCK, "cuda:map_location"), (ATTENTION, "cpu"), (ATTENTION, "cuda")],
)
def test_a_clean_trace_is_silent_where_it_is_deployed(project: Project, expression: str, deploy: str) -> None:
    saved(project, expression)
    assert project.check("net.pt", "--deploy", deploy, "--select", "TSL4,TSL50,TSL52").findings == []


@pytest.mark.filterwarnings("ignore")
def test_map_location_moves_the_constants_that_sizes_are_computed_with_so_that_the_cpu_waits(project: Project) -> None:
    saved(project, ATTENTION)
    asked = ("net.pt", "--deploy", "cuda:map_location", "--select", "TSL4,TSL50,TSL52")
    assert set(project.check(*asked).codes) == {"TSL401"}


@pytest.mark.filterwarnings("ignore")
def test_weights_of_a_frozen_model_stay_behind(project: Project) -> None:
    saved(project, "torch.jit.freeze(torch.jit.trace(Block().eval(), image))")
    assert set(project.check("net.pt", "--deploy", "cuda", "--select", "TSL50,TSL52").codes) == {"TSL503"}
    assert project.check("net.pt", "--deploy", "cuda:map_location", "--select", "TSL50,TSL52").codes == []


@pytest.mark.filterwarnings("ignore")
def test_a_traced_recurrent_layer_fails_at_the_line_that_calls_it(project: Project) -> None:
    line = saved(project, "torch.jit.trace(Recurrent().eval(), tokens)")
    found = project.check("net.pt", "--deploy", "cuda", "--select", "TSL50,TSL52").findings
    assert [one["code"] for one in found] == ["TSL504"]
    places = [(Path(label["path"]).name, label["line"]) for label in found[0]["labels"]]
    assert places[0] == ("models.py", line)


@pytest.mark.filterwarnings("ignore")
def test_a_recorded_example_decides_shapes_and_an_input_overrides_it(project: Project) -> None:
    saved(project, ATTENTION)
    shapes = ("net.pt", "--select", "TSL521")
    assert project.check(*shapes).codes == []
    assert project.check(*shapes, "--input", "x=float32[N,6,8]").codes == []
    assert set(project.check(*shapes, "--input", "x=float32[N,5,8]").codes) == {"TSL521"}

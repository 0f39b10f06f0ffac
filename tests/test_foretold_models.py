"""Real models that were traced on the CPU, held to CUDA: what is foretold of them is what a simulation refuses.

Needs torch; the models of torchaudio need that. `benchmarks/simulate.py` does the same over the whole zoo.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed, so nothing can be traced")

from benchmarks import simulate  # noqa: E402
from tests.checkout import ROOT, ready  # noqa: E402
from tests.conftest import Project  # noqa: E402
from tsl.archive.archive import open_archive  # noqa: E402
from tsl.ir.deploy import Deploy  # noqa: E402
from tsl.ir.simulate_archive import methods, run  # noqa: E402

SITE = ROOT / "build" / "zoo-site"  # where `make zoo` installs torchaudio
# By model: the operators that are refused, and the file of the user's code they are recorded in.
REFUSED = {
    "nn_gru": {("aten::gru", "zoo.py")},
    "nn_lstm": {("aten::lstm", "zoo.py")},
    "ta_conformer": {("aten::ge", "conformer.py")},
    "ta_emformer": {("aten::cat", "emformer.py"), ("aten::ge", "emformer.py")},
    "ta_hdemucs": {("aten::stft", "_hdemucs.py")},
}


@pytest.fixture
def traced(request: pytest.FixtureRequest, project: Project) -> Path:
    """The archive of a traced model."""
    name = request.param
    if name.startswith("nn_"):
        zoo = request.getfixturevalue("small_zoo")
        assert isinstance(zoo, Path)
        return zoo / f"{name}.trace.pt"
    if not (SITE / "torchaudio").is_dir():
        pytest.skip("torchaudio is not installed; make zoo does")
    ready(sys.executable, ROOT / "benchmarks" / "zoo.py", "--site", SITE, "--only", name, "zoo", cwd=project.root)
    return project.root / "zoo" / f"{name}.trace.pt"


@pytest.mark.parametrize(("traced", "refused"), REFUSED.items(), indirect=["traced"], ids=list(REFUSED))
def test_a_model_that_fails_on_a_gpu_is_told_at_the_line_where_it_does(
    traced: Path, refused: set[tuple[str, str]], project: Project
) -> None:
    done = project.check(str(traced), "--deploy", "cuda", "--trust", "--select", "TSL5")
    failing = [one for one in done.findings if " fails on " in one["message"]]
    borne_out = [one for one in failing if one["evidence"] == ["ir", "simulated"]]  # others lie behind these
    assert {(one["message"].split("`")[1], Path(one["labels"][0]["path"]).name) for one in borne_out} == refused
    assert {one["labels"][0]["line"] for one in borne_out} == refused_lines(traced)
    assert "TSL505" not in done.codes


def refused_lines(path: Path) -> set[int]:
    """The lines of the user's code at which the simulation by itself is refused."""
    method, deployed, graph = next(
        each for each in methods(open_archive(str(path)), Deploy("cuda:0")) if each[0] == "forward"
    )
    assert graph is not None
    runner, _ = run(deployed.archive, deployed, method, graph, ())
    assert runner is not None
    nodes = list(graph.walk())
    sources = [nodes[place].source for _, place in runner.failures]
    return {source.place.line for source in sources if source and source.place}


# Its list of weights does not move with `.to`, which is a failure where the input does; where that is nothing says.
UNTOLD = "hand_recurrent.script.pt"


def test_nothing_is_foretold_that_a_simulation_runs_through_and_nothing_is_missed(small_zoo: Path) -> None:
    whole, words = compared(path for path in sorted(small_zoo.glob("*.pt")) if path.name != UNTOLD)
    assert whole["methods"] > 30
    assert whole["met"] > 10
    assert (whole["missed"], whole["contradicted"], whole["wrong"], whole["unable"]) == (0, 0, 0, 0), words


@pytest.mark.xfail(strict=True, reason="weights that a scripted layer keeps in a list stay behind; its input may too")
def test_the_weights_of_a_scripted_recurrent_layer_are_missed(small_zoo: Path) -> None:
    assert compared([small_zoo / UNTOLD])[0]["missed"] == 0


def compared(paths: Iterable[Path]) -> tuple[Counter[str], list[str]]:
    """What is foretold of archives beside what a simulation is refused: the counts, and what differs in words."""
    warnings.simplefilter("ignore")
    whole, words = Counter[str](), list[str]()
    for path in paths:
        for method, counts, told in simulate.rows(path, Deploy("cuda:0")):
            whole += counts
            words += [f"{path.name} {method}: {word}" for word in told]
    return whole, words

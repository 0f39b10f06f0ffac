"""What tsl says of fusion on real models: the groups of a run against those counted without tsl, and what was foretold.

usage: fusion.py [--site DIR] [--silero FILE.jit] [--only WORD]

Models: resnet18 and a vision transformer of timm, from `--site` as `make zoo` installs it; silero-vad, an archive that
is not fetched here; the six of fixtures/models/fused.py, which need no library. A line has the groups of the run, those
counted in torch's own text of the graph it ran, the share of operators on which prediction and run agree, and how many
operators a reader expects to be fused are. Needs torch. It will never time anything.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402 - after the path that leads to tests and tsl

from tests.fusing import Looked, agreement, fusing, looked, looked_at  # noqa: E402
from tsl.entry.inputs import Inputs, example_of  # noqa: E402

FIXTURE = ROOT / "fixtures" / "models" / "fused.py"
TIMM = {"resnet18": 64, "vit_tiny_patch16_224": 224}
Look = Callable[[], tuple[Looked, int]]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, help="where timm is")
    parser.add_argument("--silero", type=Path, help="the archive of silero-vad")
    parser.add_argument("--only", default="", help="models whose name has this word")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    alike = everything = 0
    print(f"torch {torch.__version__}, CPU\n")
    print("| model | groups | counted | foretold alike | fused |\n|---|---|---|---|---|")
    with fusing():
        for name, look in _looks(asked.site, asked.silero):
            if asked.only not in name:
                continue
            seen, counted = look()
            same, all_of_them = agreement(seen.plan, seen.foretold)
            alike, everything = alike + same, everything + all_of_them
            plan = seen.plan
            told = f"{same} of {all_of_them} | {plan.fused} of {plan.fusible}"
            print(f"| {name} | {len(plan.groups)} | {counted} | {told} |", flush=True)
    print(f"\nforetold alike: {alike} of {everything} operators, {100 * alike / max(everything, 1):.1f}%")


def _looks(site: Path | None, silero: Path | None) -> Iterator[tuple[str, Look]]:
    from tsl.entry.make import load

    fixture: Any = load(str(FIXTURE), ())
    for name in fixture.NAMES:
        yield name, lambda name=name: _of_fixture(fixture, name)  # type: ignore[misc]
    if site:
        from benchmarks import zoo_libraries

        zoo_libraries.reach(site)
    for name, size in TIMM.items() if site else ():
        for capture in ("trace", "script"):
            for spoiled in ("", " training", " gradients"):
                yield f"{name} {capture}{spoiled}", _of_timm(name, size, capture, spoiled.strip())
    if silero:
        yield "silero-vad", lambda: _of_silero(silero)


def _of_fixture(fixture: Any, name: str) -> tuple[Looked, int]:
    model, inputs, *_ = getattr(fixture, name)()
    return looked(FIXTURE, name), counted(torch.jit.script(model), (inputs,))


def _of_timm(name: str, size: int, capture: str, spoiled: str) -> Look:
    def look() -> tuple[Looked, int]:
        import timm

        torch.manual_seed(0)
        model = timm.create_model(name).train(spoiled == "training")
        image, gradients = torch.randn(2, 3, size, size), spoiled == "gradients"
        with torch.set_grad_enabled(gradients):
            made = torch.jit.script(model) if capture == "script" else torch.jit.trace(model, image, check_trace=False)
        seen = looked_at(made, example_of(Inputs((image,), {})), "", gradients=gradients)
        return seen, counted(made, (image,), gradients=gradients)

    return look


def _of_silero(path: Path) -> tuple[Looked, int]:
    model = torch.jit.load(str(path))
    frames = torch.randn(1, 512)
    inputs = Inputs((frames, torch.tensor(16000)), {})
    return looked_at(model, example_of(inputs), ""), counted(model, (frames, 16000))


def counted(model: Any, inputs: tuple[Any, ...], *, gradients: bool = False) -> int:
    """The groups in the text of the graph that torch ran last, of a fresh copy of a model."""
    import io

    buffer = io.BytesIO()
    torch.jit.save(model, buffer)
    buffer.seek(0)
    copy: Any = torch.jit.load(buffer)
    with torch.set_grad_enabled(gradients):
        for _ in range(4):
            copy(*inputs)
    return str(torch.jit.last_executed_optimized_graph()).count("= prim::TensorExprGroup")


if __name__ == "__main__":
    main()

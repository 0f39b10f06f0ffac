"""What tsl says of fusion on real models: the groups of a run against those counted without tsl, and what was foretold.

usage: fusion.py [--site DIR] [--silero FILE.jit] [--only WORD]

Models: resnet18 and a vision transformer of timm, from `--site` as `make zoo` installs it; silero-vad, an archive that
is not fetched here; the six of fixtures/fusion/fused.py, which need no library. A line has the groups of the run, those
counted in torch's own text of the graph it ran, the share of operators on which prediction and run agree, and how many
operators a reader expects to be fused are. A variant is spoiled in one way, and its finding must stand at the line that
spoils it. silero-vad is an archive, which cannot be changed. Needs torch. It will never time anything.
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

from tests.fusing import Looked, agreement, fusing, looked, looked_at, marked  # noqa: E402
from tsl.entry.inputs import Inputs, example_of  # noqa: E402

FIXTURE = ROOT / "fixtures" / "fusion" / "fused.py"
SIZE = 32
TIMM: dict[str, dict[str, int]] = {"resnet18": {}, "vit_tiny_patch16_224": {"img_size": SIZE}}
SPOILED = ("", "_in_place", "_item", "_mixed", "_training", "_batch", "_gradients")
CODES = ("", "TSL801", "TSL810", "TSL803", "TSL809", "TSL812", "TSL808")
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
    print("| model | groups | counted | foretold alike | fused | finding |\n|---|---|---|---|---|---|")
    with fusing():
        for name, look in _looks(asked.site, asked.silero):
            if asked.only not in name:
                continue
            seen, counted = look()
            same, all_of_them = agreement(seen.plan, seen.foretold)
            alike, everything = alike + same, everything + all_of_them
            plan = seen.plan
            told = f"{same} of {all_of_them} | {plan.fused} of {plan.fusible} | {_finding(name, seen)}"
            print(f"| {name} | {len(plan.groups)} | {counted} | {told} |", flush=True)
    print(f"\nforetold alike: {alike} of {everything} operators, {100 * alike / max(everything, 1):.1f}%")


def _finding(name: str, seen: Looked) -> str:
    """The code that a spoiled variant has, and whether it stands where the file that spoils it is marked."""
    code = next((code for end, code in zip(SPOILED, CODES, strict=True) if end and name.endswith(end)), "")
    if not code:
        return ""
    lines = seen.lines(FIXTURE, code)
    if code in {"TSL801", "TSL803", "TSL810", "TSL809"} or not name.startswith((*TIMM, "silero")):
        return f"{code} {'at' if lines & marked(FIXTURE, code) else 'NOT AT'} the line"
    return f"{code} {'told' if seen.codes(FIXTURE) & {code} else 'NOT TOLD'}"


def _looks(site: Path | None, silero: Path | None) -> Iterator[tuple[str, Look]]:
    from tsl.entry.make import load

    fixture: Any = load(str(FIXTURE), ())
    for name in fixture.NAMES:
        yield name, lambda name=name: _of_fixture(fixture, name, gradients=False)  # type: ignore[misc]
    for name in fixture.FAMILIES:
        yield f"{name}_gradients", lambda name=name: _of_fixture(fixture, name, gradients=True)  # type: ignore[misc]
    if site:
        from benchmarks import zoo_libraries

        zoo_libraries.reach(site)
    for name, options in TIMM.items() if site else ():
        for spoiled in SPOILED:
            yield f"{name} {spoiled}".strip(), _of_timm(fixture, name, options, spoiled)
    if silero:
        yield "silero-vad", lambda: _of_silero(silero, gradients=False)
        yield "silero-vad _gradients", lambda: _of_silero(silero, gradients=True)


def _of_fixture(fixture: Any, name: str, *, gradients: bool) -> tuple[Looked, int]:
    model, inputs, *_ = getattr(fixture, name)()
    seen = looked(FIXTURE, name, gradients=gradients)
    return seen, counted(torch.jit.script(model), (inputs,), gradients=gradients)


def _of_timm(fixture: Any, name: str, options: dict[str, int], spoiled: str) -> Look:
    def look() -> tuple[Looked, int]:
        import timm

        torch.manual_seed(0)
        model = timm.create_model(name, **options)
        middle, gradients = fixture.MIDDLES.get(spoiled, fixture.Plain), spoiled == "_gradients"
        _spoil(model, middle)
        model.train(spoiled == "_training")
        # of one image this small the last normalization has a single value a channel, and refuses to train
        first, second = (2, 3) if spoiled == "_training" else (1, 2)
        image, other = torch.randn(first, 3, SIZE, SIZE), torch.randn(second, 3, SIZE, SIZE)
        with torch.set_grad_enabled(gradients):
            is_script = spoiled == "_item"  # a trace takes the number for a constant
            made = torch.jit.script(model) if is_script else torch.jit.trace(model, image, check_trace=False)
        others = (Inputs((other,), {}),) if spoiled == "_batch" else ()
        seen = looked_at(made, example_of(Inputs((image,), {}), others), str(FIXTURE), gradients=gradients)
        return seen, counted(made, (image,), gradients=gradients)

    return look


def _spoil(model: Any, middle: Callable[[], Any]) -> None:
    """Puts a middle behind every activation of a model, which no longer writes in place."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.ReLU):
                setattr(module, name, torch.nn.Sequential(torch.nn.ReLU(), middle()))
            elif isinstance(child, torch.nn.GELU):
                setattr(module, name, torch.nn.Sequential(torch.nn.GELU(), middle()))


def _of_silero(path: Path, *, gradients: bool) -> tuple[Looked, int]:
    model = torch.jit.load(str(path))
    frames = torch.randn(1, 512)
    inputs = Inputs((frames, torch.tensor(16000)), {})
    seen = looked_at(model, example_of(inputs), "", gradients=gradients)
    return seen, counted(model, (frames, 16000), gradients=gradients)


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

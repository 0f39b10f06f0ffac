#!/usr/bin/env python3
"""Builds the zoo: archives of many models, traced, scripted and frozen, for the tests and figures of the archive road.

usage: zoo.py [--small] [--site DIR] [--only WORD] [DIR]

`--small` needs torch alone and takes half a minute; the whole zoo takes timm, torchvision, torchaudio and transformers
from `--site`, where `make zoo` installs them without what they depend on. Weights are random, and each large tensor is
a view of one number, so an archive is as large as its code. What torch refuses to export is told and left out; what is
there already stays as it is.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402 - after the path that leads to benchmarks

LARGE = 4096  # elements: what is smaller keeps its numbers


class Model(NamedTuple):
    """What is exported under a name: a module with its example inputs, or None where tracing is not asked for.

    `script` says whether scripting is tried.
    """

    module: torch.nn.Module
    inputs: tuple[Any, ...] | None
    script: bool = True


Maker = Callable[[], Model]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "zoo", metavar="DIR")
    parser.add_argument("--small", action="store_true", help="what torch alone builds in half a minute")
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "zoo-site", help="where the libraries are")
    parser.add_argument("--only", default="", metavar="WORD", help="models with WORD in their name")
    args = parser.parse_args()
    for name, told in build(args.directory, args.small, args.site, args.only):
        print(f"{name:<48}{told}", flush=True)
    return 0


def build(directory: Path, small: bool = True, site: Path | None = None, only: str = "") -> Iterator[tuple[str, str]]:
    """Builds what is missing in a directory; yields the name of each archive and its size, or why there is none."""
    directory.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for name, make in sorted((makers() if small else makers() | libraries(site)).items()):
        if only in name:
            yield from export(directory, name, make)


def makers() -> dict[str, Maker]:
    """What torch alone is enough for."""
    from benchmarks import idioms, specimens

    traced = specimens.TRACED

    def specimen(cls: Callable[[], torch.nn.Module]) -> Maker:
        return lambda: Model(cls(), traced[cls]() if cls in traced else None)

    found = {f"hand_{cls.__name__.lower()}": specimen(cls) for cls in (*specimens.SCRIPTED, *idioms.SCRIPTED)}
    found |= {f"made_{name}": lambda make=make: Model(make(), None) for name, make in idioms.MADE.items()}
    nn = torch.nn

    def sequence() -> torch.Tensor:
        return torch.randn(5, 2, 8)

    return found | {
        "nn_lstm": lambda: Model(nn.LSTM(8, 6, 2, bidirectional=True), (sequence(),)),
        "nn_gru": lambda: Model(nn.GRU(8, 6, 2, batch_first=True), (sequence(),)),
        "nn_transformer": lambda: Model(nn.Transformer(8, 2, 1, 1, 16), (sequence(), sequence())),
        "nn_attention": lambda: Model(nn.MultiheadAttention(8, 2), (sequence(),) * 3),
        "nn_encoder": lambda: Model(nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), (sequence(),)),
        "nn_convolutions": lambda: Model(_convolutions(), (torch.randn(1, 3, 16, 16),)),
    }


def _convolutions() -> torch.nn.Module:
    nn = torch.nn
    block = [nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(True), nn.MaxPool2d(2)]
    block.append(nn.ConvTranspose2d(4, 4, 2))
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(4, 2), nn.LogSoftmax(-1)]
    return nn.Sequential(*block, *head)


def libraries(site: Path | None) -> dict[str, Maker]:
    """What timm, torchvision, torchaudio and transformers have. Raises SystemExit where they are not installed."""
    if site is None or not (site / "timm").is_dir():
        raise SystemExit(f"{site} holds no timm; `make zoo` installs what the zoo needs, or take --small")
    from benchmarks import zoo_libraries

    zoo_libraries.reach(site)
    return zoo_libraries.makers()


def export(directory: Path, name: str, make: Maker) -> Iterator[tuple[str, str]]:
    """The archives of a model, each with its size or the reason why torch does not make it.

    A reason is kept in a file too, so that nothing is tried twice.
    """
    done = directory / f"{name}.done"
    if done.exists():
        return
    torch.manual_seed(0)
    told = list(_archives(directory, name, make))
    done.write_text("".join(f"{archive} {words}\n" for archive, words in told), encoding="utf-8")
    yield from told


def _archives(directory: Path, name: str, make: Maker) -> Iterator[tuple[str, str]]:
    try:
        model = make()
    except Exception as error:  # a library that does not fit this torch
        yield name, _reason(error)
        return
    model.module.eval()
    for way, asked in (("trace", model.inputs is not None), ("script", model.script)):
        if not asked:
            continue
        path = directory / f"{name}.{way}.pt"
        try:
            live = _exported(model, way)
            frozen = _frozen(live)
            yield path.name, _save(path, live)
        except Exception as error:
            yield path.name, _reason(error)
            continue
        path = directory / f"{name}.{way}.frozen.pt"
        try:
            yield path.name, _save(path, frozen) if isinstance(frozen, torch.nn.Module) else _reason(frozen)
        except Exception as error:
            yield path.name, _reason(error)


def _exported(model: Model, way: str) -> torch.jit.ScriptModule:
    with torch.no_grad():
        if way == "script":
            return torch.jit.script(model.module)
        return torch.jit.trace(model.module, model.inputs, strict=False, check_trace=False)


def _frozen(live: torch.jit.ScriptModule) -> torch.jit.ScriptModule | Exception:
    """A frozen copy, made while the weights still differ, or why there is none."""
    try:
        return torch.jit.freeze(live)
    except Exception as error:
        return error


def _save(path: Path, module: torch.jit.ScriptModule) -> str:
    thin(module)
    torch.jit.save(module, str(path))
    return f"{path.stat().st_size / 1e6:.2f} MB"


def thin(module: torch.jit.ScriptModule) -> None:
    """Makes each large tensor of a module a view of one number, in its parameters and buffers and in its graphs."""
    for _, part in module.named_modules():
        inner = getattr(part, "_c", None)
        if inner is None:
            continue
        for _, tensor in (*torch._C.ParameterDict(inner).items(), *torch._C.BufferDict(inner).items()):
            _thin(tensor)
        for method in inner._method_names():
            for node in inner._get_method(method).graph.findAllNodes("prim::Constant"):
                if node.hasAttribute("value") and node.kindOf("value") == "t":
                    _thin(node.t("value"))


def _thin(tensor: torch.Tensor) -> None:
    if tensor.numel() > LARGE and tensor.is_floating_point():
        tensor.data = tensor.detach().flatten()[:1].clone().expand(tensor.shape)


def _reason(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"- {type(error).__name__}: {lines[0] if lines else ''}"[:160]


if __name__ == "__main__":
    sys.exit(main())

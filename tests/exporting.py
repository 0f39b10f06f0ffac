"""Models that torch saves in every way, and what torch says of them: run as a script with a directory to write into.

Prints JSON: of each file, its tensors by path with all that describes them, plain attributes, constants, example inputs
and the module types. Needs torch. It will never import tsl.
"""

from __future__ import annotations

import enum
import json
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Pair(NamedTuple):
    first: int
    second: torch.Tensor


@torch.jit.script
class Box:
    def __init__(self, size: int, held: torch.Tensor):
        self.size = size
        self.held = held


class Restored(nn.Module):
    """Its buffer comes back by running its own code."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("held", torch.ones(2))

    @torch.jit.export
    def __getstate__(self):  # type: ignore[no-untyped-def]
        return (self.held, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]):  # type: ignore[no-untyped-def]
        self.held = state[0]
        self.training = state[1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.held


class Odd(nn.Module):
    """One attribute of each type that an archive can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.turned = nn.Parameter(torch.zeros(3, 4).t())
        self.view = self.turned.data[1:]
        self.shared = self.layer = nn.Linear(4, 4)
        for name in "float64 float16 bfloat16 int64 int32 int16 int8 uint8 uint16 bool complex64 float8_e4m3fn".split():
            self.register_buffer(f"of_{name}", torch.zeros(2).to(getattr(torch, name)))
        self.register_buffer("scalar", torch.tensor(3))
        self.register_buffer("empty", torch.empty(0, 3))
        self.per_tensor = torch.quantize_per_tensor(torch.ones(2, 3), 0.5, 3, torch.qint8)
        scales, points = torch.tensor([0.5, 0.25]), torch.tensor([0, 1])
        self.per_channel = torch.quantize_per_channel(torch.ones(2, 3), scales, points, 0, torch.quint8)
        self.pair, self.color, self.box = Pair(1, torch.ones(2)), Color.BLUE, Box(4, torch.zeros(3))
        self.large, self.small, self.endless, self.word = 2**40, -(2**40), float("inf"), "h\u00e9"
        self.whole: list[int] = [1, 2]
        self.broken: list[float] = [1.0]
        self.said: list[bool] = [True]
        self.words: list[str] = ["a", "a"]
        self.table: dict[str, int] = {"x": 1}
        self.nested: list[list[int]] = [[1], []]
        self.complex, self.device, self.nothing = 1 + 2j, torch.device("cpu"), None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.color == Color.RED:
            return x
        return self.layer(x) + self.shared(x) + self.pair[0] + self.box.size


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1))
        self.memory = nn.LSTM(4, 5, batch_first=True)
        self.offset = torch.ones(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x).flatten(2).transpose(1, 2) + self.offset
        return self.memory(x)[0]


def described(tensor: torch.Tensor) -> list[Any]:
    """What tsl says of a tensor too."""
    found = [str(tensor.dtype).removeprefix("torch."), list(tensor.shape), list(tensor.stride())]
    return [*found, tensor.storage_offset(), str(tensor.device), tensor.requires_grad]


def view(path: Path) -> dict[str, Any]:
    """What torch has of an archive."""
    module = torch.jit.load(path)
    held = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    types = {name: inner._c._type().qualified_name() for name, inner in module.named_modules(remove_duplicate=False)}
    plain = {}
    for name in (
        "large",
        "small",
        "endless",
        "word",
        "whole",
        "broken",
        "said",
        "words",
        "table",
        "nested",
        "training",
    ):
        if hasattr(module, name):
            plain[name] = getattr(module, name)
    try:
        constants = module.code_with_constants[1].const_mapping
    except RuntimeError:
        constants = {}
    return {
        "tensors": {name: described(tensor) for name, tensor in held},
        "types": types,
        "plain": plain,
        "constants": {name: described(tensor) for name, tensor in constants.items() if torch.is_tensor(tensor)},
    }


def main(folder: Path) -> None:
    """Writes the archives and prints what torch says of them."""
    x = torch.ones(1, 3, 6, 6)
    scripted, traced = torch.jit.script(Plain()), torch.jit.trace(Plain(), x)
    scripted.save(folder / "scripted.pt", _extra_files={"notes.txt": "hello", "more/notes.txt": "hello"})
    traced.save(folder / "traced.pt")
    torch.jit.freeze(torch.jit.script(Plain()).eval()).save(folder / "frozen.pt")
    torch.jit.script(Odd()).save(folder / "odd.pt")
    torch.jit.script(Restored()).save(folder / "restored.pt")
    files = {path.name: view(path) for path in sorted(folder.glob("*.pt"))}
    scripted._save_for_lite_interpreter(str(folder / "lite"))
    torch.jit.save_jit_module_to_flatbuffer(torch.jit.script(nn.Linear(2, 2)), str(folder / "flatbuffer"))
    torch.save(Plain().state_dict(), folder / "checkpoint")
    torch.save(Plain(), folder / "pickled-module")
    torch.save(Plain().state_dict(), folder / "legacy-checkpoint", _use_new_zipfile_serialization=False)
    torch.save(Plain(), folder / "legacy-pickled-module", _use_new_zipfile_serialization=False)
    torch.export.save(torch.export.export(nn.Linear(2, 2), (torch.ones(1, 2),)), folder / "pt2")
    json.dump(files, sys.stdout)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]))

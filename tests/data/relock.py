"""Writes a model three times: as it was scripted, loaded and saved again, and once more."""

import torch
from torch import Tensor, nn


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.scale = torch.ones(size)

    def forward(self, x: Tensor, times: int = 2) -> Tensor:
        for _ in range(times):
            x = nn.functional.gelu(self.linear(x)) * self.scale
        return x + torch.arange(x.size(-1), device="cpu")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Block(3), torch.jit.trace(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), torch.ones(1, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


torch.jit.save(torch.jit.script(Net()), "first.pt")
for old, new in (("first.pt", "again.pt"), ("again.pt", "thrice.pt")):
    torch.jit.save(torch.jit.load(old), new)

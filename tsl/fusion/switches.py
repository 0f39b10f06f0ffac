"""The switches of torch.jit that decide whether anything is fused, set for a child process that does nothing else.

Needs torch; for the child process. It will never run a model.

1. On the CPU nothing is fused unless it is asked for, and a wheel of torch without LLVM does so only when told to do
   without: what NNC then runs is an interpreter of its own code, right and slow.
2. NVFuser is gone: what torch still has of its names are calls that do nothing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tsl.fusion.log import Section, read

_C: Any = torch._C
LOG = ">>tensorexpr_fuser"


def switch_on(device: str) -> None:
    """Makes torch fuse on a device, as its profiling executor does by default where it can (1)."""
    _C._jit_set_profiling_executor(True)
    _C._jit_set_profiling_mode(True)
    _C._jit_set_texpr_fuser_enabled(True)
    if device == "cpu":
        _C._jit_override_can_fuse_on_cpu(True)
        if not has_llvm():
            _C._jit_set_te_must_use_llvm_cpu(False)
    else:
        _C._jit_override_can_fuse_on_gpu(True)


def has_llvm() -> bool:
    """Whether this torch compiles what it fuses on the CPU."""
    return bool(_C._llvm_enabled())


@contextmanager
def unfused() -> Iterator[None]:
    """Runs what is compiled meanwhile without the fuser."""
    was = _C._jit_texpr_fuser_enabled()
    _C._jit_set_texpr_fuser_enabled(False)
    try:
        yield
    finally:
        _C._jit_set_texpr_fuser_enabled(was)


def logged(call: Callable[[], Any]) -> tuple[Any, tuple[Section, ...]]:
    """What a call returns, and what the fuser said meanwhile; the process's standard error is led aside for it."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        _C._jit_set_logging_option(LOG)
        try:
            answer = call()
        finally:
            _C._jit_set_logging_option("")
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return answer, read(file.read().decode("utf-8", "replace"))

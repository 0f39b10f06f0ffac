"""Processor time of child processes, measured so that a noisy machine still gives a stable ratio.

Commands are run in turn, A B A B, so that a slow moment hits both; the figure is the median. What a child's own
children used counts as the child's. It will never contain wall-clock time, which says more about the machine's other
work than about tsl.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """The environment of a measured child: this checkout's tsl, and byte code kept from one run to the next."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONHASHSEED": "0"}


def spend(command: Sequence[str], allowed: frozenset[int]) -> float:
    """Processor seconds, user and system, of one run of a command. Raises SystemExit on an exit code not `allowed`."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
    assert child.stderr is not None
    told = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.stderr.close()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in allowed:
        raise SystemExit(f"{' '.join(command)}: exit {child.returncode}\n{told.decode(errors='replace')[-2000:]}")
    return usage.ru_utime + usage.ru_stime


def alternate(
    first: Sequence[str], second: Sequence[str], runs: int, allowed: Sequence[int] = (0,)
) -> tuple[float, float]:
    """Median processor seconds of two commands run in turn, after one run of each that only fills the caches."""
    codes = frozenset(allowed)
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(runs + 1):
        for command, figures in zip((first, second), spent, strict=True):
            seconds = spend(command, codes)
            if number:
                figures.append(seconds)
    return statistics.median(spent[0]), statistics.median(spent[1])

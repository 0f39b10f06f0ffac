"""The only fixpoint loop of tsl.

Needs a step that is monotone and a join that keeps the laws of `tsl.flow.lattice`; it knows nothing of what the states
are. Chains in tsl's domains are short (a few dozen flags, constants that rise once), so a bound on the rounds is a
safety net and not a widening: when it is reached, the last state is returned, and the caller is told that it did not
settle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

State = TypeVar("State")


def fixpoint(
    start: State,
    step: Callable[[State], State],
    join: Callable[[State, State], State],
    same: Callable[[State, State], bool],
    rounds: int,
) -> tuple[State, bool]:
    """The least state that covers `start` and its own successor, within a number of rounds.

    Each round computes `join(state, step(state))`. Returns the state and whether it settled.
    """
    state = start
    for _ in range(rounds):
        after = join(state, step(state))
        if same(state, after):
            return after, True
        state = after
    return state, False

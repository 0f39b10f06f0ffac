"""The inputs to trace with: those that are described, else those the entry gives.

Needs torch; for the child process. It runs a model only to find a size for which it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tsl.entry.inputs import (
    STARTS,
    Example,
    Inputs,
    check_traceable,
    example_of,
    from_specs,
    has_open_sizes,
    parameters,
)
from tsl.entry.make import Made
from tsl.entry.spec import parse
from tsl.entry.unable import Unable, one_line

# What a model raises for inputs; None where it runs.
Refusal = Callable[[Inputs], BaseException | None]


def example(described: Sequence[str], entry: str, made: Made, refusal: Refusal) -> Example:
    """The example of an entry's model. Raises Unable where there are no inputs, or none that fit."""
    if not described:
        if made.inputs is None:
            names = ", ".join(one.name for one in parameters(made.model))
            takes = f"; forward takes {names}" if names else ""
            raise Unable("--input", f"is needed: {entry} makes a module without inputs{takes}")
        for inputs in (made.inputs, *made.others):
            check_traceable(inputs, f"{entry}()")
        return example_of(made.inputs, made.others)
    try:
        specs = parse(" ".join(described))
    except ValueError as error:  # several that do not go together
        raise Unable("--input", str(error)) from None
    refusals = []
    for start in STARTS if has_open_sizes(specs) else STARTS[:1]:
        found = from_specs(specs, made.model, start)._replace(others=made.others)
        refused = refusal(found.inputs)
        if refused is None or not has_open_sizes(specs):
            return found
        refusals.append(f"with {start} {one_line(refused)}")
    sizes = ", ".join(map(str, STARTS))
    raise Unable("--input", f"the model runs with none of the sizes {sizes}; say one, as in H=96 ({refusals[0]})")

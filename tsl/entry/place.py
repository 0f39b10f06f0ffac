"""A place in the user's code. Needs nothing, and holds nothing else."""

from __future__ import annotations

from tsl.record import Record


class Place(Record):
    """A line of the user's code and the function it stands in."""

    path: str
    line: int
    function: str

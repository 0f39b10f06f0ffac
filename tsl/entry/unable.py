"""Why a search cannot be done, as the child process tells its parent. Needs nothing, and holds nothing else."""

from __future__ import annotations

import re

_RAISED = re.compile(r"(?:[A-Za-z_.]*(?:Error|Exception): )+(.+)")


class Unable(Exception):
    """A search that cannot begin: what it is about, and one line that says what to do instead."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject, self.message = subject, message


def one_line(error: BaseException) -> str:
    """An exception as `Type: the first line of what it says`; torch's preamble about the interpreter is left out."""
    kind = type(error).__name__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [found[1] for line in lines if (found := _RAISED.match(line))]
    if told:  # torch.jit puts the message last, behind the Python stack of the trace, and may name the type twice
        return _cut(f"{kind}: {told[-1]}")
    return _cut(f"{kind}: {lines[0]}" if lines else kind)


def _cut(text: str, most: int = 200) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."

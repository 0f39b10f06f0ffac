"""Places in the user's code: of a running call, of an exception, of a node of a traced graph.

Needs torch, to know which files are torch's own; for the child process. It will never run a model.

The *place* of a stack is its innermost frame in the file under test, or, where none is, its innermost frame that is
neither torch's nor tsl's nor Python's own.
"""

from __future__ import annotations

import dis
import os
import re
import sys
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

import torch

from tsl.entry.place import Place

_TORCH = os.path.join(os.path.dirname(os.path.abspath(torch.__file__)), "")
_TSL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
_PYTHON = os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "")
_INSTALLED = ("site-packages", "dist-packages")
_FRAME = re.compile(r"^(.+)\((\d+)\): (\S+)$", re.M)
_RAISES = dis.opmap["RAISE_VARARGS"]
# Functions of torch that check for the user: what they raise is the user's check, at the line of the call.
_CHECKERS = frozenset({"_assert", "_check", "_check_with", "_check_value", "_check_type", "_check_index"})


def is_users(path: str) -> bool:
    """Whether a file is neither torch's nor tsl's nor Python's own, nor no file at all."""
    if path.startswith((_TORCH, _TSL, "<")):
        return False
    return not path.startswith(_PYTHON) or path[len(_PYTHON) :].startswith(_INSTALLED)


def place_of_stack(stack: Iterable[Place], home: str) -> Place | None:
    """The place of a stack, innermost frame first."""
    frames = [frame for frame in stack if is_users(frame.path)]
    return next((frame for frame in frames if frame.path == home), frames[0] if frames else None)


def running(depth: int, home: str) -> Place | None:
    """The place of the call that is running, from a number of frames outward."""
    return place_of_stack(_frames(depth + 1), home)


def of_node(node: Any, home: str) -> Place | None:
    """The place of a node, whose source range is the Python stack under which it was traced."""
    return in_text(node.sourceRange(), home)


def in_text(text: str, home: str) -> Place | None:
    """The place in a text that holds a Python stack as torch.jit prints it."""
    return place_of_stack((Place(path, int(line), name) for path, line, name in _FRAME.findall(text)), home)


def of_error(error: BaseException, home: str) -> Place | None:
    """The place at which an exception was raised."""
    return place_of_stack(reversed([Place(*frame[:3]) for frame in _trace(error)]), home)


def is_check(error: BaseException) -> bool:
    """Whether an exception was raised by a `raise` or `assert` of the user's code, and not by what it called."""
    frames = [frame for frame in _trace(error) if frame[2] not in _CHECKERS or is_users(frame[0])]
    if not frames:
        return False
    path, _, _, code, offset = frames[-1]
    called_checker = len(frames) < len(list(_trace(error)))
    return is_users(path) and (called_checker or code.co_code[offset] == _RAISES)


def _trace(error: BaseException) -> Iterator[tuple[str, int, str, CodeType, int]]:
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        yield code.co_filename, trace.tb_lineno, code.co_name, code, trace.tb_lasti
        trace = trace.tb_next


def _frames(depth: int) -> Iterator[Place]:
    frame = sys._getframe(depth + 1)
    while frame is not None:
        yield Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment]

"""The torch road: what torch itself has in memory, copied once into the values of `graph`.

    a live ScriptModule or ScriptFunction -> Captured
    the path of an archive -> a child process in which torch loads it -> Captured or Failure

`capture` needs torch in this process; `capture_archive` starts a process that does, ends it in time, and takes a crash
or a hang of torch as an answer. Operators that no library registered are declared there as stubs. torch.jit.load runs
no code of an archive, but it is torch that reads it: whoever calls this has the user's word for it (`--trust`). It
will never run a graph, and no object of torch leaves it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tsl.entry.process import died, end
from tsl.ir.graph import Graph
from tsl.outcome import Failure
from tsl.record import Record

if TYPE_CHECKING:
    import torch

TIMEOUT = 120.0  # seconds for torch to be imported, to load an archive and to be copied

# The archive's directory must not lead imports: the child takes tsl's from its path again.
_BOOT = "import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; from tsl.ir.capture import serve; serve()"


class Captured(Record):
    """What torch holds of a program.

    `graphs` has every function and method by its qualified name (`__torch__.net.Net.forward`), `inlined` those of the
    outermost module, or the function itself, by name with all calls inlined, and `stubs` the schemas of operators
    that were unknown and declared to load it.
    """

    graphs: Mapping[str, Graph]
    inlined: Mapping[str, Graph] = {}
    stubs: tuple[str, ...] = ()


def capture(live: torch.jit.ScriptModule | torch.jit.ScriptFunction) -> Captured:
    """The graphs of a live module or function, with the functions they call as far as Python can reach them.

    The methods of classes that an archive brought, other than modules, are out of reach: `capture_archive` has them.
    """
    from tsl.ir.capture_live import function, module

    inner = getattr(live, "_c", None)
    return function(live) if inner is None else module(inner)


def capture_archive(path: str, timeout: float = TIMEOUT, inlined: bool = True) -> Captured | Failure:
    """The graphs of an archive as torch loads it in a child process; a Failure where that ends in an error, a crash or
    after `timeout` seconds.
    """
    import json
    import pickle

    form = json.dumps({"path": os.path.abspath(path), "inlined": inlined})
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    process = subprocess.Popen(
        [sys.executable, "-c", _BOOT, home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("TSL_DEBUG") else subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        told, _ = process.communicate(f"{form}\n".encode(), timeout)
    except subprocess.TimeoutExpired:
        end(process)
        process.communicate()
        return Failure(path, f"torch was not done with it after {timeout:g} s")
    finally:
        end(process)
    if process.returncode or not told:
        return Failure(path, f"ended the process of torch with {died(process.returncode)}")
    answer = pickle.loads(told)  # of our own process, which unpickles nothing of the archive itself
    return Failure(path, answer) if isinstance(answer, str) else answer


def serve() -> None:
    """The child process: reads a request, answers with pickled values, or a text that says why there are none."""
    import json
    import pickle

    request = json.loads(sys.stdin.readline())
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)  # what torch prints is no answer
        answer: Captured | str
        try:
            from tsl.ir.capture_live import archive

            answer = archive(request["path"], request["inlined"])
        except ImportError as error:
            answer = f"torch is needed to load it and cannot be imported: {error}"
        except Exception as error:
            answer = f"torch refuses it: {first_line(error)}"
        pickle.dump(answer, channel)
    os._exit(0)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__

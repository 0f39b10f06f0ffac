"""The entry: importing the user's file and calling the name in it that makes the model.

Needs torch; for the child process, for this is where the user's code begins to run. It will never run a model.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import torch

from tsl.config import nearest
from tsl.entry.channel import Channel
from tsl.entry.inputs import Inputs, from_value
from tsl.entry.unable import Unable, one_line
from tsl.project import module_name, shown
from tsl.record import Record

RETURNS = "return a module, (module, inputs) or (module, inputs, other inputs)"


class Made(Record):
    """What an entry makes: the model, the inputs to trace it with where it gives some, and further inputs."""

    model: Callable[..., Any]
    inputs: Inputs | None
    others: tuple[Inputs, ...]


def asked_for(
    request: Mapping[str, Any], channel: Channel, *, has_inputs: bool | None = None, scripted: bool = False
) -> Made:
    """What the entry of a request makes, in a file that is imported for it; the parent hears how far it is.

    `has_inputs` and `scripted` are what `make` takes; where the first is not said, it is whether the request gives
    inputs. Raises Unable.
    """
    channel.send(stage="importing the file")
    sys.argv = [request["path"]]
    module = load(request["path"], request["sources"])
    channel.send(stage="making the model")
    given = bool(request["inputs"]) if has_inputs is None else has_inputs
    return make(module, request["entry"], has_inputs=given, path=request["path"], scripted=scripted)


def load(path: str, sources: Sequence[str]) -> ModuleType:
    """The module of a file, imported under the name its own package knows it by. Raises Unable."""
    name = module_name(path)
    root = path.removesuffix(".py").removesuffix(f"{os.sep}__init__").removesuffix(name.replace(".", os.sep))
    sys.path[:0] = [root, *(source for source in sources if source != root)]
    try:
        if "." in name or os.path.basename(path) == "__init__.py":
            return importlib.import_module(name)
        return _load_alone(path, name)
    except (Exception, SystemExit) as error:
        raise Unable(shown(path), f"cannot be imported: {one_line(error)}{_where(error, path)}") from error


def make(module: ModuleType, name: str, *, has_inputs: bool, path: str, scripted: bool = False) -> Made:
    """What the entry of that name makes. Raises Unable where there is none, or it makes something else.

    With `has_inputs`, which says that --input gives them, a function that cannot be called without arguments is taken
    for the model itself. With `scripted` the model may be in TorchScript already.
    """
    entry = _find(module, name, path)
    if isinstance(entry, (torch.nn.Module, torch.jit.ScriptFunction)):
        return Made(_checked(entry, name, scripted), None, ())
    if not callable(entry):
        raise Unable("--entry", f"{name} is {_kind(entry)}; name an nn.Module, its class, or a function that makes it")
    if has_inputs and inspect.isfunction(entry) and _needs_arguments(entry):
        return Made(entry, None, ())
    torch.manual_seed(0)
    try:
        made = entry()
    except (Exception, SystemExit) as error:
        message = f"{name}() raises {one_line(error)}{_where(error, path)}"
        hint = "; name a function without arguments that makes the model" if _needs_arguments(entry) else ""
        raise Unable("--entry", message + hint) from error
    return _read(made, name, scripted)


def _load_alone(path: str, name: str) -> ModuleType:
    """A file outside any package, which must not take the place of a module that is loaded under its name."""
    name = f"tsl_entry_{name}" if name in sys.modules or name in sys.stdlib_module_names else name
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _find(module: ModuleType, name: str, path: str) -> Any:
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            near = nearest(part, [known for known in vars(value) if not known.startswith("_")] if value else ())
            raise Unable("--entry", f"{shown(path)} has no {name!r}{near}")
        value = getattr(value, part)
    return value


def _read(made: Any, name: str, scripted: bool) -> Made:
    if not isinstance(made, tuple):
        return Made(_checked(made, name, scripted), None, ())
    if len(made) not in {1, 2, 3}:
        raise Unable("--entry", f"{name}() returns a tuple of {len(made)}; {RETURNS}")
    model = _checked(made[0], name, scripted)
    sets = [*made[1:2], *_sets(made[2] if len(made) > 2 else ())]
    for value in sets:
        if not isinstance(value, (torch.Tensor, tuple, list, dict)):
            raise Unable("--entry", f"{name}() gives {_kind(value)} as inputs; give a tensor, or a tuple of tensors")
    inputs = [from_value(value, model) for value in sets]
    return Made(model, inputs[0] if inputs else None, tuple(inputs[1:]))


def _sets(others: Any) -> list[Any]:
    """Further inputs: one set of them, or several in a list."""
    if isinstance(others, list):
        return others
    return [others] if isinstance(others, torch.Tensor) or others else []


def _checked(model: Any, name: str, scripted: bool) -> Callable[..., Any]:
    if isinstance(model, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        if scripted:
            in_torchscript: Callable[..., Any] = model
            return in_torchscript
        raise Unable("--entry", f"{name} is in TorchScript already; name what makes the Python module")
    if isinstance(model, torch.nn.Module):
        checked: Callable[..., Any] = model
        return checked
    raise Unable("--entry", f"{name}() returns {_kind(model)}; {RETURNS}")


def _needs_arguments(entry: Callable[..., Any]) -> bool:
    try:
        inspect.signature(entry).bind()
    except TypeError:
        return True
    except ValueError:  # a builtin that does not tell
        return False
    return False


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _where(error: BaseException, path: str) -> str:
    """The last line of the file that an exception passed through: ` (line 12)`, or nothing."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""

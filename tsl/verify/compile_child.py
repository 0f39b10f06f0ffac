"""The child process of a compilation.

    request on standard input -> import -> make -> script the whole -> script its parts -> one JSON object a line

Needs torch, and says so where it is missing. It will never know what tsl says of the model.

1. The compiler stops at its first error. Where it refuses the model, it is asked again about each *part* on its own:
   one submodule of each class that is not torch's, then the functions that their methods name, and that these name.
2. A part that is refused at a place that was told before tells nothing new.
3. Lines are *reached* where a node of what compiled comes from them.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from tsl.entry.channel import Channel, import_torch, serve

_LINE = re.compile(r'File "(.+?)", line (\d+)')
MOST_PARTS = 400


def main() -> None:
    """Serves one request and ends the process."""
    serve("verify --script", _serve)


def _serve(request: Mapping[str, Any], channel: Channel) -> None:
    channel.send(stage="importing torch")
    import_torch("verify --script")
    from tsl.entry.make import asked_for

    model = asked_for(request, channel, has_inputs=True).model
    named = model if isinstance(model, FunctionType) else type(model)
    channel.send(model=[named.__qualname__, inspect.getsourcefile(named) or ""])
    warnings.simplefilter("ignore")
    _Compiler(channel).compile(named.__qualname__, model)
    channel.send(done=True)


class _Compiler:
    """What was compiled so far, and where it was refused."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told: set[tuple[Any, ...]] = set()
        self._made: list[Any] = []

    def compile(self, name: str, model: Any) -> None:
        """Compiles a model and, where it is refused, its parts (1); then tells what was reached (3)."""
        if not self._accepts(name, model):
            for number, (part, value) in enumerate(_parts(model)):
                if number < MOST_PARTS:
                    self._accepts(part, value)
        self._channel.send(stage="reading what was compiled")
        self._channel.send(reached=sorted(_reached(self._made)))

    def _accepts(self, part: str, value: Any) -> bool:
        import torch

        from tsl.entry.refused import reason, stack

        self._channel.send(stage=f"compiling {part}")
        try:
            self._made.append(torch.jit.script(value))
        except (Exception, SystemExit) as error:
            places = [list(place) for place in stack(error)]
            key = tuple(places[0][:2]) if places else (part,)
            if key not in self._told:
                self._told.add(key)
                self._channel.send(refused=[part, reason(error, "script"), places])
            return False
        finally:
            self._channel.send(compiled=part)
        return True


def _parts(model: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a model and what each is called (1)."""
    import torch

    modules: dict[type, tuple[str, Any]] = {}
    for path, module in model.named_modules() if isinstance(model, torch.nn.Module) else ():
        if not type(module).__module__.startswith("torch.nn."):
            modules.setdefault(type(module), (path, module))
    for cls, (path, module) in modules.items():
        if path:
            yield f"{path} ({cls.__qualname__})", module
    known = {function for cls in modules for function in vars(cls).values() if isinstance(function, FunctionType)}
    known |= {model} if isinstance(model, FunctionType) else set()
    queue = sorted(known, key=lambda one: (one.__code__.co_filename, one.__code__.co_firstlineno))
    while queue:
        for function in _named_by(queue.pop(0)):
            if function not in known:
                known.add(function)
                queue.append(function)
                yield function.__qualname__, function


def _named_by(function: FunctionType) -> Iterator[FunctionType]:
    """The user's functions that a function names."""
    from tsl.entry.places import is_users

    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType) and is_users(value.__code__.co_filename):
            yield value


def _reached(made: list[Any]) -> set[tuple[str, int]]:
    """The lines of the user's files that compiled graphs come from (3)."""
    import torch

    from tsl.entry.places import is_users

    found: set[tuple[str, int]] = set()
    graphs = [function.graph for function in torch.jit._state._python_cu.get_functions()]
    modules = [module for one in made if isinstance(one, torch.jit.ScriptModule) for module in one.modules()]
    for module in {module._c._type().qualified_name(): module for module in modules}.values():
        graphs += [module._c._get_method(name).graph for name in module._c._method_names()]
    for graph in graphs:
        for text in _ranges(graph):
            found.update((path, int(line)) for path, line in _LINE.findall(text) if is_users(path))
    return found


def _ranges(block: Any) -> Iterator[str]:
    for node in block.nodes():
        yield node.sourceRange()
        for inner in node.blocks():
            yield from _ranges(inner)

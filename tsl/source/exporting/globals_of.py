"""Names of a file that its functions assign: `global model`, `REGISTRY[name] = cls`.

Definition: what a call assigns to a global holds on the path after it, for its caller and for what is called next.

Needs states, which keep such names under the number `FILE`, which no object has.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source.exporting.things import State
from tsl.source.module import Module
from tsl.source.names import Names
from tsl.source.tree import walk

FILE = -1


def changed(state: State) -> dict[str, Any]:
    """The names of the file that a call has assigned on this path."""
    return state.attributes(FILE) if state.held else {}


def keep(state: State, function: Any, module: Module) -> dict[str, Any]:
    """Keeps what a function that has run has assigned to names of the file; returns these."""
    assigned = {name: state.names[name] for name in module.once(_assigned, function) if name in state.names}
    state.held.update({(FILE, name): value for name, value in assigned.items()})
    return {**changed(state), **assigned}


def _assigned(function: Any, _names: Names) -> tuple[str, ...]:
    """The names of the file that a function assigns, or assigns an item of."""
    nodes = list(walk(getattr(function, "body", [])))
    declared = [name for node in nodes if isinstance(node, _ast.Global) for name in node.names]
    stored = {node.id for node in nodes if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store)}
    stored |= {one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    bases = [node.value for node in nodes if isinstance(node, _ast.Subscript) and isinstance(node.ctx, _ast.Store)]
    items = [base.id for base in bases if isinstance(base, _ast.Name) and base.id not in stored]
    return tuple(dict.fromkeys([*declared, *items]))

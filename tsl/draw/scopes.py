"""Which module a node belongs to, by the path the module has in its tree.

1. A node that says its scope belongs there; a live trace says it as `Net::/Net::__module.a.b`, by class and path.
2. Any other belongs to the module whose attributes it takes; to the nearest module above all of them if it takes those
   of several.
3. A node that takes none lies between its neighbours: it belongs to the nearest module above both the last placed node
   before it in its block and the next one after it.
4. Nothing in a block belongs to a module outside that of the node the block is part of.

Linear in the number of nodes. Needs the values that are folded. It will never guess from the name of a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsl.draw.labels import Folded
from tsl.ir.graph import Node

Path = tuple[str, ...]


def split(path: str) -> Path:
    """The names of a path: `a.b` is `("a", "b")`, the whole model is `()`."""
    return tuple(path.split(".")) if path else ()


def shared(first: Path, second: Path) -> Path:
    """The longest path that both begin with."""
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return first[:length]


def places(nodes: Sequence[Node], known: Mapping[int, Folded], base: Path) -> list[Path]:
    """The module of each of the nodes of a block whose node belongs to `base`."""
    sure = [_sure(node, known, base) for node in nodes]
    after: list[Path | None] = [None] * len(nodes)
    following: Path | None = None
    for place in range(len(nodes) - 1, -1, -1):
        following = sure[place] if sure[place] is not None else following
        after[place] = following
    found: list[Path] = []
    before = base
    for known_place, following in zip(sure, after, strict=True):
        if known_place is not None:
            before = known_place
            found.append(known_place)
        else:
            found.append(shared(before, following) if following is not None else base)
    return found


def _sure(node: Node, known: Mapping[int, Folded], base: Path) -> Path | None:
    """The module of a node by itself (1, 2), within that of its block (4)."""
    if node.scope:
        path = split(node.scope.rpartition("/")[2].rpartition("::")[2].removeprefix("__module").lstrip("."))
    else:
        owners = [split(owner) for value in node.inputs if (one := known.get(value.number)) for owner in one.owners]
        if not owners:
            return None
        path = owners[0]
        for owner in owners[1:]:
            path = shared(path, owner)
    return path if path[: len(base)] == base else base

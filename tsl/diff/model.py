"""An archive as what is compared of it: the graphs of its methods, its weights, and the names of its classes.

1. A method's graph has all that it calls in it, and every node names its module (`tsl.draw.instances`).
2. What is known of a value is what `tsl.ir.solved` finds for a deployment and the inputs that a user gives, else those
   that were recorded, else nothing but types.
3. Of a file without code there are weights alone.
4. A tensor constant of at most MOST_NUMBERS elements is compared by its content: the number it holds where it has no
   dimensions, else the checksum of what it is stored in. A larger one is like a weight, whose numbers training changes.

Needs an archive, which must stay open as long as places are asked for. It will never load or run one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from tsl.archive.archive import Archive
from tsl.archive.inspection.calls import Roles, methods_of
from tsl.archive.inspection.facts import Method
from tsl.archive.module import objects, walk
from tsl.archive.values import Object, Tensor
from tsl.diff.compare import Facts
from tsl.diff.items import Items
from tsl.diff.weights import Weight
from tsl.draw.instances import MOST_NODES, Instances, expanded
from tsl.ir import entry
from tsl.ir.deploy import Deploy
from tsl.ir.deployed import tree_of
from tsl.ir.device import NOWHERE
from tsl.ir.facts import plain
from tsl.ir.foretold import WHERE_SAVED, given_inputs
from tsl.ir.graph import Graph, Value
from tsl.ir.inline import InlineError, inline
from tsl.ir.lower import LowerError, Program, lower
from tsl.ir.shape import spell
from tsl.ir.solved import Solved, solve

MOST_NUMBERS = 64


class Model:
    """A model (1-3). `name` is what it is called, `unread` names the methods that have no graph, with the reason."""

    def __init__(
        self,
        name: str,
        archive: Archive,
        deploy: Deploy | None = None,
        inputs: Sequence[entry.Described] = (),
        called: Callable[[str], str] = str,
    ) -> None:
        """`called` is what a recorded path is called."""
        self.name, self.archive, self.called = name, archive, called
        self._deploy, self._inputs = deploy or WHERE_SAVED, inputs
        self.has_code = archive.kind.has_code and bool(archive.module.type)
        self.methods: Mapping[str, Method] = {one.name: one for one in methods_of(archive)} if self.has_code else {}
        self.unread: dict[str, str] = {}
        self._tree = tree_of(archive) if self.has_code else None
        self._program: Program | None = lower(archive) if self.has_code else None

    def items(self, method: str) -> Items | None:
        """The items of a method; None where it has no graph, which is then told in `unread`."""
        try:
            return Items(self.graph(method), self._content)
        except (InlineError, LowerError) as error:
            self.unread[method] = str(error)
        except RecursionError:
            self.unread[method] = "its code nests too deeply"
        return None

    def graph(self, method: str) -> Graph:
        """The graph of a method (1). Raises InlineError and LowerError."""
        assert self._program is not None
        qualified = f"{self.archive.module.type}.{method}"
        nodes = expanded(self._program.functions, qualified)
        if nodes > MOST_NODES:
            raise InlineError(f"it runs {nodes:,} nodes, and {MOST_NODES:,} are the limit")
        return inline(Instances(self._program, qualified), qualified)

    def _content(self, value: Any) -> str:
        """What tells a tensor constant from others of its kind (4)."""
        if not isinstance(value, Tensor) or self._tree is None or prod(value.shape) > MOST_NUMBERS:
            return ""
        number = self._tree.number_of(value) if value.shape == () else None
        return str(number) if number is not None else self._stored("constants", value)

    def _stored(self, folder: str, tensor: Tensor) -> str:
        """The checksum of what a tensor is stored in, and where it begins there."""
        member = self.archive.zip.members.get(f"{folder}/{tensor.storage}") if self.archive.zip else None
        return f"{member.checksum:08x}+{tensor.offset}" if member is not None else ""

    def facts(self, method: str, graph: Graph) -> Knowledge:
        """Who tells what is known of the values of a method's graph (2). Raises InputError."""
        given = given_inputs(graph, self._inputs) if self._inputs and method == "forward" else None
        values = given if given is not None else entry.recorded(self.archive.traced_inputs.get(method, ()))
        assert self._program is not None
        return Knowledge(solve(graph, self._deploy, self._tree, values or None, self._program.functions))

    @property
    def weights(self) -> Mapping[str, Weight]:
        """The tensors of the modules by path."""
        return dict(self._weights())

    def _weights(self) -> Iterator[tuple[str, Weight]]:
        roles = Roles(self.archive)
        owners = {path: one.type for path, one in objects(self.archive.module)}
        pickle = self.archive.pickle_of("data.pkl") if not self.has_code else None
        for path, held in walk(pickle.value if pickle is not None else self.archive.module):
            if isinstance(held, Tensor):
                owner, _, name = path.rpartition(".")
                registered = roles.of(owners[owner], name) if owner in owners and self.has_code else ""
                yield path, Weight(held.dtype, held.device, spell(held.shape), registered, self._stored("data", held))

    @property
    def classes(self) -> Mapping[str, str]:
        """The names of the classes of the modules by path."""
        found = ((path, one) for path, one in objects(self.archive.module) if isinstance(one, Object))
        return {path: plain(one.type).rpartition(".")[2] for path, one in found}


class Knowledge:
    """What is known of the values of a graph."""

    def __init__(self, solved: Solved) -> None:
        self._solved = solved

    def __call__(self, value: Value) -> Facts:
        """The facts of a value."""
        type = plain_type(value.type.ir)
        found = self._solved.tensor_of(value)
        if found is None:
            return Facts(type)
        device = "" if found.device == NOWHERE else found.device
        return Facts(type, "" if found.dtype == "!" else found.dtype, device, _shape(found.shape))


def _shape(shape: Any) -> str:
    return "" if shape is None else spell(shape)


def plain_type(type: str) -> str:
    """A type with the names of classes as users know them."""
    return plain(type).replace("__torch__.", "") if "__torch__" in type else type

"""An archive under a deployment: its module tree, its example inputs and the graphs of its methods, interpreted.

Definitions:
1. A parameter or buffer is what the class of the archive's code lists as one.
2. The numbers of tensor constants without dimensions are read: what tracing makes of a Python number decides shapes. No
   other content of a tensor is.

Needs an archive. It will never load or run one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tsl.archive.archive import Archive
from tsl.archive.code import Class, Code
from tsl.archive.values import Tensor
from tsl.ir import entry
from tsl.ir.abstract import Value
from tsl.ir.deploy import Deploy
from tsl.ir.graph import Graph
from tsl.ir.inline import InlineError, Inliner
from tsl.ir.lower import LowerError, Program, lower
from tsl.ir.module_tree import Tree
from tsl.ir.solved import Solved, solve

_FORMS: Mapping[str, str] = {
    "int64": "q",
    "int32": "i",
    "int16": "h",
    "int8": "b",
    "uint8": "B",
    "bool": "?",
    "float64": "d",
    "float32": "f",
    "float16": "e",
}


class Deployed:
    """An archive under a deployment. `inputs` replace the recorded ones of a method; see `entry`."""

    def __init__(self, archive: Archive, deploy: Deploy, program: Program | None = None) -> None:
        self.archive, self.deploy = archive, deploy
        self.program = program or lower(archive)
        self._inliner = Inliner(self.program)
        self._graphs: dict[str, Graph] = {}

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of the outermost module, as a caller may run them."""
        return tuple(each.name for each in self.program.methods(self.archive.module) if not each.path)

    def graph(self, method: str) -> Graph:
        """The inlined graph of a method. Raises KeyError, LowerError and InlineError."""
        if method not in self._graphs:
            self._graphs[method] = self._inliner.graph(f"{self.archive.module.type}.{method}")
        return self._graphs[method]

    def solved(self, method: str, inputs: Sequence[Value] | None = None) -> Solved:
        """What a method's values may be; each question is one of `Solved`. Raises as `graph`."""
        given = inputs if inputs is not None else entry.recorded(self.archive.traced_inputs.get(method, ()))
        tree = tree_of(self.archive)
        return solve(self.graph(method), self.deploy, tree, given or None, self.program.functions)

    def all(self) -> Iterator[tuple[str, Solved | Exception]]:
        """Every method with what is known of it, or why nothing is."""
        for method in self.methods:
            try:
                yield method, self.solved(method)
            except (LowerError, InlineError, KeyError) as error:
                yield method, error


def tree_of(archive: Archive) -> Tree:
    """The module tree of an archive (1, 2)."""
    if not archive.module.type:
        return Tree()
    return Tree(archive.module, _Registered(archive.code).kind, _Numbers(archive).number)


class _Registered:
    """Which attributes are registered (1)."""

    def __init__(self, code: Code) -> None:
        self._code = code

    def kind(self, owner: str, name: str) -> str:
        found = self._code.find(owner)
        if not isinstance(found, Class):
            return ""
        return "parameter" if name in found.parameters else "buffer" if name in found.buffers else ""


class _Numbers:
    """The numbers of constants (2)."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._order = ">" if archive.byteorder == "big" else "<"

    def number(self, tensor: Tensor) -> Any:
        form = _FORMS.get(tensor.dtype)
        if form is None or not tensor.storage:
            return None
        data = self._archive.read(f"constants/{tensor.storage}")
        try:
            return struct.unpack_from(f"{self._order}{form}", data, tensor.offset * struct.calcsize(form))[0]
        except struct.error:
            return None

"""An archive's functions as graphs, each lowered when it is asked for.

`lower` gives a Program: its functions by qualified name, the methods of its module tree, the types of its classes. A
function that cannot be lowered is a LowerError of its own and takes nothing else with it. Needs the archive's code and
constants and the schemas; it will never inline, and never run anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tsl.archive.code import Class, Code, Method
from tsl.archive.values import Object
from tsl.ir.graph import Graph
from tsl.ir.lower_emitter import Context
from tsl.ir.lower_finish import finish
from tsl.ir.lower_statements import emit_function
from tsl.ir.lower_types import Declarations, LowerError
from tsl.ir.match import Matcher
from tsl.ir.schema import Table, schemas
from tsl.ir.types import Type
from tsl.record import Record

__all__ = ["LowerError", "MethodOf", "Program", "lower"]

LATEST = 10

# What reading a tree of another form than PyTorch prints can raise: a call without its arguments, a value that is none.
_MALFORMED = (AssertionError, AttributeError, LookupError, TypeError, ValueError)


class Source(Protocol):
    """What lowering needs of an archive."""

    @property
    def code(self) -> Code:
        """The printed functions and classes."""

    @property
    def constants(self) -> tuple[Any, ...]:
        """What the code calls CONSTANTS.c0, CONSTANTS.c1, ..."""


class MethodOf(Record):
    """A method of a module tree: the module's path (empty for the root), its class, and the function."""

    path: str
    type: str
    name: str
    qualified: str


class Program:
    """The functions of an archive."""

    def __init__(self, archive: Source, table: Table | None = None, version: int | None = None) -> None:
        self.code = archive.code
        self.version = version if version is not None else _version(archive)
        self.declarations = Declarations(self.code)
        self.matcher = Matcher(table or schemas(), self.declarations.meets)
        self._context = Context(self.declarations, self.matcher, archive.constants)
        self.functions: Mapping[str, Graph] = _Functions(self)
        self._graphs: dict[str, Graph | LowerError] = {}

    def graph(self, qualified: str) -> Graph:
        """The graph of a function or method. Raises KeyError where there is none, LowerError where it has none."""
        known = self._graphs.get(qualified)
        if known is None:
            method = self.find(qualified)
            if method is None:
                raise KeyError(qualified)
            known = self._graphs[qualified] = self._lower(method)
        if isinstance(known, LowerError):
            raise known
        return known

    def find(self, qualified: str) -> Method | None:
        """The function or method of a qualified name."""
        found = self.code.find(qualified)
        if isinstance(found, Method):
            return found
        owner, _, name = qualified.rpartition(".")
        return self.declarations.method(owner, name)

    def type(self, name: str) -> Type | None:
        """The type of a class of the archive."""
        return self.declarations.named(name)

    def attributes(self, name: str) -> Mapping[str, Type]:
        """The types of a class's attributes, constants left out."""
        return self.declarations.attributes(name)

    def methods(self, module: Object) -> tuple[MethodOf, ...]:
        """The methods of a module and of the modules in it, in the order of the tree."""
        return tuple(self._methods(module, "", 0))

    def _methods(self, module: Object, path: str, depth: int) -> Iterator[MethodOf]:
        found = self.code.find(module.type)
        if isinstance(found, Class) and found.kind not in {"Interface", "ModuleInterface"}:
            for name in found.methods:
                yield MethodOf(path, module.type, name, f"{module.type}.{name}")
        for name, held in module.attributes.items():
            if isinstance(held, Object) and depth < 64:
                yield from self._methods(held, f"{path}.{name}" if path else name, depth + 1)

    def _lower(self, method: Method) -> Graph | LowerError:
        try:
            emitter = emit_function(self._context, method)
            emitter.land()
            return finish(emitter.region, method.qualified, self.matcher, self.version)
        except LowerError as error:
            return error
        except RecursionError:
            return LowerError("it nests too deeply")
        except _MALFORMED as error:
            return LowerError(f"it is not of the form that PyTorch prints ({type(error).__name__}: {error})")


class _Functions(Mapping[str, Graph]):
    """The graphs of all functions and methods by qualified name."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __getitem__(self, qualified: str) -> Graph:
        return self._program.graph(qualified)

    def __iter__(self) -> Iterator[str]:
        code = self._program.code
        for name, found in code.classes.items():
            if found.kind not in {"Interface", "ModuleInterface"}:
                yield from (f"{name}.{method}" for method in found.methods)
        yield from code.functions

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _version(archive: Source) -> int:
    versions = getattr(archive, "versions", None)
    number = getattr(versions, "number", None)
    return number if isinstance(number, int) else LATEST


def lower(archive: Source) -> Program:
    """The program of an archive; nothing is parsed or lowered before it is asked for."""
    return Program(archive)

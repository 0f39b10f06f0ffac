"""Where reading an export script starts, and how the functions in it call each other (definition 5 of the package)."""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.source.exporting import fixtures, globals_of, models, orders, tensorrt
from tsl.source.exporting.decorators import enter
from tsl.source.exporting.expressions import key_of
from tsl.source.exporting.given import Given
from tsl.source.exporting.statements import Run
from tsl.source.exporting.things import (
    NONE,
    UNKNOWN,
    Archive,
    Const,
    Opaque,
    Own,
    Ref,
    State,
    Thing,
    join_archives,
    join_states,
    joined,
)
from tsl.source.facts import Note, Step
from tsl.source.module import Module
from tsl.source.names import Names
from tsl.source.session import Session
from tsl.source.tree import last_name, walk

MAX_CALLS_DEEP = 5
# How many calls above a function that exports its callers are read
CALLERS = 2
MAX_STATEMENTS = 8_000
# What has run before a method of an object does: its constructor, and what a test framework calls before each test
CONSTRUCTORS = ("__init__", "setUpClass", "setup_class", "setUp", "asyncSetUp", "setup_method")


class Reader:
    """One file: its top level, then each of its functions as if called from outside (5)."""

    def __init__(self, session: Session, marked: list[int]) -> None:
        self.session, self.module, self.marked = session, session.module, marked
        self.promised: dict[Any, Archive | None] = {}
        self.steps: dict[tuple[Any, ...], Step] = {}
        self.known: dict[Any, Any] = {}
        self.top = State()
        self._built: dict[Any, State] = {}
        self._things = self._statements = 0
        self._running: list[int] = []

    def read(self) -> Iterator[Step]:
        """What is out of order, read twice: what one function saves another one may load, whichever stands first."""
        for _ in range(2):
            self.steps.clear()
            self._statements = 0
            self._read_all()
        return iter(self.steps.values())

    def _read_all(self) -> None:
        top = Run(self, self.module, self.module.file.tree, "<module>", State(), 0)
        top.block(self.module.file.tree.body)
        self.top = top.here
        self._built.clear()
        for qualname, node, cls in self._roots():
            self._read_root(node, qualname, cls)
        for decorator, function, note in islands(self.module):
            step = Step(decorator, "island", self.module.file, function.name, story=(note,), home=function)
            self.keep(step._replace(qualname=function.name))
        for step in tensorrt.steps(self.module):
            self.keep(step)

    def _roots(self) -> list[tuple[str, Any, Any]]:
        """The functions that are read as if called from outside: those with a marked line, and their callers."""
        every: list[tuple[str, Any, Any]] = [(name, node, None) for name, node in self.module.names.functions.items()]
        for cls in self.module.classes.values():
            every += [(f"{cls.name}.{name}", node, cls) for name, node in cls.methods.items()]
        found = {name for name, node, _ in every if _holds(node, self.marked)}
        assigned = self.module.names.assigned.items()
        made = {name for name, nodes in assigned if any(_holds(node, self.marked) for node in nodes)}
        names = {name: self.module.once(_names_in, node) for name, node, _ in every} if found or made else {}
        for _ in range(CALLERS):
            called = {part for name in found for part in name.split(".")} | made
            found |= {name for name in names if called & names[name]}
        return [root for root in every if root[0] in found]

    def _read_root(self, node: Any, qualname: str, cls: Any) -> None:
        if cls is not None and cls.is_module and node.name in ("forward", "__init__"):
            return
        state = self.top.copy() if cls is None or cls.is_module else self._constructed(cls, node).copy()
        run = Run(self, self.module, node, qualname, state, 0)
        if cls is not None:
            run.own = run.make(Thing("model", source=cls)) if cls.is_module else Own(cls)
        bind_parameters(run, node, (), fixtures.given(run, node), None)
        enter(run, node)
        run.block(node.body)

    def _constructed(self, cls: Any, method: Any) -> State:
        """The state a method of an object starts in: what its constructor alone has put on it."""
        found = [found for found in map(cls.find, CONSTRUCTORS) if found is not None]
        constructors = [node for node, owner in found if owner.module is self.module]
        if not constructors or method in constructors:
            return self.top
        if cls not in self._built:
            self._built[cls] = self.top
            state = self.top.copy()
            for node in constructors:
                run = Run(self, self.module, node, f"{cls.name}.{node.name}", state, 0)
                run.own = Own(cls)
                bind_parameters(run, node, (), {}, None)
                run.block(node.body)
                state = run.here
                _rename_class(state.names)
            others = [node for node in cls.methods.values() if node not in constructors]
            for name in {name for node in others for name in _written(node)}:
                state.names.pop(name, None)
            state.names = {**self.top.names, **_attributes(state.names)}
            self._built[cls] = state
        return self._built[cls]

    def number(self) -> int:
        """A number that no thing and no object has."""
        self._things += 1
        return self._things

    def make(self, state: State, thing: Thing) -> Ref:
        """A new thing."""
        number = self.number()
        state.heap[number] = thing
        return Ref(number)

    def keep(self, step: Step) -> None:
        """Keeps a step; of equal ones the weightiest stands."""
        before = self.steps.get(step.identity)
        if before is None or step.weight > before.weight:
            self.steps[step.identity] = step

    def promise(self, key: Any, archive: Archive) -> None:
        """Notes what a path that is spelled out holds, for functions that load it elsewhere in the file."""
        known = self.promised.get(key, archive)
        self.promised[key] = join_archives(known, archive)

    def may_go_on(self) -> bool:
        """Counts a statement; whether there is time for it."""
        self._statements += 1
        return self._statements < MAX_STATEMENTS

    def call(self, caller: Run, node: Any, module: Module, own: Any, given: Given, *, is_opening: bool = False) -> Any:
        """The result of calling a function that is read, on the caller's state; a context manager may be opened."""
        body = node.body
        if id(node) in self._running or caller.depth >= MAX_CALLS_DEEP or not isinstance(body, list):
            return None
        if caller.home is self.module.file.tree:
            self.top = caller.here
        state = caller.here.copy()
        outer = state.names
        state.names = {**self.top.names, **globals_of.changed(state)} if module is self.module else {}
        if isinstance(own, Own | Ref) and own.number:
            state.names.update({f"self.{name}": value for name, value in state.attributes(own.number).items()})
        elif isinstance(own, Own):
            state.names.update(_attributes(outer))
        run = Run(self, module, node, getattr(node, "name", ""), state, caller.depth + 1)
        run.own, run.is_opening = own, is_opening
        bind_parameters(run, node, given.positional, given.keywords, given.rest)
        enter(run, node)
        self._running.append(id(node))
        run.block(body)
        self._running.pop()
        if run.state is not None:
            run.returned.append(NONE)
            run.left.append(run.state)
        after: State | None = None
        for left in run.left:
            after = join_states(after, left)
        if after is None:
            caller.state = None
            return UNKNOWN
        if module is self.module:
            outer = {**outer, **globals_of.keep(after, node, module)}
        if isinstance(own, Own | Ref) and own.number:
            for name, value in _attributes(after.names).items():
                if isinstance(own, Own) or isinstance(value, Ref):
                    after.held[own.number, name.removeprefix("self.")] = value
        elif isinstance(own, Own):
            outer = {**outer, **_attributes(after.names)}
        after.names = outer
        if not is_opening:
            after.grad, after.cast = caller.here.grad, caller.here.cast
        caller.state = after
        return joined(run.returned)


def _rename_class(names: dict[str, Any]) -> None:
    """What a class method puts on `cls` the methods of its objects find on `self`."""
    names.update({f"self.{name[4:]}": value for name, value in names.items() if name.startswith("cls.")})


def _attributes(names: dict[str, Any]) -> dict[str, Any]:
    """What stands on an object between its methods."""
    return {name: value for name, value in names.items() if name.startswith("self.")}


def _written(method: Any) -> Iterator[str]:
    """The attributes of `self` that a method assigns."""
    for node in walk(method.body):
        if isinstance(node, _ast.Attribute) and isinstance(node.ctx, _ast.Store) and key_of(node).startswith("self."):
            yield key_of(node)


def _holds(node: Any, lines: list[int]) -> bool:
    return any(node.lineno <= line <= node.end_lineno for line in lines)


def _names_in(node: Any, _names: Names) -> frozenset[str]:
    """The last names of what a function calls."""
    return frozenset(last_name(one.func) for one in walk(node.body) if isinstance(one, _ast.Call))


def islands(module: Module) -> Iterator[tuple[Any, Any, Note]]:
    """The compiled functions of a file that a model of it calls while it runs: decorator, function, first call."""
    methods = [node for cls in module.classes.values() if cls.is_module for node in cls.methods.values()]
    called: dict[str, Any] = {}
    for node in walk([method for method in methods if method.name != "__init__"]):
        if isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name):
            known = called.setdefault(node.func.id, node)
            if (node.lineno, node.col_offset) < (known.lineno, known.col_offset):
                called[node.func.id] = node
    for name, function in module.names.functions.items():
        for decorator in function.decorator_list:
            if name in called and module.names.dotted(decorator) == "torch.jit.script":
                yield decorator, function, Note(module.file, called[name], "called in a model here")


def bind_parameters(run: Run, node: Any, positional: Any, keywords: Any, rest: Any) -> None:
    """Gives a function's parameters what a call gives them, else what they are by default, else an identity."""
    names = run.here.names
    for inner in walk(node.body):
        if isinstance(inner, _ast.Name) and isinstance(inner.ctx, _ast.Store):
            names.pop(inner.id, None)
    parameters = [*node.args.posonlyargs, *node.args.args]
    defaults = dict(zip(reversed(parameters), reversed(node.args.defaults), strict=False))
    defaults.update(zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True))
    given = list(positional)
    if run.own is not None and parameters and "staticmethod" not in _decorators(node):
        names[parameters.pop(0).arg] = run.own
    for place, parameter in enumerate([*parameters, *node.args.kwonlyargs]):
        if place < len(given) and place < len(parameters):
            value = given[place]
        elif parameter.arg in keywords:
            value = keywords[parameter.arg]
        elif defaults.get(parameter) and rest is None and _says_something(defaults[parameter]):
            value = Const(defaults[parameter].value)
        else:
            value = _annotated(run, parameter)
        names[parameter.arg] = value
    for extra in (node.args.vararg, node.args.kwarg):
        if extra is not None:
            names[extra.arg] = UNKNOWN


def _annotated(run: Run, parameter: Any) -> Any:
    """A parameter that nobody gave: a model of the class it is annotated with, in no known state, or an identity."""
    if parameter.annotation is None:
        return Opaque((id(parameter),))
    if run.module.names.dotted(parameter.annotation) in orders.SENT_TYPES:
        sent = Opaque(("fetched", id(parameter)))
        run.here.fetched[sent.key] = run.note(parameter, "sent by a client")
        return sent
    cls = run.module.class_named(parameter.annotation)
    if cls is not None and cls.is_module:
        return run.make(Thing("model", source=cls, exported=models.exported(cls)))
    return Opaque((id(parameter),))


def _says_something(default: Any) -> bool:
    """Whether a default is a text: a path or a device. A flag or None is only one of the cases."""
    return isinstance(default, _ast.Constant) and isinstance(default.value, str)


def _decorators(node: Any) -> set[str]:
    return {getattr(one, "attr", getattr(one, "id", "")) for one in node.decorator_list}

"""Statements of an export script: how each changes the state, and where paths part and meet.

Paths are followed as in `interpret`: joins at `if`, `try` and loops, a loop's body twice, and no test is decided.
"""

from __future__ import annotations

import _ast
import re
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import contexts, decorators, expressions, models, orders, parts
from tsl.source.exporting.things import (
    NONE,
    UNKNOWN,
    UNKNOWN_STATE,
    Const,
    Defined,
    Map,
    Opaque,
    Ref,
    Seq,
    State,
    Thing,
    items_of,
    join_states,
)
from tsl.source.facts import Note, Step
from tsl.source.module import Module
from tsl.source.names import imported

if TYPE_CHECKING:
    from tsl.source.exporting.reader import Reader

# What asks for a version of torch, or for what it has; steps that are out of order in some versions alone
VERSIONS = re.compile(r"""version|hasattr|signature|TORCH|["'] (not )?in """, re.I)
# How many items a dict may get one by one, and of how many a loop is followed
MAX_ITEMS, MAX_TURNS = 12, 6
OF_A_VERSION = frozenset({"removed", "default", "symbolic", "python", "shapes", "operator"})


class Run:
    """One activation of a function, or of a module's top level."""

    __slots__ = (
        *("depth", "guarded", "home", "left", "module", "own", "qualname", "reader", "returned", "state"),
        "is_opening",
    )

    def __init__(self, reader: Reader, module: Module, home: Any, qualname: str, state: State, depth: int) -> None:
        self.reader, self.module, self.home, self.qualname = reader, module, home, qualname
        self.state: State | None = state
        self.depth = depth
        self.own: Any = None
        self.guarded = self.is_opening = False
        self.returned: list[Any] = []
        self.left: list[State] = []

    @property
    def here(self) -> State:
        """The state of a live path; an empty one in dead code."""
        return self.state if self.state is not None else State()

    def evaluate(self, node: Any) -> Any:
        """The value of an expression here."""
        return expressions.evaluate(self, node)

    def note(self, node: Any, text: str) -> Note:
        """A place in this run's file."""
        return Note(self.module.file, node, text)

    def make(self, thing: Thing) -> Ref:
        """A new thing on this path."""
        return self.reader.make(self.here, thing)

    def tell(self, node: Any, how: str, named: Any, about: str = "", *, certain: bool = True, story: Any = ()) -> None:
        """Finds a step out of order; `named` is the node of what the sentence names."""
        if self.state is None or self.module is not self.reader.module or (self.guarded and how in OF_A_VERSION):
            return
        text = named if isinstance(named, str) else self.module.file.segment(named)
        self.reader.keep(
            Step(node, how, self.module.file, text, about, certain, tuple(story), self.home, self.qualname)
        )

    def block(self, body: list[Any]) -> None:
        """Reads statements until the path ends."""
        for statement in body:
            if self.state is None or not self.reader.may_go_on():
                return
            handler = STATEMENTS.get(type(statement), _evaluated)
            handler(self, statement)


def _expression(run: Run, node: Any) -> None:
    """An expression alone; where a context manager is opened its `yield` hands over."""
    if run.is_opening and isinstance(node.value, _ast.Yield):
        run.returned.append(run.evaluate(node.value.value) if node.value.value else NONE)
        run.left.append(run.here)
        run.state = None
        return
    _evaluated(run, node)


def _evaluated(run: Run, node: Any) -> None:
    for child in node._fields:
        inner = getattr(node, child)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, _ast.expr):
                run.evaluate(one)


def _assign(run: Run, node: Any) -> None:
    value = run.evaluate(node.value)
    for target in node.targets:
        bind(run, target, value)


def bind(run: Run, target: Any, value: Any) -> None:
    """Gives a name, an attribute chain or a tuple of them a value."""
    if isinstance(target, _ast.Tuple | _ast.List):
        items = value.items if isinstance(value, Seq) and len(value.items) == len(target.elts) else None
        parts_of = value.key if isinstance(value, Opaque) else ()
        for place, part in enumerate(target.elts):
            bind(run, part, items[place] if items else Opaque((*parts_of, ("item", place))) if parts_of else UNKNOWN)
        return
    if isinstance(target, _ast.Subscript):
        target, value = target.value, _with_item(run, target, value)
    key = expressions.key_of(target)
    if key:
        names = run.here.names
        for name in [name for name in names if name.startswith(f"{key}.")]:
            del names[name]
        names[key] = value
        _set_flag(run, target)


def _with_item(run: Run, target: Any, value: Any) -> Any:
    """What a container is after `container[key] = value`: a dict that is spelled out has one item more."""
    base = run.evaluate(target.value)
    if not isinstance(base, Map) or len(base.items) >= MAX_ITEMS:
        return UNKNOWN
    key = run.evaluate(target.slice)
    return Map((*((name, one) for name, one in base.items if name != key or key == UNKNOWN), (key, value)))


def _set_flag(run: Run, target: Any) -> None:
    """`model.training = False`: the layers in it do not hear of that, so that it helps the model's own code alone."""
    if isinstance(target, _ast.Attribute) and target.attr == "training":
        state = run.here
        for number in state.refs(run.evaluate(target.value)):
            thing = state.heap[number]
            if models.modality(thing) not in orders.MODAL_LAYERS - {"training"}:
                state.heap[number] = thing._replace(mode=UNKNOWN_STATE)


def _annotated(run: Run, node: Any) -> None:
    if node.value is not None:
        bind(run, node.target, run.evaluate(node.value))


def _augmented(run: Run, node: Any) -> None:
    run.evaluate(node.value)
    bind(run, node.target, UNKNOWN)


def _return(run: Run, node: Any) -> None:
    run.returned.append(run.evaluate(node.value) if node.value else NONE)
    if run.state is not None:
        run.left.append(run.state)
    run.state = None


def _stop(run: Run, node: Any) -> None:
    _evaluated(run, node)
    run.state = None


def _function(run: Run, node: Any) -> None:
    run.here.names[node.name] = Defined(node, run.module)


def _import(run: Run, node: Any) -> None:
    if run.home is run.module.file.tree:
        return  # what the top level imports is looked up when it is read
    for name, path in imported(node, run.module.names.package):
        if name != "*":
            run.here.names[name] = expressions.meaning(run, path)


def _if(run: Run, node: Any) -> None:
    run.evaluate(node.test)
    before, after, guarded = run.here, None, run.guarded
    run.guarded = guarded or VERSIONS.search(run.module.file.segment(node.test, 400)) is not None
    for arm in (node.body, node.orelse):
        run.state = before.copy()
        run.block(arm)
        after = join_states(after, run.state)
    run.state, run.guarded = after, guarded


def _loop(run: Run, node: Any) -> None:
    values = run.evaluate(node.iter if hasattr(node, "iter") else node.test)
    parts.loop(run, node)
    turns = _turns(values) if hasattr(node, "target") else ()
    if 0 < len(turns) <= MAX_TURNS:
        _unrolled(run, node, turns)
        return
    for _ in range(2):
        before = run.here.copy()
        if hasattr(node, "target"):
            bind(run, node.target, Opaque((*values.key, ("item", None))) if _has_key(values) else UNKNOWN)
        run.block(node.body)
        run.state = join_states(before, run.state)
    run.block(node.orelse)


def _has_key(value: Any) -> bool:
    return isinstance(value, Opaque) and bool(value.key)


def _turns(values: Any) -> tuple[Any, ...]:
    """What a loop goes over, where it is spelled out: at least one thing that is no literal."""
    items = items_of(values) or ()
    items = tuple(key for key, _ in values.items) if isinstance(values, Map) else items
    return items if any(not isinstance(one, Const) for one in items) else ()


def _unrolled(run: Run, node: Any, turns: tuple[Any, ...]) -> None:
    """A loop over things that are spelled out: its body for each of them; after a turn that leaves, the way before."""
    for value in turns:
        before = run.here.copy()
        bind(run, node.target, value)
        run.block(node.body)
        run.state = run.state or before
    run.block(node.orelse)


def _with(run: Run, node: Any) -> None:
    before = run.here
    grad, cast = before.grad, before.cast
    closing = []
    for item in node.items:
        value, closed = contexts.enter(run, item.context_expr)
        closing += [closed] if closed is not None else []
        if item.optional_vars is not None:
            bind(run, item.optional_vars, value)
    run.block(node.body)
    for closed in closing if run.state is not None else ():
        contexts.close(run, closed)
    if run.state is not None:
        run.state.grad, run.state.cast = grad, cast


def _try(run: Run, node: Any) -> None:
    before = run.here.copy()
    run.block(node.body)
    raised = join_states(before, run.state)
    run.block(node.orelse)
    after = run.state
    for handler in node.handlers:
        run.state = raised.copy() if raised else None
        run.block(handler.body)
        after = join_states(after, run.state)
    run.state = after
    if after is None and node.finalbody:
        run.state = raised
        run.block(node.finalbody)
        run.state = None
    else:
        run.block(node.finalbody)


def _nothing(_run: Run, _node: Any) -> None:
    return


STATEMENTS: dict[type, Any] = {
    _ast.Expr: _expression,
    _ast.Assign: _assign,
    _ast.AnnAssign: _annotated,
    _ast.AugAssign: _augmented,
    _ast.Return: _return,
    _ast.Raise: _stop,
    _ast.FunctionDef: _function,
    _ast.AsyncFunctionDef: _function,
    _ast.ClassDef: decorators.register,
    _ast.Import: _import,
    _ast.ImportFrom: _import,
    _ast.If: _if,
    _ast.For: _loop,
    _ast.AsyncFor: _loop,
    _ast.While: _loop,
    _ast.With: _with,
    _ast.AsyncWith: _with,
    _ast.Try: _try,
}

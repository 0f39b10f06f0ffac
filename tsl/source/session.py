"""The analysis of one file and what it reaches: summaries of functions, module-level names, the uses on the way.

Definitions:
1. A *root* is judged as if called from outside (`roots`); whatever a root reaches is judged with it.
2. A call is answered by a summary (`summaries`): one that is known, or one that is computed by interpreting the
   function. Recursion, depth and the number of runs end in the rule for unknown callees (`library`).
3. A function whose result is doubtful returns what its annotation promises; where that is a number, also the
   tensors and sizes it is seen to return.
4. A function decorated with torch.jit.script is compiled, not traced: its control flow survives, and nothing in it is
   judged.
"""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import Any

from tsl.source import binding, calls, evaluate, interpret, library, torch_calls, values
from tsl.source.facts import Fact
from tsl.source.frame import Env, Frame, join_envs
from tsl.source.module import Module
from tsl.source.names import Names
from tsl.source.objects import Objects
from tsl.source.parameters import Parameters, self_name
from tsl.source.refs import Arguments, External, Instance, Routine
from tsl.source.scripted import is_scripted
from tsl.source.summaries import Key, Shared, Summaries, Summary
from tsl.source.torch_hand import GUARDS
from tsl.source.tree import assigned, walk
from tsl.source.values import NUMBER, TENSOR, TRACED, UNKNOWN, UNKNOWN_VALUE, Value

# How many calls deep a function is followed, and the constructor of a module (`objects`)
MAX_DEPTH = 6
MAX_DEPTH_OF_CONSTRUCTORS = 2


class Session:
    """Everything known while one file is judged, in whatever modules its roots reach.

    `watched` are functions of torch whose calls are noted besides those that rules, and `modules`, watch; `guards` is
    what calls are answered that ask how the model is being captured.
    """

    def __init__(
        self, module: Module, watched: frozenset[str] = frozenset(), guards: Mapping[str, bool] = GUARDS
    ) -> None:
        self.module = module
        self.watched, self.guards = watched | module.modules.watched, guards
        self.objects = Objects(self)
        self.facts: dict[int, dict[tuple[Any, ...], Fact]] = {}
        self.judged: dict[int, Routine] = {}
        self._parameters = Parameters(self)
        # What other sessions have found holds here where they asked the same.
        self.summaries = Summaries(module.modules.shared if guards is GUARDS and not watched else Shared())
        self._replayed: set[Summary] = set()
        self._globals: dict[tuple[int, str], tuple[Value, Summary | None]] = {}
        self._frames: dict[int, Frame] = {}

    # What expressions and calls ask for

    def evaluate(self, frame: Frame, node: Any) -> Value:
        """The value of an expression in a frame."""
        return evaluate.evaluate(frame, node)

    def module_value(self, module: Module, node: Any) -> Value:
        """The value of an expression at module level: a default, a class-level attribute."""
        return evaluate.evaluate(self._top(module), node)

    def _top(self, module: Module) -> Frame:
        known = self._frames.get(id(module))
        if known is None:
            known = self._frames[id(module)] = Frame(self, Routine(module.file.tree, module), {}, None, 0)
        return known

    def call(self, frame: Frame, callee: Value, arguments: Arguments, node: Any) -> Value:
        """The result of calling a value."""
        return calls.call(frame, callee, arguments, node)

    def attribute(self, frame: Frame, base: Value, name: str, node: Any) -> Value:
        """The value of `base.name`, also where the name is computed."""
        known = frame.scope.get(f"self.{name}") if frame.own is base else None
        return calls.attribute(frame, base, name, node) if known is None else known

    def bind(self, frame: Frame, target: Any, value: Value, node: Any) -> None:
        """Assigns a value to a target."""
        binding.bind(frame, target, value, node)

    def store(self, frame: Frame, target: Any, value: Value) -> None:
        """Replaces what a name or an attribute of `self` holds."""
        binding.store(frame, target, value)

    def write_through(self, frame: Frame, target: Any, arguments: Arguments) -> None:
        """Adds an in-place method's arguments to the tensor it writes to."""
        binding.write_through(frame, target, arguments.all())

    def record(self, routine: Routine, fact: Fact) -> None:
        """Keeps a fact; of equal ones from several contexts the weightiest stands."""
        self.summaries.note_fact(routine, fact)
        self._keep(routine, fact)

    def _keep(self, routine: Routine, fact: Fact) -> None:
        self.judged.setdefault(id(routine.node), routine)
        found = self.facts.setdefault(id(routine.node), {})
        before = found.get(fact.identity)
        if before is None or fact.weight > before.weight:
            found[fact.identity] = fact

    # Module-level names

    def global_value(self, module: Module, name: str) -> Value:
        """The value of a module-level name."""
        key = (id(module), name)
        if key not in self._globals:
            self._globals[key] = UNKNOWN_VALUE, None  # while it is being found: a cycle is unknown
            collector = self.summaries.collect()
            self._globals[key] = self._find_global(module, name), collector
            self.summaries.collected()
        value, rests_on = self._globals[key]
        self.summaries.note_all(rests_on)
        return value

    def _find_global(self, module: Module, name: str) -> Value:
        names = module.names
        if name in names.functions:
            return values.reference(Routine(names.functions[name], module))
        if name in module.classes:
            return values.reference(module.classes[name])
        if name in names.assigned:
            return values.join_all([self.module_value(module, node) for node in names.assigned[name]])
        external = names.external(name)
        return self.imported(external.path, module) if external else self._from_stars(module, name)

    def imported(self, path: str, module: Module) -> Value:
        """What a dotted path means in a module: what is defined there where tsl could read it, else the path itself."""
        found = module.modules.find(path, module)
        if found is None:
            return values.reference(External(path))
        value = self.global_value(found.module, found.name)
        for name in found.rest:
            value = calls.attribute(self._top(found.module), value, name, None)
        return value

    def _from_stars(self, module: Module, name: str) -> Value:
        for star in module.names.stars:
            if module.modules.find(f"{star}.{name}", module):
                return self.imported(f"{star}.{name}", module)
        return UNKNOWN_VALUE

    # Running functions

    def judge(self, routine: Routine) -> None:
        """Interprets a root (1)."""
        self.judged.setdefault(id(routine.node), routine)
        env = self._parameters.of_root(routine, constructing=False)
        self._interpret(self._top(routine.module), routine, env, is_root=True)

    def construct(self, routine: Routine, arguments: Arguments | None) -> Summary:
        """The run of a constructor; `arguments` is None for an object nobody is seen to make."""
        top = self._top(routine.module)
        if arguments is not None:
            return self._summary(top, routine, self._parameters.of_call(routine, arguments), arguments)
        env = self._parameters.of_root(routine, constructing=True)
        return self._summary(top, routine, env, Arguments())

    def assigned_value(self, routine: Routine, node: Any) -> Value:
        """What an expression in a method gives an attribute, before anything is known of the method's other names."""
        if node is None:
            return UNKNOWN_VALUE
        env = dict.fromkeys(routine.module.once(_bound_names, routine.node), UNKNOWN_VALUE)
        env.update(self._parameters.of_root(routine, constructing=True))
        frame = Frame(self, routine, env, self_name(routine), 1, muted=True)
        return evaluate.evaluate(frame, node)

    def run(self, frame: Frame, routine: Routine, arguments: Arguments) -> Value:
        """The result of calling a function that is read, by its summary (2); a scripted one is an atom (4)."""
        if routine.module.once(is_scripted, routine.node):
            return self._scripted(frame, routine, arguments)
        own = routine.instance is not None and routine.instance == frame.own
        env = {**(frame.attributes() if own else {}), **self._parameters.of_call(routine, arguments)}
        summary = self._summary(frame, routine, env, arguments)
        if own and summary.attributes:
            frame.scope.update(summary.attributes)
        head = torch_calls.trail_of(arguments.all())
        return values.retold(summary.value, head, 1) if head else summary.value

    def _scripted(self, frame: Frame, routine: Routine, arguments: Arguments) -> Value:
        """The result of a compiled function (4): what it promises, else the tensor it returns on every path."""
        promised = self._promised(routine, arguments)
        if not promised.kind & UNKNOWN:
            return promised
        env = self._parameters.of_call(routine, arguments)
        value = self._summary(frame, routine, env, arguments).value
        return values.tensor(value.origin, torch_calls.trail_of(arguments.all())) if value.is_only(TENSOR) else promised

    def _summary(self, frame: Frame, routine: Routine, env: Env, arguments: Arguments) -> Summary:
        key = self._key(frame, routine, env)
        step = 0 if _is_inherited_constructor(routine) else 1
        room = (MAX_DEPTH_OF_CONSTRUCTORS if frame.muted else MAX_DEPTH) - frame.depth + 1 - step
        known = self.summaries.known(key, room)
        if known is not None:
            self._replay(known)
            return known
        joined = self.summaries.joined(routine.node)
        if joined is not None:
            return _answer(key, joined)
        if not self.summaries.may_compute(key, room):
            return _answer(key, self._promised(routine, arguments))
        summary = self.summaries.begin(key, step)
        self.summaries.end(summary, *self._interpret(frame, routine, env, step=step))
        return summary

    def _key(self, frame: Frame, routine: Routine, env: Env) -> Key:
        seen = env if routine.closure is None else {**routine.closure, **env}
        named = tuple((name, value.key(3)) for name, value in sorted(seen.items(), key=_name_of))
        return (id(routine.node), frame.muted, named)

    def _replay(self, summary: Summary) -> None:
        """Finds again what a summary found (`summaries`, 3); once a session is enough."""
        if summary in self._replayed:
            return
        for nested in summary.nested():
            if nested not in self._replayed:
                self._replayed.add(nested)
                for routine, fact in nested.facts:
                    self._keep(routine, fact)

    def _interpret(
        self, frame: Frame, routine: Routine, env: Env, *, step: int = 1, is_root: bool = False
    ) -> tuple[Value, Env]:
        inner = Frame(
            self,
            routine,
            env,
            self_name(routine),
            frame.depth + step,
            frame.muted or _constructs(routine) or routine.module.once(is_scripted, routine.node),
        )
        inner.is_root = is_root
        if isinstance(routine.node, _ast.Lambda):
            return evaluate.evaluate(inner, routine.node.body), {}
        interpret.block(inner, routine.node.body)
        if inner.env is not None:
            inner.returned.append(values.NONE_VALUE)
            inner.leave()
        after: Env | None = None
        for left in inner.exits:
            after = join_envs(after, left)
        attributes = {name: value for name, value in (after or {}).items() if name.startswith("self.")}
        return self._returned(routine, inner), attributes

    def _returned(self, routine: Routine, inner: Frame) -> Value:
        result = values.join_all(inner.returned)
        if not result.kind & UNKNOWN:
            return result
        promised = routine.module.annotations.returned(routine.node, result.origin or values.DATA)
        if promised.kind & UNKNOWN:
            return result
        # A number that is promised hides no tensor and no size that some path is seen to return.
        seen = [value for value in inner.returned if value.is_only(TRACED)] if promised.is_only(NUMBER) else []
        return values.join_all([promised, *seen])

    def _promised(self, routine: Routine, arguments: Arguments) -> Value:
        promised = routine.module.annotations.returned(routine.node, values.DATA)
        return library.unknown_result(arguments) if promised.kind & UNKNOWN else promised


def _answer(key: Key, value: Value) -> Summary:
    """A summary that stands for a call nobody computed."""
    summary = Summary(key)
    summary.value, summary.whole = value, False
    return summary


def _constructs(routine: Routine) -> bool:
    """Whether this is the constructor of a module, or of an object of one: it runs before anything is traced."""
    if routine.name != "__init__" or routine.owner is None:
        return False
    refs = routine.instance.refs if routine.instance is not None else ()
    return routine.owner.is_module or any(isinstance(ref, Instance) and not ref.passing for ref in refs)


def _bound_names(function: Any, _names: Names) -> frozenset[str]:
    """The names a function binds in its body."""
    targets = [target for target, _ in assigned(function.body)]
    return frozenset(node.id for node in walk(targets) if isinstance(node, _ast.Name))


def _is_inherited_constructor(routine: Routine) -> bool:
    """Whether this is the constructor of a base class, run on an object of a class below it."""
    if routine.name != "__init__" or routine.owner is None or routine.instance is None:
        return False
    return any(isinstance(ref, Instance) and ref.cls is not routine.owner for ref in routine.instance.refs)


def _name_of(item: tuple[str, Value]) -> str:
    return item[0]

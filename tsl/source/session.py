"""The analysis of one file: summaries of functions, module-level names, and the uses found on the way.

Definitions:
1. A *root* is judged as if called from outside (`roots`); whatever a root reaches is judged with it.
2. A *summary* is what a function returns and which attributes of `self` it leaves changed, for one set of arguments.
   Past MAX_CONTEXTS sets a function answers with the join of the summaries it has. Recursion, depth and the number of
   runs end in the rule for unknown callees (`library`).
3. A function whose result is doubtful returns what its annotation promises.
4. A function decorated with torch.jit.script is compiled, not traced: its control flow survives, and nothing in it is
   judged.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source import binding, calls, evaluate, interpret, library, values
from tsl.source.annotations import Annotations
from tsl.source.classes import read_classes
from tsl.source.facts import Use
from tsl.source.file import SourceFile
from tsl.source.frame import Env, Frame, join_envs
from tsl.source.names import Names
from tsl.source.objects import Objects
from tsl.source.parameters import Parameters, self_name
from tsl.source.refs import Arguments, Routine
from tsl.source.values import TRACED, UNKNOWN, UNKNOWN_VALUE, Value

MAX_CONTEXTS = 8
MAX_DEPTH = 6
MAX_RUNS = 4000

SCRIPTED = frozenset({"torch.jit.script", "torch.jit.script_if_tracing"})

Summary = tuple[Value, Env]


class Session:
    """Everything known about one file while it is judged."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.names = Names(file.tree)
        self.classes = read_classes(self.names)
        self.annotations = Annotations(self.names, self.classes)
        self.objects = Objects(self)
        self.uses: dict[int, dict[tuple[int, str], Use]] = {}
        self.judged: dict[int, Routine] = {}
        self._parameters = Parameters(self)
        self._summaries: dict[Any, Summary] = {}
        self._contexts: dict[int, list[Summary]] = {}
        self._active: set[Any] = set()
        self._globals: dict[str, Value] = {}
        self._runs = 0
        self._module = Frame(self, Routine(file.tree), {}, None, 0)

    # What expressions and calls ask for

    def evaluate(self, frame: Frame, node: Any) -> Value:
        """The value of an expression in a frame."""
        return evaluate.evaluate(frame, node)

    def module_value(self, node: Any) -> Value:
        """The value of an expression at module level: a default, a class-level attribute."""
        return evaluate.evaluate(self._module, node)

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

    def record(self, routine: Routine, use: Use) -> None:
        """Keeps a use; the most certain of several contexts stands."""
        self.judged.setdefault(id(routine.node), routine)
        found = self.uses.setdefault(id(routine.node), {})
        before = found.get((id(use.node), use.how))
        if before is None or (not before.certain and use.value.is_only(TRACED)):
            found[id(use.node), use.how] = use

    # Module-level names

    def global_value(self, name: str) -> Value:
        """The value of a module-level name."""
        known = self._globals.get(name)
        if known is None:
            self._globals[name] = UNKNOWN_VALUE  # while it is being found: a cycle is unknown
            known = self._globals[name] = self._find_global(name)
        return known

    def _find_global(self, name: str) -> Value:
        if name in self.names.functions:
            return values.reference(Routine(self.names.functions[name]))
        if name in self.classes:
            return values.reference(self.classes[name])
        if name in self.names.assigned:
            return values.join_all([self.module_value(node) for node in self.names.assigned[name]])
        external = self.names.external(name)
        return values.reference(external) if external else UNKNOWN_VALUE

    # Running functions

    def judge(self, routine: Routine) -> None:
        """Interprets a root (1)."""
        self.judged.setdefault(id(routine.node), routine)
        self._interpret(self._module, routine, self._parameters.of_root(routine, constructing=False))

    def construct(self, routine: Routine, arguments: Arguments | None) -> Env:
        """The attributes a constructor leaves; `arguments` is None for an object nobody is seen to make."""
        if arguments is not None:
            return self._summary(self._module, routine, arguments)[1]
        return self._interpret(self._module, routine, self._parameters.of_root(routine, constructing=True))[1]

    def run(self, frame: Frame, routine: Routine, arguments: Arguments) -> Value:
        """The result of calling a function of the file, by its summary (2); a scripted one is an atom (4)."""
        if is_scripted(self.names, routine.node):
            return self._promised(routine, arguments)
        value, left = self._summary(frame, routine, arguments)
        if left and frame.own is not None and routine.instance == frame.own:
            frame.scope.update(left)
        return value

    def _summary(self, frame: Frame, routine: Routine, arguments: Arguments) -> Summary:
        shared = frame.attributes() if routine.instance is not None and routine.instance == frame.own else {}
        env = {**shared, **self._parameters.of_call(routine, arguments)}
        key = (id(routine.node), tuple((name, value.key(3)) for name, value in sorted(env.items(), key=_name_of)))
        if key in self._summaries:
            return self._summaries[key]
        contexts = self._contexts.setdefault(id(routine.node), [])
        if len(contexts) >= MAX_CONTEXTS:
            return values.join_all(value for value, _ in contexts), {}
        self._runs += 1
        if key in self._active or frame.depth >= MAX_DEPTH or self._runs > MAX_RUNS:
            return self._promised(routine, arguments), {}
        self._active.add(key)
        summary = self._interpret(frame, routine, env)
        self._active.discard(key)
        self._summaries[key] = summary
        contexts.append(summary)
        return summary

    def _interpret(self, frame: Frame, routine: Routine, env: Env) -> Summary:
        inner = Frame(self, routine, env, self_name(routine), frame.depth + 1)
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
        promised = self.annotations.returned(routine.node, result.origin or values.DATA)
        return result if promised.kind & UNKNOWN else promised

    def _promised(self, routine: Routine, arguments: Arguments) -> Value:
        promised = self.annotations.returned(routine.node, values.DATA)
        return library.unknown_result(arguments) if promised.kind & UNKNOWN else promised


def is_scripted(names: Names, function: Any) -> bool:
    """Whether a function is compiled by a decorator and so keeps its control flow under trace (4)."""
    return any(names.dotted(decorator) in SCRIPTED for decorator in getattr(function, "decorator_list", ()))


def _name_of(item: tuple[str, Value]) -> str:
    return item[0]

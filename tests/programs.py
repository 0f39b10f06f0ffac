"""Programs that are made up, written as archives, and edits of one thing in them: what `tsl diff` is held to.

1. A program is steps in order; each makes a value of earlier ones, which are named by the steps that made them. A step
   of kind `module` calls a module that has a weight, one of kind `branch` holds steps of its own.
2. It is written in any order that keeps makers before takers, with any names: archives that differ in nothing else are
   the same model.
3. An edit gives a new program and says what should be reported of it, as `(kind, subject)` and a word.

Needs hypothesis to draw. It will never hold an assertion about tsl.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.saved import module, tensor, torchscript, zipped

UNARY = ("relu", "sin", "neg", "tanh", "sigmoid")
BINARY = ("add", "sub", "mul")
INPUT = -1  # the value that a program is given

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Step(NamedTuple):
    """A step (1): what makes its value, of which values, with which numbers."""

    name: int
    kind: str
    operator: str
    taken: tuple[int, ...]
    number: int = 0
    inner: tuple[Step, ...] = ()


class Held(NamedTuple):
    """What a module of a program holds: its path in the model and its weight's dtype, size and device."""

    path: str
    dtype: str = "float32"
    size: int = 4
    device: str = "cpu"


class Program(NamedTuple):
    """A program (1): its steps, the modules by the names of the steps that call them, and the value it returns."""

    steps: tuple[Step, ...]
    modules: dict[int, Held]
    returned: int


@st.composite
def programs(draw: Draw, least: int = 3, most: int = 12) -> Program:
    """A program whose last step is what it returns."""
    steps: list[Step] = []
    modules: dict[int, Held] = {}
    for name in range(draw(st.integers(least, most))):
        step = draw(_steps(name, [INPUT, *(step.name for step in steps)]))
        steps.append(step)
        if step.kind == "module":
            modules[name] = Held(draw(st.sampled_from(["", "body.", "head."])) + f"m{name}")
    return Program(tuple(steps), modules, steps[-1].name)


@st.composite
def _steps(draw: Draw, name: int, known: list[int], kinds: str = "unary binary number module branch") -> Step:
    kind = draw(st.sampled_from(kinds.split()))
    last = known[-1]
    earlier = st.sampled_from(known[-4:])
    if kind == "unary":
        return Step(name, kind, draw(st.sampled_from(UNARY)), (last,))
    if kind == "binary":
        return Step(name, kind, draw(st.sampled_from(BINARY)), (last, draw(earlier)))
    if kind == "number":
        return Step(name, kind, draw(st.sampled_from(("softmax", "cumsum"))), (last,), draw(st.integers(0, 1)))
    if kind == "module":
        return Step(name, kind, "linear", (last,))
    inner: list[Step] = []
    for number in range(draw(st.integers(1, 3))):
        before = [*known, *(step.name for step in inner)]
        inner.append(draw(_steps(1000 * (name + 1) + number, before, "unary binary number")))
    return Step(name, kind, "if", (draw(earlier),), 0, tuple(inner))


def written(
    program: Program, names: Callable[[int], str] = "v{}".format, order: Callable[[list[int]], int] = min
) -> bytes:
    """The program as an archive (2). `names` are of its values, `order` picks the next step of those that may be."""
    body = _statements(program.steps, program, names, order, "    ")
    lines = [*_classes(program), *_net(program), "    x: Tensor) -> Tensor:", *body]
    code = "\n".join([*lines, f"    return {_name(program.returned, names)}", ""])
    return zipped(torchscript(_root(program), {"__torch__/net.py": code}))


def _name(value: int, names: Callable[[int], str]) -> str:
    return "x" if value == INPUT else names(value)


def _statements(
    steps: tuple[Step, ...], program: Program, names: Callable[[int], str], order: Callable[[list[int]], int], lead: str
) -> list[str]:
    waiting = {step.name: step for step in steps}
    lines = []
    while waiting:
        ready = [name for name, step in waiting.items() if not any(value in waiting for value in _needs(step))]
        step = waiting.pop(order(ready))
        given = ", ".join(_name(value, names) for value in step.taken)
        made = names(step.name)
        if step.kind == "branch":
            inner = _statements(step.inner, program, names, order, f"{lead}  ")
            last = names(step.inner[-1].name)
            lines += [f"{lead}if bool(torch.gt(torch.sum({given}), 0)):", *inner, f"{lead}  {made} = {last}"]
            lines += [f"{lead}else:", f"{lead}  {made} = {given}"]
        elif step.kind == "module":
            path = program.modules[step.name].path.split(".")
            lines += [f"{lead}{made} = (self.{'.'.join(path)}).forward({given}, )"]
        elif step.kind == "number":
            lines += [f"{lead}{made} = torch.{step.operator}({given}, {step.number})"]
        else:
            lines += [f"{lead}{made} = torch.{step.operator}({given})"]
    return lines


def _needs(step: Step) -> set[int]:
    inner = {value for each in step.inner for value in each.taken} - {each.name for each in step.inner}
    return {*step.taken, *inner}


def _classes(program: Program) -> list[str]:
    lines = []
    for name in program.modules:
        lines += [f"class M{name}(Module):", '  __parameters__ = ["weight", ]', "  __buffers__ = []"]
        lines += ["  weight : Tensor", "  training : bool", f"  def forward(self: __torch__.net.M{name},"]
        lines += ["    x: Tensor) -> Tensor:", "    return torch.linear(x, self.weight)"]
    for holder in _holders(program):
        lines += [f"class {holder.title()}(Module):", "  __parameters__ = []", "  __buffers__ = []"]
        lines += [*_attributes(program, f"{holder}."), "  training : bool"]
    return lines


def _holders(program: Program) -> list[str]:
    return sorted({held.path.partition(".")[0] for held in program.modules.values() if "." in held.path})


def _attributes(program: Program, lead: str) -> list[str]:
    own = [(name, held.path.removeprefix(lead)) for name, held in program.modules.items() if held.path.startswith(lead)]
    return [f"  {path} : __torch__.net.M{name}" for name, path in own if "." not in path]


def _net(program: Program) -> list[str]:
    held = [f"  {holder} : __torch__.net.{holder.title()}" for holder in _holders(program)]
    lines = ["class Net(Module):", "  __parameters__ = []", "  __buffers__ = []", "  training : bool"]
    return [*lines, *held, *_attributes(program, ""), "  def forward(self: __torch__.net.Net,"]


def _root(program: Program) -> Any:
    parts: dict[str, Any] = {}
    for name, held in program.modules.items():
        weight = tensor(held.size, 4, dtype=held.dtype, device=held.device)
        made = module(f"net.M{name}", weight=weight)
        owner, _, leaf = held.path.rpartition(".")
        if owner:
            parts.setdefault(owner, {})[leaf] = made
        else:
            parts[leaf] = made
    made_parts = {
        key: module(f"net.{key.title()}", **part) if isinstance(part, dict) else part for key, part in parts.items()
    }
    return module("net.Net", **made_parts)


JOINT, SHIFT = 50_000, 100_000
AGAIN = {"m": "w", "body": "tail", "head": "neck", "extra": "more", "another": "other"}


def joined(first: Program, second: Program) -> Program:
    """A program that does what one does, then three operators, and then what the other one does."""
    joint = [Step(JOINT, "number", "cumsum", (first.returned,), 0), Step(JOINT + 1, "unary", "sin", (JOINT,))]
    joint.append(Step(JOINT + 2, "number", "softmax", (JOINT + 1,), 1))
    steps = (*first.steps, *joint, *_shifted(second.steps))
    modules = {
        **first.modules,
        **{name + SHIFT: held._replace(path=_again(held.path)) for name, held in second.modules.items()},
    }
    return Program(steps, modules, _at(second.returned))


def _at(value: int) -> int:
    return JOINT + 2 if value == INPUT else value + SHIFT


def _shifted(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(
        step._replace(name=step.name + SHIFT, taken=tuple(map(_at, step.taken)), inner=_shifted(step.inner))
        for step in steps
    )


def _again(path: str) -> str:
    parts = path.split(".")
    return ".".join(AGAIN.get(part, part.replace("m", "w")) for part in parts)


class Edit(NamedTuple):
    """An edit (3)."""

    program: Program
    kind: str
    subject: str
    word: str


@st.composite
def edits(draw: Draw, program: Program) -> Edit:
    """One edit of a program."""
    steps = program.steps
    makes = [_inserted, _called]
    makes += [_removed] if any(step.kind == "unary" for step in steps) else []
    makes += [_replaced] if any(step.kind == "unary" for step in steps) else []
    makes += [_rewired] if any(step.kind == "binary" for step in steps) else []
    makes += [_numbered] if any(_numbers(step) for step in steps) else []
    makes += [_moved, _weighed, _uncalled] if program.modules else []
    edit: Edit = draw(st.sampled_from(makes))(draw, program)
    return edit


def _put(program: Program, old: Step, *new: Step) -> tuple[Step, ...]:
    return tuple(each for step in program.steps for each in (new if step is old else (step,)))


def _taking(steps: tuple[Step, ...], old: int, new: int, but: int) -> tuple[Step, ...]:
    """The steps, taking one value where they took another."""
    return tuple(
        step
        if step.name == but
        else step._replace(
            taken=tuple(new if value == old else value for value in step.taken),
            inner=_taking(step.inner, old, new, but),
        )
        for step in steps
    )


def _of(draw: Draw, program: Program, *kinds: str) -> Step:
    found: Step = draw(st.sampled_from([step for step in program.steps if step.kind in kinds]))
    return found


def _after(program: Program, step: Step, new: Step) -> Program:
    """A program with a new step between one and all that take what it makes."""
    steps = _taking(_put(program, step, step, new), step.name, new.name, new.name)
    returned = new.name if program.returned == step.name else program.returned
    return Program(steps, program.modules, returned)


def _inserted(draw: Draw, program: Program) -> Edit:
    step = draw(st.sampled_from(program.steps))
    operator = draw(st.sampled_from(UNARY))
    return Edit(_after(program, step, Step(900, "unary", operator, (step.name,))), "added", "operator", operator)


def _called(draw: Draw, program: Program) -> Edit:
    step = draw(st.sampled_from(program.steps))
    new = _after(program, step, Step(901, "module", "linear", (step.name,)))
    return Edit(new._replace(modules={**program.modules, 901: Held("extra")}), "added", "module", "extra")


def without(program: Program, step: Step) -> Program:
    """A program without a step, whose takers take what it took."""
    steps = _taking(_put(program, step), step.name, step.taken[0], -2)
    returned = step.taken[0] if program.returned == step.name else program.returned
    modules = {name: held for name, held in program.modules.items() if name != step.name}
    return Program(steps, modules, returned)


def _removed(draw: Draw, program: Program) -> Edit:
    step = _of(draw, program, "unary")
    return Edit(without(program, step), "removed", "operator", step.operator)


def _uncalled(draw: Draw, program: Program) -> Edit:
    step = _of(draw, program, "module")
    path = program.modules[step.name].path
    holder = path.partition(".")[0]
    alone = sum(held.path.startswith(f"{holder}.") for held in program.modules.values()) == 1
    return Edit(without(program, step), "removed", "module", holder if alone else path)


def _replaced(draw: Draw, program: Program) -> Edit:
    step = _of(draw, program, "unary")
    operator = draw(st.sampled_from([name for name in UNARY if name != step.operator]))
    steps = _put(program, step, step._replace(operator=operator))
    return Edit(program._replace(steps=steps), "changed", "operator", operator)


def _rewired(draw: Draw, program: Program) -> Edit:
    step = _of(draw, program, "binary")
    place = program.steps.index(step)
    known = [INPUT, *(each.name for each in program.steps[:place])]
    other = draw(st.sampled_from(known))
    steps = _put(program, step, step._replace(taken=(step.taken[0], other)))
    return Edit(program._replace(steps=steps), "changed", "operator", step.operator)


def _numbers(step: Step) -> bool:
    return step.kind == "number" or any(map(_numbers, step.inner))


def _numbered(draw: Draw, program: Program) -> Edit:
    step: Step = draw(st.sampled_from([step for step in program.steps if _numbers(step)]))
    if step.kind == "number":
        steps = _put(program, step, step._replace(number=step.number - 1))
        return Edit(program._replace(steps=steps), "changed", "operator", step.operator)
    inner: Step = draw(st.sampled_from([each for each in step.inner if _numbers(each)]))
    within = tuple(each._replace(number=each.number - 1) if each is inner else each for each in step.inner)
    steps = _put(program, step, step._replace(inner=within))
    return Edit(program._replace(steps=steps), "changed", "operator", inner.operator)


def _held(draw: Draw, program: Program, **changed: Any) -> Program:
    name = draw(st.sampled_from(sorted(program.modules)))
    return program._replace(modules={**program.modules, name: program.modules[name]._replace(**changed)})


def _weighed(draw: Draw, program: Program) -> Edit:
    changed = draw(st.sampled_from([{"dtype": "float64"}, {"size": 7}, {"device": "cuda:0"}]))
    return Edit(_held(draw, program, **changed), "changed", "weight", "weight")


def _moved(draw: Draw, program: Program) -> Edit:
    return Edit(_held(draw, program, path="another"), "moved", "module", "another")

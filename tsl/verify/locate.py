"""The cause of a divergence: the line that decides, and the node from which on the graph is another.

Needs torch; for the child process. It works on a divergence that was seen, and will never look for one.

The model is traced anew on the example and on the perturbed input. A trace of the perturbed input does there what the
model does, so what sets the two traces apart is why the trace of the example is wrong. Asked are, in this order:

1. A decision (see `watch`) that came out differently and is the cause: with this decision forced to what the example
   made of it, a trace of the perturbed input goes wrong on that very input. A decision whose arms agree is none.
2. A constant that differs between graphs that are otherwise one, and goes wrong when it alone is put into the other.
3. The first node from which on the graphs are not one.
4. Where the graphs are one, or the trace of the perturbed input is wrong as well: the first call of torch that has
   another result while the model is traced than while it runs, the last line before their ways part, an assignment to
   `.data`; then the first node of the graph that computes what the model does not; then the line that torch names when
   it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tsl.entry.inputs import Inputs
from tsl.entry.place import Place
from tsl.entry.places import in_text, of_error, place_of_stack
from tsl.record import Record
from tsl.verify.compare import difference, same
from tsl.verify.graphs import computed_by, graph_of, parting, told, unlike_constants, with_constant
from tsl.verify.perturb import Setting, Trial
from tsl.verify.runs import RAISED, Answer, Subject, Traced, Watcher, answer
from tsl.verify.verdict import Decision, Node
from tsl.verify.watch import Event, Key, Steps, Watch, worded

# So many calls in so many places are tried as the cause: each costs a trace and a run.
MOST = 16
SHOWN = 60
UNPACKING = "elements in a list"


class Scene(Record):
    """A divergence that was seen: the model's answer in a trial, and the trace's, which differs.

    `home` is the file under test; `on_time` says whether there is time for more.
    """

    subject: Subject
    example: Inputs
    trial: Trial
    eager: Answer
    traced: Answer
    home: str
    on_time: Callable[[], bool]


class Cause(Record):
    """Where two traces part: the line that decides, the first node that differs, the decision."""

    place: Place | None = None
    node: Node | None = None
    decision: Decision | None = None


class _Seen(Record):
    """A traced module and the decisions made on the way."""

    traced: Traced
    decisions: dict[Key, Event]


def locate(scene: Scene) -> Cause:
    """The cause of a divergence, as far as it can be told."""
    trial = scene.trial
    try:
        first = _seen(scene, scene.example, Setting(mode=trial.setting.mode))
        second = _seen(scene, trial.inputs, trial.setting)
    except RAISED as error:  # what runs here can only be traced somewhere else
        return Cause(of_error(error, scene.home))
    if _goes_wrong(scene, scene.subject.traced(second.traced, trial.inputs, trial.setting)):
        return _untracked(scene)
    node = _parting_node(scene, first, second)
    found = _decision(scene, first, second) or _constant(scene, first, second)
    if found is not None:
        return found._replace(node=node or found.node)
    return Cause(node.place, node) if node else _untracked(scene)


def _seen(scene: Scene, inputs: Inputs, setting: Setting) -> _Seen:
    watch = Watch(scene.home)
    traced = scene.subject.trace(inputs, setting, watch)
    return _Seen(traced, watch.decisions)


def _goes_wrong(scene: Scene, there: Answer) -> bool:
    """Whether an answer to the perturbed input is not the model's."""
    return there.error is not None or bool(difference(scene.eager.value, there.value))


def _decision(scene: Scene, first: _Seen, second: _Seen) -> Cause | None:
    """The first decision that came out differently and is the cause (1)."""
    for keys in _differing(first, second):
        if not scene.on_time():
            return None
        key = keys[0]
        forced = {one: event.learned for one, event in first.decisions.items() if one[:2] == key[:2]}
        if _is_cause(scene, forced, lengths=first.decisions[key].is_length):
            gave = [_shown(seen.decisions[key].learned) for seen in (first, second)]
            return Cause(key.place, None, Decision(_call(first.decisions[key]), *gave))
    return None


def _differing(first: _Seen, second: _Seen) -> list[list[Key]]:
    """The decisions that both traces made and that came out differently, those of one call in one place together."""
    groups: dict[tuple[Place, str], list[Key]] = {}
    for key, event in second.decisions.items():
        other = first.decisions.get(key)
        if other is not None and not same(event.learned, other.learned):
            groups.setdefault((key.place, key.call), []).append(key)
    return list(groups.values())[:MOST]


def _is_cause(scene: Scene, forced: dict[Key, Any], *, lengths: bool) -> bool:
    """Whether the perturbed input goes wrong when it is traced with decisions forced.

    A list of another length needs no trial where this is what the trace fails of.
    """
    trial = scene.trial
    if lengths and UNPACKING in str(scene.traced.error):
        return True
    try:
        traced = scene.subject.trace(trial.inputs, trial.setting, Watch(scene.home, forced))
    except RAISED:
        return True
    return _goes_wrong(scene, scene.subject.traced(traced, trial.inputs, trial.setting))


def _constant(scene: Scene, first: _Seen, second: _Seen) -> Cause | None:
    """The first constant that is the cause (2)."""
    try:
        (one, _), (other, weights) = graph_of(first.traced.module), graph_of(second.traced.module)
    except RuntimeError:  # holds what is no tensor, and cannot be run without its module
        return None
    trial = scene.trial
    for slot in unlike_constants(one, other)[:MOST]:
        function = with_constant(other, weights, slot, one)
        there = answer(function, trial.inputs, trial.setting)
        if _goes_wrong(scene, there):
            node = told(other, slot.step, scene.home)
            return Cause(node and node.place, node)
    return None


def _parting_node(scene: Scene, first: _Seen, second: _Seen) -> Node | None:
    """The first node that is another (3): of the two, the one that stands first in the text of one function."""
    one, other = first.traced.module.inlined_graph, second.traced.module.inlined_graph
    place = parting(one, other)
    if place is None:
        return None
    here, there = told(other, place, scene.home), told(one, place, scene.home)
    if not (here and there and here.place and there.place):
        return next((node for node in (here, there) if node and node.place), here or there)
    is_later = here.place[::2] == there.place[::2] and here.place.line > there.place.line
    return there if is_later else here


def _untracked(scene: Scene) -> Cause:
    """The cause where the model is another while it is traced (4)."""
    runs, traces = (Watch(scene.home, keeps=True) for _ in range(2))
    ran, was_traced = Steps(), Steps()
    trial = scene.trial
    scene.subject.eager(trial.inputs, trial.setting, _both(runs, ran))
    try:
        traced = scene.subject.trace(trial.inputs, trial.setting, _both(traces, was_traced))
    except RAISED as error:
        return Cause(of_error(error, scene.home))
    place = _unlike_result(runs, traces) or _last_in_common(ran.lines, was_traced.lines, scene.home)
    written = (event.key.place for event in traces.events if event.key.call == "data =")  # which no trace holds
    place = place or next(written, None)
    node = None if place else _unlike_node(scene, traced, runs)
    return Cause(place or (node and node.place) or _failing_line(scene), node)


def _unlike_result(runs: Watch, traces: Watch) -> Place | None:
    """The first call with another result while the model is traced, as long as the calls are the same."""
    for event, other in zip(_of_tensors(runs), _of_tensors(traces), strict=False):
        if event.key[:2] != other.key[:2]:
            return None
        if difference(event.result, other.result):
            return event.key.place
    return None


def _unlike_node(scene: Scene, traced: Traced, runs: Watch) -> Node | None:
    """The first node of the graph that computes what the model computes nowhere in the line it was traced from."""
    computed: dict[Place, list[Any]] = {}
    for event in _of_tensors(runs):
        computed.setdefault(event.key.place, []).append(event.result)
    trial = scene.trial
    for node, value in computed_by(traced.module, trial.inputs, trial.setting, scene.home):
        known = computed.get(node.place) if node.place else None
        if known and all(difference(one, value) for one in known):
            return node
    return None


def _last_in_common(ran: list[Place], was_traced: list[Place], home: str) -> Place | None:
    """The last line, of the file under test if there is one, before two ways part; None where they do not."""
    place = next((place for place, (one, other) in enumerate(zip(ran, was_traced, strict=False)) if one != other), None)
    if place is None and len(ran) == len(was_traced):
        return None
    return place_of_stack(reversed(ran[: min(len(ran), len(was_traced)) if place is None else place]), home)


@contextmanager
def _both(one: Watcher, other: Watcher) -> Iterator[None]:
    with one, other:
        yield


def _of_tensors(watch: Watch) -> Iterator[Event]:
    """The events that hold what a model computes: no sizes, which are tensors only while it is traced."""
    for event in watch.events:
        one = event.result
        if isinstance(one, torch.Tensor) and (one.dim() or one.is_floating_point() or one.is_complex()):
            yield event


def _failing_line(scene: Scene) -> Place | None:
    """The line torch names when it fails in the trace."""
    return None if scene.traced.error is None else in_text(str(scene.traced.error), scene.home)


def _call(event: Event) -> str:
    words = worded(event.key.call)
    return f"the length of {words}" if event.is_length else words


def _shown(value: Any) -> str:
    if getattr(value, "shape", ()):  # an array, of which no few numbers say how it differs
        return f"an array of {value.dtype}{list(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."

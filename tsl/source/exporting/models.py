"""What a model's class says to those who export it: whether its mode matters, what it exports, what a trace loses.

Definition: a class is *modal* when its source, or that of a class it mentions, holds a layer or a flag that makes train
mode compute something else: dropout, batch normalisation, `self.training`. Where it mentions a class of another library
that is not read it may be.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.exporting.orders import IN_TRAIN_MODE, MODAL_LAYERS, MODAL_WITH_DROPOUT
from tsl.source.exporting.things import Thing
from tsl.source.facts import CHECKS, Call, Fact, Note, Use
from tsl.source.names import Names
from tsl.source.refs import Instance, Routine
from tsl.source.session import Session
from tsl.source.torch_hand import GUARDS
from tsl.source.tree import decorator_names, last_name, walk

MAX_CLASSES = 40
DATA_USES = frozenset("if while ternary boolean filter match number item list predicate iterate".split())
RANDOM = ("rand", "bernoulli", "multinomial", "normal", "poisson")
PLAIN_ROOTS = frozenset("torch builtins math numpy typing collections functools itertools einops logging os".split())


def modality(thing: Thing) -> str | None:
    """What in a model depends on its mode; empty where nothing does, None where that is unknown."""
    if thing.source is not None:
        return _modality_of_class(thing.source)
    if thing.path.startswith("torch.nn."):
        name = thing.path.rpartition(".")[2]
        return None if name == "Module" else name if name in MODAL_LAYERS else ""
    return thing.path.partition("(")[0] if thing.path.startswith(IN_TRAIN_MODE) else None


def _modality_of_class(cls: Class) -> str | None:
    unknown = False
    for one in _mentioned(cls):
        answer = one.module.once(_modal_part, one.node)
        if answer:
            return answer
        unknown = unknown or answer is None or any(not _is_plain(path) for path in one.foreign)
    return None if unknown else ""


def _is_plain(path: str) -> bool:
    return path.partition(".")[0] in PLAIN_ROOTS


def _mentioned(cls: Class) -> Iterator[Class]:
    """A class, its bases, and the classes they name, each once."""
    seen: list[Class] = []
    queue = [cls]
    while queue and len(seen) < MAX_CLASSES:
        one = queue.pop(0)
        if one in seen:
            continue
        seen.append(one)
        yield one
        queue += one.bases
        for node in walk([one.node]):
            found = one.module.class_named(node.func) if isinstance(node, _ast.Call) else None
            if found is not None and found.is_module:
                queue.append(found)


def _modal_part(cls: Any, names: Names) -> str | None:
    unknown = False
    for node in walk([cls]):
        if isinstance(node, _ast.Attribute) and node.attr == "training" and isinstance(node.ctx, _ast.Load):
            return "training"
        if not isinstance(node, _ast.Call):
            continue
        path = names.dotted(node.func) or ""
        name = last_name(node.func)
        if path.startswith(IN_TRAIN_MODE):
            return path
        if path.startswith("torch.nn.") and _is_modal(name, node):
            return name
        unknown = unknown or (not _is_plain(path) and "." in path and name[:1].isupper())
    return None if unknown else ""


def _is_modal(name: str, call: Any) -> bool:
    dropout = [one.value for one in call.keywords if one.arg in ("dropout", "p")]
    dropout += call.args[:1] if "Dropout" in name else []
    is_off = any(isinstance(one, _ast.Constant) and not one.value for one in dropout)
    return (name in MODAL_LAYERS and not is_off) or (name in MODAL_WITH_DROPOUT and bool(dropout) and not is_off)


def exported(cls: Class | None) -> frozenset[str]:
    """The methods besides `forward` that a class marks with torch.jit.export."""
    if cls is None:
        return frozenset()
    methods = ((name, node) for one in cls.ancestors() for name, node in one.methods.items())
    return frozenset(name for name, node in methods if "export" in decorator_names(node) and name != "forward")


def parameters_of(thing: Thing) -> list[str] | None:
    """The names of what forward takes; None where it is not read or takes any number."""
    found = thing.source.find("forward") if thing.source else None
    if found is None or found[0].args.vararg or found[0].args.kwarg:
        return None
    arguments = found[0].args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)][1:]


def has_parameters(thing: Thing) -> bool:
    """Whether a model that is read holds layers or parameters that a trace would record gradients of."""
    if thing.source is None:
        return thing.path.startswith(("torch.nn.Linear", "torch.nn.Conv", *IN_TRAIN_MODE))
    return any(one.module.once(_registers, one.node) for one in _mentioned(thing.source))


LEARNED = ("Linear", "Conv", "Embedding", "LSTM", "GRU", "RNN", "BatchNorm", "LayerNorm", "Parameter", "Multihead")


def _registers(cls: Any, names: Names) -> bool:
    calls = (node for node in walk([cls]) if isinstance(node, _ast.Call))
    paths = (names.dotted(node.func) or "" for node in calls)
    return any(path.startswith("torch.nn.") and path.rpartition(".")[2].startswith(LEARNED) for path in paths)


class Hazards:
    """What a trace of a model loses: the first place where data decides, how many there are, the first random draw."""

    __slots__ = ("count", "data", "random")

    def __init__(self, data: list[Use], random: list[Call]) -> None:
        self.count = len(data)
        self.data = Note(data[0].file, data[0].node, "data decides here") if data else None
        self.random = Note(random[0].file, random[0].node, "a random draw") if random else None


def judged(
    cls: Class, watched: frozenset[str] = frozenset(), guards: Mapping[str, bool] = GUARDS
) -> list[tuple[Routine, Fact]]:
    """What the source engine finds in a class from its `forward` on, and in which function, in the order of places."""
    found = cls.find("forward")
    if found is None:
        return []
    session = Session(cls.module, watched, guards)
    session.judge(Routine(found[0], found[1].module, found[1], values.reference(Instance(cls, None))))
    facts = ((session.judged[home], fact) for home, facts in session.facts.items() for fact in facts.values())
    return sorted(facts, key=lambda pair: (pair[1].file.path, pair[1].node.lineno, pair[1].node.col_offset))


def hazards(cls: Class) -> Hazards:
    """The same, from the source engine."""
    facts = [fact for _, fact in judged(cls)]
    data = [fact for fact in facts if isinstance(fact, Use) and _is_hazard(fact)]
    random = [fact for fact in facts if isinstance(fact, Call) and fact.name.startswith(RANDOM)]
    return Hazards(data, [fact for fact in random if "training" not in fact.inside])


def _is_hazard(use: Use) -> bool:
    return use.how in DATA_USES and use.depends_on.data and use.effect != CHECKS and use.certain

"""What a model's class says to those who export it: whether its mode matters, what it exports, what a trace loses.

Definition: a class is *modal* when its source, or that of a class it mentions, holds a layer or a flag that makes train
mode compute something else: dropout, batch normalisation, `self.training`. Where it mentions a class of another library
that is not read it may be.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.record import Record
from tsl.source import values
from tsl.source.classes import Class
from tsl.source.exporting.orders import IN_TRAIN_MODE, MODAL_LAYERS, MODAL_WITH_DROPOUT
from tsl.source.exporting.things import Thing
from tsl.source.facts import CHECKS, Call, Fact, Note, Use
from tsl.source.module import Module
from tsl.source.names import Names
from tsl.source.refs import Instance, Routine
from tsl.source.session import Session
from tsl.source.torch_hand import GUARDS
from tsl.source.tree import decorator_names, last_name, walk

MAX_PIECES = 60
DATA_USES = frozenset("if while ternary boolean filter match number item list predicate iterate".split())
RANDOM = (
    *("rand", "bernoulli", "multinomial", "normal", "poisson", "gumbel_softmax", "fractional_max_pool"),
    *("uniform_", "exponential_", "cauchy_", "geometric_", "log_normal_"),
)
PLAIN_ROOTS = frozenset("torch builtins math numpy typing collections functools itertools einops logging os".split())


class Piece(Record):
    """A class or function whose code makes a model, and its module."""

    node: Any
    module: Module
    cls: Class | None = None


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
        foreign = one.cls.foreign if one.cls is not None else ()
        unknown = unknown or answer is None or any(not _is_plain(path) for path in foreign)
    return None if unknown else ""


def modal_layers(thing: Thing) -> list[str]:
    """What in a model that is read depends on its mode, each once."""
    if thing.source is None:
        found = modality(thing)
        return [found] if found else []
    pieces = _mentioned(thing.source)
    return list(dict.fromkeys(layer for one in pieces for layer in one.module.once(_modal_parts, one.node)))


def _is_plain(path: str) -> bool:
    return path.partition(".")[0] in PLAIN_ROOTS


def _mentioned(cls: Class) -> Iterator[Piece]:
    """A class, its bases, the classes and functions they call, and those that these call, each once."""
    seen: list[Any] = []
    queue = [Piece(cls.node, cls.module, cls)]
    while queue and len(seen) < MAX_PIECES:
        piece = queue.pop(0)
        if piece.node in seen:
            continue
        seen.append(piece.node)
        yield piece
        queue += [Piece(base.node, base.module, base) for base in (piece.cls.bases if piece.cls is not None else ())]
        for node in walk([piece.node]):
            found = _called(node, piece.module) if isinstance(node, _ast.Call) else None
            if found is not None:
                queue.append(found)


def _called(call: Any, module: Module) -> Piece | None:
    """The class of a module, or the function, that a call names; None where it is another or is not read."""
    cls = module.class_named(call.func)
    if cls is not None:
        return Piece(cls.node, cls.module, cls) if cls.is_module else None
    if isinstance(call.func, _ast.Name) and call.func.id in module.names.functions:
        return Piece(module.names.functions[call.func.id], module)
    path = module.names.dotted(call.func)
    found = module.modules.find(path, module) if path and not _is_plain(path) else None
    function = found.module.names.functions.get(found.name) if found is not None and not found.rest else None
    return Piece(function, found.module) if found is not None and function is not None else None


def _modal_part(cls: Any, names: Names) -> str | None:
    """The first part of a class that depends on the mode; empty where none does, None where that is unknown."""
    found = _modal_parts(cls, names)
    if found:
        return found[0]
    unknown = any(path.rpartition(".")[2] in MODAL_LAYERS for path in _handed_on(cls, names))
    for node in walk([cls]):
        path = names.dotted(node.func) or "" if isinstance(node, _ast.Call) else ""
        unknown = unknown or (not _is_plain(path) and "." in path and last_name(node.func)[:1].isupper())
    return None if unknown else ""


def _modal_parts(cls: Any, names: Names) -> list[str]:
    """The layers and flags of a class that depend on the mode."""
    found = []
    for node in walk([cls]):
        if isinstance(node, _ast.Attribute) and node.attr == "training" and isinstance(node.ctx, _ast.Load):
            found.append("training")
        path = names.dotted(node.func) or "" if isinstance(node, _ast.Call) else ""
        if path.startswith(IN_TRAIN_MODE):
            found.append(path)
        elif path.startswith("torch.nn.") and _is_modal(last_name(node.func), node):
            found.append(last_name(node.func))
    return found


def _handed_on(cls: Any, names: Names) -> Iterator[str]:
    """The layers of torch that are named and not called, of which one may be made: `norm=nn.BatchNorm2d`."""
    asked: set[int] = set()
    for node in walk([cls]):
        if isinstance(node, _ast.Call):
            asked.add(id(node.func))
            if last_name(node.func) in ("isinstance", "issubclass"):
                asked.update(id(one) for one in walk(node.args))
        elif isinstance(node, _ast.Attribute) and id(node) not in asked:
            path = names.dotted(node) or ""
            if path.startswith("torch.nn."):
                yield path


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

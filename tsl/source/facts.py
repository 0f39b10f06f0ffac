"""What the source engine tells rules: judged functions, and the uses of traced values in them.

A *use* is a place where Python takes a traced value for a plain one: tests its truth, counts, prints, unpacks it. The
engine records uses; rules ask for them by how the value is used and by what it depends on. Rules see nothing else of
the engine, so what stands here is its whole promise to them.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.record import Record
from tsl.source import values
from tsl.source.file import SourceFile
from tsl.source.refs import Arguments, Instance
from tsl.source.values import Value

# The ways that test a truth; of metadata only these are uses
TESTS = frozenset({"if", "while", "assert", "ternary", "filter", "boolean", "match"})
# Methods that fill a tensor with what numbers say
FILLS = frozenset("uniform_ normal_ random_ exponential_ geometric_ log_normal_ cauchy_".split())
# What becomes of the arms of a test (see `effects`)
DIFFERS, CHECKS, SAME = "differs", "checks", "same"


class Origins(Record):
    """What a value depends on, as words a rule can ask for."""

    flags: int

    @property
    def data(self) -> bool:
        """The numbers inside an input tensor, or a length that depends on them."""
        return bool(self.flags & values.DATA)

    @property
    def size(self) -> bool:
        """A size of an input, and no data."""
        return bool(self.flags & values.SIZES) and not self.data

    @property
    def only_static(self) -> bool:
        """Weights, buffers and their sizes, and no input: the same on every run until the model is trained again."""
        return self.flags & (values.STATIC | values.DATA | values.SIZES) == values.STATIC

    @property
    def metadata(self) -> str:
        """The metadata of a tensor that decides: rank, dtype, device, layout, grad or mode; empty where none does."""
        return next((name for name, flag in METADATA if self.flags & flag), "")


METADATA = (
    ("rank", values.RANK),
    ("dtype", values.DTYPE),
    ("device", values.DEVICE),
    ("layout", values.LAYOUT),
    ("grad", values.GRAD),
    ("mode", values.MODE),
)


class Note(Record):
    """A place that tells a part of a finding's story."""

    file: SourceFile
    node: Any
    text: str


class Use(Record):
    """A traced value where Python wants a plain one: at `node`, taken `how`, with what `effect` on the program."""

    node: Any
    how: str
    value: Value
    effect: str
    file: SourceFile
    inside: frozenset[str] = frozenset()

    @property
    def depends_on(self) -> Origins:
        """What decides the Python value."""
        return Origins(self.value.origin)

    @property
    def certain(self) -> bool:
        """Whether the value is traced on every path; else a plain Python value may stand here too."""
        return not self.value.kind & values.TRACED or self.value.is_only(values.TRACED)

    @property
    def text(self) -> str:
        """The expression as the user wrote it, on one line, cut short."""
        return self.file.segment(self.node)

    @property
    def about(self) -> str:
        """What a fix has to know: `tensor` where the value is one on every path, or what is counted is."""
        is_tensor = self.certain if self.how == "len" else self.value.is_only(values.TENSOR)
        return "tensor" if is_tensor else ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two uses, found in two contexts of a function, the same."""
        return (id(self.node), self.how)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same uses stands: one that depends on an input, then a certain one, then a fixed order."""
        told = [(file.path, node.lineno, node.col_offset) for file, node, _ in self.value.trail]
        plain = (self.value.origin, self.value.kind, self.effect, sorted(self.inside))
        return (not self.depends_on.only_static, self.certain, *plain, told)

    @property
    def only_checks(self) -> bool:
        """Whether what is lost is a check: the arms only raise, warn or assert."""
        return self.effect == CHECKS

    @property
    def labels(self) -> Iterator[Note]:
        """Where the value became a tensor, then a traced number."""
        for file, node, text in self.value.trail:
            yield Note(file, node, text)


class Call(Record):
    """A call of a function of torch or of another library that is in WATCHED, or of a tensor method that is."""

    node: Any
    path: str
    base: Value | None
    arguments: Arguments
    file: SourceFile
    inside: frozenset[str] = frozenset()
    how: str = "call"

    @property
    def about(self) -> str:
        """What a fix has to know: `tensor` where `device=` is that of a tensor on every path, `maybe` on some."""
        device = self.arguments.keywords.get("device")
        if device is None or not device.origin & values.DEVICE:
            return ""
        return "tensor" if device.is_only(values.META) else "maybe"

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two calls, found in two contexts of a function, the same: what they are given as well."""
        return (id(self.node), self.arguments.key(), self.base.key(2) if self.base else None)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same calls stands."""
        return tuple(sorted(self.inside))

    @property
    def name(self) -> str:
        """The last part of the path: `zeros`, `LSTM`, `to`."""
        return self.path.rpartition(".")[2]

    @property
    def text(self) -> str:
        """The call as the user wrote it, on one line, cut short."""
        return self.file.segment(self.node)


class Write(Record):
    """An attribute of the module that is assigned while the model runs."""

    node: Any
    name: str
    value: Value
    file: SourceFile
    inside: frozenset[str] = frozenset()
    how: str = "write"

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two writes, found in two contexts of a function, the same."""
        return (id(self.node), self.how)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same writes stands: one of what depends most on an input, and a fixed order after that."""
        return (self.value.origin, self.value.kind, sorted(self.inside))

    @property
    def text(self) -> str:
        """The attribute as the user wrote it."""
        return self.file.segment(self.node)


class Event(Record):
    """Something at `node` that harms a trace and is no use of a value as a plain one; `how` is one of ways.EVENTS."""

    node: Any
    how: str
    value: Value
    file: SourceFile
    inside: frozenset[str] = frozenset()

    @property
    def depends_on(self) -> Origins:
        """What the value depends on."""
        return Origins(self.value.origin)

    @property
    def text(self) -> str:
        """The expression as the user wrote it, on one line, cut short."""
        return self.file.segment(self.node)

    @property
    def dicts(self) -> Iterator[tuple[list[Any], list[Value]]]:
        """The known keys and the values of the outermost dicts in the value: itself, or those in its sequences."""
        queue = [self.value]
        while queue:
            value = queue.pop(0)
            inside = list(value.parts.values()) if isinstance(value.parts, Mapping) else list(value.parts or ())
            inside += [value.item] if value.item else []
            if value.is_only(values.DICT):
                yield list(value.parts) if isinstance(value.parts, Mapping) else [], inside
            elif value.is_only(values.SEQ):
                queue += inside

    @property
    def objects(self) -> Iterator[str]:
        """The classes of the objects that are the value, or in its sequences, and are neither a sequence nor a dict."""
        queue = [self.value]
        while queue:
            value = queue.pop(0)
            if value.is_only(values.SEQ) and not value.refs:
                queue += list(value.parts or ()) + ([value.item] if value.item else [])
            elif value.is_only(values.REF):
                yield from (ref.cls.name for ref in value.refs if isinstance(ref, Instance) and ref.cls.is_plain)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two events the same."""
        return (id(self.node), self.how)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same events stands, in a fixed order."""
        return (self.value.origin, self.value.kind, sorted(self.inside))


class Step(Record):
    """Something out of order in the life of a model, at `node`; `how` is one of ways.STEPS.

    `text` is the model, example or path as the user wrote it, `about` what else the sentence needs. `story` are the
    places that led here, `home` the function it stands in, or the module.
    """

    node: Any
    how: str
    file: SourceFile
    text: str
    about: str = ""
    certain: bool = True
    story: tuple[Note, ...] = ()
    home: Any = None
    qualname: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two steps, found on two ways through a file, the same."""
        return (id(self.node), self.how)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same steps stands: a certain one, and a fixed order after that."""
        return (self.certain, len(self.story), self.about, self.text)

    @property
    def labels(self) -> tuple[Note, ...]:
        """The places that led here."""
        return self.story


class Refusal(Record):
    """What the compiler of TorchScript refuses, or takes for something else, at `node`; `how` is the class of it.

    `about` is what a fix has to know of it: a type in TorchScript's words, or a name.
    """

    node: Any
    how: str
    text: str
    file: SourceFile
    inside: frozenset[str] = frozenset()
    about: str = ""
    labels: tuple[Note, ...] = ()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two refusals the same."""
        return (id(self.node), "script", self.how)

    @property
    def weight(self) -> tuple[Any, ...]:
        """Which of the same refusals stands: the first in a fixed order."""
        return (self.text,)


class Branch(Record):
    """A test that picks between arms."""

    test: Use

    @property
    def arms_only_check(self) -> bool:
        """Whether an arm does nothing but raise, warn or assert."""
        return self.test.only_checks


Fact = Use | Call | Write | Event | Step | Refusal


class Function:
    """A judged function or method: reached from a root, with the facts found in it on any of its calls."""

    __slots__ = ("facts", "file", "node", "qualname")

    def __init__(self, qualname: str, node: Any, file: SourceFile, facts: tuple[Fact, ...]) -> None:
        self.qualname, self.node, self.file, self.facts = qualname, node, file, facts

    @property
    def uses(self) -> Iterator[Use]:
        """Every use of a traced value or of metadata, in the order of the text."""
        return (fact for fact in self.facts if isinstance(fact, Use))

    def conversions(self, *how: str) -> Iterator[Use]:
        """The uses of these ways (`tsl.source.ways.WAYS` lists them), in the order of the text."""
        return (use for use in self.uses if use.how in how)

    def branches(self) -> Iterator[Branch]:
        """Every operand of an `if` or `elif` test that is a traced value."""
        return (Branch(use) for use in self.conversions("if") if use.value.kind & values.TRACED)

    def taken_out(self) -> frozenset[int]:
        """The identities of the expressions whose tensor becomes a plain Python value right where it is made."""
        ways = (*TESTS, "number", "item", "list", "numpy")
        return frozenset(id(part) for use in self.conversions(*ways) for part in _operands(use.node))

    def calls(self, *names: str) -> Iterator[Call]:
        """The watched calls whose path ends with one of these names."""
        return (fact for fact in self.facts if isinstance(fact, Call) and fact.name in names)

    def events(self, how: str) -> Iterator[Event]:
        """What happens in it of one of EVENTS."""
        return (fact for fact in self.facts if isinstance(fact, Event) and fact.how == how)

    def steps(self, how: str) -> Iterator[Step]:
        """What is out of order in it, of one of STEPS."""
        return (fact for fact in self.facts if isinstance(fact, Step) and fact.how == how)

    def refusals(self, how: str) -> Iterator[Refusal]:
        """What the compiler of TorchScript refuses in it, of one class."""
        return (fact for fact in self.facts if isinstance(fact, Refusal) and fact.how == how)

    def writes(self) -> Iterator[Write]:
        """The attributes of the module that are assigned while it runs."""
        return (fact for fact in self.facts if isinstance(fact, Write))


def _operands(node: Any) -> Iterator[Any]:
    """The expressions a conversion takes its value from, through comparisons and methods that are given numbers."""
    if isinstance(node, _ast.Call):
        parts = [*node.args, getattr(node.func, "value", None)]
    elif isinstance(node, _ast.Compare):
        parts = [node.left, *node.comparators]
    else:
        yield node
        return
    yield node
    for part in parts:
        yield part
        if isinstance(part, _ast.Compare):
            yield from _operands(part)
        yield from _receivers(part)


def _receivers(node: Any) -> Iterator[Any]:
    """What a chain of methods that no other tensor is given to begins with: `torch.empty(1)` of `.uniform_(0, 9)`."""
    while isinstance(node, _ast.Call) and isinstance(node.func, _ast.Attribute):
        if (node.args or node.keywords) and node.func.attr not in FILLS:
            return
        node = node.func.value
        yield node

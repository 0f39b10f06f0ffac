"""What PyTorch's fuser says of itself, read: its log, node by node.

Needs the text that `torch._C._jit_set_logging_option(">>tensorexpr_fuser")` makes torch write. It will never know a
graph or a reason.

1. A *section* is one pass of the fuser over one graph. It begins with the graph, whose values carry the types that
   profiling has found.
2. The fuser *considers* a node as the start of a group, and says which condition the node fails. Of a node it *tries
   to merge* into a group it says that too, and conditions that only the pair of them fails.
3. A node that is considered and fails no condition was *accepted*, unless nothing more is said of it: types that are
   complex or quantized are refused without a word.

Source: torch/csrc/jit/passes/tensorexpr_fuser.cpp (`scanNode`, `canHandle`, `canMerge`, `tryMerge`), torch 2.4 to 2.13.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tsl.record import Record

# Conditions of a node by itself (`canHandle`), as the log words them; the others are of a pair (`canMerge`).
SHAPES = "allShapesAreKnown(node)"
DEVICE_OFF = "isFusableOnDevice(node)"
EXCLUDED = "operators_not_to_fuse.find(node->kind()) == operators_not_to_fuse.end()"
ONE_DEVICE = "tensorexpr::pickDeviceType(node->inputs())"
LIST_DEVICE = "tensorexpr::pickDeviceType(listconstruct->inputs())"
TRAINING_KNOWN = "node->input(5)->node()->kind() == prim::Constant"
NOT_TRAINING = "!toIValue(node->input(5)).value().toBool()"
SUPPORTED = "tensorexpr::isSupported(node)"
TYPES = "typesAreSupported(node)"
OF_LISTS = frozenset(
    [
        "node->input(0)->node()->kind() == prim::ListConstruct",
        "node->input(0)->uses().size() == 1",
        "node->input(1)->node()->kind() == prim::Constant",
    ]
)
ALIAS = "aliasDb_->couldMoveBeforeTopologically(producer, consumer)"
MOVED = "moved by alias analysis"  # for "Failed to move because of AliasDB checks!"
ONE_USE = "use.user == consumer"
ARGUMENTS = frozenset(["nInputs <= subgraphArgLimit", "(nInputs + listConstruct->inputs().size()) <= subgraphArgLimit"])
DEVICES = frozenset(["*consumer_device == *producer_device", "*listconstruct_device == *consumer_device"])
_SYMBOLIC = "node->kind() == prim::ListConstruct"  # how the condition on shape functions begins
_OF_NODE = frozenset(
    [SHAPES, DEVICE_OFF, EXCLUDED, ONE_DEVICE, LIST_DEVICE, TRAINING_KNOWN, NOT_TRAINING, SUPPORTED, TYPES, *OF_LISTS]
)
_SUMMARY = "canHandle(producer)"  # repeats what was said of the producer

_PREFIX = re.compile(r"^\[[A-Z]+ +tensorexpr_fuser\.cpp:\d+\] ?")
_VALUE = re.compile(r"%([\w.]+) : ([A-Z]\w*(?:\([^()]*\))?)")
_NAME = re.compile(r"%([\w.]+) :")
_USED = re.compile(r"%([\w.]+)")
_KIND = re.compile(r"[\w:]+")
_SOURCE = re.compile(r" # (.+):(\d+):\d+$")
LIST = "prim::ListConstruct"
_GROUP = re.compile(r"^with prim::TensorExprGroup_\d+ = ")


class Made(Record):
    """How a value came about before anything was fused: the operator, its inputs, its own recorded line."""

    kind: str
    inputs: tuple[str, ...]
    path: str
    line: int


class Section:
    """One pass over a graph (1).

    By the name of a value, which for a node is its first: `makers` has how it came about, `types` its type, `failed`
    the condition that its node fails, `unmerged` those that it fails beside a group. What is in `accepted` may start
    a group (3). `groups` counts the groups in the end; `symbolic` tells whether they are for any size.
    """

    def __init__(self) -> None:
        self.makers: dict[str, Made] = {}
        self.types: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.unmerged: dict[str, list[str]] = {}
        self.considered: set[str] = set()
        self.accepted: set[str] = set()
        self.groups = 0
        self.symbolic = False

    def inputs(self, name: str) -> tuple[str, ...]:
        """The inputs of the operator that made a value, lists of tensors written out."""
        made = self.makers.get(name)
        if made is None:
            return ()
        lists = {one: self.makers[one].inputs for one in made.inputs if one in self.makers and self._is_list(one)}
        return tuple(inner for one in made.inputs for inner in lists.get(one, (one,)))

    def _is_list(self, name: str) -> bool:
        return self.makers[name].kind == LIST


def read(text: str) -> tuple[Section, ...]:
    """The sections of a log, in its order."""
    reader = _Reader()
    for line in text.splitlines():
        said = _PREFIX.match(line)
        if said:
            reader.take(line[said.end() :])
    return tuple(reader.sections)


class _Reader:
    """A log as far as it was read: the section, the dump that is being printed, the node that is being spoken of."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self._dump, self._node, self._merging = "", "", False

    def take(self, line: str) -> None:
        """Reads one line without its prefix."""
        if line.startswith("Before TExprFuser"):
            self.sections.append(Section())
            self._dump = "before"
        elif line.startswith("After TExprFuser"):
            self._dump = "after"
        elif not self.sections or self._is_dumped(line):
            return
        else:
            self._dump = ""
            self._say(self.sections[-1], line)

    def _is_dumped(self, line: str) -> bool:
        """Whether a line is part of a printed graph, which the two dumps of interest are read from."""
        if not line.startswith(("graph(", " ", "with ", "return")) and line:
            return False
        section = self.sections[-1]
        if self._dump == "before":
            section.types.update(_VALUE.findall(line))
            section.makers.update(_made(line))
        elif self._dump == "after" and _GROUP.match(line):
            section.groups += 1
        return True

    def _say(self, section: Section, line: str) -> None:
        if line.startswith("Considering node:"):
            self._node, self._merging = _first(line), False
            section.considered.add(self._node)
        elif line.startswith("Iteratively pull input nodes"):
            section.accepted.add(self._node)
        elif line.startswith("Trying to merge: "):
            self._node, self._merging = _first(line), True
        elif line.startswith("Trying to merge into the previous"):
            self._node, self._merging = "", True
        elif line.startswith("Failed to move because of AliasDB"):
            section.unmerged.setdefault(self._node, []).append(MOVED)
        elif line.startswith("After generalizing fusion groups"):
            section.symbolic = True
        elif line.startswith("Failed cond "):
            self._fail(section, line.removeprefix("Failed cond ").strip())

    def _fail(self, section: Section, condition: str) -> None:
        if condition in _OF_NODE or condition.startswith(_SYMBOLIC):
            section.failed[self._node] = condition
        elif not condition.startswith(_SUMMARY):
            section.unmerged.setdefault(self._node, []).append(condition)


def _made(line: str) -> dict[str, Made]:
    """The values that a printed node defines, each with how it came about."""
    head, equals, tail = line.partition(" = ")
    kind = _KIND.match(tail)
    if not equals or kind is None or not line.startswith(" "):
        return {}
    source = _SOURCE.search(tail)
    call = tail[: source.start()] if source else tail
    inputs = tuple(_USED.findall(call[call.rfind("(") :]))
    path, at = (source[1], int(source[2])) if source else ("", 0)
    return dict.fromkeys(_NAME.findall(head), Made(kind[0], inputs, path, at))


def _first(line: str) -> str:
    """The name of the first value that a printed node defines, nothing where it defines none."""
    found = _NAME.search(line.partition(" = ")[0])
    return found[1] if found else ""


def main_section(sections: tuple[Section, ...], names: Iterator[str]) -> Section | None:
    """The section in which most of these values have a type: that of the graph they belong to."""
    wanted = list(names)
    return max(sections, key=lambda one: sum(name in one.types for name in wanted), default=None)

"""Whether a target takes a node of a graph.

Definitions:
1. Judged are operators: what has a name in a namespace and no block. What only shapes a graph (`prim::`) is each
   target's own affair, and judged by LibTorch alone, where it has a schema.
2. A target that goes by names takes an operator where its table has the name; one that ends in an underscore is looked
   up without it as well, once: `relu_` as `relu`, and `__and__` as `__and_`, which is what the ONNX exporter does.
   Core ML goes by names in its own spelling.
3. A release of torch takes a call where one of its overloads takes what is written: all arguments but those left at
   their defaults at the end. So an argument that came later counts only where it is given.
4. A table of what is missing may be of kernels for a device: an operator that runs on the CPU whatever the model does
   is not judged. The lite interpreter lacks nodes, not operators: they are looked up by their kind. torch.export, and
   what begins with it, writes nothing in place: there `add_` is looked up as `add` too.
5. An operator of another library is unknown to every target: whoever brings the library knows better, and says so in a
   table of their own. torch.export takes any that has a fake kernel, and its ONNX exporter those of torchvision.

Needs the tables and what is known of a node. It will never know a rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tsl.ir.facts import NodeFact
from tsl.ir.held import HOST, NOWHERE
from tsl.ir.match import Matcher, Named, Types
from tsl.ir.schema import Argument, SchemaError, parse_schema, schemas
from tsl.target.control import EXPORTED
from tsl.target.release import matcher
from tsl.target.table import Entry, Table

# Namespaces of torch's own operators. The tables of releases hold the first three; the others are not judged (5).
JUDGED = frozenset({"aten", "prim", "quantized"})
MOST_NAMED = 5
OWN = JUDGED | frozenset(
    """prims prepacked mkldnn mkldnn_prepacked onednn xnnpack c10d _c10d_functional _caffe2 static_runtime profiler
    inductor sparse mkl quantization rngprims symm_mem streams cuda metal vulkan_prepack""".split()
)


# What torch.onnx.export(dynamo=True) translates where torchvision is installed (torch/onnx/_internal/exporter).
TRANSLATED = frozenset(
    """torchvision::nms torchvision::roi_align torchvision::roi_pool torchvision::deform_conv2d""".split()
)

# What the ONNX exporter takes out of a graph before it asks its registry: numbers become tensors
# (torch/csrc/jit/passes/erase_number_types.cpp), copies are put in place (onnx/remove_inplace_ops_for_onnx.cpp), what
# is None is known (peephole.cpp).
TAKEN_OUT = frozenset(
    """aten::Bool aten::Float aten::FloatImplicit aten::Int aten::IntImplicit aten::ScalarImplicit aten::copy_
    aten::_unwrap_optional""".split()
)


# Lists that grow in a straight line are displays by then (remove_inplace_ops_for_onnx.cpp).
LISTED = frozenset({"aten::append", "aten::_set_item"})


def _is_taken_out(node: NodeFact, converter: str) -> bool:
    """Whether the passes of a converter have replaced a node before it is looked up.

    Those of ONNX are in torch/onnx/_internal/torchscript_exporter/utils.py, those of Core ML in coremltools'
    torchscript_utils.py: both know a chunk into a constant number of pieces.
    """
    if converter not in {"onnx", "coreml"}:
        return False
    if node.kind == "aten::chunk":
        return all(held.constant for held in node.operands[1:])
    return converter == "onnx" and (node.kind in TAKEN_OUT or (node.kind in LISTED and not node.in_loop))


def operator_of(node: NodeFact) -> str:
    """The operator that a node calls, with its overload: `aten::add.Tensor`."""
    return (node.visit.node.schema or node.kind).partition("(")[0]


def _without_underscore(operator: str) -> str:
    """The overload that does not write in place: `aten::add.Tensor` for `aten::add_.Tensor`."""
    name, dot, overload = operator.partition(".")
    return f"{name.removesuffix('_')}{dot}{overload}"


def is_foreign(kind: str) -> bool:
    """Whether an operator is one of another library (5)."""
    return kind.partition("::")[0] not in OWN


class Judge:
    """The judgements of a table, by version. Calls that look the same are judged once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._matchers: dict[str, Matcher] = {}

    def takes(self, node: NodeFact, version: str) -> bool:
        """Whether a version of the target takes a node."""
        kind = node.kind
        if is_foreign(kind):
            carried = self.table.name == "export" or (self.table.name == "onnx-dynamo" and kind in TRANSLATED)
            return carried or self._has_name(node, version)
        if kind.partition("::")[0] not in JUDGED or node.visit.node.blocks:
            return True
        if self.table.is_of_missing:
            return not self._is_missing(node, version)
        if self.table.name == "libtorch":
            return self._is_called(node, version)
        if _is_taken_out(node, self.table.name):
            return True
        return kind.startswith("prim::") or self._has_name(node, version)

    def first_after(self, node: NodeFact, version: str) -> str:
        """The first later version that takes a node; empty where none does."""
        later = self.table.versions[self.table.versions.index(version) + 1 :]
        return next((one for one in later if self.takes(node, one)), "")

    def apart(self, node: NodeFact) -> str:
        """What the newest version runs in place of a node, in words; empty where that is one operator, or two."""
        operator = operator_of(node)
        for entry in self._entries(node.kind):
            if entry.apart and (self.table.is_by_name or entry.operator in {operator, _without_underscore(operator)}):
                number, *names = entry.apart.split()
                return f"{number} operators ({', '.join(names[:MOST_NAMED])}{', ...' if names[MOST_NAMED:] else ''})"
        return ""

    def _entries(self, kind: str) -> Iterator[Entry]:
        """The lines of an operator, and those of the one that does not write in place."""
        for name in dict.fromkeys((kind, kind.removesuffix("_"))):
            yield from self.table.entries(name)

    def _has_name(self, node: NodeFact, version: str) -> bool:
        """(2)"""
        kind, overload = node.kind, operator_of(node)
        names = core_ml_names(kind) if self.table.name == "coreml" else (kind, kind.removesuffix("_"))
        return any(
            version in entry.versions and (self.table.is_by_name or entry.operator in {name, overload})
            for name in names
            for entry in self.table.entries(name)
        )

    def _is_missing(self, node: NodeFact, version: str) -> bool:
        """(4)"""
        moves = any(held.where not in {HOST, NOWHERE} for held in node.operands)
        if self.table.name == "cuda" and not moves:
            return False
        made = node.visit.node.outputs
        if node.kind == "prim::CreateObject" and made and str(made[0].type).startswith("__torch__.torch."):
            return False  # of a `with`, whose prim::Enter is told
        operator = operator_of(node)
        same = {operator, _without_underscore(operator)} if self.table.name in EXPORTED else {operator}
        return any(entry.operator in same and version in entry.versions for entry in self._entries(node.kind))

    def _is_called(self, node: NodeFact, version: str) -> bool:
        """(3)"""
        call = written(node)
        if call is None:
            return True
        if not self.table.entries(node.kind):
            return bool(schemas().overloads(node.kind))  # registered by other means than a text, in every release
        found = self._matchers.get(version)
        if found is None:
            found = self._matchers[version] = matcher(self.table, version)
        return found.call(node.kind, *call) is not None


def written(node: NodeFact) -> tuple[Types, Named] | None:
    """The types of the arguments that a call has to write (3); None where the node is no call of a schema."""
    inputs = node.visit.node.inputs
    text = node.visit.node.schema or _newest().node(node.kind, tuple(value.type for value in inputs))
    arguments = _arguments(text) if text else None
    if arguments is None:
        return None
    given = list(zip(arguments, inputs, node.operands, strict=False))
    plain = [one for one in given if not one[0].keyword]
    while plain and plain[-1][0].has_default and plain[-1][2].constant == (plain[-1][0].default,):
        plain.pop()
    named = [one for one in given if one[0].keyword and one[2].constant != (one[0].default,)]
    rest = tuple(value.type for value in inputs[len(arguments) :])
    types = tuple(value.type for _, value, _ in plain)
    return types + rest, tuple((argument.name, value.type) for argument, value, _ in named)


@lru_cache(maxsize=1)
def _newest() -> Matcher:
    return Matcher(schemas())


@lru_cache(maxsize=4096)
def _arguments(schema: str) -> tuple[Argument, ...] | None:
    try:
        return parse_schema(schema).arguments
    except SchemaError:
        return None


def core_ml_names(kind: str) -> tuple[str, ...]:
    """How coremltools may have registered an operator: in lower case, `__and__` as `and`, torch's namespaces left out,
    and what writes in place under the name of what does not (its torch_op_registry.py and utils.py).
    """
    name = kind.lower()
    space, _, rest = name.partition("::")
    name = rest if space in {"aten", "prim"} else name
    if name.startswith("__") and name.endswith("__"):
        return (name[2:-2],)
    return name, name.removesuffix("_")


@lru_cache(maxsize=16)
def judge_of(table: Table) -> Judge:
    """The judge of a table."""
    return Judge(table)

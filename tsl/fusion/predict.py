"""The plan foretold: the captured graph, typed without running a kernel, and the fuser's own pass over it.

Needs torch; for the child process. It will never run the model on real tensors.

1. A copy of the model gets fake parameters and is called once with fake inputs: torch's profiling executor notes their
   types, as it does of real ones, and torch's meta kernels say what each operator makes. No kernel runs, and a fake
   tensor is on `cuda` where no such device is.
2. What is no tensor of the model stays real: numbers, constants, what is computed of those alone. A number that is read
   from a fake tensor is taken to be 1; what depends on it may go another way than it would (`stopped` tells).
3. The graph then goes the executor's way to the fuser: peephole rules, constants, loops unrolled, common
   subexpressions, products in batches; the noted types become those of the values; then the pass.
4. For CUDA the pass is asked as for the CPU, because a torch that has no CUDA refuses that device: without the
   operators that are fused on the CPU alone, float16 and bfloat16 taken for float32, operators that are fused on CUDA
   alone under the name of another that the graph has not. What is on the CPU is put on `meta`, where nothing is fused.
   A model that no fake CUDA takes is typed on the CPU, and all of it is taken to be on CUDA.
5. An operator whose types were seen to differ has none, as in the executor.
6. Where a gradient would be recorded the executor puts what it concerns under graphs for derivatives, and fuses nothing
   beside them.

Sources: torch/csrc/jit/runtime/profiling_graph_executor_impl.cpp (`runProfilingInsensitiveOptimizations`,
`runProfilingOptimizations`, `runNoGradOptimizations`), tried on 2.13; benchmarks/fusion.py holds it to runs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from tsl.entry.unable import one_line
from tsl.fusion.explain import PROFILE, explained, requires_gradient
from tsl.fusion.log import Section
from tsl.fusion.plan import walk
from tsl.fusion.sites import Sites
from tsl.fusion.subject import Subject, with_numbers
from tsl.fusion.switches import logged
from tsl.ir.fused import Node, Plan, Prediction

_C: Any = torch._C
DONT_FUSE = "PYTORCH_TENSOREXPR_DONT_FUSE"
_CPU_ONLY = "conv2d:_convolution:matmul"
STAND_INS = {"aten::erf": "aten::lgamma", "aten::erfc": "aten::expm1"}
_UNTYPED = "the model cannot be typed to its end"
_GUESSED = "a number is read from a tensor, and was taken to be 1"
_READS = frozenset(["_local_scalar_dense", "item"])


def predicted(subject: Subject, sites: Sites, device: str) -> Prediction:
    """The plan of a model on `cpu` or `cuda`."""
    graph, stopped, apart = *_profiled(subject, device), True
    if device != "cpu" and stopped.startswith(_UNTYPED):
        graph, apart = _profiled(subject, "cpu")[0], False
        stopped = f"devices are not told apart: {stopped}"
    if graph is None:
        return Prediction(device, Plan((), ()), stopped)
    profiled = graph.copy()
    with _Host():  # the passes compare constants, and fake ones do not tell
        _prepare(graph)
    if any(requires_gradient(one) for one in walk(graph) if one.kind() == PROFILE):
        return Prediction(device, explained(graph, (), sites, profiled, gradients=True), stopped)
    _type(graph, as_cpu=device != "cpu", apart=apart)
    if device == "cpu":
        sections = _fuse(graph)
        return Prediction(device, explained(graph, sections, sites, profiled), stopped)
    renamed = _rename(graph)
    with _cpu_only_left_out():
        sections = _fuse(graph)
    for section in sections:
        section.types = {name: _as_was(text) for name, text in section.types.items()}
    return Prediction(device, _named(explained(graph, sections, sites, profiled), renamed), stopped)


def _fuse(graph: Any) -> tuple[Section, ...]:
    with _Host():
        return logged(lambda: _C._jit_pass_fuse_tensorexprs(graph))[1]


class _Host(TorchDispatchMode):  # type: ignore[misc]
    """Runs for real what has no fake tensor in it, and answers what a fake one cannot (2)."""

    def __init__(self) -> None:
        super().__init__()
        self.told = ""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        tensors = list(_tensors((args, tuple(kwargs.values()))))
        fake = any(isinstance(one, FakeTensor) for one in tensors)
        if fake and name == "equal":
            return False  # asked of constants that might be pooled
        if fake and name in _READS:
            self.told = _GUESSED
            return (tensors[0].dtype.is_floating_point and 1.0) or 1
        if (tensors and not fake) or (not tensors and name in {"scalar_tensor", "empty"}):
            with _disable_current_modes():
                return func(*args, **kwargs)
        return func(*args, **kwargs)


def _profiled(subject: Subject, device: str) -> tuple[Any, str]:
    """The graph with the types of one call on fakes (1), and what could not be typed."""
    model, host = subject.fresh(), _Host()
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    for part in model.modules() if isinstance(model, torch.nn.Module) else ():
        for held in (_C.ParameterDict(part._c), _C.BufferDict(part._c)):
            for name, tensor in held.items():
                fake = _fake(tensor.detach(), mode, device)
                part._c.setattr(name, fake.requires_grad_(tensor.requires_grad and subject.gradients))
    leaves = [_fake(tensor, mode, device) for _, tensor in subject.inputs.leaves()]
    inputs = with_numbers(model, subject.inputs).holding(leaves)
    told = ""
    try:
        with torch.set_grad_enabled(subject.gradients), mode, host:
            inputs.called(model)
    except Exception as error:  # torch's kernels for fakes have gaps; what was typed until then is used
        told = f"{_UNTYPED}: {one_line(error)}"
    graph = _C._last_executed_optimized_graph()
    return (None if graph is None else graph.copy()), told or host.told


def _fake(tensor: torch.Tensor, mode: Any, device: str) -> Any:
    if device == "cpu":
        return mode.from_tensor(tensor)
    shape = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    return FakeTensor(mode, shape, torch.device("cuda:0"))


def _prepare(graph: Any) -> None:
    """The executor's passes before the fuser's (3)."""
    for node in [one for one in walk(graph) if one.kind() == PROFILE and not one.outputsSize()]:
        node.destroy()
    _C._jit_pass_specialize_autogradzero(graph)
    _C._jit_pass_peephole(graph)
    _C._jit_pass_constant_propagation(graph)
    _C._jit_pass_loop_unrolling(graph)
    _C._jit_pass_peephole(graph)
    _C._jit_pass_cse(graph)
    _C._jit_pass_batch_mm(graph)


def _type(graph: Any, as_cpu: bool, apart: bool) -> None:
    """Gives values the types that were noted, and takes the notes out (3, 4, 5)."""
    plain = _C.TensorType.get()
    for note in [one for one in walk(graph) if one.kind() == PROFILE]:
        value, noted = note.inputsAt(0), note.ty("profiled_type")
        note.outputsAt(0).replaceAllUsesWith(value)
        note.destroy()
        if value.type().kind() != "TensorType" or noted.dim() is None:
            continue
        noted = _on_cpu(noted, apart) if as_cpu else noted
        known = value.type()
        value.setType(noted if known.dim() is None or _alike(known, noted) else plain)


def _alike(one: Any, other: Any) -> bool:
    return all(getattr(one, word)() == getattr(other, word)() for word in ("dtype", "device", "sizes", "strides"))


def _on_cpu(noted: Any, apart: bool) -> Any:
    """A type as the CPU has it (4); what was there all along is put elsewhere where devices are told `apart`."""
    half = noted.dtype() in {torch.float16, torch.bfloat16}
    noted = noted.with_dtype(torch.float32) if half else noted
    device = noted.device()
    return noted.with_device(torch.device("meta" if apart and (device is None or device.type == "cpu") else "cpu"))


def _as_was(text: str) -> str:
    """A printed type with its device as it was (4)."""
    return text.replace("device=cpu", "device=cuda:0").replace("device=meta", "device=cpu")


def _rename(graph: Any) -> dict[str, str]:
    """Puts operators under the names of others (4), and returns what they were, by these."""
    known = {node.kind() for node in walk(graph)}
    renamed = {other: kind for kind, other in STAND_INS.items() if kind in known and other not in known}
    for node in [one for one in walk(graph) if one.kind() in renamed.values()]:
        other = graph.create(STAND_INS[node.kind()], [node.inputsAt(0)], 1)
        other.insertBefore(node)
        other.copyMetadata(node)
        other.outputsAt(0).setType(node.outputsAt(0).type())
        node.outputsAt(0).replaceAllUsesWith(other.outputsAt(0))
        node.destroy()
    return renamed


def _named(plan: Plan, renamed: dict[str, str]) -> Plan:
    """A plan with the operators under their own names again (4)."""

    def own(node: Node) -> Node:
        return node._replace(op=renamed.get(node.op, node.op))

    groups = tuple(group._replace(nodes=tuple(map(own, group.nodes))) for group in plan.groups)
    return plan._replace(groups=groups, rest=tuple(one._replace(node=own(one.node)) for one in plan.rest))


@contextmanager
def _cpu_only_left_out() -> Iterator[None]:
    """Adds to the fuser's own list of operators to leave out those that are fused on the CPU alone (4)."""
    before = os.environ.get(DONT_FUSE)
    os.environ[DONT_FUSE] = ":".join(filter(None, [before, _CPU_ONLY]))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(DONT_FUSE, None)
        else:
            os.environ[DONT_FUSE] = before


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)

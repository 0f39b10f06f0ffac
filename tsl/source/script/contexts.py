"""`with`: which context managers the compiler knows."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.script.types import UNKNOWN, Thing, is_a, told

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

KNOWN = frozenset(
    """torch.no_grad torch.autograd.no_grad torch.autograd.profiler.record_function torch.profiler.record_function
    torch.cuda.amp.autocast torch.amp.autocast torch.autocast torch.jit.strict_fusion torch.cpu.amp.autocast
    torch.autograd.grad_mode.no_grad torch.cuda.stream""".split()
)
REFUSED = frozenset(
    """torch.enable_grad torch.inference_mode torch.set_grad_enabled torch.autograd.enable_grad
    torch.autograd.set_grad_enabled contextlib.suppress contextlib.nullcontext builtins.open warnings.catch_warnings
    torch.random.fork_rng torch.autograd.inference_mode torch.autograd.detect_anomaly torch.autograd.set_detect_anomaly
    torch.autograd.profiler.profile torch.profiler.profile torch.cuda.device torch.device torch.is_grad_enabled
    torch.autograd.graph.save_on_cpu torch.backends.cudnn.flags torch.nn.utils.parametrize.cached torch.jit.fuser
    torch.jit.optimized_execution torch._C.DisableTorchFunctionSubclass torch.overrides.enable_reentrant_dispatch
    torch.cuda.nvtx.range torch.nn.attention.sdpa_kernel torch.backends.cuda.sdp_kernel
    torch.autograd.forward_ad.dual_level torch.sparse.check_sparse_tensor_invariants
    torch.autograd.grad_mode.set_grad_enabled torch.autograd.grad_mode.enable_grad
    torch.autograd.grad_mode.inference_mode""".split()
)


def enter(emitter: Emitter, node: _ast.With) -> None:
    """Compiles what a `with` opens."""
    for item in node.items:
        opened = item.context_expr
        path = emitter.module.names.dotted(opened.func if isinstance(opened, _ast.Call) else opened) or ""
        if path in KNOWN:
            kind = UNKNOWN
        elif path in REFUSED:
            emitter.refuse(opened, "context", f"the compiler cannot enter `{path}`")
            kind = UNKNOWN
        else:
            kind = emitter.value(opened)
            is_value = (isinstance(kind, str) and kind != UNKNOWN) or is_a(kind, "List") or is_a(kind, "Dict")
            if is_value and not isinstance(kind, Thing):
                emitter.refuse(opened, "context", f"{told(kind)} cannot be entered")
            elif is_a(kind, "Class"):
                _object(emitter, opened, kind[1])
        if item.optional_vars is not None:
            emitter.bind(item.optional_vars, UNKNOWN, None)


def _object(emitter: Emitter, opened: Any, cls: Class) -> None:
    """Enters an object of a class that is read: it needs both methods, and the one that leaves takes three values."""
    enters, leaves = cls.find("__enter__"), cls.find("__exit__")
    if enters is None or leaves is None:
        if not cls.foreign:
            emitter.refuse(opened, "context", f"`{cls.name}` has no `{'__exit__' if enters else '__enter__'}`")
    elif len(leaves[0].args.args) != 4 and leaves[0].args.vararg is None:
        emitter.refuse(opened, "context", f"`__exit__` of `{cls.name}` does not take three values")

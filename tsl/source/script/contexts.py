"""`with`: which context managers the compiler knows."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING

from tsl.source.script.types import UNKNOWN, Thing, is_a, told

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

KNOWN = frozenset(
    """torch.no_grad torch.autograd.no_grad torch.autograd.profiler.record_function torch.profiler.record_function
    torch.cuda.amp.autocast torch.amp.autocast torch.autocast torch.jit.strict_fusion torch.cpu.amp.autocast
    torch.cuda.device torch.cuda.stream torch._C.DisableTorchFunctionSubclass""".split()
)
REFUSED = frozenset(
    """torch.enable_grad torch.inference_mode torch.set_grad_enabled torch.autograd.enable_grad
    torch.autograd.set_grad_enabled contextlib.suppress contextlib.nullcontext builtins.open warnings.catch_warnings
    torch.random.fork_rng torch.autograd.inference_mode""".split()
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
        if item.optional_vars is not None:
            emitter.bind(item.optional_vars, UNKNOWN, None)

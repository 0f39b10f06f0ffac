"""Which functions are judged from outside, and what a file's call sites promise to do with its models.

Definition: a root is the `forward` of a module class, a hook its constructor registers around a forward, the
`__call__` of another class where a parameter of it is annotated Tensor, a function given to trace at a call site, and a
public function of the module with a parameter annotated Tensor. Compiled functions are none: they keep their control
flow. Nor, unless it is traced itself, is a
function that captures, saves, loads or runs a model, or a class of another kind with a method that does: they work
around a model. A dict named `state_dict` holds weights. A name given with --root is a class (its `forward`), a
function, or `Class.method`.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterator
from typing import Any

from tsl.record import Record
from tsl.source import values
from tsl.source.classes import Class
from tsl.source.file import SourceFile
from tsl.source.module import Module
from tsl.source.names import Names
from tsl.source.refs import Instance, Routine
from tsl.source.scripted import is_scripted
from tsl.source.session import Session
from tsl.source.tree import last_name, walk

TRACERS = frozenset(
    {
        "torch.jit.trace",
        "torch.jit.trace_module",
        "torch.onnx.export",
        "torch.jit._trace.trace",
    }
)
SCRIPTERS = frozenset({"torch.jit.script", "torch.jit.script_method"})
AROUND_A_MODEL = frozenset(
    {
        *TRACERS,
        *SCRIPTERS,
        "torch.export.export",
        "torch.onnx.dynamo_export",
        "torch.save",
        "torch.load",
        "torch.jit.save",
        "torch.jit.load",
        "torchaudio.save",
        "torchvision.utils.save_image",
        "torch.hub.download_url_to_file",
        "onnxruntime.InferenceSession",
    }
)
# What has a function run with every call of a layer
HOOKS = frozenset({"register_forward_hook", "register_forward_pre_hook"})
# What a call site looks like as text: looking for these is a thousand times cheaper than looking at every call.
CALL_MARKS = ("trace(", "trace_module(", "script(", "export(")


class Capture(Record):
    """A call that traces or scripts: which of the two, and the name it is given, empty for an expression."""

    kind: str
    name: str


def default_roots(session: Session, captures: tuple[Capture, ...]) -> Iterator[Routine]:
    """The roots of a file that names none."""
    for cls in session.module.classes.values():
        yield from _module_roots(session, cls)
    captured = {capture.name for capture in captures}
    for name, node in session.module.names.functions.items():
        if session.module.once(is_scripted, node):
            continue
        if name in captured or _is_method_snippet(node) or _is_public_tensor_function(session, node):
            yield Routine(node, session.module)


def named_roots(session: Session, name: str) -> list[Routine] | None:
    """What a --root name means in this file, None where it means nothing here.

    A class stands for its `forward`, one without for all its methods; an assigned name for the function it is given.
    """
    module = session.module
    head, _, method = name.partition(".")
    if head in module.classes:
        return _class_roots(module.classes[head], method)
    if name in module.names.functions:
        return [Routine(module.names.functions[name], module)]
    if name in module.names.assigned:
        return [ref for ref in session.global_value(module, name).refs if isinstance(ref, Routine)]
    return None


def _class_roots(cls: Class, method: str) -> list[Routine] | None:
    instance = values.reference(Instance(cls, None))
    found = cls.find(method or "forward")
    if found:
        return [Routine(found[0], found[1].module, found[1], instance)]
    return None if method else [Routine(node, cls.module, cls, instance) for node in cls.methods.values()]


def _module_roots(session: Session, cls: Class) -> Iterator[Routine]:
    instance = values.reference(Instance(cls, None))
    for name in ("forward", "__call__") if cls.is_module else ("__call__",):
        found = cls.find(name)
        if found and (cls.is_module or _is_called_in_graphs(cls, found[0], found[1].module)):
            yield Routine(found[0], found[1].module, found[1], instance)
            break
    if cls.is_module and any(mark in cls.module.file.text for mark in HOOKS):
        yield from _hooks(cls, instance)


def _hooks(cls: Class, instance: values.Value) -> Iterator[Routine]:
    """The functions that the constructor of a module has run around a layer: its own methods, and functions by name."""
    for method in _constructors(cls):
        for given in cls.module.once(_hooked, method):
            yield from _hook(cls, instance, given)


def _constructors(cls: Class) -> Iterator[Any]:
    """The constructor of a class, and the methods of the class that it calls."""
    if "__init__" not in cls.methods:
        return
    yield cls.methods["__init__"]
    for name in cls.module.once(_own_calls, cls.methods["__init__"]):
        if name in cls.methods:
            yield cls.methods[name]


def _own_calls(constructor: Any, _names: Names) -> list[str]:
    found: dict[str, None] = {}
    for node in walk(constructor.body):
        match node:
            case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="self"), attr=name)):
                found[name] = None
    return list(found)


def _hook(cls: Class, instance: values.Value, given: Any) -> Iterator[Routine]:
    """What runs as a hook: a method, a function, a lambda, what a method returns, what partial() completes."""
    match given:
        case _ast.Attribute(value=_ast.Name(id="self"), attr=name):
            found = cls.find(name)
            if found:
                yield Routine(found[0], found[1].module, found[1], instance)
        case _ast.Name(id=name) if name in cls.module.names.functions:
            yield Routine(cls.module.names.functions[name], cls.module)
        case _ast.Lambda():
            yield Routine(given, cls.module, closure={"self": instance})
        case _ast.Call(func=func, args=[inner, *_]) if last_name(func) == "partial":
            yield from _hook(cls, instance, inner)
        case _ast.Call(func=_ast.Attribute(value=_ast.Name(id="self"), attr=name)) if name in cls.methods:
            for inner in cls.module.once(_made_functions, cls.methods[name]):
                yield Routine(inner, cls.module, closure={"self": instance})


def _made_functions(method: Any, _names: Names) -> list[Any]:
    """The functions that a method defines and returns."""
    values_returned = [node.value for node in method.body if isinstance(node, _ast.Return)]
    returned = [value.id for value in values_returned if isinstance(value, _ast.Name)]
    return [node for node in method.body if isinstance(node, _ast.FunctionDef) and node.name in returned]


def _hooked(constructor: Any, _names: Names) -> list[Any]:
    calls = [node for node in walk(constructor.body) if isinstance(node, _ast.Call) and node.args]
    return [call.args[0] for call in calls if last_name(call.func) in HOOKS]


def _is_called_in_graphs(cls: Class, node: Any, module: Module) -> bool:
    """Whether a class that is no module may be called by a model: it takes a tensor, and handles no models itself."""
    methods = cls.methods.values()
    return _takes_tensor(node, module) and not any(cls.module.once(_works_around_a_model, one) for one in methods)


def _is_method_snippet(node: Any) -> bool:
    first = node.args.posonlyargs + node.args.args
    return bool(first) and first[0].arg == "self"


def _is_public_tensor_function(session: Session, node: Any) -> bool:
    is_public = not node.name.startswith("_") and _takes_tensor(node, session.module)
    return is_public and not session.module.once(_works_around_a_model, node)


def _works_around_a_model(node: Any, names: Names) -> bool:
    """Whether a function captures, saves, loads or runs a model: what it computes is no part of a graph."""
    calls = (one for one in walk(node.body) if isinstance(one, _ast.Call))
    return any(names.dotted(one.func) in AROUND_A_MODEL for one in calls)


def _takes_tensor(node: Any, module: Module) -> bool:
    parameters = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    data = [parameter for parameter in parameters if parameter.arg != "state_dict"]
    return any(_holds_tensor(module.annotations.parameter(node, parameter, values.DATA)) for parameter in data)


def _holds_tensor(value: values.Value) -> bool:
    if value.kind & (values.SEQ | values.DICT) and (value.parts or value.item):
        return bool(value.elements().kind & values.TENSOR)
    return bool(value.kind & values.TENSOR)


def read_captures(session: Session) -> tuple[Capture, ...]:
    """The call sites of a file that trace, export or script something."""
    return tuple(found for statement in _marked(session.module.file) for found in _captures_in(statement, session))


def _marked(file: SourceFile) -> Iterator[Any]:
    """The top-level statements whose text may hold such a call."""
    if not any(mark in file.text for mark in CALL_MARKS):
        return
    lines = [number for number, line in enumerate(file.lines, 1) if any(mark in line for mark in CALL_MARKS)]
    for statement in file.tree.body:
        if any(statement.lineno <= line <= (statement.end_lineno or line) for line in lines):
            yield statement


def _captures_in(statement: Any, session: Session) -> Iterator[Capture]:
    for node in walk([statement]):
        if not isinstance(node, _ast.Call):
            continue
        path = session.module.names.dotted(node.func)
        kind = "trace" if path in TRACERS else "script" if path in SCRIPTERS else ""
        if kind:
            yield Capture(kind, getattr(node.args[0], "id", "") if node.args else "")

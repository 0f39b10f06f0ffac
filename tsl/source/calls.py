"""Calls, attributes and subscripts: who answers for what a value refers to.

A value may refer to several things; each answers and the answers join. Routines and classes of the file are interpreted
(`session.run`), containers and tensors answer by their own rooms, everything outside the file by `library`.
"""

from __future__ import annotations

import _ast
from typing import Any

from tsl.source import containers, library, torch_calls, values
from tsl.source.classes import Class
from tsl.source.frame import Frame
from tsl.source.guards import key_of
from tsl.source.names import canonical
from tsl.source.refs import (
    Arguments,
    External,
    Instance,
    Layer,
    Partial,
    Routine,
    Super,
)
from tsl.source.scripted import hands_back
from tsl.source.tree import decorator_names
from tsl.source.values import (
    DICT,
    META,
    REF,
    SEQ,
    SIZE,
    STR,
    TENSOR,
    UNKNOWN,
    UNKNOWN_VALUE,
    Value,
)


def call(frame: Frame, callee: Value, arguments: Arguments, node: Any) -> Value:
    """The result of calling a value."""
    results = [_call_one(frame, ref, callee, arguments, node) for ref in callee.refs]
    if not callee.refs or callee.kind & UNKNOWN:
        results.append(library.unknown_result(arguments))
    return values.join_all(results)


def _call_one(frame: Frame, ref: Any, callee: Value, arguments: Arguments, node: Any) -> Value:
    match ref:
        case Routine():
            result = frame.session.run(frame, ref, arguments)
            for name in hands_back(ref, node):
                frame.hand(name, node)
            return result
        case External(path):
            return library.call_external(frame, path, arguments, node)
        case Layer("torch.nn.Sequential"):
            return _sequential(frame, callee, arguments, node)
        case Layer("torch.nn.Identity"):
            return arguments.positional[0] if arguments.positional else UNKNOWN_VALUE
        case Layer():
            return torch_calls.layer(frame, ref, arguments, node)
        case Class():
            return values.reference(Instance(ref, arguments, not frame.prepares))
        case Instance():
            return _call_instance(frame, ref, arguments, node)
        case Partial(inner, first, keywords):
            merged = Arguments(
                first + arguments.positional,
                {**dict(keywords), **arguments.keywords},
                arguments.rest,
            )
            return call(frame, inner, merged, node)
    return library.unknown_result(arguments)


def _call_instance(frame: Frame, instance: Instance, arguments: Arguments, node: Any) -> Value:
    for name in ("forward", "__call__"):
        found = instance.cls.find(name)
        if found:
            return frame.session.run(
                frame,
                Routine(found[0], found[1].module, found[1], values.reference(instance)),
                arguments,
            )
    return library.unknown_result(arguments)


def _sequential(frame: Frame, callee: Value, arguments: Arguments, node: Any) -> Value:
    if not isinstance(callee.parts, tuple):
        inner = callee.item or UNKNOWN_VALUE
        once = call(frame, inner, arguments, node)
        return once if once.is_only(TENSOR) else library.unknown_result(arguments)
    for part in callee.parts:
        arguments = Arguments((call(frame, part, arguments, node),))
    return arguments.positional[0] if arguments.positional else UNKNOWN_VALUE


# Attributes and methods


def attribute(frame: Frame, base: Value, name: str, node: Any) -> Value:
    """The value of `base.name`."""
    results = [_attribute_of(frame, ref, base, name, node) for ref in base.refs if base.kind & REF]
    if base.is_only(SIZE):
        base = as_tensor(base)
    if base.is_only(META):
        return Value(META, base.origin)
    if base.is_only(SEQ) and name in FIELDS and isinstance(base.parts, tuple) and FIELDS[name] < len(base.parts):
        return base.parts[FIELDS[name]]
    if base.kind & (TENSOR | UNKNOWN) or not results:
        found = torch_calls.attribute(frame, base, name, node) if base.kind & (TENSOR | UNKNOWN) else None
        results.append(found if found is not None else Value(UNKNOWN, base.origin & values.STATIC))
    return values.join_all(results)


def _attribute_of(frame: Frame, ref: Any, base: Value, name: str, node: Any) -> Value:
    match ref:
        case External(path):
            return _module_attribute(frame, canonical(f"{path}.{name}"))
        case Instance():
            return _instance_attribute(frame, ref, name, node)
        case Class():
            return _class_attribute(frame, ref, name)
        case Super(owner, instance):
            found = _above(owner, name)
            return values.reference(Routine(found[0], found[1].module, found[1], instance)) if found else UNKNOWN_VALUE
        case Layer():
            return _layer_attribute(name)
    return UNKNOWN_VALUE


# The fields of torch's return types (torch.return_types), in their places
FIELDS = {"values": 0, "indices": 1}
LAYER_TENSORS = frozenset({"weight", "bias", "running_mean", "running_var", "in_proj_weight", "in_proj_bias"})


def _layer_attribute(name: str) -> Value:
    return values.tensor(values.STATIC) if name in LAYER_TENSORS else Value(UNKNOWN, values.STATIC)


def _module_attribute(frame: Frame, path: str) -> Value:
    if path in ("math.pi", "math.e", "math.inf", "math.nan", "numpy.pi"):
        return values.FLOAT_VALUE
    if path.startswith("torch.") and path.count(".") == 1 and path[6:] in DTYPES:
        return Value(META, const=path)
    return frame.session.imported(path, frame.module)


DTYPES = frozenset(
    """float32 float float64 double float16 half bfloat16 uint8 int8 int16 short int32 int int64 long bool complex64
    complex128 cfloat strided sparse_coo contiguous_format channels_last preserve_format""".split()
)


def _instance_attribute(frame: Frame, instance: Instance, name: str, node: Any) -> Value:
    self_value = values.reference(instance)
    if name == "training" and instance.cls.is_module:
        return Value(values.BOOL, values.MODE)
    found = instance.cls.find(name)
    if found:
        bound = None if "staticmethod" in decorator_names(found[0]) else self_value
        routine = Routine(found[0], found[1].module, found[1], bound)
        if instance.cls.is_property(name):
            return frame.session.run(frame, routine, Arguments())
        return values.reference(routine)
    return frame.session.objects.attribute(instance, name)


def _class_attribute(frame: Frame, cls: Class, name: str) -> Value:
    found = cls.find(name)
    if found is None:
        return frame.session.objects.class_attribute(cls, name)
    bound = values.reference(cls) if "classmethod" in decorator_names(found[0]) else None
    return values.reference(Routine(found[0], found[1].module, found[1], bound))


def _above(owner: Class, name: str) -> tuple[Any, Class] | None:
    for base in owner.bases:
        found = base.find(name)
        if found:
            return found
    return None


def as_tensor(size: Value) -> Value:
    """A size asked for what only tensors have: while tracing it is one, without dimensions."""
    return values.tensor(size.origin, size.trail)


def method(frame: Frame, base: Value, name: str, arguments: Arguments, node: Any) -> Value:
    """The result of `base.name(...)`."""
    results: list[Value] = []
    if name == "update" and getattr(node.func.value, "attr", "") == "__dict__":
        _fill_own_dict(frame, arguments, node)
    if base.kind & values.TRACED and name.startswith("__") and len(arguments.positional) == 1:
        spelled = library.operation(name.strip("_"), base, arguments.positional[0])
        if spelled is not None:
            return spelled
    if base.kind & values.TRACED and name in SPELLED and not arguments.all():
        return library.call_external(frame, SPELLED[name], Arguments((base,)), node)
    if base.is_only(SIZE):
        base = as_tensor(base)
    if base.kind & REF and base.refs:
        results.append(_method_of_refs(frame, base, name, arguments, node))
    if base.kind & (SEQ | DICT | STR) and not base.kind & (UNKNOWN | TENSOR):
        found = containers.method(frame, base, name, arguments, node)
        results.append(found if found is not None else UNKNOWN_VALUE)
        _mutate(frame, base, name, arguments, node)
    if base.kind & (TENSOR | UNKNOWN):
        found = torch_calls.method(frame, base, name, arguments, node)
        results.append(found if found is not None else library.unknown_result(Arguments((base, *arguments.all()))))
        if base.kind & TENSOR and name.endswith("_") and not name.startswith("_"):
            frame.session.write_through(frame, node.func.value, arguments)
    return values.join_all(results)


def _method_of_refs(frame: Frame, base: Value, name: str, arguments: Arguments, node: Any) -> Value:
    results = []
    if name == "register_parameter":
        frame.register()
    if name in REGISTERS and frame.own is base:
        _register(frame, arguments, node)
    for ref in base.refs:
        if isinstance(ref, Class) and name == "apply" and any("autograd" in path for path in ref.foreign):
            results.append(
                values.tensor(
                    torch_calls.depends(arguments.all()),
                    torch_calls.trail_of(arguments.all()),
                )
            )
            continue
        found = _attribute_of(frame, ref, base, name, node)
        if found.is_only(UNKNOWN) and isinstance(ref, Instance | Super):
            results.append(_inherited(frame, ref, name, arguments))
        else:
            results.append(call(frame, found, arguments, node))
    return values.join_all(results)


# Methods that a builtin stands for
SPELLED = {f"__{name}__": f"builtins.{name}" for name in ("len", "int", "float", "bool", "complex")}


def _fill_own_dict(frame: Frame, arguments: Arguments, node: Any) -> None:
    """`self.__dict__.update(...)`: attributes of the module that are assigned."""
    if key_of(frame, node.func.value) is not None:
        frame.note_write(node.func, values.join_all(arguments.all()), "__dict__")


REGISTERS = frozenset({"register_buffer", "register_parameter"})


def _register(frame: Frame, arguments: Arguments, node: Any) -> None:
    """`self.register_buffer("name", tensor)`: an assignment to an attribute; what is registered is static."""
    name, given = arguments.get(0, "name"), arguments.get(1, "tensor") or arguments.get(1, "param")
    if name is not None and isinstance(name.const, str) and given is not None:
        frame.note_write(node, given, name.const)
        kept = values.tensor(values.STATIC, doubt=given.kind & (values.NONE | UNKNOWN))
        frame.scope[f"self.{name.const}"] = given if given.is_only(values.NONE) else kept


PARAMETER_ITERATORS = frozenset({"parameters", "buffers"})


def _inherited(frame: Frame, ref: Any, name: str, arguments: Arguments) -> Value:
    if name in PARAMETER_ITERATORS:
        return values.listing(values.tensor(values.STATIC))
    if isinstance(ref, Super) and name == "__init__":
        return values.NONE_VALUE
    return library.unknown_result(arguments)


def _mutate(frame: Frame, base: Value, name: str, arguments: Arguments, node: Any) -> None:
    if base.refs:  # a ParameterList: what is put into it belongs to the module
        arguments = Arguments(tuple(map(values.registered, arguments.positional)), arguments.keywords, arguments.rest)
    changed = containers.mutated(base, name, arguments)
    if changed is not None and base.refs:
        changed = Value(changed.kind, changed.origin, changed.const, changed.parts, changed.item, base.refs)
    if changed is not None:
        if isinstance(node.func.value, _ast.Attribute) and key_of(frame, node.func.value) is not None:
            frame.note_write(node.func.value, changed, node.func.value.attr)
        frame.session.store(frame, node.func.value, changed)


def subscript(frame: Frame, base: Value, key: Value) -> Value:
    """The value of `base[key]` for something that is a reference: a module container, a generic class."""
    if base.kind & SEQ:
        return containers.index(frame, base.without(REF), key, None)
    made = [ref for ref in base.refs if isinstance(ref, Instance)]
    if made and len(made) == len(base.refs) and not base.kind & UNKNOWN:
        return values.join_all(frame.session.objects.item(ref, key.const) for ref in made)
    return base if any(isinstance(ref, External | Class) for ref in base.refs) else UNKNOWN_VALUE

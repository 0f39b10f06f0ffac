"""Calls as the compiler resolves them: functions that are read, operators of torch, what Python has and it has not."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.refs import Instance, Routine
from tsl.source.script import attributes, builtin_calls, class_body, dispatched, expressions, layers
from tsl.source.script.read_types import read
from tsl.source.script.table import Answer, Parameter, Schema, read_schema, table
from tsl.source.script.table import call as matched
from tsl.source.script.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Thing,
    Type,
    is_a,
    is_known,
    is_optional,
    optional,
    told,
)
from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

# Modules of Python none of whose functions the compiler calls
FOREIGN = frozenset(
    """os sys random time datetime re json collections itertools functools copy operator string pathlib pickle io glob
    logging numpy scipy cv2 PIL pandas einops subprocess threading uuid hashlib inspect types heapq bisect statistics
    contextlib tempfile shutil socket struct decimal fractions numbers cmath""".split()
)
FOREIGN_OK = frozenset({"collections.OrderedDict", "functools.wraps", "collections.namedtuple"})
REFUSED = frozenset({"torch.finfo", "torch.iinfo", "torch.Tensor"})
TORCH_OK = frozenset(
    """torch.device torch.Size torch.tensor torch.as_tensor torch.jit.annotate torch.jit.isinstance torch.jit.fork
    torch.jit.wait torch.jit.is_scripting torch.jit.is_tracing torch._assert torch.jit._unwrap_optional
    torch.jit.unchecked_cast torch.Generator torch.is_grad_enabled torch.manual_seed
    torch._C._get_tracing_state""".split()
)


class Given:
    """The types of a call's arguments; `certain` where each is known to be there."""

    __slots__ = ("certain", "named", "places", "things")

    def __init__(self) -> None:
        self.places: list[Type] = []
        self.named: dict[str, Type] = {}
        self.certain = True
        self.things = False


def arguments(emitter: Emitter, node: _ast.Call) -> Given:
    """The arguments of a call, by place and by name."""
    given = Given()
    emitter.hints.append(UNKNOWN)
    for argument in node.args:
        if isinstance(argument, _ast.Starred):
            _spread(emitter, argument, given)
        else:
            given.places.append(_argument(emitter, argument, given))
    for keyword in node.keywords:
        kind = _argument(emitter, keyword.value, given)
        if keyword.arg is None:
            given.certain = False
        else:
            given.named[keyword.arg] = kind
    emitter.hints.pop()
    return given


def _argument(emitter: Emitter, node: Any, given: Given) -> Type:
    if isinstance(node, _ast.List) and not node.elts:
        return ("List", UNKNOWN)  # fits every list
    kind = emitter.value(node)
    if isinstance(kind, Thing) and kind.kind in ("self", "layer", "submodules", "function"):
        given.things = True
    return expressions.no_value(emitter, node, kind) if isinstance(kind, Thing) else kind


def _spread(emitter: Emitter, node: _ast.Starred, given: Given) -> None:
    kind = emitter.value(node.value)
    if isinstance(kind, tuple) and not isinstance(kind, Thing) and kind[0] == "Tuple":
        given.places += kind[1:]
        return
    given.certain = False
    if is_a(kind, "List"):
        emitter.refuse(node, "unpack", "how many values a list has is not known when it is compiled")


def call(emitter: Emitter, node: _ast.Call) -> Type:
    """The type of a call."""
    func = node.func
    if isinstance(func, _ast.Attribute) and _is_super(func.value):
        return emitter.refuse(node, "module-made", f"`super().{func.attr}` cannot be called while the model runs")
    if isinstance(func, _ast.Name) and emitter.scope.find(func.id) is None and not _is_bound(emitter, func.id):
        special = builtin_calls.special(emitter, node, func.id)
        if special is not None:
            return special
    if attributes.is_closed_over(emitter, func):
        arguments(emitter, node)
        return UNKNOWN
    callee = emitter.value(func)
    if isinstance(callee, Thing):
        return _thing(emitter, node, callee)
    given = arguments(emitter, node)
    _ = given
    if callee == UNKNOWN or is_a(callee, "Class"):
        return UNKNOWN
    if is_optional(callee) and not is_known(callee):
        return UNKNOWN
    return emitter.refuse(node, "operand", f"{told(callee)} is not called: `{emitter.module.file.segment(func)}`")


def _is_bound(emitter: Emitter, name: str) -> bool:
    names = emitter.module.names
    return name in names.functions or name in names.classes or name in names.assigned or name in names.imports


def _is_super(node: Any) -> bool:
    return isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name) and node.func.id == "super"


def _thing(emitter: Emitter, node: _ast.Call, callee: Thing) -> Type:
    match callee.kind:
        case "function":
            return _routine(emitter, node, callee.what)
        case "path":
            return _path(emitter, node, callee.what)
        case "method":
            return _method(emitter, node, *callee.what)
        case "class":
            from tsl.source.script import script_classes

            given = arguments(emitter, node)
            return script_classes.construct(emitter, node, callee.what, given.places, given.named, given.certain)
        case "self":
            return _module(emitter, node, callee)
        case "items":
            which, base = callee.what
            from tsl.source.script import module_lists

            inside = module_lists.any_of(base)
            kinds = {"keys": "str", "values": inside, "items": UNKNOWN}
            return Thing("iterable", (kinds[which], True))
        case "submodules" if callee.what[0] == "sequential" and len(node.args) + len(node.keywords) > 1:
            arguments(emitter, node)
            return emitter.refuse(node, "signature", f"`{emitter.module.file.segment(node.func)}` takes one argument")
        case "layer":
            return layers.call(emitter, node, callee.what, arguments(emitter, node))
        case "interface":
            arguments(emitter, node)
            return emitter.compiler.signature(callee.what).returns
        case "tuple-class":
            return _fields(emitter, node, *callee.what)
        case "python":
            arguments(emitter, node)
            return emitter.refuse(node, "global", f"`{emitter.module.file.segment(node.func)}` is {callee.what}")
        case "sliced":
            arguments(emitter, node)
            return emitter.refuse(node, "module-list", "a slice of modules is a tuple, and cannot be called")
        case "taken":
            arguments(emitter, node)
            text = f"`{emitter.module.file.segment(node.func)}` is out of a slice of modules, and cannot be called"
            return emitter.refuse(node, "module-list", text)
    arguments(emitter, node)
    return UNKNOWN


def _module(emitter: Emitter, node: _ast.Call, callee: Thing) -> Type:
    instance = callee.what.refs[0]
    assert isinstance(instance, Instance)
    given_up = instance.cls.find("__prepare_scriptable__") or "forward" in class_body.replaced(instance.cls)
    found = None if given_up else instance.cls.find("forward")
    if found is None:
        arguments(emitter, node)
        return UNKNOWN
    return _routine(emitter, node, Routine(found[0], found[1].module, found[1], callee.what))


def _routine(emitter: Emitter, node: _ast.Call, routine: Routine) -> Type:
    """Calls a function that is read: it is compiled, and its arguments are held against what it takes."""
    given = arguments(emitter, node)
    marks = decorator_names(routine.node)
    signature = emitter.compiler.signature(routine)
    ignored = bool(marks & {"ignore", "unused"})
    if emitter.compiler.is_overloaded(routine):
        return _overloaded(emitter, node, routine, given)
    if "contextmanager" in marks:
        emitter.compiler.function(routine, (emitter.routine, node))
        return UNKNOWN
    if given.things and not ignored:
        return emitter.refuse(
            node, "first-class", f"a module or function is no value, and cannot be given to `{routine.name}`"
        )
    if not ignored and emitter.compiler.is_open(routine):
        return emitter.refuse(node, "recursion", f"`{routine.name}` calls itself, and the compiler knows no recursion")
    if marks - {"ignore", "unused", "export", "staticmethod", "classmethod", "script", "no_grad", "script_if_tracing"}:
        return UNKNOWN
    if "classmethod" in marks:
        return UNKNOWN
    if not ignored and not emitter.muted:
        returned = emitter.compiler.function(routine, (emitter.routine, node))
    else:
        returned = signature.schema.returns if signature.declared else UNKNOWN
    if given.certain and not signature.schema.open_ended:
        answer = matched([signature.schema], given.places, given.named)
        if answer.refused:
            _refuse_call(emitter, node, routine.name, answer, signature.schema.parameters, given)
    return returned


def _refuse_call(emitter: Emitter, node: Any, name: str, answer: Answer, parameters: Any, given: Given) -> None:
    wanted = next((one for one in parameters if answer.why.startswith(f"{one.name}|")), None)
    if wanted is None:
        emitter.refuse(node, "signature", f"`{name}` does not take these arguments: {answer.why or 'no overload does'}")
        return
    place = int(answer.why.rpartition("|")[2])
    kind = given.named.get(wanted.name, given.places[place] if place < len(given.places) else UNKNOWN)
    how = "optional" if is_optional(kind) and not is_optional(wanted.kind) else "argument"
    emitter.refuse(node, how, f"`{name}` takes {told(wanted.kind)} as `{wanted.name}` and is given {told(kind)}")


def _method(emitter: Emitter, node: _ast.Call, kind: Type, name: str) -> Type:
    """Calls a method of a value: an operator that takes the value first."""
    given = arguments(emitter, node)
    if name == "tolist":
        hint = emitter.hints[-1] if emitter.hints else UNKNOWN
        if hint in (UNKNOWN, TENSOR):
            return emitter.refuse(node, "annotated-value", "what `tolist()` gives has no type until it is annotated")
        return UNKNOWN if hint == ANY else hint
    if kind == "str" and name == "format" and given.named:
        text = f"`format` knows no `{next(iter(given.named))}`: it fills places, in their order"
        return emitter.refuse(node, "signature", text)
    return _operator(emitter, node, f"aten::{name}", [kind, *given.places], given, f"{told(kind)}.{name}")


def _overloaded(emitter: Emitter, node: _ast.Call, routine: Routine, given: Given) -> Type:
    """Calls a function by its overloads: the first that takes the arguments says what it returns."""
    schemas = [emitter.compiler.signature(one).schema for one in emitter.compiler.overloads(routine)]
    if not given.certain or not schemas:
        return UNKNOWN
    answer = matched(schemas, given.places, given.named)
    if answer.refused:
        kinds = [*map(told, given.places), *(f"{name}: {told(kind)}" for name, kind in given.named.items())]
        return emitter.refuse(node, "argument", f"no overload of `{routine.name}` takes ({', '.join(kinds)})")
    return answer.returns


def _operator(emitter: Emitter, node: Any, operator: str, places: list[Type], given: Given, shown: str) -> Type:
    overloads = table().overloads(operator)
    if not overloads:
        return UNKNOWN
    if not given.certain:
        return TENSOR if all(schema.returns == TENSOR for schema in overloads) else UNKNOWN
    answer = matched(overloads, places, given.named)
    if answer.refused:
        kinds = [*map(told, places), *(f"{key}: {told(kind)}" for key, kind in given.named.items())]
        known = [kind for kind in (*places, *given.named.values()) if is_known(kind)]
        maybe = any(is_optional(kind) for kind in known)
        how = "element" if operator in CHANGING else "optional" if maybe else "argument"
        held = how == "element" and len(places) > 1 and is_a(places[0], "List") and is_known(places[-1])
        wanted = places[-1] if operator == "aten::extend" else ("List", places[-1])
        return emitter.refuse(
            node, how, f"`{shown}` does not take ({', '.join(kinds)})", f"{told(wanted)}" if held else ""
        )
    return answer.returns


CHANGING = frozenset({"aten::append", "aten::extend", "aten::insert"})


def _path(emitter: Emitter, node: _ast.Call, path: str) -> Type:
    """Calls what a library holds, by its path."""
    if path.startswith("builtins."):
        return builtin_calls.builtin(emitter, node, path.removeprefix("builtins."))
    if path == "torch.jit.annotate" and len(node.args) == 2:
        wanted = read(
            emitter.module, node.args[0], lambda place, text: emitter.refuse(place, "annotation", text) and None
        )
        emitter.hints.append(wanted)
        emitter.value(node.args[1])
        emitter.hints.pop()
        return wanted
    if path == "torch.jit.isinstance":
        return "bool"
    if path == "typing.cast":
        return emitter.refuse(node, "python-call", "`cast` is given a type, which is no value when it is compiled")
    if path == "torch.jit._unwrap_optional" and node.args:
        kind = emitter.value(node.args[0])
        return kind[1] if is_optional(kind) else kind
    if path in ("torch.tensor", "torch.as_tensor", "torch._assert"):
        arguments(emitter, node)
        return NONE if path == "torch._assert" else TENSOR
    given = arguments(emitter, node)
    kind, what = table().paths.get(path, ("", ""))
    if kind == "b":
        return _operator(emitter, node, what, given.places, given, path)
    if kind == "f":
        schema = read_schema(what)
        if given.certain:
            answer = matched([schema], given.places, given.named)
            if answer.refused and is_exact(path):
                _refuse_call(emitter, node, path, answer, schema.parameters, given)
        return schema.returns
    if path in dispatched.DISPATCHED:
        return dispatched.call(emitter, node, path, given)
    if path.startswith("torch.ops."):
        return _custom(emitter, node, path)
    if kind == "x" or path in REFUSED or path in LEGACY or _is_missing(path):
        if path in TORCH_OK or (path.startswith("torch.nn.functional.") and kind == "x"):
            return "Device" if path == "torch.device" else UNKNOWN
        return emitter.refuse(node, "operator-missing", f"`{path}` is nothing the compiler can call")
    if path.startswith(PYTHON_OF_TORCH):
        return emitter.refuse(node, "python-call", f"`{path}` is Python, and the compiler cannot compile it")
    if path.partition(".")[0] in FOREIGN and path not in FOREIGN_OK:
        return emitter.refuse(node, "python-call", f"`{path}` is Python, and the compiler cannot call it")
    if path.startswith("torch.nn.") and path.rpartition(".")[2][:1].isupper() and path.count(".") == 2:
        return emitter.refuse(node, "module-made", f"a module of class `{path}` cannot be made while the model runs")
    if path == "torch.device":
        return "Device"
    if path == "warnings.warn":
        kinds = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "category")]
        if kinds:
            emitter.refuse(node, "python-call", "`warnings.warn` takes no category where it is compiled")
        return NONE
    return UNKNOWN


def _fields(emitter: Emitter, node: _ast.Call, name: str, fields: tuple[str, ...]) -> Type:
    """Makes a named tuple whose fields say no type: each is a Tensor."""
    given = arguments(emitter, node)
    schema = Schema(tuple(Parameter(field, TENSOR, False, False) for field in fields), UNKNOWN)
    answer = matched([schema], given.places, given.named)
    if given.certain and answer.refused:
        _refuse_call(emitter, node, name, answer, schema.parameters, given)
    return UNKNOWN


def _custom(emitter: Emitter, node: Any, path: str) -> Type:
    """An operator of an extension: it has to be registered before it is compiled."""
    space = path.split(".")[2] if path.count(".") >= 3 else ""
    text = emitter.module.file.text
    ours = space == emitter.module.name.partition(".")[0] or f"import {space}" in text or f"from {space}" in text
    if not space or space in OPERATORS or ours or any(mark in text for mark in REGISTERING):
        return UNKNOWN
    return emitter.refuse(node, "operator-missing", f"nothing here registers `{path}`")


# Parts of torch that are Python and not compiled: open signatures, lambdas, classes of their own
PYTHON_OF_TORCH = ("torch.distributions.", "torch.func.", "torch.utils.checkpoint.", "torch.autograd.functional.")
OPERATORS = frozenset(
    "aten prim prims quantized torchvision torchaudio mkldnn _c10d_functional onednn higher_order".split()
)
REGISTERING = ("torch.library", "load_library", "custom_op", "cpp_extension", "Library(")


def is_exact(path: str) -> bool:
    """Whether the schema in the table is all there is: functions that dispatch on a flag have another."""
    name = path.rpartition(".")[2]
    return not name.startswith(("max_pool", "adaptive_max_pool", "fractional_max_pool")) and name not in OVERLOADED


OVERLOADED = frozenset({"interpolate", "upsample", "tensordot", "norm", "unique", "unique_consecutive", "cdist"})


def _is_missing(path: str) -> bool:
    """Whether torch has nothing of a path that names a function of it."""
    space, _, name = path.rpartition(".")
    if space in ("torch.nn.functional", "math"):
        return path not in table().paths and not name.startswith("_")
    if path.startswith("torch.ops."):
        return False
    if space == "torch":
        return path not in table().paths and not name.startswith("_")
    return path == "torch.Tensor" or path in LEGACY


LEGACY = frozenset(
    f"torch.{name}Tensor" for name in ("Float", "Long", "Int", "Double", "Bool", "Half", "Byte", "Short")
)
__all__ = ["arguments", "call", "expressions", "optional"]

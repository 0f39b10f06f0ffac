"""Names of a module's top level and attributes of values and modules, as the compiler resolves them."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source import values
from tsl.source.classes import Class
from tsl.source.objects import UNTOLD
from tsl.source.refs import Instance, Layer, Routine
from tsl.source.script import by_default, class_body, made, outside
from tsl.source.script.table import table
from tsl.source.script.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Thing,
    Type,
    fits,
    is_a,
    is_known,
    is_optional,
    told,
)
from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.script.statements import Emitter

TENSOR_FIELDS: dict[str, Type] = {
    "dtype": "int", "device": "Device", "grad": ("Optional", TENSOR), "data": TENSOR, "shape": ("List", "int"),
    "layout": "int", "T": TENSOR, "H": TENSOR, "mT": TENSOR, "mH": TENSOR, "itemsize": "int", "nbytes": "int",
    "ndim": "int", "name": UNKNOWN, "real": TENSOR, "imag": TENSOR, "requires_grad": "bool",
    "is_leaf": "bool", "is_nested": "bool", "retains_grad": "bool", "output_nr": "int",
}  # fmt: skip
# The fields of the named tuples that torch's operators return
FIELDS = frozenset(
    """values indices eigenvalues eigenvectors Q R U S V Vh L LU sign logabsdet mantissa exponent mode hist bin_edges
    min max solution residuals rank singular_values inverse info pivots LD P data batch_sizes sorted_indices
    unsorted_indices quantize_val qscale""".split()
)
MODULE_METHODS = frozenset(
    """parameters named_parameters buffers named_buffers children named_children modules named_modules train eval to
    half float double cuda cpu requires_grad_ zero_grad extra_repr state_dict register_buffer register_parameter
    add_module apply type get_submodule get_parameter get_buffer _modules _parameters _buffers __class__ __dict__
    load_state_dict compile register_forward_hook register_forward_pre_hook _get_name forward""".split()
)


MODULE_REFUSED = frozenset(
    """register_buffer register_parameter add_module __class__ __dict__ apply state_dict load_state_dict
    register_forward_hook register_forward_pre_hook _get_name _modules _parameters _buffers parameters named_parameters
    buffers train eval to half float double bfloat16 cuda cpu requires_grad_ zero_grad get_submodule get_parameter
    get_buffer type compile share_memory""".split()
)


def global_name(emitter: Emitter, node: _ast.Name) -> Type:
    """What a name that no block binds means."""
    closure = emitter.routine.closure
    if closure and node.id in closure:
        held = closure[node.id]
        if is_closed_over(emitter, node):
            text = f"`{node.id}` is a value of the function around this one, which the compiler cannot read"
            return emitter.refuse(node, "global", text)
        return made.thing_of(held) or UNKNOWN
    return in_module(emitter, emitter.module, node.id, node)


def is_closed_over(emitter: Emitter, node: Any) -> bool:
    """Whether a node is a name of the function around, which means nothing to the compiler unless it is called."""
    closure = emitter.routine.closure
    if not closure or not isinstance(node, _ast.Name) or emitter.scope.find(node.id) is not None:
        return False
    return closure.get(node.id) is UNTOLD


def in_module(emitter: Emitter, module: Any, name: str, node: Any) -> Type:
    """What a name of a module's top level means to the compiler."""
    names = module.names
    if name in names.functions:
        return Thing("function", Routine(names.functions[name], module))
    if name in module.classes:
        return Thing("class", module.classes[name])
    if name in names.assigned:
        return _assigned(emitter, module, name, node)
    external = names.external(name)
    if external is not None:
        return followed(emitter, external.path, node, module)
    if names.stars or not isinstance(node, _ast.Name):
        return UNKNOWN
    if name.startswith("__"):
        return UNKNOWN
    if name in _bound_somewhere(module):
        return UNKNOWN
    return emitter.refuse(node, "undefined", f"nothing binds `{name}` before it is read")


def _bound_somewhere(module: Any) -> frozenset[str]:
    return module.once(_all_bound, module.file.tree)  # type: ignore[no-any-return]


def _all_bound(tree: Any, _names: Any) -> frozenset[str]:
    """Every name that is bound outside of functions: by a loop, a `with`, an assignment to several names."""
    found: set[str] = set()
    queue = list(tree.body)
    while queue:
        node = queue.pop()
        if isinstance(node, _ast.FunctionDef | _ast.AsyncFunctionDef | _ast.ClassDef | _ast.Lambda):
            found.add(getattr(node, "name", ""))
            continue
        if isinstance(node, _ast.Name) and isinstance(node.ctx, _ast.Store):
            found.add(node.id)
        if isinstance(node, _ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        for field in node._fields:
            child = getattr(node, field, None)
            queue += [part for part in (child if isinstance(child, list) else [child]) if isinstance(part, _ast.AST)]
    return frozenset(found)


def followed(emitter: Emitter, path: str, node: Any, module: Any) -> Type:
    """What a dotted path means: a function or class that can be read, or the path."""
    found = module.modules.find(path, module)
    if found is None:
        kind, what = table().paths.get(path, ("", ""))
        if kind == "k" and isinstance(node, _ast.Name) and node.id not in NUMBERS_BY_NAME:
            return _global(emitter, node, node.id, "a constant of another module")
        return what if kind == "k" else Thing("path", path)
    held = isinstance(node, _ast.Name) and not found.rest and found.name in found.module.names.assigned
    result = in_module(emitter, found.module, found.name, node if held else None)
    for name in found.rest:
        result = Thing("path", "?") if not isinstance(result, Thing) else UNKNOWN
        _ = name
    return result


def _assigned(emitter: Emitter, module: Any, name: str, node: Any) -> Type:
    nodes = module.names.assigned[name]
    path = module.names.dotted(nodes[0]) if len(nodes) == 1 else None
    if path and not path.startswith(f"{name}."):
        kind, _ = table().paths.get(path, ("", ""))
        if kind == "k":
            return _global(emitter, node, name, "a constant of another module")
        if kind:
            return Thing("path", path)
    if len(nodes) == 1 and isinstance(nodes[0], _ast.Set | _ast.SetComp):
        return _global(emitter, node, name, "a set")
    if len(nodes) == 1 and is_truth(module, nodes[0]):
        return _global(emitter, node, name, "a bool")
    thing = outside.object_of(module, name, nodes[0]) if len(nodes) == 1 else None
    if thing is not None:
        return thing
    if len(nodes) == 1 and (what := outside.constant(module, nodes[0])):
        return _global(emitter, node, name, what)
    value = emitter.session.global_value(module, name)
    for flag, what in GLOBALS:
        if value.is_only(flag) and not value.refs and isinstance(node, _ast.Name):
            return _global(emitter, node, name, what)
    if len(value.refs) == 1 and value.is_only(values.REF):
        ref = value.refs[0]
        if isinstance(ref, Routine):
            return Thing("function", ref)
        if isinstance(ref, Class):
            return Thing("class", ref)
    return UNKNOWN


def is_truth(module: Any, node: Any) -> bool:
    """Whether an expression of a module's top level gives a bool, whatever it asks about."""
    match node:
        case _ast.UnaryOp(op=_ast.Not()):
            return True
        case _ast.Compare(ops=[_ast.Is() | _ast.IsNot() | _ast.In() | _ast.NotIn()]):
            return True
        case _ast.Call(func=func):
            path = module.names.dotted(func) or ""
            return path in ASKING or (path.startswith("torch.") and path.rpartition(".")[2] in AVAILABLE)
    return False


# Names that the compiler knows by themselves, wherever they are from
NUMBERS_BY_NAME = frozenset({"inf", "nan"})
ASKING = frozenset(f"builtins.{name}" for name in "bool callable hasattr isinstance issubclass all any".split())
AVAILABLE = frozenset({"is_available", "is_built"})
GLOBALS = (
    (values.BOOL, "a bool"),
    (values.INT, "an int"),
    (values.FLOAT, "a float"),
    (values.STR, "a str"),
    (values.SEQ, "a list or tuple"),
    (values.DICT, "a dict"),
    (values.TENSOR, "a tensor"),
    (values.NONE, "None"),
)


def _global(emitter: Emitter, node: Any, name: str, what: str) -> Type:
    if not isinstance(node, _ast.Name):
        return UNKNOWN
    return emitter.refuse(node, "global", f"`{name}` is {what} outside of the function, which the compiler cannot read")


def attribute(emitter: Emitter, node: _ast.Attribute, base: Type) -> Type:
    """What `base.name` means."""
    if isinstance(base, Thing):
        return _of_thing(emitter, node, base)
    if base in (UNKNOWN, ANY):
        return UNKNOWN
    name = node.attr
    if is_a(base, "Interface"):
        found = base[1].find(name)
        if found is None:
            return emitter.refuse(node, "attribute", f"the interface {told(base)} has no `{name}`")
        return Thing("interface", Routine(found[0], found[1].module))
    if is_a(base, "Class"):
        from tsl.source.script import script_classes

        return script_classes.attribute(emitter, node, base[1])
    if is_optional(base):
        if not is_known(base):
            return UNKNOWN
        return emitter.refuse(node, "optional", f"{told(base)} has no `{name}` until it is known not to be None")
    if base == TENSOR and (
        name in TENSOR_FIELDS or (name.startswith("is_") and not table().operators.get(f"aten::{name}"))
    ):
        return TENSOR_FIELDS.get(name, "bool")
    if base == "Device":
        return {"type": "str", "index": ("Optional", "int")}.get(name, UNKNOWN)
    if is_known(base) and (is_a(base, "Union") or (is_a(base, "Tuple") and name not in FIELDS)):
        return emitter.refuse(node, "attribute", f"{told(base)} has no `{name}` in TorchScript")
    if is_a(base, "Tuple") or is_a(base, "Union") or base in ("number", NONE) or name.startswith("__"):
        return UNKNOWN
    if base == TENSOR and name == "tolist":
        return Thing("method", (base, name))
    if not table().has_method(base, name):
        return emitter.refuse(node, "attribute", f"{told(base)} has no `{name}` in TorchScript")
    return Thing("method", (base, name))


def _of_thing(emitter: Emitter, node: _ast.Attribute, base: Thing) -> Type:
    if base.kind == "self":
        return own_attribute(emitter, base, node.attr, node)
    if base.kind == "path":
        if base.what == "?":
            return UNKNOWN
        path = f"{base.what}.{node.attr}"
        from tsl.source.names import canonical

        return followed(emitter, canonical(path), node, emitter.module)
    if base.kind == "python":
        return emitter.refuse(node, "global", f"`{emitter.module.file.segment(node.value)}` is {base.what}")
    if base.kind == "class":
        from tsl.source.script import script_classes

        return script_classes.of_class(emitter, node, base.what)
    if base.kind == "submodules" and node.attr in ("items", "values", "keys"):
        return Thing("items", (node.attr, base))
    if base.kind == "layer":
        return _of_layer(base.what, node.attr)
    return UNKNOWN


def _of_layer(layer: Layer, name: str) -> Type:
    return TENSOR if name == "weight" and layer.path in WEIGHTED else UNKNOWN


WEIGHTED = frozenset(f"torch.nn.{name}" for name in "Linear Conv1d Conv2d Conv3d Embedding".split())


def instance_of(base: Thing) -> Instance:
    """The module a Thing is."""
    ref = base.what.refs[0]
    assert isinstance(ref, Instance)
    return ref


def own_attribute(emitter: Emitter, base: Thing, name: str, node: Any) -> Type:
    """What `self.name` means on a module."""
    instance = instance_of(base)
    cls = instance.cls
    found = cls.find(name)
    if found is not None and name in class_body.replaced(cls):
        return UNKNOWN
    if found is not None:
        routine = Routine(found[0], found[1].module, found[1], base.what)
        if name in found[1].properties:
            if decorator_names(found[0]) & {"ignore", "unused"}:
                return UNKNOWN
            return emitter.compiler.function(routine, (emitter.routine, node))
        if "script_method" in decorator_names(found[0]) and not class_body.is_open(cls):
            text = f"`{name}` is marked for a ScriptModule, and is not there when a plain module is compiled"
            return emitter.refuse(node, "module-attribute", text)
        return Thing("function", routine)
    if name == "training":
        return "bool"
    left = emitter.session.objects.made(instance)
    if by_default.is_absent(instance, name):
        text = f"`{name}` is made in one arm of `__init__` alone, and not with the defaults"
        return emitter.refuse(node, "module-attribute", text)
    if name in left:
        return made.type_of(emitter, cls, name, left[name], node)
    if name in MODULE_REFUSED and not class_body.is_open(cls):
        return emitter.refuse(
            node, "module-attribute", f"`{name}` of a module is Python, and not there when it is compiled"
        )
    if name in MODULE_METHODS:
        return Thing("path", f"?.{name}") if name != "forward" else UNKNOWN
    for ancestor in cls.ancestors():
        if name in ancestor.attributes:
            return _class_level(emitter, cls, ancestor, name, node)
    if class_body.is_open(cls) or name in class_body.set_anywhere(cls):
        return UNKNOWN
    return emitter.refuse(node, "module-attribute", f"`{cls.name}` has no attribute `{name}` when it is compiled")


def _class_level(emitter: Emitter, cls: Class, owner: Class, name: str, node: Any) -> Type:
    held = owner.attributes[name]
    if name in class_body.constants(cls) or (
        isinstance(held, _ast.AnnAssign) and class_body.is_final(owner.module, held.annotation)
    ):
        return emitter.compiler.literal(owner.module, held.value if isinstance(held, _ast.AnnAssign) else held)
    if isinstance(held, _ast.AnnAssign) and held.value is None:
        return UNKNOWN
    value = held.value if isinstance(held, _ast.AnnAssign) else held
    if isinstance(
        value, _ast.Constant | _ast.List | _ast.Tuple | _ast.Dict | _ast.UnaryOp | _ast.Set
    ) and not class_body.is_open(cls):
        text = f"`{name}` stands on the class, and the compiler reads what stands on the object"
        return emitter.refuse(node, "module-attribute", text)
    return UNKNOWN


def has(emitter: Emitter, base: Thing, name: str) -> bool | None:
    """Whether a module has an attribute, None where that is not known."""
    instance = instance_of(base)
    cls = instance.cls
    if name in emitter.session.objects.made(instance) or name == "training":
        return None if by_default.is_absent(instance, name) else True
    if cls.find(name) is not None or any(name in ancestor.attributes for ancestor in cls.ancestors()):
        return None
    return None if class_body.is_open(cls) or name in class_body.set_anywhere(cls) else False


def store(emitter: Emitter, base: Thing, target: _ast.Attribute, kind: Type) -> None:
    """Assigns to an attribute of a module."""
    instance = instance_of(base)
    cls, name = instance.cls, target.attr
    left = emitter.session.objects.made(instance)
    if name in class_body.constants(cls) or class_body.declared_final(cls, name):
        emitter.refuse(target, "new-attribute", f"`{name}` is a constant of the module and cannot be set")
        return
    found = cls.find(name)
    if found is not None and name in found[1].properties and name not in found[1].setters:
        emitter.refuse(target, "new-attribute", f"the property `{name}` has no setter")
        return
    if name not in left:
        known = made.is_whole(cls, left) and not class_body.is_open(cls)
        if name != "training" and known and cls.find(name) is None:
            text = f"`{name}` is not made in `__init__`, and cannot be made while the model runs"
            emitter.refuse(target, "new-attribute", text)
        return
    if is_optional(kind) and is_known(kind) and made.says_no_type(cls, name):
        text = f"`{name}` has the type of the value it is made with, which is no {told(kind)} unless the class says so"
        emitter.refuse(target, "new-attribute", text)
        return
    before = emitter.compiler.quietly(lambda: made.type_of(emitter, cls, name, left[name], None))
    known = not isinstance(before, Thing) and is_known(before) and is_known(kind)
    if known and not fits(kind, before):
        emitter.refuse(target, "new-attribute", f"`{name}` is {told(before)} and would be {told(kind)}")

"""Expressions of an export script: names, literals, paths, devices, and which of them is called."""

from __future__ import annotations

import _ast
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tsl.source.classes import Class
from tsl.source.exporting import calls, contexts, fetched, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.things import (
    NONE,
    UNKNOWN,
    UNKNOWN_STATE,
    Callback,
    Const,
    Defined,
    Either,
    Many,
    Map,
    Opaque,
    Own,
    Ref,
    Seq,
    items_of,
    join_devices,
    join_states,
    join_values,
    joined,
    options_of,
)
from tsl.source.names import canonical
from tsl.source.refs import External
from tsl.source.tree import decorator_names

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run


PROPERTIES = frozenset({"property", "cached_property"})
# How texts that are spelled out make another one
JOINED: dict[str, Callable[..., str]] = {
    "join": posixpath.join,
    "add": lambda *parts: "".join(parts),
    "format": lambda *parts: "".join(parts),
}


def key_of(node: Any) -> str:
    """`a.b.c` of an attribute chain over a name, by which the state keeps it; nothing of other expressions."""
    parts: list[str] = []
    while isinstance(node, _ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, _ast.Name) else ""


def evaluate(run: Run, node: Any) -> Any:
    """The value of an expression."""
    handler = EVALUATE.get(type(node))
    if handler is not None:
        return handler(run, node)
    for field in node._fields:
        child = getattr(node, field)
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, _ast.expr):
                evaluate(run, one)
            elif isinstance(one, _ast.comprehension):
                evaluate(run, one.iter)
    return UNKNOWN


def meaning(run: Run, path: str) -> Any:
    """What a dotted path is: a function or class that can be read, else the path."""
    found = run.module.modules.find(path, run.module)
    if found is not None and not found.rest:
        names = found.module.names
        if found.name in names.functions:
            return Defined(names.functions[found.name], found.module)
        if found.name in found.module.classes:
            return Defined(found.module.classes[found.name])
    return Defined(External(canonical(path)))


def device_of(value: Any) -> str:
    """The device a value names: `cpu`, `cuda`, several of them, or unknown."""
    device = ""
    for one in options_of(value):
        named = UNKNOWN_STATE
        if isinstance(one, Const) and isinstance(one.value, str) and one.value:
            named = one.value.partition(":")[0]
        elif isinstance(one, Const) and isinstance(one.value, int) and not isinstance(one.value, bool):
            named = "cuda"
        device = join_devices(device, named) if device else named
    return device


def _name(run: Run, node: Any) -> Any:
    names = run.here.names
    if node.id in names:
        return names[node.id]
    module = run.module
    if node.id in module.names.functions:
        return Defined(module.names.functions[node.id], module)
    if node.id in module.classes:
        return Defined(module.classes[node.id])
    if node.id == "__file__":
        return Opaque(("file",))
    external = module.names.external(node.id)
    return meaning(run, external.path) if external else UNKNOWN


def _attribute(run: Run, node: Any) -> Any:
    key = key_of(node)
    if key and key in run.here.names:
        return run.here.names[key]
    base = evaluate(run, node.value)
    return attribute(run, base, node.attr)


def attribute(run: Run, base: Any, name: str) -> Any:
    """`base.name` where it is more than unknown: a path's part, a method of a thing, the device of one."""
    if isinstance(base, Defined) and isinstance(base.what, External):
        path = f"{base.what.path}.{name}"
        return fetched.sent(run, path) if path in orders.SENT else meaning(run, path)
    if isinstance(base, Defined) and isinstance(base.what, Class):
        return _of_class(run, base, name)
    if isinstance(base, Own) and (base.number, name) in run.here.held:
        return run.here.held[base.number, name]
    if isinstance(base, Ref) and (base.number, name) in run.here.held:
        return run.here.held[base.number, name]
    if isinstance(base, Own):
        found = base.source.find(name)
        if found is None:
            said = _said_by_class(run, base.source, name)
            number = (base.number,) if base.number else ()
            return Opaque(("self", id(base.source), name, *number)) if said is UNKNOWN else said
        method = Defined(found[0], (found[1].module, base))
        return _got(run, method) if PROPERTIES.intersection(decorator_names(found[0])) else method
    if any(isinstance(one, Ref) for one in options_of(base)):
        if name == "device":
            thing = run.here.thing(base)
            return Const(thing.device) if thing and thing.device != UNKNOWN_STATE else UNKNOWN
        return Defined(name, base)
    if isinstance(base, Opaque) and base.key:
        return Opaque((*base.key, name))
    return Defined(name, base) if isinstance(base, Const | Map | Seq | Many | Either) else UNKNOWN


def _got(run: Run, method: Defined) -> Any:
    """What a property returns."""
    return calls.call(run, method, Given((), {}, None, method.what))


def _of_class(run: Run, base: Defined, name: str) -> Any:
    """`Class.name`: a method, to which a class method's class is bound, or what the class says of an attribute."""
    found = base.what.find(name)
    if found is None:
        return _said_by_class(run, base.what, name)
    bound = base if "classmethod" in decorator_names(found[0]) else None
    return Defined(found[0], (found[1].module, bound))


def _said_by_class(run: Run, cls: Class, name: str) -> Any:
    """A text or number that a class of this file assigns in its body; a field with a type is a default alone."""
    value = next((one.attributes[name] for one in cls.ancestors() if name in one.attributes), None)
    is_here = cls.module is run.module and isinstance(value, _ast.expr)
    said = evaluate(run, value) if is_here else UNKNOWN
    return said if isinstance(said, Const) else UNKNOWN


def _conditional(run: Run, node: Any) -> Any:
    """`a if test else b`: what either is, and does."""
    evaluate(run, node.test)
    before = run.here.copy()
    left = evaluate(run, node.body)
    after, run.state = run.state, before
    right = evaluate(run, node.orelse)
    run.state = join_states(after, run.state)
    return join_values(left, right)


def _either(run: Run, node: Any) -> Any:
    """`given or usual`: what one of the operands is; those after the first may not be reached."""
    values = [evaluate(run, node.values[0])]
    for operand in node.values[1:]:
        before = run.here.copy()
        values.append(evaluate(run, operand))
        run.state = join_states(before, run.state)
    return joined(values)


def _sequence(run: Run, node: Any) -> Any:
    items, is_whole = _spread(run, node.elts)
    return Seq(tuple(items)) if is_whole else UNKNOWN


def _spread(run: Run, nodes: list[Any]) -> tuple[list[Any], bool]:
    """The values of a display or of positional arguments with `*parts` spread, and whether all parts are known."""
    values: list[Any] = []
    for node in nodes:
        value = evaluate(run, node)
        if not isinstance(node, _ast.Starred):
            values.append(value)
        elif isinstance(value, Seq):
            values += value.items
        else:
            return values + [evaluate(run, one) for one in nodes[nodes.index(node) + 1 :]], False
    return values, True


def _comprehension(run: Run, node: Any) -> Any:
    """`[make(part) for part in parts]`: items that are all made alike."""
    from tsl.source.exporting import statements

    for part in node.generators:
        items = items_of(evaluate(run, part.iter))
        statements.bind(run, part.target, joined(items or ()))
        for test in part.ifs:
            evaluate(run, test)
    return Many(evaluate(run, node.elt))


def _dictionary(run: Run, node: Any) -> Any:
    keys = [evaluate(run, key) if key is not None else None for key in node.keys]
    items = [evaluate(run, value) for value in node.values]
    return UNKNOWN if None in keys else Map(tuple(zip(keys, items, strict=True)))


def _binary(run: Run, node: Any) -> Any:
    left, right = evaluate(run, node.left), evaluate(run, node.right)
    if isinstance(node.op, _ast.Add) and isinstance(left, Const) and left.value in ("cuda:", "cuda"):
        return left
    if isinstance(node.op, _ast.Add | _ast.Div):
        return derived("join" if isinstance(node.op, _ast.Div) else "add", (left, right))
    return UNKNOWN


def derived(how: str, parts: tuple[Any, ...]) -> Any:
    """A text or path made of others: the same parts make the same path, and parts spelled out a path spelled out."""
    texts = [part.value for part in parts if isinstance(part, Const) and isinstance(part.value, str)]
    if parts and len(texts) == len(parts) and how in JOINED:
        return Const(JOINED[how](*texts))
    keys: list[Any] = []
    for part in parts:
        if isinstance(part, Const):
            keys.append(("const", part.value))
        elif isinstance(part, Opaque) and part.key:
            keys += part.key[1:] if how == "join" == part.key[0] and not keys else [part.key]
        else:
            return UNKNOWN
    return Opaque((how, *keys))


def _formatted(run: Run, node: Any) -> Any:
    parts = [evaluate(run, part.value if isinstance(part, _ast.FormattedValue) else part) for part in node.values]
    if parts and isinstance(parts[0], Const) and isinstance(parts[0].value, str) and parts[0].value.startswith("cuda:"):
        return Const("cuda")
    return derived("format", tuple(parts))


def _walrus(run: Run, node: Any) -> Any:
    value = evaluate(run, node.value)
    run.here.names[node.target.id] = value
    return value


def _subscript(run: Run, node: Any) -> Any:
    base, key = evaluate(run, node.value), evaluate(run, node.slice)
    if isinstance(base, Seq) and isinstance(key, Const) and isinstance(key.value, int):
        return base.items[key.value] if -len(base.items) <= key.value < len(base.items) else UNKNOWN
    if isinstance(base, Many):
        return UNKNOWN if isinstance(node.slice, _ast.Slice) else base.item
    return item(run, base, key)


def item(run: Run, base: Any, key: Any) -> Any:
    """`base[key]`: of a dict with a key that is not known, any of its values."""
    if isinstance(base, Map):
        found = [value for name, value in base.items if name == key or not isinstance(name, Const)]
        return joined(found if isinstance(key, Const) else [value for _, value in base.items])
    if isinstance(base, Defined) and isinstance(base.what, External) and base.what.path.endswith(".__dict__"):
        return named(run, Defined(External(base.what.path.removesuffix(".__dict__"))), key)
    if isinstance(base, Opaque) and base.key and isinstance(key, Const):
        return Opaque((*base.key, ("item", key.value)))
    return UNKNOWN


def named(run: Run, base: Any, name: Any) -> Any:
    """`getattr(base, name)`; of a library whose models all come in one mode, any of them."""
    if isinstance(name, Const) and isinstance(name.value, str):
        return attribute(run, base, name.value)
    path = f"{base.what.path}." if isinstance(base, Defined) and isinstance(base.what, External) else ""
    return Defined(External(f"{path}?")) if path.startswith(orders.IN_TRAIN_MODE) else UNKNOWN


def _unary(run: Run, node: Any) -> Any:
    value = evaluate(run, node.operand)
    if isinstance(node.op, _ast.USub) and isinstance(value, Const) and isinstance(value.value, int):
        return Const(-value.value)
    return UNKNOWN


def _call(run: Run, node: Any) -> Any:
    if isinstance(node.func, _ast.Attribute) and node.func.attr == "enter_context" and len(node.args) == 1:
        value, _ = contexts.enter(run, node.args[0])
        return value
    return call(run, node, evaluate(run, node.func))


def call(run: Run, node: Any, callee: Any, *, is_opening: bool = False) -> Any:
    """The result of a call of what `callee` is; `is_opening` where a context manager is read up to its `yield`."""
    keywords: dict[str, Any] = {}
    positional, is_whole = _spread(run, node.args)
    rest: Any = None if is_whole else UNKNOWN
    for keyword in node.keywords:
        value = evaluate(run, keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, Map) and all(isinstance(key, Const) for key, _ in value.items):
            keywords.update({str(key.value): item for key, item in value.items})
        else:
            rest = UNKNOWN
    given = Given(tuple(positional), keywords, rest, node)
    return calls.opening(run, callee, given) if is_opening else calls.call(run, callee, given)


EVALUATE: dict[type, Any] = {
    _ast.Constant: lambda _run, node: NONE if node.value is None else Const(node.value),
    _ast.Name: _name,
    _ast.Attribute: _attribute,
    _ast.IfExp: _conditional,
    _ast.BoolOp: _either,
    _ast.Tuple: _sequence,
    _ast.List: _sequence,
    _ast.Dict: _dictionary,
    _ast.ListComp: _comprehension,
    _ast.GeneratorExp: _comprehension,
    _ast.BinOp: _binary,
    _ast.JoinedStr: _formatted,
    _ast.NamedExpr: _walrus,
    _ast.Subscript: _subscript,
    _ast.UnaryOp: _unary,
    _ast.Call: _call,
    _ast.Lambda: lambda _run, node: Callback(node),
    _ast.Starred: lambda run, node: evaluate(run, node.value),
    _ast.Await: lambda run, node: evaluate(run, node.value),
}

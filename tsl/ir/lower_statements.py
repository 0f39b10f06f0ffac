"""What statements of printed code do: assignments, branches, loops, `with`, functions within functions, and the return.

Definitions, which are PyTorch's (torch/csrc/jit/frontend/ir_emitter.cpp, convert_to_ssa.cpp):
1. After a branch, a variable that both arms know, and that one of them set, is what the arm that ran made of it. Its
   type unites those of both; without such a type it ends with the branch. Outputs stand in the order of the names.
2. A loop carries the variables that its body sets and that are known before it, in the order of their names.
3. The condition of a `while` is asked before the loop and again at the end of its body.
4. A branch on a constant that is written out, or on an isinstance that the types settle, is no branch: one arm is
   there.
"""

from __future__ import annotations

import _ast
from collections.abc import Iterable
from typing import Any

from tsl.archive.code import Method
from tsl.ir.inline_form import CONSTANT, Op, Region, Var
from tsl.ir.lower_calls import arguments, builtin, converted_to, is_instance, pack, unpack
from tsl.ir.lower_emitter import Context, Emitter, Scope, told
from tsl.ir.lower_expressions import attribute_of, meaning, value, value_of
from tsl.ir.lower_names import Bound, Closure, Packed, Sugared, title
from tsl.ir.lower_types import LowerError
from tsl.ir.types import ANY, BOOL, INT, NONE, TENSOR, UNKNOWN, Type, unify
from tsl.record import Record

MOST_TURNS = 2**63 - 1


class Refined(Record):
    """A variable that an isinstance asked about, and the one type it asked for."""

    name: str
    type: Type


def emit_function(context: Context, method: Method) -> Emitter:
    """The graph of a function or method, as it stands before anything is taken out. Raises LowerError."""
    emitter = Emitter(context, method.file)
    signature = context.declarations.signature(method)
    for parameter in signature.parameters:
        var = Var(parameter.type, parameter.name)
        emitter.region.inputs.append(var)
        emitter.scope.held[parameter.name] = (var, parameter.type)
    emitter.returns = signature.returns
    emit(emitter, method.node.body)
    for var in emitter.region.outputs:
        var.uses += 1
    return emitter


def emit(emitter: Emitter, body: Iterable[_ast.stmt]) -> None:
    """Emits statements in order."""
    for statement in body:
        handler = _STATEMENTS.get(type(statement))
        if handler is None:
            message = f"{type(statement).__name__} is not printed by PyTorch"
            raise LowerError(message, emitter.offset(statement))
        handler(emitter, statement)


def _assign(emitter: Emitter, node: _ast.Assign) -> None:
    target = node.targets[0]
    if type(target) is _ast.Name:
        _bind(emitter, target.id, meaning(emitter, node.value))
    elif type(target) is _ast.Tuple:
        _assign_tuple(emitter, target, node.value)
    elif type(target) is _ast.Attribute:
        _set_attribute(emitter, target, node)
    elif type(target) is _ast.Subscript:
        inputs = [value(emitter, target.value), value(emitter, target.slice), value(emitter, node.value)]
        builtin(emitter, "aten::_set_item", inputs, [], node)
    else:
        raise LowerError("this cannot be assigned to", emitter.offset(target))


def _bind(emitter: Emitter, name: str, meant: Sugared, declared: Type | None = None) -> None:
    if isinstance(meant, Packed):
        meant = pack(emitter, meant)
    if isinstance(meant, Var) and emitter.scope.outer is not None:
        before = emitter.scope.outer.find(name)
        if before is not None and before[1] is not None:
            meant = converted_to(emitter, meant, before[1], None)
    emitter.write(name, meant, declared)


def _assign_tuple(emitter: Emitter, target: _ast.Tuple, right: _ast.expr) -> None:
    names = target.elts
    meant = meaning(emitter, right, None, len(names))
    if isinstance(meant, Var):
        parts = _parts(emitter, meant, len(names))
    elif isinstance(meant, Packed):
        parts = list(meant.values)
    else:
        raise LowerError(f"{title(meant)} cannot be taken apart", emitter.offset(right))
    if len(parts) != len(names):
        raise LowerError(f"{len(parts)} values are bound to {len(names)} names", emitter.offset(target))
    for name, part in zip(names, parts, strict=True):
        if not isinstance(name, _ast.Name):
            raise LowerError("this cannot be assigned to", emitter.offset(name))
        _bind(emitter, name.id, part)


def _parts(emitter: Emitter, var: Var, count: int) -> list[Var]:
    if var.type.kind in {"Tuple", "NamedTuple"}:
        return unpack(emitter, var)
    kind = "prim::ListUnpack" if var.type.kind == "List" else "prim::TupleUnpack"
    part = var.type.element if var.type.kind == "List" else UNKNOWN
    op = emitter.add(kind, [var])
    op.outputs.extend(Var(part, "", op) for _ in range(count))
    return list(op.outputs)


def _set_attribute(emitter: Emitter, target: _ast.Attribute, node: _ast.Assign) -> None:
    held = value(emitter, target.value)
    type = emitter.context.declarations.attributes(held.type.name).get(target.attr)
    given = value(emitter, node.value, type)
    if type is not None:
        given = converted_to(emitter, given, type, node)
    emitter.add("prim::SetAttr", [held, given], node, (("name", target.attr),))


def _annotated(emitter: Emitter, node: _ast.AnnAssign) -> None:
    if not isinstance(node.target, _ast.Name) or node.value is None:
        raise LowerError("this cannot be declared", emitter.offset(node.target))
    declared = emitter.type(node.annotation)
    meant = meaning(emitter, node.value, declared)
    if isinstance(meant, Var | Packed):
        meant = converted_to(emitter, value_of(emitter, meant), declared, node)
    _bind(emitter, node.target.id, meant, declared)


def _expression(emitter: Emitter, node: _ast.Expr) -> None:
    meaning(emitter, node.value, None, 0)


def _return(emitter: Emitter, node: _ast.Return) -> None:
    wanted = emitter.returns
    var = value(emitter, node.value, wanted) if node.value is not None else emitter.constant(None, node)
    if wanted is not None and wanted is not ANY:
        var = converted_to(emitter, var, wanted, node, converts=False)
    emitter.region.outputs = [var]


def _condition(emitter: Emitter, node: _ast.expr) -> tuple[Var, bool | None, Refined | None]:
    """The condition of a branch, its answer where it is settled (4), and what it says of a variable's type."""
    if isinstance(node, _ast.Call) and isinstance(node.func, _ast.Name) and node.func.id == "isinstance":
        var, wanted, settled = is_instance(emitter, node)
        asked = node.args[0]
        refined = None
        if isinstance(asked, _ast.Name) and len(wanted) == 1:
            refined = Refined(asked.id, wanted[0])
        if settled is not None:
            return emitter.constant(settled, node), settled, refined
        return emitter.make("prim::isinstance", [var], BOOL, node, (("types", wanted),)), None, refined
    var = value(emitter, node)
    settled = None
    if not isinstance(node, _ast.Name) and var.op is not None and var.op.kind == CONSTANT:
        settled = var.op.attribute("value")
    return as_bool(emitter, var, node), settled if isinstance(settled, bool) else None, None


def as_bool(emitter: Emitter, var: Var, node: Any) -> Var:
    """A value as a condition."""
    return var if var.type in {BOOL, UNKNOWN} else emitter.make("aten::Bool", [var], BOOL, node)


def _refine(emitter: Emitter, refined: Refined | None) -> None:
    """Where an isinstance is true, the variable it asked about is of the type it asked for."""
    held = emitter.read(refined.name) if refined else None
    if refined and isinstance(held, Var) and held.type is not refined.type:
        emitter.write(refined.name, emitter.make("prim::unchecked_cast", [held], refined.type))


def _if(emitter: Emitter, node: _ast.If) -> None:
    condition, settled, refined = _condition(emitter, node.test)
    if settled is not None:
        _refine(emitter, refined if settled else None)
        emit(emitter, node.body if settled else node.orelse)
        return
    op = emitter.add("prim::If", [condition], node)
    arms = []
    for place, body in enumerate((node.body, node.orelse)):
        before = emitter.enter()
        _refine(emitter, None if place else refined)
        emit(emitter, body)
        arms.append(emitter.leave(before))
    op.regions = (arms[0][0], arms[1][0])
    _join(emitter, op, arms)


def _join(emitter: Emitter, op: Op, arms: list[tuple[Region, Scope]]) -> None:
    """Lets the variables that a branch set mean its outputs (1)."""
    scopes = [scope for _, scope in arms]
    for name in sorted(scopes[0].held.keys() | scopes[1].held.keys()):
        found, found_too = (scope.find(name) for scope in scopes)
        if found is None or found_too is None:
            continue
        (one, declared), (other, declared_too) = found, found_too
        if not isinstance(one, Var) or not isinstance(other, Var) or declared is None or declared_too is None:
            continue
        meets = emitter.context.declarations.meets
        type, read_as = unify(one.type, other.type, meets), unify(declared, declared_too, meets)
        if type is None or read_as is None:
            continue
        for (region, _), var in zip(arms, (one, other), strict=True):
            region.outputs.append(var)
            var.uses += 1
        out = Var(type, told(name), op)
        op.outputs.append(out)
        emitter.scope.held[name] = (out, read_as)


def _for(emitter: Emitter, node: _ast.For) -> None:
    match node.iter, node.target:
        case _ast.Call(func=_ast.Name(id="range"), args=[count]), _ast.Name(id=name):
            turns = converted_to(emitter, value(emitter, count), INT, node)
        case _:
            raise LowerError("a loop goes over something else than range(count)", emitter.offset(node))
    if turns.type is not INT and turns.type is not UNKNOWN:
        raise LowerError(f"a loop runs {turns.type} times", emitter.offset(node))
    start = emitter.constant(True, node)
    _loop(emitter, node, turns, start, name)


def _while(emitter: Emitter, node: _ast.While) -> None:
    turns = emitter.number(MOST_TURNS, node)
    start = as_bool(emitter, value(emitter, node.test), node.test)
    _loop(emitter, node, turns, start, None)


def _loop(emitter: Emitter, node: _ast.For | _ast.While, turns: Var, start: Var, counter: str | None) -> None:
    names = assigned(node.body) | ({counter} if counter else set())
    outer = {name: held for name in sorted(names) if (held := emitter.scope.find(name)) and held[1] is not None}
    op = emitter.add("prim::Loop", [turns, start], node)
    before = emitter.enter()
    count = Var(INT, counter or "")
    emitter.region.inputs.append(count)
    carried: dict[str, Var] = {}
    for name, (known, declared) in outer.items():
        assert isinstance(known, Var)
        carried[name] = Var(known.type, told(name))
        emitter.scope.held[name] = (carried[name], declared)
    if counter:
        emitter.scope.held[counter] = (count, INT)
    emit(emitter, node.body)
    going = as_bool(emitter, value(emitter, node.test), node.test) if isinstance(node, _ast.While) else start
    body, scope = emitter.leave(before)
    op.regions = (body,)
    body.outputs.append(going)
    _carry(emitter, op, scope, outer, carried)
    for var in body.outputs:
        var.uses += 1


def _carry(
    emitter: Emitter, op: Op, scope: Scope, outer: dict[str, tuple[Sugared, Type | None]], carried: dict[str, Var]
) -> None:
    """Lets the variables that a loop set mean its outputs (2)."""
    body = op.regions[0]
    for name, (known, declared) in outer.items():
        inside = scope.held[name][0]
        given = carried[name]
        assert isinstance(known, Var)
        if not isinstance(inside, Var):
            continue
        given.type = unify(known.type, inside.type, emitter.context.declarations.meets) or known.type
        op.inputs.append(known)
        known.uses += 1
        body.inputs.append(given)
        body.outputs.append(inside)
        out = Var(given.type, told(name), op)
        op.outputs.append(out)
        emitter.scope.held[name] = (out, declared)


def assigned(body: Iterable[_ast.stmt]) -> set[str]:
    """The names that statements set, in nested blocks too."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, _ast.Assign):
            for target in statement.targets:
                parts = target.elts if isinstance(target, _ast.Tuple) else [target]
                names.update(part.id for part in parts if isinstance(part, _ast.Name))
        elif isinstance(statement, _ast.AnnAssign) and isinstance(statement.target, _ast.Name):
            names.add(statement.target.id)
        elif isinstance(statement, _ast.If):
            names |= assigned(statement.body) | assigned(statement.orelse)
        elif isinstance(statement, _ast.For):
            names |= assigned(statement.body) | assigned([]) | _target(statement.target)
        elif isinstance(statement, _ast.While | _ast.With):
            names |= assigned(statement.body)
    return names


def _target(node: _ast.expr) -> set[str]:
    return {node.id} if isinstance(node, _ast.Name) else set()


def _with(emitter: Emitter, node: _ast.With) -> None:
    entered = []
    for item in node.items:
        held = value(emitter, item.context_expr)
        made = emitter.make("prim::Enter", [held], _entered(emitter, held, node), node)
        if isinstance(item.optional_vars, _ast.Name):
            emitter.write(item.optional_vars.id, made)
        entered.append(held)
    emit(emitter, node.body)
    for held in reversed(entered):
        emitter.make("prim::Exit", [held], TENSOR, node)


def _entered(emitter: Emitter, held: Var, node: Any) -> Type:
    meant = attribute_of(emitter, held, "__enter__", node)
    method = emitter.context.declarations.method(held.type.name, "__enter__")
    known = isinstance(meant, Bound) and method is not None
    return emitter.context.declarations.signature(method).returns if known and method else ANY


def _function(emitter: Emitter, node: _ast.FunctionDef) -> None:
    returns = emitter.returns
    emitter.returns = None
    before = emitter.enter()
    emit(emitter, node.body)
    region, _ = emitter.leave(before)
    emitter.returns = returns
    if not region.outputs:
        region.outputs = [Var(NONE)]
    for var in region.outputs:
        var.uses += 1
    emitter.scope.held[node.name] = (Closure(node, region), None)


def _pass(emitter: Emitter, node: _ast.Pass) -> None:
    """Nothing is emitted."""


_STATEMENTS: dict[type, Any] = {
    _ast.Assign: _assign,
    _ast.AnnAssign: _annotated,
    _ast.Expr: _expression,
    _ast.Return: _return,
    _ast.If: _if,
    _ast.For: _for,
    _ast.While: _while,
    _ast.With: _with,
    _ast.FunctionDef: _function,
    _ast.Pass: _pass,
}

__all__ = ["arguments", "assigned", "emit", "emit_function"]

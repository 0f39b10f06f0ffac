"""Statements as the compiler emits them: what they bind, where they end, and what it refuses in them."""

from __future__ import annotations

import _ast
from collections.abc import Mapping
from typing import Any

from tsl.source.refs import Routine
from tsl.source.script import assignments, conditions, expressions, module_lists
from tsl.source.script.class_body import is_final
from tsl.source.script.compiler import Compiler, Signature
from tsl.source.script.forms import bound_in, is_docstring, is_empty, jumps
from tsl.source.script.read_types import read
from tsl.source.script.scope import Scope, join
from tsl.source.script.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Thing,
    Type,
    converts,
    fits,
    is_a,
    is_known,
    is_optional,
    optional,
    told,
    unify,
)


class Emitter:
    """One function while it is compiled."""

    def __init__(self, compiler: Compiler, routine: Routine, signature: Signature) -> None:
        self.compiler, self.routine, self.signature = compiler, routine, signature
        self.module, self.session = routine.module, compiler.session
        self.scope = Scope()
        self.muted = 0
        self.returned: Type | None = None
        self.hints: list[Type] = []
        self.numbers: set[str] = set()
        self.made: dict[str, Type] = {}
        self.clashed: dict[str, tuple[Any, str]] = {}
        self.doubted = False

    def refuse(self, node: Any, how: str, text: str, about: str = "") -> Type:
        """Tells of a refusal, unless what is compiled may not be reached; what was refused is of unknown type."""
        if not self.muted:
            self.compiler.refuse(self.routine, node, how, text, about)
        return UNKNOWN

    def run(self) -> Type:
        """Compiles the body and says what the function returns."""
        node = self.routine.node
        if self.routine.owner is not None and node.args.args:
            ref = self.routine.instance.refs[0] if self.routine.instance and self.routine.instance.refs else None
            is_module = ref is not None and ref.cls.is_module
            own = Thing("self", self.routine.instance) if is_module else ("Class", ref.cls) if ref else UNKNOWN
            self.scope.names[node.args.args[0].arg] = own
        for parameter in self.signature.schema.parameters:
            self.scope.names[parameter.name] = parameter.kind
            self.scope.declared[parameter.name] = parameter.kind
        for extra in (node.args.vararg, node.args.kwarg, *node.args.posonlyargs):
            if extra is not None:
                self.scope.names[extra.arg] = UNKNOWN
        ended = self.block(node.body)
        self._fall_off(node, ended)
        return self.signature.returns if self.signature.declared else NONE if self.returned is None else self.returned

    def _fall_off(self, node: Any, ended: bool) -> None:
        if ended or node.name == "__init__":
            return
        if not self.signature.declared:
            self.returned = optional(self.returned) if self.returned not in (None, NONE) else NONE
            return
        wanted = self.signature.returns
        if wanted in (NONE, UNKNOWN, ANY) or isinstance(wanted, Thing) or is_optional(wanted):
            return
        if self.doubted:
            return
        self.refuse(node, "return", "a path ends without a `return`")

    # Blocks

    def block(self, statements: list[Any]) -> bool:
        """Compiles statements and says whether they end the block: what follows a `return` is not compiled."""
        for number, statement in enumerate(statements):
            if number == 0 and is_docstring(statement):
                continue
            if self.statement(statement):
                return True
        return False

    def statement(self, node: Any) -> bool:
        """Compiles a statement and says whether it ends its block."""
        handler = HANDLERS.get(type(node))
        if handler is None:
            self.scope.names.update(dict.fromkeys(bound_in(node), UNKNOWN))
            return False
        return bool(handler(self, node))

    def value(self, node: Any) -> Type:
        """The type of an expression."""
        return expressions.emit(self, node)

    def inside(self, statements: list[Any], refined: Mapping[str, Type]) -> tuple[Scope, bool]:
        """Compiles a block of its own; gives its names back, and whether it ends."""
        scope = Scope(self.scope)
        scope.names.update(refined)
        for name in refined:
            outer = self.scope.bound_outside(name) or self.scope.declared.get(name) or self.scope.find(name)
            self.scope.declared.setdefault(name, outer)
            scope.declared[name] = self.scope.declared[name]
        self.scope = scope
        ended = self.block(statements)
        assert scope.outer is not None
        self.scope = scope.outer
        for name, kind in refined.items():
            if scope.names.get(name) is kind:
                del scope.names[name]
        return scope, ended

    # Statements

    def expression(self, node: _ast.Expr) -> bool:
        self.value(node.value)
        return False

    def assign(self, node: _ast.Assign) -> bool:
        if len(node.targets) == 1 and isinstance(node.targets[0], _ast.Name):
            hint = self.scope.find(node.targets[0].id)
            self.hints.append(hint if hint is not None else UNKNOWN)
            kind = self.value(node.value)
            self.hints.pop()
        else:
            kind = self.value(node.value)
        for target in node.targets:
            self.bind(target, kind, node.value)
            if isinstance(target, _ast.Name):
                literal = isinstance(node.value, _ast.Constant | _ast.UnaryOp)
                (self.numbers.add if literal else self.numbers.discard)(target.id)
        return False

    def annotated(self, node: _ast.AnnAssign) -> bool:
        if node.value is None:
            return False
        if not isinstance(node.target, _ast.Name):
            return self._annotated_attribute(node)
        if self.scope.bound_outside(node.target.id) is not None:
            text = f"`{node.target.id}` is there before this block, and cannot be annotated again inside of it"
            self.refuse(node, "annotated-value", text)
        if is_final(self.module, node.annotation):
            self.refuse(node, "annotation", "`Final` is for attributes of modules, and no type of a name")
        wanted = read(self.module, node.annotation, lambda place, text: self.refuse(node, "annotation", text) and None)
        self.hints.append(wanted if wanted != UNKNOWN else ANY)
        given = self.value(node.value)
        self.hints.pop()
        differs = is_known(given) and is_known(wanted) and not fits(given, wanted)
        if differs and not is_empty(node.value):
            text = f"`{node.target.id}` is annotated {told(wanted)} and given {told(given)}"
            self.refuse(node, "annotated-value", text)
        self.bind(node.target, wanted if wanted != UNKNOWN else given, node.value)
        self.scope.declared[node.target.id] = wanted
        return False

    def _annotated_attribute(self, node: _ast.AnnAssign) -> bool:
        """An attribute that an `__init__` makes and says the type of."""
        wanted = read(self.module, node.annotation, lambda place, text: self.refuse(node, "annotation", text) and None)
        self.hints.append(wanted)
        given = self.value(node.value)
        self.hints.pop()
        self.bind(node.target, wanted if wanted != UNKNOWN else given, node.value)
        return False

    def augmented(self, node: _ast.AugAssign) -> bool:
        target = node.target
        sliced = isinstance(target, _ast.Subscript) and isinstance(target.slice, _ast.Slice)
        if sliced and is_a(self.value(getattr(target, "value", None)), "List"):
            self.refuse(node, "slice", "a slice of a list cannot be assigned")
            return False
        kind = expressions.binary(self, node, node.target, node.op, node.value)
        if isinstance(node.target, _ast.Name):
            self.bind(node.target, kind, None)
        elif isinstance(node.target, _ast.Attribute):
            assignments.attribute(self, node.target, kind)
        return False

    def bind(self, target: Any, kind: Type, source: Any) -> None:
        """Assigns a value of a type to a target."""
        match target:
            case _ast.Name(id=name):
                self.clashed.pop(name, None)
                before = self.scope.assign(name, kind)
                if before in ("int", "float") and kind == TENSOR:
                    text = f"`{name}` was {told(before)} before this block, and the Tensor is converted to it"
                    self.refuse(target, "conversion", text)
                if before is not None and not converts(kind, before) and not is_empty(source):
                    text = f"`{name}` was {told(before)} before this block and would be {told(kind)}"
                    self.refuse(target, "branch", text)
            case _ast.Tuple(elts=parts) | _ast.List(elts=parts):
                self._unpack(target, parts, kind, source)
            case _ast.Starred(value=inner):
                self.bind(inner, UNKNOWN, None)
            case _ast.Attribute():
                assignments.attribute(self, target, kind)
            case _ast.Subscript(value=base, slice=index):
                assignments.item(self, target, base, index, kind)

    def _unpack(self, target: Any, parts: list[Any], kind: Type, source: Any) -> None:
        inner: list[Type] = [UNKNOWN] * len(parts)
        if isinstance(kind, Thing) and kind.kind in ("submodules", "self", "layer"):
            self.refuse(target, "unpack", "modules cannot be taken apart into names")
        starred = any(isinstance(part, _ast.Starred) for part in parts)
        if is_a(kind, "Tuple") and not isinstance(kind, Thing):
            have = len(kind) - 1
            if starred:
                pass
            elif have != len(parts):
                few = "many" if have > len(parts) else "few"
                self.refuse(target, "unpack", f"there are too {few} values: {have} for {len(parts)} names")
            else:
                inner = list(kind[1:])
        elif is_a(kind, "List"):
            inner = [kind[1]] * len(parts)
            if starred:
                self.refuse(target, "unpack", "how many values a list has is not known when it is compiled")
        elif kind in (TENSOR, "int", "float", "bool", "str", NONE, "Device"):
            self.refuse(target, "unpack", f"{told(kind)} cannot be taken apart into names")
        for part, one in zip(parts, inner, strict=True):
            self.bind(part, one, None)

    def returns(self, node: _ast.Return) -> bool:
        wanted = self.signature.returns if self.signature.declared else UNKNOWN
        self.hints.append(wanted)
        kind = NONE if node.value is None else self.value(node.value)
        self.hints.pop()
        if self.signature.declared:
            known = is_known(kind) and is_known(wanted)
            if known and not fits(kind, wanted) and not converts(kind, wanted) and not is_empty(node.value):
                text = f"the function promises {told(wanted)} and returns {told(kind)}"
                self.refuse(node, "optional" if is_optional(kind) and kind[1] == wanted else "return", text)
            return True
        if isinstance(kind, Thing):
            kind = UNKNOWN
        if self.returned is None:
            self.returned = kind
            return True
        both = unify(self.returned, kind)
        if both is None:
            self.refuse(node, "return", f"an earlier `return` gives {told(self.returned)}, this one {told(kind)}")
        self.returned = UNKNOWN if both is None else both
        return True

    def branch(self, node: _ast.If) -> bool:
        condition = conditions.read(self, node.test)
        if condition.decided is not None:
            for name, kind in (condition.true if condition.decided else condition.false).items():
                self.scope.names[name] = kind
            return self.block(node.body if condition.decided else node.orelse)
        self.muted += condition.doubtful
        self.doubted = self.doubted or condition.doubtful
        left, left_ends = self.inside(node.body, condition.true)
        right, right_ends = self.inside(node.orelse, condition.false)
        self.muted -= condition.doubtful
        self._meet(node, (left, left_ends), (right, right_ends), condition)
        return left_ends and right_ends

    def _meet(self, node: Any, left: tuple[Scope, bool], right: tuple[Scope, bool], condition: Any) -> None:
        if left[1] and right[1]:
            return
        if left[1] or right[1]:
            goes_on, refined = (right[0], condition.false) if left[1] else (left[0], condition.true)
            for name, kind in {**refined, **goes_on.names}.items():
                self.scope.names[name] = UNKNOWN if condition.doubtful else kind
            self.scope.missing.update(goes_on.missing)
            return
        for name in {**left[0].names, **right[0].names}:
            for arm, refined in ((left[0], condition.true), (right[0], condition.false)):
                if name in refined:
                    arm.names.setdefault(name, refined[name])
        joined = join(left[0], right[0], self.scope, doubtful=condition.doubtful)
        for name, kind in joined.names.items():
            self.scope.missing.pop(name, None)
            self.scope.names[name] = kind
        for name, one, other in joined.clashes:
            text = f"`{name}` is {told(one)} in one arm and {told(other)} in the other"
            self.clashed[name] = (node, text)
        for name, which in joined.missing.items():
            if self.scope.find(name) is None:
                self.scope.missing[name] = which

    def loop_for(self, node: _ast.For) -> bool:
        source = self.value(node.iter)
        element, unrolled = expressions.element(self, node.iter, source)
        if isinstance(source, Thing) and source.kind == "sliced" and source.what == 0:
            return False
        if unrolled:
            rounds = module_lists.versions(source) or [element]
            return self._unrolled(node, rounds, known=module_lists.is_unrolled(source))
        scope = Scope(self.scope)
        self.scope = scope
        self.bind(node.target, element, None)
        self.block(node.body)
        assert scope.outer is not None
        self.scope = scope.outer
        self._after_loop(scope, UNKNOWN in (source,))
        return False

    def _unrolled(self, node: _ast.For, rounds: list[Type], *, known: bool) -> bool:
        """A loop over modules or a tuple: its body is compiled once for each, in the block around it."""
        before = dict(self.scope.names)
        for jump in jumps(node.body) if known else ():
            self.refuse(
                jump, "module-list", "a loop over modules or a tuple is unrolled, and cannot be left or cut short"
            )
        for element in rounds:
            self.bind(node.target, element, None)
            self.block(node.body)
        for name, kind in self.scope.names.items():
            was = before.get(name, None if known else UNKNOWN)
            if was is not None and was != kind and (not known or unify(was, kind) is None):
                self.scope.names[name] = UNKNOWN
        return False

    def _after_loop(self, scope: Scope, doubtful: bool) -> None:
        for name, kind in scope.names.items():
            before = self.scope.find(name)
            if before is None:
                if doubtful:
                    self.scope.names[name] = UNKNOWN
                else:
                    self.scope.missing.setdefault(name, "loop")
            elif before != kind:
                outer = self.scope.declared.get(name, before)
                self.scope.names[name] = outer if is_known(outer) else UNKNOWN

    def loop_while(self, node: _ast.While) -> bool:
        conditions.read(self, node.test)
        scope, _ = self.inside(node.body, {})  # the test of a `while` tells nothing of the names in it
        self._after_loop(scope, False)
        return False

    def asserts(self, node: _ast.Assert) -> bool:
        condition = conditions.read(self, node.test)
        for name, kind in condition.true.items():
            self.scope.names[name] = kind
        if node.msg is not None:
            self.muted += 1  # the message is compiled in the arm that fails
            self.value(node.msg)
            self.muted -= 1
        return condition.decided is False

    def raises(self, node: _ast.Raise) -> bool:
        if isinstance(node.exc, _ast.Constant):
            self.refuse(node, "statement", "an exception is a class, or an object of one")
        return True

    def deletes(self, node: _ast.Delete) -> bool:
        for target in node.targets:
            match target:
                case _ast.Subscript(slice=_ast.Slice() | _ast.Tuple()):
                    self.refuse(node, "slice", "`del` takes out one element, and no slice")
                case _ast.Attribute():
                    self.refuse(node, "statement", "`del` takes out elements and names, and no attribute")
                case _ast.Subscript(value=base) if self.value(base) in (TENSOR, "str") or is_a(
                    self.value(base), "Tuple"
                ):
                    self.refuse(node, "statement", "`del` takes out elements of lists and dicts alone")
                case _ast.Name(id=name):
                    self.scope.names.pop(name, None)
        return False

    def with_(self, node: _ast.With) -> bool:
        from tsl.source.script import contexts

        contexts.enter(self, node)
        return self.block(node.body)

    def jump(self, _node: Any) -> bool:
        return True


HANDLERS: dict[type, Any] = {
    _ast.Expr: Emitter.expression, _ast.Assign: Emitter.assign, _ast.AnnAssign: Emitter.annotated,
    _ast.AugAssign: Emitter.augmented, _ast.Return: Emitter.returns, _ast.If: Emitter.branch,
    _ast.For: Emitter.loop_for, _ast.While: Emitter.loop_while, _ast.Assert: Emitter.asserts,
    _ast.Raise: Emitter.raises,
    _ast.Delete: Emitter.deletes, _ast.With: Emitter.with_, _ast.Break: Emitter.jump, _ast.Continue: Emitter.jump,
}  # fmt: skip

"""The compiler's walk from a root through everything it compiles, and what it refuses on the way.

Definitions:
1. *Compiled* are the root, each function it calls, and of each module its `forward`, its exported methods, its
   properties and all of its submodules', called or not.
2. A function that is marked ignored or unused is not compiled: a call of it returns what its annotation says.
3. A function is compiled once: what it takes and returns is a question of its own text.
4. What is not known is UNKNOWN, and nothing is refused because of it.
"""

from __future__ import annotations

import _ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tsl.source.classes import Class
from tsl.source.facts import Refusal
from tsl.source.module import Module
from tsl.source.refs import Instance, Layer, Routine
from tsl.source.script import class_annotations, class_body, hooks, layers, syntax
from tsl.source.script.comments import commented, comments_of
from tsl.source.script.crossings import Crossings, Step, inherited_at, made_at
from tsl.source.script.nested import nested_roots
from tsl.source.script.read_types import read
from tsl.source.script.script_classes import is_plain
from tsl.source.script.table import Parameter, Schema
from tsl.source.script.types import NONE, TENSOR, UNKNOWN, Type, fits, is_known, optional, told
from tsl.source.scripted import is_scripted
from tsl.source.tree import decorator_names
from tsl.source.values import Value, reference

if TYPE_CHECKING:
    from tsl.source.session import Session

Answer = TypeVar("Answer")
NOT_COMPILED = frozenset({"ignore", "unused"})
DROPPED = frozenset({"torch.no_grad", "torch.inference_mode", "torch.enable_grad"})
OVERLOADS = frozenset({"overload", "_overload", "_overload_method"})
MAX_FUNCTIONS = 400
MAX_NESTED = 12


class Signature:
    """A function's parameters and what it returns; UNKNOWN until it is compiled where it does not say."""

    __slots__ = ("declared", "names", "returns", "schema")

    def __init__(self, schema: Schema, declared: bool, names: list[Any]) -> None:
        self.schema, self.declared, self.names = schema, declared, names
        self.returns: Type = schema.returns


class Compiler:
    """Everything compiled in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._signatures: dict[int, Signature] = {}
        self._done: dict[tuple[int, Any], Type] = {}
        self._open: list[tuple[int, Any]] = []
        self._modules: set[Instance] = set()
        self._quiet = 0
        self._crossings = Crossings(session)

    def refuse(self, routine: Routine, node: Any, how: str, text: str, about: str = "") -> None:
        """Keeps a refusal; `about` is what a fix has to know of it."""
        if self._quiet:
            return
        if text[:1].isupper():
            text = f"{'an' if text[0] in 'AO' else 'a'} {text}"
        if "`" not in text:
            text = f"{text}: `{routine.module.file.segment(node)}`"
        refusal = Refusal(node, how, text, routine.module.file, about=about)
        self.session.record(routine, refusal)
        self._crossings.refused(routine, refusal)

    def quietly(self, question: Callable[[], Answer]) -> Answer:
        """The answer to a question that is asked without telling of refusals."""
        self._quiet += 1
        try:
            return question()
        finally:
            self._quiet -= 1

    def root(self, routine: Routine) -> None:
        """Compiles a root: a function, or the module or class a method belongs to."""
        if decorator_names(routine.node) & NOT_COMPILED:
            return
        owner = (
            next((ref for ref in routine.instance.refs if isinstance(ref, Instance)), None)
            if routine.instance
            else None
        )
        if owner is not None and "interface" in decorator_names(owner.cls.node):
            return
        if owner is not None and owner.cls.is_module:
            self.module(owner)
        elif owner is not None:
            if is_plain(owner.cls):
                self.script_class(owner.cls)
        else:
            self.function(routine)

    def module(self, instance: Instance, at: Step | None = None) -> None:
        """Compiles a module (1), which is taken at a place."""
        if instance not in self._modules and len(self._modules) <= MAX_FUNCTIONS:
            self._modules.add(instance)
            if instance.cls.find("__prepare_scriptable__") is None:
                self._crossings.begin()
                self._compile_module(instance)
                self._crossings.end(instance)
        self._crossings.step(instance, at)

    def _compile_module(self, instance: Instance) -> None:
        from tsl.source.script import made

        cls = instance.cls
        for name, value in self.session.objects.made(instance).items():
            held = bool(made.holder(cls, made.given(cls, name)))
            self._submodules(value, 0, made_at(instance, name), held=held)
        for owner, node in made.handed_over(cls):
            at = Routine(owner.methods["__init__"], owner.module, owner), node
            self._submodules(self.session.module_value(owner.module, node), 0, at, held=True)
        for owner, node, text in class_annotations.refused(cls, self.session.objects.made(instance)):
            self.refuse(Routine(owner.node, owner.module), node, "annotation", text)
        for owner, node, path in layers.refused(cls):
            text = f"`{path}` cannot be compiled, and every layer of a module is"
            self.refuse(Routine(owner.methods["__init__"], owner.module, owner), node, "module-attribute", text)
        for owner, node, text in hooks.refused(cls):
            self.refuse(Routine(owner.methods["__init__"], owner.module, owner), node, "signature", text)
        for routine in self._compiled_methods(cls, reference(instance)):
            self.function(routine, None if routine.owner is cls else inherited_at(instance))

    def _submodules(self, value: Value, depth: int, at: Step, *, held: bool) -> None:
        """Compiles the modules in a value; `held` where it is a container of modules."""
        for ref in value.refs:
            if isinstance(ref, Instance) and ref.cls.is_module and len(value.refs) == 1:
                self.module(ref, at)
        if depth < 3 and (held or any(isinstance(ref, Layer) for ref in value.refs)):
            inside = value.parts.values() if isinstance(value.parts, Mapping) else value.parts or ()
            for part in [*inside, *([value.item] if value.item else [])]:
                self._submodules(part, depth + 1, at, held=held)

    def _compiled_methods(self, cls: Class, bound: Value) -> list[Routine]:
        found: dict[str, Routine] = {}
        skipped, gone = _unused_properties(cls), class_body.replaced(cls)
        for ancestor in cls.ancestors():
            for name, node in ancestor.methods.items():
                marks = decorator_names(node)
                asked = name == "forward" or "export" in marks or (name in ancestor.properties and name not in skipped)
                if asked and name not in found and name not in gone and "cached_property" not in marks:
                    found[name] = Routine(node, ancestor.module, ancestor, bound)
                    if name in ancestor.setters:
                        found[f"{name}="] = Routine(ancestor.setters[name], ancestor.module, ancestor, bound)
        return [routine for routine in found.values() if not decorator_names(routine.node) & NOT_COMPILED]

    def script_class(self, cls: Class, at: Step | None = None) -> None:
        """Compiles a class that is no module: all of its methods."""
        bound = reference(Instance(cls, None))
        for node in cls.methods.values():
            if not decorator_names(node) & NOT_COMPILED:
                self.function(Routine(node, cls.module, cls, bound), at)

    def function(self, routine: Routine, at: Step | None = None) -> Type:
        """Compiles a function, which is called at a place, and says what it returns."""
        returned = self._function(routine)
        self._crossings.step(_key(routine), at)
        return returned

    def _function(self, routine: Routine) -> Type:
        signature = self.signature(routine)
        key = _key(routine)
        if key in self._done:
            return self._done[key]
        if key in self._open or len(self._open) > MAX_NESTED or len(self._done) > MAX_FUNCTIONS:
            return signature.returns
        self._open.append(key)
        self._crossings.begin()
        self.session.judged.setdefault(id(routine.node), routine)
        returned = self._compile(routine, signature)
        self._crossings.end(key)
        self._open.pop()
        self._done[key] = signature.returns if signature.declared else returned
        return self._done[key]

    def is_overloaded(self, routine: Routine) -> bool:
        """Whether a function has overloads, which say what it takes."""
        return any(decorator_names(node) & OVERLOADS for node in _same_name(routine))

    def overloads(self, routine: Routine) -> list[Routine]:
        """The overloads of a function that torch knows, as functions; none where a method's are meant."""
        if routine.owner is not None:
            return []
        found = [node for node in _same_name(routine) if "_overload" in decorator_names(node)]
        return [Routine(node, routine.module) for node in found]

    def is_open(self, routine: Routine) -> bool:
        """Whether a function is being compiled: the compiler knows no recursion."""
        return _key(routine) in self._open

    def _compile(self, routine: Routine, signature: Signature) -> Type:
        from tsl.source.script.statements import Emitter

        node = routine.node
        if not isinstance(node, _ast.FunctionDef):
            told_as = "an async function" if isinstance(node, _ast.AsyncFunctionDef) else "a lambda"
            self.refuse(routine, node, "no-source", f"the compiler cannot read {told_as}")
            return UNKNOWN
        for mark in node.decorator_list:
            path = routine.module.names.dotted(mark.func if isinstance(mark, _ast.Call) else mark) or ""
            if path in DROPPED and routine.owner is not None:
                self.refuse(routine, mark, "decorator", "the decorator is dropped: gradients are as without it")
        for how, place, text in (*syntax.signature(node), *syntax.body(node)):
            self.refuse(routine, place, how, text)
        for comment in syntax.type_comments(node):
            text = "a type comment beside an assignment is read as the signature of the function"
            self.refuse(routine, comment, "annotation", text)
        return Emitter(self, routine, signature).run()

    def signature(self, routine: Routine) -> Signature:
        """What a function takes and promises, with what is refused in it."""
        key = id(routine.node)
        if key not in self._signatures:
            self._signatures[key] = self._read_signature(routine)
        return self._signatures[key]

    def _read_signature(self, routine: Routine) -> Signature:
        node, module = routine.node, routine.module
        if not isinstance(node, _ast.FunctionDef):
            return Signature(Schema((), UNKNOWN, True), False, [])
        comments = comments_of(node)
        skip = 1 if routine.owner and "staticmethod" not in decorator_names(node) else 0
        places = node.args.args[skip:]
        defaults = [None] * (len(node.args.args) - len(node.args.defaults)) + list(node.args.defaults)
        parameters = []
        ignored = bool(decorator_names(node) & NOT_COMPILED)

        def refuse(place: Any, text: str) -> None:
            if not ignored:
                anchor = place if getattr(place, "lineno", 1) >= node.lineno else node
                self.refuse(routine, anchor, "annotation", text)

        for number, parameter in enumerate(places + node.args.kwonlyargs):
            only_keyword = number >= len(places)
            default = None if only_keyword else defaults[skip:][number]
            annotation = parameter.annotation or commented(parameter)
            if annotation is None and comments and number < len(comments[0]):
                annotation = comments[0][number]
            kind = read(module, annotation, refuse) if annotation is not None else TENSOR
            if parameter.arg == "self" and annotation is None:
                kind = UNKNOWN  # a method shown without its class
            kind = self._with_default(routine, parameter, annotation, kind, default, ignored)
            left_out = default is not None
            if only_keyword:
                left_out = node.args.kw_defaults[number - len(places)] is not None
            parameters.append(Parameter(parameter.arg, kind, left_out, only_keyword))
        returned = node.returns or (comments[1] if comments else None)
        returns = read(module, returned, refuse) if returned is not None else UNKNOWN
        if ignored and returned is None:
            returns = TENSOR
        open_ended = bool(node.args.vararg or node.args.kwarg)
        declared = returned is not None or ignored
        return Signature(Schema(tuple(parameters), returns, open_ended), declared, places)

    def _with_default(
        self, routine: Routine, parameter: Any, annotation: Any, kind: Type, default: Any, ignored: bool
    ) -> Type:
        """The type of a parameter with its default; tells a default that does not have it."""
        if default is None:
            return kind
        given = self.literal(routine.module, default)
        if given == NONE and kind == TENSOR:
            return optional(TENSOR)
        if isinstance(default, _ast.List | _ast.Dict | _ast.Set):
            if not ignored:
                self.refuse(routine, default, "default", "a default that can change is refused by the compiler")
            return kind
        if not is_known(given) or ignored:
            return kind
        if annotation is None and given != TENSOR:
            text = f"`{parameter.arg}` says no type and is a Tensor, its default is {told(given)}"
            self.refuse(routine, default, "default", text, told(given))
            return given
        if not fits(given, kind) and not _widens(given, kind):
            self.refuse(routine, default, "default", f"`{parameter.arg}` is {told(kind)}, its default is {told(given)}")
        return kind

    def literal(self, module: Module, node: Any) -> Type:
        """The type of an expression outside of compiled functions, where it is plain."""
        match node:
            case _ast.Constant(value=value):
                name = type(value).__name__
                return (
                    NONE if value is None else name if name in ("int", "float", "bool", "str", "complex") else UNKNOWN
                )
            case _ast.UnaryOp(op=_ast.USub(), operand=operand):
                return self.literal(module, operand)
            case _ast.Tuple(elts=parts):
                return ("Tuple", *(self.literal(module, part) for part in parts))
            case _ast.Name(id=name) if len(module.names.assigned.get(name, ())) == 1:
                inner = module.names.assigned[name][0]
                return UNKNOWN if inner is node or isinstance(inner, _ast.Name) else self.literal(module, inner)
        return UNKNOWN


def compile_roots(session: Session, roots: list[Routine]) -> None:
    """Compiles what is judged."""
    compiler = Compiler(session)
    for routine in roots:
        compiler.root(routine)


def scripted_roots(session: Session, judged: list[Routine], names: frozenset[str]) -> list[Routine]:
    """What is compiled of a file that names no root: its modules, and the functions it scripts."""
    module = session.module
    functions = [
        Routine(node, module)
        for name, node in module.names.functions.items()
        if name in names or module.once(is_scripted, node) or (node.args.args[:1] and node.args.args[0].arg == "self")
    ]
    return [*(routine for routine in judged if routine.owner is not None), *functions, *nested_roots(module, names)]


def _key(routine: Routine) -> tuple[int, Any]:
    return id(routine.node), routine.instance.key(2) if routine.instance else None


def _same_name(routine: Routine) -> list[Any]:
    """The definitions of a name where a function is defined."""
    body = routine.owner.node.body if routine.owner else routine.module.file.tree.body
    return [node for node in body if isinstance(node, _ast.FunctionDef) and node.name == routine.name]


def _widens(given: Type, kind: Type) -> bool:
    if isinstance(kind, tuple) and kind[0] == "Optional":
        return _widens(given, kind[1])
    if kind in ("float", "complex"):
        return given in ("int", "bool", "float")
    if kind == "Device":
        return given in ("str", "int")
    if isinstance(kind, tuple) and kind[0] == "List" and isinstance(given, tuple) and given[0] == "Tuple":
        return True
    return kind == UNKNOWN or (kind in ("int", "bool") and given in ("int", "bool"))


def _unused_properties(cls: Class) -> frozenset[str]:
    for ancestor in cls.ancestors():
        node = ancestor.attributes.get("__jit_unused_properties__")
        if isinstance(node, _ast.List | _ast.Tuple):
            return frozenset(str(getattr(part, "value", "")) for part in node.elts)
    return frozenset()

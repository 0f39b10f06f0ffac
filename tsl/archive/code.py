"""The code of an archive: the functions and classes that PyTorch printed, parsed one file at a time when asked for.

Definitions:
1. A *file* is a member `code/__torch__/net.py`; its *qualifier* is the dotted name of its path, `__torch__.net`.
2. A *definition* is a class or a function at the top of a file; its qualified name is `__torch__.net.Net`.
3. A class is of a *kind* by its base: Module, NamedTuple, Enum, Interface, ModuleInterface, or a plain class.
   Its attributes are annotations, its constants annotated assignments (`Final[int] = 3`), its methods functions.
4. An *operator* is what code calls by `torch.name` (`aten::name`) or `ops.space.name` (`space::name`).

Python's own parser reads them; nothing is compiled or run. What cannot be read is a problem with a name: `syntax`,
`too-large`, `too-deep`, `encoding`. It will never know what a name means: that is lowering.
"""

from __future__ import annotations

import _ast
import gc
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from tsl.archive.debug import Debug
from tsl.record import Record

FILE_BYTES = 4 << 20  # largest seen: 85 KB
# Of all files of an archive together: a token costs up to 700 bytes of tree. Largest seen: 136,000.
TOKENS = 500_000

KINDS = frozenset({"Module", "NamedTuple", "Enum", "Interface", "ModuleInterface"})


class CodeProblem(Record):
    """What could not be read: a slug, the member it is in, and a sentence."""

    name: str
    member: str
    message: str
    line: int = 1


class Attribute(Record):
    """An attribute of a class (3): its type as text, and the expression of its value where it is a constant."""

    name: str
    type: str
    constant: _ast.expr | None = None


class Method(Record):
    """A function of a file: of a class, or of its own."""

    name: str
    qualified: str
    node: _ast.FunctionDef
    file: CodeFile


class Class(Record):
    """A class (3). `members` are the assignments of an enum, by name."""

    name: str
    kind: str
    attributes: dict[str, Attribute]
    parameters: tuple[str, ...]
    buffers: tuple[str, ...]
    methods: dict[str, Method]
    members: dict[str, _ast.expr]
    file: CodeFile


class CodeFile:
    """A file (1), parsed. `starts` are the byte offsets of its lines, which debug records count in."""

    __slots__ = ("_debug", "code", "data", "definitions", "member", "starts")

    def __init__(self, code: Code, member: str, data: bytes, tree: _ast.Module) -> None:
        self.code, self.member, self.data = code, member, data
        self.starts = [0, *(match.end() for match in re.finditer(rb"\n", data))]
        self.definitions = dict(_definitions(self, tree))
        self._debug: Debug | None = None

    def offset(self, node: Any) -> int:
        """The byte offset of a node of the tree."""
        offset: int = self.starts[node.lineno - 1] + node.col_offset
        return offset

    def place(self, offset: int) -> tuple[tuple[str, int, int, str], ...]:
        """Where in the user's files a byte offset comes from: (path, line, column, function), innermost first."""
        if self._debug is None:
            self._debug = Debug(self.code.read(f"{self.member}.debug_pkl") or b"")
        return self._debug.place(offset)


class Code:
    """All files of an archive. `files` maps members (`code/__torch__/net.py` and its `.debug_pkl`) to bytes, and may
    read them only when they are asked for. `problems` grows as files are read.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._parsed: dict[str, CodeFile | None] = {}
        self._spent = 0
        self.problems: list[CodeProblem] = []
        self.members = tuple(name for name in files if name.startswith("code/") and name.endswith(".py"))
        self._known = frozenset(self.members)

    def read(self, member: str) -> bytes | None:
        """The bytes of a member, or None."""
        return self._files.get(member)

    def file(self, qualifier: str) -> CodeFile | None:
        """The file of a qualifier (1), parsed now if it was not yet; None where there is none or it does not parse."""
        member = f"code/{qualifier.replace('.', '/')}.py"
        if member not in self._parsed:
            self._parsed[member] = self._parse(member) if member in self._known else None
        return self._parsed[member]

    def find(self, qualified: str) -> Class | Method | None:
        """The definition of a qualified name (2)."""
        qualifier, _, name = qualified.rpartition(".")
        file = self.file(qualifier) if qualifier else None
        return file.definitions.get(name) if file else None

    @property
    def classes(self) -> Mapping[str, Class]:
        """Every class by its qualified name; this parses every file."""
        return {name: found for name, found in self._all() if isinstance(found, Class)}

    @property
    def functions(self) -> Mapping[str, Method]:
        """Every function that is no method, by its qualified name; this parses every file."""
        return {name: found for name, found in self._all() if isinstance(found, Method)}

    @property
    def operators(self) -> Mapping[str, int]:
        """How often the code calls each operator (4), read from the text without parsing it, in order of the names."""
        found: dict[str, int] = {}
        for member in self.members:
            for match in _CALL.finditer(self.read(member) or b""):
                if match.lastgroup:
                    name = f"aten::{_text(match['aten'])}" if match["aten"] else _text(match["ops"]).replace(".", "::")
                    found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items()))

    def recorded(self) -> Iterator[tuple[str, int, str]]:
        """The code that scripted functions were compiled from, as it was recorded: a path, a line's number, a text."""
        for member in self.members:
            yield from Debug(self.read(f"{member}.debug_pkl") or b"").texts()

    def _all(self) -> Iterator[tuple[str, Class | Method]]:
        for member in self.members:
            qualifier = member[len("code/") : -len(".py")].replace("/", ".")
            file = self.file(qualifier)
            for name, found in file.definitions.items() if file else ():
                yield f"{qualifier}.{name}", found

    def _parse(self, member: str) -> CodeFile | None:
        data = self.read(member)
        if data is None:
            return None
        if len(data) > FILE_BYTES:
            self._refuse("too-large", member, f"has {len(data):,} bytes of code, more than {FILE_BYTES >> 20} MiB")
            return None
        self._spent += len(_TOKEN.findall(data))
        if self._spent > TOKENS:
            self._refuse("too-large", member, f"brings the archive's code to more than {TOKENS:,} tokens")
            return None
        try:
            return CodeFile(self, member, data, _tree(data))
        except SyntaxError as error:
            self._refuse("syntax", member, f"is no Python: {error.msg}", error.lineno or 1)
        except (RecursionError, MemoryError):
            self._refuse("too-deep", member, "nests expressions too deeply for Python's own parser")
        except ValueError as error:  # a NUL byte; UnicodeDecodeError is one too
            self._refuse("encoding", member, f"is no UTF-8 text: {error}")
        return None

    def _refuse(self, name: str, member: str, message: str, line: int = 1) -> None:
        self.problems.append(CodeProblem(name, member, message, line))


_TOKEN = re.compile(rb"\w+|[^\w\s]|\n")
_CALL = re.compile(
    rb"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|(?<![\w.])(?:torch\.(?P<aten>\w+)\(|ops\.(?P<ops>\w+\.\w+)\()"
)


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _tree(data: bytes) -> _ast.Module:
    """The tree of a file. The collector of cycles would walk a tree in the making over and over, and it has none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = compile(data, "<archive>", "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    finally:
        if collects:
            gc.enable()
    assert isinstance(tree, _ast.Module)
    return tree


def _definitions(file: CodeFile, tree: _ast.Module) -> Iterator[tuple[str, Class | Method]]:
    qualifier = file.member[len("code/") : -len(".py")].replace("/", ".")
    for node in tree.body:
        if isinstance(node, _ast.FunctionDef):
            yield node.name, Method(node.name, f"{qualifier}.{node.name}", node, file)
        elif isinstance(node, _ast.ClassDef):
            yield node.name, _class(node, f"{qualifier}.{node.name}", file)


def _class(node: _ast.ClassDef, qualified: str, file: CodeFile) -> Class:
    base = node.bases[0].id if node.bases and isinstance(node.bases[0], _ast.Name) else "class"
    attributes: dict[str, Attribute] = {}
    listed: dict[str, tuple[str, ...]] = {}
    methods: dict[str, Method] = {}
    members: dict[str, _ast.expr] = {}
    for statement in node.body:
        match statement:
            case _ast.FunctionDef(name=name):
                methods[name] = Method(name, f"{qualified}.{name}", statement, file)
            case _ast.AnnAssign(target=_ast.Name(id=name), annotation=annotation, value=value):
                attributes[name] = Attribute(name, file_text(file, annotation), value)
            case _ast.Assign(targets=[_ast.Name(id=name)], value=_ast.List(elts=elements)) if name.startswith("__"):
                listed[name] = tuple(str(part.value) for part in elements if isinstance(part, _ast.Constant))
            case _ast.Assign(targets=[_ast.Subscript(slice=_ast.Constant(value=str(name)))], value=value):
                attributes[name] = Attribute(name, file_text(file, value))
            case _ast.Assign(targets=[_ast.Name(id=name)], value=value) if name != "__annotations__":
                members[name] = value
    return Class(
        qualified,
        base if base in KINDS else "class",
        attributes,
        listed.get("__parameters__", ()),
        listed.get("__buffers__", ()),
        methods,
        members,
        file,
    )


def file_text(file: CodeFile, node: _ast.expr) -> str:
    """The text of an expression as it stands in its file, on one line."""
    start, end = file.offset(node), file.starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
    return " ".join(file.data[start:end].decode("utf-8", "replace").split())

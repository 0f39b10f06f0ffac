"""A source file: bytes in, text and syntax tree out, and the spans of its nodes.

Parses with the compiler's own parser through `compile(..., ast.PyCF_ONLY_AST)`, so an encoding cookie counts and
nothing is executed. It will never import the file it reads, and it knows nothing of PyTorch.
"""

from __future__ import annotations

import _ast
import re
import warnings
from typing import Any

from tsl.diagnostic import Span

Node = Any


class SourceError(Exception):
    """The bytes are no Python source; says where (from 1) and what the compiler made of it."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class SourceFile:
    """A parsed file: its display path, its bytes, its text, its lines and its module node."""

    __slots__ = ("data", "lines", "path", "text", "tree")

    def __init__(self, path: str, data: bytes, text: str, tree: _ast.Module) -> None:
        self.path, self.data, self.text, self.tree = path, data, text, tree
        self.lines = text.split("\n")

    def span(self, node: Node) -> Span:
        """Where a node stands; the tree's columns are bytes of UTF-8, a span's are characters."""
        line, end = node.lineno, node.end_lineno or node.lineno
        return Span(
            self.path,
            line,
            self._character(line, node.col_offset) + 1,
            end,
            self._character(end, node.end_col_offset) + 1,
        )

    def segment(self, node: Node, limit: int = 48) -> str:
        """The text of a node on one line, cut to a number of characters with an ellipsis."""
        span = self.span(node)
        if span.line == span.end_line:
            text = self.lines[span.line - 1][span.column - 1 : span.end_column - 1]
        else:
            inner = self.lines[span.line : span.end_line - 1]
            parts = [
                self.lines[span.line - 1][span.column - 1 :],
                *inner,
                self.lines[span.end_line - 1][: span.end_column - 1],
            ]
            text = re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(" ".join(parts).split()))
        return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."

    def _character(self, line: int, offset: int) -> int:
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))


def parse(path: str, data: bytes) -> SourceFile:
    """The parsed file. Raises SourceError when the bytes do not decode or do not parse."""
    text = _decode(data)
    try:
        tree = _tree(path, data)
    except SyntaxError as error:
        column = error.offset if error.offset and error.offset > 0 else 1
        raise SourceError(error.msg.lower() if error.msg else "invalid syntax", error.lineno or 1, column) from None
    except (RecursionError, MemoryError):
        raise SourceError("expressions are nested too deeply for Python's own parser", 1, 1) from None
    except ValueError as error:
        raise SourceError(str(error), 1, 1) from None
    return SourceFile(path, data, text, tree)


def _tree(path: str, data: bytes) -> _ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        try:
            # Type comments are how TorchScript's older style annotates; a malformed one is a comment like any other.
            tree = compile(data, path, "exec", _ast.PyCF_ONLY_AST | _ast.PyCF_TYPE_COMMENTS, dont_inherit=True)
        except SyntaxError:
            tree = compile(data, path, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, _ast.Module)
    return tree


def _decode(data: bytes) -> str:
    """The text as the compiler counts its lines: UTF-8 unless a cookie in the first lines names another encoding."""
    encoding = _declared(data) if b"coding" in b"".join(data.split(b"\n", 2)[:2]) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        told = "no encoding is declared" if encoding.startswith("utf-8") else f"the file declares {encoding}"
        raise SourceError(f"byte 0x{data[error.start]:02x} is not UTF-8 and {told}", line, column) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _declared(data: bytes) -> str:
    from io import BytesIO
    from tokenize import detect_encoding

    try:
        encoding, _ = detect_encoding(BytesIO(data).readline)
    except SyntaxError as error:
        raise SourceError(str(error), 1, 1) from None
    return "utf-8-sig" if encoding == "utf-8" else encoding

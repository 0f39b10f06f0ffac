"""What classes declare of the attributes of their objects, where the compiler cannot read it.

Needs the annotations of a class and the names its constructor leaves. It will never look at what is assigned.
"""

from __future__ import annotations

import _ast
from collections.abc import Container, Iterator
from typing import Any

from tsl.source.classes import Class
from tsl.source.module import Module
from tsl.source.script.class_body import is_final
from tsl.source.script.read_types import read
from tsl.source.script.types import TENSOR, is_a


def refused(cls: Class, left: Container[str]) -> Iterator[tuple[Class, Any, str]]:
    """Annotations of attributes that the compiler refuses: the class, the annotation, what is told of it.

    Those of the nearest class that has any are read, of the attributes a constructor leaves.
    """
    owner = next((one for one in cls.ancestors() if any(map(_annotation, one.attributes.values()))), None)
    if owner is None:
        return
    for name, held in owner.attributes.items():
        annotation = _annotation(held)
        if annotation is None:
            continue
        if name in left and _is_text(owner, annotation):
            text = f"the annotation of `{name}` is a text when the module is made, which the compiler cannot read"
            yield owner, annotation, text
        if _no_constant(owner.module, annotation):
            text = f"`{name}` is no constant: those are numbers, texts, devices, and lists and tuples of them"
            yield owner, annotation, text


def _annotation(held: Any) -> Any:
    return held.annotation if isinstance(held, _ast.AnnAssign) else None


def _no_constant(module: Module, annotation: Any) -> bool:
    """Whether an annotation promises a constant of a type that has none."""
    if not isinstance(annotation, _ast.Subscript) or not is_final(module, annotation):
        return False
    kind = read(module, annotation.slice, lambda _, __: None)
    return kind == TENSOR or is_a(kind, "Dict")


def _is_text(cls: Class, annotation: Any) -> bool:
    """Whether an annotation is a text where the program runs: written as one, or by `from __future__ import`."""
    if isinstance(annotation, _ast.Constant):
        return isinstance(annotation.value, str)
    return cls.module.names.imports.get("annotations") == "__future__.annotations"

"""Fixes that give a module what torch.jit.script can read: constants as attributes, lists of modules as ModuleLists.

MAKERS names them.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from tsl.fix.site import Draft, Maker, Site
from tsl.fix.tree import Tree, dotted
from tsl.fix.words import scope_of, values_of

PLAIN = (cst.Integer, cst.Float, cst.SimpleString)
BOOLS = frozenset({"True", "False"})
CONTAINERS = frozenset({"ModuleList", "ModuleDict"})


def constant_as_attribute(site: Site) -> Draft | None:
    """`self.scale = SCALE` in the constructor, and `self.scale` where a method reads the constant of the file."""
    tree = site.tree
    node = tree.at(site.found.span, cst.Name)
    method, owner = (tree.function(node), tree.class_of(node)) if node else (None, None)
    if node is None or method is None or owner is None or tree.parent(tree.parent(method) or method) is not owner:
        return None
    if not all(dotted(base.value).rpartition(".")[2] == "Module" for base in owner.bases):
        return None  # what else a base class calls its own is not seen
    first = method.params.params[:1]
    own = first[0].name.value if first else ""
    start = _after_super(tree, owner)
    attribute, taken = node.value.strip("_").lower(), _names_of(tree, owner)
    if own != "self" or start is None or not attribute.isidentifier() or not _is_plain(tree, node.value):
        return None
    reads = [one for one in tree.within(method.body, cst.Name) if one.value == node.value and not _is_field(tree, one)]
    if any(True for _ in values_of(tree, method, node.value)):
        return None
    edits = [tree.instead(one, f"self.{attribute}") for one in reads]
    known = list(values_of(tree, owner, f"self.{attribute}"))
    if len(known) == 1 and known[0] is not None and dotted(known[0]) == node.value:
        return Draft(tuple(edits))
    if attribute in taken:
        return None
    end = tree.span(start)
    line = f"\n{tree.indent(start)}self.{attribute} = {node.value}"
    put = tree.put(start, line, after=True)
    return Draft((put, *edits)) if end.line else None


def _after_super(tree: Tree, owner: cst.ClassDef) -> cst.SimpleStatementLine | None:
    """The line `super().__init__()` of a constructor."""
    methods = [one for one in owner.body.body if isinstance(one, cst.FunctionDef) and one.name.value == "__init__"]
    for line in methods[0].body.body if methods else ():
        if isinstance(line, cst.SimpleStatementLine) and tree.code(line.body[0]).endswith("__init__()"):
            return line
    return None


def _names_of(tree: Tree, owner: cst.ClassDef) -> set[str]:
    """The attributes and methods a class speaks of."""
    return {one.attr.value for one in tree.within(owner, cst.Attribute)} | {
        one.name.value for one in tree.within(owner, cst.FunctionDef)
    }


def _is_plain(tree: Tree, name: str) -> bool:
    """Whether a name of the file is given a number or a text, once."""
    given = list(values_of(tree, tree.module, name))
    if len(given) != 1 or given[0] is None:
        return False
    value = given[0].expression if isinstance(given[0], cst.UnaryOperation) else given[0]
    return isinstance(value, PLAIN) or dotted(value) in BOOLS


def _is_field(tree: Tree, node: cst.Name) -> bool:
    """Whether a name is that of an attribute or of an argument, and reads nothing."""
    around = tree.parent(node)
    is_attribute = isinstance(around, cst.Attribute) and around.attr is node
    return is_attribute or (isinstance(around, cst.Arg) and around.keyword is node)


def container_of_modules(site: Site) -> Draft | None:
    """`nn.ModuleList([...])` around a plain list of modules: their weights become parameters of the model."""
    tree, (kind, _, name) = site.tree, site.found.about.partition(" ")
    made = site.name_in("torch.nn", kind) or (f"{nn}.{kind}" if (nn := site.name_in("torch", "nn")) else "")
    here = tree.innermost(site.found.span)
    owner = tree.class_of(here) if here is not None else None
    if kind not in CONTAINERS or not made or owner is None:
        return None
    given = list(values_of(tree, owner, f"self.{name}"))
    if len(given) != 1 or not isinstance(given[0], cst.List | cst.ListComp | cst.Dict | cst.DictComp):
        return None
    return Draft((tree.put(given[0], f"{made}(", after=False), tree.put(given[0], ")", after=True)))


def start_with_tensor(site: Site) -> Draft | None:
    """`total = torch.zeros(())` in the place of `total = 0`, where a Tensor is added."""
    tree, torch = site.tree, site.name_of("torch")
    node = tree.at(site.found.span, cst.Name)
    if node is None or not torch:
        return None
    given = list(values_of(tree, scope_of(tree, node), node.value))
    zeros = [value for value in given if isinstance(value, cst.Integer | cst.Float) and value.value in ("0", "0.0")]
    return Draft((tree.instead(zeros[0], f"{torch}.zeros(())"),)) if len(zeros) == 1 else None


MAKERS: Mapping[str, Maker] = {
    "constant-as-attribute": constant_as_attribute,
    "container-of-modules": container_of_modules,
    "start-with-tensor": start_with_tensor,
}

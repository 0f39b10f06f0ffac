"""Generates tsl/source/torch_stubs.py: what the functions, methods and modules of torch return.

    python scripts/torch_tables.py                  writes tsl/source/torch_stubs.py
    python scripts/torch_tables.py --output -       prints it
    python scripts/torch_tables.py --torch DIR      reads another torch than the installed one

It needs an installed torch but never imports it: the stub and source files are found by path and read with `ast`, and
`native_functions.yaml` (torchgen, in the same wheel) line by line. It contains no opinion: what the files leave open is
in torch_corrections.py, and the behaviour of tracing in tsl/source/torch_hand.py. Where several sources know a name,
the later one in SOURCES wins; overloads that differ are joined.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from torch_corrections import (
    ATTRIBUTE_CORRECTIONS,
    CORRECTIONS,
    METHOD_CORRECTIONS,
    MODULE_CORRECTIONS,
    PRIVATE,
    SEQUENCES,
    SOURCES,
    TYPES,
    UNKNOWN,
)

OUTPUT = Path(__file__).parent.parent / "tsl" / "source" / "torch_stubs.py"
WIDTH = 120

HEADER = '''"""What the functions, methods, attributes and modules of torch return: generated, do not edit.

Written by scripts/torch_tables.py from torch {version} on {date}.

It needs nothing and holds four mappings from a name to a return code, and the operators PyTorch tags as depending on
data. It will never contain behaviour or a fact that is not in torch's files: those are written by hand in torch_hand.

A return code is read one character at a time:

    code = atom ("|" atom)*                         what overloads or arguments decide, sorted
    atom = letter | "(" code* ")" | "[" code "]"    a tuple of known elements; a list or tuple of any length

so a bar in a tuple joins its two neighbours: "(TN|T)" is a tensor and a second element that is a tensor or None.

    T tensor   i int   f float   b bool   n number   s str   N None   S torch.Size   z one size, which tracing follows
    r rank (dim, ndim)   d dtype   v device   l layout or memory format   ? unknown

MODULES has a code for what `forward` returns, or one of the words module-list, module-dict, sequential, parameter-list
and parameter-dict. A name that is missing is unknown.
"""
# fmt: off
'''


def torch_directory() -> Path:
    """Where the installed torch lies, found without importing it. Raises SystemExit when there is none."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("torch_tables: torch is not installed; install it or name its directory with --torch")
    return Path(spec.submodule_search_locations[0])


def torch_version(root: Path) -> str:
    """The public version of the torch in a directory: without the build after `+`."""
    found = re.search(r"__version__ = ['\"]([^'\"+]+)", (root / "version.py").read_text())
    if found is None:
        raise SystemExit(f"torch_tables: {root / 'version.py'} names no version")
    return found[1]


def alternatives(code: str) -> list[str]:
    """The atoms of a code, split at the outermost bars."""
    parts, depth = [""], 0
    for letter in code:
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def join(codes: Iterable[str]) -> str:
    """One code for several: all their alternatives, sorted."""
    return "|".join(sorted({atom for code in codes for atom in alternatives(code)})) or UNKNOWN


class Annotations:
    """Turns annotations into codes; knows torch.return_types, whose classes are tuples."""

    def __init__(self, root: Path) -> None:
        self.structs: dict[str, str] = {}
        for node in ast.parse((root / "return_types.pyi").read_text()).body:
            if isinstance(node, ast.ClassDef):
                self.structs[node.name] = self.code(node.bases[0])

    def code(self, node: ast.expr) -> str:
        """The code of an annotation, `?` where it says nothing a table can hold."""
        match node:
            case ast.Constant(value=None):
                return "N"
            case ast.Constant(value=str(text)):
                return self.code(ast.parse(text, mode="eval").body)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return join((self.code(left), self.code(right)))
            case ast.Attribute(value=ast.Attribute(attr="return_types"), attr=name):
                return self.structs.get(name, UNKNOWN)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return TYPES.get(name, UNKNOWN)
            case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
                return self.generic(name, inner.elts if isinstance(inner, ast.Tuple) else [inner])
        return UNKNOWN

    def generic(self, name: str, arguments: list[ast.expr]) -> str:
        """The code of a subscripted annotation."""
        if name in ("Optional", "Union"):
            return join([*map(self.code, arguments), *(["N"] if name == "Optional" else [])])
        if name in SEQUENCES or (name in ("tuple", "Tuple") and ast.unparse(arguments[-1]) == "..."):
            return f"[{self.code(arguments[0])}]"
        if name in ("tuple", "Tuple"):
            return "(" + "".join(map(self.code, arguments)) + ")"
        return TYPES.get(name, UNKNOWN)


def native_operators(root: Path) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Operator name to code, and tag to operator names, from native_functions.yaml."""
    codes: dict[str, list[str]] = {}
    tags: dict[str, set[str]] = {}
    name = ""
    path = root.parent / "torchgen" / "packaged" / "ATen" / "native" / "native_functions.yaml"
    for line in path.read_text().splitlines():
        if line.startswith("- func: "):
            head, _, returned = line[8:].rpartition(" -> ")
            name = re.split(r"[.(]", head)[0]
            codes.setdefault(name, []).append(native_code(returned))
        elif line.startswith("  tags:"):
            for tag in re.findall(r"\w+", line.partition("#")[0])[1:]:
                tags.setdefault(tag, set()).add(name)
    return {name: join(set(found) - {"N"} or found) for name, found in codes.items()}, tags


def native_code(returned: str) -> str:
    """The code of what stands behind the arrow in native_functions.yaml."""
    plain = re.sub(r"\([a-z]!?(?:\s*->\s*\*)?\)", "", returned.strip())
    if plain.startswith("("):
        inner = [native_code(part.split()[0]) for part in plain[1:-1].split(", ") if part]
        return "(" + "".join(inner) + ")" if inner else "N"
    kind = plain.split()[0]
    if kind.endswith("[]"):
        return f"[{TYPES.get(kind[:-2], UNKNOWN)}]"
    return join((TYPES.get(kind.rstrip("?"), UNKNOWN), *(["N"] if kind.endswith("?") else [])))


def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a body, and of the conditionals and try blocks in it."""
    for node in body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            yield from statements([*node.body, *node.orelse])


def returns(body: Iterable[ast.stmt], annotations: Annotations) -> dict[str, str]:
    """Function name to code, for the functions of a body that are annotated; overloads are joined."""
    found: dict[str, list[str]] = {}
    for node in statements(body):
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            found.setdefault(node.name, []).append(annotations.code(node.returns))
    return {name: join(codes) for name, codes in found.items()}


def aliases(body: Iterable[ast.stmt]) -> Iterator[tuple[str, list[str]]]:
    """Names assigned from other functions: plainly, by `_add_docstr` or by `boolean_dispatch`."""
    for node in statements(body):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=other)):
                yield name, [other]
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="_add_docstr"), args=[of, *_])
            ):
                yield name, [ast.unparse(of).rpartition(".")[2]]
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="boolean_dispatch"), keywords=given)
            ):
                yield name, [ast.unparse(one.value) for one in given if one.arg in ("if_true", "if_false")]


def function_codes(root: Path, annotations: Annotations, native: dict[str, str]) -> dict[str, str]:
    """Qualified function name to code."""
    table: dict[str, str] = {}
    for namespace, path in SOURCES:
        body = ast.parse((root / path).read_text()).body
        found = returns(body, annotations)
        for name, code in found.items():
            if code == "N" and native.get(name, "N") != "N":  # a stub made from the out= variant alone
                found[name] = native[name]
        for name, others in aliases(body):
            codes = [found.get(one) or native.get(one) or table.get(f"torch.{one}", UNKNOWN) for one in others]
            found.setdefault(name, join(codes))
        table |= {f"{namespace}.{name}": code for name, code in found.items() if worth(name, code)}
    for namespace, codes_by_name in CORRECTIONS.items():
        table |= {f"{namespace}.{name}": code for name, code in codes_by_name.items()}
    return table


def worth(name: str, code: str) -> bool:
    """True if the name is public and something is known of it."""
    return code != UNKNOWN and (not name.startswith("_") or name in PRIVATE)


def tensor_codes(root: Path, annotations: Annotations) -> tuple[dict[str, str], dict[str, str]]:
    """Method name to code and attribute name to code, of torch.Tensor."""
    methods: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for path, name in (("_C/__init__.pyi", "TensorBase"), ("_tensor.py", "Tensor")):
        tree = ast.parse((root / path).read_text())
        body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
        methods |= returns(body, annotations)
        for node in body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                attributes[node.target.id] = annotations.code(node.annotation)
    methods |= METHOD_CORRECTIONS
    attributes |= ATTRIBUTE_CORRECTIONS
    return (
        {name: code for name, code in methods.items() if worth(name, code)},
        {name: code for name, code in attributes.items() if worth(name, code)},
    )


def module_codes(root: Path, annotations: Annotations) -> dict[str, str]:
    """Qualified torch.nn class name to the code of its forward."""
    classes: dict[str, ast.ClassDef] = {}
    for path in sorted((root / "nn" / "modules").glob("*.py")):
        if not path.name.startswith("_"):
            classes |= {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}

    def forward(name: str) -> str:
        if name in MODULE_CORRECTIONS or name not in classes:
            return MODULE_CORRECTIONS.get(name, UNKNOWN)
        own = returns(classes[name].body, annotations).get("forward")
        inherited = (forward(ast.unparse(base)) for base in classes[name].bases)
        return own or next((code for code in inherited if code != UNKNOWN), UNKNOWN)

    codes = {name: forward(name) for name in exported(root / "nn" / "modules" / "__init__.py")}
    return {f"torch.nn.{name}": code for name, code in codes.items() if code != UNKNOWN or name == "Module"}


def exported(path: Path) -> list[str]:
    """The names a module lists in `__all__`."""
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=names):
                return list(ast.literal_eval(names))
    raise SystemExit(f"torch_tables: {path} has no __all__")


def wrapped(words: Iterable[str]) -> Iterator[str]:
    """Lines of at most WIDTH columns, indented by one."""
    line = "   "
    for word in words:
        if len(line) + len(word) + 2 > WIDTH:
            yield line
            line = "   "
        line += f" {word},"
    if line.strip():
        yield line


def module_text(root: Path, day: str) -> str:
    """The whole generated module."""
    annotations = Annotations(root)
    native, tags = native_operators(root)
    methods, attributes = tensor_codes(root, annotations)
    tables = {
        "RETURNS": function_codes(root, annotations, native),
        "METHODS": methods,
        "ATTRIBUTES": attributes,
        "MODULES": module_codes(root, annotations),
    }
    lines = [HEADER.replace("{version}", torch_version(root)).replace("{date}", day).rstrip("\n")]
    lines += ["", f'TORCH_VERSION = "{torch_version(root)}"']
    for name, table in tables.items():
        pairs = (f'"{key}": "{code}"' for key, code in sorted(table.items()))
        lines += ["", f"{name}: dict[str, str] = {{", *wrapped(pairs), "}"]
    for tag in ("dynamic_output_shape", "data_dependent_output"):
        lines += ["", f"{tag.upper()}: tuple[str, ...] = (", *wrapped(f'"{one}"' for one in sorted(tags[tag])), ")"]
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> None:
    """Writes the module, or prints it."""
    parser = argparse.ArgumentParser(description="generate tsl/source/torch_stubs.py from an installed torch")
    parser.add_argument("--torch", type=Path, metavar="DIR", help="the torch package (default: the installed one)")
    parser.add_argument("--output", default=str(OUTPUT), metavar="FILE", help="where to write; - prints")
    arguments = parser.parse_args(argv)
    text = module_text(arguments.torch or torch_directory(), date.today().isoformat())
    if arguments.output == "-":
        sys.stdout.write(text)
    else:
        Path(arguments.output).write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])

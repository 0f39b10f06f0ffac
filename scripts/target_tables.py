#!/usr/bin/env python3
"""Writes tsl/target/tables: which operators each target has, since which of its versions, and how that is known.

usage: target_tables.py onnx                the TorchScript exporter's registry, of the installed torch
       target_tables.py cuda                kernels by the dispatch tables of the installed torchgen
       target_tables.py lite                what torch refuses of scripts/lite_probes.py for the lite interpreter
       target_tables.py libtorch WHEEL...   schemas of many releases, of their macOS wheels:
                                              pip download --no-deps --platform macosx_11_0_arm64 --python-version 3.10
                                                --only-binary=:all: torch==2.0.1
       target_tables.py changed             which operators changed between the releases in the table of libtorch
       target_tables.py coreml WHEEL        what coremltools registers for TorchScript, read as text from its wheel
       target_tables.py tensorrt CLONE      what each release of Torch-TensorRT has, from a clone of pytorch/TensorRT
       target_tables.py export PROBES       what torch.export refuses of what scripts/export_probes.py tried; PROBES is
       target_tables.py onnx-dynamo PROBES    what that wrote. Its ONNX exporter,
       target_tables.py executorch PROBES     and ExecuTorch, likewise

A table is text, compressed: head lines `# key: value`, then one line an operator: its name, or its schema, a tab, and
the versions it is in as `9-20` or `2.0-2.1 2.4-2.13`; after another tab, how many others the newest version takes it
apart into, and which. No wheel is installed or imported.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import lzma
import pkgutil
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent.parent / "tsl" / "target" / "tables"
# Refused in all forms that scripts/export_probes.py tries, and taken in another: a pool whose sizes divide the input's.
TAKEN_ELSEWHERE = frozenset({"aten::adaptive_max_pool2d"})
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]

YAML = "torchgen/packaged/ATen/native/native_functions.yaml"
SCHEMA = re.compile(rb"(?:(\w+)::)?(\w+(?:\.\w+)?)\((.*)\)\s*->\s*(\S.*)", re.S)
JUDGED = frozenset({"aten", "prim", "quantized"})

Found = Mapping[str, Iterable[str]]
Writer = Callable[[Sequence[Path]], tuple[dict[str, str], list[str], Found]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=sorted([*WRITERS, "changed"]))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--directory", type=Path, default=TABLES)
    given = parser.parse_args()
    if given.table == "changed":
        names = changed(lzma.decompress((TABLES / "libtorch.txt.xz").read_bytes()).decode())
        (given.directory / "changed.txt.xz").write_bytes(lzma.compress("\n".join(names).encode(), filters=FILTERS))
        return 0
    head, versions, found = WRITERS[given.table](given.files)
    text = table_text({"name": given.table, "date": date.today().isoformat(), **head}, versions, found)
    given.directory.mkdir(parents=True, exist_ok=True)
    path = given.directory / f"{given.table}.txt.xz"
    path.write_bytes(lzma.compress(text.encode(), filters=FILTERS))
    print(f"{path.name}: {path.stat().st_size} bytes, {len(found)} lines, versions {versions[0]} to {versions[-1]}")
    return 0


def table_text(head: Mapping[str, str], versions: Sequence[str], found: Found) -> str:
    """The text of a table: `found` has the versions of operators, the head's `notes` what they are taken apart into."""
    notes = json.loads(head.get("notes", "{}"))
    told = {key: value for key, value in head.items() if key != "notes"}
    lines = [f"# {key}: {value}" for key, value in {**told, "versions": " ".join(versions)}.items()]
    for name in sorted({*found, *notes}):
        line = f"{name}\t{_ranges(versions, set(found.get(name, ())))}"
        lines.append(f"{line}\t{notes[name]}" if name in notes else line)
    return "\n".join([*lines, ""])


def _ranges(versions: Sequence[str], held: set[str]) -> str:
    ranges: list[list[str]] = []
    previous = ""
    for version in versions:
        if version in held:
            if ranges and ranges[-1][1] == previous:
                ranges[-1][1] = version
            else:
                ranges.append([version, version])
        previous = version
    return " ".join(first if first == last else f"{first}-{last}" for first, last in ranges)


def onnx(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """The registry after every module of symbolic functions was imported: `opset14` alone brings attention."""
    import torch
    from torch.onnx import _constants
    from torch.onnx._internal import torchscript_exporter as exporter

    for module in pkgutil.iter_modules(exporter.__path__):
        if module.name.startswith("symbolic_opset"):
            importlib.import_module(f"{exporter.__name__}.{module.name}")
    from torch.onnx._internal.torchscript_exporter.registration import registry

    opsets = range(_constants.ONNX_BASE_OPSET, _constants.ONNX_TORCHSCRIPT_EXPORTER_MAX_OPSET + 1)
    found = {
        name: {str(opset) for opset in opsets if registry.is_registered_op(name, opset)}
        for name in registry.all_functions()
        if not name.startswith("onnx::")
    }
    version = torch.__version__.partition("+")[0]
    head = {
        "title": "ONNX, by the TorchScript exporter (torch.onnx.export with dynamo=False)",
        "version-of": "opset",
        "source": f"the exporter's registry in torch {version}, all symbolic_opset modules imported",
        "level": "name",
    }
    return head, [str(opset) for opset in opsets], {name: held for name, held in found.items() if held}


def cuda(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """The functions that dispatch to the CPU and to nothing that a CUDA tensor reaches; they are what is *missing*."""
    import torch
    import torchgen
    import yaml

    text = (Path(torchgen.__file__).parent.parent / YAML).read_text(encoding="utf-8")
    functions = yaml.load(text, yaml.CSafeLoader)
    version = ".".join(torch.__version__.split(".")[:2])
    on_cpu = {function["func"].partition("(")[0] for function in functions if _is_on_cpu_only(function)}
    by_others = {
        function["func"].partition("(")[0] for function in functions if function.get("structured_delegate") in on_cpu
    }
    names = sorted(name for name in on_cpu | by_others if not name.startswith(("_test", "_foobar")))
    head = {
        "title": "LibTorch on CUDA: operators without a CUDA kernel",
        "version-of": "torch",
        "source": f"dispatch tables in native_functions.yaml of torch {torch.__version__.partition('+')[0]}",
        "level": "overload",
        "lists": "missing",
    }
    return head, [version], {f"aten::{name}": [version] for name in names}


def lite(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """The nodes of the probes that torch refuses to save for the lite interpreter; they are what is *missing*."""
    import tempfile

    import lite_probes
    import torch

    refused = []
    for kind, probe in lite_probes.PROBES.items():
        scripted = torch.jit.script(probe().eval())
        with tempfile.TemporaryDirectory() as place:
            try:
                scripted._save_for_lite_interpreter(f"{place}/probe.ptl")
            except RuntimeError as error:
                if "not supported in" not in str(error) and "are not supported" not in str(error):
                    raise
                refused.append(kind)
    full = torch.__version__.partition("+")[0]
    head = {
        "title": "The lite interpreter (mobile): what a model cannot be saved for it with",
        "version-of": "torch",
        "source": f"what torch {full} refuses of {len(lite_probes.PROBES)} programs in scripts/lite_probes.py",
        "level": "name",
        "lists": "missing",
    }
    version = ".".join(full.split(".")[:2])
    return head, [version], {kind: [version] for kind in refused}


def _is_on_cpu_only(function: Mapping[str, Any]) -> bool:
    if "structured_delegate" in function or "dispatch" not in function:
        return False
    keys = {key.strip() for words in function["dispatch"] for key in words.split(",")}
    reached = any("CUDA" in key or key.startswith("Composite") for key in keys)
    return "CPU" in keys and not reached


def libtorch(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """Schemas of each release: those of native_functions.yaml, and every text in its library that is one."""
    found: dict[str, list[str]] = {}
    releases: dict[str, str] = {}
    for path in files:
        full = path.name.split("-")[1]
        version = ".".join(full.split(".")[:2])
        releases[version] = full
        for schema in _schemas(path):
            found.setdefault(schema, []).append(version)
        print(f"{full}: {sum(version in held for held in found.values())} schemas", file=sys.stderr)
    versions = sorted(releases, key=_numbers)
    head = {
        "title": "LibTorch: operators that a model may call once it is loaded",
        "version-of": "torch",
        "source": "native_functions.yaml and the schemas in libtorch_cpu of the macOS arm64 wheels of torch "
        + ", ".join(releases[version] for version in versions),
        "level": "overload",
    }
    return head, versions, found


def _schemas(wheel: Path) -> set[str]:
    import yaml

    with zipfile.ZipFile(wheel) as archive:
        functions = yaml.load(archive.read(YAML), yaml.CSafeLoader)
        library = archive.read("torch/lib/libtorch_cpu.dylib")
    generated = {name.strip() for one in functions for name in one.get("autogen", "").split(",") if name.strip()}
    found = {f"aten::{' '.join(one['func'].split())}" for one in functions}
    for text in library.split(b"\0"):
        match = SCHEMA.fullmatch(text.strip()) if b"->" in text and len(text) < 5000 else None
        if match is None or not text.isascii():
            continue
        space, name, arguments, returns = (part.decode() if part else "" for part in match.groups())
        if space in JUDGED or (not space and name in generated):
            schema = " ".join(f"{space or 'aten'}::{name}({arguments}) -> {returns}".split())
            found.add(schema.replace(" = ", "="))
    return found


# A size that may be a symbol is a number in a graph; what aliases what is not told apart when a call is matched.
SYMBOLS, ALIASES = re.compile(r"\bSymInt\b"), re.compile(r"\((?:\*|[a-z])[^()]*\)(?=[?\[ ])")


def changed(table: str) -> list[str]:
    """The names of which some release lacks a form that the newest one has: their arguments, with defaults."""
    forms: dict[str, dict[str, set[str]]] = {}
    newest = ""
    for line in table.splitlines():
        if line.startswith("# versions: "):
            versions = line.split()[2:]
            newest = versions[-1]
        if line.startswith("#"):
            continue
        schema, _, ranges = line.partition("\t")
        operator, _, rest = schema.partition("(")
        form = ALIASES.sub("", SYMBOLS.sub("int", rest.rpartition(") -> ")[0])).replace(" ", "")
        held = forms.setdefault(operator.partition(".")[0], {}).setdefault(form, set())
        for part in ranges.split():
            first, _, last = part.partition("-")
            held.update(versions[versions.index(first) : versions.index(last or first) + 1])
    return sorted(
        name
        for name, known in forms.items()
        if any(newest in held and len(held) < len(versions) for held in known.values())
        or not any(newest in held for held in known.values())
    )


def coreml(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """The functions decorated with `@register_torch_op`, and their aliases; names without a namespace."""
    (wheel,) = files
    version = wheel.name.split("-")[1]
    names: set[str] = set()
    for tree in _modules(wheel, "coremltools/converters/mil/frontend/torch/"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names.update(_registered(node))
    head = _wheel_head(wheel, "Core ML, by coremltools from TorchScript", "coremltools")
    return head, [version], {name: [version] for name in names}


def _registered(function: ast.FunctionDef) -> Iterable[str]:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(called).endswith("register_torch_op"):
            given = {word.arg: word.value for word in decorator.keywords} if isinstance(decorator, ast.Call) else {}
            yield from _strings([given["torch_alias"]]) if "torch_alias" in given else ()
            yield function.name


def tensorrt(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
    """Names that converters, evaluators and lowering passes know, and what the newest release replaces by others."""
    from tensorrt_releases import releases

    (repository,) = files
    found: dict[str, list[str]] = {}
    known = releases(repository)
    for release in known:
        for name in release.names:
            found.setdefault(name, []).append(release.version)
    head = {
        "title": "TensorRT, by Torch-TensorRT from TorchScript (ir='ts')",
        "version-of": "Torch-TensorRT",
        "source": "converters, evaluators and lowering passes in core/ of pytorch/TensorRT at each release's tag,"
        " by pattern; not verified by running",
        "level": "name",
        "notes": json.dumps({name: _apart(made) for name, made in known[-1].replaced.items() if _is_apart(made)}),
    }
    return head, [release.version for release in known], found


def exported(road: str, title: str, package: str) -> Writer:
    """What scripts/export_probes.py found no form of that a road takes, and what ExecuTorch runs as other kernels."""

    def written(files: Sequence[Path]) -> tuple[dict[str, str], list[str], Found]:
        (path,) = files
        given = json.loads(path.read_text(encoding="utf-8"))
        results = {name: roads[road] for name, roads in given["operators"].items() if road in roads}
        version = ".".join(given["packages"][package].split(".")[: 2 if package == "torch" else 3])
        told = {name for name, one in results.items() if one["is"] != "untold"}
        refused = {name for name in told if results[name]["is"] == "refused"}
        named = [f"{name} {given['packages'][name].partition('+')[0]}" for name in dict.fromkeys(("torch", package))]
        tools = f"{' and '.join(named)} refuse{'s' if len(named) == 1 else ''}"
        apart = {name: one["more"] for name, one in results.items() if one["is"] == "taken" and _is_apart(one["more"])}
        head = {
            "title": title,
            "version-of": package,
            "source": f"what {tools} of {len(told)} operators, exported alone by scripts/export_probes.py",
            "level": "overload",
            "lists": "missing",
            "notes": json.dumps({name: _apart(made) for name, made in apart.items()}),
        }
        return head, [version], {name: [version] for name in refused - TAKEN_ELSEWHERE}

    return written


def _is_apart(made: Sequence[str]) -> bool:
    """Whether an operator is taken apart: a product and its sum are what one layer is."""
    return len(made) > 2


def _apart(made: Sequence[str]) -> str:
    names = [name.removeprefix("aten::") for name in made]
    return f"{len(names)} {' '.join(dict.fromkeys(names))}"


def _modules(wheel: Path, folder: str) -> Iterable[ast.Module]:
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(folder) and name.endswith(".py"):
                yield ast.parse(archive.read(name))


def _strings(nodes: Iterable[ast.AST]) -> Iterable[str]:
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value


def _wheel_head(wheel: Path, title: str, package: str) -> dict[str, str]:
    version = wheel.name.split("-")[1]
    source = f"decorators in the source of {package} {version}, read as text from its wheel"
    return {"title": title, "version-of": package, "source": source, "level": "name"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


WRITERS: Mapping[str, Writer] = {
    "onnx": onnx,
    "cuda": cuda,
    "libtorch": libtorch,
    "lite": lite,
    "coreml": coreml,
    "tensorrt": tensorrt,
    "export": exported("export", "torch.export, of the module that a model was captured from", "torch"),
    "onnx-dynamo": exported("onnx-dynamo", "ONNX, by torch.onnx.export as it is today (dynamo=True)", "onnxscript"),
    "executorch": exported("executorch", "ExecuTorch: what is core ATen and has a portable kernel", "executorch"),
}

if __name__ == "__main__":
    sys.exit(main())

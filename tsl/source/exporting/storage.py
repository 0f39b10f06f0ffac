"""Save and load: what a path holds, and who reads it (definition 4 of the package)."""

from __future__ import annotations

import _ast
from typing import TYPE_CHECKING, Any

from tsl.source.exporting import captures, expressions, fetched, orders
from tsl.source.exporting.given import Given
from tsl.source.exporting.paths import is_shared, key_of
from tsl.source.exporting.things import (
    NONE,
    UNKNOWN,
    UNKNOWN_STATE,
    Archive,
    Callback,
    Defined,
    Map,
    Opaque,
    Seq,
    Thing,
)

if TYPE_CHECKING:
    from tsl.source.exporting.statements import Run

SAVES = frozenset({"save", "_save_for_lite_interpreter"})
SCRIPT, PICKLE, PROGRAM = "torch.jit.save", "torch.save", "torch.export.save"


def _holds(run: Run, value: Any) -> Archive | None:
    """What a path holds, as far as this way through the file tells, or another function for a path spelled out."""
    key = key_of(value)
    if key is None:
        return None
    known = run.here.archives.get(key)
    return known or run.reader.promised.get(key)


def _keep(run: Run, path: Any, kind: str, device: str, node: Any) -> None:
    key = key_of(path)
    if key is None:
        return
    archive = Archive(kind, device, run.note(node, f"written by {'torch.jit' if kind == SCRIPT else kind} here"))
    _put(run, key, archive)


def _put(run: Run, key: Any, archive: Archive) -> None:
    run.here.archives[key] = archive
    if is_shared(key):
        run.reader.promise(key, archive)


def by_name(run: Run, name: Any, given: Given) -> None:
    """What a method that is known by its name alone does to a file: clients that fetch one, trainers that save one."""
    if not isinstance(name, str) or not isinstance(getattr(given.node, "func", None), _ast.Attribute):
        return
    fetched.by_name(run, name, given)
    if name == "save_checkpoint" and given.positional:
        owner = expressions.evaluate(run, given.node.func.value)
        path = owner.key[1][1] if isinstance(owner, Opaque) and owner.key[:1] == ("call",) else ""
        if isinstance(path, str) and path.endswith(".Trainer"):
            _keep(run, given.positional[0], PICKLE, UNKNOWN_STATE, given.node)


def moved(run: Run, _path: str, given: Given) -> Any:
    """A file is copied or renamed: the other path holds what it held."""
    if len(given.positional) > 1:
        fetched.bring(run, *given.positional[:2])
        archive, key = _holds(run, given.positional[0]), key_of(given.positional[1])
        if archive is not None and key is not None:
            _put(run, key, archive)
    return given.positional[1] if len(given.positional) > 1 else UNKNOWN


def save_tensors(run: Run, path: str, given: Given) -> Any:
    """save_file(tensors, filename) of safetensors."""
    target = given.get(orders.SAFETENSORS[path], "filename")
    if target is not None:
        _keep(run, target, path.partition(".")[0], UNKNOWN_STATE, given.node)
    return NONE


def save(run: Run, _path: str, given: Given) -> Any:
    """torch.jit.save(module, f)."""
    value = given.get(0, "m")
    thing = run.here.thing(value) if value is not None else None
    if thing is not None and thing.kind == "model":
        run.tell(given.node, "uncompiled", given.node_of(0, "m"), "torch.jit.save")
        return NONE
    return save_script(run, value, given.get(1, "f"), given, given.node_of(0, "m"))


def save_script(run: Run, value: Any, path: Any, given: Given, named: Any) -> Any:
    """A scripted or traced module is saved as TorchScript."""
    node = given.node
    is_saved = getattr(node.func, "attr", "save") in SAVES  # Lightning's to_torchscript takes no further files
    if is_saved and not given.may_bring("_extra_files") and given.get(2, "_extra_files") is None:
        run.tell(node, "unstamped", named)
    thing = run.here.thing(value) if value is not None else None
    if thing is not None and "optimized" in thing.stages:
        run.tell(node, "optimized", named, story=thing.story or ([thing.origin] if thing.origin else ()))
    if path is not None:
        _keep(run, path, SCRIPT, thing.device if thing else UNKNOWN_STATE, node)
    return NONE


def parts_of(value: Any) -> list[Any]:
    """A value, and what is in it where it is a list or a dict."""
    inner = value.items if isinstance(value, Seq) else ()
    if isinstance(value, Map):
        inner = tuple(item for _, item in value.items)
    return [value, *(part for one in inner for part in parts_of(one))] if value is not None else []


def save_pickle(run: Run, _path: str, given: Given) -> Any:
    """torch.save(obj, f)."""
    value = given.get(0, "obj")
    thing = run.here.thing(value) if value is not None else None
    for place, part in enumerate(parts_of(value)):
        found = run.here.thing(part)
        if found is not None and found.kind in ("scripted", "traced"):
            run.tell(given.node, "pickled", given.node_of(0, "obj"), found.kind + (", within" if place else ""))
            return NONE
    path = given.get(1, "f")
    if path is not None:
        _keep(run, path, PICKLE, thing.device if thing else UNKNOWN_STATE, given.node)
    return NONE


def save_program(run: Run, _path: str, given: Given) -> Any:
    """torch.export.save(ep, f)."""
    package_program(run, _path, given)
    path = given.get(1, "f")
    if path is not None:
        _keep(run, path, PROGRAM, UNKNOWN_STATE, given.node)
    return NONE


def package_program(run: Run, _path: str, given: Given) -> Any:
    """torch._inductor.aoti_compile_and_package(exported_program): like what is saved, it is in one mode for good."""
    value = given.positional[0] if given.positional else given.get(0, "ep")
    thing = run.here.thing(value) if value is not None else None
    if thing is not None and thing.kind == "program":
        captures.check_program(run, thing)
    return NONE


def load_program(run: Run, _path: str, given: Given) -> Any:
    """torch.export.load(f)."""
    path = given.get(0, "f")
    archive = _holds(run, path) if path is not None else None
    if archive is not None and archive.kind != PROGRAM:
        about = f"torch.export.load, {archive.kind}"
        run.tell(given.node, "kind", given.node_of(0, "f"), about, story=[archive.note])
    return UNKNOWN


def load(run: Run, _path: str, given: Given) -> Any:
    """torch.jit.load(f, map_location=None)."""
    path = given.get(0, "f")
    where = given.get(1, "map_location")
    bare = (where is None or where == NONE) and given.rest is None
    archive = _holds(run, path) if path is not None else None
    named = given.node_of(0, "f")
    if archive is not None and archive.kind != SCRIPT:
        about = "jit.load" if archive.kind == PICKLE else f"torch.jit.load, {archive.kind}"
        run.tell(given.node, "kind", named, about, story=[archive.note])
        return UNKNOWN
    if isinstance(where, Map | Callback) or (isinstance(where, Defined) and isinstance(where.what, _ast.FunctionDef)):
        run.tell(given.node, "mapping", given.node_of(1, "map_location"))
    source = fetched.source_of(run, path) if path is not None else None
    if source is not None:
        run.tell(given.node, "untrusted", named, "torch.jit.load", story=[source])
    if bare and archive is not None and archive.device not in ("cpu", UNKNOWN_STATE):
        sure = "|" not in archive.device
        run.tell(given.node, "load-device", named, archive.device, certain=sure, story=[archive.note])
    device = (archive.device if archive else UNKNOWN_STATE) if bare else expressions.device_of(where)
    bare = bare and (archive is None or archive.device != "cpu")
    note = run.note(given.node, "loaded here")
    text = run.module.file.segment(named)
    stages = frozenset({"bare"} if bare else ())
    return run.make(Thing("scripted", device=device, stages=stages, path=text, origin=note))


def load_pickle(run: Run, _path: str, given: Given) -> Any:
    """torch.load(f, map_location=None, weights_only=True)."""
    path = given.get(0, "f")
    if path is None:
        return UNKNOWN
    archive, named = _holds(run, path), given.node_of(0, "f")
    runs_code = given.is_false("weights_only")
    if archive is not None and archive.kind == SCRIPT:
        run.tell(given.node, "kind", named, "load", certain=not runs_code, story=[archive.note])
    if archive is not None and archive.kind == PROGRAM:
        run.tell(given.node, "kind", named, f"torch.load, {archive.kind}", story=[archive.note])
    source = fetched.source_of(run, path)
    if runs_code and archive is None:
        story = [source] if source is not None else []
        run.tell(given.node, "untrusted", named, "torch.load", certain=source is not None, story=story)
    return UNKNOWN


def dump(run: Run, path: str, given: Given) -> Any:
    """torch.utils.model_dump: reads a file by unpickling it."""
    run.tell(given.node, "untrusted", given.node_of(0, "path_or_file"), "model_dump", certain=True)
    return UNKNOWN

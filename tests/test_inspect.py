"""`tsl inspect`: what is told of an archive, of files of other kinds, and of what cannot be read."""

from __future__ import annotations

import json
import re
import struct
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT, plain_environment, run
from tests.conftest import Project
from tests.saved import module, pickled, tensor, torchscript, zipped
from tsl.archive.inspection.parts import RUNTIMES
from tsl.archive.values import Object, Tensor
from tsl.report import INSPECTION_FORMATS, inspection_report

DOCUMENTATION = ROOT / "docs" / "inspect.md"

LAYER = """\
class Layer(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Layer,
    x: Tensor) -> Tensor:
    return torch.linear(x, self.weight)
"""
NET = """\
class Net(Module):
  __parameters__ = []
  __buffers__ = ["mean", ]
  mean : Tensor
  training : bool
  layers : __torch__.torch.nn.modules.container.ModuleList
  def forward(self: __torch__.net.Net,
    x: Tensor,
    scale: float=2.) -> Tensor:
    _0 = torch.add(x, CONSTANTS.c0)
    _1 = torch.zeros([2], dtype=6, layout=None, device=torch.device("cuda:0"))
    _2 = "torch.device(\\"no\\") torch.relu("
    boxes = ops.torchvision.nms(x, _1, 0.5)
    return torch.add(_0, boxes)
  def encode(self: __torch__.net.Net,
    x: Tensor,
    parts: List[__torch__.net.Layer]) -> Tuple[Tensor, Tensor]:
    return (x, x)
"""
LIST = """\
class ModuleList(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
"""


def layer(number: int) -> Object:
    return module("net.Layer", weight=tensor(3, 2, storage=str(number)))


def net(**more: bytes | str) -> dict[str, bytes | str]:
    """The members of a small archive."""
    layers = module("torch.nn.modules.container.ModuleList", **{str(n): layer(n) for n in range(4)})
    root = module("net.Net", mean=tensor(2, dtype="float64", storage="m"), layers=layers)
    code = {"__torch__/net.py": LAYER + NET, "__torch__/torch/nn/modules/container.py": LIST}
    return torchscript(root, code, (tensor(3),), **more)


def inspected(project: Project, members: dict[str, bytes | str] | bytes, *arguments: str) -> str:
    project.write("net.pt", members if isinstance(members, bytes) else zipped(members))
    done = project.tsl("inspect", "net.pt", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out


def form(project: Project, members: dict[str, bytes | str] | bytes) -> dict[str, Any]:
    found = json.loads(inspected(project, members, "--format", "json"))
    assert isinstance(found, dict)
    return found


def test_text_says_what_there_is_section_by_section(project: Project) -> None:
    text = inspected(project, net(traced_inputs=b"", **{"extra/labels.txt": "cat"}))
    assert text.startswith("net.pt: TorchScript archive\nload with    torch.jit.load\n")
    assert [line for line in text.splitlines() if line[:1].strip()] == [
        "net.pt: TorchScript archive",
        "load with    torch.jit.load",
        *re.findall(r"^size .*", text, re.M),
        "version      3 in `version`; PyTorch 1.5 or later",
        "needs        PyTorch 1.12 or later; earlier ones are not known",
        "libraries    torchvision (libtorchvision)",
        "methods",
        "modules 6",
        "parameters 24 elements",
        "buffers 2 elements",
        "operators 3 of aten and 1 of torchvision",
        "device literals 1",
        "tensor constants 1",
        "extra files 1",
    ]


def test_sizes_of_the_parts_add_up_to_the_file(project: Project) -> None:
    data = zipped(net(**{"data/0": b"\0" * 24, "code/__torch__/net.py.debug_pkl": pickled(())}))
    found = form(project, data)
    assert found["size"] == len(data) == sum(part["bytes"] for part in found["parts"])
    parts = {part["name"]: part["members"] for part in found["parts"]}
    assert parts == {"code": 2, "debug": 1, "weights": 1, "constants": 1, "structure": 1, "records": 1, "zip": 0}


def test_methods_have_their_signatures(project: Project) -> None:
    assert [method["signature"] for method in form(project, net())["methods"]] == [
        "forward(x: Tensor, scale: float = 2.) -> Tensor",
        "encode(x: Tensor, parts: List[net.Layer]) -> Tuple[Tensor, Tensor]",
    ]


def test_modules_that_are_alike_are_one_line_of_the_tree(project: Project) -> None:
    text = inspected(project, net())
    tree = text[text.index("modules 6") :].partition("\n\n")[0]
    assert tree.splitlines()[1:] == [
        "  Net  24 parameters",
        "    layers: ModuleList  24 parameters",
        "      0-3: Layer x4  24 parameters",
    ]


@pytest.mark.parametrize(
    ("depth", "lines"),
    [
        ("0", ["  Net  24 parameters, 5 modules inside"]),
        ("1", ["  Net  24 parameters", "    layers: ModuleList  24 parameters, 4 modules inside"]),
    ],
)
def test_a_depth_closes_the_tree(project: Project, depth: str, lines: list[str]) -> None:
    text = inspected(project, net(), "--depth", depth)
    assert text[text.index("modules 6") :].partition("\n\n")[0].splitlines()[1:] == lines


def test_modules_that_differ_in_a_shape_stand_apart(project: Project) -> None:
    wide = module("net.Layer", weight=tensor(4, 2, storage="9"))
    root = module("net.Net", a=layer(0), b=wide, c=layer(1))
    text = inspected(project, torchscript(root, {"__torch__/net.py": LAYER}))
    assert [name.strip() for name in re.findall(r"^    (\w+:)", text, re.M)] == ["a:", "b:", "c:"]


def test_json_lists_every_module_and_its_flag(project: Project) -> None:
    found = form(project, net())["modules"]
    assert [one["path"] for one in found] == ["", "layers", *(f"layers.{number}" for number in range(4))]
    assert {one["type"] for one in found} == {"net.Net", "torch.nn.modules.container.ModuleList", "net.Layer"}
    assert {one["training"] for one in found} == {False}


def test_what_torch_adds_to_the_name_of_a_class_is_left_out(project: Project) -> None:
    root = module("net.___torch_mangle_12.Net")
    text = "class Net(Module):\n  training : bool\n"
    found = form(project, torchscript(root, {"__torch__/net/___torch_mangle_12.py": text}))
    assert [one["type"] for one in found["modules"]] == ["net.Net"]


def test_tensors_are_counted_by_role_dtype_and_device(project: Project) -> None:
    assert form(project, net())["tensors"] == [
        {"role": "parameter", "dtype": "float32", "device": "cpu", "tensors": 4, "elements": 24, "bytes": 96},
        {"role": "buffer", "dtype": "float64", "device": "cpu", "tensors": 1, "elements": 2, "bytes": 16},
    ]


def test_tied_weights_count_once(project: Project) -> None:
    tied = tensor(3, 2)
    root = module("net.Net", a=module("net.Layer", weight=tied), b=module("net.Layer", weight=tied))
    found = form(project, torchscript(root, {"__torch__/net.py": LAYER}))
    assert [(group["tensors"], group["elements"]) for group in found["tensors"]] == [(1, 6)]


def test_operators_are_counted_and_text_in_strings_is_not(project: Project) -> None:
    found = form(project, net())
    assert [(one["name"], one["calls"]) for one in found["operators"]] == [
        ("aten::add", 2),
        ("aten::linear", 1),
        ("aten::zeros", 1),
        ("torchvision::nms", 1),
    ]
    assert found["libraries"] == [{"namespace": "torchvision", "library": "libtorchvision"}]


def test_a_custom_class_needs_a_library(project: Project) -> None:
    code = "class Net(Module):\n  training : bool\n  tree : __torch__.torch.classes.mylib.Tree\n"
    found = form(project, torchscript(module("net.Net"), {"__torch__/net.py": code}))
    assert found["libraries"] == [{"namespace": "mylib", "library": ""}]
    assert "mylib (a library of its own)" in project.tsl("inspect", "net.pt").out


def test_device_literals_are_named_with_their_line(project: Project) -> None:
    line = (LAYER + NET)[: (LAYER + NET).index('torch.device("cuda')].count("\n") + 1
    assert form(project, net())["devices"] == [{"device": "cuda:0", "member": "code/__torch__/net.py", "line": line}]


def test_a_quote_that_is_not_closed_hides_no_device_and_takes_no_time(project: Project) -> None:
    from tsl.archive.archive import open_archive
    from tsl.archive.inspection.calls import devices_of

    code = '"' + '\\"' * 200_000 + '\ntorch.device("cuda:1")\n'
    data = zipped(torchscript(module("net.Net"), {"__torch__/net.py": code}))
    start = time.process_time()
    assert [one.device for one in devices_of(open_archive("net.pt", data))] == ["cuda:1"]
    assert time.process_time() - start < 5


def test_constants_and_example_inputs_are_described(project: Project) -> None:
    given = {"forward": [tensor(1, 3, 8, 8), tensor(2, dtype="int64", device="cuda:0")]}
    members = net(**{"traced_inputs.pkl": pickled(given)})
    found = form(project, members)
    assert found["constants"] == [{"name": "c0", "dtype": "float32", "shape": [3], "device": "cpu"}]
    assert [one["method"] for one in found["examples"]] == ["forward"]
    assert "  forward(float32[1, 3, 8, 8], int64[2] on cuda:0)\n" in inspected(project, members)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ({"version": "3\n"}, "3 in `version`; PyTorch 1.5 or later"),
        ({"version": "3", ".data/version": "10"}, "3 in `version` and 10 in `.data/version`; PyTorch 1.12 or later"),
        ({"version": "99"}, "99 in `version`; no known PyTorch reads it"),
        ({"version": "three"}, ""),
    ],
)
def test_both_version_records_are_read(project: Project, records: dict[str, bytes | str], told: str) -> None:
    text = inspected(project, {**net(), **records})
    assert re.findall(r"^version +(.*)", text, re.M) == list(filter(None, [told]))


def test_the_runtimes_are_in_order() -> None:
    assert list(RUNTIMES) == sorted(RUNTIMES)
    releases = [tuple(map(int, release.split("."))) for _, release in RUNTIMES]
    assert releases == sorted(releases)


def test_paths_of_the_machine_are_told_own_files_first(project: Project) -> None:
    paths = (
        "/usr/lib/python3/site-packages/torch/nn/x.py",
        "C:\\Users\\ann\\net.py",
        "/home/ann/a b/net.py(12): forward",
    )
    members = net(**{"code/__torch__/net.py.debug_pkl": pickled(paths), "extra/relative.txt": "src/net.py"})
    told = [one for one in form(project, members)["remarks"] if one["about"] == "path"]
    assert [(one["name"], one["message"]) for one in told] == [
        ("own", "C:\\Users\\ann\\net.py"),
        ("own", "/home/ann/a b/net.py"),
        ("installed", "/usr/lib/python3/site-packages/torch/nn/x.py"),
    ]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("/home/ann/net.py(12): forward\n/opt/x/y.py(3): run", ["/home/ann/net.py", "/opt/x/y.py"]),
        ("/a/b.py and /c/d.py", ["/a/b.py", "/c/d.py"]),
        ('open("/data/a.py") # see /usr/b.py', ["/data/a.py", "/usr/b.py"]),
        ("src/net.py ./net.py ../net.py ~/net.py", []),
        ("half / net.py // rest.py", []),
        ("D:/models/net.py D:\\models\\other.py", ["D:/models/net.py", "D:\\models\\other.py"]),
        ("/home/ann/net.pyc /home/ann/net.pyi", []),
        ("https://example.org/net.py", []),
        ("/tmp/日本/net.py", ["/tmp/日本/net.py"]),
    ],
)
def test_a_path_is_told_from_what_looks_like_one(project: Project, text: str, paths: list[str]) -> None:
    members = net(**{"code/__torch__/net.py.debug_pkl": pickled(text)})
    assert [one["message"] for one in form(project, members)["remarks"]] == paths


@pytest.mark.parametrize("text", ["/a " * 300_000, "/a.py" * 200_000, "/" * 1_000_000, "a.py " * 200_000])
def test_looking_for_paths_takes_time_in_proportion(project: Project, text: str) -> None:
    project.write("net.pt", zipped(net(**{"code/__torch__/net.py.debug_pkl": pickled(text)})))
    start = time.process_time()
    assert project.tsl("inspect", "net.pt").code == 0
    assert time.process_time() - start < 5


def test_a_global_that_torch_does_not_write_is_suspicious(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = b"\x80\x02cos\nsystem\n" + b"X\x04\0\0\0evil" + b"\x85R."
    told = [one for one in form(project, net(**{"constants.pkl": evil}))["remarks"] if one["about"] == "pickle"]
    assert [(one["name"], one["member"]) for one in told] == [("foreign-global", "constants.pkl")]
    assert "os.system" in told[0]["message"]


def test_a_zip_trick_is_told(project: Project) -> None:
    data = zipped(net()) + b"tail"
    assert [one["name"] for one in form(project, data)["remarks"]] == ["trailing-bytes"]
    assert "ZIP tricks 1\n  trailing-bytes: " in inspected(project, data)


@pytest.mark.parametrize(
    ("data", "kind", "loader"),
    [
        (zipped({"data.pkl": pickled({"w": tensor(2, 3)}), "version": "3"}), "checkpoint", "weights_only=True"),
        (zipped(net(**{"bytecode.pkl": pickled(((8,),))})), "lite", "_load_for_lite_interpreter"),
        (zipped({"archive_format": "pt2", "version": "0"}), "pt2", "torch.export.load"),
        (zipped({"model.json": "{}", "version": "1", "tensors/0": b"\0"}), "legacy-torchscript", "torch.jit.load"),
        (b"\x20\0\0\0PTMF" + b"\0" * 64, "flatbuffer", "jit_module_from_flatbuffer"),
        (struct.pack("<Q", 2) + b"{}", "safetensors", "safetensors.torch.load_file"),
        (zipped({"readme.txt": "hello"}), "zip", ""),
        (bytes(range(1, 200)), "unknown", ""),
    ],
    ids=["checkpoint", "lite", "pt2", "legacy", "flatbuffer", "safetensors", "zip", "unknown"],
)
def test_other_kinds_are_told_with_what_loads_them(project: Project, data: bytes, kind: str, loader: str) -> None:
    found = form(project, data)
    assert found["kind"] == kind
    assert loader in found["loader"]
    assert found["size"] == len(data)
    assert found["title"] in inspected(project, data)


def test_the_tensors_of_a_safetensors_file_are_counted(project: Project) -> None:
    entries = {"a": ("F32", [2, 3]), "b": ("F32", [4]), "c": ("I64", []), "d": ("F99", [2])}
    header = json.dumps(
        {"__metadata__": {"format": "pt"}}
        | {name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in entries.items()}
    )
    found = form(project, struct.pack("<Q", len(header)) + header.encode())
    assert [(one["dtype"], one["tensors"], one["elements"], one["bytes"]) for one in found["tensors"]] == [
        ("float32", 2, 10, 40),
        ("F99", 1, 2, 0),
        ("int64", 1, 1, 8),
    ]


def test_the_version_of_the_bytecode_is_told(project: Project) -> None:
    members = net(**{"bytecode.pkl": pickled((8,))})
    assert form(project, members)["versions"]["bytecode"] == 8
    assert "PyTorch 1.5 or later; bytecode 8\n" in inspected(project, members)


def test_a_big_endian_archive_is_told(project: Project) -> None:
    assert "\nbyte order   big\n" in inspected(project, net(byteorder="big"))
    assert "byte order" not in inspected(project, net(byteorder="little"))


def test_code_that_is_no_python_is_told(project: Project) -> None:
    members = {**net(), "code/__torch__/net.py": "class Net(Module):\n  def forward(self:\n"}
    told = [one for one in form(project, members)["remarks"] if one["about"] == "code"]
    assert [(one["name"], one["member"]) for one in told] == [("syntax", "code/__torch__/net.py")]
    assert "code that cannot be read 1\n" in inspected(project, members)


def test_the_tensors_of_a_checkpoint_are_counted(project: Project) -> None:
    state = {"a": tensor(2, 3), "b": tensor(5, dtype="int64", storage="1")}
    found = form(project, zipped({"data.pkl": pickled(state), "version": "3"}))
    assert [(one["role"], one["dtype"], one["elements"]) for one in found["tensors"]] == [
        ("tensor", "float32", 6),
        ("tensor", "int64", 5),
    ]


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("absent.pt", None, "absent.pt: cannot be read: no such file or directory"),
        ("empty.pt", b"", "empty.pt: is no archive: empty file"),
        ("cut.pt", zipped(net())[:-200], "cut.pt: is no archive: ZIP file without its end"),
        ("net.py", b"import torch\n", "net.py: is no archive: text"),
    ],
)
def test_what_is_no_archive_is_one_line(project: Project, name: str, data: bytes | None, line: str) -> None:
    if data is not None:
        project.write(name, data)
    done = project.tsl("inspect", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"tsl: {line}")
    assert done.err.count("\n") == 1


def test_a_directory_is_one_line(project: Project) -> None:
    done = project.tsl("inspect", ".")
    assert (done.code, done.out, done.err) == (2, "", "tsl: .: cannot be read: is a directory\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "inspect: needs FILE; see tsl inspect --help"),
        (("net.pt", "other.pt"), "other.pt: is one argument too many; see tsl inspect --help"),
        (("net.pt", "--depth", "all"), "--depth: 'all' is not a number of levels; use 0 or more"),
        (("net.pt", "--format", "sarif"), "--format: there is no 'sarif'; use text or json"),
    ],
)
def test_a_wrong_argument_is_one_line_that_helps(project: Project, arguments: tuple[str, ...], line: str) -> None:
    done = project.tsl("inspect", *arguments)
    assert (done.code, done.out, done.err) == (2, "", f"tsl: {line}\n")


@pytest.mark.parametrize("columns", ["80", "200"])
def test_help_fits_the_terminal(project: Project, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = project.tsl("inspect", "--help")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= min(int(columns), 100)
    assert "\n  inspect " in project.tsl("--help").out


def test_colour_changes_no_word(project: Project) -> None:
    plain = inspected(project, net(), "--color", "never")
    colored = inspected(project, net(), "--color", "always")
    assert colored != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_text_of_an_archive_never_acts_on_the_terminal(project: Project) -> None:
    root = module("net.Net", **{"a\x1b[31m": layer(0)})
    text = inspected(project, torchscript(root, {"__torch__/net.py": LAYER}, **{"extra/\x07": "x"}))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_every_key_of_the_json_is_documented(project: Project) -> None:
    given = pickled({"forward": [tensor(1)]})
    debug = pickled(("/home/ann/net.py",))
    found = form(project, net(**{"traced_inputs.pkl": given, "code/__torch__/net.py.debug_pkl": debug}))
    told = DOCUMENTATION.read_text(encoding="utf-8")
    told = told[told.index("## `--format json`") :]
    assert found["version"] == 1
    keys = {*found, *found["versions"], *found["tool"]}
    for value in found.values():
        assert value or value in (0, "", []) or value is None
        if isinstance(value, list) and value and isinstance(value[0], dict):
            keys |= set(value[0])
    assert sorted(key for key in keys if f"`{key}`" not in told) == []


def test_an_inspection_has_no_other_format() -> None:
    from tsl.archive.inspection.facts import Inspection

    assert INSPECTION_FORMATS == ("text", "json")
    with pytest.raises(ValueError, match="use text or json"):
        inspection_report("sarif", Inspection("a", "unknown", "unknown", "", 0), depth=1, color=False)


def test_the_same_archive_makes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "net.pt").write_bytes(zipped(net(**{"code/__torch__/other.py": "ops.b.x(1)\nops.a.y(2)\n"})))
    outputs = set()
    for seed in ("0", "1", "2"):
        environment = plain_environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed)
        command = (sys.executable, "-m", "tsl", "inspect", "--format", "json", "net.pt")
        outputs.add(run(*command, cwd=tmp_path, env=environment).stdout)
    assert len(outputs) == 1


def test_inspecting_loads_neither_torch_nor_anything_heavy(tmp_path: Path) -> None:
    from tests.test_startup import HEAVY, imported

    (tmp_path / "net.pt").write_bytes(zipped(net()))
    loaded = imported("-m", "tsl", "inspect", "net.pt", cwd=tmp_path)
    assert not loaded & (HEAVY | {"dataclasses", "json", "pickle", "pickletools", "zipfile"})


def test_weights_are_not_read(tmp_path: Path, project: Project) -> None:
    """A file with a hole of 3 GB for weights is told in no time; reading it would show in time and memory."""
    size = 3 << 30
    members = {**net(), "data/0": b""}
    head = zipped(members)
    project.write("net.pt", head)
    with_hole(project.root / "net.pt", members, size)
    start = time.process_time()
    found = json.loads(project.tsl("inspect", "net.pt", "--format", "json").out)
    assert time.process_time() - start < 1
    assert found["size"] > size
    assert {part["name"]: part["bytes"] for part in found["parts"]}["weights"] == size
    assert [one["name"] for one in found["remarks"]] == []


def with_hole(path: Path, members: dict[str, bytes | str], size: int) -> None:
    """Writes the archive with `data/0` as so many bytes that take no room on the disk."""
    import zipfile

    with path.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            if name != "data/0":
                archive.writestr(zipfile.ZipInfo(f"net/{name}", (1980, 1, 1, 0, 0, 0)), data)
        start = file.tell()
        info = zipfile.ZipInfo("net/data/0", (1980, 1, 1, 0, 0, 0))
        info.file_size = info.compress_size = size
        info.header_offset = start
        info.CRC = 0
        file.write(info.FileHeader(zip64=True))
        file.seek(size, 1)
        archive.start_dir = file.tell()
        archive.filelist.append(info)
        archive.NameToInfo[info.filename] = info


def test_a_tensor_without_a_known_dtype_does_not_stop_it(project: Project) -> None:
    odd = Tensor("float32", (2,), (1,), 0, "cpu", "0", 2)
    assert form(project, torchscript(module("net.Net", w=odd), {}))["tensors"][0]["role"] == "attribute"

"""What torch has in memory, copied: live modules and functions in this process, archives in a child process."""

from __future__ import annotations

import pickle
import textwrap
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tsl.archive.values import Device, Tensor
from tsl.ir import capture as capturing
from tsl.ir.capture import Captured, capture, capture_archive
from tsl.ir.graph import Frame, Graph, Node
from tsl.ir.lint import lint
from tsl.outcome import Failure

torch = pytest.importorskip("torch", reason="torch is not installed, so there is nothing to copy")


class Inner(torch.nn.Module):
    """A module with a parameter and a device written out."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight + torch.zeros(3, device=torch.device("cpu"))


def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


class Net(torch.nn.Module):
    """A module that calls another and a function."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 0):
            x = self.inner(x)
        return doubled(x)

    @torch.jit.export
    def second(self, x: torch.Tensor) -> torch.Tensor:
        return -x


@pytest.fixture
def scripted() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(Net())


def saved(live: Any, path: Path) -> Path:
    """The path of an archive of a live module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(live, str(path))
    return path


def node_of(graph: Graph, kind: str) -> Node:
    return next(node for node in graph.walk() if node.kind == kind)


def test_a_live_module_is_copied_with_every_method_and_what_they_call(scripted: Any) -> None:
    found = capture(scripted)
    assert {name.rpartition(".")[2] for name in found.graphs} == {"forward", "second", "doubled"}
    assert len(found.graphs) == 4
    assert sorted(found.inlined) == ["forward", "second"]
    assert all(lint(graph) == () for graph in (*found.graphs.values(), *found.inlined.values()))


def test_a_copy_holds_nothing_of_torch(scripted: Any) -> None:
    found = capture(scripted)
    assert pickle.loads(pickle.dumps(found)) == found
    assert b"torch._C" not in pickle.dumps(found)


def test_nodes_have_schemas_attributes_blocks_and_lines(scripted: Any) -> None:
    graph = capture(scripted).inlined["forward"]
    multiplied = node_of(graph, "aten::mul")
    assert multiplied.schema == "aten::mul.Tensor(Tensor self, Tensor other) -> Tensor"
    assert multiplied.source is not None
    line = next(
        number
        for number, text in enumerate(Path(__file__).read_text(encoding="utf-8").splitlines(), 1)
        if "x * self.weight" in text
    )
    assert multiplied.source.place == Frame(__file__, line, 16)
    branch = node_of(graph, "prim::If")
    assert len(branch.blocks) == 2
    assert multiplied in branch.blocks[0].nodes
    assert node_of(graph, "prim::GetAttr").attribute("name") == "inner"
    devices = [
        node.attribute("value") for node in graph.walk() if node.outputs and str(node.outputs[0].type) == "Device"
    ]
    assert devices == [Device("cpu")]


def test_a_traced_function_is_copied_with_its_python_stack_and_its_constants() -> None:
    mean = torch.full((2, 3), 0.5)

    def centred(x: torch.Tensor) -> torch.Tensor:
        return x - mean

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        live = torch.jit.trace(centred, (torch.ones(2, 3),))
    (graph,) = capture(live).inlined.values()
    told = next(node.attribute("value") for node in graph.walk() if node.kind == "prim::Constant")
    assert isinstance(told, Tensor)
    assert (told.dtype, told.shape, told.stride, told.device) == ("float32", (2, 3), (3, 1), "cpu")
    place = node_of(graph, "aten::sub").source
    assert place is not None
    assert place.stack[0].path == __file__
    assert "centred" in {frame.function for frame in place.stack}


def test_an_archive_is_copied_in_a_child_process(scripted: Any, tmp_path: Path) -> None:
    found = capture_archive(str(saved(scripted, tmp_path / "net.pt")))
    assert isinstance(found, Captured)
    live = capture(scripted)
    assert len(found.graphs) == len(live.graphs)
    assert [node.schema for node in found.inlined["forward"].walk()] == [
        node.schema for node in live.inlined["forward"].walk()
    ]


def test_an_operator_that_no_library_registered_is_declared_as_a_stub(scripted: Any, tmp_path: Path) -> None:
    path = saved(scripted, tmp_path / "custom.pt")
    changed = tmp_path / "changed.pt"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_STORED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename.endswith("test_ir_capture.py"):
                assert b"torch.neg(x)" in data
                data = data.replace(b"return torch.neg(x)", b"a, b, = ops.mylib.split(x)\n    return a")
            if not member.filename.endswith(".debug_pkl"):
                new.writestr(member, data)
    found = capture_archive(str(changed))
    assert isinstance(found, Captured), found
    assert found.stubs == ("mylib::split(...) -> (Tensor, Tensor)",)
    assert node_of(found.inlined["second"], "mylib::split").outputs


def test_what_torch_refuses_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "no.pt"
    path.write_bytes(b"not an archive")
    found = capture_archive(str(path))
    assert isinstance(found, Failure)
    assert found.subject == str(path)
    assert found.message.startswith("torch refuses it: ")
    assert "\n" not in found.message


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> Failure:
    """What is said of a child process that runs this instead."""
    monkeypatch.setattr(capturing, "_BOOT", textwrap.dedent(code))
    found = capture_archive("any.pt", timeout=20.0)
    assert isinstance(found, Failure)
    return found


def test_a_crash_of_torch_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = instead(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert found.message == "ended the process of torch with SIGSEGV"


def test_an_exit_of_torch_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert instead(monkeypatch, "raise SystemExit(3)").message == "ended the process of torch with exit code 3"


def test_a_hang_of_torch_is_ended_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "_BOOT", "import time; time.sleep(60)")
    found = capture_archive("any.pt", timeout=0.5)
    assert found == Failure("any.pt", "torch was not done with it after 0.5 s")


def test_a_process_without_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found = instead(
        monkeypatch,
        """
        import sys; sys.path[:] = [sys.argv[1], *filter(None, sys.path)]; sys.modules["torch"] = None
        from tsl.ir.capture import serve; serve()
        """,
    )
    assert found.message.startswith("torch is needed to load it and cannot be imported")


@pytest.mark.parametrize(
    ("text", "stack"),
    [
        ("", ()),
        ('  File "", line 0\nSerialized   File "code/a.py", line 3\n    x\n    ~ <--- HERE\n', ()),
        (
            '  File "/a/net.py", line 7\n'
            "    def forward(self, x):\n        return x + 1\n               ~~~~~ <--- HERE\n",
            (Frame("/a/net.py", 7, 16),),
        ),
        (
            "/a/net.py(3): forward\n/t/module.py(9): _call_impl\n"
            'Serialized   File "code/a.py", line 1\n    x\n    ~ <--- HERE\n',
            (Frame("/a/net.py", 3, 1, "forward"), Frame("/t/module.py", 9, 1, "_call_impl")),
        ),
    ],
)
def test_the_text_of_a_source_range_is_read_as_a_stack(text: str, stack: tuple[Frame, ...]) -> None:
    from tsl.ir.capture_graph import read_source

    found = read_source(text)
    assert (found.stack if found else ()) == stack

"""What a picture tells beyond the graph: shapes, devices, transfers, waits, lines of source, fusion groups."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Project
from tests.saved import module, pickled, tensor, torchscript, zipped
from tests.test_draw import conv_graph
from tsl.check import Settings, open_books
from tsl.check.plan import make_plan
from tsl.config import Config
from tsl.draw.drawing import Wish, picture_of
from tsl.draw.hulls import Meant, read_groups, with_hulls
from tsl.draw.picture import Box, Cluster, Picture
from tsl.draw.sketch import sketch

NET = """\
class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.net.Net,
    x: Tensor) -> Tensor:
    weight = self.weight
    y = torch.linear(x, weight)
    z = torch.to(y, torch.device("cpu"), 6)
    n = torch.nonzero(torch.relu(y))
    return torch.add(torch.neg(z), torch.size(n, 0))
"""


def drawn(project: Project, code: str = NET, **settings: object) -> Picture:
    """The picture of the model, under a deployment or with inputs."""
    root = module("net.Net", weight=tensor(5, 4))
    project.write("net.pt", zipped(torchscript(root, {"__torch__/net.py": code})))
    inputs = settings.pop("inputs", ())
    assert isinstance(inputs, tuple)
    config = Config().with_flags(**settings)
    return picture_of("net.pt", Wish(limit=0), make_plan(Settings(config, inputs=inputs), open_books(config)))


def labels(picture: Picture) -> dict[str, str]:
    """What is written on the first edge out of each box, by the title of the box."""
    title = {box.number: box.lines[0] for box in picture.boxes()}
    found: dict[str, str] = {}
    for edge in picture.edges:
        found.setdefault(title[edge.source], edge.label)
    return found


def box(picture: Picture, title: str) -> Box:
    (found,) = [each for each in picture.boxes() if each.lines[0] == title]
    return found


def test_shapes_follow_from_the_inputs(project: Project) -> None:
    found = labels(drawn(project, inputs=("x=float32[2,N,4]",)))
    assert found["x"] == "x: float32[2, N, 4]"
    assert found["linear"] == "y: float32[2, N, 5]"
    assert found["nonzero"] == "n: int64[?, 3]"


def test_weights_have_their_shapes(project: Project) -> None:
    assert box(drawn(project), "linear").lines == ("linear", "weight [5, 4]")


def test_devices_are_told_under_a_deployment(project: Project) -> None:
    assert labels(drawn(project))["linear"] == "y: float32"
    found = labels(drawn(project, deploy="cuda"))
    assert (found["linear"], found["to"]) == ("y: float32 cuda:0", "z: float32 cpu")


def test_a_transfer_has_a_badge_and_its_edges_are_painted(project: Project) -> None:
    picture = drawn(project, deploy="cuda")
    to = box(picture, "to")
    assert [badge.text for badge in to.badges if badge.kind == "transfer"] == ["cuda:0 \N{RIGHTWARDS ARROW} cpu"]
    assert {edge.tone for edge in picture.edges if edge.source == to.number} == {"transfer"}
    assert box(drawn(project), "to").badges == ()


def test_a_wait_has_a_badge_and_the_edge_into_it_is_painted(project: Project) -> None:
    picture = drawn(project, deploy="cuda")
    nonzero = box(picture, "nonzero")
    assert [badge.text for badge in nonzero.badges if badge.kind == "sync"] == ["waits for cuda:0"]
    assert [edge.tone for edge in picture.edges if edge.target == nonzero.number] == ["sync"]
    assert "TSL401" in {mark.code for mark in nonzero.marks}
    assert box(drawn(project), "nonzero").badges == ()


@pytest.mark.parametrize(("place", "told"), [("src/net.py", "y = 1"), ("../net.py", ""), ("src/net.txt", "")])
def test_a_line_is_read_from_a_python_file_of_the_working_directory_alone(
    project: Project, place: str, told: str
) -> None:
    for path in ("src/net.py", "src/net.txt"):
        project.write(path, "x = 0\ny = 1\n")
    (project.root.parent / "net.py").write_text("x = 0\ny = 1\n", encoding="utf-8")
    full = (project.root / place).resolve()
    debug = pickled([(0, ((f"{full}(2): forward", "", 0), 0, 1))])
    root = module("net.Net", weight=tensor(5, 4))
    members = torchscript(root, {"__torch__/net.py": NET})
    project.write("net.pt", zipped({**members, "code/__torch__/net.py.debug_pkl": debug}))
    config = Config()
    picture = picture_of("net.pt", Wish(), make_plan(Settings(config), open_books(config)))
    linear = box(picture, "linear")
    assert linear.text == told
    if told:
        assert linear.place == "src/net.py:2"


def test_a_finding_that_is_about_no_node_is_a_note(project: Project) -> None:
    code = NET.replace("x: Tensor)", "x: Tensor,\n    unused: Tensor)")
    assert any(note.startswith("TSL551 unused-part: ") for note in drawn(project, code).notes)


def test_hulls_are_around_neighbours_of_a_group() -> None:
    picture = sketch(conv_graph())
    groups = [[Meant("aten::conv2d", module="backbone.conv"), Meant("aten::relu"), Meant("aten::absent")]]
    hulled = with_hulls(picture, groups)
    assert hulled.notes == ("1 node of fusion groups could not be found in this graph",)

    def hulls(members: tuple[Box | Cluster, ...]) -> list[tuple[str, list[str]]]:
        found = []
        for each in members:
            if isinstance(each, Cluster):
                inner = [box.lines[0] for box in each.members if isinstance(box, Box)]
                found += [(each.badges[0].text, inner)] if each.kind == "fusion" else hulls(each.members)
        return found

    assert hulls(hulled.members) == [("fusion 1", ["conv2d"]), ("fusion 1", ["relu"])]
    assert [box.lines for box in hulled.boxes()] == [box.lines for box in picture.boxes()]


def test_groups_are_drawn_from_a_report(project: Project) -> None:
    drawn(project)
    nodes = [{"op": "aten::relu", "path": None, "line": None, "module": ""}, {"op": "aten::nonzero"}]
    project.write("fusion.json", json.dumps({"groups": [{"nodes": nodes}], "more": 1}))
    done = project.tsl("graph", "net.pt", "--isolated", "--fusion", "fusion.json")
    assert (done.code, done.err) == (0, "")
    assert done.out.count('label="fusion 1"') == 1
    part = done.out[done.out.index('label="fusion 1"') :].partition("}")[0]
    assert "relu" in part
    assert "nonzero" in part


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"groups": [{}]}', '{"groups": [{"nodes": [{"op": 1}]}]}', '{"groups": 3}']
)
def test_a_report_that_is_none_is_one_line(project: Project, text: str) -> None:
    drawn(project)
    project.write("fusion.json", text)
    done = project.tsl("graph", "net.pt", "--isolated", "--fusion", "fusion.json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("tsl: fusion.json: is not what tsl fusion --format json writes")
    with pytest.raises(ValueError, match="groups"):
        read_groups(text)

"""Pictures as Mermaid: within GitHub's limits whatever is drawn, and read and drawn by the real package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import Page, needed, opened
from tests.checkout import ROOT
from tests.test_draw import branch_graph, chain, conv_graph, loop_graph
from tsl.check import Settings, open_books
from tsl.check.plan import make_plan
from tsl.config import Config
from tsl.draw.drawing import Wish, picture_of
from tsl.draw.mermaid import CHARACTERS, EDGES, mermaid, quoted
from tsl.draw.picture import Box, Cluster, Mark, Picture
from tsl.draw.sketch import Told, sketch

PACKAGE = ROOT / "build" / "mermaid" / "package" / "dist" / "mermaid.min.js"
MODELS = ROOT / "build" / "pictures"
REAL = ("silero_vad.jit", "timm_resnet18.trace.pt", "timm_swin_tiny_*.trace.pt", "timm_swin_tiny_*.script.pt")
READ = """\
const done = arguments[arguments.length - 1];
mermaid.initialize({startOnLoad: false});
mermaid.parse(arguments[0]).then(() => mermaid.render('drawn', arguments[0])).then(
  (made) => done({boxes: new DOMParser().parseFromString(made.svg, 'text/html').querySelectorAll('g.node').length}),
  (error) => done({error: String(error)}));
"""
HOSTILE = 'a "b" \\N <i> & &lt; #35; 日 end ]]--> %%{init}%% `x` | ; \x07 click'


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not PACKAGE.is_file():
        pytest.skip("the npm package mermaid is not there: make test fetches it with npm")
    if needed():
        pytest.skip(needed())
    path = tmp_path_factory.mktemp("mermaid") / "page.html"
    path.write_text(f"<!DOCTYPE html><title>.</title><script src='{PACKAGE.as_uri()}'></script>", encoding="utf-8")
    with opened(path) as found:
        found.driver.set_script_timeout(180)
        yield found


def read(page: Page, text: str) -> Any:
    """What mermaid makes of a text: how many boxes it drew, or its error."""
    return page.driver.execute_async_script(READ, text)


def count(picture: Picture) -> int:
    return sum(1 for _ in picture.boxes())


@pytest.mark.parametrize("graph", [conv_graph(), branch_graph(HOSTILE), loop_graph(), chain(40, lambda number: "a.b")])
def test_mermaid_reads_it_and_draws_every_box(page: Page, graph: Any) -> None:
    picture = sketch(graph)
    assert read(page, mermaid(picture)) == {"boxes": count(picture)}


def test_mermaid_reads_what_is_painted(page: Page) -> None:
    mark = Mark("TSL401", "host-sync", "warning", HOSTILE)
    told = Told(marks=lambda node: [mark], tone=lambda node: "removed", edge_tone=lambda value, taker: "transfer")
    assert "error" not in read(page, mermaid(sketch(conv_graph(), told)))


@pytest.mark.parametrize("name", REAL)
def test_mermaid_reads_real_models(page: Page, name: str) -> None:
    found = sorted(MODELS.glob(name))
    if not found:
        pytest.skip(f"{name} is not there: make build/pictures/.models")
    config = Config()
    text = mermaid(picture_of(str(found[0]), Wish(), make_plan(Settings(config), open_books(config))))
    assert len(text) < CHARACTERS
    assert edges_of(text) <= EDGES
    assert read(page, text)["boxes"] > 10


def test_a_wrong_text_is_refused_by_the_same_road(page: Page) -> None:
    assert "error" in read(page, "flowchart TB\n  n0[unclosed")


def edges_of(text: str) -> int:
    return sum(1 for line in text.splitlines() if "-->" in line or "-.->" in line)


@pytest.mark.parametrize("length", [3, 300, 5_000])
def test_whatever_is_drawn_is_within_the_limits(length: int) -> None:
    for graph in (chain(length), chain(length, lambda number: f"layer{number // 50}.block{number // 10 % 5}")):
        text = mermaid(sketch(graph))
        assert len(text) < CHARACTERS
        assert edges_of(text) <= EDGES


def test_many_edges_between_few_boxes_are_too_many_as_well() -> None:
    from tsl.draw.picture import Edge

    boxes = tuple(Box(number, "operator", (f"op{number}",)) for number in range(60))
    edges = tuple(Edge(one, other, f"{one}") for one in range(60) for other in range(one + 1, 60))
    assert edges_of(mermaid(Picture("t", boxes, edges))) <= EDGES


def test_what_was_left_out_is_said() -> None:
    graph = chain(3_000, lambda number: f"m{number}")
    nodes = tuple(node._replace(kind=f"aten::op{number}") for number, node in enumerate(graph.nodes))
    assert "stand for" in mermaid(sketch(graph._replace(nodes=nodes)))


@pytest.mark.parametrize(
    ("text", "written"),
    [("relu", '"relu"'), ('a"b', '"a#34;b"'), ("a\nb", '"a<br/>b"'), ("#", '"#35;"'), ("\x07", '"#65533;"')],
)
def test_a_text_is_quoted(text: str, written: str) -> None:
    assert quoted(text) == written


def test_an_empty_cluster_is_left_out() -> None:
    picture = Picture("t", (Box(0, "input", ("x",)), Cluster("block", "else", ())), ())
    assert "subgraph" not in mermaid(picture)
    assert json.dumps(mermaid(picture)).startswith('"flowchart TB')

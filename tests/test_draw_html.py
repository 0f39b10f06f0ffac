"""The page of a picture in a real browser: it loads alone, searches, closes and opens, and tells what a box is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Page, needed, opened
from tests.saved import module, pickled, tensor, torchscript, zipped
from tests.test_graph_command import LAYER, NET
from tsl.check import Settings, open_books
from tsl.check.plan import make_plan
from tsl.config import Config
from tsl.draw.drawing import Wish, picture_of
from tsl.draw.forms import formed

SOURCE = "def forward(self, x):\n    y = self.first(x)  # </script><b>\n    if y.sum() > 0:\n        return -y\n"


def archive() -> bytes:
    """A model whose `Bool` of a tensor was recorded at line 9 of a source with markup in it."""
    code = LAYER + NET
    at = code.index("bool(torch.gt")
    debug = pickled([(at, ((SOURCE, "net<i>.py", 7), 68, 80))])
    root = module("net.Net", first=module("net.Layer", weight=tensor(2, 2)))
    members = torchscript(root, {"__torch__/net.py": code})
    return zipped({**members, "code/__torch__/net.py.debug_pkl": debug})


def written(path: Path) -> None:
    (path.parent / "net.pt").write_bytes(archive())
    config = Config()
    plan = make_plan(Settings(config), open_books(config))
    path.write_bytes(formed(picture_of(str(path.parent / "net.pt"), Wish(), plan), "html"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if needed():
        pytest.skip(needed())
    if shutil.which("dot") is None:
        pytest.skip("Graphviz is not installed: apt-get install graphviz")
    path = tmp_path_factory.mktemp("page") / "net.html"
    written(path)
    with opened(path) as found:
        yield found


def visible(page: Page) -> int:
    """How many boxes are to be seen, counted in the picture and not asked of the script."""
    count = page.run(
        "return [...document.querySelectorAll('g.node, g.stand-in')]"
        ".filter((each) => getComputedStyle(each).display !== 'none').length"
    )
    assert page.text("#count").startswith(f"{count} of ")
    return int(count)


def test_it_loads_without_a_complaint_and_asks_for_nothing(page: Page) -> None:
    assert page.complaints == []
    assert page.asked == []
    assert "net.Net.forward" in page.driver.title
    assert visible(page) == 12
    page.shot("graph-page")


def test_search_finds_a_node_and_goes_to_it(page: Page) -> None:
    page.one("#search").send_keys("linear")
    assert page.text("#found") == "1 found"
    assert page.run("return document.querySelectorAll('g.node.found').length") == 1
    page.one("#search").send_keys("\n")
    assert page.text("#told h2") == "linear"
    page.run("arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input'))", page.one("#search"))
    assert page.run("return document.querySelectorAll('g.node.found').length") == 0


def test_a_cluster_closes_into_a_box_and_opens_again(page: Page) -> None:
    before = visible(page)
    page.click("g.cluster.module > text")
    assert visible(page) == before - 1  # two operators of `first` became one stand-in
    assert "2 operators" in page.text("g.stand-in")
    page.shot("graph-page-closed")
    page.click("g.stand-in")
    assert visible(page) == before


def test_all_clusters_close_and_open(page: Page) -> None:
    before = visible(page)
    page.click("#close")
    assert 0 < visible(page) < before
    page.click("#open")
    assert visible(page) == before


def test_closing_moves_what_is_below_and_opening_moves_it_back(page: Page) -> None:
    places = "return [...document.querySelectorAll('g.node.output text')].map((each) => +each.getAttribute('y'))"
    before = page.run(places)
    page.click("#close")
    assert page.run(places)[0] < before[0] - 1 or page.run(places)[0] > before[0] + 1
    page.click("#open")
    assert page.run(places) == before


def test_a_click_tells_source_schema_and_findings(page: Page) -> None:
    page.click("g.node.info")
    told = page.text("#told")
    assert "TSL401 host-sync" in told
    assert "if y.sum() > 0:" in told
    assert "net<i>.py:9" in told
    assert "aten::Bool.Tensor(Tensor a) -> bool" in told
    page.shot("graph-page-finding")


def test_it_zooms_and_moves(page: Page) -> None:
    box = "return document.querySelector('#picture svg').getAttribute('viewBox').split(' ').map(Number)"
    before = page.run(box)
    page.click("#in")
    assert page.run(box)[2] < before[2]
    page.click("#fit")
    from selenium.webdriver import ActionChains

    fitted = page.run(box)
    ActionChains(page.driver).move_to_element(page.one("#picture")).click_and_hold().move_by_offset(
        60, 40
    ).release().perform()
    assert page.run(box)[0] < fitted[0]


def test_it_asked_for_nothing_all_along(page: Page) -> None:
    assert page.complaints == []
    assert page.asked == []

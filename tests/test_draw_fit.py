"""Pictures made small enough: repeats folded, clusters closed, rows put together, labels left out, all of it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_draw import branch_graph, chain, conv_graph, loop_graph
from tsl.draw.dot import dot
from tsl.draw.fit import fitted
from tsl.draw.focus import around_findings, focused
from tsl.draw.picture import Box, Cluster, Edge, Mark, Picture
from tsl.draw.repeats import folded_repeats
from tsl.draw.sketch import Told, sketch
from tsl.draw.strain import strain
from tsl.draw.thin import MOST, thinned

X = "\N{MULTIPLICATION SIGN}"
MARK = Mark("TSL401", "host-sync", "warning", "waits")


def named(picture: Picture, names: Iterable[str]) -> Picture:
    """The picture with other titles on its operators."""
    rest = iter(names)

    def renamed(members: Sequence[Box | Cluster]) -> tuple[Box | Cluster, ...]:
        return tuple(
            each._replace(members=renamed(each.members))
            if isinstance(each, Cluster)
            else each._replace(lines=(next(rest, each.lines[0]),))
            if each.kind == "operator"
            else each
            for each in members
        )

    return picture._replace(members=renamed(picture.members))


def layers(count: int, length: int, kinds: Sequence[str] = ()) -> Picture:
    """A chain through `count` modules `layer0` ... of `length` operators each, the kinds repeating."""
    picture = sketch(chain(count * length, lambda number: f"layer{number // length}"))
    names = kinds or [f"op{place}" for place in range(length)]
    return named(picture, (names[number % len(names)] for number in range(count * length)))


def size(picture: Picture) -> int:
    return sum(1 for _ in picture.boxes())


def clusters(members: Sequence[Box | Cluster]) -> list[Cluster]:
    return [inner for each in members if isinstance(each, Cluster) for inner in (each, *clusters(each.members))]


def badges(picture: Picture) -> list[tuple[str, str]]:
    return [(each.title, badge.text) for each in clusters(picture.members) for badge in each.badges]


def assert_whole(picture: Picture) -> None:
    """Boxes have numbers of their own, and every edge ends at two of them."""
    numbers = [box.number for box in picture.boxes()]
    assert len(numbers) == len(set(numbers))
    assert all(edge.source in numbers and edge.target in numbers for edge in picture.edges)


def test_layers_alike_are_drawn_once_with_their_number() -> None:
    picture = folded_repeats(layers(12, 5))
    assert badges(picture) == [("layer0 … layer11", X + "12")]
    assert size(picture) == 5 + 2
    backs = [(edge.source, edge.target) for edge in picture.edges if edge.kind == "back"]
    first = [box.number for box in picture.boxes() if box.kind == "operator"]
    assert backs == [(first[-1], first[0])]
    assert_whole(picture)


def test_what_comes_out_of_the_last_round_comes_out_of_the_repeat() -> None:
    picture = folded_repeats(layers(4, 3))
    title = {box.number: box.lines[0] for box in picture.boxes()}
    drawn = [(title[edge.source], title[edge.target]) for edge in picture.edges if edge.kind == "value"]
    assert drawn == [("x", "op0"), ("op0", "op1"), ("op1", "op2"), ("op2", "return")]


def test_rounds_of_several_members_are_one_cluster() -> None:
    picture = sketch(chain(24, lambda number: f"m{number // 4}"))
    picture = named(picture, [f"{'ab'[number // 4 % 2]}{number % 4}" for number in range(24)])
    assert badges(folded_repeats(picture)) == [("m0, m1 … m4, m5", X + "3")]


@pytest.mark.parametrize("kinds", [["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e", "f", "g"]])
def test_layers_that_differ_are_left_alone(kinds: list[str]) -> None:
    picture = layers(3, 4, [f"{kind}{number}" for number in range(12) for kind in kinds])
    assert folded_repeats(picture) == picture


def test_a_layer_with_another_finding_is_not_folded() -> None:
    graph = chain(60, lambda number: f"layer{number // 5}")
    marked = graph.nodes[31]
    told = Told(marks=lambda node: [MARK] if node is marked else [])
    picture = folded_repeats(named(sketch(graph, told), (f"op{number % 5}" for number in range(60))))
    assert [box.marks for box in picture.boxes() if box.marks] == [(MARK,)]
    assert badges(picture) == [("layer0 … layer5", X + "6"), ("layer7 … layer11", X + "5")]


def test_branches_side_by_side_are_alike_only_if_they_are_wired_alike() -> None:
    def of(feeds: Sequence[int]) -> Picture:
        boxes = [Box(0, "input", ("x",)), Box(1, "input", ("y",))]
        members = [
            Cluster(
                "module", f"b{turn}", tuple(Box(2 + 4 * turn + place, "operator", (f"o{place}",)) for place in range(4))
            )
            for turn in range(4)
        ]
        edges = [Edge(feed, 2 + 4 * turn, "t") for turn, feed in enumerate(feeds)]
        edges += [Edge(2 + 4 * turn + place, 3 + 4 * turn + place, "t") for turn in range(4) for place in range(3)]
        return Picture("t", (*boxes, *members), tuple(edges))

    assert badges(folded_repeats(of([0, 0, 0, 0]))) == [("b0 … b3", X + "4")]
    assert badges(folded_repeats(of([0, 0, 0, 1]))) == [("b0 … b2", X + "3")]
    assert badges(folded_repeats(of([0, 1, 0, 1]))) == []


def test_two_rounds_are_folded_only_where_room_is_short() -> None:
    picture = layers(2, 10)
    assert folded_repeats(picture) == picture
    assert badges(fitted(picture, 15)) == [("layer0 … layer1", X + "2")]


def test_repeats_in_repeats_are_folded_from_the_inside() -> None:
    picture = sketch(chain(96, lambda number: f"stage{number // 24}.block{number // 6 % 4}"))
    picture = named(picture, [f"op{number % 6}" for number in range(96)])
    assert badges(folded_repeats(picture)) == [("stage0 … stage3", X + "4"), ("block0 … block3", X + "4")]


@given(st.integers(2, 120), st.integers(1, 9), st.integers(1, 40), st.lists(st.integers(0, 5), max_size=30))
def test_a_picture_has_no_more_boxes_than_the_limit(length: int, module: int, limit: int, kinds: list[int]) -> None:
    picture = sketch(chain(length, lambda number: f"a{number // module}.b{number // 3 % 2}" if number % 7 else ""))
    picture = named(picture, [f"op{kind}" for kind in kinds])
    small = fitted(picture, limit)
    assert size(small) <= max(limit, 2)
    assert_whole(small)
    folded = {each for cluster in clusters(small.members) for badge in cluster.badges for each in [badge.kind]}
    if not folded:
        assert sum(box.operators for box in small.boxes()) == sum(box.operators for box in picture.boxes())


@pytest.mark.parametrize("graph", [conv_graph(), branch_graph(), loop_graph()])
@pytest.mark.parametrize("limit", [1, 3, 6])
def test_blocks_are_closed_as_well(graph: object, limit: int) -> None:
    small = fitted(sketch(graph), limit)  # type: ignore[arg-type]
    assert_whole(small)
    assert size(small) <= max(limit, 3)
    assert dot(small).count("{") == dot(small).count("}")


def test_what_findings_are_in_is_opened_first() -> None:
    graph = chain(100, lambda number: f"layer{number // 10}")
    nodes = tuple(node._replace(kind=f"aten::op{number}") for number, node in enumerate(graph.nodes))
    graph = graph._replace(nodes=nodes)
    marked = graph.nodes[55]
    small = fitted(sketch(graph, Told(marks=lambda node: [MARK] if node is marked else [])), 25)
    (found,) = [box for box in small.boxes() if box.marks]
    assert found.lines[0] == "op55"
    assert "layer5" in {cluster.title for cluster in clusters(small.members)}


def test_a_closed_module_shows_its_findings() -> None:
    graph = chain(40, lambda number: f"layer{number // 20}")
    nodes = tuple(node._replace(kind=f"aten::op{number}") for number, node in enumerate(graph.nodes))
    picture = sketch(graph._replace(nodes=nodes), Told(marks=lambda node: [MARK]))
    (first, second) = [box for box in fitted(picture, 6).boxes() if box.kind == "module"]
    assert (first.lines, first.marks) == (("layer0", "20 operators"), (MARK,))
    assert second.lines == ("layer1", "20 operators")


def test_a_row_without_modules_is_put_together_and_counts_its_kinds() -> None:
    picture = named(
        sketch(chain(1_000)), ("abcdefghij"[number * number % 7] * (1 + number % 11) for number in range(1_000))
    )
    small = fitted(picture, 50)
    parts = [box for box in small.boxes() if box.kind == "part"]
    assert 20 < len(parts) <= 48
    assert sum(box.operators for box in parts) == 1_000
    assert parts[0].lines[0] == f"{parts[0].operators} operators"


def test_what_was_folded_is_said() -> None:
    assert fitted(layers(12, 5)).notes == ("7 of 62 boxes are drawn: 1 repeat is folded (" + X + "N)",)
    (first,) = fitted(layers(3, 4, [f"op{number}" for number in range(12)]), 8).notes
    assert first == "2 boxes stand for 8 operators, so that there are no more boxes than 8 (--focus, --limit)"
    assert fitted(layers(2, 2)).notes == ()


def test_edges_that_cross_a_closed_border_are_one() -> None:
    boxes = tuple(Box(number, "operator", (f"op{number}",)) for number in range(3))
    inner = tuple(Box(number, "operator", (f"op{number}",)) for number in range(3, 9))
    edges = tuple(Edge(0, number, f"v{number}: Tensor", f"%v{number}") for number in range(3, 9))
    small = fitted(Picture("t", (*boxes, Cluster("module", "m", inner)), (*edges, Edge(3, 4, "inside"))), 4)
    (edge,) = small.edges
    assert (edge.source, edge.label) == (0, "6 values")
    assert edge.hint.count("\n") == 5


def test_what_strains_a_layout_is_closed_further() -> None:
    dense = [Edge(one, other, "") for one in range(200) for other in range(one + 1, 200, 3)]
    members = tuple(
        Cluster(
            "module",
            f"m{turn}",
            tuple(Box(10 * turn + place, "operator", (f"op{turn * place}",)) for place in range(10)),
        )
        for turn in range(20)
    )
    picture = Picture("t", members, tuple(dense))
    assert strain(picture) > 100_000
    assert strain(fitted(picture, 400)) < 4_000


def test_strain_counts_what_edges_pass_and_ends_on_circles() -> None:
    boxes = tuple(Box(number, "operator", ("op",)) for number in range(4))
    row = tuple(Edge(number, number + 1, "") for number in range(3))
    assert strain(Picture("t", boxes, row)) == 0
    assert strain(Picture("t", boxes, (*row, Edge(0, 3, "")))) == 2
    assert strain(Picture("t", boxes, (*row, Edge(3, 0, "", kind="back")))) == 0
    assert strain(Picture("t", boxes, (*row, Edge(3, 0, "")))) == 0


def test_labels_that_say_nothing_are_left_out() -> None:
    edges = (
        Edge(0, 1, "x: Tensor", "%x", value="x"),
        Edge(0, 2, "Tensor"),
        Edge(1, 2, "n: int", value="n"),
        Edge(1, 3, "n: int", value="n"),
        Edge(2, 3, "float32[2]"),
    )
    boxes = tuple(Box(number, "operator", ("op",)) for number in range(4))
    thin = thinned(Picture("t", boxes, edges))
    assert [edge.label for edge in thin.edges] == ["", "", "n: int", "", "float32[2]"]
    assert thin.edges[0].hint == "%x"


def test_too_many_labels_are_left_out_but_painted_ones() -> None:
    edges = [Edge(number, number + 1, f"v{number}: int", value=f"v{number}") for number in range(MOST + 1)]
    edges[5] = edges[5]._replace(tone="transfer")
    boxes = tuple(Box(number, "operator", ("op",)) for number in range(MOST + 2))
    thin = thinned(Picture("t", boxes, tuple(edges)))
    assert [edge.label for edge in thin.edges if edge.label] == ["v5: int"]
    assert len(thin.notes) == 1


def test_a_radius_says_how_far_around_a_focus_reaches() -> None:
    picture = named(sketch(chain(9)), [f"op{number}" for number in range(9)])
    for radius in range(4):
        part = focused(picture, "op4", radius)
        assert part is not None
        wanted = [f"op{number}" for number in range(4 - radius, 5 + radius)]
        assert [box.lines[0] for box in part.boxes()] == wanted


def test_around_findings_is_what_is_near_one() -> None:
    graph = chain(9)
    marked = graph.nodes[4]
    part = around_findings(sketch(graph, Told(marks=lambda node: [MARK] if node is marked else [])), 2)
    assert size(part) == 5
    assert part.notes == ("only what is within 2 of a finding is drawn",)


def test_around_no_finding_is_everything_and_that_is_said() -> None:
    picture = sketch(chain(3))
    assert around_findings(picture) == picture._replace(notes=("nothing was found; all is drawn",))

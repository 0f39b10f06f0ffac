"""The picture of a difference: both graphs in one, each thing in its tone, and no more than is near to what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.programs import edits, programs, written
from tests.test_diff_command import LAYER, NET, saved
from tsl.archive.archive import open_archive
from tsl.diff.change import Difference
from tsl.diff.drawn import WHOLE, picture_of
from tsl.diff.model import Model
from tsl.diff.models import Differing
from tsl.diff.union import Union
from tsl.draw.picture import Box, Picture
from tsl.ir.lint import lint


@contextmanager
def differing(old: bytes, new: bytes) -> Iterator[tuple[Differing, Difference]]:
    with open_archive("old.pt", old) as one, open_archive("new.pt", new) as other:
        held = Differing(Model("old.pt", one), Model("new.pt", other))
        yield held, held.difference()


def picture(old: bytes, new: bytes) -> Picture:
    with differing(old, new) as (held, difference):
        return picture_of(held, difference, "forward")


def toned(drawn: Picture) -> list[tuple[str, str]]:
    return [(box.tone, box.lines[0]) for box in drawn.boxes() if box.tone]


def box(drawn: Picture, title: str) -> Box:
    return next(one for one in drawn.boxes() if one.lines[0] == title)


def test_each_thing_has_its_tone() -> None:
    new = NET.replace("softmax(y, 1)", "softmax(y, 0)").replace("torch.add(z, y)", "torch.add(torch.tanh(z), y)")
    drawn = picture(saved(), saved(new))
    assert toned(drawn) == [("changed", "softmax"), ("added", "tanh")]
    assert [badge.text for badge in box(drawn, "softmax").badges] == ["dim: 1 → 0"]


def test_what_was_removed_stands_where_it_was() -> None:
    old = NET.replace("torch.add(z, y)", "torch.add(torch.mul(torch.tanh(z), 3), y)")
    drawn = picture(saved(old), saved())
    assert toned(drawn) == [("removed", "tanh"), ("removed", "mul")]
    assert "other=3" in box(drawn, "mul").lines
    ends = {(edge.source, edge.target): edge.tone for edge in drawn.edges if edge.kind == "value"}
    softmax, tanh, mul, add = (box(drawn, title).number for title in ("softmax", "tanh", "mul", "add"))
    assert [ends[pair] for pair in ((softmax, tanh), (tanh, mul), (mul, add))] == ["removed"] * 3
    assert ends[softmax, add] == ""


def test_a_removed_block_is_drawn_with_what_is_in_it() -> None:
    old = NET.replace("    z", "    if bool(torch.gt(torch.sum(x), 0)):\n      y = torch.neg(y)\n    z", 1)
    drawn = picture(saved(old), saved())
    assert [title for tone, title in toned(drawn)] == ["sum", "gt", "Bool", "if", "neg"]
    assert {tone for tone, _ in toned(drawn)} == {"removed"}


def test_what_sets_an_attribute_is_drawn_where_it_was() -> None:
    sets = LAYER.replace("    return torch.relu(", "    self.weight = torch.neg(x)\n    return torch.relu(")
    drawn = picture(saved(layer=sets), saved())
    assert [title for tone, title in toned(drawn) if tone == "removed"] == ["neg", "set weight"]


def test_of_a_large_picture_what_is_near_to_changes_is_drawn() -> None:
    lines = "".join(f"    z = torch.add(z, {number})\n" for number in range(WHOLE + 50))
    old = NET.replace("    return", f"{lines}    return")
    drawn = picture(saved(old), saved(old.replace("(z, 70)", "(z, -70)")))
    assert [one.lines[-1] for one in drawn.boxes()] == ["other=69", "other=-70", "other=71"]
    assert drawn.notes == (f"3 of {WHOLE + 50 + 6} boxes are drawn: what is different, and what is next to it",)


def test_without_a_difference_nothing_is_painted() -> None:
    drawn = picture(saved(), saved())
    assert toned(drawn) == []
    assert len(list(drawn.boxes())) == 6


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_union_of_two_graphs_is_a_graph_with_all_of_both(data: st.DataObject) -> None:
    program = data.draw(programs())
    edit = data.draw(edits(program))
    with differing(written(program), written(edit.program)) as (held, _):
        pairs = held.pairs["forward"]
        union = Union(pairs)
        stands = [union.items(node) for node in union.graph.walk()]
    assert [line for line in lint(union.graph) if "defined" in line] == []
    new = {item.number for _, item in stands if item is not None}
    old = {item.number for item, _ in stands if item is not None}
    assert new == {item.number for item in pairs.new.all if item.node is not None}
    assert old == {item.number for item in pairs.old.all if item.node is not None}

"""Record keeps what typing.NamedTuple promises."""

from __future__ import annotations

import pickle

import pytest

from tsl.record import Record


class Point(Record):
    """A point."""

    x: int
    y: int = 0

    @property
    def sum(self) -> int:
        """x + y."""
        return self.x + self.y


def test_fields_are_read_by_name_and_by_place() -> None:
    point = Point(1, y=2)
    assert (point.x, point[1], point.sum) == (1, 2, 3)
    assert repr(point) == "Point(x=1, y=2)"


def test_defaults_fill_what_is_not_given() -> None:
    assert Point(3) == Point(3, 0) == (3, 0)


def test_a_record_unpacks_matches_sorts_and_hashes_as_a_tuple() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("the pattern should match")
    assert sorted([Point(2), Point(1)])[0] == Point(1)
    assert len({Point(1), Point(1)}) == 1


def test_a_changed_copy_leaves_the_original_alone() -> None:
    point = Point(1)
    assert point._replace(y=5) == (1, 5)
    assert point == (1, 0)


def test_a_record_travels_between_processes() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


def test_a_record_is_immutable() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 2}), ((1,), {"z": 2})])
def test_a_wrong_field_is_named(given: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"Point has the fields x, y; wrong: "):
        Point(*given, **named)

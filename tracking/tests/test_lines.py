from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.geography import Position, distance_m
from tracking.roads import line as lines
from tracking.roads.line import MOST_LOOKED_AT, SAME_M, along, simplified

# A kilometre east, then one north.
CORNER = (Position(52.5200, 13.4000), Position(52.5200, 13.4148), Position(52.5290, 13.4148))


@pytest.mark.parametrize(
    ("latitude", "longitude", "off_m", "ahead"),
    [
        pytest.param(52.5200, 13.4000, 0, 1.0, id="at the start"),
        pytest.param(52.5200, 13.4074, 0, 0.75, id="half of the first part"),
        pytest.param(52.5200, 13.4148, 0, 0.5, id="at the corner"),
        pytest.param(52.5290, 13.4148, 0, 0.0, id="at the goal"),
        pytest.param(52.5209, 13.4074, 100, 0.75, id="beside it"),
        pytest.param(52.5191, 13.4000, 100, 1.0, id="behind the start"),
        pytest.param(52.5299, 13.4148, 100, 0.0, id="beyond the goal"),
    ],
)
def test_somebody_is_where_the_line_is_nearest(latitude: float, longitude: float, off_m: float, ahead: float) -> None:
    found = along(CORNER, Position(latitude, longitude))
    assert found.off_m == pytest.approx(off_m, abs=0.5)
    assert found.share_ahead == pytest.approx(ahead, abs=0.001)


def test_a_line_of_no_length_is_behind_whoever_is_there() -> None:
    here = Position(52.52, 13.40)
    assert (along((here, here), here).off_m, along((here, here), here).share_ahead) == (0, 0)


def test_where_a_line_comes_by_twice_nothing_is_promised_too_early() -> None:
    """Into a street that is closed at its end, and out again."""
    there_and_back = (CORNER[0], CORNER[1], CORNER[0])
    assert along(there_and_back, Position(52.5200, 13.4074)).share_ahead == pytest.approx(0.75, abs=0.001)


steps = st.floats(min_value=0.0001, max_value=0.01)
sideways = st.floats(min_value=-0.01, max_value=0.01)


@st.composite
def eastward_lines(draw: st.DrawFn) -> tuple[Position, ...]:
    """They turn, but never back."""
    points = [Position(52.52, 13.40)]
    for east, north in draw(st.lists(st.tuples(steps, sideways), min_size=1, max_size=30)):
        points.append(Position(points[-1].latitude + north, points[-1].longitude + east))
    return tuple(points)


@given(line=eastward_lines(), shares=st.lists(st.floats(min_value=0, max_value=1), min_size=2, max_size=20))
def test_what_is_ahead_never_grows_along_the_way(line: tuple[Position, ...], shares: list[float]) -> None:
    """Whoever stays on it and does not turn back."""
    whole_m = sum(distance_m(start, end) for start, end in pairwise(line))
    rests = [along(line, _at(line, share)) for share in sorted(shares)]
    assert max(rest.off_m for rest in rests) <= SAME_M
    ahead_m = [whole_m * rest.share_ahead for rest in rests]
    assert all(later <= sooner + 2 * SAME_M for sooner, later in pairwise(ahead_m))


@given(line=eastward_lines(), position=st.builds(Position, st.floats(52, 53), st.floats(13, 14)))
def test_what_is_ahead_is_a_share_wherever_somebody_is(line: tuple[Position, ...], position: Position) -> None:
    assert -1e-9 <= along(line, position).share_ahead <= 1


def _at(line: tuple[Position, ...], share: float) -> Position:
    """So far from its first point to its last, counted in points."""
    index = min(int(share * (len(line) - 1)), len(line) - 2)
    start, end, rest = line[index], line[index + 1], share * (len(line) - 1) - index
    return Position(
        start.latitude + rest * (end.latitude - start.latitude),
        start.longitude + rest * (end.longitude - start.longitude),
    )


def test_points_that_change_nothing_are_left_out() -> None:
    straight = tuple(Position(52.52 + 0.0001 * number, 13.40) for number in range(100))
    assert simplified((*straight, Position(52.5299, 13.41)), most=200) == (
        straight[0],
        straight[-1],
        Position(52.5299, 13.41),
    )


@given(line=eastward_lines(), most=st.integers(min_value=2, max_value=10))
def test_a_line_keeps_its_ends_and_no_more_points_than_wanted(line: tuple[Position, ...], most: int) -> None:
    fewer = simplified(line, most=most)
    assert (fewer[0], fewer[-1]) == (line[0], line[-1])
    assert len(fewer) <= most
    assert [point for point in line if point in fewer] == list(fewer)


def test_every_point_left_out_was_near_the_line() -> None:
    zigzag = tuple(Position(52.52 + 0.00002 * (number % 2), 13.40 + 0.001 * number) for number in range(50))
    fewer = simplified(zigzag, most=200)
    assert len(fewer) == 2
    assert max(along(fewer, point).off_m for point in zigzag) < 3
    assert distance_m(fewer[0], fewer[-1]) > 3000


def test_the_farthest_points_are_kept_first() -> None:
    """Of two corners, the one without which more would be wrong."""
    small, big = Position(52.5205, 13.41), Position(52.5300, 13.42)
    line = (Position(52.52, 13.40), small, Position(52.52, 13.415), big, Position(52.52, 13.43))
    assert simplified(line, most=3) == (line[0], big, line[-1])


@pytest.mark.parametrize("number_of_points", [1_000, 1_001, 40_000])
def test_however_crooked_a_long_line_is_no_point_is_looked_at_more_than_so_often(
    number_of_points: int, monkeypatch: Any
) -> None:
    """To and fro, wider and wider: the worst there is, because the farthest point is always the last one."""
    zigzag = [
        Position(52.52 + 0.00001 * number * (-1) ** (number // 3), 13.40 + 0.000001 * number)
        for number in range(number_of_points)
    ]
    looks = Counter[None]()

    def off(*args: Any) -> float:
        looks[None] += 1
        return _off(*args)

    _off = lines._off
    monkeypatch.setattr(lines, "_off", off)
    fewer = simplified(zigzag, most=200)
    assert (fewer[0], fewer[-1]) == (zigzag[0], zigzag[-1])
    assert 100 < len(fewer) <= 200
    assert looks[None] < 200 * MOST_LOOKED_AT


@given(st.integers(min_value=2, max_value=5 * MOST_LOOKED_AT))
def test_of_a_long_line_enough_points_are_looked_at(number_of_points: int) -> None:
    line = [Position(52.52, 13.40 + 0.00001 * number) for number in range(number_of_points)]
    fewer = lines._thinned(line)
    assert (fewer[0], fewer[-1]) == (line[0], line[-1])
    assert min(number_of_points, MOST_LOOKED_AT / 2) <= len(fewer) <= MOST_LOOKED_AT

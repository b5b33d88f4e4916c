"""Lines on a map: how far along one somebody is, and the same line with fewer points.

Reckoned on the plane that touches the Earth there, which is right to a thousandth for the length of a delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians
from typing import Final

from catalog.geography import EARTH_RADIUS_M, Position

FINEST_M: Final = 3.0
SAME_M: Final = 0.01

Point = tuple[float, float]


@dataclass(frozen=True)
class Along:
    """Where somebody is by a line: how far off its nearest point, and which share of it is ahead from there."""

    off_m: float
    share_ahead: float


def along(line: Sequence[Position], position: Position) -> Along:
    """`line` has two points or more. Where it comes by the same place twice, they are taken to be there for the first
    time: that promises nothing too early."""
    points, (here,) = _on_plane(line, centre=line[0]), _on_plane([position], centre=line[0])
    nearest, passed_m, passed_by_then_m = float("inf"), 0.0, 0.0
    for start, end in pairwise(points):
        share, length = _nearest_share(here, start, end), _distance(start, end)
        off = _distance(here, _between(start, end, share))
        if off < nearest - SAME_M:
            nearest, passed_by_then_m = off, passed_m + share * length
        passed_m += length
    return Along(off_m=nearest, share_ahead=1 - passed_by_then_m / passed_m if passed_m else 0.0)


def simplified(line: Sequence[Position], *, most: int) -> tuple[Position, ...]:
    """At most so many of its points, among them both ends: those without which it would look different.

    By D. H. Douglas and T. K. Peucker (Cartographica 10, 1973), more and more coarsely until it fits.
    """
    tolerance_m = FINEST_M
    kept = _needed(line, tolerance_m)
    while len(kept) > most:
        tolerance_m *= 2
        kept = _needed(kept, tolerance_m)
    return kept


def _needed(line: Sequence[Position], tolerance_m: float) -> tuple[Position, ...]:
    points = _on_plane(line, centre=line[0])
    kept, parts = {0, len(points) - 1}, [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        farthest, off = first, 0.0
        for index in range(first + 1, last):
            distance = _off(points[index], points[first], points[last])
            if distance > off:
                farthest, off = index, distance
        if off > tolerance_m:
            kept.add(farthest)
            parts += [(first, farthest), (farthest, last)]
    return tuple(line[index] for index in sorted(kept))


def _on_plane(line: Sequence[Position], *, centre: Position) -> list[Point]:
    """In metres east and north of the centre."""
    north_m = radians(1) * EARTH_RADIUS_M
    east_m = north_m * cos(radians(centre.latitude))
    return [
        ((point.longitude - centre.longitude) * east_m, (point.latitude - centre.latitude) * north_m) for point in line
    ]


def _off(point: Point, start: Point, end: Point) -> float:
    return _distance(point, _between(start, end, _nearest_share(point, start, end)))


def _nearest_share(point: Point, start: Point, end: Point) -> float:
    """How far from start (0) to end (1) it is to where the straight between them is nearest to the point."""
    x, y = end[0] - start[0], end[1] - start[1]
    square = x * x + y * y
    return 0.0 if square == 0 else min(1.0, max(0.0, ((point[0] - start[0]) * x + (point[1] - start[1]) * y) / square))


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _distance(start: Point, end: Point) -> float:
    return hypot(end[0] - start[0], end[1] - start[1])

"""Lines on a map: how far along one somebody is, and the same line with fewer points.

Reckoned on the plane that touches the Earth there, which is right to a thousandth for the length of a delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from math import ceil, cos, hypot, radians
from typing import Final, NamedTuple

from catalog.geography import EARTH_RADIUS_M, Position

FINEST_M: Final = 3.0
SAME_M: Final = 0.01
# Of a line with more points, every second or third or so has to do.
MOST_LOOKED_AT: Final = 2000

PlanePoint = tuple[float, float]
"""Metres east and north of somewhere near."""


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

    By D. H. Douglas and T. K. Peucker (Cartographica 10, 1973), the farthest off first: so what it costs is bounded by
    `most` looks at the line, however crooked that is.
    """
    line = _thinned(line)
    points = _on_plane(line, centre=line[0])
    kept, parts = {0, len(points) - 1}, [_part(points, 0, len(points) - 1)]
    while len(kept) < most:
        part = heappop(parts)
        if -part.nearness_m <= FINEST_M:
            break
        kept.add(part.farthest)
        heappush(parts, _part(points, part.first, part.farthest))
        heappush(parts, _part(points, part.farthest, part.last))
    return tuple(line[index] for index in sorted(kept))


def _thinned(line: Sequence[Position]) -> Sequence[Position]:
    step = ceil((len(line) - 1) / (MOST_LOOKED_AT - 1))
    return line if step <= 1 else (*line[:-1:step], line[-1])


class _Part(NamedTuple):
    """From one kept point to the next, and which between them is farthest off; by that, the farthest first."""

    nearness_m: float
    farthest: int
    first: int
    last: int


def _part(points: Sequence[PlanePoint], first: int, last: int) -> _Part:
    inner = range(first + 1, last)
    nearness_m, farthest = min(
        ((-_off(points[index], points[first], points[last]), index) for index in inner), default=(0.0, first)
    )
    return _Part(nearness_m, farthest, first, last)


def _on_plane(line: Sequence[Position], *, centre: Position) -> list[PlanePoint]:
    """In metres east and north of the centre."""
    north_m = radians(1) * EARTH_RADIUS_M
    east_m = north_m * cos(radians(centre.latitude))
    return [
        ((point.longitude - centre.longitude) * east_m, (point.latitude - centre.latitude) * north_m) for point in line
    ]


def _off(point: PlanePoint, start: PlanePoint, end: PlanePoint) -> float:
    return _distance(point, _between(start, end, _nearest_share(point, start, end)))


def _nearest_share(point: PlanePoint, start: PlanePoint, end: PlanePoint) -> float:
    """How far from start (0) to end (1) it is to where the straight between them is nearest to the point."""
    x, y = end[0] - start[0], end[1] - start[1]
    square = x * x + y * y
    return 0.0 if square == 0 else min(1.0, max(0.0, ((point[0] - start[0]) * x + (point[1] - start[1]) * y) / square))


def _between(start: PlanePoint, end: PlanePoint, share: float) -> PlanePoint:
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _distance(start: PlanePoint, end: PlanePoint) -> float:
    return hypot(end[0] - start[0], end[1] - start[1])

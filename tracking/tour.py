"""The way a courier probably takes through everything they have in hand. Pure functions of what is known now.

Nobody tells the platform in which order they go to stores and doors. They are taken to choose the way on which their
customers together wait least: the one with the smallest sum of the moments at which doors are reached. Each order is
fetched before it is brought, and a courier waits where a kitchen is not done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Final, NamedTuple
from uuid import UUID

from catalog.geography import Position
from tracking.eta import USUAL_APPROACH_SECONDS, Reached, ride_seconds

EXACT_UP_TO: Final = 5
"""Stops, which can be made in 30 ways at most. Of more, that which is done soonest is taken to come next: on recorded
days no time was worse for that (benchmarks/README.md)."""
_START: Final = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """An order in a courier's hands. `ready_at` is when its kitchen expects to be done; None once it is."""

    order_id: UUID
    store: Position
    door: Position
    ready_at: datetime | None = None
    picked_up_at: datetime | None = None


class _Stop(NamedTuple):
    """`errand` numbers the order; before `open_seconds` nobody can be done there: what is still to come is not over."""

    errand: int
    is_door: bool
    position: Position
    open_seconds: float


class _Start(NamedTuple):
    """`seconds` is when they were there, negative in the past."""

    position: Position | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Tour:
    """`courier` is where they are, if that is known well enough; if not, they are taken to have gone on ever since they
    last picked something up. `errands` are in the order in which they were taken on. `road_factor` is how many times as
    long as over straight lines rides take, where roads are known."""

    errands: Sequence[Errand]
    courier: Position | None
    usual_kmh: float
    handover_seconds: float
    now: datetime
    road_factor: float = 1.0

    @cached_property
    def reached(self) -> Mapping[UUID, Reached]:
        """Of each order; reckoned once, in a time that grows with the square of the stops."""
        way, stops = self._way(), self._stops
        times = zip(way, self._times(way), strict=True)
        at = {(stops[number].errand, stops[number].is_door): seconds for number, seconds in times}
        return {
            errand.order_id: Reached(store=at.get((number, False), 0.0), door=at[number, True])
            for number, errand in enumerate(self.errands)
        }

    def _way(self) -> Sequence[int]:
        """The stops by their numbers."""
        if len(self._stops) > EXACT_UP_TO:
            return list(self._soonest_first())
        return min(_ways(tuple((stop.errand, stop.is_door) for stop in self._stops)), key=self._waiting_seconds)

    def _waiting_seconds(self, way: Sequence[int]) -> float:
        """Of all customers together."""
        stops = self._stops
        return sum(at for number, at in zip(way, self._times(way), strict=True) if stops[number].is_door)

    def _times(self, way: Sequence[int]) -> Iterator[float]:
        """When each of the stops is reached, and what is fetched there done."""
        here, seconds = _START, self._start.seconds
        for there in way:
            seconds = self._done_seconds(here, there, since=seconds)
            yield seconds
            here, seconds = there, seconds + self.handover_seconds

    def _soonest_first(self) -> Iterator[int]:
        here, seconds, left = _START, self._start.seconds, list(range(len(self._stops)))
        while left:
            to_fetch = {self._stops[number].errand for number in left if not self._stops[number].is_door}
            able = [n for n in left if not (self._stops[n].is_door and self._stops[n].errand in to_fetch)]
            done, here = min((self._done_seconds(here, there, since=seconds), there) for there in able)
            seconds = done + self.handover_seconds
            left.remove(here)
            yield here

    def _done_seconds(self, here: int, there: int, *, since: float) -> float:
        return max(since + self._leg_seconds(here, there), self._stops[there].open_seconds)

    def _leg_seconds(self, here: int, there: int) -> float:
        """Measured once, and only where somebody might ride."""
        seconds = self._legs.get((here, there))
        if seconds is None:
            seconds = self._legs[here, there] = self._measured(here, self._stops[there].position)
        return seconds

    def _measured(self, here: int, goal: Position) -> float:
        start = self._start.position if here == _START else self._stops[here].position
        if start is None:
            return USUAL_APPROACH_SECONDS
        return self.road_factor * ride_seconds(start, goal, usual_kmh=self.usual_kmh)

    @cached_property
    def _legs(self) -> dict[tuple[int, int], float]:
        return {}

    @cached_property
    def _start(self) -> _Start:
        if self.courier is not None:
            return _Start(self.courier, 0.0)
        fetched = [(errand.picked_up_at, errand.store) for errand in self.errands if errand.picked_up_at]
        if not fetched:
            return _Start(None, 0.0)
        last_at, store = max(fetched, key=lambda one: one[0])
        return _Start(store, (last_at - self.now).total_seconds())

    @cached_property
    def _stops(self) -> Sequence[_Stop]:
        return [stop for number, errand in enumerate(self.errands) for stop in self._stops_of(number, errand)]

    def _stops_of(self, number: int, errand: Errand) -> Iterator[_Stop]:
        if errand.picked_up_at is None:
            left = (errand.ready_at - self.now).total_seconds() if errand.ready_at else 0.0
            yield _Stop(number, is_door=False, position=errand.store, open_seconds=max(0.0, left))
        yield _Stop(number, is_door=True, position=errand.door, open_seconds=0.0)


@cache
def _ways(stops: tuple[tuple[int, bool], ...]) -> Sequence[Sequence[int]]:
    """All on which each order is fetched before it is brought; there are few kinds of few stops."""
    return list(_ways_on(stops, left=tuple(range(len(stops)))))


def _ways_on(stops: Sequence[tuple[int, bool]], *, left: Sequence[int]) -> Iterator[Sequence[int]]:
    if not left:
        yield ()
    to_fetch = {errand for errand, is_door in (stops[number] for number in left) if not is_door}
    for number in left:
        errand, is_door = stops[number]
        if not (is_door and errand in to_fetch):
            rest = [other for other in left if other != number]
            yield from ((number, *way) for way in _ways_on(stops, left=rest))

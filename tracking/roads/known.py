"""The ways that are known already. Nobody is asked here."""

from collections.abc import Iterable, Mapping
from typing import Protocol
from uuid import UUID

from catalog.geography import Position
from couriers.vehicles import PACES, Pace, Vehicle
from tracking.models import OrderRoute
from tracking.roads.engines import engine_in_use
from tracking.roads.route import Route


class Ride(Protocol):
    """An order, and how its courier rides."""

    @property
    def order_id(self) -> UUID: ...
    @property
    def vehicle(self) -> str: ...
    @property
    def pace(self) -> Pace: ...


def routes_of(rides: Iterable[Ride]) -> Mapping[UUID, Route]:
    """By order, each at its courier's pace; in one query, and in none where there is no engine."""
    by_order = {ride.order_id: ride for ride in rides}
    if not by_order or engine_in_use() is None:
        return {}
    known = OrderRoute.objects.filter(order__in=by_order, seconds__isnull=False)
    return {
        row.order_id: _at_their_pace(row, ride)
        for row in known
        if row.vehicle == (ride := by_order[row.order_id]).vehicle
    }


def _at_their_pace(row: OrderRoute, ride: Ride) -> Route:
    """Who has a top speed of their own is as much slower or faster on this way as on any other."""
    usual_kmh = PACES[Vehicle(row.vehicle)].usual_kmh
    return Route(
        seconds=(row.seconds or 0.0) * usual_kmh / ride.pace.usual_kmh,
        metres=row.metres or 0.0,
        points=tuple(Position(latitude, longitude) for latitude, longitude in row.points),
    )

"""The ways that are known already. Nobody is asked here."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from catalog.geography import Position
from couriers.models import Assignment
from couriers.vehicles import PACES, Vehicle
from tracking.models import OrderRoute
from tracking.roads.engines import engine_in_use
from tracking.roads.route import Route


def routes_of(assignments: Iterable[Assignment]) -> Mapping[UUID, Route]:
    """By order, each at its courier's pace; in one query, and in none where there is no engine."""
    by_order = {assignment.order_id: assignment for assignment in assignments}
    if not by_order or engine_in_use() is None:
        return {}
    known = OrderRoute.objects.filter(order__in=by_order, seconds__isnull=False)
    return {
        row.order_id: _at_their_pace(row, assignment)
        for row in known
        if row.vehicle == (assignment := by_order[row.order_id]).courier.vehicle
    }


def _at_their_pace(row: OrderRoute, assignment: Assignment) -> Route:
    """Who has a top speed of their own is as much slower or faster on this way as on any other."""
    usual_kmh = PACES[Vehicle(row.vehicle)].usual_kmh
    return Route(
        seconds=(row.seconds or 0.0) * usual_kmh / assignment.courier.pace.usual_kmh,
        metres=row.metres or 0.0,
        points=tuple(Position(latitude, longitude) for latitude, longitude in row.points),
    )

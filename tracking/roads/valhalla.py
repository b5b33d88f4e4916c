"""Valhalla, `POST /route` (https://valhalla.github.io/valhalla/api/turn-by-turn/api-reference/)."""

from collections.abc import Mapping
from typing import Any, Final

import polyline

from catalog.geography import Position
from couriers.vehicles import Vehicle
from tracking.roads.profiles import Profile
from tracking.roads.route import Question, RoadNotFound, Route

PROFILES: Final[Mapping[Vehicle, Profile]] = {
    Vehicle.FOOT: Profile("pedestrian", Vehicle.FOOT),
    Vehicle.BICYCLE: Profile("bicycle", Vehicle.BICYCLE),
    Vehicle.CARGO_BIKE: Profile("bicycle", Vehicle.BICYCLE),
    Vehicle.SCOOTER: Profile("motor_scooter", Vehicle.SCOOTER),
    Vehicle.CAR: Profile("auto", Vehicle.CAR),
}
SHAPE_DIGITS: Final = 6
METRES_PER_KILOMETRE: Final = 1000
# Too far; in unconnected regions; no road near; unreachable; no path.
_NOT_FOUND: Final = frozenset({154, 170, 171, 441, 442})


class Valhalla:
    def __init__(self, url: str) -> None:
        self._url = url

    def question_for(self, start: Position, goal: Position, *, vehicle: Vehicle) -> Question:
        asked = {
            "locations": [_location(start), _location(goal)],
            "costing": PROFILES[vehicle].name,
            "units": "kilometers",
            "directions_type": "none",
        }
        return Question(method="POST", url=f"{self._url.rstrip('/')}/route", json=asked)

    def route_in(self, answer: Any, *, vehicle: Vehicle) -> Route:
        if answer.get("error_code") in _NOT_FOUND:
            raise RoadNotFound
        summary, (leg,) = answer["trip"]["summary"], answer["trip"]["legs"]
        return Route(
            seconds=PROFILES[vehicle].seconds_for(vehicle, summary["time"]),
            metres=summary["length"] * METRES_PER_KILOMETRE,
            points=tuple(Position(*point) for point in polyline.decode(leg["shape"], SHAPE_DIGITS)),
        )


def _location(position: Position) -> dict[str, float]:
    return {"lat": position.latitude, "lon": position.longitude}

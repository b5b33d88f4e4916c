"""OSRM, `GET /route/v1/…` (https://project-osrm.org/docs/v26.4.0/http)."""

from collections.abc import Mapping
from typing import Any, Final

from catalog.geography import Position
from couriers.vehicles import Vehicle
from tracking.roads.profiles import Profile
from tracking.roads.route import Question, RoadNotFound, Route

# By the names of the profiles that come with it. Whatever its address says, a server answers for the one it was made
# with: so there is one server to each where couriers ride differently.
PROFILES: Final[Mapping[Vehicle, Profile]] = {
    Vehicle.FOOT: Profile("foot", Vehicle.FOOT),
    Vehicle.BICYCLE: Profile("bike", Vehicle.BICYCLE),
    Vehicle.CARGO_BIKE: Profile("bike", Vehicle.BICYCLE),
    Vehicle.SCOOTER: Profile("car", Vehicle.CAR),
    Vehicle.CAR: Profile("car", Vehicle.CAR),
}
_NOT_FOUND: Final = frozenset({"NoRoute", "NoSegment"})


class Osrm:
    def __init__(self, url: str) -> None:
        self._url = url

    def question_for(self, start: Position, goal: Position, *, vehicle: Vehicle) -> Question:
        profile = PROFILES[vehicle].name
        base = self._url.replace("{profile}", profile).rstrip("/")
        return Question(
            method="GET",
            url=f"{base}/route/v1/{profile}/{_text(start)};{_text(goal)}",
            params={"overview": "full", "geometries": "geojson"},
        )

    def route_in(self, answer: Any, *, vehicle: Vehicle) -> Route:
        if answer["code"] in _NOT_FOUND:
            raise RoadNotFound
        best = answer["routes"][0]
        return Route(
            seconds=PROFILES[vehicle].seconds_for(vehicle, best["duration"]),
            metres=best["distance"],
            points=tuple(Position(latitude, longitude) for longitude, latitude in best["geometry"]["coordinates"]),
        )


def _text(position: Position) -> str:
    return f"{position.longitude:.6f},{position.latitude:.6f}"

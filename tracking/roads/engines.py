"""Which routing engine is asked, by setting; none unless one is set up."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from django.conf import settings

from catalog.geography import Position
from couriers.vehicles import Vehicle
from tracking.roads.osrm import Osrm
from tracking.roads.route import Question, Route
from tracking.roads.valhalla import Valhalla


class Engine(Protocol):
    def question_for(self, start: Position, goal: Position, *, vehicle: Vehicle) -> Question: ...

    def route_in(self, answer: Any, *, vehicle: Vehicle) -> Route:
        """Takes the JSON of an answer apart, and falls over (LookupError, TypeError, …) one of another shape.

        Raises RoadNotFound.
        """
        ...


ENGINES: Final[Mapping[str, Callable[[str], Engine]]] = {"osrm": Osrm, "valhalla": Valhalla}


def engine_in_use() -> Engine | None:
    """None, too, where the settings make no sense: `manage.py check` says so, and orders are carried all the same."""
    make = ENGINES.get(settings.ROUTING_ENGINE)
    return make(settings.ROUTING_URL) if make and settings.ROUTING_URL else None

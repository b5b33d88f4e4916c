"""A way along roads, and what a routing engine may say instead of one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.geography import Position, distance_m

# Latitude and longitude.
Point = tuple[float, float]
# More than a shown door is from the true one: nothing within leads to which of the houses it is.
HIDDEN_M: Final = 25.0


@dataclass(frozen=True, kw_only=True)
class Route:
    """`seconds` is how long it takes the vehicle that was asked for; `points` lead from its start to its goal."""

    seconds: float
    metres: float
    points: tuple[Position, ...]


def road_between(store: Point, door: Point, *, route: Route | None) -> tuple[Point, ...]:
    """The route as a map shows it, from the one marker to the other; nothing where it is not known.

    Its own ends are where these are nearest to a street: of a door, that and whatever is near it are sharper than some
    may see.
    """
    if route is None:
        return ()
    goal = route.points[-1]
    shown = [point for point in route.points[1:-1] if distance_m(point, goal) > HIDDEN_M]
    return (store, *((point.latitude, point.longitude) for point in shown), door)


def road_text(points: Iterable[Point]) -> str:
    """As a page says it to its map."""
    return " ".join(f"{latitude:.5f},{longitude:.5f}" for latitude, longitude in points)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an engine is asked over HTTP."""

    method: str
    url: str
    params: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None


class EngineUnavailable(Exception):
    """It gave no answer, or said that it cannot now. Whatever else is asked, it will not answer that either."""


class AnswerUnreadable(Exception):
    """What it said is no route that makes sense. Nothing of it is repeated here: it may name somebody's door."""


class RoadNotFound(Exception):
    """It knows no road from the one place to the other, and will not the next time."""

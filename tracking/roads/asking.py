"""Asking a routing engine over HTTP. Never on the way to an answer of ours, and never inside a transaction.

Addresses and answers say where somebody lives: neither goes into an error or the log.
"""

import json
import time
from functools import cache
from http import HTTPStatus
from math import isfinite
from ssl import SSLContext
from typing import Final

import httpx
from django.conf import settings

from catalog.geography import Position, distance_m
from couriers.vehicles import Vehicle
from tracking.roads.engines import Engine
from tracking.roads.route import AnswerUnreadable, EngineUnavailable, Question, RoadNotFound, Route

# Ten thousand points or so, which is a way across a country.
MOST_BYTES: Final = 512 * 1024
# An engine that knows another region only answers with the nearest road that it has, however far that is.
FARTHEST_FROM_ROAD_M: Final = 500.0
LEAST_POINTS: Final = 2


def client() -> httpx.Client:
    return httpx.Client(timeout=settings.ROUTING_TIMEOUT_SECONDS, verify=_certificates())


def ask(engine: Engine, start: Position, goal: Position, *, vehicle: Vehicle, http: httpx.Client) -> Route:
    """Raises EngineUnavailable, AnswerUnreadable, RoadNotFound."""
    body = _answer_to(engine.question_for(start, goal, vehicle=vehicle), http=http)
    try:
        route = _sensible(engine.route_in(json.loads(body), vehicle=vehicle))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        raise AnswerUnreadable("its answer is no route") from None
    if max(distance_m(start, route.points[0]), distance_m(goal, route.points[-1])) > FARTHEST_FROM_ROAD_M:
        raise RoadNotFound
    return route


def _answer_to(question: Question, *, http: httpx.Client) -> bytes:
    try:
        with http.stream(question.method, question.url, params=question.params, json=question.json) as response:
            if response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                raise EngineUnavailable(f"it answered {response.status_code}")
            return _body_of(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EngineUnavailable(type(error).__name__) from None


def _body_of(response: httpx.Response) -> bytes:
    """The client's timeout is for each piece of it, so what all of them may take is kept here."""
    until = time.monotonic() + settings.ROUTING_TIMEOUT_SECONDS
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise AnswerUnreadable("its answer is too long")
        if time.monotonic() > until:
            raise EngineUnavailable("its answer takes too long")
    return bytes(body)


def _sensible(route: Route) -> Route:
    """Raises ValueError or TypeError."""
    if not all(isfinite(number) and number >= 0 for number in (route.seconds, route.metres)):
        raise ValueError("no duration or no length")
    if len(route.points) < LEAST_POINTS:
        raise ValueError("no way")
    if not all(abs(point.latitude) <= 90 and abs(point.longitude) <= 180 for point in route.points):
        raise ValueError("not on Earth")
    return route


@cache
def _certificates() -> SSLContext:
    """Reading them takes longer than asking for a route."""
    return httpx.create_ssl_context()

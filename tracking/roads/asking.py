"""Asking a routing engine over HTTP. Never on the way to an answer of ours, and never inside a transaction.

Addresses and answers say where somebody lives: neither goes into an error or the log.
"""

import asyncio
import json
from functools import cache
from http import HTTPStatus
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
# No delivery takes a day or crosses a country; beyond some number of seconds, there is no such time of arrival.
MOST_SECONDS: Final = 24 * 3600.0
MOST_METRES: Final = 1_000_000.0


def ask(engine: Engine, start: Position, goal: Position, *, vehicle: Vehicle) -> Route:
    """Within ROUTING_TIMEOUT_SECONDS. Raises EngineUnavailable, AnswerUnreadable, RoadNotFound."""
    body = _answer_to(engine.question_for(start, goal, vehicle=vehicle))
    try:
        route = _sensible(engine.route_in(json.loads(body), vehicle=vehicle))
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        raise AnswerUnreadable("its answer is no route") from None
    if max(distance_m(start, route.points[0]), distance_m(goal, route.points[-1])) > FARTHEST_FROM_ROAD_M:
        raise RoadNotFound
    return route


def _answer_to(question: Question) -> bytes:
    """In a loop of its own, because only there the time can be for all of it: the name, the connection, and an answer
    that drips, headers too. `asyncio.run` would wait for a resolver that hangs."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_exchange(question))
    except TimeoutError:
        raise EngineUnavailable(f"no complete answer within {settings.ROUTING_TIMEOUT_SECONDS:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EngineUnavailable(type(error).__name__) from None
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _exchange(question: Question) -> bytes:
    method, url, params, json = question.method, question.url, question.params, question.json
    async with (
        asyncio.timeout(settings.ROUTING_TIMEOUT_SECONDS),
        httpx.AsyncClient(timeout=None, verify=_certificates()) as http,  # noqa: S113 - the line above
        http.stream(method, url, params=params, json=json) as response,
    ):
        if response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise EngineUnavailable(f"it answered {response.status_code}")
        return await _body_of(response)


async def _body_of(response: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise AnswerUnreadable("its answer is too long")
    return bytes(body)


def _sensible(route: Route) -> Route:
    """Raises ValueError or TypeError."""
    if not (0 <= route.seconds <= MOST_SECONDS and 0 <= route.metres <= MOST_METRES):
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

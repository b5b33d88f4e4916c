"""Asking for the ways of orders that somebody has taken on, one after the other, and keeping what the engine says.

The orders themselves are the queue: what is under way and has no row here yet. Nobody is woken for it, and nobody
waits: until there is a route, and if there never is one, the straight line is gone by.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from catalog.geography import Position
from couriers.models import Assignment
from couriers.vehicles import Vehicle
from orders.models import Order
from tracking.in_hand import door_of, store_of
from tracking.live.hints import RouteFound
from tracking.live.pushing import sender
from tracking.models import OrderRoute
from tracking.roads.asking import ask
from tracking.roads.engines import Engine, engine_in_use
from tracking.roads.line import simplified
from tracking.roads.route import AnswerUnreadable, EngineUnavailable, RoadNotFound, Route

logger = logging.getLogger(__name__)

MOST_PER_RUN: Final = 100
# No question begins after that.
LONGEST_RUN_SECONDS: Final = 2.0
# Longer than a run takes with its last question. For so long nobody is asked after a worker died within one.
MARK_SECONDS: Final = 15
_MARK: Final = "tracking:finding-routes"
MOST_POINTS: Final = 200
# About a metre.
DIGITS: Final = 5
# After the first attempt, the second, …; about as long as an order is under way. Each is longer than an answer may
# take, because whoever asks holds the row no longer than until it is due again.
PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480))


def find_routes() -> int:
    """Returns how many were found; none where there is no engine.

    Runs begin every SWEEP_SECONDS, but not while there is one: so an engine that is slow holds one thread of all
    workers. One that does not answer ends the run, as does one that takes long: whoever looks next goes on.
    """
    engine = engine_in_use()
    if engine is None or not _begin():
        return 0
    try:
        _note_wanted()
        return _find_due(engine)
    finally:
        with suppress(RedisError):
            cache.delete(_MARK)


def _begin() -> bool:
    """Only threads are at stake: while the cache is away, several may run, and each row is still asked for once."""
    try:
        return cache.add(_MARK, True, MARK_SECONDS)
    except RedisError as error:
        logger.warning("the cache is away: %s", error)
        return True


def _find_due(engine: Engine) -> int:
    found = 0
    for wanted in _due():
        try:
            found += _find(wanted, engine=engine)
        except EngineUnavailable as error:
            logger.warning("the routing engine does not answer: %s", error)
            break
    return found


def _note_wanted() -> None:
    known = OrderRoute.objects.filter(order=OuterRef("order"), vehicle=OuterRef("courier__vehicle"))
    new = Assignment.objects.active().filter(~Exists(known), order__dropoff_latitude__isnull=False)
    pairs = new.order_by("pk").values_list("order_id", "courier__vehicle")[:MOST_PER_RUN]
    OrderRoute.objects.bulk_create(
        [OrderRoute(order_id=order_id, vehicle=vehicle) for order_id, vehicle in pairs], ignore_conflicts=True
    )


def _due() -> Iterator[OrderRoute]:
    now, until = timezone.now(), time.monotonic() + LONGEST_RUN_SECONDS
    due = OrderRoute.objects.filter(ask_at__lte=now, order__ended_at=None).select_related("order__store")
    for wanted in due.order_by("ask_at", "pk")[:MOST_PER_RUN]:
        if _take(wanted, now=now):
            yield wanted
        if time.monotonic() > until:
            return


def _take(wanted: OrderRoute, *, now: datetime) -> bool:
    """Whoever moves it on to its next attempt has this one, for as long as it is not due again."""
    next_at = now + PAUSES[wanted.attempts] if wanted.attempts < len(PAUSES) else None
    return bool(_as_it_was(wanted).update(attempts=wanted.attempts + 1, ask_at=next_at))


def _as_it_was(wanted: OrderRoute) -> QuerySet[OrderRoute]:
    """The row, unless somebody has taken it since."""
    return OrderRoute.objects.filter(pk=wanted.pk, ask_at=wanted.ask_at)


def _find(wanted: OrderRoute, *, engine: Engine) -> bool:
    """Raises EngineUnavailable. An order that is over meanwhile has no row any more, and gets none."""
    row = OrderRoute.objects.filter(pk=wanted.pk)
    try:
        route = ask(engine, *_ends(wanted.order), vehicle=Vehicle(wanted.vehicle))
    except RoadNotFound:
        row.update(ask_at=None)
        return False
    except AnswerUnreadable as error:
        logger.warning("the routing engine is not understood, of order %s: %s", wanted.order_id, error)
        return False
    if not row.update(ask_at=None, seconds=route.seconds, metres=route.metres, points=_points(route)):
        return False
    sender.send(RouteFound(wanted.order_id))
    return True


def _ends(order: Order) -> tuple[Position, Position]:
    """Once somebody has taken it on, neither moves any more."""
    if not order.has_dropoff:
        raise RoadNotFound
    return store_of(order), door_of(order)


def _points(route: Route) -> list[tuple[float, float]]:
    kept = simplified(route.points, most=MOST_POINTS)
    return [(round(point.latitude, DIGITS), round(point.longitude, DIGITS)) for point in kept]

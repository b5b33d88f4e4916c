"""A way is asked for by one worker, and one worker asks at a time, however many look at the same moment."""

from collections import Counter
from functools import partial
from threading import Condition
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from api.tests.waiting import PATIENCE_SECONDS, at_once
from couriers.tests.factories import make_accepted
from tracking.models import OrderRoute
from tracking.roads import finding
from tracking.roads.finding import _take, find_routes
from tracking.roads.route import EngineUnavailable, Route
from tracking.tests.routing_engine import RoutingEngine

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

WORKERS = 8


def takes() -> Counter[bool]:
    """Of workers who have all seen the row when it was free."""
    wanted = OrderRoute.objects.create(order=make_accepted().order, vehicle="bicycle")
    return Counter(at_once([partial(_take, wanted, now=timezone.now())] * WORKERS))


def test_of_many_who_see_a_row_one_takes_it() -> None:
    for _ in range(4):
        assert takes() == {True: 1, False: WORKERS - 1}


def test_without_looking_again_all_of_them_do() -> None:
    """The control."""
    with patch.object(finding, "_as_it_was", lambda wanted: OrderRoute.objects.filter(pk=wanted.pk)):
        assert takes()[True] == WORKERS


def most_at_the_same_time(*, others: int) -> int:
    """How many workers are asking at once. Whoever asks waits until so many others ask as well, or have gone away."""
    at_it, most, changed = 0, 0, Condition()
    gone: list[int] = []

    def ask(*args: Any, **kwargs: Any) -> Route:
        nonlocal at_it, most
        with changed:
            at_it += 1
            most = max(most, at_it)
            changed.notify_all()
            assert changed.wait_for(lambda: most + len(gone) > others, PATIENCE_SECONDS)
            at_it -= 1
        raise EngineUnavailable

    def work() -> None:
        found = find_routes()
        with changed:
            gone.append(found)
            changed.notify_all()

    with patch.object(finding, "ask", ask), patch.object(finding, "LONGEST_RUN_SECONDS", PATIENCE_SECONDS):
        at_once([work] * (others + 1))
    return most


def test_one_worker_at_a_time_waits_for_an_engine(engine: RoutingEngine) -> None:
    for _ in range(WORKERS):
        make_accepted()
    assert most_at_the_same_time(others=WORKERS - 1) == 1


def test_without_the_mark_all_of_them_do(engine: RoutingEngine) -> None:
    """The control."""
    for _ in range(WORKERS):
        make_accepted()
    with patch.object(finding, "_begin", lambda: True):
        assert most_at_the_same_time(others=WORKERS - 1) == WORKERS


def test_workers_that_begin_together_ask_once_for_each_order(engine: RoutingEngine) -> None:
    for _ in range(3):
        make_accepted()
    assert sum(at_once([find_routes] * WORKERS)) == 3
    assert len(engine.asked) == 3
    assert OrderRoute.objects.count() == 3

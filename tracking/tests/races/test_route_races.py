"""A way is asked for by one worker at a time, however many look at the same moment."""

from collections import Counter
from functools import partial
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from api.tests.waiting import at_once
from couriers.tests.factories import make_accepted
from tracking.models import OrderRoute
from tracking.roads import finding
from tracking.roads.finding import _take, find_routes
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


def test_workers_that_begin_together_ask_once_for_each_order(engine: RoutingEngine) -> None:
    for _ in range(3):
        make_accepted()
    assert sum(at_once([find_routes] * WORKERS)) == 3
    assert len(engine.asked) == 3
    assert OrderRoute.objects.count() == 3

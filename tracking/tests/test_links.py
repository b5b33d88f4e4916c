"""How long a link shows its order."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actors import Actor
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.linking import renew_tracking_link
from orders.tests.factories import make_order
from tracking.live.closing import CloseCode
from tracking.tests.listening import do, listening, told


def statuses(token: str) -> set[int]:
    return {Client().get(f"/track/{token}/{rest}").status_code for rest in ("", "data")}


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 404)])
def test_a_link_outlives_its_order_for_a_while(settings: Any, days: float, status: int) -> None:
    settings.TRACKING_LINK_DAYS = 7
    order = make_order()
    cancel_order(order.id, actor=Actor.system("test"), reason="Test")
    Order.objects.update(ended_at=timezone.now() - timedelta(days=days))
    assert statuses(order.tracking_token) == {status}


@pytest.mark.django_db
def test_an_order_under_way_keeps_its_link_however_long_it_takes() -> None:
    order = make_order()
    Order.objects.update(created_at=timezone.now() - timedelta(days=100))
    assert statuses(order.tracking_token) == {200}


@pytest.mark.django_db
def test_only_the_new_link_shows_the_order() -> None:
    order = make_order()
    renewed = renew_tracking_link(order.id, actor=Actor.system("test"))
    assert (statuses(order.tracking_token), statuses(renewed.tracking_token)) == ({404}, {200})


@pytest.mark.django_db(transaction=True)
def test_a_link_that_is_replaced_closes_the_pages_that_are_open() -> None:
    order = make_order()

    async def story() -> int:
        async with listening(f"/ws/track/{order.tracking_token}/") as socket:
            await socket.hear()
            await do(renew_tracking_link, order.id, actor=Actor.system("test"))
            return await socket.close_code()

    with patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.05):
        assert told(story) == CloseCode.NOT_FOUND

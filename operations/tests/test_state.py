"""`GET /api/state`: one picture of everything, cheap however much there has been."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisAway
from rest_framework.test import APIClient

from accounts.roles import Role
from api import remembering
from couriers.models import Courier
from couriers.tests.factories import make_accepted, make_courier, make_picked_up
from operations.api.v2.serializers import StateSerializer
from operations.tasks import renew_state
from orders.models import Order
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_paid_order, make_user
from tracking.state import system_state

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def dispatcher() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user(Role.DISPATCHER))
    return client


def end(order: Order, status: OrderStatus, *, ago: timedelta) -> None:
    Order.objects.filter(pk=order.pk).update(status=status, ended_at=timezone.now() - ago)


def test_it_counts_orders_by_status_and_names_who_carries_what(dispatcher: APIClient) -> None:
    make_order()
    make_paid_order()
    carrying = make_picked_up(courier=make_courier(name="Kim", capacity=2))
    end(make_order(), OrderStatus.DELIVERED, ago=timedelta(seconds=1))
    end(make_order(), OrderStatus.CANCELLED, ago=timedelta(days=40))
    make_courier(name="Offline")

    state = dispatcher.get("/api/state").json()

    assert state["orders_by_status"] == {
        "created": 1, "paid": 1, "confirmed": 0, "assigned": 0, "picked_up": 1, "delivered": 1, "failed": 0,
        "cancelled": 1,
    }  # fmt: skip
    assert state["statistics"] == {
        "total_orders": 5, "active_deliveries": 1, "waiting_for_courier": 0, "completed_today": 1,
        "online_couriers": Courier.objects.filter(status="available").count(),
    }  # fmt: skip
    (courier,) = [courier for courier in state["couriers"] if courier["name"] == "Kim"]
    assert courier["assignments"] == [
        {
            "id": str(carrying.pk),
            "order_id": str(carrying.order_id),
            "order_number": carrying.order.number,
            "status": "picked_up",
        }
    ]
    assert [courier["name"] for courier in state["couriers"] if not courier["assignments"]] == []
    assert state["health"]["checks"]["database"] == {"status": "ok", "required": True}


def test_a_courier_is_shown_where_they_are(dispatcher: APIClient) -> None:
    courier = make_accepted().courier
    moment = timezone.now()
    Courier.objects.filter(pk=courier.pk).update(latitude=52.5, longitude=13.4, position_recorded_at=moment)
    (shown,) = dispatcher.get("/api/v2/state").json()["couriers"]
    assert shown["position"] == {
        "latitude": 52.5,
        "longitude": 13.4,
        "recorded_at": moment.isoformat().replace("+00:00", "Z"),
    }


def test_the_picture_is_kept_for_five_seconds(dispatcher: APIClient) -> None:
    first = dispatcher.get("/api/state").json()
    make_order()
    assert dispatcher.get("/api/v2/state").json() == first
    cache.delete("operations.state")
    assert dispatcher.get("/api/state").json()["statistics"]["total_orders"] == 1


def test_the_picture_is_renewed_by_a_worker_while_it_is_still_good(dispatcher: APIClient) -> None:
    assert dispatcher.get("/api/state").json()["statistics"]["total_orders"] == 0
    make_order()
    cache.delete("operations.state:young")
    with patch("api.remembering.wake", side_effect=lambda _: renew_state()) as wake:
        assert dispatcher.get("/api/state").json()["statistics"]["total_orders"] == 0
        assert dispatcher.get("/api/state").json()["statistics"]["total_orders"] == 1
    wake.assert_called_once_with(renew_state.name)


def test_the_browsable_page_shows_the_same(dispatcher: APIClient) -> None:
    known = dispatcher.get("/api/v2/state")
    assert known["Content-Type"] == "application/json"
    page = dispatcher.get("/api/v2/state", headers={"Accept": "text/html"})
    assert page["Content-Type"] == "text/html; charset=utf-8"
    assert known.json()["generated_at"] in page.content.decode()


def test_it_answers_while_the_cache_is_away(dispatcher: APIClient) -> None:
    make_order()
    with patch.object(remembering, "cache") as away:
        away.get.side_effect = RedisAway
        with patch.object(remembering, "_kept_here", {}):
            state = dispatcher.get("/api/state").json()
    assert state["statistics"]["total_orders"] == 1


def test_orders_that_ended_long_ago_are_counted_once_an_hour(django_assert_num_queries: Any) -> None:
    """The first of these lines counts them all; the second reads only what is new."""
    end(make_order(), OrderStatus.DELIVERED, ago=timedelta(days=3))
    assert system_state().total_orders == 1
    end(make_order(), OrderStatus.CANCELLED, ago=timedelta(seconds=2))
    with patch("tracking.state._ended_before") as count_all:
        assert system_state().orders_by_status["cancelled"] == 1
        assert system_state().total_orders == 2
    count_all.assert_not_called()


@pytest.mark.parametrize("couriers", [1, 5])
def test_its_cost_does_not_grow_with_what_is_carried(
    couriers: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(couriers):
        make_accepted()
    system_state()
    with django_assert_num_queries(5):
        shown = StateSerializer(system_state()).data["couriers"]
    assert sum(len(courier["assignments"]) for courier in shown) == couriers

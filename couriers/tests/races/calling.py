"""Many callers of the API at the same moment, each in a thread with a connection of its own, on PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from api.tests.waiting import PATIENCE_SECONDS, at_once
from couriers.models import Assignment, Courier
from orders.models import Order

ON_POSTGRESQL: Final = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

Call = Callable[[], tuple[int, str]]


def call(user: User, path: str, body: dict[str, Any] | None = None) -> Call:
    """Answers with the status and the code of the refusal, if it is one; a fault is a 500 without a code."""
    return partial(_answer, user, path, body or {})


def _answer(user: User, path: str, body: dict[str, Any]) -> tuple[int, str]:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    response = client.post(f"/api/v2/{path}", body, format="json")
    is_refusal = 400 <= response.status_code < 500
    return response.status_code, response.json()["code"] if is_refusal else ""


def answers(calls: list[Call]) -> Counter[tuple[int, str]]:
    return Counter(at_once(calls))


def rendezvous(parties: int = 2) -> threading.Barrier:
    return threading.Barrier(parties, timeout=PATIENCE_SECONDS)


def unlocked_order(meeting: threading.Barrier) -> Callable[[UUID], Order]:
    """Stands in for `lock_order`: reads without locking, and goes on when all have read."""

    def read(order_id: UUID) -> Order:
        order = Order.objects.select_related("store").get(pk=order_id)
        meeting.wait()
        return order

    return read


def loads() -> list[tuple[int, int]]:
    """Per courier: what the counter says and what there is."""
    return [
        (courier.active_orders, Assignment.objects.active().filter(courier=courier).count())
        for courier in Courier.objects.order_by("pk")
    ]


def assert_counters_agree() -> None:
    assert [(counted, real) for counted, real in loads() if counted != real] == []

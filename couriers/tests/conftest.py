from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from couriers.models import Assignment, Courier
from couriers.tests.factories import staff
from events.models import Event
from orders.models import Order


class Caller:
    """Calls the API as one user; every answer is JSON."""

    def __init__(self, user: User) -> None:
        self._client = APIClient()
        self._client.force_authenticate(user)
        self.user = user

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(f"/api/v2/{path}", query)

    def post(self, path: str, body: Any = None, *, key: str = "", if_match: str = "") -> Any:
        return self._client.post(f"/api/v2/{path}", body or {}, format="json", headers=_headers(key, if_match))

    def patch(self, path: str, body: Any, *, if_match: str = "") -> Any:
        return self._client.patch(f"/api/v2/{path}", body, format="json", headers=_headers("", if_match))


def _headers(key: str, if_match: str) -> dict[str, str]:
    return {name: value for name, value in {"Idempotency-Key": key, "If-Match": if_match}.items() if value}


@pytest.fixture
def dispatcher(db: None) -> Caller:
    return Caller(staff())


@pytest.fixture
def as_user() -> Callable[[User], Caller]:
    return Caller


Snapshot = tuple[Any, ...]


def snapshot() -> Snapshot:
    """Everything a refused courier action could have changed."""
    return (
        list(Order.objects.order_by("pk").values_list("pk", "status", "version", "courier_id")),
        list(Assignment.objects.order_by("pk").values_list("pk", "status", "version", "pin_attempts")),
        list(Courier.objects.order_by("pk").values_list("pk", "active_orders", "version", "status")),
        Event.objects.count(),
    )


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def selects(queries: CaptureQueriesContext) -> int:
    """Statements that are not the transaction's own."""
    bookkeeping = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return sum(not query["sql"].startswith(bookkeeping) for query in queries.captured_queries)

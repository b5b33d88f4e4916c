"""The events of orders that are placed, paid, carried and delivered, written as the product writes them."""

from typing import Final
from uuid import UUID

from django.db import transaction

from api.identifiers import uuid7
from events.envelopes import Subject
from events.publishing import publish

LIFE: Final = ("created", "paid", "confirmed", "ready", "assigned", "picked_up", "delivered")
AT_ONCE: Final = 20
DATA: Final = {"number": "7265T-4CVWB", "store_id": None, "total": "42.50", "currency": "EUR", "courier_id": None}


def live(orders: int) -> None:
    """Twenty orders side by side, each step of each in a transaction of its own."""
    for first in range(0, orders, AT_ONCE):
        ids = [uuid7() for _ in range(min(AT_ONCE, orders - first))]
        for version, fact in enumerate(LIFE, start=1):
            for order_id in ids:
                happen(f"order.{fact}", order_id=order_id, version=version)


@transaction.atomic
def happen(event_type: str, *, order_id: UUID, version: int) -> None:
    publish(event_type, subject=Subject("order", order_id, version), data=DATA)

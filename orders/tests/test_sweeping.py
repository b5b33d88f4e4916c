from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.utils import timezone

from orders.errors import OrderNotFound
from orders.locks import lock_order
from orders.models import Order
from orders.services import anonymising, expiry
from orders.services.cancelling import cancel_order
from orders.tests.factories import SYSTEM, make_order

pytestmark = pytest.mark.django_db


def failing_for(sick: Order) -> Callable[[UUID], Order]:
    def lock(order_id: UUID) -> Order:
        if order_id == sick.id:
            raise OrderNotFound
        return lock_order(order_id)

    return lock


def test_an_order_that_cannot_expire_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    now = timezone.now()
    sick, well = make_order(), make_order()
    Order.objects.filter(id=sick.id).update(expires_at=now - timedelta(minutes=2))
    Order.objects.filter(id=well.id).update(expires_at=now - timedelta(minutes=1))
    with patch.object(expiry, "lock_order", failing_for(sick)):
        assert expiry.expire_due_orders() == 1
    assert [Order.objects.get(id=order.id).status for order in (sick, well)] == ["created", "cancelled"]
    assert f"order {sick.id} is left for the next sweep" in caplog.text
    assert expiry.expire_due_orders() == 1


def test_an_order_that_cannot_be_anonymised_holds_up_no_other() -> None:
    sick, well = make_order(), make_order()
    for order, days in ((sick, 32), (well, 31)):
        cancel_order(order.id, actor=SYSTEM, reason="given up")
        Order.objects.filter(id=order.id).update(ended_at=timezone.now() - timedelta(days=days))
    with patch.object(anonymising, "lock_order", failing_for(sick)):
        assert anonymising.anonymise_due_orders() == 1
    assert [Order.objects.get(id=order.id).contact_name for order in (sick, well)] == ["Ada", ""]

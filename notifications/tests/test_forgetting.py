"""Addresses go with their order, rows after their time."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from events.services.relaying import relay
from notifications.kinds import Kind
from notifications.models import Notification
from notifications.services.forgetting import FORGOTTEN, purge
from notifications.services.repeating import send_again
from notifications.services.sending import send_due
from notifications.tests.factories import ADA, make_notification
from orders.models import Order
from orders.services.anonymising import anonymise_due_orders
from orders.services.cancelling import cancel_order
from orders.tests.factories import SYSTEM, make_order

pytestmark = pytest.mark.django_db


def cancelled_order() -> Order:
    order = make_order()
    cancel_order(order.id, actor=SYSTEM, reason="")
    relay()
    return order


def anonymise() -> None:
    Order.objects.filter(ended_at__isnull=False).update(ended_at=timezone.now() - timedelta(days=31))
    assert anonymise_due_orders() == 1


def test_addresses_go_when_their_order_is_anonymised() -> None:
    cancelled_order()
    send_due()
    other = make_notification(Kind.DELIVERED)
    anonymise()
    relay()

    gone = Notification.objects.get(kind="cancelled")
    assert (gone.address, gone.state) == ("", "sent")
    assert Notification.objects.get(pk=other.pk).address == ADA
    assert ADA not in str(vars(gone))


def test_what_still_waits_for_an_anonymised_order_is_not_sent() -> None:
    cancelled_order()
    anonymise()
    relay()

    row = Notification.objects.get()
    assert (row.address, row.state, row.error) == ("", "skipped", FORGOTTEN)
    assert send_due() == 0
    assert send_again([row.pk]) == 0
    assert mail.outbox == []


def test_an_address_written_while_its_order_was_anonymised_goes_with_the_next_purge() -> None:
    order = cancelled_order()
    anonymise()
    relay()
    late = make_notification(Kind.REFUNDED, order=order)

    purge()

    assert (Notification.objects.get(pk=late.pk).address, Notification.objects.get(pk=late.pk).state) == ("", "skipped")


def test_rows_are_deleted_after_their_time(settings: Any) -> None:
    settings.NOTIFICATION_RETENTION_DAYS = 0
    make_notification(Kind.DELIVERED)
    Notification.objects.update(created_at=timezone.now() - timedelta(seconds=1))

    assert [purge(), purge()] == [1, 0]
    settings.NOTIFICATION_RETENTION_DAYS = 90
    make_notification(Kind.DELIVERED)
    assert purge() == 0
    assert Notification.objects.count() == 1

"""Old news is not sent, and the row says why."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from accounts.actors import Actor
from catalog.models import StockReason
from catalog.services.stock import adjust_stock
from couriers.services.carrying import pick_up
from couriers.services.delivering import Proof, deliver
from couriers.tests.factories import accept, actor_of, make_courier, staff
from events.models import EventDelivery
from events.services.relaying import relay
from notifications.kinds import Kind
from notifications.models import Notification
from notifications.services.sending import send_due
from notifications.tests.factories import announced, make_dead_letter, make_notification
from orders.models import Order
from orders.tests.factories import SYSTEM, make_confirmed_order, make_order, make_product, make_ready_order
from payments.services.reviewing import accept_as_paid
from payments.tests.factories import make_payment_in_review

pytestmark = pytest.mark.django_db


def outcome(kind: Kind) -> tuple[str, str]:
    row = Notification.objects.filter(kind=kind).latest("id")
    return row.state, row.error


def test_of_a_quick_delivery_only_the_end_is_told() -> None:
    order, courier = make_ready_order(), make_courier()
    assignment = accept(order, courier=courier)
    pick_up(assignment.id, actor=actor_of(courier))
    deliver(assignment.id, actor=actor_of(courier), proof=Proof())
    relay()

    assert send_due() == 1
    overtaken = ("skipped", "Not news any more: the order is delivered.")
    assert [outcome(kind) for kind in (Kind.ORDER_CONFIRMED, Kind.COURIER_ASSIGNED, Kind.ON_ITS_WAY)] == [overtaken] * 3
    assert outcome(Kind.DELIVERED) == ("sent", "")
    assert [message.subject for message in mail.outbox] == [f"Order {order.number} is delivered"]


def test_a_courier_who_no_longer_has_the_order_is_not_told_of() -> None:
    order = make_confirmed_order()
    accept(order, courier=make_courier())
    relay()
    Order.objects.filter(pk=order.pk).update(courier_id=uuid4())

    send_due()

    assert outcome(Kind.COURIER_ASSIGNED) == ("skipped", "Not true any more: another courier has the order.")


def test_what_is_too_late_is_skipped(settings: Any) -> None:
    settings.NOTIFICATION_MAX_AGE_HOURS = 2
    for hours in (1.9, 2.1):
        make_notification(
            Kind.REFUNDED,
            data={"amount": "1.00", "currency": "EUR"},
            due_since=timezone.now() - timedelta(hours=hours),
        )

    assert send_due() == 1
    assert outcome(Kind.REFUNDED) == ("skipped", "Too late: 2 hours after the event.")


def test_low_stock_that_was_filled_up_is_no_alert() -> None:
    product = make_product(stock=2, low_stock_threshold=5)
    make_notification(Kind.STOCK_LOW, data={"product_id": str(product.id)})
    adjust_stock(product.id, delta=10, reason=StockReason.RECEIVED, actor=SYSTEM)

    assert send_due() == 0
    assert outcome(Kind.STOCK_LOW) == ("skipped", "Not true any more: there is more in stock again.")


def test_a_payment_that_was_decided_needs_no_review() -> None:
    payment = make_payment_in_review(captured="1.00")
    make_notification(Kind.PAYMENT_REVIEW, order=payment.order, data={"payment_id": str(payment.id)})
    accept_as_paid(payment.id, actor=Actor.of(staff()))

    assert send_due() == 0
    assert outcome(Kind.PAYMENT_REVIEW) == ("skipped", "Not true any more: the payment was decided.")


def test_dead_letters_that_were_sent_again_are_no_alert() -> None:
    make_dead_letter("webhook:1")
    make_notification(
        Kind.DEAD_LETTERS, data={"destination": "webhook:1", "event_type": "order.paid", "reason": "x"}
    )  # fmt: skip
    EventDelivery.objects.update(state="pending")

    assert send_due() == 0
    assert outcome(Kind.DEAD_LETTERS) == (
        "skipped", "Not true any more: no dead letter is left at this destination.",
    )  # fmt: skip


def test_an_alert_that_was_skipped_does_not_silence_the_next_one() -> None:
    staff()
    data = {"destination": "webhook:1", "event_type": "order.paid", "reason": "x"}
    moment = timezone.now()
    announced("event_delivery.dead", data=data, occurred_at=moment)
    assert send_due() == 0, "no dead letter is there"

    make_dead_letter("webhook:1")
    announced("event_delivery.dead", data=data, occurred_at=moment)

    assert send_due() == 1


def test_an_order_that_found_its_courier_needs_nobody() -> None:
    order = make_confirmed_order()
    make_notification(Kind.COURIER_NOT_FOUND, order=order)
    accept(order, courier=make_courier())

    send_due()

    assert outcome(Kind.COURIER_NOT_FOUND) == ("skipped", "Not news any more: the order is assigned.")


def test_without_an_address_nothing_is_sent() -> None:
    make_notification(Kind.CANCELLED, order=make_order(), address="")

    assert send_due() == 0
    assert outcome(Kind.CANCELLED) == ("skipped", "The address was removed.")

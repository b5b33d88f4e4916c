"""What payments do when orders end, as the relay tells them."""

from decimal import Decimal

import pytest

from accounts.roles import Role
from api.identifiers import uuid7
from events.models import EventDelivery
from events.services.relaying import relay
from orders.locks import lock_order
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.carrying import assign, deliver, pick_up
from orders.services.confirming import confirm_order, mark_ready
from orders.states import OrderStatus, PaymentMethod
from orders.tests.factories import SYSTEM, make_order, make_user
from payments.models import FailureReason, Payment, PaymentStatus, Provider, Refund, RefundStatus
from payments.services.compensating import collect_cash, settle_cancelled_order
from payments.tests.conftest import published
from payments.tests.factories import make_captured_payment, make_external_payment, make_submitted_payment, staff

pytestmark = pytest.mark.django_db


def cancel(order: Order, *, refund_amount: str | None = None) -> None:
    amount = None if refund_amount is None else Decimal(refund_amount)
    cancel_order(order.id, actor=staff(), reason="sold out", refund_amount=amount)
    relay()
    assert set(EventDelivery.objects.values_list("state", flat=True)) <= {"delivered"}


def carry_to_the_door(order: Order) -> None:
    actor = staff()
    confirm_order(order.id, actor=actor)
    mark_ready(order.id, actor=actor)
    carried = lock_order(order.id)
    assign(carried, courier_id=make_user(Role.COURIER).id, actor=actor)
    pick_up(carried, actor=actor)
    deliver(carried, actor=actor)
    relay()


def test_a_cancelled_paid_order_gets_everything_back() -> None:
    payment = make_captured_payment()

    cancel(payment.order)

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount, refund.status) == (payment.id, Decimal("5.00"), RefundStatus.PENDING)
    assert refund.cause_event_id == published("order.cancelled")[0].event_id


def test_or_the_part_that_staff_decided_on() -> None:
    payment = make_captured_payment()

    cancel(payment.order, refund_amount="1.50")

    assert Refund.objects.get().amount == Decimal("1.50")


def test_or_nothing() -> None:
    cancel(make_captured_payment().order, refund_amount="0.00")

    assert not Refund.objects.exists()


def test_what_went_back_before_does_not_go_back_again() -> None:
    from payments.services.refunding import refund_payment

    payment = make_captured_payment()
    refund_payment(payment.id, amount=Decimal("3.00"), reason="broken", actor=staff())

    cancel(payment.order, refund_amount="4.00")

    assert list(Refund.objects.order_by("id").values_list("amount", flat=True)) == [Decimal("3.00"), Decimal("2.00")]


def test_money_that_moves_outside_is_written_down_as_refunded() -> None:
    cancel(make_external_payment().order)

    assert Refund.objects.get().status == RefundStatus.SUCCEEDED
    assert len(published("refund.succeeded")) == 1


def test_an_open_payment_of_a_cancelled_order_fails() -> None:
    payment = make_submitted_payment()

    cancel(payment.order)

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, FailureReason.ORDER_CANCELLED)
    assert not Refund.objects.exists()
    assert len(published("payment.failed")) == 1


def test_an_order_without_payment_is_cancelled_without_more_ado() -> None:
    cancel(make_order())

    assert not Payment.objects.exists()


def test_the_same_event_refunds_once_although_it_is_delivered_again() -> None:
    payment = make_captured_payment()
    cancel(payment.order, refund_amount="1.50")
    event_id = published("order.cancelled")[0].event_id

    settle_cancelled_order(payment.order_id, refund_amount=Decimal("1.50"), cause_event_id=event_id)

    assert Refund.objects.count() == 1


def test_cash_is_collected_with_the_delivery() -> None:
    order = make_order(payment_method=PaymentMethod.CASH)

    carry_to_the_door(order)

    payment = Payment.objects.get()
    order.refresh_from_db()
    assert order.status == OrderStatus.DELIVERED
    assert (payment.order_id, payment.provider, payment.status) == (order.id, Provider.CASH, PaymentStatus.SUCCEEDED)
    assert (payment.amount, payment.captured_amount, payment.captured_currency) == (order.total, order.total, "EUR")
    assert payment.created_by_id == order.courier_id
    assert payment.submit_at is None
    assert [event.subject_id for event in published("payment.succeeded")] == [payment.id]


def test_cash_is_collected_once() -> None:
    order = make_order(payment_method=PaymentMethod.CASH)
    carry_to_the_door(order)

    assert collect_cash(order.id, courier_id=uuid7()) is None

    assert Payment.objects.count() == 1


def test_an_order_paid_before_is_delivered_without_cash() -> None:
    payment = make_captured_payment()

    carry_to_the_door(payment.order)

    assert Payment.objects.get().id == payment.id


def test_cash_is_refunded_at_once_as_it_moves_by_hand() -> None:
    from payments.services.refunding import refund_payment

    carry_to_the_door(make_order(payment_method=PaymentMethod.CASH))

    refund = refund_payment(Payment.objects.get().id, amount=Decimal("1.00"), reason="short", actor=SYSTEM)

    assert refund.status == RefundStatus.SUCCEEDED

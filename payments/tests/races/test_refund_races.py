"""Refunds at once never give back more than was captured; the controls take the payment's lock away."""

import threading
from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Sum

from accounts.actors import Actor
from api.identifiers import uuid7
from api.tests.waiting import PATIENCE_SECONDS, at_once
from orders.models import Order
from orders.services.cancelling import cancel_order
from payments.errors import RefundExceedsCaptured, RefundNotFailed
from payments.models import Payment, Refund
from payments.services import compensating, refunding
from payments.services.compensating import settle_cancelled_order
from payments.services.refunding import refund_payment, retry_refund
from payments.services.submitting import submit_due
from payments.tests.conftest import published
from payments.tests.factories import make_captured_payment, staff
from payments.tests.test_retrying_refunds import make_failed_refund

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]


def refund(payment: Payment, amount: str, actor: Actor) -> bool:
    try:
        refund_payment(payment.id, amount=Decimal(amount), reason="race", actor=actor)
    except RefundExceedsCaptured:
        return False
    return True


def refunded() -> Decimal:
    total: Decimal = Refund.objects.aggregate(total=Sum("amount"))["total"]
    return total


def test_of_ten_refunds_of_two_out_of_five_two_are_made() -> None:
    payment, actor = make_captured_payment(), staff()

    made = at_once([partial(refund, payment, "2.00", actor)] * 10)

    assert made.count(True) == 2
    assert refunded() == Decimal("4.00")


def test_without_the_lock_more_goes_back_than_was_captured() -> None:
    payment, actor = make_captured_payment(), staff()
    both_have_read = threading.Barrier(2)
    counted = refunding.refundable

    def refundable_to_both(payment: Payment) -> Decimal:
        left = counted(payment)
        both_have_read.wait(PATIENCE_SECONDS)
        return left

    def unlocked(payment_id: UUID) -> Payment:
        return Payment.objects.select_related("order").get(id=payment_id)

    with (
        patch.object(refunding, "lock_payment", unlocked),
        patch.object(refunding, "refundable", refundable_to_both),
    ):
        made = at_once([partial(refund, payment, "3.00", actor)] * 2)

    assert made == [True, True]
    assert refunded() == Decimal("6.00") > payment.captured_amount


def test_a_refund_by_hand_against_the_one_of_the_cancellation_adds_up() -> None:
    payment, actor = cancelled(make_captured_payment()), staff()

    at_once([partial(refund, payment, "2.00", actor), partial(settle, payment)])

    assert refunded() == Decimal("5.00")


def test_without_the_lock_both_give_it_back() -> None:
    payment, actor = cancelled(make_captured_payment()), staff()
    both_have_read = threading.Barrier(2)
    counted = refunding.refundable

    def refundable_to_both(payment: Payment) -> Decimal:
        left = counted(payment)
        both_have_read.wait(PATIENCE_SECONDS)
        return left

    def unlocked(order: Order) -> Payment | None:
        return Payment.objects.select_related("order").get(order=order)

    with (
        patch.object(compensating, "lock_live_payment", unlocked),
        patch.object(refunding, "refundable", refundable_to_both),
    ):
        at_once([partial(refund, payment, "2.00", actor), partial(settle, payment)])

    assert refunded() == Decimal("7.00")


def test_one_event_handled_twice_at_once_refunds_once() -> None:
    payment, cause = cancelled(make_captured_payment()), uuid7()

    at_once([partial(settle, payment, cause=cause, amount=Decimal("1.00"))] * 5)

    assert refunded() == Decimal("1.00")


def test_many_workers_make_each_refund_once() -> None:
    payment, actor = make_captured_payment(), staff()
    for _ in range(5):
        refund(payment, "1.00", actor)

    at_once([submit_due] * 6)

    assert len(published("refund.succeeded")) == 5
    assert set(Refund.objects.values_list("status", flat=True)) == {"succeeded"}


def test_a_failed_refund_tried_again_by_many_at_once_is_asked_for_once() -> None:
    refund, actor = make_failed_refund(), staff()

    tried = at_once([partial(retry, refund, actor)] * 6)

    assert tried.count(True) == 1
    assert len(published("refund.requested")) == 2


def test_a_retry_against_another_refund_gives_no_more_than_was_captured() -> None:
    failed, actor = make_failed_refund(amount="3.00"), staff()

    made = at_once([partial(retry, failed, actor), partial(refund, failed.payment, "4.00", actor)])

    assert sorted(made) == [False, True]


def test_without_the_lock_the_retry_and_the_other_refund_both_go() -> None:
    failed, actor = make_failed_refund(amount="3.00"), staff()
    both_have_read = threading.Barrier(2)
    counted = refunding.refundable

    def refundable_to_both(payment: Payment) -> Decimal:
        left = counted(payment)
        both_have_read.wait(PATIENCE_SECONDS)
        return left

    with (
        patch.object(refunding, "lock_payment", lambda pk: Payment.objects.select_related("order").get(id=pk)),
        patch.object(refunding, "lock_refund", lambda pk: Refund.objects.select_related("payment__order").get(id=pk)),
        patch.object(refunding, "refundable", refundable_to_both),
    ):
        made = at_once([partial(retry, failed, actor), partial(refund, failed.payment, "4.00", actor)])

    assert made == [True, True]
    assert refunded() == Decimal("7.00") > failed.payment.captured_amount


def retry(refund: Refund, actor: Actor) -> bool:
    try:
        retry_refund(refund.id, actor=actor)
    except (RefundExceedsCaptured, RefundNotFailed):
        return False
    return True


def cancelled(payment: Payment) -> Payment:
    cancel_order(payment.order_id, actor=staff(), reason="race")
    return payment


def settle(payment: Payment, *, cause: UUID | None = None, amount: Decimal | None = None) -> Any:
    return settle_cancelled_order(payment.order_id, refund_amount=amount, cause_event_id=cause or uuid7())

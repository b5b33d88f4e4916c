"""Staff decide about money that differs."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from accounts.actors import Actor, ActorKind
from api.errors import PreconditionFailed
from api.identifiers import uuid7
from catalog.models import Product
from events.services.relaying import relay
from orders.models import TimelineEntry
from orders.services.cancelling import cancel_order
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_product
from payments.errors import PaymentNotFound, PaymentNotInReview
from payments.models import FailureReason, Payment, PaymentStatus, Refund, RefundStatus
from payments.services.reviewing import accept_as_paid, refund_and_fail
from payments.services.submitting import submit_due
from payments.tests.conftest import facts
from payments.tests.factories import make_captured_payment, make_external_payment, make_payment_in_review, staff

pytestmark = pytest.mark.django_db

Decide = Callable[..., Payment]


def test_accepting_pays_the_order_with_what_was_captured() -> None:
    payment, actor = make_payment_in_review(captured="4.50"), staff()

    accept_as_paid(payment.id, actor=actor)

    payment.refresh_from_db()
    assert (payment.status, payment.captured_amount) == (PaymentStatus.SUCCEEDED, Decimal("4.50"))
    assert payment.review_reason == "captured 4.50 EUR instead of 5.00 EUR"
    assert payment.reviewed_by_id == actor.user_id
    assert payment.order.status == OrderStatus.PAID
    assert facts() == ["order.created", "payment.review_needed", "payment.succeeded", "order.paid"]


def test_the_timeline_names_who_let_it_pass() -> None:
    payment, actor = make_payment_in_review(), staff()

    accept_as_paid(payment.id, actor=actor)

    entry = TimelineEntry.objects.get(what="paid")
    assert (entry.actor_kind, entry.actor_id) == (ActorKind.PROVIDER, actor.user_id)
    assert entry.actor_label == "simulated, accepted by Dispatcher"


def test_refusing_sends_everything_back_and_cancels_the_order() -> None:
    product = make_product(stock=10)
    payment = make_payment_in_review(captured="6.00", order=make_order(product=product))
    actor = staff()

    refund_and_fail(payment.id, actor=actor)
    relay()
    submit_due()

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, FailureReason.REVIEW_REFUSED)
    assert payment.reviewed_by_id == actor.user_id
    refund = Refund.objects.get()
    assert (refund.amount, refund.status) == (Decimal("6.00"), RefundStatus.SUCCEEDED)
    assert payment.order.status == OrderStatus.CANCELLED
    assert Product.objects.get(id=product.id).stock == 10


def test_a_shops_statement_is_reviewed_likewise() -> None:
    accepted, refused = make_external_payment(amount="4.00"), make_external_payment(amount="6.00")

    accept_as_paid(accepted.id, actor=staff())
    refund_and_fail(refused.id, actor=staff())

    accepted.refresh_from_db()
    refused.refresh_from_db()
    assert (accepted.status, accepted.order.status) == (PaymentStatus.SUCCEEDED, OrderStatus.PAID)
    assert (refused.status, refused.order.status) == (PaymentStatus.FAILED, OrderStatus.CANCELLED)
    assert (Refund.objects.get().amount, Refund.objects.get().status) == (Decimal("6.00"), RefundStatus.SUCCEEDED)


def test_a_cancelled_orders_payment_in_review_goes_back_as_it_came() -> None:
    payment = make_payment_in_review(captured="6.00")
    cancel_order(payment.order_id, actor=Actor.of(payment.order.placed_by), reason="too slow")

    relay()

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, FailureReason.ORDER_CANCELLED)
    assert Refund.objects.get().amount == Decimal("6.00")


@pytest.mark.parametrize("decide", [accept_as_paid, refund_and_fail])
def test_only_payments_in_review_are_decided(decide: Decide) -> None:
    payment = make_captured_payment()
    before = facts()

    with pytest.raises(PaymentNotInReview) as refusal:
        decide(payment.id, actor=staff())

    assert refusal.value.members == {"payment_status": "succeeded"}
    payment.refresh_from_db()
    assert (payment.status, payment.reviewed_by_id) == (PaymentStatus.SUCCEEDED, None)
    assert facts() == before


@pytest.mark.parametrize("decide", [accept_as_paid, refund_and_fail])
def test_a_decision_is_made_once(decide: Decide) -> None:
    payment = make_payment_in_review()
    decide(payment.id, actor=staff())
    before = facts()

    with pytest.raises(PaymentNotInReview):
        decide(payment.id, actor=staff())

    assert facts() == before


@pytest.mark.parametrize("decide", [accept_as_paid, refund_and_fail])
def test_a_stale_reader_does_not_decide(decide: Decide) -> None:
    payment = make_payment_in_review()

    with pytest.raises(PreconditionFailed):
        decide(payment.id, actor=staff(), expected_version=payment.version - 1)

    payment.refresh_from_db()
    assert payment.is_in_review


@pytest.mark.parametrize("decide", [accept_as_paid, refund_and_fail])
def test_an_unknown_payment_is_refused(decide: Decide) -> None:
    with pytest.raises(PaymentNotFound):
        decide(uuid7(), actor=staff())

"""What a provider's notice does to payment, order, stock and outbox."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actors import ActorKind
from catalog.models import Product
from events.models import Event
from orders.models import Order, TimelineEntry
from orders.services.expiry import expire_due_orders
from orders.states import OrderStatus
from orders.tests.factories import SYSTEM, make_order, make_product, make_store, make_user
from payments.errors import PaymentNotFound
from payments.models import FailureReason, Payment, PaymentStatus, Provider, ProviderEvent, Refund
from payments.providers.base import NoticeType
from payments.services.settling import Outcome, settle
from payments.tests.conftest import facts, published
from payments.tests.factories import (
    make_captured_payment,
    make_external_payment,
    make_notice,
    make_payment_in_review,
    make_submitted_payment,
    take,
)

pytestmark = pytest.mark.django_db


def cancel(payment: Payment) -> None:
    from orders.services.cancelling import cancel_order

    cancel_order(payment.order_id, actor=SYSTEM, reason="changed my mind")


def expire(order: Order) -> None:
    Order.objects.filter(id=order.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_due_orders() == 1


def test_success_pays_the_order_in_the_name_of_the_provider() -> None:
    payment = make_submitted_payment()

    assert take(payment) == Outcome.PAID

    payment.refresh_from_db()
    assert (payment.status, payment.captured_amount, payment.captured_currency) == ("succeeded", Decimal("5.00"), "EUR")
    assert payment.succeeded_at is not None
    assert payment.order.status == OrderStatus.PAID
    entry = TimelineEntry.objects.get(what="paid")
    assert (entry.actor_kind, entry.actor_label) == (ActorKind.PROVIDER, "simulated")
    assert facts() == ["order.created", "payment.succeeded", "order.paid"]


def test_success_confirms_where_the_store_does_so_by_itself() -> None:
    order = make_order(product=make_product(make_store(confirms_automatically=True)))

    take(make_submitted_payment(order=order))

    order.refresh_from_db()
    assert order.status == OrderStatus.CONFIRMED


def test_the_event_says_what_happened_and_nothing_personal() -> None:
    payment = make_submitted_payment()

    take(payment)

    event = Event.objects.get(type="payment.succeeded")
    payment.refresh_from_db()
    assert (event.subject_type, event.subject_id, event.subject_version) == ("payment", payment.id, payment.version)
    assert event.store_id == payment.order.store_id
    assert event.data == {
        "order_id": str(payment.order_id),
        "store_id": str(payment.order.store_id),
        "provider": "simulated",
        "amount": "5.00",
        "currency": "EUR",
        "captured_amount": "5.00",
    }


def test_failure_cancels_the_order_and_returns_its_goods() -> None:
    product = make_product(stock=10)
    payment = make_submitted_payment(order=make_order(product=product, quantity=3))
    assert Product.objects.get(id=product.id).stock == 7

    assert take(payment, type=NoticeType.FAILED) == Outcome.FAILED

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, FailureReason.DECLINED)
    assert payment.order.status == OrderStatus.CANCELLED
    assert Product.objects.get(id=product.id).stock == 10
    assert facts() == ["order.created", "payment.failed", "order.cancelled", "order.restocked"]
    assert published("payment.failed")[0].data["reason"] == "declined"
    assert published("order.cancelled")[0].data["reason"] == "payment_failed"


def test_a_repeated_event_changes_nothing() -> None:
    payment = make_submitted_payment()
    notice = make_notice(payment)
    assert settle(notice, provider=Provider.SIMULATED) == Outcome.PAID
    before = facts()

    assert settle(notice, provider=Provider.SIMULATED) == Outcome.REPEATED

    assert facts() == before
    assert ProviderEvent.objects.get().outcome == Outcome.PAID


def test_a_repeated_event_with_other_content_changes_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    payment = make_submitted_payment()
    take(payment, event_id="evt_1")
    before = facts()

    with caplog.at_level(logging.WARNING):
        outcome = take(payment, event_id="evt_1", type=NoticeType.FAILED)

    assert outcome == Outcome.REPEATED
    assert facts() == before
    assert "evt_1 came again with other content" in caplog.text


def test_the_event_of_another_payment_does_not_count_for_this_one() -> None:
    first, second = make_submitted_payment(), make_submitted_payment()
    take(first, event_id="evt_1")

    assert take(second, event_id="evt_1") == Outcome.REPEATED

    second.refresh_from_db()
    assert second.status == PaymentStatus.PENDING
    assert second.order.status == OrderStatus.CREATED


@pytest.mark.parametrize("later", [NoticeType.FAILED, NoticeType.SUCCEEDED])
def test_a_later_event_about_money_that_is_here_is_recorded_and_ignored(later: NoticeType) -> None:
    payment = make_captured_payment()
    before = facts()

    assert take(payment, type=later, amount=Decimal("1.00")) == Outcome.IGNORED

    payment.refresh_from_db()
    assert (payment.status, payment.captured_amount) == (PaymentStatus.SUCCEEDED, Decimal("5.00"))
    assert payment.order.status == OrderStatus.PAID
    assert facts() == before
    assert list(ProviderEvent.objects.order_by("id").values_list("outcome", flat=True)) == ["paid", "ignored"]


def test_a_second_failure_is_ignored() -> None:
    payment = make_submitted_payment()
    take(payment, type=NoticeType.FAILED)
    before = facts()

    assert take(payment, type=NoticeType.FAILED) == Outcome.IGNORED

    assert facts() == before


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"amount": Decimal("6.00")}, "captured 6.00 EUR instead of 5.00 EUR"),
        ({"amount": Decimal("4.99")}, "captured 4.99 EUR instead of 5.00 EUR"),
        ({"currency": "USD"}, "captured 5.00 USD instead of 5.00 EUR"),
    ],
    ids=["too much", "too little", "another currency"],
)
def test_money_that_differs_waits_for_review(
    told: dict[str, object], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    payment = make_submitted_payment()

    with caplog.at_level(logging.WARNING):
        assert take(payment, **told) == Outcome.IN_REVIEW

    payment.refresh_from_db()
    assert (payment.status, payment.review_reason) == (PaymentStatus.PENDING, reason)
    assert payment.captured_amount == told.get("amount", Decimal("5.00"))
    assert payment.captured_currency == told.get("currency", "EUR")
    assert payment.order.status == OrderStatus.CREATED
    assert facts() == ["order.created", "payment.review_needed"]
    assert published("payment.review_needed")[0].data["reason"] == reason
    assert f"payment {payment.id} needs review" in caplog.text


def test_an_order_whose_payment_is_in_review_does_not_expire() -> None:
    payment = make_payment_in_review()

    assert payment.order.expires_at is None
    assert expire_due_orders() == 0


def test_nothing_more_is_made_of_events_while_staff_decide() -> None:
    payment = make_payment_in_review(captured="6.00")

    assert take(payment, type=NoticeType.FAILED) == Outcome.IGNORED
    assert take(payment) == Outcome.IGNORED

    payment.refresh_from_db()
    assert payment.is_in_review
    assert payment.captured_amount == Decimal("6.00")


def test_money_for_a_cancelled_order_is_captured_and_goes_back() -> None:
    payment = make_submitted_payment()
    cancel(payment)

    assert take(payment) == Outcome.REFUNDED

    payment.refresh_from_db()
    assert (payment.status, payment.captured_amount) == (PaymentStatus.SUCCEEDED, Decimal("5.00"))
    assert payment.order.status == OrderStatus.CANCELLED
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount, refund.status) == (payment.id, Decimal("5.00"), "pending")
    assert refund.submit_at is not None


def test_money_for_an_expired_order_is_captured_and_goes_back() -> None:
    payment = make_submitted_payment()
    expire(payment.order)

    assert take(payment) == Outcome.REFUNDED

    assert Refund.objects.get().amount == Decimal("5.00")


def test_money_after_the_payment_had_failed_is_captured_and_goes_back() -> None:
    payment = make_submitted_payment()
    take(payment, type=NoticeType.FAILED)

    assert take(payment) == Outcome.REFUNDED

    payment.refresh_from_db()
    assert (payment.status, payment.failure_reason) == (PaymentStatus.SUCCEEDED, "")
    assert Refund.objects.get().amount == Decimal("5.00")
    assert payment.order.status == OrderStatus.CANCELLED


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_wrong_amount_for_a_cancelled_order_goes_back_as_it_came(failed_before: bool) -> None:
    payment = make_submitted_payment()
    if failed_before:
        take(payment, type=NoticeType.FAILED)
    else:
        cancel(payment)

    assert take(payment, amount=Decimal("7.50")) == Outcome.REFUNDED

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.FAILED
    assert payment.failure_reason == (FailureReason.DECLINED if failed_before else FailureReason.ORDER_CANCELLED)
    assert (payment.captured_amount, Refund.objects.get().amount) == (Decimal("7.50"), Decimal("7.50"))


def test_the_cancelled_orders_own_event_adds_no_second_refund() -> None:
    from events.services.relaying import relay

    payment = make_submitted_payment()
    cancel(payment)
    take(payment)

    relay()

    assert Refund.objects.count() == 1
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("later", [NoticeType.SUCCEEDED, NoticeType.FAILED])
def test_a_payment_of_another_provider_is_unknown(later: NoticeType) -> None:
    payment = make_external_payment()

    with pytest.raises(PaymentNotFound):
        take(payment, type=later)

    assert not ProviderEvent.objects.exists()


def test_an_unknown_payment_is_refused() -> None:
    payment = make_submitted_payment()

    with pytest.raises(PaymentNotFound):
        take(payment, payment_id=make_user().id)

    assert not ProviderEvent.objects.exists()

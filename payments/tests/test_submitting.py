"""Handing charges and refunds to the provider: due rows, leases, retries, giving up."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.db import connection
from django.utils import timezone

from orders.services.cancelling import cancel_order
from orders.states import OrderStatus
from orders.tests.factories import SYSTEM
from payments import queues
from payments.models import (
    FailureReason,
    OutboundWork,
    Payment,
    PaymentQuerySet,
    PaymentStatus,
    Provider,
    Refund,
    RefundStatus,
)
from payments.providers import registry
from payments.providers.base import (
    ChargeRequest,
    PaymentProvider,
    ProviderNotice,
    ProviderUnavailable,
    RefundOutcome,
    RefundRequest,
)
from payments.queues import RetryPolicy
from payments.services.refunding import refund_payment
from payments.services.settling import Outcome
from payments.services.submitting import CHARGES, REFUNDS, submit_due
from payments.tests.conftest import facts, published
from payments.tests.factories import make_captured_payment, make_payment, staff, take

pytestmark = pytest.mark.django_db


class FakeProvider(PaymentProvider):
    """Writes down what it was asked, and answers or fails as it was told."""

    def __init__(self) -> None:
        self.charges: list[ChargeRequest] = []
        self.refunds: list[RefundRequest] = []
        self.failure: BaseException | None = None
        self.outcome = RefundOutcome(succeeded=True)

    def charge(self, request: ChargeRequest) -> None:
        self.charges.append(request)
        self._fail()

    def refund(self, request: RefundRequest) -> RefundOutcome:
        self.refunds.append(request)
        self._fail()
        return self.outcome

    def parse_webhook(self, headers: Any, raw_body: bytes) -> ProviderNotice:
        raise NotImplementedError

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


class Killed(BaseException):
    """What happens to a worker on kill -9: nothing after this line runs."""


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()
    with patch.dict(registry._PROVIDERS, {Provider.SIMULATED: fake}):
        yield fake


def make_due(work: OutboundWork) -> None:
    """As if its pause or its lease were over."""
    past = timezone.now() - timedelta(seconds=1)
    rows = type(work)._base_manager.filter(pk=work.pk)
    rows.filter(leased_until__isnull=False).update(leased_until=past)
    rows.filter(submit_at__isnull=False).update(submit_at=past)


def make_refund(payment: Payment, amount: str = "2.00") -> Refund:
    return refund_payment(payment.id, amount=Decimal(amount), reason="broken", actor=staff())


def assert_pause(work: OutboundWork, *, seconds: int, since: datetime) -> None:
    work.refresh_from_db()
    assert work.leased_until is None
    assert work.submit_at is not None
    assert since <= work.submit_at - timedelta(seconds=seconds) <= timezone.now()


def test_a_due_charge_is_handed_over_once(provider: FakeProvider) -> None:
    payment = make_payment()

    assert submit_due() == 1
    assert submit_due() == 0

    payment.refresh_from_db()
    assert (payment.submit_at, payment.leased_until, payment.submit_attempts) == (None, None, 1)
    assert payment.status == PaymentStatus.PENDING
    assert provider.charges == [
        ChargeRequest(
            payment_id=payment.id,
            amount=Decimal("5.00"),
            currency="EUR",
            token="tok_success",
            order_expires_at=payment.order.expires_at,
        )
    ]


def test_starting_a_payment_wakes_the_worker_on_commit(django_capture_on_commit_callbacks: Any) -> None:
    with patch("api.waking.current_app") as celery, django_capture_on_commit_callbacks(execute=True):
        make_payment()
        assert not celery.send_task.called

    assert "payments.submit_due" in [call.args[0] for call in celery.send_task.call_args_list]


@pytest.mark.django_db(transaction=True)
def test_the_provider_is_asked_outside_of_any_transaction(provider: FakeProvider) -> None:
    inside: list[bool] = []
    payment = make_payment()
    with patch.object(provider, "charge", lambda request: inside.append(connection.in_atomic_block)):
        submit_due()
    take(payment)
    make_refund(payment)

    def refund(request: RefundRequest) -> RefundOutcome:
        inside.append(connection.in_atomic_block)
        return RefundOutcome(succeeded=True)

    with patch.object(provider, "refund", refund):
        submit_due()

    assert inside == [False, False]


def test_a_charge_that_is_not_due_waits(provider: FakeProvider) -> None:
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(submit_at=timezone.now() + timedelta(seconds=60))

    assert submit_due() == 0
    assert provider.charges == []


def test_a_leased_charge_is_left_to_its_worker(provider: FakeProvider) -> None:
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(leased_until=timezone.now() + timedelta(seconds=60))

    assert submit_due() == 0
    assert provider.charges == []


def test_the_longest_due_comes_first(provider: FakeProvider) -> None:
    later, earlier = make_payment(), make_payment()
    Payment.objects.filter(id=earlier.id).update(submit_at=timezone.now() - timedelta(seconds=60))

    submit_due()

    assert [charge.payment_id for charge in provider.charges] == [earlier.id, later.id]


def test_a_worker_killed_before_it_asked_is_followed_by_another(provider: FakeProvider) -> None:
    payment = make_payment()
    provider.failure = Killed()
    with pytest.raises(Killed):
        submit_due()
    provider.failure = None
    assert submit_due() == 0, "the lease keeps others away"
    make_due(payment)

    assert submit_due() == 1

    payment.refresh_from_db()
    assert (payment.submit_at, payment.submit_attempts) == (None, 2)


def test_a_worker_killed_after_it_asked_repeats_nothing_that_can_be_seen() -> None:
    """With the simulated provider: the second asking owes no second callback."""
    payment = make_payment(token="tok_duplicate")
    with patch("payments.services.submitting.finish", side_effect=Killed), pytest.raises(Killed):
        submit_due()
    assert payment.simulated_callbacks.count() == 2
    make_due(payment)

    submit_due()

    assert payment.simulated_callbacks.count() == 2


@pytest.mark.parametrize(("failures", "pause"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)])
def test_an_unavailable_provider_is_asked_again_later_and_later(
    failures: int, pause: int, provider: FakeProvider
) -> None:
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(submit_attempts=failures - 1)
    provider.failure = ProviderUnavailable("timeout")
    since = timezone.now()

    submit_due()

    assert_pause(payment, seconds=pause, since=since)
    assert payment.status == PaymentStatus.PENDING
    assert payment.order.status == OrderStatus.CREATED


def test_in_the_end_the_payment_fails_and_its_order_is_cancelled(provider: FakeProvider) -> None:
    payment = make_payment()
    provider.failure = ProviderUnavailable("timeout")

    for _ in range(CHARGES.attempts):
        assert submit_due() == 1
        make_due(payment)
    assert submit_due() == 0

    payment.refresh_from_db()
    assert len(provider.charges) == 6
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, FailureReason.PROVIDER_UNAVAILABLE)
    assert (payment.submit_at, payment.leased_until) == (None, None)
    assert payment.order.status == OrderStatus.CANCELLED
    assert facts() == ["order.created", "payment.failed", "order.cancelled", "order.restocked"]


def test_money_that_comes_after_giving_up_goes_back(provider: FakeProvider) -> None:
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(submit_attempts=CHARGES.attempts - 1)
    provider.failure = ProviderUnavailable("timeout")
    submit_due()

    assert take(payment) == Outcome.REFUNDED

    assert Refund.objects.get().amount == Decimal("5.00")


def test_a_worker_whose_lease_ran_out_gives_nothing_up(provider: FakeProvider) -> None:
    """While it waited for the provider, another one has asked again."""
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(submit_attempts=CHARGES.attempts - 1)

    def meanwhile_taken_over(request: ChargeRequest) -> None:
        Payment.objects.filter(id=payment.id).update(submit_attempts=CHARGES.attempts + 1)
        raise ProviderUnavailable

    with patch.object(provider, "charge", meanwhile_taken_over):
        submit_due()

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING
    assert payment.leased_until is not None


def test_a_notice_that_overtakes_the_answer_stands(provider: FakeProvider) -> None:
    payment = make_payment()

    with patch.object(provider, "charge", lambda request: take(payment)):
        submit_due()

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert (payment.submit_at, payment.leased_until) == (None, None)


def test_a_notice_that_overtakes_a_failing_call_stands(provider: FakeProvider) -> None:
    payment = make_payment()
    Payment.objects.filter(id=payment.id).update(submit_attempts=CHARGES.attempts - 1)

    def answer_and_fail(request: ChargeRequest) -> None:
        take(payment)
        raise ProviderUnavailable

    with patch.object(provider, "charge", answer_and_fail):
        submit_due()

    payment.refresh_from_db()
    assert payment.status == PaymentStatus.SUCCEEDED
    assert payment.order.status == OrderStatus.PAID


def test_the_payment_of_a_cancelled_order_is_not_handed_over_any_more(provider: FakeProvider) -> None:
    payment = make_payment()
    cancel_order(payment.order_id, actor=SYSTEM, reason="test")

    assert submit_due() == 0
    assert provider.charges == []


def test_an_order_cancelled_while_its_payment_is_being_claimed_ends_no_run(provider: FakeProvider) -> None:
    payment, other = make_payment(), make_payment()
    update = PaymentQuerySet.update

    def lease_then_cancel(rows: PaymentQuerySet, **changes: Any) -> int:
        leased = update(rows, **changes)
        if "submit_attempts" in changes and payment.order.status == OrderStatus.CREATED:
            payment.order = cancel_order(payment.order_id, actor=SYSTEM, reason="changed their mind")
        return leased

    with patch.object(PaymentQuerySet, "update", lease_then_cancel):
        assert submit_due() == 2
    assert {request.payment_id for request in provider.charges} == {payment.id, other.id}
    assert take(payment) == Outcome.REFUNDED


def test_an_unforeseen_error_ends_this_run_and_is_tried_again_after_the_lease(provider: FakeProvider) -> None:
    payment = make_payment()
    provider.failure = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        submit_due()

    payment.refresh_from_db()
    assert payment.submit_at is not None
    assert payment.leased_until is not None
    assert payment.leased_until > timezone.now()


def test_a_due_refund_is_made_once(provider: FakeProvider) -> None:
    payment = make_captured_payment()
    refund = make_refund(payment)
    assert refund.status == RefundStatus.PENDING
    assert not published("refund.succeeded")

    assert submit_due() == 1
    assert submit_due() == 0

    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED
    assert refund.succeeded_at is not None
    assert (refund.submit_at, refund.leased_until) == (None, None)
    assert provider.refunds == [
        RefundRequest(refund_id=refund.id, payment_id=payment.id, amount=Decimal("2.00"), currency="EUR")
    ]
    event = published("refund.succeeded")[0]
    assert (event.subject_type, event.subject_id, event.subject_version) == ("refund", refund.id, refund.version)
    assert event.data == {
        "payment_id": str(payment.id),
        "order_id": str(payment.order_id),
        "store_id": str(payment.order.store_id),
        "amount": "2.00",
        "currency": "EUR",
    }


def test_a_refused_refund_fails_and_can_be_made_again(provider: FakeProvider) -> None:
    payment = make_captured_payment()
    refund = make_refund(payment, "5.00")
    provider.outcome = RefundOutcome(succeeded=False, failure_reason="The card is closed.")

    submit_due()

    refund.refresh_from_db()
    assert (refund.status, refund.failure_reason) == (RefundStatus.FAILED, "The card is closed.")
    assert [event.subject_id for event in published("refund.failed", "refund.succeeded")] == [refund.id]
    assert make_refund(payment, "5.00").status == RefundStatus.PENDING


@pytest.mark.parametrize(("failures", "pause"), [(1, 1), (2, 2), (12, 2048), (13, 3600), (19, 3600)])
def test_an_unavailable_provider_is_asked_for_refunds_for_hours(
    failures: int, pause: int, provider: FakeProvider
) -> None:
    refund = make_refund(make_captured_payment())
    Refund.objects.update(submit_attempts=failures - 1)
    provider.failure = ProviderUnavailable("timeout")
    since = timezone.now()

    submit_due()

    assert_pause(refund, seconds=pause, since=since)
    assert refund.status == RefundStatus.PENDING


def test_in_the_end_the_refund_fails(provider: FakeProvider) -> None:
    refund = make_refund(make_captured_payment())
    Refund.objects.update(submit_attempts=REFUNDS.attempts - 1)
    provider.failure = ProviderUnavailable("timeout")

    submit_due()

    refund.refresh_from_db()
    assert (refund.status, refund.failure_reason) == (RefundStatus.FAILED, "The provider could not be reached.")
    assert [event.subject_id for event in published("refund.failed")] == [refund.id]


def test_a_refund_is_settled_once_though_two_workers_made_it(provider: FakeProvider) -> None:
    refund = make_refund(make_captured_payment())
    calls = Mock()

    def settled_by_another_meanwhile(request: RefundRequest) -> RefundOutcome:
        calls()
        if calls.call_count == 1:
            make_due(refund)
            submit_due()
        return RefundOutcome(succeeded=True)

    with patch.object(provider, "refund", settled_by_another_meanwhile):
        submit_due()

    assert calls.call_count == 2
    assert len(published("refund.succeeded")) == 1


def test_a_long_queue_is_continued_by_another_run(provider: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "STEPS_PER_RUN", 2)
    for _ in range(3):
        make_payment()

    with patch("payments.queues.wake") as wake:
        assert submit_due() == 2
        wake.assert_called_once_with("payments.submit_due")
        assert submit_due() == 1
        wake.assert_called_once()


def test_pauses_double_up_to_the_longest_and_end() -> None:
    policy = RetryPolicy(attempts=6, longest_pause_seconds=10)

    pauses = [policy.pause_after(attempt) for attempt in range(1, 7)]

    assert [pause and pause.total_seconds() for pause in pauses] == [1, 2, 4, 8, 10, None]

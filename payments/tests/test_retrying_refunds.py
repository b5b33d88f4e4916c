"""A refund that has failed is asked for again by staff: the same refund, so that nothing goes back twice."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from accounts.tests.admin_site import buttons, press, signed_in, told
from api.errors import PreconditionFailed
from api.identifiers import uuid7
from api.transactions import transactional
from events.models import Event
from orders.tests.factories import make_user
from payments.errors import RefundExceedsCaptured, RefundNotAllowed, RefundNotFailed, RefundNotFound
from payments.models import Payment, Refund, RefundStatus
from payments.services.refunding import record_refund_failure, refund_payment, refundable, retry_refund
from payments.services.submitting import submit_due
from payments.tests.conftest import published
from payments.tests.factories import make_captured_payment, staff

pytestmark = pytest.mark.django_db

Row = tuple[object, ...]


@transactional
def make_failed_refund(payment: Payment | None = None, *, amount: str = "3.00") -> Refund:
    """After all its attempts."""
    refund = refund_payment(
        (payment or make_captured_payment()).id, amount=Decimal(amount), reason="broken", actor=staff()
    )
    Refund.objects.filter(id=refund.id).update(submit_attempts=20)
    refund = Refund.objects.select_related("payment__order").get(id=refund.id)
    record_refund_failure(refund, reason="The provider could not be reached.")
    return refund


def snapshot() -> tuple[list[Row], list[Row], int]:
    refunds = Refund.objects.order_by("id").values_list("id", "status", "version", "submit_at", "failure_reason")
    payments = Payment.objects.order_by("id").values_list("id", "status", "version")
    return list(refunds), list(payments), Event.objects.count()


def test_it_starts_anew_and_is_made() -> None:
    refund = make_failed_refund()
    version = refund.payment.version

    retry_refund(refund.id, actor=staff(), expected_version=refund.version)

    refund.refresh_from_db()
    refund.payment.refresh_from_db()
    assert (refund.status, refund.failure_reason, refund.submit_attempts) == (RefundStatus.PENDING, "", 0)
    assert refund.submit_at is not None
    assert refund.submit_at <= timezone.now()
    assert (refund.payment.version, refundable(refund.payment)) == (version + 1, Decimal("2.00"))
    submit_due()
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED
    facts = published("refund.requested", "refund.failed", "refund.succeeded")
    assert [(fact.type, fact.subject_id, fact.subject_version) for fact in facts] == [
        ("refund.requested", refund.id, 1),
        ("refund.failed", refund.id, 2),
        ("refund.requested", refund.id, 3),
        ("refund.succeeded", refund.id, 4),
    ]
    assert facts[1].data["attempts"] == 20
    assert {fact.correlation_id for fact in facts} == {refund.payment.order.correlation_id}


@pytest.mark.parametrize("status", [RefundStatus.PENDING, RefundStatus.SUCCEEDED])
def test_only_what_has_failed_is_tried_again(status: RefundStatus) -> None:
    refund = refund_payment(make_captured_payment().id, amount=Decimal("3.00"), reason="broken", actor=staff())
    if status == RefundStatus.SUCCEEDED:
        submit_due()
    before = snapshot()

    with pytest.raises(RefundNotFailed) as refusal:
        retry_refund(refund.id, actor=staff())

    assert refusal.value.members == {"refund_status": status}
    assert snapshot() == before


def test_what_another_refund_gave_back_meanwhile_is_not_given_again() -> None:
    refund = make_failed_refund()
    refund_payment(refund.payment_id, amount=Decimal("4.00"), reason="instead", actor=staff())
    before = snapshot()

    with pytest.raises(RefundExceedsCaptured) as refusal:
        retry_refund(refund.id, actor=staff())

    assert refusal.value.members == {"refundable": "1.00", "currency": "EUR"}
    assert snapshot() == before


def test_a_stale_page_tries_nothing_again() -> None:
    refund = make_failed_refund()
    before = snapshot()

    with pytest.raises(PreconditionFailed):
        retry_refund(refund.id, actor=staff(), expected_version=refund.version - 1)

    assert snapshot() == before


def test_customers_do_not_and_unknown_ones_are_not_found() -> None:
    refund = make_failed_refund()
    before = snapshot()

    with pytest.raises(RefundNotAllowed):
        retry_refund(refund.id, actor=Actor.of(make_user(Role.CUSTOMER)))
    with pytest.raises(RefundNotFound):
        retry_refund(uuid7(), actor=staff())

    assert snapshot() == before


def test_staff_try_it_again_on_the_page_of_the_refund() -> None:
    refund = make_failed_refund()
    client = signed_in(make_user(Role.DISPATCHER))
    page = client.get(f"/admin/payments/refund/{refund.id}/change/")
    assert buttons(page) == ["retry"]

    page = press(client, page, "retry")

    assert told(page) == ["The refund of 3.00\N{NO-BREAK SPACE}EUR is tried again."]
    refund.refresh_from_db()
    assert (refund.status, buttons(page)) == (RefundStatus.PENDING, [])


def test_store_staff_see_that_it_failed_and_cannot_try_again() -> None:
    refund = make_failed_refund()
    client = signed_in(make_user(Role.STORE_STAFF, stores=(refund.payment.order.store,)))
    before = snapshot()

    page = client.get(f"/admin/payments/refund/{refund.id}/change/")

    assert (page.status_code, buttons(page)) == (200, [])
    assert client.post(f"/admin/payments/refund/{refund.id}/move/retry/").status_code == 403
    assert snapshot() == before

"""A refund that the provider does not make at once, or not at all: tried again, told of, and never made twice."""

from collections.abc import Iterator
from unittest.mock import patch
from uuid import UUID

import pytest

from operations.tests.contract.site import Json, Person, eventually
from operations.tests.contract.story import Shop, paid, refunds_of
from operations.tests.sagas.story import decide, facts
from payments.models import Provider, Refund
from payments.providers import registry
from payments.providers.base import ProviderUnavailable, RefundOutcome, RefundRequest
from payments.providers.simulated import SimulatedProvider
from payments.queues import RetryPolicy
from payments.services import submitting

pytestmark = pytest.mark.django_db(transaction=True)


class MoodyProvider(SimulatedProvider):
    """Cannot be reached as often as it was told, then says what it was told."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        self.failures = 0
        self.outcome = RefundOutcome(succeeded=True)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        self.asked.append(request.refund_id)
        if self.failures:
            self.failures -= 1
            raise ProviderUnavailable("no answer")
        return self.outcome


@pytest.fixture
def provider() -> Iterator[MoodyProvider]:
    """Three attempts without a pause stand for twenty with theirs."""
    moody, quick = MoodyProvider(), RetryPolicy(attempts=3, longest_pause_seconds=0)
    with patch.dict(registry._PROVIDERS, {Provider.SIMULATED: moody}), patch.object(submitting, "REFUNDS", quick):
        yield moody


def cancelled(customer: Person, shop: Shop) -> tuple[Json, Json]:
    """An order that was paid, and its payment."""
    order, payment = paid(customer, shop)
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "The oven broke"})
    return order, payment


def failed_refund(payment: Json, person: Person) -> Json:
    (refund,) = eventually(
        lambda: person.results(f"payments/{payment['id']}/refunds"),
        lambda found: [one["status"] for one in found] == ["failed"],
    )
    return refund


def test_it_is_asked_for_again_until_it_is_made(provider: MoodyProvider, customer: Person, shop: Shop) -> None:
    provider.failures = 2
    order, payment = cancelled(customer, shop)

    (refund,) = refunds_of(payment, customer, count=1)

    assert provider.asked == [UUID(refund["id"])] * 3
    assert facts(order, "refund") == ["refund.requested", "refund.succeeded"]


def test_given_up_it_is_tried_again_by_staff(provider: MoodyProvider, customer: Person, shop: Shop) -> None:
    provider.failures = 3
    order, payment = cancelled(customer, shop)
    refund = failed_refund(payment, customer)
    assert customer.read(f"payments/{payment['id']}")["refunded_amount"] == "0.00"

    decide(f"payments/refund/{refund['id']}", "retry")

    (made,) = refunds_of(payment, customer, count=1)
    assert (made["id"], provider.asked) == (refund["id"], [UUID(refund["id"])] * 4)
    assert customer.read(f"payments/{payment['id']}")["refunded_amount"] == "12.50"
    assert facts(order, "refund") == ["refund.requested", "refund.failed", "refund.requested", "refund.succeeded"]


def test_refused_it_is_not_asked_for_again_by_itself(provider: MoodyProvider, customer: Person, shop: Shop) -> None:
    provider.outcome = RefundOutcome(succeeded=False, failure_reason="The card was closed.")

    order, payment = cancelled(customer, shop)
    refund = failed_refund(payment, customer)

    assert Refund.objects.get(id=refund["id"]).failure_reason == "The card was closed."
    assert provider.asked == [UUID(refund["id"])]
    assert facts(order, "refund") == ["refund.requested", "refund.failed"]

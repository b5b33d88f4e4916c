"""A handler that fails for good in mid-saga holds up nobody else, can be seen, and goes on once it is sent again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from accounts.models import User
from accounts.tests.admin_site import signed_in
from events import handlers
from events.envelopes import Envelope
from events.models import DeliveryState, EventDelivery
from events.services import relaying
from operations.tests.contract.site import Json, Person, eventually
from operations.tests.contract.story import Shop, once_it_is, paid, refunds_of
from operations.tests.sagas.story import decide, facts

pytestmark = pytest.mark.django_db(transaction=True)

REFUNDING, RELEASING = "payments.settle_cancelled_order", "couriers.release_cancelled"


@contextmanager
def broken(destination: str) -> Iterator[None]:
    """Its pauses between attempts are over at once."""

    def fail(event: Envelope) -> None:
        raise RuntimeError("no refunds today")

    sick = replace(handlers._subscriptions[destination], handler=fail)
    with (
        patch.dict(handlers._subscriptions, {destination: sick}),
        patch.object(relaying, "RETRY_AFTER_SECONDS", (0, 0, 0, 0, 0)),
    ):
        yield


def dead_letter(order: Json, destination: str) -> EventDelivery:
    """Of the event that the order was cancelled, once it is one."""
    found = EventDelivery.objects.filter(subject_id=order["id"], destination=destination, state=DeliveryState.DEAD)
    letter = eventually(lambda: found.select_related("event").first(), lambda letter: letter is not None)
    assert letter is not None
    return letter


def cancelled_with_courier(customer: Person, shop: Shop, courier: Person) -> tuple[Json, Json, Json]:
    order, payment = paid(customer, shop)
    shop.staff.do(f"orders/{order['id']}/confirm")
    assignment = courier.do(f"orders/{order['id']}/accept")
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "The oven broke"})
    return order, payment, assignment


def stuck(order: Json) -> list[str]:
    """The kinds of cases under which staff find it."""
    client = signed_in(User.objects.get(email="admin@example.com"))
    sections = client.get("/admin/stuck/").context["sections"]
    return [section.kind.key for section in sections for case in section.cases if str(case.order.id) == order["id"]]


def once_released(assignment: Json, courier: Person) -> Json:
    return eventually(
        lambda: courier.read(f"assignments/{assignment['id']}"), lambda found: found["status"] == "released"
    )


def test_a_refund_that_was_never_asked_for(customer: Person, shop: Shop, courier: Person) -> None:
    with broken(REFUNDING):
        order, payment, assignment = cancelled_with_courier(customer, shop, courier)
        letter = dead_letter(order, REFUNDING)
    assert (letter.event.type, letter.attempts) == ("order.cancelled", 6)
    assert letter.last_error == "RuntimeError: no refunds today"
    once_released(assignment, courier)
    assert customer.results(f"payments/{payment['id']}/refunds") == []
    assert stuck(order) == ["dead-letters"]

    decide(f"events/eventdelivery/{letter.pk}", "redrive")

    assert stuck(order) == []
    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], facts(order, "refund")) == ("12.50", ["refund.requested", "refund.succeeded"])


def test_a_courier_who_was_never_released(customer: Person, shop: Shop, courier: Person) -> None:
    with broken(RELEASING):
        order, payment, assignment = cancelled_with_courier(customer, shop, courier)
        letter = dead_letter(order, RELEASING)
    refunds_of(payment, customer, count=1)
    assert courier.read(f"assignments/{assignment['id']}")["status"] == "accepted"

    decide(f"events/eventdelivery/{letter.pk}", "redrive")

    once_released(assignment, courier)
    assert once_it_is("cancelled", order, customer)["version"] == 5

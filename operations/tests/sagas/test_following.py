"""One order is followed end to end by one id, whoever goes on with it: requests, sweeps, callbacks, handlers."""

import pytest

from events.models import Event
from operations.tests.contract.site import Json, Person, eventually
from operations.tests.contract.story import Shop, basket, once_it_is, pay, refunds_of
from operations.tests.sagas.story import let_expire, once_asked

pytestmark = pytest.mark.django_db(transaction=True)


def followed(trace: str) -> list[Event]:
    return list(Event.objects.filter(correlation_id=trace).order_by("position"))


def placed_under(trace: str, customer: Person, shop: Shop) -> Json:
    answer = customer.post("orders", basket(shop), **{"X-Trace-ID": trace})
    assert (answer.status_code, answer.headers["X-Trace-ID"]) == (201, trace)
    order: Json = answer.json()
    return order


def test_from_the_order_to_its_refund(customer: Person, shop: Shop, courier: Person) -> None:
    order = placed_under("to-the-refund", customer, shop)
    payment = pay(customer, order)
    once_it_is("paid", order, customer)
    shop.staff.do(f"orders/{order['id']}/confirm")
    assignment = courier.do(f"orders/{order['id']}/accept")
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "The oven broke"})
    refunds_of(payment, customer, count=1)
    eventually(lambda: courier.read(f"assignments/{assignment['id']}"), lambda found: found["status"] == "released")

    events = followed("to-the-refund")

    foreground = [event.type for event in events if event.type.partition(".")[0] == "order"]
    assert foreground == [
        "order.created",
        "order.paid",
        "order.confirmed",
        "order.assigned",
        "order.cancelled",
        "order.restocked",
    ]
    assert sorted(event.type for event in events if event.type not in foreground) == [
        "assignment.accepted",
        "assignment.released",
        "payment.succeeded",
        "refund.requested",
        "refund.succeeded",
    ]
    assert {event.data.get("order_id", str(event.subject_id)) for event in events} == {order["id"]}
    assert not Event.objects.filter(subject_id=order["id"]).exclude(correlation_id="to-the-refund").exists()
    assert len({event.request_id for event in events}) >= 5


def test_through_an_expiry_that_no_request_asked_for(customer: Person, shop: Shop) -> None:
    order = placed_under("to-the-expiry", customer, shop)
    payment = pay(customer, order, "tok_timeout")
    once_asked(payment)
    let_expire(order)
    eventually(lambda: customer.read(f"payments/{payment['id']}"), lambda found: found["status"] == "failed")

    assert [event.type for event in followed("to-the-expiry")] == [
        "order.created",
        "order.cancelled",
        "order.expired",
        "order.restocked",
        "payment.failed",
    ]

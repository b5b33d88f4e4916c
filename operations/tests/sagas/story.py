"""What these sagas have in common: who presses which button, and what has become of an order and its money."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.tests.admin_site import press, signed_in
from api.tests.waiting import until
from events.models import Event
from operations.tests.contract.site import Json, Person, eventually
from orders.models import Order
from payments.models import Payment


def decide(path: str, move: str, *, email: str = "admin@example.com", **entered: Any) -> Any:
    """Press a button of an object's Admin page."""
    client = signed_in(User.objects.get(email=email))
    page = press(client, client.get(f"/admin/{path}/change/"), move, **entered)
    assert page.status_code == 200
    return page


def payment_once_it_is(status: str, payment: Json, person: Person) -> Json:
    return eventually(lambda: person.read(f"payments/{payment['id']}"), lambda found: found["status"] == status)


def payment_in_review(payment: Json, person: Person) -> Json:
    return eventually(lambda: person.read(f"payments/{payment['id']}"), lambda found: found["review_reason"] != "")


def once_asked(payment: Json) -> None:
    """The provider has been asked for it."""
    until(lambda: Payment.objects.get(id=payment["id"]).submit_at is None)


def let_expire(order: Json) -> None:
    """As if its time to be paid were over; the sweep does the rest."""
    waiting = Order.objects.filter(id=order["id"], expires_at__isnull=False)
    assert waiting.update(expires_at=timezone.now()) == 1


def facts(order: Json, *families: str) -> list[str]:
    """The events of these families that this order has caused, in the order in which they happened."""
    trace = Event.objects.get(type="order.created", subject_id=order["id"]).correlation_id
    types = Event.objects.filter(correlation_id=trace).order_by("position").values_list("type", flat=True)
    return [event_type for event_type in types if event_type.partition(".")[0] in families]

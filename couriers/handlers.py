"""What couriers do when something happens to an order."""

from couriers.services.anonymising import forget_recipients
from couriers.services.releasing import release_cancelled
from events.envelopes import Envelope
from events.handlers import handles
from orders.services.anonymising import ANONYMISED


@handles("order.cancelled", name="couriers.release_cancelled")
def free_the_courier(event: Envelope) -> None:
    release_cancelled(event.subject.id)


@handles("order.updated", name="couriers.forget_recipients")
def forget_with_the_order(event: Envelope) -> None:
    if event.data.get("changed") == [ANONYMISED]:
        forget_recipients(event.subject.id)

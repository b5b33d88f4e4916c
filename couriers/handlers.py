"""What couriers do when something happens to an order."""

from couriers.services.releasing import release_cancelled
from events.envelopes import Envelope
from events.handlers import handles


@handles("order.cancelled", name="couriers.release_cancelled")
def free_the_courier(event: Envelope) -> None:
    release_cancelled(event.subject.id)

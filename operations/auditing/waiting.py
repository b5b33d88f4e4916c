"""What is not done yet because an event is still on its way to those who act on it."""

from django.db.models import Exists, OuterRef, Q

from events.models import DeliveryState, Event, EventDelivery


def on_its_way(event_type: str, *, to: str, order: str) -> Exists:
    """Whether an order's event has not been handled by the app `to`: unsequenced, waiting, retried or a dead letter.

    `order` names the outer query's field that holds the order's id. Dead letters are somebody's to redrive, and
    reported as such by their own check.
    """
    unhandled = EventDelivery.objects.filter(
        event=OuterRef("pk"), destination__startswith=f"{to}.", state__in=(DeliveryState.PENDING, DeliveryState.DEAD)
    )
    events = Event.objects.filter(type=event_type, subject_type="order", subject_id=OuterRef(order))
    return Exists(events.filter(Q(sequence__isnull=True) | Exists(unhandled)))

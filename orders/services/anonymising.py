"""Forgetting whom a finished order was for."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.actors import Actor
from api.transactions import transactional
from orders.locks import lock_order
from orders.models import Order
from orders.services.recording import record
from orders.services.sweeping import sweep

BATCH = 200
ANONYMISED = "anonymised"


def anonymise_due_orders() -> int:
    """Remove the personal data of orders that ended long enough ago; returns how many."""
    before = timezone.now() - timedelta(days=settings.ANONYMISE_AFTER_DAYS)
    due = Order.objects.with_personal_data_since_before(before).order_by("ended_at")
    return sweep(list(due.values_list("id", flat=True)[:BATCH]), work=_anonymise)


@transactional
def _anonymise(order_id: UUID) -> bool:
    """Free text goes too, the timeline's reasons included: people write names into it. Where in town it went stays,
    to about a kilometre."""
    order = lock_order(order_id)
    if order.anonymised_at is not None:
        return False
    order.contact_name = order.contact_phone = order.contact_email = order.note = order.pin = ""
    order.dropoff_address = ""
    if order.dropoff_latitude is not None and order.dropoff_longitude is not None:
        order.dropoff_latitude = round(order.dropoff_latitude, 2)
        order.dropoff_longitude = round(order.dropoff_longitude, 2)
    order.anonymised_at = timezone.now()
    order.timeline.filter(actor_id__isnull=False).update(reason="")
    record(order, what="updated", actor=Actor.system("privacy"), data={"changed": [ANONYMISED]})
    return True

"""Addresses go with the order they were for; rows go some time later."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from api.creation import created_within
from api.purging import delete_first
from api.transactions import transactional
from notifications.models import Notification, State

FORGOTTEN: Final = "The order's personal data were removed."
BATCH: Final = 10_000


@transactional
def forget_order(order_id: UUID) -> None:
    """Remove the addresses to which an order's messages went; what still waits is not sent any more."""
    _forget(Q(order_id=order_id))


@transactional
def purge() -> int:
    """Delete notifications that are old enough, at most a batch of them; returns how many.

    Also forgets addresses that were written while their order was being anonymised, after its event was handled: those
    are of the last hours, so it looks no further back.
    """
    lately = created_within({"created_after": timezone.now() - timedelta(days=1)})
    _forget(lately & Q(order__anonymised_at__isnull=False))
    before = timezone.now() - timedelta(days=settings.NOTIFICATION_RETENTION_DAYS)
    old = Notification.objects.filter(created_within({"created_before": before}))
    return delete_first(old.order_by("pk"), limit=BATCH)


def _forget(which: Q) -> None:
    telling = Notification.objects.filter(which).exclude(address="")
    waiting = telling.filter(state=State.PENDING)
    keys = list(telling.values_list("pk", flat=True))
    waiting.update(state=State.SKIPPED, error=FORGOTTEN)
    Notification.objects.filter(pk__in=keys).update(address="")

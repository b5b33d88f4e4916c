"""Staff have something sent again that did not arrive, or may not have."""

from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from api.transactions import transactional
from api.waking import wake
from notifications.models import REPEATABLE, Notification, State
from notifications.services.announcing import TASK


@transactional
def send_again(notification_ids: Iterable[UUID]) -> int:
    """Make these due now, with all their attempts before them; returns how many could be.

    They are news again from now on. Those whose address is gone stay as they are.
    """
    now = timezone.now()
    unsent = Notification.objects.filter(id__in=list(notification_ids), state__in=REPEATABLE).exclude(address="")
    number = unsent.update(
        state=State.PENDING, attempts=0, due_since=now, next_attempt_at=now, leased_until=None, error=""
    )
    if number:
        wake(TASK)
    return number

"""Whose turn a notification is, and what has come of it: every write to a row on its way out.

A lease is known by the moment at which it ends: whoever finds another one in the row, or none, has lost it, and what
they would write down is not written.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from api.transactions import transactional
from notifications.channels.base import NotAccepted, Refused, without_addresses
from notifications.locks import lock_due_notifications
from notifications.models import Notification, State

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = (30, 600, 3_600)
ABANDONED: Final = "The worker ended while it was sending this: it may have arrived or not."


def claim_due(*, limit: int) -> list[Notification]:
    """Lease what has been due longest to the caller.

    Asks first without a transaction: on SQLite that would take the write lock, each time that there is nothing to do.
    """
    if not Notification.objects.due(timezone.now()).exists():
        return []
    return _claim(limit=limit)


@transactional
def _claim(*, limit: int) -> list[Notification]:
    now = timezone.now()
    lease = _lease_from(now)
    free = Notification.objects.due(now).filter(id__in=lock_due_notifications(now, limit=limit))
    keys = list(free.values_list("id", flat=True))
    free.update(leased_until=lease)
    claimed = Notification.objects.filter(id__in=keys, leased_until=lease)
    return list(claimed.with_content().order_by("next_attempt_at", "id"))


def begin(notification: Notification) -> bool:
    """Mark it as being handed over, under a new lease; from here on nobody else touches it but to call it uncertain.

    False where the lease was lost, or the row was settled otherwise meanwhile.
    """
    now = timezone.now()
    lease = _lease_from(now)
    still_mine = Notification.objects.filter(
        pk=notification.pk, state=State.PENDING, leased_until=notification.leased_until
    )
    begun = still_mine.update(state=State.SENDING, leased_until=lease, attempts=notification.attempts)
    notification.state, notification.leased_until = State.SENDING, lease
    return bool(begun)


def sent(notification: Notification) -> None:
    _settle(notification, state=State.SENT, sent_at=timezone.now(), leased_until=None, error="")


def skipped(notification: Notification, *, reason: str) -> None:
    _settle(notification, state=State.SKIPPED, leased_until=None, collapse_key="", error=reason)


def uncertain(notification: Notification, error: Exception) -> None:
    logger.error("notification %s is uncertain: %s", notification.id, told(error))
    _settle(notification, state=State.UNCERTAIN, error=told(error))


def not_sent(notification: Notification, error: NotAccepted) -> None:
    """Tried again where that may help: after the pauses of RETRY_AFTER_SECONDS, then no more."""
    if isinstance(error, Refused) or notification.attempts > len(RETRY_AFTER_SECONDS):
        failed(notification, reason=told(error))
        return
    pause = timedelta(seconds=RETRY_AFTER_SECONDS[notification.attempts - 1])
    logger.warning("notification %s is tried again: %s", notification.id, told(error))
    _settle(
        notification,
        state=State.PENDING,
        attempts=notification.attempts,
        next_attempt_at=timezone.now() + pause,
        leased_until=None,
        error=told(error),
    )


def failed(notification: Notification, *, reason: str) -> None:
    logger.error("notification %s failed: %s", notification.id, reason)
    _settle(
        notification,
        state=State.FAILED,
        attempts=notification.attempts,
        leased_until=None,
        collapse_key="",
        error=reason,
    )


def give_up_abandoned() -> None:
    """What was being sent when its worker died becomes uncertain, and keeps its lease: should that worker only have
    been slow, its word still counts."""
    abandoned = Notification.objects.abandoned(timezone.now())
    if abandoned.exists():
        number = abandoned.update(state=State.UNCERTAIN, error=ABANDONED)
        logger.error("%s notifications are uncertain: their workers ended while sending them", number)


def told(error: Exception) -> str:
    """What an error says, without the addresses it may repeat."""
    named = str(error) if isinstance(error, NotAccepted) else f"{type(error).__name__}: {error}"
    return without_addresses(named)[:500]


def _settle(notification: Notification, **changes: Any) -> None:
    """Who ends without having been sent gives up its collapse key: the next event of its kind is told."""
    mine = Notification.objects.filter(
        pk=notification.pk,
        leased_until=notification.leased_until,
        state__in=(State.PENDING, State.SENDING, State.UNCERTAIN),
    )
    mine.update(**changes)


def _lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.NOTIFICATION_LEASE_SECONDS)

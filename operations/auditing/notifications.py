"""Notifications: nobody is told anything twice, and nothing that is to be sent is forgotten."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from notifications.models import Notification, State
from operations.auditing.findings import Check, Findings, findings


def each_is_told_once() -> Findings:
    """By address: that no recipient is, the database itself sees to."""
    known = Notification.objects.exclude(address="")
    told = known.order_by().values("event_id", "address", "channel").annotate(times=Count("pk"))
    twice = told.filter(times__gt=1).order_by("event_id", "channel").values_list("event_id", flat=True)
    return findings(examined=known.count(), offenders=twice.iterator())


def messages_go_on() -> Findings:
    """What is due for longer than anybody would still send it has been found by no sweep."""
    long_ago = timezone.now() - timedelta(hours=settings.NOTIFICATION_MAX_AGE_HOURS)
    waiting = Notification.objects.filter(state__in=(State.PENDING, State.SENDING))
    forgotten = Q(state=State.PENDING, next_attempt_at__lt=long_ago) | Q(
        state=State.SENDING, leased_until__lt=long_ago
    )  # fmt: skip
    offenders = waiting.filter(forgotten).order_by("id").values_list("id", flat=True)
    return findings(
        examined=Notification.objects.count(),
        offenders=offenders.iterator(),
        pending=waiting.exclude(forgotten).count(),
        note=_outcomes(),
    )


def _outcomes() -> str:
    ended = (State.SENT, State.SKIPPED, State.FAILED, State.UNCERTAIN)
    counted = Notification.objects.order_by().values_list("state").annotate(Count("pk"))
    numbers = dict(counted)
    return ", ".join(f"{numbers[state]} {state.value}" for state in ended if state in numbers)


CHECKS: Final = (
    Check("notifications-once", "No address is told of one event twice by the same channel.", each_is_told_once),
    Check(
        "notifications-go-on",
        "No notification waits for longer than it would still be sent, or is being sent for so long.",
        messages_go_on,
    ),
)

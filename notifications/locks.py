"""The row locks of this app. Nothing else is locked while one of them is held."""

from datetime import datetime
from uuid import UUID

from notifications.models import Notification, Preferences


def lock_due_notifications(now: datetime, *, limit: int) -> list[UUID]:
    """Those that have been due longest, passing over what another worker is claiming at this moment."""
    due = Notification.objects.due(now).order_by("next_attempt_at", "id")
    locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(locked.values_list("id", flat=True)[:limit])


def lock_preferences(recipient: str, *, user_id: UUID | None) -> Preferences:
    """What this recipient has chosen. The first caller ever makes the row."""
    Preferences.objects.bulk_create([Preferences(recipient=recipient, user_id=user_id)], ignore_conflicts=True)
    return Preferences.objects.select_for_update(of=("self",), no_key=True).get(recipient=recipient)

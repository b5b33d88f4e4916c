"""Who was told what, by which channel, with which outcome; and what recipients want to be told."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from api.models_base import Entity, VersionedEntity
from notifications.kinds import Channel, Kind, Option
from orders.models import Order


class State(models.TextChoices):
    PENDING = "pending", "Pending"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    UNCERTAIN = "uncertain", "Uncertain"


# What staff may have sent again. What was sent is not among them: nobody gets the same message twice.
REPEATABLE = (State.FAILED, State.SKIPPED, State.UNCERTAIN)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> "NotificationQuerySet":
        """Pending, its time has come, and nobody has it in hand."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        return self.filter(free, state=State.PENDING, next_attempt_at__lte=now)

    def abandoned(self, now: datetime) -> "NotificationQuerySet":
        """Whoever was sending it has not said what came of it, and is not going to."""
        return self.filter(state=State.SENDING, leased_until__lte=now)

    def with_content(self) -> "NotificationQuerySet":
        """With all that a message may speak of, in a fixed number of queries."""
        return self.select_related("order__store", "order__customer", "user").prefetch_related(
            "order__lines", "order__charges"
        )


class Notification(Entity):
    """One event told to one recipient by one channel.

    `recipient` says who it is without naming them (`notifications/recipients.py`). `address` does name them: it goes
    with the order's personal data. `leased_until` is also whose turn it is: an outcome counts only from whoever set
    the lease that stands in the row.
    """

    event_id = models.UUIDField()
    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=8, choices=Channel)
    recipient = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications")
    address = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=8)
    data = models.JSONField(default=dict, help_text="What the event said; no personal data.")
    collapse_key = models.CharField(
        max_length=200, blank=True, help_text="Of several events with the same key a recipient hears once."
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_since = models.DateTimeField(help_text="When it became news: the event, or when staff asked for it again.")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, help_text="What went wrong, or why it was not sent.")
    correlation_id = models.CharField(max_length=128, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event_id", "recipient", "channel"], name="notification_once"),
            models.UniqueConstraint(
                fields=["collapse_key", "recipient", "channel"],
                condition=~Q(collapse_key=""),
                name="notification_collapsed",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="notification_state_known"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="notification_sent_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("next_attempt_at"), F("id"), condition=Q(state="pending"), name="notification_due"),
            models.Index(F("leased_until"), condition=Q(state="sending"), name="notification_sending"),
            models.Index(
                F("state"), F("id"), condition=Q(state__in=["failed", "uncertain"]), name="notification_unsent"
            ),
            models.Index("recipient", "id", name="notification_recipient"),
        ]

    def __str__(self) -> str:
        return f"{Kind(self.kind).label} ({Channel(self.channel).label})"


class Preferences(VersionedEntity):
    """What a recipient wants to be told, by which channel, in which language.

    Somebody without an account has a row too, by a keyed digest of their address, which tells nobody who they are.
    `choices` holds what differs from the defaults: `{"on_its_way.sms": true}`.
    """

    recipient = models.CharField(max_length=80, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="notification_preferences",
    )
    language = models.CharField(max_length=8, blank=True, help_text="Empty: that of the platform.")
    choices = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "notification preferences"

    def __str__(self) -> str:
        return str(self.user) if self.user_id else f"Somebody without an account ({self.recipient[-8:]})"

    def wants(self, option: Option) -> bool:
        return bool(self.choices.get(option.key, option.by_default))

    @property
    def spoken_language(self) -> str:
        return self.language or settings.NOTIFICATION_LANGUAGE

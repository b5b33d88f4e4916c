"""The outbox: what happened, in order, and which destination has heard of it."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from api.identifiers import uuid7
from api.models_base import Entity, VersionedEntity


class EventQuerySet(models.QuerySet["Event"]):
    def unsequenced(self) -> "EventQuerySet":
        return self.filter(sequence__isnull=True)


class Event(models.Model):
    """A past fact, written in the transaction that made it true. Never changed but for its one-time sequence.

    `position` is the database's serial: it orders the events of one subject, because they are written under that
    subject's lock, but transactions commit out of its order. `sequence` is given after the commit, by one sequencer
    at a time, so that it has no gaps and grows in the order in which events become visible.
    """

    position = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    sequence = models.BigIntegerField(null=True, unique=True, editable=False)
    type = models.CharField(max_length=100)
    subject_type = models.CharField(max_length=50)
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    store_id = models.UUIDField(null=True, help_text="Whose event it is: decides which integrators may see it.")
    publisher_id = models.UUIDField(
        null=True, help_text="The account from outside that it concerns or came from; it may see the event too."
    )
    correlation_id = models.CharField(max_length=128)
    request_id = models.CharField(max_length=128, blank=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(default=timezone.now)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["position"]
        indexes: ClassVar = [
            models.Index("position", condition=Q(sequence__isnull=True), name="event_unsequenced"),
            models.Index("subject_type", "subject_id", "position", name="event_subject"),
            models.Index("type", "sequence", name="event_type"),
            models.Index("correlation_id", "position", name="event_correlation"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"


class SequenceCounter(models.Model):
    """One row; its lock makes sequencing a one-at-a-time affair, its value is the last sequence given.

    Events up to and including `removed` are no longer kept; the latest of them happened at `removed_until`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    removed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="sequence_counter_single"),
            models.CheckConstraint(condition=Q(removed__lte=F("last")), name="sequence_counter_removed"),
        ]

    def __str__(self) -> str:
        return str(self.last)


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def kept(self) -> "WebhookEndpointQuerySet":
        return self.filter(retired_at__isnull=True)

    def listening(self) -> "WebhookEndpointQuerySet":
        return self.kept().filter(is_active=True)


class WebhookEndpoint(VersionedEntity):
    """Somebody's address for events. It gets what its owner may see, cut down to the types and stores asked for."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="webhook_endpoints")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    event_types = models.JSONField(
        default=list, blank=True, help_text="Names of types, or of a family such as order.*; empty means every type."
    )
    store_ids = models.JSONField(
        default=list, blank=True, help_text="Ids of stores; empty means all that the owner may see."
    )
    secret = models.CharField(max_length=100, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_active = models.BooleanField(default=True, help_text="Events that happen while it is not active are not sent.")
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "-id"], name="endpoint_owner")]

    def __str__(self) -> str:
        return self.url.partition("://")[2]

    @property
    def destination(self) -> str:
        return f"webhook:{self.id}"

    @property
    def is_listening(self) -> bool:
        return self.is_active and self.retired_at is None


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead letter"
    DISCARDED = "discarded", "Discarded"


class EventDeliveryQuerySet(models.QuerySet["EventDelivery"]):
    def pending(self) -> "EventDeliveryQuerySet":
        return self.filter(state=DeliveryState.PENDING)

    def in_process(self) -> "EventDeliveryQuerySet":
        return self.filter(endpoint__isnull=True)

    def due(self, now: datetime) -> "EventDeliveryQuerySet":
        """Pending, its time has come, nobody works on it, and nothing older of its subject waits for its destination.

        The last keeps events of one subject in order at each destination, also while one of them is being retried.
        """
        older = EventDelivery.objects.pending().filter(
            destination=OuterRef("destination"), subject_id=OuterRef("subject_id"), event_id__lt=OuterRef("event_id")
        )
        return (
            self.pending()
            .filter(next_attempt_at__lte=now)
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))
            .filter(~Exists(older))
        )


class EventDelivery(models.Model):
    """One event on its way to one destination, so that a broken destination holds up nobody else.

    A destination is a handler in this process, by its name, or a webhook endpoint.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    subject_id = models.UUIDField(help_text="The event's subject, repeated here to keep its events in order.")
    destination = models.CharField(max_length=100)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, null=True, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EventDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "event deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "destination"], name="delivery_once_per_destination"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
                name="delivery_delivered_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("next_attempt_at"), F("event"), condition=Q(state="pending", endpoint=None), name="delivery_due"
            ),
            models.Index(
                F("endpoint"),
                F("next_attempt_at"),
                F("event"),
                condition=Q(state="pending"),
                name="delivery_due_outside",
            ),
            models.Index(
                F("destination"), F("subject_id"), F("event"), condition=Q(state="pending"), name="delivery_in_order"
            ),
            models.Index(F("destination"), F("id"), condition=Q(state="dead"), name="delivery_dead"),
            models.Index(
                F("endpoint"), condition=Q(state="dead", endpoint__isnull=False), name="delivery_dead_outside"
            ),
            models.Index(F("endpoint"), F("id"), condition=Q(endpoint__isnull=False), name="delivery_log"),
            models.Index(
                F("endpoint"),
                F("leased_until"),
                condition=Q(state="pending", endpoint__isnull=False, leased_until__isnull=False),
                name="delivery_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.destination}"

    @property
    def next_attempt_if_pending(self) -> datetime | None:
        return self.next_attempt_at if self.state == DeliveryState.PENDING else None


class WebhookAttempt(Entity):
    """One request to an endpoint and what came of it: the delivery log its owner reads."""

    delivery = models.ForeignKey(EventDelivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    request_excerpt = models.TextField(blank=True)
    response_excerpt = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.status_code or self.error}"

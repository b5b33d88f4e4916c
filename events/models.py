"""The outbox: what happened, in order, and which destination has heard of it."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from api.identifiers import uuid7


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
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"


class SequenceCounter(models.Model):
    """One row; its lock makes sequencing a one-at-a-time affair, its value is the last sequence given."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="sequence_counter_single")]

    def __str__(self) -> str:
        return str(self.last)


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Pending"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead letter"


class EventDeliveryQuerySet(models.QuerySet["EventDelivery"]):
    def pending(self) -> "EventDeliveryQuerySet":
        return self.filter(state=DeliveryState.PENDING)

    def due(self, now: datetime) -> "EventDeliveryQuerySet":
        """Pending, its time has come, nobody works on it, and nothing older of its subject waits for its destination.

        The last keeps events of one subject in order at each destination, also while one of them is being retried.
        """
        older = EventDelivery.objects.pending().filter(
            destination=OuterRef("destination"), subject_id=OuterRef("subject_id"), id__lt=OuterRef("id")
        )
        return (
            self.pending()
            .filter(next_attempt_at__lte=now)
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))
            .filter(~Exists(older))
        )


class EventDelivery(models.Model):
    """One event on its way to one destination, so that a broken destination holds up nobody else."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    subject_id = models.UUIDField(help_text="The event's subject, repeated here to keep its events in order.")
    destination = models.CharField(max_length=100)
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
            models.Index(F("next_attempt_at"), F("id"), condition=Q(state="pending"), name="delivery_due"),
            models.Index(F("destination"), F("id"), condition=Q(state="dead"), name="delivery_dead"),
            models.Index(
                F("destination"), F("subject_id"), F("id"), condition=Q(state="pending"), name="delivery_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.destination}"

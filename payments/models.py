"""Money coming in for an order, and money going back."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from api.models_base import Entity, VersionedEntity
from orders.models import Order


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class Provider(models.TextChoices):
    SIMULATED = "simulated", "Simulated"
    EXTERNAL = "external", "Charged by the shop"
    CASH = "cash", "Cash at the door"


LIVE = (PaymentStatus.PENDING, PaymentStatus.SUCCEEDED)


class Payment(VersionedEntity):
    """One attempt to pay an order. `captured_amount` is what the provider says it took, also when that is wrong."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=12, choices=Provider)
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.PENDING)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    captured_amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    captured_currency = models.CharField(max_length=3, blank=True)
    token = models.CharField(max_length=64, blank=True, help_text="What the provider charges; a test token here.")
    reference = models.CharField(max_length=100, blank=True, help_text="The shop's own reference of the charge.")
    review_reason = models.CharField(max_length=200, blank=True, help_text="Why staff must look at it; empty if fine.")
    failure_reason = models.CharField(max_length=200, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)

    submit_at = models.DateTimeField(null=True, blank=True, help_text="When to hand it to the provider (again).")
    submit_attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=LIVE), name="payment_one_live_per_order"),
            models.CheckConstraint(condition=Q(amount__gte=0, captured_amount__gte=0), name="payment_not_negative"),
            models.CheckConstraint(
                condition=Q(status="succeeded", succeeded_at__isnull=False)
                | (~Q(status="succeeded") & Q(succeeded_at__isnull=True)),
                name="payment_succeeded_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index("submit_at", condition=Q(submit_at__isnull=False), name="payment_to_submit"),
            models.Index("order", "id", name="payment_order"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} ({self.status})"


class RefundStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class Refund(VersionedEntity):
    """Money going back. Those not failed never add up to more than was captured (held under the payment's lock)."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=RefundStatus, default=RefundStatus.PENDING)
    cause_event_id = models.UUIDField(
        null=True, blank=True, unique=True, help_text="The event that asked for it, so that it is made once."
    )
    failure_reason = models.CharField(max_length=200, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)

    submit_at = models.DateTimeField(null=True, blank=True, help_text="When to hand it to the provider (again).")
    submit_attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive")]
        indexes: ClassVar = [
            models.Index("submit_at", condition=Q(submit_at__isnull=False), name="refund_to_submit"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} back ({self.status})"


class ProviderEvent(Entity):
    """An inbound webhook that was taken: its provider's id makes a repetition harmless."""

    provider = models.CharField(max_length=12, choices=Provider)
    event_id = models.CharField(max_length=128)
    type = models.CharField(max_length=64)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="provider_events")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(F("provider"), F("event_id"), name="provider_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class SimulatedCallback(Entity):
    """The simulated provider's own book: a webhook it owes us, due at a time, sent until it is answered with 2xx."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="simulated_callbacks")
    ordinal = models.PositiveSmallIntegerField()
    body = models.TextField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["due_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "ordinal"], name="simulated_callback_once"),
        ]
        indexes: ClassVar = [
            models.Index("due_at", condition=Q(answered_at__isnull=True), name="simulated_callback_due"),
        ]

    def __str__(self) -> str:
        return f"callback {self.ordinal} of {self.payment_id}"

"""Money coming in for an order, and money going back."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from api.models_base import Entity, VersionedEntity
from orders.models import Order


class OutboundWork(models.Model):
    """Something another system must be told, kept in the row it is about, so that no queue outside can lose it.

    Due at `submit_at`; while `leased_until` lies ahead, one worker is at it. `submit_attempts` counts the leases and
    tells a worker whose lease ran out that somebody else has taken over.
    """

    submit_at = models.DateTimeField(
        null=True, blank=True, help_text="When to hand it over (again); empty when there is nothing to do."
    )
    submit_attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class Provider(models.TextChoices):
    SIMULATED = "simulated", "Simulated"
    EXTERNAL = "external", "Charged by the shop"
    CASH = "cash", "Cash at the door"


class FailureReason(models.TextChoices):
    DECLINED = "declined", "Declined by the provider"
    PROVIDER_UNAVAILABLE = "provider_unavailable", "The provider could not be reached"
    ORDER_CANCELLED = "order_cancelled", "The order was cancelled"
    REVIEW_REFUSED = "review_refused", "Refused by staff"


LIVE = (PaymentStatus.PENDING, PaymentStatus.SUCCEEDED)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def live(self) -> "PaymentQuerySet":
        return self.filter(status__in=LIVE)

    def in_review(self) -> "PaymentQuerySet":
        return self.filter(status=PaymentStatus.PENDING).exclude(review_reason="")

    def with_refunded_amount(self) -> "PaymentQuerySet":
        """Each with `refunded_amount`: what has gone back already, refunds under way not included."""
        refunds = Refund.objects.filter(payment=OuterRef("pk"), status=RefundStatus.SUCCEEDED).order_by()
        total = refunds.values("payment").annotate(total=Sum("amount")).values("total")
        nothing = models.Value(Decimal("0.00"), output_field=models.DecimalField(max_digits=12, decimal_places=2))
        return self.annotate(refunded_amount=Coalesce(Subquery(total), nothing))


class Payment(OutboundWork, VersionedEntity):
    """One attempt to pay an order.

    `captured_amount` and `captured_currency` are what was really taken, also when that is wrong; the currency is
    empty until something was. A failed payment that has captured money gives it back by refunds.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=12, choices=Provider)
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.PENDING)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    captured_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal("0.00"))
    captured_currency = models.CharField(max_length=3, blank=True)
    token = models.CharField(max_length=64, blank=True, help_text="What the provider charges; a test token here.")
    notify_url = models.TextField(
        blank=True, help_text="Where its payer's request reached us, for a provider that is told no other address."
    )
    reference = models.CharField(max_length=100, blank=True, help_text="The shop's own reference of the charge.")
    review_reason = models.CharField(
        max_length=200, blank=True, help_text="Why staff have to look at it while it is pending, or had to."
    )
    reviewed_by_id = models.UUIDField(null=True, blank=True)
    failure_reason = models.CharField(max_length=32, choices=FailureReason, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=LIVE), name="payment_one_live_per_order"),
            models.CheckConstraint(condition=Q(status__in=PaymentStatus.values), name="payment_status_known"),
            models.CheckConstraint(condition=Q(amount__gte=0, captured_amount__gte=0), name="payment_not_negative"),
            models.CheckConstraint(
                condition=Q(status="succeeded", succeeded_at__isnull=False)
                | (~Q(status="succeeded") & Q(succeeded_at__isnull=True)),
                name="payment_succeeded_at",
            ),
            models.CheckConstraint(
                condition=Q(captured_amount=0) | ~Q(captured_currency=""), name="payment_captured_in_a_currency"
            ),
        ]
        indexes: ClassVar = [
            models.Index("submit_at", condition=Q(submit_at__isnull=False), name="payment_to_submit"),
            models.Index("order", "id", name="payment_order"),
            models.Index("status", "id", name="payment_status"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} ({self.status})"

    @property
    def is_captured(self) -> bool:
        """Whether the provider has said that it took money, whatever was made of it."""
        return bool(self.captured_currency)

    @property
    def is_in_review(self) -> bool:
        return self.status == PaymentStatus.PENDING and bool(self.review_reason)


class RefundStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


class Refund(OutboundWork, VersionedEntity):
    """Money going back, in the currency that was captured.

    Those not failed never add up to more than was captured: held under the payment's lock.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    reason = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=RefundStatus, default=RefundStatus.PENDING)
    cause_event_id = models.UUIDField(
        null=True, blank=True, unique=True, help_text="The event that asked for it, so that it is made once."
    )
    failure_reason = models.CharField(max_length=200, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive"),
            models.CheckConstraint(condition=Q(status__in=RefundStatus.values), name="refund_status_known"),
            models.CheckConstraint(
                condition=Q(status="succeeded", succeeded_at__isnull=False)
                | (~Q(status="succeeded") & Q(succeeded_at__isnull=True)),
                name="refund_succeeded_at",
            ),
        ]
        indexes: ClassVar = [
            models.Index("submit_at", condition=Q(submit_at__isnull=False), name="refund_to_submit"),
            models.Index("status", "id", condition=Q(status__in=["pending", "failed"]), name="refund_open"),
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
    outcome = models.CharField(max_length=64, blank=True, help_text="What was made of it.")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(F("provider"), F("event_id"), name="provider_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class SimulatedCallback(OutboundWork, Entity):
    """The simulated provider's own book: a webhook it owes us, sent until it is answered with 2xx or it gives up."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="simulated_callbacks")
    ordinal = models.PositiveSmallIntegerField()
    body = models.TextField()
    answered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "ordinal"], name="simulated_callback_once"),
        ]
        indexes: ClassVar = [
            models.Index("submit_at", condition=Q(submit_at__isnull=False), name="simulated_callback_due"),
        ]

    def __str__(self) -> str:
        return f"callback {self.ordinal} of {self.payment_id}"

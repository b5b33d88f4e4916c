"""Couriers, where they are, and what they carry."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from api.models_base import Entity, VersionedEntity
from catalog.models import Membership, Store
from couriers.states import (
    ACTIVE,
    HELD,
    STALE_AFTER_SECONDS,
    AssignmentStatus,
    Availability,
    CourierStatus,
    DecidedBy,
    DeclineReason,
    FailureReason,
    OfferEnd,
)
from couriers.vehicles import Pace, Vehicle, pace_of
from orders.models import Order
from orders.states import OrderStatus


class CourierQuerySet(models.QuerySet["Courier"]):
    def who_are(self, *availabilities: str) -> "CourierQuerySet":
        """Those in any of the given availabilities."""
        online, full = Q(status=CourierStatus.AVAILABLE), Q(active_orders__gte=F("capacity"))
        conditions = {
            Availability.OFFLINE: ~online,
            Availability.AVAILABLE: online & ~full,
            Availability.BUSY: online & full,
        }
        wanted = Q(pk__in=[])
        for availability in availabilities:
            wanted |= conditions[Availability(availability)]
        return self.filter(wanted)

    def silent_at(self, now: datetime) -> "CourierQuerySet":
        """At work, and not heard of for too long; who never says where they are is not missed."""
        at_work = Q(status=CourierStatus.AVAILABLE) | Q(active_orders__gt=0)
        stale = Q(position_recorded_at__lt=now - timedelta(seconds=STALE_AFTER_SECONDS))
        return self.filter(at_work & stale, is_active=True)

    def riding_for(self, stores: models.QuerySet[Store]) -> "CourierQuerySet":
        """Those who are members of one of these stores, and those of none, because they ride for every store."""
        memberships = Membership.objects.filter(user=OuterRef("pk"))
        return self.filter(~Exists(memberships) | Exists(memberships.filter(store__in=stores)))


class Courier(models.Model):
    """A courier is a user; the two share their key, so that an order's bare `courier_id` says both.

    `active_orders` repeats the number of active assignments. It is changed in the same statement that the database
    checks against `capacity`, so no path, locked or not, can book a courier beyond it. The version is that of what
    people decide (profile and status): it ignores positions and `active_orders`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="courier"
    )
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=32, blank=True)
    vehicle = models.CharField(max_length=12, choices=Vehicle, default=Vehicle.BICYCLE)
    top_speed_kmh = models.PositiveIntegerField(
        null=True, blank=True, help_text="How fast they may plausibly move; empty means what their vehicle can."
    )
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(50)], help_text="Orders carried at once."
    )
    active_orders = models.PositiveSmallIntegerField(default=0, editable=False)
    status = models.CharField(max_length=10, choices=CourierStatus, default=CourierStatus.OFFLINE)
    is_active = models.BooleanField(default=True)
    latitude = models.FloatField(null=True, blank=True, editable=False)
    longitude = models.FloatField(null=True, blank=True, editable=False)
    position_accuracy_m = models.FloatField(null=True, blank=True, editable=False)
    position_recorded_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = CourierQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "user_id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(active_orders__lte=F("capacity")), name="courier_within_capacity"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="courier_carries_something"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def id(self) -> UUID:
        return self.user_id

    @property
    def is_full(self) -> bool:
        return self.active_orders >= self.capacity

    @property
    def availability(self) -> Availability:
        if self.status == CourierStatus.OFFLINE:
            return Availability.OFFLINE
        return Availability.BUSY if self.is_full else Availability.AVAILABLE

    @property
    def pace(self) -> Pace:
        return pace_of(self.vehicle, top_speed_kmh=self.top_speed_kmh)

    @property
    def has_position(self) -> bool:
        return self.position_recorded_at is not None


class CourierPosition(Entity):
    """Where a courier was, by the courier's own clock; kept for a while, then removed."""

    courier = models.ForeignKey(Courier, on_delete=models.CASCADE, related_name="positions")
    latitude = models.FloatField()
    longitude = models.FloatField()
    accuracy_m = models.FloatField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["recorded_at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["courier", "recorded_at"], name="position_once_per_moment"),
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="position_on_earth"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.latitude:.5f}, {self.longitude:.5f}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def active(self) -> "AssignmentQuerySet":
        return self.filter(status__in=ACTIVE)

    def held(self) -> "AssignmentQuerySet":
        """The one that has the order in hand, or brought it: at most one per order."""
        return self.filter(status__in=HELD)

    def offered(self) -> "AssignmentQuerySet":
        """Those that wait for an answer, or for the job that notices that none came."""
        return self.filter(status=AssignmentStatus.OFFERED)

    def vain_at(self, moment: datetime) -> "AssignmentQuerySet":
        """The offers that nobody will accept any more."""
        is_over = Q(expires_at__lte=moment) | Q(courier__status=CourierStatus.OFFLINE)
        return self.offered().filter(is_over)

    def open_at(self, moment: datetime) -> "AssignmentQuerySet":
        """The offers that may still be accepted."""
        return self.offered().filter(expires_at__gt=moment, order__status=OrderStatus.CONFIRMED)


class Assignment(VersionedEntity):
    """An order in the hands of a courier, from offer or acceptance to its end."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="assignments")
    courier = models.ForeignKey(Courier, on_delete=models.PROTECT, related_name="assignments")
    status = models.CharField(max_length=10, choices=AssignmentStatus)
    assigned_by_id = models.UUIDField(null=True, blank=True, help_text="Staff who assigned it; empty if accepted.")
    offered_by_id = models.UUIDField(null=True, blank=True, help_text="Staff who offered it; empty if by itself.")
    decision = models.ForeignKey(
        "MatchingDecision", on_delete=models.SET_NULL, null=True, blank=True, related_name="assignments"
    )
    offered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    picked_up_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    recipient = models.CharField(max_length=120, blank=True, help_text="Who took it at the door.")
    note = models.CharField(max_length=500, blank=True)
    failure_reason = models.CharField(max_length=16, choices=FailureReason, blank=True)
    decline_reason = models.CharField(max_length=16, choices=DeclineReason, blank=True)
    expiry_reason = models.CharField(max_length=16, choices=OfferEnd, blank=True)
    pin_attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status__in=ACTIVE), name="assignment_one_active_per_order"
            ),
            models.UniqueConstraint(
                fields=["courier", "order"],
                condition=Q(status=AssignmentStatus.OFFERED),
                name="assignment_one_offer_per_courier",
            ),
            models.CheckConstraint(
                condition=~Q(status=AssignmentStatus.OFFERED) | Q(offered_at__isnull=False, expires_at__isnull=False),
                name="assignment_offer_has_deadline",
            ),
            models.CheckConstraint(condition=Q(status__in=AssignmentStatus.values), name="assignment_status_known"),
        ]
        indexes: ClassVar = [
            models.Index("courier", "status", "id", name="assignment_courier"),
            models.Index("order", "id", name="assignment_order"),
            models.Index("status", "id", name="assignment_status"),
            models.Index("expires_at", condition=Q(status=AssignmentStatus.OFFERED), name="assignment_deadline"),
        ]

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    def is_open_at(self, moment: datetime) -> bool:
        """Whether it is an offer that may be accepted; what its order says to that is another matter."""
        return self.status == AssignmentStatus.OFFERED and self.expires_at is not None and self.expires_at > moment

    def __str__(self) -> str:
        return f"{self.order_id} by {self.courier_id} ({self.status})"


class MatchingDecision(Entity):
    """Who was considered for an order, and why somebody was chosen or nobody: what the engine said, kept for a while.

    `candidates` and `excluded` are the best and the nearest few, as JSON; `exclusion_counts` counts all.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="matching_decisions")
    decided_by = models.CharField(max_length=10, choices=DecidedBy)
    decided_at = models.DateTimeField()
    engine = models.CharField(max_length=200)
    outcome = models.CharField(max_length=12)
    courier_id = models.UUIDField(null=True, blank=True, help_text="Who was chosen; empty if nobody was.")
    candidates = models.JSONField(default=list)
    candidate_count = models.PositiveIntegerField(default=0)
    excluded = models.JSONField(default=list)
    exclusion_counts = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index("order", "id", name="decision_order")]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.outcome}"


class WaitReport(Entity):
    """Staff were told that an order has been waiting for a courier since then: once for each time it began to."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="wait_reports")
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "since"], name="wait_report_once"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} since {self.since:%Y-%m-%d %H:%M}"

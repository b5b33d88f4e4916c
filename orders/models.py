"""An order, its lines and charges as they were when it was placed, and its timeline."""

import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

from accounts.actors import ActorKind
from api.models_base import Entity, VersionedEntity
from catalog.models import Product, Store
from orders.states import ON_ITS_WAY, OrderStatus, PaymentMethod

NUMBER_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number() -> str:
    """Ten characters without look-alikes: readable over the phone, and says nothing of how much a store sells."""
    letters = "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def new_tracking_token() -> str:
    return secrets.token_urlsafe(24)


def delivery_target() -> timedelta:
    """How long an order may take from being placed to its door."""
    return timedelta(minutes=settings.DELIVERY_TARGET_MINUTES)


class OrderQuerySet(models.QuerySet["Order"]):
    def expired(self, now: datetime) -> "OrderQuerySet":
        return self.filter(status=OrderStatus.CREATED, expires_at__lte=now)

    def in_status_since_before(self, moment: datetime, *, status: str) -> "OrderQuerySet":
        """Those that have been in this state, one of those that wait for somebody, at least since `moment`."""
        return self.filter(status=status, status_changed_at__lte=moment)

    def late_at(self, now: datetime) -> "OrderQuerySet":
        """Those that somebody is at work on, and that should have been at their door by then."""
        return self.filter(status__in=ON_ITS_WAY, created_at__lt=now - delivery_target())

    def cancelled_after_payment_began(self) -> "OrderQuerySet":
        """The few of the cancelled ones that money may have come for."""
        return self.filter(status=OrderStatus.CANCELLED, payment_started_at__isnull=False)

    def shown_by_link_at(self, now: datetime) -> "OrderQuerySet":
        """Those that whoever has their tracking link may look at: for a while after their end, too."""
        open_since = now - timedelta(days=settings.TRACKING_LINK_DAYS)
        return self.filter(Q(ended_at=None) | Q(ended_at__gte=open_since), anonymised_at=None)

    def with_personal_data_since_before(self, moment: datetime) -> "OrderQuerySet":
        return self.filter(ended_at__lt=moment, anonymised_at__isnull=True)


class Order(VersionedEntity):
    number = models.CharField(max_length=11, unique=True, default=new_number, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="placed_orders")
    courier_id = models.UUIDField(null=True, blank=True, help_text="Who carries it, or carried it last.")
    external_id = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 - unique only where given
    status = models.CharField(max_length=10, choices=OrderStatus, default=OrderStatus.CREATED)

    currency = models.CharField(max_length=3)
    items_total = models.DecimalField(max_digits=12, decimal_places=2)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    payment_method = models.CharField(max_length=10, choices=PaymentMethod, default=PaymentMethod.ONLINE)

    dropoff_address = models.CharField(max_length=300, blank=True)
    dropoff_latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    dropoff_longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=32, blank=True)
    contact_email = models.EmailField(blank=True)
    note = models.CharField(max_length=1000, blank=True)
    pin = models.CharField(max_length=4, blank=True, help_text="Asked for at the door where the store wants it.")
    tracking_token = models.CharField(max_length=64, unique=True, default=new_tracking_token, editable=False)

    expires_at = models.DateTimeField(null=True, blank=True, help_text="When it is cancelled if still unpaid.")
    payment_started_at = models.DateTimeField(null=True, blank=True, help_text="From then on its total stands.")
    estimated_ready_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    status_changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    anonymised_at = models.DateTimeField(null=True, blank=True)
    correlation_id = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The trace of the request that placed it."
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["external_id", "placed_by"],  # in this order it also serves a search for the id alone
                condition=Q(external_id__isnull=False),
                name="order_external_id_unique",
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(
                condition=Q(total__gte=F("items_total"), items_total__gte=0), name="order_total_not_below_items"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[OrderStatus.DELIVERED, OrderStatus.CANCELLED], ended_at__isnull=False)
                | (~Q(status__in=[OrderStatus.DELIVERED, OrderStatus.CANCELLED]) & Q(ended_at__isnull=True)),
                name="order_ended_when_final",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[OrderStatus.ASSIGNED, OrderStatus.PICKED_UP]) | Q(courier_id__isnull=False),
                name="order_carried_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index("status", "id", name="order_status"),
            models.Index("store", "id", name="order_store"),
            models.Index("customer", "id", name="order_customer"),
            models.Index("courier_id", "id", name="order_courier"),
            models.Index("expires_at", condition=Q(status="created"), name="order_expiring"),
            models.Index(
                "status", "status_changed_at", condition=Q(status__in=["paid", "confirmed"]), name="order_waiting"
            ),
            models.Index(
                "ended_at", condition=Q(status="cancelled", payment_started_at__isnull=False), name="order_to_give_back"
            ),
            models.Index("ended_at", "status", condition=Q(ended_at__isnull=False), name="order_ended"),
            models.Index(
                "ended_at", condition=Q(anonymised_at__isnull=True, ended_at__isnull=False), name="order_personal_data"
            ),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"

    @property
    def due_at(self) -> datetime:
        return self.created_at + delivery_target()

    @property
    def has_dropoff(self) -> bool:
        return self.dropoff_latitude is not None and self.dropoff_longitude is not None

    @property
    def first_line(self) -> "OrderLine":
        """All there is to an order of the first release."""
        return self.lines.all()[0]

    @property
    def tracking_path(self) -> str:
        """The customer's page, which `tracking` serves."""
        return f"/track/{self.tracking_token}/"


class OrderLine(Entity):
    """A product as it was named and priced when it was ordered."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="order_lines")
    name = models.CharField(max_length=200)
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    quantity = models.PositiveIntegerField()
    line_total = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "product"], name="order_line_once_per_product"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity_positive"),
            # SQLite multiplies as floats: 4.35 * 3 is not 13.05 there until it is rounded.
            models.CheckConstraint(
                condition=Q(line_total=Round(F("unit_price") * F("quantity"), precision=2)),
                name="order_line_total_fits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"  # noqa: RUF001


class ChargeKind(models.TextChoices):
    DELIVERY = "delivery", "Delivery fee"
    TIP = "tip", "Tip"


class Charge(Entity):
    """What an order costs beside its lines."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="charges")
    kind = models.CharField(max_length=10, choices=ChargeKind)
    amount = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "kind"], name="charge_once_per_kind"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="charge_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class TimelineEntry(Entity):
    """One thing that happened to an order: who, from what to what, when, why, under which request."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="timeline")
    what = models.CharField(max_length=32, help_text="Past fact, as in the event of the same name.")
    from_status = models.CharField(max_length=10, choices=OrderStatus, blank=True)
    to_status = models.CharField(max_length=10, choices=OrderStatus)
    actor_kind = models.CharField(max_length=12, choices=ActorKind)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=64)
    reason = models.CharField(max_length=300, blank=True)
    order_version = models.PositiveIntegerField()
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        verbose_name_plural = "timeline entries"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "order_version"], name="timeline_one_entry_per_version"),
        ]
        indexes: ClassVar = [models.Index("order", "id", name="timeline_order")]

    def __str__(self) -> str:
        return f"{self.what} by {self.actor_label}"

"""Stores, what they sell, and how much of it there is."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from accounts.roles import Role
from api.models_base import Entity, VersionedEntity

CURRENCY_VALIDATOR = RegexValidator(r"^[A-Z]{3}\Z", "An ISO 4217 code of three capital letters.")


class StoreQuerySet(models.QuerySet["Store"]):
    def run_by(self, user: User) -> "StoreQuerySet":
        """The stores whose orders, stock and settings this user may reach."""
        if user.sees_all_stores:
            return self
        if user.role not in (Role.STORE_STAFF, Role.INTEGRATOR):
            return self.none()
        return self.filter(memberships__user=user)

    def visible_to(self, user: User) -> "StoreQuerySet":
        """Everybody sees the active ones; the others only who runs them."""
        if user.sees_all_stores:
            return self
        own = Store.objects.run_by(user)
        return self.filter(Q(is_active=True) | Q(pk__in=own.values("pk")))

    def ridden_for_by(self, user: User) -> "StoreQuerySet":
        """A courier rides for the stores of their memberships, or for every store when they have none."""
        if Membership.objects.filter(user=user).exists():
            return self.filter(memberships__user=user)
        return self


class Store(VersionedEntity):
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=300)
    phone = models.CharField(max_length=32, blank=True, help_text="For customers' questions; shown on their orders.")
    email = models.EmailField(blank=True, help_text="For customers' questions; shown on their orders.")
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name; decides the store's “today”.")
    currency = models.CharField(max_length=3, default="EUR", validators=[CURRENCY_VALIDATOR])
    is_active = models.BooleanField(default=True)
    is_paused = models.BooleanField(default=False, help_text="Takes no new orders while paused.")
    delivery_radius_m = models.PositiveIntegerField(
        null=True, blank=True, help_text="Straight-line metres from the store; empty means no limit."
    )
    delivery_base_fee = models.DecimalField(
        max_digits=12, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    delivery_fee_per_km = models.DecimalField(
        max_digits=12, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    preparation_minutes = models.PositiveSmallIntegerField(default=15)
    confirms_automatically = models.BooleanField(
        default=False, help_text="Orders that are paid, or paid in cash, are confirmed without staff."
    )
    requires_pin = models.BooleanField(
        default=False, help_text="The courier has to enter the customer's PIN at the door."
    )
    open_pool = models.BooleanField(
        default=True, help_text="Couriers may take any confirmed order; else only those that were offered to them."
    )

    offers_automatically = models.BooleanField(
        default=False, help_text="Waiting orders are offered to the couriers they fit best, by themselves."
    )

    objects = StoreQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(latitude__range=(-90, 90), longitude__range=(-180, 180)), name="store_position_on_earth"
            ),
            models.CheckConstraint(
                condition=Q(delivery_base_fee__gte=0, delivery_fee_per_km__gte=0), name="store_fees_not_negative"
            ),
        ]
        indexes: ClassVar = [models.Index("is_active", "id", name="store_active")]

    def __str__(self) -> str:
        return self.name


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class OpeningHours(Entity):
    """One opening of a store in its own time zone; `closes` at or before `opens` means the next day.

    A store without any row is open around the clock.
    """

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        verbose_name_plural = "opening hours"
        ordering: ClassVar = ["weekday", "opens"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "weekday", "opens"], name="opening_hours_unique"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_hours_weekday"),
        ]

    def __str__(self) -> str:
        return f"{Weekday(self.weekday).label} {self.opens:%H:%M}–{self.closes:%H:%M}"  # noqa: RUF001


class Membership(Entity):
    """Ties a user to a store: staff and integrators run it, couriers ride for it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "store"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} at {self.store}"


class ProductQuerySet(models.QuerySet["Product"]):
    def active(self) -> "ProductQuerySet":
        return self.filter(is_active=True, store__is_active=True)

    def run_by(self, user: User) -> "ProductQuerySet":
        if user.sees_all_stores:
            return self
        return self.filter(store__in=Store.objects.run_by(user).values("pk"))

    def visible_to(self, user: User) -> "ProductQuerySet":
        """Everybody sees what is on sale; the rest only who runs the store."""
        if user.sees_all_stores:
            return self
        own = Store.objects.run_by(user).values("pk")
        return self.filter(Q(is_active=True, store__is_active=True) | Q(store__in=own))


class Product(VersionedEntity):
    """What a store sells. `stock` equals the sum of its ledger and changes only with it; `version` ignores stock."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products")
    sku = models.CharField("SKU", max_length=64)
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, validators=[CURRENCY_VALIDATOR])
    stock = models.IntegerField(default=0, editable=False)
    low_stock_threshold = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "sku"], name="product_sku_unique_in_store"),
            models.CheckConstraint(condition=Q(stock__gte=0), name="product_stock_not_negative"),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
        ]
        indexes: ClassVar = [models.Index("is_active", "id", name="product_active")]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"


class StockReason(models.TextChoices):
    RECEIVED = "received", "Received"
    COUNTED = "counted", "Counted"
    DAMAGED = "damaged", "Damaged"
    CORRECTED = "corrected", "Corrected"
    RESERVED = "reserved", "Reserved for an order"
    RESTOCKED = "restocked", "Returned from an order"


BY_HAND = (StockReason.RECEIVED, StockReason.COUNTED, StockReason.DAMAGED, StockReason.CORRECTED)


class StockEntry(Entity):
    """The ledger of a product's stock; rows are only ever added."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="stock_entries")
    delta = models.IntegerField()
    reason = models.CharField(max_length=16, choices=StockReason)
    order_id = models.UUIDField(null=True, blank=True, db_index=True)
    actor_id = models.UUIDField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "stock entries"
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(delta=0), name="stock_entry_changes_something"),
            models.UniqueConstraint(
                F("product"), F("order_id"), F("reason"), condition=Q(order_id__isnull=False),
                name="stock_entry_once_per_order",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.reason}"

"""The ways of orders along roads, as a routing engine gave them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from api.models_base import Entity
from couriers.vehicles import Vehicle
from orders.models import Order


class OrderRoute(Entity):
    """From an order's store to its door, for one vehicle; both stay where they are once somebody is on the way.

    A row without `seconds` is one that an engine is to be asked for, at `ask_at`, or is not any more. It shows a door,
    so it goes when the order is over. `points` are latitude and longitude.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="routes")
    vehicle = models.CharField(max_length=12, choices=Vehicle)
    attempts = models.PositiveSmallIntegerField(default=0)
    ask_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    seconds = models.FloatField(null=True, blank=True)
    metres = models.FloatField(null=True, blank=True)
    points = models.JSONField(default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "vehicle"], name="route_once_per_vehicle"),
            models.CheckConstraint(
                condition=Q(seconds=None, metres=None) | Q(seconds__gte=0, metres__gte=0, ask_at=None),
                name="route_known_or_asked_for",
            ),
        ]
        indexes: ClassVar = [models.Index("ask_at", condition=Q(ask_at__isnull=False), name="route_due")]

    def __str__(self) -> str:
        return f"Way of {self.order_id} by {Vehicle(self.vehicle).label.lower()}"

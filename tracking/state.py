"""What is going on in the whole system."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from api.remembering import remembered
from couriers.models import Assignment, Courier
from couriers.states import CourierStatus
from orders.models import Order
from orders.states import ACTIVE, WITH_COURIER, OrderStatus

COUNTED_FOR_SECONDS: Final = 3600
_COURIER_FIELDS: Final = (
    "name", "vehicle", "capacity", "active_orders", "status", "latitude", "longitude", "position_recorded_at",
)  # fmt: skip
# Longer than a transaction that ends an order may take from the moment it writes down to its commit.
SETTLED_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Carried:
    """An active assignment."""

    id: UUID
    order_id: UUID
    order_number: str
    status: str


@dataclass(frozen=True, slots=True)
class CourierAtWork:
    courier: Courier
    carried: Sequence[Carried]


@dataclass(frozen=True, kw_only=True)
class SystemState:
    generated_at: datetime
    orders_by_status: Mapping[str, int]
    completed_today: int
    couriers: tuple[CourierAtWork, ...]
    """Those who are online or carry something."""

    @property
    def total_orders(self) -> int:
        return sum(self.orders_by_status.values())

    @property
    def active_deliveries(self) -> int:
        return sum(self.orders_by_status[status] for status in WITH_COURIER)

    @property
    def waiting_for_courier(self) -> int:
        return self.orders_by_status[OrderStatus.CONFIRMED]

    @property
    def online_couriers(self) -> int:
        return sum(one.courier.status == CourierStatus.AVAILABLE for one in self.couriers)


def system_state() -> SystemState:
    """The caller sees to it that everything is read in one moment. A fixed number of queries; what they cost depends
    on what is going on, not on how much has been."""
    now = timezone.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = _by_status(Order.objects.filter(status__in=ACTIVE)) + _ended(now)
    return SystemState(
        generated_at=now,
        orders_by_status={status.value: counts[status.value] for status in OrderStatus},
        completed_today=Order.objects.filter(ended_at__gte=today, status=OrderStatus.DELIVERED).count(),
        couriers=tuple(_couriers_at_work()),
    )


def _ended(now: datetime) -> Counter[str]:
    """All there ever were, of which only the last hour's are counted each time: an end is final."""
    until, counts = remembered("tracking.ended-orders", seconds=COUNTED_FOR_SECONDS, make=lambda: _ended_before(now))
    return counts + _by_status(Order.objects.filter(ended_at__gte=until))


def _ended_before(now: datetime) -> tuple[datetime, Counter[str]]:
    until = now - SETTLED_AFTER
    return until, _by_status(Order.objects.filter(ended_at__lt=until))


def _by_status(orders: QuerySet[Order]) -> Counter[str]:
    return Counter(dict(orders.order_by().values_list("status").annotate(Count("pk"))))


def _couriers_at_work() -> Iterator[CourierAtWork]:
    """There may be thousands, with thousands of orders: only what is shown is read of them."""
    at_work = Q(status=CourierStatus.AVAILABLE) | Q(active_orders__gt=0)
    carried: defaultdict[UUID, list[Carried]] = defaultdict(list)
    active = Assignment.objects.active().order_by("pk")
    rows = active.values_list("courier_id", "pk", "order_id", "order__number", "status")
    for courier_id, assignment_id, order_id, number, status in rows:
        carried[courier_id].append(Carried(assignment_id, order_id, number, status))
    for courier in Courier.objects.filter(at_work, is_active=True).only(*_COURIER_FIELDS):
        yield CourierAtWork(courier, carried[courier.pk])

"""What the customer's page says about an order, in words. Pure; the template only lays it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from catalog.geography import Position, distance_m
from orders.models import Order
from orders.states import OrderStatus, PaymentMethod
from tracking.selectors import Delivery

REFRESH_SECONDS: Final = 20
# A page needs no sharper distance, and the door itself is not shown.
DISTANCE_STEP_M: Final = 100

_STEPS: Final = ("Placed", "In preparation", "On its way", "Delivered")
_STEP_OF: Final[Mapping[OrderStatus, int]] = {
    OrderStatus.CREATED: 0,
    OrderStatus.PAID: 0,
    OrderStatus.CONFIRMED: 1,
    OrderStatus.ASSIGNED: 1,
    OrderStatus.PICKED_UP: 2,
    OrderStatus.FAILED: 2,
    OrderStatus.DELIVERED: 3,
}
_WORDS: Final[Mapping[OrderStatus, tuple[str, str]]] = {
    OrderStatus.CREATED: ("Waiting for your payment", "As soon as it has arrived, the store takes over."),
    OrderStatus.PAID: ("Waiting for the store", "Your order is paid; the store will confirm it in a moment."),
    OrderStatus.CONFIRMED: ("In preparation", "The store has confirmed your order and is preparing it."),
    OrderStatus.ASSIGNED: ("In preparation", "A courier is coming to the store to fetch it."),
    OrderStatus.PICKED_UP: ("On its way", "Your courier is on the way to you."),
    OrderStatus.DELIVERED: ("Delivered", "Enjoy! Thank you for your order."),
    OrderStatus.FAILED: ("Not delivered", "Your courier could not hand it over. The store decides what happens next."),
    OrderStatus.CANCELLED: ("Cancelled", "This order will not be delivered. The store refunds what is due to you."),
}
_READY_WORDS: Final[Mapping[OrderStatus, tuple[str, str]]] = {
    OrderStatus.CONFIRMED: ("Ready at the store", "The next free courier will fetch it."),
    OrderStatus.ASSIGNED: ("Ready at the store", "Your courier is coming to fetch it."),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str
    is_done: bool
    is_current: bool

    @property
    def state(self) -> str:
        """The style sheet's word for it, too."""
        if self.is_done:
            return "done"
        return "current" if self.is_current else "next"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Where the courier was last, for those who may know. static/js/tracking.js says it in the same words."""

    position: Position
    recorded_at: datetime
    age_seconds: int
    distance_m: int

    @classmethod
    def at(cls, position: Position, recorded_at: datetime, *, delivery: Delivery) -> Self:
        steps = round(distance_m(position, delivery.journey.door) / DISTANCE_STEP_M)
        age_seconds = max(0, int((delivery.now - recorded_at).total_seconds()))
        return cls(
            position=position, recorded_at=recorded_at, age_seconds=age_seconds, distance_m=steps * DISTANCE_STEP_M
        )

    @property
    def age(self) -> str:
        return f"{self.age_seconds} s ago" if self.age_seconds < 60 else f"{self.age_seconds // 60} min ago"

    @property
    def distance(self) -> str:
        return f"{self.distance_m} m" if self.distance_m < 1000 else f"{self.distance_m / 1000:.1f} km"


@dataclass(frozen=True, kw_only=True)
class TrackingPage:
    delivery: Delivery
    headline: str
    lead: str
    steps: tuple[Step, ...]
    minutes_left: int | None
    seen: Seen | None
    pin: str
    cash_due: bool
    refresh_seconds: int | None

    @property
    def order(self) -> Order:
        return self.delivery.order

    @property
    def delivered_at(self) -> datetime | None:
        return self.delivery.assignment.delivered_at if self.delivery.assignment else None


def tracking_page(delivery: Delivery) -> TrackingPage:
    order = delivery.order
    headline, lead = _words(order)
    return TrackingPage(
        delivery=delivery,
        headline=headline,
        lead=lead,
        steps=_steps(OrderStatus(order.status)),
        minutes_left=None if delivery.eta_seconds is None else max(1, round(delivery.eta_seconds / 60)),
        seen=_seen(delivery),
        pin="" if delivery.is_over else order.pin,
        cash_due=order.payment_method == PaymentMethod.CASH and not delivery.is_over,
        refresh_seconds=None if delivery.is_over else REFRESH_SECONDS,
    )


def _seen(delivery: Delivery) -> Seen | None:
    courier = delivery.shown_position_of
    if courier is None or courier.latitude is None or courier.longitude is None or courier.position_recorded_at is None:
        return None
    return Seen.at(Position(courier.latitude, courier.longitude), courier.position_recorded_at, delivery=delivery)


def _words(order: Order) -> tuple[str, str]:
    status = OrderStatus(order.status)
    if order.ready_at is not None and status in _READY_WORDS:
        return _READY_WORDS[status]
    if status == OrderStatus.CREATED and order.payment_method == PaymentMethod.CASH:
        return "Waiting for the store", "The store will confirm your order in a moment."
    return _WORDS[status]


def _steps(status: OrderStatus) -> tuple[Step, ...]:
    """None for an order that will not get there."""
    reached = _STEP_OF.get(status)
    if reached is None:
        return ()
    return tuple(
        Step(
            name=name,
            is_done=index < reached or status == OrderStatus.DELIVERED,
            is_current=index == reached and status != OrderStatus.DELIVERED,
        )
        for index, name in enumerate(_STEPS)
    )

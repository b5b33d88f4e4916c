"""What the customer's page says about an order, in words. Pure; the template only lays it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from django.utils.translation import gettext

from catalog.geography import Position, distance_m
from catalog.money import amount_words, money_words
from orders.models import Order
from orders.states import OrderStatus, PaymentMethod
from tracking.cancelling import can_be_cancelled
from tracking.roads.route import Point, road_between, road_text
from tracking.selectors import Delivery
from tracking.wording import (
    STEPS,
    age_words,
    charge_words,
    distance_words,
    headline_and_lead,
    left_words,
    patterns,
    refund_words,
    vehicle_words,
)

REFRESH_SECONDS: Final = 20
# A page needs no sharper distance.
DISTANCE_STEP_M: Final = 100
# About ten metres: the house, not the flat.
DOOR_DIGITS: Final = 4

_STEP_OF: Final[Mapping[OrderStatus, int]] = {
    OrderStatus.CREATED: 0,
    OrderStatus.PAID: 0,
    OrderStatus.CONFIRMED: 1,
    OrderStatus.ASSIGNED: 1,
    OrderStatus.PICKED_UP: 2,
    OrderStatus.FAILED: 2,
    OrderStatus.DELIVERED: 3,
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
    """Where the courier was last, for those who may know."""

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
        return age_words(self.age_seconds)

    @property
    def distance(self) -> str:
        return distance_words(self.distance_m)


@dataclass(frozen=True, kw_only=True)
class Line:
    """Of the bill; a charge has no quantity."""

    quantity: int | None
    name: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """What stays where it is on the map, in latitude and longitude. `road` leads from the store to the door, and is
    empty where the roads are not known."""

    store: Point
    door: Point
    road: tuple[Point, ...]

    @property
    def road_text(self) -> str:
        return road_text(self.road)


@dataclass(frozen=True, kw_only=True)
class TrackingPage:
    delivery: Delivery
    headline: str
    lead: str
    steps: tuple[Step, ...]
    seen: Seen | None
    way: Way | None
    pin: str
    cash_due: bool
    can_cancel: bool
    refresh_seconds: int | None

    @property
    def order(self) -> Order:
        return self.delivery.order

    @property
    def delivered_at(self) -> datetime | None:
        return self.delivery.assignment.delivered_at if self.delivery.assignment else None

    @property
    def left(self) -> str:
        return "" if self.delivery.eta_seconds is None else left_words(self.delivery.eta_seconds)

    @property
    def vehicle(self) -> str:
        return vehicle_words(self.delivery.courier.vehicle) if self.delivery.courier else ""

    @property
    def bill(self) -> list[Line]:
        order = self.order
        goods = [
            Line(quantity=line.quantity, name=line.name, amount=amount_words(line.line_total))
            for line in order.lines.all()
        ]
        charges = [
            Line(quantity=None, name=charge_words(charge.kind), amount=amount_words(charge.amount))
            for charge in order.charges.all()
        ]
        return [*goods, *charges]

    @property
    def total(self) -> str:
        return money_words(self.order.total, self.order.currency)

    @property
    def refund(self) -> str:
        return refund_words(self.order)

    @property
    def patterns(self) -> Mapping[str, str]:
        return patterns()


def tracking_page(delivery: Delivery) -> TrackingPage:
    order = delivery.order
    headline, lead = headline_and_lead(order)
    return TrackingPage(
        delivery=delivery,
        headline=headline,
        lead=lead,
        steps=_steps(OrderStatus(order.status)),
        seen=_seen(delivery),
        way=_way(delivery),
        pin="" if delivery.is_over else order.pin,
        cash_due=order.payment_method == PaymentMethod.CASH and not delivery.is_over,
        can_cancel=can_be_cancelled(order),
        refresh_seconds=None if delivery.is_over else REFRESH_SECONDS,
    )


def _seen(delivery: Delivery) -> Seen | None:
    courier = delivery.shown_position_of
    if courier is None or courier.latitude is None or courier.longitude is None or courier.position_recorded_at is None:
        return None
    return Seen.at(Position(courier.latitude, courier.longitude), courier.position_recorded_at, delivery=delivery)


def _way(delivery: Delivery) -> Way | None:
    """While the courier brings it, whose position leads to the door in any case (docs/decisions/0013)."""
    order, door = delivery.order, delivery.journey.door
    if order.status != OrderStatus.PICKED_UP:
        return None
    shown_door = (round(door.latitude, DOOR_DIGITS), round(door.longitude, DOOR_DIGITS))
    store = (order.store.latitude, order.store.longitude)
    road = road_between(store, shown_door, route=delivery.journey.route)
    return Way(store=store, door=shown_door, road=road)


def _steps(status: OrderStatus) -> tuple[Step, ...]:
    """None for an order that will not get there."""
    reached = _STEP_OF.get(status)
    if reached is None:
        return ()
    return tuple(
        Step(
            name=gettext(name),
            is_done=index < reached or status == OrderStatus.DELIVERED,
            is_current=index == reached and status != OrderStatus.DELIVERED,
        )
        for index, name in enumerate(STEPS)
    )

"""Where an order goes: what its page draws on a map, and when it will be there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from catalog.map_tiles import Tiles, map_tiles
from couriers.models import Assignment, Courier
from couriers.states import STALE_AFTER_SECONDS
from operations.admin.stuck.cases import age_of
from orders.models import Order
from orders.states import FINAL, ON_ITS_WAY, WITH_COURIER
from tracking.eta import eta_seconds
from tracking.in_hand import Tours
from tracking.roads.route import Route, road_between, road_text
from tracking.selectors import journey_of


@dataclass(frozen=True, kw_only=True)
class Way:
    """Positions as `latitude,longitude`; the courier's only while they have the order. `road` has many, from the store
    to the door, where the way along the roads is known."""

    store: str
    door: str
    road: str
    courier: str
    courier_name: str
    seen: str
    is_stale: bool
    tiles: Tiles | None
    live_url: str
    """Where the page asks how it goes on; empty where nothing moves."""


@dataclass(frozen=True, kw_only=True)
class Times:
    due_at: datetime
    lateness: str
    eta: datetime | None


def way_of(order: Order, assignments: Sequence[Assignment], *, route: Route | None) -> Way | None:
    """Nothing of an order without a drop-off."""
    if order.dropoff_latitude is None or order.dropoff_longitude is None:
        return None
    store, door = (order.store.latitude, order.store.longitude), (order.dropoff_latitude, order.dropoff_longitude)
    courier, now = _courier(order, assignments), timezone.now()
    seen_at = courier.position_recorded_at if courier else None
    return Way(
        store=_text(*store),
        door=_text(*door),
        road=road_text(road_between(store, door, route=route)),
        courier=_text(courier.latitude, courier.longitude) if courier and courier.has_position else "",
        courier_name=courier.name if courier else "",
        seen=f"{age_of(seen_at, now=now)} ago" if seen_at else "",
        is_stale=seen_at is not None and now - seen_at > timedelta(seconds=STALE_AFTER_SECONDS),
        tiles=map_tiles(),
        live_url=_live_url(order),
    )


def times_of(order: Order, assignments: Sequence[Assignment], *, tours: Tours) -> Times | None:
    """Nothing of an order that is over."""
    if order.status in FINAL:
        return None
    now = timezone.now()
    held = next((one for one in assignments if one.is_active), None)
    seconds = eta_seconds(journey_of(order, held, now=now, tours=tours))
    is_late = order.status in ON_ITS_WAY and order.due_at < now
    return Times(
        due_at=order.due_at,
        lateness=f"{age_of(order.due_at, now=now)} late" if is_late else "",
        eta=None if seconds is None else now + timedelta(seconds=seconds),
    )


def _courier(order: Order, assignments: Sequence[Assignment]) -> Courier | None:
    if order.status not in WITH_COURIER:
        return None
    return next((one.courier for one in assignments if one.is_active), None)


def _live_url(order: Order) -> str:
    return f"/api/v2/deliveries/{order.pk}" if order.status in WITH_COURIER else ""


def _text(latitude: float | None, longitude: float | None) -> str:
    return "" if latitude is None or longitude is None else f"{latitude:.6f},{longitude:.6f}"

"""Whether a store takes an order, and the reason when it does not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from api.moments import moment
from catalog.errors import OutsideDeliveryArea, StoreClosed
from catalog.geography import Position, distance_m
from catalog.hours import Opening, is_open, next_opening
from catalog.models import Store


def refuse_if_unavailable(store: Store, *, at: datetime, dropoff: Position | None) -> None:
    """Raises StoreClosed and OutsideDeliveryArea. Without a drop-off there is no distance to refuse."""
    if not store.is_active:
        raise StoreClosed("The store is no longer active.", reason="inactive", opens_at=None)
    if store.is_paused:
        raise StoreClosed("The store is taking a break.", reason="paused", opens_at=None)
    if not is_open(openings_of(store), at=at, zone=ZoneInfo(store.time_zone)):
        raise StoreClosed("The store is closed at this hour.", reason="closed", opens_at=_opens_at(store, after=at))
    if dropoff is not None:
        _refuse_if_too_far(store, dropoff=dropoff)


def takes_orders(store: Store, *, at: datetime) -> bool:
    """Active, not paused and open by its hours."""
    return (
        store.is_active and not store.is_paused and is_open(openings_of(store), at=at, zone=ZoneInfo(store.time_zone))
    )


def openings_of(store: Store) -> list[Opening]:
    """Reads prefetched rows where there are some."""
    rows = store.opening_hours.all()
    return [Opening(weekday=row.weekday, opens=row.opens, closes=row.closes) for row in rows]


def _opens_at(store: Store, *, after: datetime) -> str | None:
    opening = next_opening(openings_of(store), after=after, zone=ZoneInfo(store.time_zone))
    return moment(opening.astimezone(UTC)) if opening else None


def _refuse_if_too_far(store: Store, *, dropoff: Position) -> None:
    radius_m = store.delivery_radius_m
    away_m = distance_m(Position(store.latitude, store.longitude), dropoff)
    if radius_m is not None and away_m > radius_m:
        raise OutsideDeliveryArea(
            f"The drop-off is {away_m / 1000:.1f} km from the store, which delivers up to {radius_m / 1000:.1f} km.",
            distance_m=round(away_m),
            radius_m=radius_m,
        )

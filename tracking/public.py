"""What the customer's page knows, as data: the same for a fetch, the socket's snapshot and after each of its events.

No drop-off, contact or phone: a link that went astray tells little.
"""

from datetime import datetime
from typing import Any, Final

from catalog.geography import Position, distance_m
from couriers.moving import Move
from events.envelopes import Envelope
from tracking.api.v2.serializers import DeliverySerializer
from tracking.page import tracking_page
from tracking.selectors import Delivery

# A page needs no sharper one, and the door itself is not shown.
DISTANCE_STEP_M: Final = 100


def public_delivery(delivery: Delivery) -> dict[str, Any]:
    """Reads nothing: everything has come with the delivery."""
    page = tracking_page(delivery)
    data: dict[str, Any] = {**DeliverySerializer(delivery).data}
    del data["dropoff"]
    if delivery.shown_position_of:
        data["courier"]["position"] = _position_of(delivery)
    return {
        **data,
        "headline": page.headline,
        "lead": page.lead,
        "steps": [{"name": step.name, "state": step.state} for step in page.steps],
        "pin": page.pin,
        "cash_due": page.cash_due,
        "is_over": delivery.is_over,
        "as_of": _moment(delivery.now),
    }


def public_move(delivery: Delivery, move: Move) -> dict[str, Any]:
    """What of the data a position changes. The caller has seen that this delivery shows it."""
    return {
        "progress": delivery.progress,
        "eta": _moment(delivery.eta),
        "eta_seconds": delivery.eta_seconds,
        "as_of": _moment(delivery.now),
        "position": _position(delivery, move.position, recorded_at=move.recorded_at),
    }


def public_event(event: Envelope) -> dict[str, Any]:
    """That something has happened. Who did it and why, and what else it names, is the shop's business."""
    return {name: value for name, value in event.as_json().items() if name in {"id", "type", "occurred_at", "sequence"}}


def _position_of(delivery: Delivery) -> dict[str, Any]:
    courier = delivery.shown_position_of
    assert courier is not None
    assert courier.latitude is not None
    assert courier.longitude is not None
    assert courier.position_recorded_at is not None
    where = Position(courier.latitude, courier.longitude)
    return _position(delivery, where, recorded_at=courier.position_recorded_at)


def _position(delivery: Delivery, where: Position, *, recorded_at: datetime) -> dict[str, Any]:
    distance = distance_m(where, delivery.journey.door)
    return {
        "latitude": where.latitude,
        "longitude": where.longitude,
        "recorded_at": _moment(recorded_at),
        "age_seconds": max(0, int((delivery.now - recorded_at).total_seconds())),
        "distance_m": round(distance / DISTANCE_STEP_M) * DISTANCE_STEP_M,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None

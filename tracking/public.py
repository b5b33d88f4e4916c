"""What the customer's page knows, as data: the same for a fetch, the socket's snapshot and after each of its events.

No address, contact or phone: a link that went astray tells little.
"""

from dataclasses import asdict
from typing import Any

from api.moments import moment
from couriers.moving import Move
from events.envelopes import Envelope
from tracking.api.v2.serializers import DeliverySerializer
from tracking.arrival import Window
from tracking.page import Seen, tracking_page
from tracking.selectors import Delivery


def public_delivery(delivery: Delivery) -> dict[str, Any]:
    """Reads nothing: everything has come with the delivery."""
    page = tracking_page(delivery)
    data: dict[str, Any] = {**DeliverySerializer(delivery).data}
    del data["dropoff"]
    if page.seen:
        data["courier"]["position"] = _position(page.seen)
    return {
        **data,
        "headline": page.headline,
        "lead": page.lead,
        "steps": [{"name": step.name, "state": step.state} for step in page.steps],
        "pin": page.pin,
        "cash_due": page.cash_due,
        "can_cancel": page.can_cancel,
        "way": asdict(page.way) if page.way else None,
        "arrival": _window(delivery.arrival),
        "is_over": delivery.is_over,
        "as_of": moment(delivery.now),
    }


def public_eta(delivery: Delivery) -> dict[str, Any]:
    """What of the data any move of the courier changes."""
    return {
        "progress": delivery.progress,
        "eta": moment(delivery.eta),
        "eta_seconds": delivery.eta_seconds,
        "arrival": _window(delivery.arrival),
        "as_of": moment(delivery.now),
    }


def public_position(delivery: Delivery, move: Move) -> dict[str, Any] | None:
    """None where the courier's whereabouts are not the reader's business."""
    if not delivery.shows_position_of(move.recorded_at):
        return None
    return _position(Seen.at(move.position, move.recorded_at, delivery=delivery))


def public_event(event: Envelope) -> dict[str, Any]:
    """That something has happened. Who did it and why, and what else it names, is the shop's business."""
    return {name: value for name, value in event.as_json().items() if name in {"id", "type", "occurred_at", "sequence"}}


def _position(seen: Seen) -> dict[str, Any]:
    return {
        "latitude": seen.position.latitude,
        "longitude": seen.position.longitude,
        "recorded_at": moment(seen.recorded_at),
        "age_seconds": seen.age_seconds,
        "distance_m": seen.distance_m,
    }


def _window(window: Window | None) -> dict[str, Any] | None:
    return {"from": moment(window.start), "to": moment(window.end)} if window else None

"""The events this platform publishes: past facts, named `<subject>.<fact>`."""

from typing import Final

EVENT_TYPES: Final = frozenset(
    {
        "order.created",
        "order.paid",
        "order.confirmed",
        "order.ready",
        "order.assigned",
        "order.unassigned",
        "order.picked_up",
        "order.delivered",
        "order.failed",
        "order.cancelled",
        "order.expired",
        "order.restocked",
        "order.courier_not_found",
        "order.updated",
        "payment.succeeded",
        "payment.failed",
        "payment.review_needed",
        "refund.requested",
        "refund.succeeded",
        "refund.failed",
        "assignment.offered",
        "assignment.accepted",
        "assignment.declined",
        "assignment.expired",
        "assignment.released",
        "courier.online",
        "courier.offline",
        "stock.low",
        "batch.rolled_back",
        "webhook_endpoint.pinged",
        "webhook_endpoint.disabled",
        "event_delivery.dead",
    }
)

SUBJECT_TYPES: Final = frozenset(
    {event_type.split(".")[0] for event_type in EVENT_TYPES} | {"product", "store", "user"}
)
"""What our events are about. Whatever else there is, is somebody else's."""

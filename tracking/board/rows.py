"""What the dispatchers' board shows, row by row, and the same as JSON (docs/tracking.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.moments import moment
from couriers.states import Availability, FailureReason
from orders.states import OrderStatus

Point = tuple[float, float]
"""Latitude and longitude."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedDelivery:
    """What the courier said who came back with the goods. What they noted stays with the assignment."""

    reason: FailureReason
    courier_name: str
    failed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderRow:
    """An open order. `courier_id` has it in hand; `offered_to` are asked. `failure`: while it waits for a decision."""

    id: UUID
    number: str
    status: OrderStatus
    version: int
    store_id: UUID
    placed_at: datetime
    ready_at: datetime | None
    is_ready: bool
    eta: datetime | None
    due_at: datetime
    door: Point | None
    items: int
    total: Decimal
    currency: str
    payment_method: str
    courier_id: UUID | None
    assignment_id: UUID | None
    offered_to: tuple[UUID, ...]
    failure: FailedDelivery | None
    urgency: float

    @property
    def needs_courier(self) -> bool:
        return self.status == OrderStatus.CONFIRMED

    @property
    def lasting(self) -> tuple[object, ...]:
        """What of it does not change with the clock, nor with the courier's every move."""
        return (self.version, self.status, self.courier_id, self.assignment_id, self.offered_to, self.ready_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedOrder:
    id: UUID
    store_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class CourierRow:
    """`store_ids`: for which stores they ride; none means for every store."""

    id: UUID
    name: str
    vehicle: str
    status: Availability
    position: Point | None
    recorded_at: datetime | None
    capacity: int
    carried: tuple[CarriedOrder, ...]
    store_ids: tuple[UUID, ...]

    @property
    def lasting(self) -> tuple[object, ...]:
        """What of it does not change with their every move."""
        return (self.name, self.vehicle, self.status, self.capacity, self.carried, self.store_ids)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreRow:
    id: UUID
    name: str
    position: Point


@dataclass(frozen=True, kw_only=True)
class Board:
    """`sequence`: every event up to it is contained; what came later may be."""

    generated_at: datetime
    sequence: int
    orders: Mapping[UUID, OrderRow]
    couriers: Mapping[UUID, CourierRow]
    stores: Mapping[UUID, StoreRow]


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where the rows' own pages are, for a reader who may open them."""

    orders: str
    couriers: str | None

    def as_json(self, row: OrderRow | CourierRow) -> dict[str, Any]:
        if isinstance(row, OrderRow):
            return {**_order(row), "url": f"{self.orders}{row.id}/change/"}
        return {**_courier(row), "url": None if self.couriers is None else f"{self.couriers}{row.id}/change/"}


def board_as_json(board: Board, *, links: Links) -> dict[str, Any]:
    return {
        "generated_at": moment(board.generated_at),
        "sequence": board.sequence,
        "orders": [links.as_json(row) for row in board.orders.values()],
        "couriers": [links.as_json(row) for row in board.couriers.values()],
        "stores": [{"id": str(row.id), "name": row.name, "position": row.position} for row in board.stores.values()],
    }


def _order(row: OrderRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "number": row.number,
        "status": row.status.value,
        "version": row.version,
        "store_id": str(row.store_id),
        "placed_at": moment(row.placed_at),
        "ready_at": moment(row.ready_at),
        "is_ready": row.is_ready,
        "eta": moment(row.eta),
        "due_at": moment(row.due_at),
        "door": row.door,
        "items": row.items,
        "total": str(row.total),
        "currency": row.currency,
        "payment_method": row.payment_method,
        "courier_id": _text(row.courier_id),
        "assignment_id": _text(row.assignment_id),
        "offered_to": [str(courier_id) for courier_id in row.offered_to],
        "failure": _failure(row.failure),
        "needs_courier": row.needs_courier,
        "urgency": row.urgency,
    }


def _failure(failure: FailedDelivery | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return {
        "reason": failure.reason.value,
        "label": failure.reason.label,
        "courier_name": failure.courier_name,
        "failed_at": moment(failure.failed_at),
    }


def _courier(row: CourierRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "vehicle": row.vehicle,
        "status": row.status.value,
        "position": row.position,
        "recorded_at": moment(row.recorded_at),
        "capacity": row.capacity,
        "order_ids": [str(order.id) for order in row.carried],
        "store_ids": [str(store_id) for store_id in row.store_ids],
    }


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None

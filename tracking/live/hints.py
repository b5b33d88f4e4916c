"""What processes with sockets are told. It may be lost: a hint says where to look, the database says what is so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from catalog.geography import Position
from couriers.moving import Move
from tracking.eta import Reached


@dataclass(frozen=True)
class OrdersChanged:
    """By order, the sequence of its latest event, or of that of another order which changes when it comes."""

    sequences: Mapping[UUID, int]

    def as_message(self) -> dict[str, Any]:
        return {"type": "orders", "sequences": {str(order_id): number for order_id, number in self.sequences.items()}}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        return cls({UUID(order_id): number for order_id, number in message["sequences"].items()})


@dataclass(frozen=True)
class CourierMoved:
    """A courier is further on, who carries these orders or is to fetch them, if any.

    What one of them means for the others is in `reached`, None where it is the only one: times, and no places.
    """

    move: Move
    reached: Mapping[UUID, Reached | None]

    def as_message(self) -> dict[str, Any]:
        return {
            "type": "courier",
            "courier_id": str(self.move.courier_id),
            "latitude": self.move.position.latitude,
            "longitude": self.move.position.longitude,
            "recorded_at": self.move.recorded_at.isoformat(),
            "reached": {
                str(order_id): None if at is None else [at.store, at.door] for order_id, at in self.reached.items()
            },
        }

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        move = Move(
            courier_id=UUID(message["courier_id"]),
            position=Position(message["latitude"], message["longitude"]),
            recorded_at=datetime.fromisoformat(message["recorded_at"]),
        )
        reached = message["reached"].items()
        return cls(move, {UUID(order_id): None if at is None else Reached(*at) for order_id, at in reached})


@dataclass(frozen=True)
class BoardChanged:
    """Something has happened that dispatchers see and customers do not: an offer, a courier coming online."""

    def as_message(self) -> dict[str, Any]:
        return {"type": "board"}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        return cls()


@dataclass(frozen=True)
class RouteFound:
    """It is known which way an order goes along the roads. There is no event of that."""

    order_id: UUID

    def as_message(self) -> dict[str, Any]:
        return {"type": "route", "order_id": str(self.order_id)}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        return cls(UUID(message["order_id"]))


Hint = OrdersChanged | CourierMoved | BoardChanged | RouteFound

_KINDS: Final[Mapping[str, type[Hint]]] = {
    "orders": OrdersChanged,
    "courier": CourierMoved,
    "board": BoardChanged,
    "route": RouteFound,
}


def hint_of(message: Mapping[str, Any]) -> Hint:
    """Raises KeyError, TypeError or ValueError for one that is not understood."""
    return _KINDS[message["type"]].of(message)

"""What the simulation reads out of the API's answers; fields it does not use are let be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from operations.simulation.geography import Place

Json = Mapping[str, Any]

OPEN_STATUSES = ("created", "paid", "confirmed", "assigned", "picked_up", "failed")
FINAL_STATUSES = ("delivered", "cancelled")


@dataclass(frozen=True, slots=True)
class Store:
    id: str
    name: str
    place: Place
    preparation_minutes: float
    offers_automatically: bool = False
    open_pool: bool = True

    @classmethod
    def read(cls, body: Json) -> "Store":
        return cls(
            id=body["id"],
            name=body["name"],
            place=Place(float(body["latitude"]), float(body["longitude"])),
            preparation_minutes=float(body.get("preparation_minutes") or 10),
            offers_automatically=bool(body.get("offers_automatically", False)),
            open_pool=bool(body.get("open_pool", True)),
        )


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    store_id: str
    sku: str
    name: str
    price: Decimal
    stock: int

    @classmethod
    def read(cls, body: Json) -> "Product":
        return cls(
            id=body["id"],
            store_id=body["store_id"],
            sku=body["sku"],
            name=body["name"],
            price=Decimal(body["price"]),
            stock=int(body["stock"]),
        )


@dataclass(frozen=True, slots=True)
class Line:
    product_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    number: str
    status: str
    version: int
    store_id: str
    payment_method: str
    total: Decimal
    currency: str
    lines: tuple[Line, ...]
    door: Place | None
    contact_name: str
    courier_id: str | None
    pin: str
    created_at: datetime
    ready_at: datetime | None
    tracking_url: str | None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def short_number(self) -> str:
        """Enough of the number to tell orders apart on a narrow screen."""
        return "#" + self.number.replace("-", "")[:4]

    @classmethod
    def read(cls, body: Json) -> "Order":
        return cls(
            id=body["id"],
            number=body["number"],
            status=body["status"],
            version=int(body["version"]),
            store_id=body["store_id"],
            payment_method=body["payment_method"],
            total=Decimal(body["total"]),
            currency=body["currency"],
            lines=tuple(Line(item["product_id"], int(item["quantity"])) for item in body["items"]),
            door=_place(body.get("dropoff")),
            contact_name=(body.get("contact") or {}).get("name") or "",
            courier_id=body.get("courier_id"),
            pin=body.get("pin") or "",
            created_at=moment(body["created_at"]),
            ready_at=moment(body["ready_at"]) if body.get("ready_at") else None,
            tracking_url=body.get("tracking_url"),
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    id: str
    order_id: str
    courier_id: str
    status: str

    @classmethod
    def read(cls, body: Json) -> "Assignment":
        return cls(body["id"], body["order_id"], body["courier_id"], body["status"])


@dataclass(frozen=True, slots=True)
class Courier:
    id: str
    name: str
    vehicle: str
    status: str
    top_speed_kmh: int | None
    position: Place | None

    @classmethod
    def read(cls, body: Json) -> "Courier":
        return cls(
            id=body["id"],
            name=body["name"],
            vehicle=body["vehicle"],
            status=body["status"],
            top_speed_kmh=body.get("top_speed_kmh"),
            position=_place(body.get("position")),
        )


@dataclass(frozen=True, slots=True)
class Person:
    """An account, as `users:manage` sees it."""

    id: str
    email: str
    name: str
    role: str

    @classmethod
    def read(cls, body: Json) -> "Person":
        return cls(body["id"], body["email"], body.get("name") or body["email"], body["role"])


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    what: str
    status: str
    at: datetime

    @classmethod
    def read(cls, body: Json) -> "TimelineEntry":
        return cls(body["what"], body["to_status"], moment(body["at"]))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _place(body: Json | None) -> Place | None:
    if not body or body.get("latitude") is None or body.get("longitude") is None:
        return None
    return Place(float(body["latitude"]), float(body["longitude"]))

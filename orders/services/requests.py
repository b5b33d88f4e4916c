"""What a caller asks for when placing or editing an order."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from accounts.models import User
from catalog.geography import Position
from orders.states import PaymentMethod


@dataclass(frozen=True, kw_only=True)
class Item:
    product_id: UUID
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Dropoff:
    address: str
    position: Position


@dataclass(frozen=True, kw_only=True)
class Contact:
    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    items: tuple[Item, ...]
    customer_id: UUID | None
    dropoff: Dropoff | None
    contact: Contact = field(default_factory=Contact)
    payment_method: PaymentMethod = PaymentMethod.ONLINE
    tip: Decimal = Decimal(0)
    note: str = ""
    external_id: str | None = None
    expected_total: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class OrderEdit:
    """The fields to change; None leaves one as it is."""

    dropoff: Dropoff | None = None
    contact: Contact | None = None
    note: str | None = None


def order_for_saved_dropoff(customer: User, *, product_id: UUID, quantity: int) -> NewOrder:
    """The first release's order: to where its user has everything sent, or to be told later."""
    saved = None
    if customer.dropoff_latitude is not None and customer.dropoff_longitude is not None:
        position = Position(customer.dropoff_latitude, customer.dropoff_longitude)
        saved = Dropoff(address=customer.dropoff_address, position=position)
    return NewOrder(
        items=(Item(product_id=product_id, quantity=quantity),),
        customer_id=customer.id,
        dropoff=saved,
        contact=Contact(name=customer.name, phone=customer.phone, email=customer.email),
    )

"""Placing an order: stock reserved, prices as they are, totals, timeline and event in one transaction."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from api.errors import FieldProblem
from api.identifiers import uuid7
from api.request_ids import current_trace_id, new_trace_id
from api.transactions import transactional
from catalog.models import Product, Store
from catalog.services.availability import refuse_if_unavailable
from catalog.services.pricing import delivery_fee
from catalog.services.stock import Demand, reserve
from orders.errors import ExternalIdTaken, ProductUnavailable, SeveralStores, TotalChanged, TotalTooLarge
from orders.models import Charge, ChargeKind, Order, OrderLine
from orders.selectors import products_on_sale_for
from orders.services.confirming import confirm_if_automatic
from orders.services.recording import record
from orders.services.requests import NewOrder
from orders.states import PaymentMethod

Charges = Mapping[ChargeKind, Decimal]

# The most its column holds.
MAX_TOTAL: Final = Decimal("9999999999.99")


@transactional
def place_order(new: NewOrder, *, placed_by: User) -> Order:
    """Raises ProductUnavailable, SeveralStores, StoreClosed, OutsideDeliveryArea, InsufficientStock, TotalTooLarge,
    TotalChanged, ExternalIdTaken; then nothing is reserved."""
    actor = Actor.of(placed_by)
    _refuse_taken_external_id(new, placed_by=placed_by)
    store = _store_of(new, placed_by=placed_by)
    position = new.dropoff.position if new.dropoff else None
    now = timezone.now()
    refuse_if_unavailable(store, at=now, dropoff=position)
    order = _draft(new, store=store, placed_by=placed_by, now=now)
    products = reserve(_demands(new), order_id=order.id, actor=actor)
    lines = _lines(order, new=new, products=products)
    charges = charges_for(delivery=delivery_fee(store, dropoff=position), tip=new.tip)
    set_totals(order, items_total=sum((line.line_total for line in lines), Decimal(0)), charges=charges)
    _refuse_unexpected_total(order, expected=new.expected_total)
    _save(order, lines=lines, charges=charges, actor=actor)
    confirm_if_automatic(order)
    return order


def charges_for(*, delivery: Decimal, tip: Decimal) -> Charges:
    """What is charged beside the lines; what costs nothing leaves no row."""
    amounts = {ChargeKind.DELIVERY: delivery, ChargeKind.TIP: tip}
    return {kind: amount for kind, amount in amounts.items() if amount > 0}


def set_totals(order: Order, *, items_total: Decimal, charges: Charges) -> None:
    """Raises TotalTooLarge."""
    order.items_total = items_total
    order.total = items_total + sum(charges.values(), Decimal(0))
    if order.total > MAX_TOTAL:
        raise TotalTooLarge(limit=str(MAX_TOTAL), currency=order.currency)


def _refuse_taken_external_id(new: NewOrder, *, placed_by: User) -> None:
    """Tells a repetition early and with the order's id; the unique constraint is what holds under concurrency."""
    if new.external_id is None:
        return
    earlier = Order.objects.filter(placed_by=placed_by, external_id=new.external_id).first()
    if earlier is not None:
        raise ExternalIdTaken(order_id=str(earlier.id))


def _store_of(new: NewOrder, *, placed_by: User) -> Store:
    wanted = {item.product_id for item in new.items}
    found = {p.id: p for p in products_on_sale_for(placed_by).filter(id__in=wanted).select_related("store")}
    missing = [
        FieldProblem(f"/items/{index}/product_id", "unavailable", "Not a product on sale.")
        for index, item in enumerate(new.items)
        if item.product_id not in found
    ]
    if missing:
        raise ProductUnavailable(errors=missing)
    stores = {product.store_id: product.store for product in found.values()}
    if len(stores) > 1:
        raise SeveralStores(stores=sorted(str(store_id) for store_id in stores))
    return next(iter(stores.values()))


def _quantities(new: NewOrder) -> dict[UUID, int]:
    """A product named twice is one line."""
    quantities: dict[UUID, int] = {}
    for item in new.items:
        quantities[item.product_id] = quantities.get(item.product_id, 0) + item.quantity
    return quantities


def _demands(new: NewOrder) -> list[Demand]:
    first_index = {item.product_id: index for index, item in reversed(list(enumerate(new.items)))}
    return [
        Demand(product_id=product_id, quantity=quantity, pointer=f"/items/{first_index[product_id]}")
        for product_id, quantity in _quantities(new).items()
    ]


def _lines(order: Order, *, new: NewOrder, products: Mapping[UUID, Product]) -> list[OrderLine]:
    """Name and price as they are now, read under the products' locks."""
    return [
        OrderLine(
            order=order,
            product=products[product_id],
            name=products[product_id].name,
            unit_price=products[product_id].price,
            quantity=quantity,
            line_total=products[product_id].price * quantity,
        )
        for product_id, quantity in _quantities(new).items()
    ]


def _draft(new: NewOrder, *, store: Store, placed_by: User, now: datetime) -> Order:
    dropoff = new.dropoff
    return Order(
        id=uuid7(),
        store=store,
        customer_id=new.customer_id,
        placed_by=placed_by,
        external_id=new.external_id,
        currency=store.currency,
        payment_method=new.payment_method,
        dropoff_address=dropoff.address if dropoff else "",
        dropoff_latitude=dropoff.position.latitude if dropoff else None,
        dropoff_longitude=dropoff.position.longitude if dropoff else None,
        contact_name=new.contact.name,
        contact_phone=new.contact.phone,
        contact_email=new.contact.email,
        note=new.note,
        pin=f"{secrets.randbelow(10_000):04d}" if store.requires_pin else "",
        expires_at=_expiry(new.payment_method, now=now),
        estimated_ready_at=now + timedelta(minutes=store.preparation_minutes),
        status_changed_at=now,
        correlation_id=current_trace_id() or new_trace_id(),
    )


def _expiry(method: PaymentMethod, *, now: datetime) -> datetime | None:
    """Cash is paid at the door, so nothing is waited for."""
    if method == PaymentMethod.CASH:
        return None
    return now + timedelta(seconds=settings.ORDER_EXPIRY_SECONDS)


def _refuse_unexpected_total(order: Order, *, expected: Decimal | None) -> None:
    if expected is not None and expected != order.total:
        raise TotalChanged(total=str(order.total), expected_total=str(expected), currency=order.currency)


def _save(order: Order, *, lines: list[OrderLine], charges: Charges, actor: Actor) -> None:
    data = {"total": str(order.total), "currency": order.currency, "payment_method": order.payment_method}
    try:
        with transaction.atomic():
            record(order, what="created", actor=actor, from_status="", data=data)
    except IntegrityError as error:
        if "order_external_id_unique" not in str(error) and "external_id" not in str(error):
            raise
        raise ExternalIdTaken from error
    OrderLine.objects.bulk_create(lines)
    Charge.objects.bulk_create(Charge(order=order, kind=kind, amount=amount) for kind, amount in charges.items())

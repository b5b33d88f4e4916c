"""Stock moves only here: a row of the ledger and the product's own number change in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Case, F, IntegerField, Sum, Value, When

from accounts.actors import Actor
from api.errors import FieldProblem
from api.transactions import transactional
from catalog.errors import InsufficientStock, ProductNotFound, StockLimitExceeded
from catalog.locks import lock_product, lock_products
from catalog.models import Product, StockEntry, StockReason
from events.envelopes import Subject
from events.publishing import publish

MAX_STOCK: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """`pointer` is the place of the request (RFC 6901) that a refusal names."""

    product_id: UUID
    quantity: int
    pointer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Why stock moves and through whom."""

    reason: StockReason
    actor: Actor
    order_id: UUID | None = None
    note: str = ""


@transactional
def reserve(demands: Sequence[Demand], *, order_id: UUID, actor: Actor) -> dict[UUID, Product]:
    """Take the goods of an order out of stock, all or none; at most once per order and product.

    Returns the products as they are under their locks, by id. Raises ProductNotFound for those that are gone or
    retired, and InsufficientStock naming every product that is short and how much of it is available.
    """
    products = lock_products(demand.product_id for demand in demands)
    _refuse_missing(demands, products)
    _refuse_short(demands, products)
    deltas = _added_up((demand.product_id, -demand.quantity) for demand in demands)
    _move(products, deltas, Movement(reason=StockReason.RESERVED, order_id=order_id, actor=actor))
    return products


@transactional
def restock(*, order_id: UUID, actor: Actor) -> dict[UUID, Product]:
    """Put back what the ledger says the order took and has not given back yet; again is harmless."""
    products = lock_products(_outstanding(order_id))
    back = Movement(reason=StockReason.RESTOCKED, order_id=order_id, actor=actor)
    _move(products, _outstanding(order_id), back)
    return products


@transactional
def adjust_stock(product_id: UUID, *, delta: int, reason: StockReason, actor: Actor, note: str = "") -> Product:
    """A change by hand. Raises ProductNotFound, InsufficientStock, StockLimitExceeded."""
    product = lock_product(product_id)
    if product.stock + delta < 0:
        demand = Demand(product_id=product.id, quantity=-delta, pointer="/delta")
        raise InsufficientStock(errors=[_short(product, demand)])
    if product.stock + delta > MAX_STOCK:
        raise StockLimitExceeded(limit=MAX_STOCK)
    record_movement(product, delta=delta, movement=Movement(reason=reason, actor=actor, note=note))
    return product


def record_movement(product: Product, *, delta: int, movement: Movement) -> None:
    """The caller holds the product's lock, or has just made it, and has checked the bounds."""
    _move({product.id: product}, {product.id: delta}, movement)


def _refuse_missing(demands: Sequence[Demand], products: Mapping[UUID, Product]) -> None:
    on_sale = {product.id for product in products.values() if product.is_active}
    missing = [
        FieldProblem(
            demand.pointer, "product_not_found", "Not a product on sale.", {"product_id": str(demand.product_id)}
        )
        for demand in demands
        if demand.product_id not in on_sale
    ]
    if missing:
        raise ProductNotFound(errors=missing)


def _refuse_short(demands: Sequence[Demand], products: Mapping[UUID, Product]) -> None:
    wanted = _added_up((demand.product_id, demand.quantity) for demand in demands)
    short = [
        _short(products[demand.product_id], demand)
        for demand in demands
        if wanted[demand.product_id] > products[demand.product_id].stock
    ]
    if short:
        raise InsufficientStock(errors=short)


def _short(product: Product, demand: Demand) -> FieldProblem:
    return FieldProblem(
        demand.pointer,
        "insufficient_stock",
        f"{product.name}: {product.stock} available.",
        {"product_id": str(product.id), "name": product.name, "requested": demand.quantity, "available": product.stock},
    )


def _added_up(quantities: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    total: dict[UUID, int] = {}
    for product_id, quantity in quantities:
        total[product_id] = total.get(product_id, 0) + quantity
    return total


def _outstanding(order_id: UUID) -> dict[UUID, int]:
    """What the order holds, by product."""
    sums = StockEntry.objects.filter(order_id=order_id).order_by().values_list("product_id").annotate(Sum("delta"))
    return {product_id: -held for product_id, held in sums if held < 0}


def _move(products: Mapping[UUID, Product], deltas: Mapping[UUID, int], movement: Movement) -> None:
    """The caller holds the locks. Relative to what the database holds, so that its CHECK is a second line."""
    if not deltas:
        return
    StockEntry.objects.bulk_create(
        StockEntry(
            product_id=product_id, delta=delta, reason=movement.reason, order_id=movement.order_id,
            actor_id=movement.actor.user_id, note=movement.note,
        )
        for product_id, delta in deltas.items()
    )  # fmt: skip
    change = Case(*(When(pk=pk, then=Value(delta)) for pk, delta in deltas.items()), output_field=IntegerField())
    Product.objects.filter(pk__in=deltas).update(stock=F("stock") + change)
    for product_id, delta in deltas.items():
        _follow(products[product_id], delta)


def _follow(product: Product, delta: int) -> None:
    """Bring the object up to the row, and tell of a fall to the threshold: once, when it is crossed."""
    before, product.stock = product.stock, product.stock + delta
    if before > product.low_stock_threshold >= product.stock:
        publish(
            "stock.low",
            subject=Subject("product", product.id, product.version),
            store_id=product.store_id,
            data={"stock": product.stock, "threshold": product.low_stock_threshold, "sku": product.sku},
        )

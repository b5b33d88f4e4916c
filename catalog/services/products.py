from decimal import Decimal
from typing import Final, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.actors import Actor
from api.errors import FieldProblem
from api.etags import check_version
from api.transactions import transactional
from catalog.errors import CurrencyMismatch, SkuTaken, StoreNotFound
from catalog.locks import lock_product
from catalog.models import Product, StockReason, Store
from catalog.services.stock import Movement, record_movement

INITIAL_STOCK_NOTE: Final = "initial stock"


class ProductDetails(TypedDict, total=False):
    """What may be given when a product is made and changed later; what is not given stays. Stock is not among it."""

    description: str
    low_stock_threshold: int
    is_active: bool


class ProductChanges(ProductDetails, total=False):
    sku: str
    name: str
    price: Decimal


@transactional
def create_product(
    store_id: UUID,
    *,
    sku: str,
    name: str,
    price: Decimal,
    actor: Actor,
    stock: int = 0,
    currency: str | None = None,
    **details: Unpack[ProductDetails],
) -> Product:
    """Priced in the store's currency; initial stock goes through the ledger.

    Raises StoreNotFound, SkuTaken, and CurrencyMismatch where a currency is given that is not the store's.
    """
    store = Store.objects.filter(pk=store_id).first()
    if store is None:
        raise StoreNotFound
    if currency not in {None, store.currency}:
        raise CurrencyMismatch(currency=store.currency)
    product = Product(store=store, sku=sku, name=name, price=price, currency=store.currency)
    _apply(product, details)
    _save(product)
    if stock:
        movement = Movement(reason=StockReason.RECEIVED, actor=actor, note=INITIAL_STOCK_NOTE)
        record_movement(product, delta=stock, movement=movement)
    return product


@transactional
def update_product(
    product_id: UUID, *, expected_version: int | None = None, **changes: Unpack[ProductChanges]
) -> Product:
    """Orders keep the name and the price they were placed at. Raises ProductNotFound, PreconditionFailed, SkuTaken."""
    product = lock_product(product_id)
    check_version(product.version, expected_version)
    _change(product, changes)
    return product


@transactional
def retire_product(product_id: UUID, *, expected_version: int | None = None) -> Product:
    """No longer sold; its history stays. Again is harmless. Raises ProductNotFound, PreconditionFailed."""
    product = lock_product(product_id)
    check_version(product.version, expected_version)
    if product.is_active:
        _change(product, {"is_active": False})
    return product


def _change(product: Product, changes: ProductChanges) -> None:
    """Leaves the stock alone: only the ledger's statement writes it."""
    _apply(product, changes)
    product.version += 1
    _save(product, update_fields=[*changes, "version", "updated_at"])


def _apply(product: Product, changes: ProductChanges | ProductDetails) -> None:
    for name, value in changes.items():
        setattr(product, name, value)


def _save(product: Product, *, update_fields: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            product.save(update_fields=update_fields)
    except IntegrityError as error:
        same_sku = Product.objects.filter(store_id=product.store_id, sku=product.sku).exclude(pk=product.pk)
        if not same_sku.exists():
            raise
        problem = FieldProblem("/sku", "sku_taken", f"The store has another product with the SKU {product.sku}.")
        raise SkuTaken(errors=[problem]) from error

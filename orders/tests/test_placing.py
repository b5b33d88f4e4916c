from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.roles import Role
from catalog.errors import InsufficientStock, OutsideDeliveryArea, StoreClosed
from catalog.geography import Position
from catalog.models import Product, StockEntry
from events.models import Event
from orders.errors import ExternalIdTaken, ProductUnavailable, SeveralStores, TotalChanged, TotalTooLarge
from orders.models import Order
from orders.services.placing import place_order
from orders.services.requests import Dropoff, Item, NewOrder
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_product, make_store, make_user, wish

pytestmark = pytest.mark.django_db


def stock_of(product: Product) -> int:
    return Product.objects.get(id=product.id).stock


def assert_nothing_was_placed(*products: Product) -> None:
    assert Order.objects.count() == 0
    assert StockEntry.objects.filter(reason="reserved").count() == 0
    assert Event.objects.filter(subject_type="order").count() == 0
    for product in products:
        assert stock_of(product) == 100


def test_an_order_reserves_stock_and_keeps_names_and_prices() -> None:
    store = make_store(delivery_base_fee=Decimal("2.00"), delivery_fee_per_km=Decimal("1.00"))
    tea, cake = make_product(store, price="2.50", name="Tea"), make_product(store, price="4.00", name="Cake")
    customer = make_user()
    order = place_order(wish(tea, cake, quantity=2, customer=customer, tip=Decimal("1.00")), placed_by=customer)
    Product.objects.update(name="Renamed", price=Decimal("99.00"))

    order = Order.objects.get(id=order.id)
    lines = [(line.name, line.unit_price, line.quantity, line.line_total) for line in order.lines.all()]
    assert lines == [
        ("Tea", Decimal("2.50"), 2, Decimal("5.00")),
        ("Cake", Decimal("4.00"), 2, Decimal("8.00")),
    ]
    assert [(charge.kind, charge.amount) for charge in order.charges.all()] == [
        ("delivery", Decimal("2.34")),
        ("tip", Decimal("1.00")),
    ]
    assert (order.items_total, order.total, order.currency) == (Decimal("13.00"), Decimal("16.34"), "EUR")
    assert (order.status, order.version, order.customer_id) == ("created", 1, customer.id)
    assert (stock_of(tea), stock_of(cake)) == (98, 98)


def test_an_order_writes_its_ledger_timeline_and_event() -> None:
    product = make_product()
    order = make_order(product=product)
    ledger = StockEntry.objects.filter(reason="reserved")
    assert list(ledger.values_list("product", "delta", "order_id")) == [(product.id, -1, order.id)]
    (entry,) = order.timeline.all()
    assert (entry.what, entry.from_status, entry.to_status) == ("created", "", "created")
    assert (entry.actor_kind, entry.actor_id, entry.order_version) == ("customer", order.customer_id, 1)
    event = Event.objects.get(subject_id=order.id)
    assert (event.type, event.subject_version, event.store_id) == ("order.created", 1, order.store_id)
    assert event.data["total"] == "5.00"
    assert "Ada" not in str(event.data)


def test_a_product_named_twice_is_one_line() -> None:
    product = make_product()
    customer = make_user()
    order = place_order(wish(product, product, customer=customer), placed_by=customer)
    assert [(line.product_id, line.quantity) for line in order.lines.all()] == [(product.id, 2)]


def test_short_stock_names_each_product_and_reserves_nothing() -> None:
    store = make_store()
    plenty, short, none = make_product(store), make_product(store, stock=1), make_product(store, stock=0)
    with pytest.raises(InsufficientStock) as refusal:
        make_order_of(plenty, short, none, quantity=2)
    problems = [(p.pointer, p.extra["product_id"], p.extra["available"]) for p in refusal.value.errors]
    assert problems == [("/items/1", str(short.id), 1), ("/items/2", str(none.id), 0)]
    assert_nothing_was_placed(plenty)


def make_order_of(*products: Product, quantity: int = 1) -> Order:
    customer = make_user()
    return place_order(wish(*products, quantity=quantity, customer=customer), placed_by=customer)


def test_an_order_dearer_than_can_be_written_down_is_refused() -> None:
    product = make_product(price="99999.99", stock=1_000_000)
    with pytest.raises(TotalTooLarge) as refusal, transaction.atomic():
        place_order(wish(product, quantity=100_001), placed_by=make_user())
    assert refusal.value.members == {"limit": "9999999999.99", "currency": "EUR"}
    assert_nothing_was_placed()
    assert stock_of(product) == 1_000_000


def test_products_of_two_stores_are_refused() -> None:
    first, second = make_product(), make_product()
    with pytest.raises(SeveralStores):
        make_order_of(first, second)
    assert_nothing_was_placed(first, second)


def test_unknown_and_retired_products_are_named() -> None:
    product, retired = make_product(), make_product()
    Product.objects.filter(id=retired.id).update(is_active=False)
    customer = make_user()
    items = tuple(Item(product_id=i, quantity=1) for i in (product.id, retired.id, uuid4()))
    new = NewOrder(items=items, customer_id=customer.id, dropoff=None)
    with pytest.raises(ProductUnavailable) as refusal:
        place_order(new, placed_by=customer)
    assert [p.pointer for p in refusal.value.errors] == ["/items/1/product_id", "/items/2/product_id"]
    assert_nothing_was_placed(product)


def test_an_integrator_sells_only_for_its_own_stores() -> None:
    product = make_product()
    with pytest.raises(ProductUnavailable):
        place_order(wish(product), placed_by=make_user(Role.INTEGRATOR))
    assert_nothing_was_placed(product)
    integrator = make_user(Role.INTEGRATOR, stores=(product.store,))
    assert place_order(wish(product), placed_by=integrator).customer_id is None


@pytest.mark.parametrize("closed_by", [{"is_paused": True}, {"is_active": False}])
def test_a_store_that_takes_no_orders_refuses(closed_by: dict[str, bool]) -> None:
    product = make_product(make_store(**closed_by))
    with pytest.raises((StoreClosed, ProductUnavailable)):
        make_order(product=product)
    assert_nothing_was_placed(product)


def test_a_dropoff_too_far_away_is_refused_with_the_distance() -> None:
    product = make_product(make_store(delivery_radius_m=3000))
    far = Dropoff(address="Potsdam", position=Position(52.40, 13.05))
    with pytest.raises(OutsideDeliveryArea) as refusal:
        make_order(product=product, dropoff=far)
    assert refusal.value.members == {"distance_m": 27506, "radius_m": 3000}
    assert_nothing_was_placed(product)


def test_a_total_other_than_expected_is_refused_with_the_new_one() -> None:
    product = make_product(price="5.00")
    with pytest.raises(TotalChanged) as refusal, transaction.atomic():
        make_order(product=product, expected_total=Decimal("4.00"))
    assert refusal.value.members == {"total": "5.00", "expected_total": "4.00", "currency": "EUR"}
    assert_nothing_was_placed(product)
    assert make_order(product=product, expected_total=Decimal("5.00")).total == Decimal("5.00")


def test_an_external_id_is_unique_for_its_integrator_only() -> None:
    product = make_product()
    one, two = (make_user(Role.INTEGRATOR, stores=(product.store,)) for _ in range(2))
    first = place_order(wish(product, external_id="shop-1"), placed_by=one)
    with pytest.raises(ExternalIdTaken) as refusal:
        place_order(wish(product, external_id="shop-1"), placed_by=one)
    assert refusal.value.members == {"order_id": str(first.id)}
    assert stock_of(product) == 99
    place_order(wish(product, external_id="shop-1"), placed_by=two)
    assert Order.objects.count() == 2


@pytest.mark.parametrize(("method", "expires"), [("online", True), ("external", True), ("cash", False)])
def test_an_order_waits_a_quarter_of_an_hour_for_money_but_not_for_cash(method: str, expires: bool) -> None:
    order = make_order(payment_method=PaymentMethod(method))
    if not expires:
        assert order.expires_at is None
        return
    assert order.expires_at is not None
    assert abs(order.expires_at - timezone.now() - timedelta(minutes=15)) < timedelta(seconds=10)


def test_cash_orders_of_an_automatic_store_are_confirmed_at_once() -> None:
    product = make_product(make_store(confirms_automatically=True))
    order = make_order(product=product, payment_method=PaymentMethod.CASH)
    assert (order.status, order.version) == ("confirmed", 2)
    assert [entry.what for entry in order.timeline.all()] == ["created", "confirmed"]
    assert make_order(product=product).status == "created"


def test_a_store_that_asks_for_a_pin_gives_each_order_one() -> None:
    assert make_order().pin == ""
    pin = make_order(product=make_product(make_store(requires_pin=True))).pin
    assert len(pin) == 4
    assert pin.isdigit()

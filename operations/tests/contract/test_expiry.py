"""Orders that nobody pays in time, on a site that waits seconds for what others wait a quarter of an hour for."""

from collections.abc import Iterator

import pytest

from operations.tests.contract.conftest import served
from operations.tests.contract.provider import PROVIDER_SECRET, notice, tell
from operations.tests.contract.site import Person, Site, eventually
from operations.tests.contract.story import Shop, demo_person, once_it_is, open_shop, pay, placed, refunds_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    hasty = {"ORDER_EXPIRY_SECONDS": "5", "SIMULATED_PROVIDER_SECRET": PROVIDER_SECRET}
    with served(tmp_path_factory.mktemp("hasty"), variables=hasty) as found:
        yield found


@pytest.fixture(scope="module")
def customer(site: Site) -> Person:
    return demo_person(site, "customer")


@pytest.fixture(scope="module")
def shop(site: Site) -> Shop:
    return open_shop(demo_person(site, "admin"))


def test_an_unpaid_order_expires_and_returns_its_goods(customer: Person, shop: Shop) -> None:
    before = shop.stock
    order = placed(customer, shop)
    assert shop.stock == before - 1
    once_it_is("cancelled", order, customer)
    assert shop.stock == before
    latest = customer.results(f"orders/{order['id']}/timeline")[0]
    assert (latest["what"], latest["actor"]["kind"]) == ("cancelled", "system")


def test_so_does_one_whose_payment_is_never_answered(customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    once_it_is("cancelled", order, customer)
    eventually(lambda: customer.read(f"payments/{payment['id']}"), lambda found: found["status"] == "failed")


def test_money_that_comes_after_the_expiry_goes_back(site: Site, customer: Person, shop: Shop) -> None:
    order = placed(customer, shop)
    payment = pay(customer, order, "tok_timeout")
    once_it_is("cancelled", order, customer)
    assert tell(site, notice(payment)).status_code == 200
    (refund,) = refunds_of(payment, customer, count=1)
    assert refund["amount"] == order["total"]
    assert customer.read(f"orders/{order['id']}")["status"] == "cancelled"


def test_cash_is_waited_for(customer: Person, shop: Shop) -> None:
    cash = placed(customer, shop, payment_method="cash")
    assert cash["expires_at"] is None
    once_it_is("cancelled", placed(customer, shop), customer)
    assert customer.read(f"orders/{cash['id']}")["status"] == "created"

"""The customer's page in a browser, while others do their part through the API."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from operations.tests.browser.product import Product
from operations.tests.browser.windows import CUT_OFF, Windows
from operations.tests.contract.site import Json, Person
from operations.tests.contract.story import Shop, placed

ON_THE_WAY: Final = {"latitude": 52.5205, "longitude": 13.405}
# Whatever the page keeps in its window is gone when it is loaded again.
MARK: Final = "window.isTheSamePage = true"


def address_of(order: Json) -> str:
    return urlsplit(order["tracking_url"]).path


def place_courier(courier: Person, **where: float) -> None:
    position = {**ON_THE_WAY, **where, "recorded_at": datetime.now(UTC).isoformat()}
    answer = courier.post("couriers/me/positions", {"positions": [position]})
    assert answer.is_success, answer.text


def expect_headline(page: Page, text: str) -> None:
    expect(page.locator("h1")).to_have_text(text)


def test_a_delivery_is_followed_without_reloading(
    windows: Windows, customer: Person, shop: Shop, courier: Person
) -> None:
    order = placed(customer, shop, payment_method="cash")
    page = windows.open(address_of(order))
    expect_headline(page, "Waiting for the store")
    page.evaluate(MARK)
    expect(page.locator("#live")).to_have_text("Live")

    shop.staff.do(f"orders/{order['id']}/confirm")
    expect_headline(page, "In preparation")
    shop.staff.do(f"orders/{order['id']}/ready")
    expect_headline(page, "Ready at the store")
    assignment = courier.do(f"orders/{order['id']}/accept")
    expect(page.locator("article")).to_contain_text("Kim")
    courier.do(f"assignments/{assignment['id']}/pick-up")
    expect_headline(page, "On its way")
    place_courier(courier)
    expect(page.locator("[data-live=seen]")).to_contain_text("s ago")
    courier.do(f"assignments/{assignment['id']}/deliver")
    expect_headline(page, "Delivered")

    expect(page.locator("#announcement")).to_have_text("Delivered")
    assert page.evaluate("window.isTheSamePage") is True


def test_a_page_is_right_again_by_itself_after_its_server_was_killed(
    windows: Windows, product: Product, customer: Person, shop: Shop
) -> None:
    windows.forgive(CUT_OFF)
    order = placed(customer, shop, payment_method="cash")
    page = windows.open(address_of(order))
    expect(page.locator("#live")).to_have_text("Live")
    page.evaluate(MARK)

    with product.killed():
        expect(page.locator("#live")).to_contain_text("connecting again")
    shop.staff.do(f"orders/{order['id']}/confirm")

    expect_headline(page, "In preparation")
    expect(page.locator("#live")).to_have_text("Live")
    assert page.evaluate("window.isTheSamePage") is True


def test_a_page_without_a_socket_asks_from_time_to_time(windows: Windows, customer: Person, shop: Shop) -> None:
    order = placed(customer, shop, payment_method="cash")
    page = windows.open()
    page.route_web_socket("**/ws/**", lambda socket: socket.close(code=1013))
    page.clock.install()
    page.goto(address_of(order))
    expect(page.locator("#live")).to_contain_text("connecting again")

    shop.staff.do(f"orders/{order['id']}/confirm")
    page.clock.run_for(30_000)

    expect_headline(page, "In preparation")

"""The customer's page in a browser, while others do their part through the API."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from operations.tests.browser.accessibility import axe_finds
from operations.tests.browser.product import Product
from operations.tests.browser.windows import CUT_OFF, DESKTOP, Windows
from operations.tests.contract.site import Json, Person
from operations.tests.contract.story import Shop, confirmed, fetched, open_shop, placed, ready

ON_THE_WAY: Final = {"latitude": 52.5205, "longitude": 13.405}
LONG_WORD: Final = "Donaudampfschifffahrtsgesellschaftskapitänspralinen"
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
    expect(page.locator("[data-live=seen]")).to_contain_text(re.compile(r"\d+ (s|min) ago"))
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


def carried(customer: Person, shop: Shop, courier: Person) -> tuple[Json, Json]:
    """An order on its way, and its assignment."""
    order = ready(customer, shop)
    return order, fetched(courier, order)


# In pixels, from the courier to the door, and of one moment: the map may be moving.
TO_THE_DOOR: Final = """() => {
  const [courier, door] = ["courier", "door"].map((kind) => document.querySelector(`.map-${kind}`));
  return Math.abs(courier.getBoundingClientRect().left - door.getBoundingClientRect().left);
}"""


def test_the_courier_comes_nearer_on_the_map(windows: Windows, customer: Person, shop: Shop, courier: Person) -> None:
    """First nobody knows where they are; then the page fetches itself, and the map stays the one it was."""
    order, _ = carried(customer, shop, courier)
    page = windows.open(address_of(order))
    expect(page.get_by_role("img", name="Your door")).to_be_visible()
    expect(page.locator("#live")).to_have_text("Live")
    page.get_by_role("region", name="Map").evaluate("map => { map.isTheSameMap = true }")
    place_courier(courier)
    expect(page.locator(".map-courier")).to_be_visible()
    assert page.get_by_role("region", name="Map").evaluate("map => map.isTheSameMap") is True
    expect(page.get_by_role("img", name="Corner shop")).to_be_visible()
    expect(page.locator("path.map-route")).to_be_attached()
    expect(page.locator("[data-live=distance]")).to_have_text("300 m")
    page.locator(".map-marker:has(.map-courier)").element_handle().wait_for_element_state("stable")
    before = page.evaluate(TO_THE_DOOR)

    place_courier(courier, latitude=52.5202, longitude=13.402)

    expect(page.locator("[data-live=distance]")).to_have_text("100 m")
    expect(page.locator(".map-glides")).to_be_attached()
    page.wait_for_function(f"before => ({TO_THE_DOOR})() < before", arg=before)


def test_a_phone_in_german_is_spoken_to_in_german(
    windows: Windows, customer: Person, shop: Shop, courier: Person
) -> None:
    order, _ = carried(customer, shop, courier)
    place_courier(courier, latitude=52.535)
    page = windows.open(address_of(order), locale="de-DE")
    expect_headline(page, "Unterwegs")
    expect(page.locator("#live")).to_have_text("Verbunden")
    expect(page.locator("[data-live=distance]")).to_have_text("1,7 km")
    place_courier(courier, latitude=52.530)
    expect(page.locator("[data-live=distance]")).to_have_text("1,2 km")
    expect(page.locator("[data-live=seen]")).to_contain_text(re.compile(r"vor \d+ (s|min)"))

    page.get_by_role("link", name="English").click()
    expect_headline(page, "On its way")


@pytest.mark.parametrize("with_script", [True, False], ids=["with JavaScript", "without"])
def test_a_customer_cancels(with_script: bool, windows: Windows, customer: Person, shop: Shop) -> None:
    order = placed(customer, shop, payment_method="cash")
    page = windows.open(address_of(order), java_script_enabled=with_script)
    page.get_by_role("link", name="Cancel the order").click()
    expect_headline(page, "Cancel the order?")
    page.get_by_role("link", name="Keep it").click()
    expect_headline(page, "Waiting for the store")
    page.get_by_role("link", name="Cancel the order").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect_headline(page, "Cancelled")
    assert customer.read(f"orders/{order['id']}")["status"] == "cancelled"


def test_without_javascript_the_page_says_everything_but_the_map(
    windows: Windows, customer: Person, shop: Shop, courier: Person
) -> None:
    order, _ = carried(customer, shop, courier)
    place_courier(courier)
    page = windows.open(address_of(order), java_script_enabled=False)
    expect_headline(page, "On its way")
    for words in ("Arrives between", "about 300 m from your door", "Total 12.50"):
        expect(page.locator("article")).to_contain_text(re.compile(words.replace(" ", r"\s*")))
    expect(page.locator(".way")).to_be_hidden()


def states(customer: Person, shop: Shop, courier: Person) -> dict[str, Callable[[], Json]]:
    """The page in each of its shapes; the courier carries one at a time."""

    def failed() -> Json:
        order, assignment = carried(customer, shop, courier)
        courier.do(f"assignments/{assignment['id']}/fail", {"reason": "nobody_home"})
        return order

    def delivered() -> Json:
        order, assignment = carried(customer, shop, courier)
        courier.do(f"assignments/{assignment['id']}/deliver")
        return order

    def cancelled() -> Json:
        order = placed(customer, shop)
        customer.do(f"orders/{order['id']}/cancel", {"reason": "Changed my mind"})
        return order

    return {
        "placed": lambda: placed(customer, shop),
        "confirmed": lambda: confirmed(customer, shop),
        "failed": failed,
        "delivered": delivered,
        "cancelled": cancelled,
        "carried": lambda: carried(customer, shop, courier)[0],
    }


def test_nothing_is_in_the_way_of_anybody(windows: Windows, customer: Person, shop: Shop, courier: Person) -> None:
    """By axe, in every state of the order; the one with the map is the last, so that the courier is on it."""
    shop.staff.patch(f"stores/{shop.store_id}", {"phone": "+49 30 23125 001", "email": "a@example.com"}, version=1)
    found: dict[str, str] = {}
    page = windows.open()
    for name, make in states(customer, shop, courier).items():
        address = address_of(make())
        page.goto(address)
        if name == "carried":
            place_courier(courier)
            expect(page.locator(".map-courier")).to_be_visible()
        found[name] = axe_finds(page)
        if name in {"placed", "confirmed"}:
            page.goto(f"{address}cancel/")
            found[f"{name}, to be cancelled"] = axe_finds(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_nothing_sticks_out_of_the_smallest_phone(
    locale: str, windows: Windows, customer: Person, admin: Person, courier: Person
) -> None:
    """At 320 pixels, or at 400 % on a desktop, whatever the goods and the store are called."""
    shop = open_shop(admin, price="1234.50", name=f"Delicatessen {LONG_WORD}", requires_pin=True)
    admin.patch(f"products/{shop.product_id}", {"name": f"Hamper with {LONG_WORD}"}, version=1)
    order, _ = carried(customer, shop, courier)
    place_courier(courier)
    page = windows.open(address_of(order), viewport={"width": 320, "height": 568}, locale=locale)
    expect(page.locator(".map-courier")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_page_is_small(windows: Windows, customer: Person, shop: Shop, courier: Person) -> None:
    """What is ours, with the map on it and nothing in the browser's cache, is below 100 kB, uncompressed."""
    order, _ = carried(customer, shop, courier)
    place_courier(courier)
    page = windows.open(viewport=DESKTOP)
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    page.goto(address_of(order))
    expect(page.locator(".map-courier")).to_be_visible()
    page.wait_for_load_state("networkidle")
    ours = {one.url: len(body_of(one)) for one in finished if "/vendor/leaflet/" not in one.url}
    assert len(ours) >= 7
    assert sum(ours.values()) < 100_000


def body_of(request: Request) -> bytes:
    answer = request.response()
    assert answer is not None
    return answer.body()

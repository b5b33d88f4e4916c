"""Admin pages in a browser: those that renew themselves, and an order's map."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from operations.tests.browser.windows import Windows
from operations.tests.contract.site import DEMO_PASSWORD, Person
from operations.tests.contract.story import Shop, fetched, placed, ready

DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
SERIOUS: Final = ("serious", "critical")
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@pytest.fixture(scope="module")
def session() -> dict[str, Any]:
    """The cookies of the dispatcher, once they have signed in."""
    return {}


def opened(windows: Windows, address: str, session: dict[str, Any], **options: Any) -> Page:
    page = windows.open(viewport=DESK, storage_state=session.get("cookies"), **options)
    page.goto(address)
    if "/login/" in page.url:
        page.locator("input[name=username]").fill("dispatcher@example.com")
        page.locator("input[name=password]").fill(DEMO_PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        session["cookies"] = page.context.storage_state()
    return page


def test_the_dashboard_renews_itself_and_says_when_it_cannot(
    windows: Windows, session: dict[str, Any], customer: Person, shop: Shop
) -> None:
    windows.forgive(["net::ERR_INTERNET_DISCONNECTED"])
    page = opened(windows, "/admin/system/", session)
    told = page.locator(".ours-looked")
    page.evaluate("window.isTheSamePage = true")
    page.locator("#table-orders > summary").click()

    order = placed(customer, shop)
    expect(page.get_by_role("link", name=f"{order['number']} placed at")).to_be_visible()
    expect(page.locator("#table-orders")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"

    page.context.set_offline(offline=True)
    expect(told).to_contain_text("The site does not answer.")
    expect(page.locator(".ours-stale")).to_be_visible()
    page.context.set_offline(offline=False)
    expect(told).not_to_contain_text("The site does not answer.")
    expect(page.locator(".ours-stale")).to_have_count(0)

    page.context.clear_cookies()
    expect(page.get_by_role("link", name="sign in again")).to_be_visible()
    assert page.evaluate("window.isTheSamePage")


def test_an_orders_map_follows_its_courier_until_the_order_moves_on(
    windows: Windows, session: dict[str, Any], customer: Person, courier: Person, shop: Shop
) -> None:
    def ride(latitude: float, longitude: float) -> None:
        where = {"latitude": latitude, "longitude": longitude, "recorded_at": datetime.now(UTC).isoformat()}
        assert courier.post("couriers/me/positions", {"positions": [where]}).is_success

    ride(52.52, 13.4)
    order = ready(customer, shop)
    assignment = fetched(courier, order)
    page = opened(windows, f"/admin/orders/order/{order['id']}/change/", session)
    rider = page.locator(".leaflet-marker-icon", has=page.locator(".map-courier"))
    expect(rider).to_be_visible()
    before = rider.bounding_box()
    assert before is not None

    ride(52.5203, 13.4005)
    page.wait_for_function(
        "([element, left]) => Math.abs(element.getBoundingClientRect().left - left) > 2",
        arg=[rider.element_handle(), before["x"]],
    )

    assert courier.post(f"assignments/{assignment['id']}/deliver", {}).is_success
    expect(page.get_by_text("The order has moved on: delivered.")).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_serious_is_in_the_way_of_anybody(
    scheme: Literal["light", "dark"], windows: Windows, session: dict[str, Any]
) -> None:
    """Of what is ours; the frame around it is Unfold's."""
    page = opened(windows, "/admin/system/?period=week", session, color_scheme=scheme)
    of_the_dashboard = serious(page)
    page.goto("/admin/")

    assert (of_the_dashboard, serious(page)) == ([], [])


def serious(page: Page) -> list[tuple[str, list[str]]]:
    found = Axe().run(page, context="#content-main").response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]

"""Admin pages in a browser: those that renew themselves, and an order's map."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from playwright.sync_api import expect

from operations.tests.browser.accessibility import SCHEMES, seriously_wrong
from operations.tests.browser.staff import StaffWindows
from operations.tests.browser.windows import AWAY, Windows
from operations.tests.contract.site import Person
from operations.tests.contract.story import Shop, fetched, placed, ready


def test_the_dashboard_renews_itself_and_says_when_it_cannot(
    windows: Windows, staff: StaffWindows, customer: Person, shop: Shop
) -> None:
    windows.forgive([AWAY])
    page = staff.open("/admin/system/")
    told = page.locator(".ours-looked")
    page.evaluate("window.isTheSamePage = true")
    summary = page.locator("#table-orders > summary")
    summary.click()
    expect(summary).to_be_focused()

    order = placed(customer, shop)
    expect(page.get_by_role("link", name=f"{order['number']} placed at")).to_be_visible()
    expect(page.locator("#table-orders")).to_have_attribute("open", "")
    expect(summary).to_be_focused()

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
    staff: StaffWindows, customer: Person, courier: Person, shop: Shop
) -> None:
    def ride(latitude: float, longitude: float) -> None:
        where = {"latitude": latitude, "longitude": longitude, "recorded_at": datetime.now(UTC).isoformat()}
        assert courier.post("couriers/me/positions", {"positions": [where]}).is_success

    ride(52.52, 13.4)
    order = ready(customer, shop)
    assignment = fetched(courier, order)
    page = staff.open(f"/admin/orders/order/{order['id']}/change/")
    rider = page.locator(".leaflet-marker-icon", has=page.locator(".map-courier"))
    expect(rider).to_be_visible()
    element = rider.element_handle()
    element.wait_for_element_state("stable")
    before = element.bounding_box()
    assert before is not None

    ride(52.5203, 13.4005)
    page.wait_for_function(
        "([element, left]) => element.getBoundingClientRect().left > left + 2", arg=[element, before["x"]]
    )

    assert courier.post(f"assignments/{assignment['id']}/deliver", {}).is_success
    expect(page.get_by_text("The order has moved on: delivered.")).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_serious_is_in_the_way_of_anybody(scheme: Literal["light", "dark"], staff: StaffWindows) -> None:
    """Of what is ours; the frame around it is Unfold's."""
    page = staff.open("/admin/system/?period=week", color_scheme=scheme)
    of_the_dashboard = seriously_wrong(page, within="#content-main")
    page.goto("/admin/")

    assert (of_the_dashboard, seriously_wrong(page, within="#content-main")) == ([], [])

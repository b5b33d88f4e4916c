"""Maps with ways along the roads, of a routing engine that is only in this test."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from operations.tests.browser.product import Product, running
from operations.tests.browser.staff import StaffWindows
from operations.tests.browser.test_tracking import address_of, carried, place_courier
from operations.tests.browser.windows import Windows
from operations.tests.contract.story import demo_person, new_courier, open_shop
from tracking.tests.routing_engine import osrm_answer, routing_engine

# From the shop to the door, around blocks.
STREETS: Final = (
    (52.5210, 13.4100), (52.5213, 13.4099), (52.5212, 13.4070), (52.5195, 13.4071), (52.5196, 13.4034),
    (52.5215, 13.4031), (52.5216, 13.4001), (52.5200, 13.4000),
)  # fmt: skip
BESIDE_THE_FIFTH_CORNER: Final = {"latitude": 52.5196, "longitude": 13.4036}
CORNERS: Final = """() => {
  const drawn = document.querySelector("path.map-road");
  return drawn ? drawn.getAttribute("d").split(/[ML]/).length - 1 : 0;
}"""


@pytest.fixture
def routed(prepared: Path, tmp_path: Path) -> Iterator[Product]:
    with routing_engine() as engine:
        engine.says(osrm_answer(STREETS, seconds=420, metres=1500))
        with running(prepared, tmp_path / "var", ROUTING_ENGINE="osrm", ROUTING_URL=engine.url) as product:
            yield product


def test_maps_show_the_way_along_the_roads_and_not_what_is_behind(browser: Browser, routed: Product) -> None:
    admin = demo_person(routed.site, "admin")
    courier = new_courier(demo_person(routed.site, "dispatcher"), admin)
    order, _ = carried(demo_person(routed.site, "customer"), open_shop(admin), courier)
    with ExitStack() as leaving:
        windows = Windows(browser, routed.url, leaving)
        page = windows.open(address_of(order))
        # Not at once: the engine is asked within seconds of the acceptance.
        expect_corners(page, len(STREETS))

        place_courier(courier, **BESIDE_THE_FIFTH_CORNER)

        expect(page.locator(".map-courier")).to_be_visible()
        expect_corners(page, 5)
        expect_corners(StaffWindows(windows, {}).open(f"/admin/orders/order/{order['id']}/change/"), 5)
        assert windows.unforgiven() == []


def expect_corners(page: Page, count: int) -> None:
    """Of what is drawn solid."""
    page.wait_for_function(f"count => ({CORNERS})() === count", arg=count)

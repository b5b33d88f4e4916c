"""Maps with pictures under them, from a host that is only in this test."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from operations.tests.browser.product import Product, running
from operations.tests.browser.test_tracking import address_of, carried, place_courier
from operations.tests.browser.windows import Windows
from operations.tests.contract.story import demo_person, new_courier, open_shop

HOST: Final = "http://tiles.test"
STREETS: Final = 13
ONE_PIXEL: Final = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def tiled(prepared: Path, tmp_path: Path) -> Iterator[Product]:
    settings = {"MAP_TILE_URL": HOST + "/{z}/{x}/{y}.png", "MAP_TILE_ATTRIBUTION": "&copy; <b>Test</b> Maps"}
    with running(prepared, tmp_path / "var", **settings) as product:
        yield product


def test_tiles_are_loaded_and_learn_no_address(browser: Browser, tiled: Product) -> None:
    admin = demo_person(tiled.site, "admin")
    courier = new_courier(demo_person(tiled.site, "dispatcher"), admin)
    order, _ = carried(demo_person(tiled.site, "customer"), open_shop(admin), courier)
    place_courier(courier)
    referrers: set[str | None] = set()
    zooms: set[int] = set()

    def answer(route: Route) -> None:
        referrers.add(route.request.header_value("referer"))
        zooms.add(int(route.request.url.split("/")[3]))
        route.fulfill(body=ONE_PIXEL, content_type="image/png")

    with ExitStack() as leaving:
        windows = Windows(browser, tiled.url, leaving)
        windows.forgive([f"asked elsewhere: {HOST}/"])
        page = windows.open()
        page.route(f"{HOST}/**", answer)
        page.goto(address_of(order))
        expect(page.locator("img.leaflet-tile-loaded").first).to_be_visible()
        expect(page.locator(".map-cell")).to_have_count(0)
        expect(page.get_by_text("© Test Maps")).to_be_visible()
        zoom_there_and_back(page)
        assert windows.unforgiven() == []
        # Nobody answers when the page closes, whatever it has just asked for.
        page.unroute_all(behavior="ignoreErrors")
    assert referrers == {f"{tiled.url}/"}
    assert min(zooms) >= STREETS


def zoom_there_and_back(page: Page) -> None:
    """So that tiles are dropped, too."""
    for name in ("Zoom in", "Zoom in", "Zoom out"):
        page.get_by_role("button", name=name).click()
        expect(page.locator(".leaflet-zoom-anim")).to_have_count(0)

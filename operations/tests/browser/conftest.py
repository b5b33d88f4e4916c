"""The product in a process, and a browser that looks at it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from operations.tests.browser.chromium import FLAGS, chromium
from operations.tests.browser.console import ADDRESS, OPEN, Opening, Rider, come_online
from operations.tests.browser.product import Product, prepare, running
from operations.tests.browser.staff import Sessions, StaffWindows
from operations.tests.browser.windows import Windows
from operations.tests.contract.people import admin, courier, customer, dispatcher, shop
from operations.tests.contract.site import Person, Site
from operations.tests.contract.story import Shop

__all__ = ["admin", "courier", "customer", "dispatcher", "shop"]

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chromium()
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def product(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(prepared, tmp_path_factory.mktemp("browser") / "var") as product:
        yield product


@pytest.fixture(scope="session")
def site(product: Product) -> Site:
    return product.site


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Not longer than its tests: its event loop would be in the way of everybody else's in this thread."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def windows(browser: Browser, product: Product) -> Iterator[Windows]:
    """At the end nothing has been complained of that the test has not forgiven, and nobody else was asked."""
    with ExitStack() as leaving:
        windows = Windows(browser, product.url, leaving)
        yield windows
    assert windows.unforgiven() == []


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    return {}


@pytest.fixture
def staff(windows: Windows, sessions: Sessions) -> StaffWindows:
    return StaffWindows(windows, sessions)


@pytest.fixture
def console(staff: StaffWindows) -> Opening:
    """Opens it for one store, because other tests' orders are on the board, too."""

    def open_console(shop: Shop, **options: Any) -> Page:
        page = staff.open(f"{ADDRESS}?store={shop.store_id}", **options)
        expect(page.locator("#freshness")).to_have_text(OPEN)
        return page

    return open_console


@pytest.fixture(scope="module")
def riders(dispatcher: Person, admin: Person) -> tuple[Rider, Rider]:
    return come_online(dispatcher, admin, letter="Q"), come_online(dispatcher, admin, letter="X")


@pytest.fixture
def empty_handed(dispatcher: Person, admin: Person) -> Rider:
    return come_online(dispatcher, admin, letter="Y")

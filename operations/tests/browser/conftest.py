"""The product in a process, and a browser that looks at it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from operations.tests.browser.chromium import FLAGS, chromium
from operations.tests.browser.product import Product, prepare, running
from operations.tests.browser.windows import Windows
from operations.tests.contract.site import Person, Site
from operations.tests.contract.story import Shop, demo_person, new_courier, open_shop

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
def admin(site: Site) -> Person:
    return demo_person(site, "admin")


@pytest.fixture(scope="session")
def dispatcher(site: Site) -> Person:
    return demo_person(site, "dispatcher")


@pytest.fixture(scope="session")
def customer(site: Site) -> Person:
    return demo_person(site, "customer")


@pytest.fixture
def shop(admin: Person) -> Shop:
    return open_shop(admin)


@pytest.fixture
def courier(dispatcher: Person, admin: Person) -> Person:
    return new_courier(dispatcher, admin)

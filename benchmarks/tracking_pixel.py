"""From a courier's phone to the customer's screen: how long until a position is drawn on the page, in Chromium.

    python -m benchmarks.tracking_pixel
    python -m benchmarks.tracking_pixel --pages 8 --positions 40 --seconds 60

From before the POST is sent to the end of the frame that shows it, or a newer one of the same courier. One uvicorn
serves the API, the pages and their sockets; PostgreSQL, Valkey, worker, beat, the couriers and the browser share this
machine. Exits 1 when a position did not come to the screen.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
from playwright.async_api import Browser, Page, ViewportSize, async_playwright
from rich.console import Console

from benchmarks.live.pacing import connections, spread, steadily
from benchmarks.live.phones import Phones
from benchmarks.live.told import Evening, an_evening
from delivery_site.testing.installation import UVICORN, in_several_processes
from operations.tests.browser.chromium import FLAGS, chromium

PER_COURIER: Final = 2
SETTLE_SECONDS: Final = 3.0
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
# What is posted in a frame runs after its painting. The clock is that of the whole machine, in seconds.
WATCH: Final = """
window.drawn = {};
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...options) {
    super(...options);
    this.addEventListener("message", ({ data }) => {
      const { position } = JSON.parse(data);
      if (!position) return;
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () => {
          window.drawn[position.recorded_at] = (performance.timeOrigin + performance.now()) / 1000;
        };
        after.port2.postMessage(null);
      });
    });
  }
};
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5, help="each of another courier's order (%(default)s)")
    parser.add_argument("--positions", type=float, default=20.0, help="a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="(%(default)s)")
    options = parser.parse_args()
    with in_several_processes(UVICORN) as site:
        evening = an_evening(site.environment, orders=PER_COURIER * options.pages, couriers=options.pages)
        return asyncio.run(measure(site.url, evening, options))


async def measure(url: str, evening: Evening, options: Any) -> int:
    async with async_playwright() as playwright, aiohttp.ClientSession(connector=connections()) as session:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        pages = [await opened(browser, f"{url}/track/{ride.tokens[0]}/") for ride in evening.rides]
        phones = Phones(url, evening.rides, session, clock=time.time)
        await steadily(phones.speak, per_second=options.positions, seconds=options.seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        drawn = [await page.evaluate("window.drawn") for page in pages]
        await browser.close()
    return report(phones, drawn)


async def opened(browser: Browser, address: str) -> Page:
    page = await browser.new_page(viewport=PHONE)
    await page.add_init_script(WATCH)
    await page.goto(address)
    await page.locator("#live", has_text="Live").wait_for()
    await page.locator(".map-courier").wait_for()
    return page


def report(phones: Phones, drawn: Sequence[Mapping[str, float]]) -> int:
    console = Console(highlight=False, soft_wrap=True)
    turns = list(phones.sent)
    took = [
        one for number, page in enumerate(drawn) for one in _took(turns[number :: len(drawn)], phones.sent, drawn=page)
    ]
    console.print(f"{len(turns):,} positions, answered {phones.answers}")
    console.print(f"{len(took):,} on the screen: {spread(took)}")
    console.print(f"{len(turns) - len(took)} missing")
    return 1 if len(took) < len(turns) else 0


def _took(moments: Sequence[str], sent: Mapping[str, float], *, drawn: Mapping[str, float]) -> Iterator[float]:
    """Of one courier, the latest first."""
    at = None
    for moment in reversed(moments):
        at = drawn.get(moment, at)
        if at is not None:
            yield at - sent[moment]


if __name__ == "__main__":
    sys.exit(main())

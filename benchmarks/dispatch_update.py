"""How long the dispatch console takes to show a change, in a browser, with so many orders and couriers on the board.

python -m benchmarks.dispatch_update
python -m benchmarks.dispatch_update --orders 500 --couriers 200 --rounds 60

The page is the product's own; its board and its socket are made up here, so only the browser is measured: from the
message's arrival to the end of the frame that shows it, and the processor time that script, style and layout took,
whatever else the machine does.
"""

import argparse
import json
import mimetypes
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import django
from playwright.sync_api import CDPSession, Page, Route, WebSocketRoute, sync_playwright
from rich.console import Console
from rich.table import Table

from operations.tests.browser.chromium import FLAGS, chromium

SITE: Final = "http://board.test"
STORES: Final = 40
STATES: Final = ("paid", "confirmed", "confirmed", "assigned", "assigned", "picked_up", "picked_up", "picked_up")
COLUMN: Final = {"paid": "shop", "confirmed": "waiting", "assigned": "to_store", "picked_up": "to_door"}
WORK: Final = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")

# When a message comes, and when the frame after it has been drawn: what is posted in a frame runs after its painting.
WATCH: Final = """
window.shown = [];
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...options) {
    super(...options);
    this.addEventListener("message", () => {
      const came = performance.now();
      requestAnimationFrame(() => {
        const after = new MessageChannel();
        after.port1.onmessage = () => window.shown.push(performance.now() - came);
        after.port2.postMessage(null);
      });
    });
  }
};
"""

Row = dict[str, Any]


@dataclass
class Town:
    """A board as the server sends it, and changes in it."""

    orders: list[Row]
    couriers: list[Row]
    stores: list[Row]
    dice: random.Random
    sequence: int = 1
    sockets: list[WebSocketRoute] = field(default_factory=list)

    @classmethod
    def of(cls, orders: int, couriers: int, *, dice: random.Random) -> "Town":
        stores = [
            {"id": f"store-{n}", "name": f"Store number {n}", "position": _somewhere(dice)} for n in range(STORES)
        ]
        town = cls([], [_courier(n, dice=dice) for n in range(couriers)], stores, dice)
        town.orders = [town.order(n) for n in range(orders)]
        return town

    def order(self, number: int, *, version: int = 1) -> Row:
        status = self.dice.choice(STATES)
        carried = status in {"assigned", "picked_up"}
        return {
            "id": f"order-{number}", "number": f"{number:05}-ABCDE", "status": status, "version": version,
            "store_id": self.dice.choice(self.stores)["id"], "placed_at": _moment(-20), "ready_at": _moment(5),
            "is_ready": status == "picked_up", "eta": _moment(20), "due_at": _moment(self.dice.uniform(-5, 40)),
            "door": _somewhere(self.dice), "items": 3, "total": "21.50", "currency": "EUR", "payment_method": "online",
            "courier_id": self.dice.choice(self.couriers)["id"] if carried else None, "assignment_id": None,
            "offered_to": [], "needs_courier": status == "confirmed", "urgency": self.dice.uniform(-40, 20),
            "url": "/admin/orders/order/",
        }  # fmt: skip

    def as_json(self) -> Row:
        rows = {"orders": self.orders, "couriers": self.couriers, "stores": self.stores}
        return {"generated_at": _moment(0), "sequence": self.sequence, **rows}

    def event(self, changed: int) -> str:
        """So many orders are in another state, and their couriers' loads have changed."""
        self.sequence += 1
        numbers = self.dice.sample(range(len(self.orders)), changed)
        orders = [self.order(number, version=self.sequence) for number in numbers]
        for number, order in zip(numbers, orders, strict=True):
            self.orders[number] = order
        couriers = [{**courier, "order_ids": []} for courier in self.dice.sample(self.couriers, 1)]
        news = {"orders": orders, "gone": [], "couriers": couriers}
        return json.dumps({"kind": "event", "sequence": self.sequence, "event": {}, **news})

    def positions(self) -> str:
        """Everybody has moved, which is told at most once a second."""
        moves = [
            {"id": one["id"], "position": _somewhere(self.dice), "recorded_at": _moment(0)} for one in self.couriers
        ]
        return json.dumps({"kind": "positions", "couriers": moves})

    def snapshot(self) -> str:
        self.sequence += 1
        self.orders = [self.order(number, version=self.sequence) for number in range(len(self.orders))]
        return json.dumps({"kind": "snapshot", "sequence": self.sequence, "data": self.as_json()})


def measure(page: Page, town: Town, messages: Sequence[str]) -> tuple[list[float], float]:
    """Milliseconds to the end of the frame, message by message, and the processor's milliseconds for one of them."""
    profiler = page.context.new_cdp_session(page)
    profiler.send("Performance.enable", {"timeDomain": "threadTicks"})
    worked = _worked_ms(profiler)
    page.evaluate("window.shown.length = 0")
    for count, message in enumerate(messages, start=1):
        town.sockets[-1].send(message)
        page.wait_for_function(f"window.shown.length >= {count}", polling=20)
    shown: list[float] = page.evaluate("window.shown")
    return shown, (_worked_ms(profiler) - worked) / len(messages)


def _assert_shown(page: Page, town: Town, message: str) -> None:
    """A page that does nothing is quick, too."""
    for order in json.loads(message).get("orders", [])[:5]:
        card = page.locator(f"#order-{order['id']}")
        column = card.locator("xpath=ancestor::section[@data-column]").get_attribute("data-column")
        assert column == COLUMN[order["status"]], f"{order['number']} is {order['status']}, and shown in {column}"


def _worked_ms(profiler: CDPSession) -> float:
    metrics = {one["name"]: one["value"] for one in profiler.send("Performance.getMetrics")["metrics"]}
    return 1000 * sum(float(metrics[name]) for name in WORK)


def _courier(number: int, *, dice: random.Random) -> Row:
    return {
        "id": f"courier-{number}", "name": f"Courier {number}", "vehicle": "bicycle", "status": "available",
        "position": _somewhere(dice), "recorded_at": _moment(0), "capacity": 4, "order_ids": [], "store_ids": [],
        "url": None,
    }  # fmt: skip


def _somewhere(dice: random.Random) -> tuple[float, float]:
    return dice.uniform(52.47, 52.57), dice.uniform(13.3, 13.5)


def _moment(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def open_console(page: Page, town: Town) -> None:
    from django.contrib.staticfiles import finders
    from django.template.loader import render_to_string
    from django.test import RequestFactory

    html = render_to_string("admin/dispatch.html", {"may_dispatch": True}, request=RequestFactory().get("/"))

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/admin/dispatch/":
            return route.fulfill(body=html, content_type="text/html")
        if path == "/admin/dispatch/board":
            return route.fulfill(json=town.as_json())
        found = finders.find(path.removeprefix("/static/"))
        if found is None:
            return route.fulfill(status=404)
        return route.fulfill(body=Path(found).read_bytes(), content_type=mimetypes.guess_type(found)[0] or "text/plain")

    page.route("**/*", answer)
    page.route_web_socket("**/ws/state/**", lambda socket: town.sockets.append(socket))  # noqa: PLW0108 - it is marked
    page.add_init_script(WATCH)
    page.goto(f"{SITE}/admin/dispatch/")
    page.locator(".card").nth(len(town.orders) - 1).wait_for(state="attached")
    page.locator("#map .map-pin").first.wait_for(state="attached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--couriers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    town = Town.of(options.orders, options.couriers, dice=random.Random(7))
    rounds = range(options.rounds)
    table = Table(title=f"{options.orders} orders, {options.couriers} couriers, {options.rounds} rounds, milliseconds")
    for title in ("what came", "p50 to the frame", "p99", "processor"):
        table.add_column(title, justify="left" if title == "what came" else "right")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        open_console(page, town)
        measure(page, town, [town.event(1) for _ in range(10)])
        kinds = {
            "1 order changed": lambda: town.event(1),
            "50 orders changed": lambda: town.event(min(50, options.orders)),
            "all couriers moved": town.positions,
            "a whole new board": town.snapshot,
        }
        for words, make in kinds.items():
            messages = [make() for _ in rounds]
            shown, worked = measure(page, town, messages)
            _assert_shown(page, town, messages[-1])
            table.add_row(words, f"{median(shown):.1f}", f"{quantiles(shown, n=100)[98]:.1f}", f"{worked:.1f}")
        browser.close()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    Console().print(table)
    Console().print(f"{os.cpu_count()} cores, load {load}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "delivery_site.settings")
    django.setup()
    main()

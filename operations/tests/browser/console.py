"""The dispatch console as dispatchers see it, and the couriers on it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from operations.tests.contract.site import Json, Person
from operations.tests.contract.story import Shop, new_courier

ADDRESS: Final = "/admin/dispatch/"
OPEN: Final = re.compile(r"Live|Updated")
CAPACITY: Final = 50

Opening = Callable[..., Page]


@dataclass(frozen=True)
class Rider:
    """A courier who is online, with room for everything."""

    name: str
    person: Person

    def place(self, **where: float) -> None:
        position = {"latitude": 52.52, "longitude": 13.405, **where, "recorded_at": datetime.now(UTC).isoformat()}
        assert self.person.post("couriers/me/positions", {"positions": [position]}).is_success


def come_online(dispatcher: Person, admin: Person, *, letter: str) -> Rider:
    """With a first name that nobody else has."""
    name = f"{letter}{uuid4().hex[:12]} Rider"
    rider = Rider(name, new_courier(dispatcher, admin, name=name, capacity=CAPACITY))
    assert rider.person.patch("couriers/me", {"status": "available"}).is_success
    rider.place()
    return rider


def card(page: Page, order: Json) -> Locator:
    return page.locator(f"#order-{order['id']}")


def column(page: Page, name: str) -> Locator:
    return page.locator("section.column", has=page.get_by_role("heading", name=name))


def cards_in(page: Page, name: str) -> Locator:
    return column(page, name).locator(".card:visible")


def courier_row(page: Page, rider: Rider) -> Locator:
    return page.locator(".courier", has=page.get_by_role("button", name=rider.name, exact=True))


def expect_in(page: Page, name: str, order: Json) -> None:
    expect(column(page, name).locator(f"#order-{order['id']}")).to_be_visible()


def expect_count(page: Page, name: str, count: int) -> None:
    """As the column says it, of its shown orders."""
    expect(column(page, name).locator(".count")).to_have_text(re.compile(rf"^{count}\b"))


def expect_told(page: Page, *words: str) -> None:
    """As it is said aloud: that stays until something else is said, while what is shown leaves by itself."""
    for one in words:
        expect(page.get_by_role("status")).to_contain_text(one)


def choose(page: Page, rider: Rider) -> None:
    """By typing the first name into the list that is open."""
    expect(page.get_by_role("combobox", name="Name of the courier")).to_be_focused()
    page.keyboard.type(rider.name.split()[0].lower())
    expect(page.get_by_role("listbox", name="Couriers").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")


def statuses(shop: Shop) -> list[str]:
    return sorted(order["status"] for order in shop.staff.results("orders", store=shop.store_id, limit=100))

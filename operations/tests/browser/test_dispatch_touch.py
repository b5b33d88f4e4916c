"""The dispatch console under fingers: on a phone, where one part is seen at a time, and on a tablet."""

from typing import Any, Final

import pytest
from playwright.sync_api import CDPSession, Locator, Page, ViewportSize, expect

from operations.tests.browser.console import (
    Opening,
    Rider,
    card,
    cards_in,
    courier_row,
    expect_count,
    expect_told,
    statuses,
)
from operations.tests.browser.windows import PHONE
from operations.tests.contract.site import Person
from operations.tests.contract.story import Shop, confirmed

TABLET: Final[ViewportSize] = {"width": 1180, "height": 820}
LOW_PHONE: Final[ViewportSize] = {"width": 390, "height": 420}
STEP_PX: Final = 10
TOUCH: Final[dict[str, Any]] = {"has_touch": True, "is_mobile": True}


class Finger:
    """One that stays down between its moves, as Playwright's taps do not."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)

    def press(self, where: Locator) -> None:
        self._touch("touchStart", [middle_of(where)])

    def move(self, where: Locator) -> None:
        self._touch("touchMove", [middle_of(where)])

    def lift(self) -> None:
        self._touch("touchEnd", [])

    def swipe_up(self, where: Locator, *, steps: int) -> None:
        start = middle_of(where)
        self._touch("touchStart", [start])
        for step in range(1, steps + 1):
            self._touch("touchMove", [{**start, "y": start["y"] - step * STEP_PX}])
        self.lift()

    def _touch(self, kind: str, points: list[dict[str, float]]) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle_of(place: Locator) -> dict[str, float]:
    box = place.bounding_box()
    assert box is not None
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


@pytest.fixture
def rider(empty_handed: Rider) -> Rider:
    return empty_handed


def test_orders_are_given_and_taken_back_with_a_finger(
    console: Opening, customer: Person, shop: Shop, rider: Rider
) -> None:
    orders = [confirmed(customer, shop) for _ in range(3)]
    page = console(shop, viewport=PHONE, **TOUCH)
    for order in orders[:2]:
        card(page, order).tap()
    expect(page.locator("#chosen-words")).to_have_text("2 orders")
    page.get_by_role("button", name="Give to…").tap()
    page.get_by_role("combobox", name="Name of the courier").fill(rider.name)
    page.get_by_role("listbox", name="Couriers").get_by_role("option", name=rider.name).tap()
    expect_told(page, f"2 orders given to {rider.name}")
    expect_count(page, "Going to the store", 2)
    assert statuses(shop) == ["assigned", "assigned", "confirmed"]

    page.get_by_role("button", name=f"Undo: 2 orders given to {rider.name}").tap()

    expect_told(page, "2 orders as before")
    expect_count(page, "Needs a courier", 3)
    assert statuses(shop) == ["confirmed"] * 3


def test_among_the_couriers_of_a_phone_what_was_given_there_is_undone(
    console: Opening, customer: Person, shop: Shop, rider: Rider
) -> None:
    order = confirmed(customer, shop)
    page = console(shop, viewport=PHONE, **TOUCH)
    card(page, order).tap()
    views = page.get_by_role("navigation", name="Part of the page")
    views.get_by_role("button", name="Couriers").tap()
    page.get_by_role("searchbox", name="Find a courier").fill(rider.name)
    page.get_by_role("button", name=f"Give to {rider.name}").tap()
    told = f"{order['number']} given to {rider.name}"
    expect(page.get_by_role("status")).to_have_text(told)
    undo = page.get_by_role("button", name=f"Undo: {told}")
    views.get_by_role("button", name="Map").tap()
    expect(undo).to_be_in_viewport(ratio=1)
    views.get_by_role("button", name="Couriers").tap()
    expect(undo).to_be_in_viewport(ratio=1)

    undo.tap()

    expect_told(page, f"{order['number']} as before")
    expect(undo).to_be_hidden()
    expect(views.get_by_role("button", name="Couriers")).to_be_focused()
    assert statuses(shop) == ["confirmed"]


def test_a_finger_that_swipes_scrolls_and_selects_nothing(console: Opening, customer: Person, shop: Shop) -> None:
    for _ in range(6):
        confirmed(customer, shop)
    page = console(shop, viewport=LOW_PHONE, **TOUCH)
    cards = cards_in(page, "Needs a courier")
    expect(cards).to_have_count(6)

    Finger(page).swipe_up(cards.nth(1), steps=20)

    page.wait_for_function("list => list.scrollTop > 100", arg=cards.first.locator("..").element_handle())
    expect(page.locator(".ghost")).to_have_count(0)
    expect(page.locator("[aria-selected=true]")).to_have_count(0)


def test_where_couriers_are_seen_an_order_is_dragged_by_holding_it(
    console: Opening, customer: Person, shop: Shop, rider: Rider
) -> None:
    order = confirmed(customer, shop)
    page = console(shop, viewport=TABLET, **TOUCH)
    page.get_by_role("searchbox", name="Find a courier").fill(rider.name)
    expect(page.locator(".courier:visible")).to_have_count(1)
    expect(card(page, order)).to_be_visible()
    finger = Finger(page)

    finger.press(card(page, order))
    expect(page.locator(".ghost")).to_have_text("1 order")
    finger.move(courier_row(page, rider))
    finger.lift()

    expect_told(page, f"{order['number']} given to {rider.name}")
    assert statuses(shop) == ["assigned"]


def test_where_no_couriers_are_seen_nothing_is_dragged(console: Opening, customer: Person, shop: Shop) -> None:
    order = confirmed(customer, shop)
    page = console(shop, viewport=PHONE, **TOUCH)
    expect(card(page, order)).to_be_visible()
    finger = Finger(page)
    page.clock.install()

    finger.press(card(page, order))
    page.clock.run_for(2_000)
    expect(page.locator(".ghost")).to_have_count(0)
    finger.lift()

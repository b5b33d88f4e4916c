"""The dispatch console in a browser, for dispatchers who work at the same time, by pointer and by keyboard."""

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from operations.tests.browser.accessibility import axe_finds
from operations.tests.browser.console import (
    CAPACITY,
    Opening,
    Rider,
    card,
    cards_in,
    choose,
    courier_row,
    expect_count,
    expect_in,
    expect_told,
    statuses,
)
from operations.tests.browser.product import Product
from operations.tests.browser.windows import CUT_OFF, Windows
from operations.tests.contract.site import Json, Person
from operations.tests.contract.story import Shop, confirmed, fetched, new_user, open_shop, ready

BULK: Final = CAPACITY
# So many that the next one comes late.
HANDS_FULL: Final = 8


def test_two_dispatchers_give_the_same_order_and_the_second_is_told_who_was_quicker(
    console: Opening, customer: Person, dispatcher: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    order = confirmed(customer, shop)
    one, other = console(shop), console(shop, email="admin@example.com")
    for page in (one, other):
        card(page, order).click()
        page.get_by_role("button", name="Give to…").click()

    choose(one, riders[0])
    expect_told(one, f"{order['number']} given to {riders[0].name}")
    expect_in(other, "Going to the store", order)
    choose(other, riders[1])

    refusal = other.locator(".toast")
    expect(refusal).to_contain_text(f"Nothing changed for {order['number']}")
    expect(refusal).to_contain_text(re.compile(rf"gave it to {riders[0].name} \d+ (s|min) ago"))
    courier_id = dispatcher.read(f"orders/{order['id']}")["courier_id"]
    assert dispatcher.read(f"couriers/{courier_id}")["name"] == riders[0].name


def test_fifty_orders_are_given_at_once_and_taken_back_at_once(
    console: Opening, customer: Person, admin: Person, empty_handed: Rider
) -> None:
    shop = open_shop(admin, stock=BULK)
    for _ in range(BULK):
        confirmed(customer, shop)
    page = console(shop)
    expect_count(page, "Needs a courier", BULK)

    page.keyboard.press("b")
    page.keyboard.press("Control+a")
    expect(page.locator("#chosen")).to_contain_text(f"{BULK} orders")
    courier_row(page, empty_handed).get_by_role("button", name=f"Give to {empty_handed.name}").click()
    expect_told(page, f"{BULK} orders given to {empty_handed.name}")
    expect_count(page, "Going to the store", BULK)
    assert statuses(shop) == ["assigned"] * BULK

    page.locator("#undo").click()
    expect_told(page, f"{BULK} orders as before")
    expect_count(page, "Needs a courier", BULK)
    assert statuses(shop) == ["confirmed"] * BULK


def test_what_has_happened_since_cannot_be_undone_and_is_told(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    stays, moves = ready(customer, shop), ready(customer, shop)
    page = console(shop)
    card(page, stays).click()
    card(page, moves).click(modifiers=["Control"])
    page.keyboard.press("Enter")
    choose(page, riders[0])
    expect_told(page, "2 orders given to")

    (assignment,) = [one for one in riders[0].person.results("assignments") if one["order_id"] == moves["id"]]
    riders[0].person.do(f"assignments/{assignment['id']}/pick-up")
    expect_in(page, "On the way", moves)
    page.keyboard.press("z")

    expect_told(page, f"{stays['number']} as before", f"{moves['number']}: {riders[0].name} picked it up")
    expect_in(page, "Needs a courier", stays)
    assert customer.read(f"orders/{moves['id']}")["status"] == "picked_up"


def test_the_last_thing_done_is_undone_when_its_message_has_long_gone(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    earlier, last = confirmed(customer, shop), confirmed(customer, shop)
    page = console(shop, prepare=lambda page: page.clock.install())
    for order, rider in zip((earlier, last), riders, strict=True):
        card(page, order).click()
        page.keyboard.press("Enter")
        choose(page, rider)
        expect_told(page, f"{order['number']} given to {rider.name}")
    page.clock.fast_forward("01:00")
    expect(page.locator(".toast")).to_have_count(0)

    page.get_by_role("button", name=f"Undo: {last['number']} given to {riders[1].name}").click()

    expect_in(page, "Needs a courier", last)
    expect(page.locator("#undo")).to_be_hidden()
    assert statuses(shop) == ["assigned", "confirmed"]


def test_an_undo_without_an_answer_can_be_tried_again(
    windows: Windows, console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    windows.forgive(CUT_OFF)
    order = confirmed(customer, shop)
    page = console(shop)
    give(page, order, riders[0])
    page.locator("#undo").focus()
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect_told(page, "No answer from the server")
    expect(page.locator("#undo")).to_be_focused()
    assert statuses(shop) == ["assigned"]

    page.context.set_offline(False)
    page.keyboard.press("Enter")

    expect_told(page, f"{order['number']} as before")
    expect(page.locator("#undo")).to_be_hidden()
    expect(card(page, order)).to_be_focused()
    assert statuses(shop) == ["confirmed"]


def test_an_undo_by_somebody_signed_out_waits_for_them(
    windows: Windows, console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    windows.forgive(["401 (Unauthorized)"])
    order = confirmed(customer, shop)
    page = console(shop)
    give(page, order, riders[0])
    (session,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("z")
    expect_told(page, "Sign in to the Admin site.")
    assert statuses(shop) == ["assigned"]

    page.context.add_cookies([{"name": "sessionid", "value": session, "url": page.url}])
    page.keyboard.press("z")

    expect_told(page, f"{order['number']} as before")
    assert statuses(shop) == ["confirmed"]


def test_an_undo_that_comes_too_late_is_not_offered_again(
    windows: Windows, console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    windows.forgive(["409 (Conflict)"])
    order = confirmed(customer, shop)
    page = console(shop)
    give(page, order, riders[0])
    page.route("**/dispatch/undo", lambda route: route.continue_(post_data={"undo": "of somebody else"}))
    page.locator("#undo").focus()

    page.keyboard.press("Enter")

    expect_told(page, "can be undone for ten minutes")
    expect(page.locator("#undo")).to_be_hidden()
    expect(card(page, order)).to_be_focused()
    assert statuses(shop) == ["assigned"]


def give(page: Page, order: Json, rider: Rider) -> None:
    card(page, order).click()
    page.keyboard.press("Enter")
    choose(page, rider)
    expect_told(page, f"{order['number']} given to {rider.name}")


def test_the_console_is_worked_by_keyboard_alone(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    for make in (ready, ready, confirmed):
        make(customer, shop)
    page = console(shop)
    expect(cards_in(page, "Needs a courier")).to_have_count(3)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("b")
    page.keyboard.press("Home")
    expect(cards_in(page, "Needs a courier").first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(2)

    page.keyboard.press("Enter")
    choose(page, riders[0])
    expect(page.get_by_role("status")).to_have_text(f"2 orders given to {riders[0].name}. Press Z to undo.")
    expect(cards_in(page, "Going to the store")).to_have_count(2)
    expect(cards_in(page, "Needs a courier")).to_be_focused()

    page.keyboard.press("ArrowRight")
    expect(cards_in(page, "Going to the store").and_(page.locator(":focus"))).to_have_count(1)
    page.keyboard.press("Enter")
    choose(page, riders[1])
    expect_told(page, f"given to {riders[1].name}")
    expect(cards_in(page, "Going to the store").and_(page.locator(":focus"))).to_have_count(1)

    page.keyboard.press("t")
    expect_told(page, "taken back")
    expect(cards_in(page, "Needs a courier")).to_have_count(2)
    assert statuses(shop) == ["assigned", "confirmed", "confirmed"]


@pytest.mark.parametrize("field", ["#keys button", "#chooser input"])
def test_keys_are_heard_as_soon_as_a_dialog_is_closed(
    console: Opening, customer: Person, shop: Shop, field: str
) -> None:
    """The browser takes the focus out of it with the next frame only."""
    confirmed(customer, shop)
    page = console(shop)
    expect(cards_in(page, "Needs a courier")).to_have_count(1)
    page.locator(field).first.evaluate(
        """(field) => {
            const dialog = field.closest("dialog");
            dialog.showModal();
            field.focus();
            dialog.close();
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "b", bubbles: true }));
        }"""
    )
    expect(cards_in(page, "Needs a courier")).to_be_focused()


def test_an_order_is_dragged_onto_a_courier(
    console: Opening, customer: Person, shop: Shop, empty_handed: Rider
) -> None:
    order = confirmed(customer, shop)
    page = console(shop)
    row = courier_row(page, empty_handed)
    card(page, order).hover()
    page.mouse.down()
    row.hover()
    expect(page.locator(".ghost")).to_have_text("1 order")
    page.mouse.up()

    expect_told(page, f"{order['number']} given to {empty_handed.name}")
    expect(card(page, order)).to_contain_text(empty_handed.name)
    expect(row.locator(".numbers")).to_have_text(f"1/{BULK}")
    card(page, order).click()
    expect(page.locator("path.map-route")).to_be_visible()


def test_the_board_follows_what_others_do(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    page = console(shop)
    order = confirmed(customer, shop)
    expect_in(page, "Needs a courier", order)
    shop.staff.do(f"orders/{order['id']}/ready")
    expect(card(page, order)).to_contain_text("Ready")
    assignment = riders[0].person.do(f"orders/{order['id']}/accept")
    expect_in(page, "Going to the store", order)
    riders[0].person.do(f"assignments/{assignment['id']}/pick-up")
    expect_in(page, "On the way", order)
    riders[0].place(latitude=52.5202)
    seen_at = riders[0].person.read("couriers/me")["position"]["recorded_at"]
    expect(courier_row(page, riders[0]).locator("time")).to_have_attribute("datetime", seen_at)
    riders[0].person.do(f"assignments/{assignment['id']}/fail", {"reason": "nobody_home", "note": "Rang twice"})
    expect_in(page, "Problems", order)
    expect(card(page, order)).to_contain_text(re.compile(rf"Nobody there, \d+ (s|min) ago, {riders[0].name}"))
    expect(card(page, order)).not_to_contain_text("Rang twice")
    decide = card(page, order).get_by_role("link", name="Confirm again or cancel")
    expect(decide).to_have_attribute("href", f"/admin/orders/order/{order['id']}/change/")
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "Nobody there"})
    expect(card(page, order)).to_have_count(0)


def test_the_board_is_right_again_by_itself_after_its_server_was_killed(
    windows: Windows, console: Opening, product: Product, customer: Person, shop: Shop
) -> None:
    windows.forgive(CUT_OFF)
    order = confirmed(customer, shop)
    page = console(shop)
    expect_in(page, "Needs a courier", order)

    with product.killed():
        expect(page.locator("#freshness")).to_contain_text(re.compile(r"Cut off; as of \d+ (s|min) ago"))
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "Changed my mind"})

    expect(card(page, order)).to_have_count(0)
    expect(page.locator("#freshness")).to_have_text("Live")


def test_without_its_socket_the_board_asks_and_says_how_old_it_is(
    console: Opening, customer: Person, shop: Shop
) -> None:
    def refuse_socket(page: Page) -> None:
        page.route_web_socket("**/ws/state/**", lambda socket: socket.close(code=1013))
        page.clock.install()

    page = console(shop, prepare=refuse_socket)
    expect(page.locator("#freshness")).to_contain_text(re.compile(r"Updated \d+ s ago"))
    order = confirmed(customer, shop)
    page.clock.run_for(15_000)
    expect_in(page, "Needs a courier", order)


def test_after_a_sleep_the_board_is_right_at_once(console: Opening, customer: Person, shop: Shop) -> None:
    """The socket looks open and is dead: nothing comes through it, and nobody is told that it is closed."""

    def answer_without_the_server(page: Page) -> None:
        page.route_web_socket("**/ws/state/**", lambda socket: socket.send('{"kind":"ping"}'))
        page.clock.install()

    page = console(shop, prepare=answer_without_the_server)
    expect(page.locator("#freshness")).to_have_text("Live")
    order = confirmed(customer, shop)
    expect(card(page, order)).to_have_count(0)

    page.clock.fast_forward("08:00:00")

    expect_in(page, "Needs a courier", order)


def test_filters_are_kept_in_the_address(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    one, other = confirmed(customer, shop), confirmed(customer, shop)
    page = console(shop)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find an order")).to_be_focused()
    page.keyboard.type(one["number"].lower().replace("-", ""))
    expect(cards_in(page, "Needs a courier")).to_have_count(1)
    expect(card(page, one)).to_be_visible()
    page.reload()
    expect(card(page, one)).to_be_visible()
    expect(card(page, other)).to_be_hidden()
    page.get_by_role("button", name="Clear").first.click()
    expect(card(page, other)).to_be_visible()
    courier_row(page, riders[0]).get_by_role("button", name=riders[0].name, exact=True).click()
    expect(card(page, one)).to_be_hidden()
    expect(page).to_have_url(re.compile("courier="))


def test_an_order_that_leaves_the_view_is_not_selected_any_more(
    console: Opening, customer: Person, dispatcher: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    order = ready(customer, shop)
    riders[0].person.do(f"orders/{order['id']}/accept")
    page = console(shop)
    courier_row(page, riders[0]).get_by_role("button", name=riders[0].name, exact=True).click()
    card(page, order).click()
    expect(page.locator("#chosen")).to_contain_text(order["number"])

    dispatcher.do(f"orders/{order['id']}/unassign", {"reason": "Flat tyre"})

    expect(card(page, order)).to_be_hidden()
    expect(page.locator("#chosen")).to_be_hidden()


def test_store_staff_look_at_their_board_and_give_nothing(console: Opening, customer: Person, admin: Person) -> None:
    shop = open_shop(admin)
    staff = new_user(admin, "store_staff")
    admin.do(f"stores/{shop.store_id}/members", {"user_id": staff["id"]})
    order = confirmed(customer, shop)
    page = console(shop, email=staff["email"])
    card(page, order).click()
    expect(page.get_by_role("link", name="Open")).to_be_visible()
    expect(page.get_by_role("button", name="Give to…")).to_be_hidden()
    page.keyboard.press("Enter")
    expect_told(page, "You may look at the board")


def test_nothing_is_in_the_way_of_anybody(
    console: Opening, customer: Person, admin: Person, riders: tuple[Rider, Rider]
) -> None:
    """By axe: the board with one order failed, one selected that will be late and a result told; couriers; the keys."""
    shop = open_shop(admin, stock=BULK)
    confirmed(customer, shop)
    taken = fetched(riders[0].person, ready(customer, shop))
    riders[0].person.do(f"assignments/{taken['id']}/fail", {"reason": "other"})
    for _ in range(HANDS_FULL):
        riders[0].person.do(f"orders/{ready(customer, shop)['id']}/accept")
    order = ready(customer, shop)
    page = console(shop)
    expect(cards_in(page, "Problems")).to_have_count(1)
    card(page, order).click()
    page.keyboard.press("Enter")
    choose(page, riders[0])
    expect_told(page, "given to")
    expect(card(page, order)).to_have_attribute("data-due", "soon")
    card(page, order).click()
    expect(page.get_by_role("toolbar", name="Selected orders")).to_be_visible()
    found = {"board": axe_finds(page)}
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=f"Give {order['number']} to")).to_be_visible()
    found["couriers"] = axe_finds(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    found["keys"] = axe_finds(page)
    assert {name: problems for name, problems in found.items() if problems} == {}

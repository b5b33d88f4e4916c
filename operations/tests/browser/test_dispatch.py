"""The dispatch console in a browser, for dispatchers who work at the same time, by pointer and by keyboard."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, ViewportSize, expect

from operations.tests.browser.product import Product
from operations.tests.browser.windows import CUT_OFF, Windows
from operations.tests.contract.site import DEMO_PASSWORD, Json, Person
from operations.tests.contract.story import Shop, confirmed, new_courier, new_user, open_shop, ready

CONSOLE: Final = "/admin/dispatch/"
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
BULK: Final = 50
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
DISPATCHER: Final = "dispatcher@example.com"
OPEN: Final = re.compile(r"Live|Updated")


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Of whom has signed in already: with the cookies of one window others are open at once."""
    return {}


Opening = Callable[..., Page]


@pytest.fixture
def console(windows: Windows, sessions: dict[str, Any]) -> Opening:
    """Opens it for one store, because other tests' orders are on the board, too."""

    def open_console(
        shop: Shop, *, email: str = DISPATCHER, prepare: Callable[[Page], None] | None = None, **options: Any
    ) -> Page:
        page = windows.open(viewport=DESK, storage_state=sessions.get(email), **options)
        if prepare:
            prepare(page)
        address = f"{CONSOLE}?store={shop.store_id}"
        page.goto(address)
        if "/login/" in page.url:
            page.get_by_label("Email").fill(email)
            page.get_by_label("Password").fill(DEMO_PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"**{address}")
            sessions[email] = page.context.storage_state()
        expect(page.locator("#freshness")).to_have_text(OPEN)
        return page

    return open_console


def card(page: Page, order: Json) -> Locator:
    return page.locator(f"#order-{order['id']}")


def column(page: Page, name: str) -> Locator:
    return page.locator("section.column", has=page.get_by_role("heading", name=name))


def expect_in(page: Page, name: str, order: Json) -> None:
    expect(column(page, name).locator(f"#order-{order['id']}")).to_be_visible()


def courier_row(page: Page, rider: "Rider") -> Locator:
    return page.locator(".courier", has=page.get_by_role("button", name=rider.name, exact=True))


@dataclass(frozen=True)
class Rider:
    """A courier who is online, with room for everything."""

    name: str
    person: Person

    def place(self, **where: float) -> None:
        position = {"latitude": 52.52, "longitude": 13.405, **where, "recorded_at": datetime.now(UTC).isoformat()}
        assert self.person.post("couriers/me/positions", {"positions": [position]}).is_success


def come_online(dispatcher: Person, admin: Person, *, letter: str) -> Rider:
    """With a name that nobody else's begins like."""
    name = f"{letter}{uuid4().hex[:6]} Rider"
    rider = Rider(name, new_courier(dispatcher, admin, name=name, capacity=BULK))
    assert rider.person.patch("couriers/me", {"status": "available"}).is_success
    rider.place()
    return rider


@pytest.fixture(scope="module")
def riders(dispatcher: Person, admin: Person) -> tuple[Rider, Rider]:
    return come_online(dispatcher, admin, letter="Q"), come_online(dispatcher, admin, letter="X")


@pytest.fixture
def empty_handed(dispatcher: Person, admin: Person) -> Rider:
    return come_online(dispatcher, admin, letter="Y")


def choose(page: Page, rider: Rider) -> None:
    """By typing the beginning of the name into the list that is open."""
    page.keyboard.type(rider.name[:4].lower())
    expect(page.get_by_role("listbox", name="Couriers").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")


def statuses(shop: Shop) -> list[str]:
    return sorted(order["status"] for order in shop.staff.results("orders", store=shop.store_id, limit=100))


def expect_told(page: Page, *words: str) -> None:
    for one in words:
        expect(page.locator(".toast").last).to_contain_text(one)


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

    expect_told(other, f"Nothing changed for {order['number']}", f"gave it to {riders[0].name}", "s ago")
    courier_id = dispatcher.read(f"orders/{order['id']}")["courier_id"]
    assert dispatcher.read(f"couriers/{courier_id}")["name"] == riders[0].name


def test_fifty_orders_are_given_at_once_and_taken_back_at_once(
    console: Opening, customer: Person, admin: Person, empty_handed: Rider
) -> None:
    shop = open_shop(admin, stock=BULK)
    for _ in range(BULK):
        confirmed(customer, shop)
    page = console(shop)
    expect(column(page, "Needs a courier").locator(".count")).to_have_text(re.compile(rf"^{BULK}\b"))

    page.keyboard.press("b")
    page.keyboard.press("Control+a")
    expect(page.locator("#chosen")).to_contain_text(f"{BULK} orders")
    courier_row(page, empty_handed).get_by_role("button", name=f"Give to {empty_handed.name}").click()
    expect_told(page, f"{BULK} orders given to {empty_handed.name}")
    expect(column(page, "Going to the store").locator(".count")).to_have_text(re.compile(rf"^{BULK}\b"))
    assert statuses(shop) == ["assigned"] * BULK

    page.get_by_role("button", name="Undo").click()
    expect_told(page, f"{BULK} orders as before")
    expect(column(page, "Needs a courier").locator(".count")).to_have_text(re.compile(rf"^{BULK}\b"))
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


def test_the_console_is_worked_by_keyboard_alone(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    for _ in range(3):
        confirmed(customer, shop)
    page = console(shop)
    expect(column(page, "Needs a courier").locator(".card:visible")).to_have_count(3)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".card[aria-selected=true]")).to_have_count(2)

    page.keyboard.press("Enter")
    choose(page, riders[0])
    expect(page.get_by_role("status")).to_have_text(f"2 orders given to {riders[0].name}. Press Z to undo.")
    expect(column(page, "Going to the store").locator(".card:visible")).to_have_count(2)

    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    choose(page, riders[1])
    expect_told(page, f"given to {riders[1].name}")

    page.keyboard.press("ArrowRight")
    page.keyboard.press("t")
    expect_told(page, "taken back")
    expect(column(page, "Needs a courier").locator(".card:visible")).to_have_count(2)
    assert statuses(shop) == ["assigned", "confirmed", "confirmed"]


def test_an_order_is_dragged_onto_a_courier(
    console: Opening, customer: Person, shop: Shop, empty_handed: Rider
) -> None:
    order = confirmed(customer, shop)
    page = console(shop)
    row = courier_row(page, empty_handed)
    row.scroll_into_view_if_needed()
    card(page, order).hover()
    page.mouse.down()
    row.hover()
    expect(page.locator(".ghost")).to_have_text("1 order")
    page.mouse.up()

    expect_told(page, f"{order['number']} given to {empty_handed.name}")
    expect(card(page, order)).to_contain_text(empty_handed.name)
    expect(row.locator(".numbers")).to_have_text(f"1/{BULK}")
    card(page, order).click()
    way = page.locator("path.map-route").bounding_box()
    assert way is not None
    assert way["width"] > 0


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
    expect(courier_row(page, riders[0])).to_contain_text(re.compile(r"seen \d s ago"))
    riders[0].person.do(f"assignments/{assignment['id']}/fail", {"reason": "nobody_home"})
    expect_in(page, "Problems", order)
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
        expect(page.locator("#freshness")).to_contain_text(re.compile(r"Cut off; as of \d+ s ago"))
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
    page.keyboard.type(one["number"].lower().replace("-", ""))
    expect(card(page, other)).to_be_hidden()
    expect(card(page, one)).to_be_visible()
    page.reload()
    expect(card(page, one)).to_be_visible()
    expect(card(page, other)).to_be_hidden()
    page.get_by_role("button", name="Clear").first.click()
    expect(card(page, other)).to_be_visible()
    courier_row(page, riders[0]).get_by_role("button", name=riders[0].name, exact=True).click()
    expect(card(page, one)).to_be_hidden()
    assert "courier=" in page.url


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


def axe_finds(page: Page) -> str:
    """In the light and in the dark."""
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found.append(Axe().run(page).generate_snapshot())
    return "".join(found)


def test_nothing_is_in_the_way_of_anybody(
    console: Opening, customer: Person, shop: Shop, riders: tuple[Rider, Rider]
) -> None:
    """By axe: the board with one order selected and a result told, the choice of couriers, and the keys."""
    confirmed(customer, shop)
    order = ready(customer, shop)
    page = console(shop)
    card(page, order).click()
    page.keyboard.press("Enter")
    choose(page, riders[0])
    expect_told(page, "given to")
    card(page, order).click()
    found = {"board": axe_finds(page)}
    page.keyboard.press("Enter")
    found["couriers"] = axe_finds(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found["keys"] = axe_finds(page)
    assert {name: problems for name, problems in found.items() if problems} == {}

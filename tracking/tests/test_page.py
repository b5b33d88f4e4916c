from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from couriers.models import Courier
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.states import FailureReason
from couriers.tests.conftest import Caller, selects
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, staff
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.states import PaymentMethod
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_ready_order,
    make_store,
)

pytestmark = pytest.mark.django_db


class Shown(HTMLParser):
    """What is on a page: its text, its elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def meta(self, name: str) -> str | None:
        found = [meta for meta in self.all("meta") if name in (meta.get("name"), meta.get("http-equiv"))]
        return found[0]["content"] if found else None


def open_page(order: Order) -> Any:
    return Client().get(f"/track/{order.tracking_token}/")


def page(order: Order) -> Shown:
    response = open_page(order)
    assert response.status_code == 200
    return Shown(response.content.decode())


def test_the_page_shows_the_order_on_its_way() -> None:
    store = make_store(name="Bakery", address="1 Market Square", delivery_base_fee="2.50")
    product = make_product(store, name="Rye & Son", price="4.20")
    assignment = make_picked_up(courier=make_courier(name="Kim", vehicle="cargo_bike"), product=product)
    at_the_store = {"latitude": store.latitude, "longitude": store.longitude}
    Courier.objects.update(**at_the_store, position_recorded_at=timezone.now())

    shown = page(assignment.order)

    for words in (
        "On its way",
        f"Order {assignment.order.number}",
        "Bakery",
        "Arrives between",
        "Kim",
        "Cargo bike",
        "1 \u00d7 Rye & Son 4.20",
        "Delivery fee 2.50",
        "Total 6.70 EUR",
        "1 Market Square",
    ):
        assert words in shown.text
    assert shown.all("progress")[0]["value"] == "60"
    assert [step.get("aria-current") for step in shown.all("li")] == [None, None, "step", None]
    assert [step["class"] for step in shown.all("li")] == ["done", "done", "current", ""]


def test_times_are_the_stores() -> None:
    """14:00 in Greenwich is 23:00 in Tokyo all year round."""
    assignment = make_picked_up(product=make_product(make_store(time_zone="Asia/Tokyo")))
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    delivered_at = timezone.now().replace(hour=14, minute=0)
    assignment.order.assignments.update(delivered_at=delivered_at)
    assert "Delivered at 23:00" in page(assignment.order).text


@pytest.mark.parametrize(
    ("make", "headline", "step"),
    [
        (make_order, "Waiting for your payment", 0),
        (lambda: make_order(payment_method=PaymentMethod.CASH), "Waiting for the store", 0),
        (make_paid_order, "Waiting for the store", 0),
        (make_confirmed_order, "In preparation", 1),
        (make_ready_order, "Ready at the store", 1),
        (lambda: make_accepted().order, "Ready at the store", 1),
    ],
)
def test_every_state_has_its_words(make: Any, headline: str, step: int) -> None:
    shown = page(make())
    assert headline in shown.text
    assert [index for index, item in enumerate(shown.all("li")) if item.get("aria-current")] == [step]


def test_the_courier_is_named_only_while_and_after_they_carry_it() -> None:
    assert "Your courier" not in page(make_confirmed_order()).text
    assignment = make_picked_up()
    fail(assignment.id, actor=actor_of(assignment.courier), reason=FailureReason.NOBODY_HOME)
    shown = page(assignment.order)
    assert "Not delivered" in shown.text
    assert "Kim" not in shown.text


def test_a_delivered_order_is_done_and_does_not_refresh() -> None:
    assignment = make_picked_up()
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    shown = page(assignment.order)
    assert "Delivered at" in shown.text
    assert [step["class"] for step in shown.all("li")] == ["done"] * 4
    assert shown.all("progress")[0]["value"] == "100"
    assert shown.meta("refresh") is None


def test_a_cancelled_order_promises_nothing() -> None:
    order = make_order()
    cancel_order(order.id, actor=Actor.of(staff()), reason="Out of bread")
    shown = page(order)
    assert "Cancelled" in shown.text
    assert (shown.all("li"), shown.all("progress"), shown.meta("refresh")) == ([], [], None)
    assert "Arrives" not in shown.text


def test_the_page_renews_itself_without_a_script() -> None:
    """And only there: with one, the noscript element is empty and the socket says when."""
    html = open_page(make_order()).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in html
    shown = Shown(html)
    assert shown.all("script") == [{"type": "module", "src": "/static/js/tracking.js"}]
    assert [attributes for _, attributes in shown.elements if "style" in attributes] == []


def test_the_script_is_served_and_loads_nothing_from_elsewhere() -> None:
    response = Client().get("/static/js/tracking.js")
    assert response.status_code == 200
    text = response.getvalue().decode()
    assert [word for word in ("http://", "https://", "import ", "innerHTML", "eval") if word in text] == []


def test_the_page_says_how_long_ago_the_courier_was_seen_and_how_far_away() -> None:
    assignment = make_picked_up(product=make_product(make_store(latitude=52.52, longitude=13.4)))
    Courier.objects.update(latitude=52.5202, longitude=13.405, position_recorded_at=timezone.now())
    assignment.order.assignments.update(picked_up_at=timezone.now() - timedelta(minutes=5))
    Courier.objects.update(position_recorded_at=timezone.now() - timedelta(seconds=150))
    assert "Seen 2 min ago , about 300 m from your door." in page(assignment.order).text


def test_the_page_says_nothing_of_a_courier_who_is_on_another_leg() -> None:
    assignment = make_accepted()
    Courier.objects.update(latitude=52.5202, longitude=13.405, position_recorded_at=timezone.now())
    html = open_page(assignment.order).content.decode()
    assert [word for word in ("Seen", "13.405", "data-seen") if word in html] == []


def test_the_pin_is_shown_until_the_delivery() -> None:
    assignment = make_picked_up(product=make_product(make_store(requires_pin=True)))
    order = Order.objects.get()
    assert f"Your PIN {order.pin}" in page(order).text
    deliver(assignment.id, actor=Actor.of(staff()), proof=Proof())
    assert "PIN" not in page(order).text


def test_cash_is_asked_for_in_advance() -> None:
    order = make_order(payment_method=PaymentMethod.CASH)
    assert f"Please have {order.total} EUR in cash ready" in page(order).text
    assert "in cash" not in page(make_order()).text


def test_nothing_personal_of_the_customer_is_on_it() -> None:
    assignment = make_picked_up(courier=make_courier(phone="+49307654321"))
    html = open_page(assignment.order).content.decode()
    for private in ("Ada", "+49301234567", "ada@example.com", "2 Side Street", "+49307654321"):
        assert private not in html


def test_the_address_is_a_secret_that_does_not_leak() -> None:
    for response in (open_page(make_order()), Client().get("/track/nothing/")):
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert "default-src 'none'; script-src 'self'; connect-src 'self'; " in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        shown = Shown(response.content.decode())
        assert (shown.meta("robots"), shown.meta("referrer")) == ("noindex, nofollow", "no-referrer")
        assert [link["href"] for link in shown.all("a") if str(link["href"]).startswith("http")] == []


@pytest.mark.parametrize("token", ["nothing", "x" * 500])
def test_an_unknown_link_is_a_page_that_says_so(token: str) -> None:
    response = Client().get(f"/track/{token}/")
    assert response.status_code == 404
    assert "We do not know this link" in response.content.decode()


@pytest.mark.parametrize("token", ["%00", "'; DROP TABLE orders", "%F0%9F%8D%9E"])
def test_what_cannot_be_a_link_is_not_looked_up(token: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(f"/track/{token}/").status_code == 404
    assert selects(queries) == 0


def test_the_link_ends_with_the_personal_data() -> None:
    order = make_order()
    Order.objects.update(anonymised_at=timezone.now())
    assert open_page(order).status_code == 404


def test_the_page_is_only_read() -> None:
    order = make_order()
    assert Client().post(f"/track/{order.tracking_token}/").status_code == 405
    assert Client().head(f"/track/{order.tracking_token}/").status_code == 200


def test_the_way_is_on_the_page_while_the_courier_brings_it_and_only_then() -> None:
    store = make_store(name="Bakery", latitude=52.52, longitude=13.4)
    assignment = make_accepted(product=make_product(store))
    assert "data-door" not in open_page(assignment.order).content.decode()
    pick_up(assignment.id, actor=actor_of(assignment.courier))
    (shown,) = [box for box in page(assignment.order).all("div") if "data-door" in box]
    order = Order.objects.get()
    assert (shown["data-store"], shown["data-store-label"]) == ("52.52,13.4", "Bakery")
    assert shown["data-door"] == f"{order.dropoff_latitude},{order.dropoff_longitude}"
    assert "data-tile-url" not in shown
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    assert "data-door" not in open_page(assignment.order).content.decode()


def test_the_map_may_load_its_pictures_and_nothing_else(settings: Any) -> None:
    settings.MAP_TILE_URL = "https://tiles.example.com/{z}/{x}/{y}.png"
    settings.MAP_TILE_ATTRIBUTION = '© <a href="/about">Maps</a>'
    response = open_page(make_picked_up().order)
    assert "img-src 'self' https://tiles.example.com data:; font-src 'self'" in response["Content-Security-Policy"]
    (shown,) = [box for box in Shown(response.content.decode()).all("div") if "data-tile-url" in box]
    assert shown["data-tile-url"] == settings.MAP_TILE_URL
    assert shown["data-tile-attribution"] == settings.MAP_TILE_ATTRIBUTION


def test_the_store_says_how_it_is_asked() -> None:
    store = make_store(phone="+49 30 23125 001", email="help@example.com")
    order = make_order(product=make_product(store))
    links = [link["href"] for link in page(order).all("a")]
    assert "tel:+493023125001" in links
    assert f"mailto:help@example.com?subject={order.number}" in links
    silent = page(make_order())
    assert [link for link in silent.all("a") if str(link["href"]).startswith(("tel:", "mailto:"))] == []


def test_a_browser_is_answered_in_its_language() -> None:
    assignment = make_picked_up(courier=make_courier(vehicle="cargo_bike"))
    response = Client().get(f"/track/{assignment.order.tracking_token}/", headers={"Accept-Language": "de-AT,en;q=0.5"})
    shown = Shown(response.content.decode())
    assert response["Content-Language"] == "de"
    assert shown.all("html")[0]["lang"] == "de"
    for words in ("Unterwegs", "Ankunft zwischen", "Lastenrad", "Ihre Bestellung"):
        assert words in shown.text
    assert [link["href"] for link in shown.all("a") if link.get("hreflang")] == ["?lang=en"]


def test_who_chooses_a_language_is_asked_nothing_else() -> None:
    order = make_order()
    response = Client().get(f"/track/{order.tracking_token}/?lang=de", headers={"Accept-Language": "en"})
    assert response["Content-Language"] == "de"
    assert "Wir warten auf Ihre Zahlung" in response.content.decode()
    assert response.cookies == {}
    unknown = Client().get(f"/track/{order.tracking_token}/?lang=xx", headers={"Accept-Language": "fr"})
    assert unknown["Content-Language"] == "en"


def test_the_sentences_of_the_script_come_with_the_page() -> None:
    shown = Shown(Client().get(f"/track/{make_order().tracking_token}/?lang=de").content.decode())
    (notice,) = [element for element in shown.all("p") if element.get("id") == "live"]
    assert notice["data-seconds"] == "vor {n} s"
    assert notice["data-away"] == "Zuletzt aktualisiert {age}; die Verbindung wird wiederhergestellt"


def test_the_link_in_the_api_is_the_page() -> None:
    order = make_order()
    link = Caller(staff()).get(f"orders/{order.id}").json()["tracking_url"]
    assert link == f"http://testserver/track/{order.tracking_token}/"


def test_what_others_named_things_is_text() -> None:
    product = make_product(make_store(name="<script>alert(1)</script>"), name="<img src=x>")
    html = open_page(make_order(product=product)).content.decode()
    assert "<script>alert" not in html
    assert "<img src=x>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_is_seven_statements() -> None:
    """Link, sequence, order with store, lines, charges, assignment with courier, what that courier has in hand."""
    order = make_picked_up().order
    with CaptureQueriesContext(connection) as queries:
        open_page(order)
    assert selects(queries) == 7


def test_a_courier_who_has_said_where_they_are_changes_the_time() -> None:
    assignment = make_picked_up(product=make_product(make_store(latitude=52.4, longitude=13.2)))
    Courier.objects.update(latitude=52.5205, longitude=13.41, position_recorded_at=timezone.now())
    assert "in about 4 min" in page(assignment.order).text

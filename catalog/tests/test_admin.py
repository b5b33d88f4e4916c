from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.actors import Actor
from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, filled, press, queries_of, signed_in, told
from accounts.tests.factories import make_user
from catalog.models import Membership, OpeningHours, Product, StockEntry, StockReason, Store
from catalog.services.stock import Demand, adjust_stock, reserve
from catalog.tests.factories import SYSTEM, ledger_of, make_product, make_staff, make_store, stock_of

pytestmark = pytest.mark.django_db

STORES, PRODUCTS, LEDGER = "/admin/catalog/store/", "/admin/catalog/product/", "/admin/catalog/stockentry/"


@pytest.fixture
def admin() -> Client:
    return signed_in(make_user(Role.ADMIN))


def product_page(client: Client, product: Product) -> Any:
    return client.get(f"{PRODUCTS}{product.pk}/change/")


def store_page(client: Client, store: Store) -> Any:
    return client.get(f"{STORES}{store.pk}/change/")


def listed(client: Client, url: str, **query: str) -> set[str]:
    return {str(row) for row in client.get(url, query).context["cl"].result_list}


def test_staff_see_their_stores_only() -> None:
    ours, theirs = make_store(name="Ours"), make_store(name="Theirs")
    our_product, their_product = make_product(ours, name="Tea"), make_product(theirs, name="Salt", stock=5)
    client = signed_in(make_staff(ours))

    assert listed(client, STORES) == {"Ours"}
    assert listed(client, PRODUCTS) == {str(our_product)}
    assert listed(client, LEDGER) == set()
    for url in (f"{STORES}{theirs.pk}", f"{PRODUCTS}{their_product.pk}"):
        assert client.get(f"{url}/change/", follow=True).redirect_chain == [("/admin/", 302)]
    assert client.get(f"{PRODUCTS}{their_product.pk}/move/stock/").status_code == 404


def test_staff_cannot_reach_into_foreign_stores_by_crafted_forms() -> None:
    theirs = make_store()
    product = make_product(theirs, stock=5)
    client = signed_in(make_staff(make_store()))

    client.post(f"{PRODUCTS}{product.pk}/change/", {"sku": "X", "name": "X", "price": "1", "version": "1"})
    assert client.post(f"{PRODUCTS}{product.pk}/move/stock/", {"delta": "9", "reason": "counted"}).status_code == 404
    assert client.post(f"{STORES}{theirs.pk}/move/retire/", {"version": "1"}).status_code == 404
    new = client.post(
        f"{PRODUCTS}add/", {"store": theirs.pk, "sku": "N", "name": "N", "price": "1", "initial_stock": 0}
    )

    assert "Select a valid choice. That choice is not one of the available choices." in errors_of(new)
    assert Product.objects.values_list("sku", "name", "stock").get() == (product.sku, product.name, 5)
    assert Store.objects.get(pk=theirs.pk).is_active


def test_dispatchers_look_but_do_not_touch() -> None:
    product = make_product(stock=5)
    client = signed_in(make_user(Role.DISPATCHER))

    page = product_page(client, product)
    assert buttons(page) == []
    assert client.post(f"{PRODUCTS}{product.pk}/change/", filled(page, name="X")).status_code == 403
    assert client.post(f"{PRODUCTS}{product.pk}/move/stock/", {"delta": "1", "reason": "counted"}).status_code == 403
    assert client.get(f"{PRODUCTS}add/").status_code == 403
    assert ledger_of(product) == [(5, "received")]


def test_dispatchers_read_the_hours() -> None:
    store, other = make_store(), make_store()
    OpeningHours.objects.create(store=store, weekday=0, opens=time(9), closes=time(18))
    client = signed_in(make_user(Role.DISPATCHER))

    text = store_page(client, store).text
    assert "Monday: 09:00-18:00" in text
    assert "Tuesday: closed" in text
    assert "around the clock" in store_page(client, other).text


def test_stock_changes_through_the_ledger() -> None:
    store = make_store()
    staff = make_staff(store)
    product = make_product(store, stock=5)
    client = signed_in(staff)

    answer = press(
        client, product_page(client, product), "stock", delta="-2", reason="damaged", note="Fell off the shelf"
    )

    assert told(answer) == [f"{product.name}: -2, now 3 in stock."]
    assert stock_of(product) == 3
    assert ledger_of(product) == [(5, "received"), (-2, "damaged")]
    entry = StockEntry.objects.latest("id")
    assert (entry.actor_id, entry.note) == (staff.pk, "Fell off the shelf")


def test_stock_below_zero_is_refused_and_the_input_kept(admin: Client) -> None:
    product = make_product(stock=5, name="Tea")

    page = press(admin, product_page(admin, product), "stock", delta="-6", reason="counted", note="Shelf 3")

    assert errors_of(page) == ["Tea: 5 available."]
    assert [page.context["form"][name].value() for name in ("delta", "reason", "note")] == ["-6", "counted", "Shelf 3"]
    assert ledger_of(product) == [(5, "received")]


@pytest.mark.parametrize(("delta", "reason"), [("0", "counted"), ("1", "reserved"), ("", "counted"), ("x", "counted")])
def test_stock_form_takes_only_changes_by_hand(admin: Client, delta: str, reason: str) -> None:
    product = make_product(stock=5)

    page = press(admin, product_page(admin, product), "stock", delta=delta, reason=reason)

    assert errors_of(page) != []
    assert ledger_of(product) == [(5, "received")]


def test_crafted_product_form_does_not_write_stock_currency_store_or_standing(admin: Client) -> None:
    product, other = make_product(stock=5), make_store()
    page = product_page(admin, product)

    crafted = {"stock": "99", "currency": "USD", "store": other.pk, "is_active": "", "version": "1"}
    admin.post(page.request["PATH_INFO"], filled(page, name="Green tea", **crafted))

    stored = Product.objects.get()
    assert (stored.name, stored.stock, stored.currency, stored.store_id, stored.is_active, stored.version) == (
        "Green tea", 5, "EUR", product.store_id, True, 2,
    )  # fmt: skip


def test_ledger_is_only_read(admin: Client) -> None:
    product = make_product(stock=5)
    entry = StockEntry.objects.get()

    assert admin.get(f"{LEDGER}add/").status_code == 403
    assert admin.post(f"{LEDGER}{entry.pk}/change/", {"delta": "50"}).status_code == 403
    assert admin.post(f"{LEDGER}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ledger_of(product) == [(5, "received")]


def test_ledger_names_colleagues_but_not_who_ordered(admin: Client) -> None:
    customer = make_user(email="secret@example.com")
    product = make_product(stock=5)
    reserve([Demand(product_id=product.pk, quantity=1)], order_id=product.pk, actor=Actor.of(customer))

    for page in (admin.get(LEDGER), product_page(admin, product)):
        assert "Reserved for an order" in page.text
        assert "secret@example.com" not in page.text


def test_product_is_made_with_its_initial_stock_in_the_ledger() -> None:
    store = make_store(currency="CHF")
    client = signed_in(make_staff(store))
    new = {
        "store": store.pk,
        "sku": "TEA",
        "name": "Tea",
        "price": "4.50",
        "initial_stock": "7",
        "low_stock_threshold": 2,
    }

    answer = client.post(f"{PRODUCTS}add/", new, follow=True)

    product = Product.objects.get()
    assert answer.status_code == 200
    assert (product.store_id, product.price, product.currency, product.stock) == (store.pk, Decimal("4.50"), "CHF", 7)
    assert ledger_of(product) == [(7, "received")]


def test_taken_sku_is_told_and_the_input_kept(admin: Client) -> None:
    tea, coffee = make_product(sku="TEA"), make_product()
    Product.objects.filter(pk=coffee.pk).update(store_id=tea.store_id)
    page = product_page(admin, coffee)

    answer = admin.post(page.request["PATH_INFO"], filled(page, sku="TEA", name="Mocha"))

    assert errors_of(answer) == ["The store has another product with the SKU TEA."]
    assert answer.context["adminform"].form["name"].value() == "Mocha"
    assert Product.objects.get(pk=coffee.pk).name == coffee.name


def test_stale_product_form_is_refused_but_sales_do_not_make_it_stale(admin: Client) -> None:
    product = make_product(stock=5, price="5.00")
    page = product_page(admin, product)
    reserve([Demand(product_id=product.pk, quantity=1)], order_id=product.pk, actor=Actor.system("test"))
    admin.post(page.request["PATH_INFO"], filled(page, price="5.50"), follow=True)
    assert Product.objects.get().price == Decimal("5.50")

    answer = admin.post(page.request["PATH_INFO"], filled(page, price="6.00"))

    (refusal,) = errors_of(answer)
    assert "Stored now: Price: 5.50." in refusal
    assert answer.context["adminform"].form["price"].value() == "6.00"
    assert Product.objects.get().price == Decimal("5.50")


def test_product_is_retired_and_sold_again(admin: Client) -> None:
    product = make_product()
    page = product_page(admin, product)
    assert buttons(page) == ["stock", "retire"]

    page = press(admin, page, "retire")
    assert (told(page), buttons(page)) == ([f"{product.name} is no longer sold."], ["stock", "sell-again"])
    assert not Product.objects.get().is_active

    press(admin, page, "sell-again")
    assert Product.objects.get().is_active


def test_button_of_a_stale_page_does_nothing(admin: Client) -> None:
    product = make_product()
    page = product_page(admin, product)
    Product.objects.update(version=2)

    answer = press(admin, page, "retire")

    assert told(answer) == [
        "It has changed since you opened the page, so nothing was done. Look at it again before you repeat it."
    ]
    assert Product.objects.get().is_active


def test_store_is_made_by_staff_who_then_run_it() -> None:
    staff = make_staff()
    client = signed_in(staff)
    place = {"name": "Kiosk", "address": "1 Main St", "latitude": "52.5", "longitude": "13.4", "currency": "EUR"}
    terms = {"time_zone": "Europe/Berlin", "delivery_base_fee": "2", "delivery_fee_per_km": "0.5"}

    client.post(f"{STORES}add/", {**place, **terms, "preparation_minutes": "10", "monday": "9-13, 14:30-2:00"})

    store = Store.objects.get()
    assert (store.name, store.delivery_base_fee, store.time_zone) == ("Kiosk", Decimal("2.00"), "Europe/Berlin")
    assert hours_of(store) == [(0, time(9), time(13)), (0, time(14, 30), time(2))]
    assert list(store.memberships.values_list("user_id", flat=True)) == [staff.pk]


def hours_of(store: Store) -> list[tuple[int, time, time]]:
    rows = OpeningHours.objects.filter(store=store).order_by("weekday", "opens")
    return list(rows.values_list("weekday", "opens", "closes"))


def test_hours_are_shown_as_they_are_written_and_replaced_together(admin: Client) -> None:
    store = make_store()
    for opens, closes in ((time(14), time(20)), (time(9), time(12, 30))):
        OpeningHours.objects.create(store=store, weekday=6, opens=opens, closes=closes)
    page = store_page(admin, store)
    assert page.context["adminform"].form["sunday"].value() == "09:00-12:30, 14:00-20:00"

    admin.post(page.request["PATH_INFO"], filled(page, sunday="", friday="18:00–24:00"), follow=True)  # noqa: RUF001

    assert hours_of(store) == [(4, time(18), time(0))]
    assert Store.objects.get().version == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("from nine", "“from nine” is not like 09:00-18:00."),
        ("25:00-26:00", "25:00 is not a time of day."),
        ("9-12, 9-14", "Two openings of a day cannot begin at the same time."),
    ],
)
def test_what_are_no_hours_is_told_at_its_day(admin: Client, text: str, problem: str) -> None:
    store = make_store()
    page = store_page(admin, store)

    answer = admin.post(page.request["PATH_INFO"], filled(page, monday=text, name="New name"))

    assert answer.context["adminform"].form.errors == {"monday": [problem]}
    assert (Store.objects.get().name, hours_of(store)) == (store.name, [])


def test_stale_store_form_is_refused(admin: Client) -> None:
    store = make_store()
    page = store_page(admin, store)
    Store.objects.update(version=2, name="Renamed")

    answer = admin.post(page.request["PATH_INFO"], filled(page, monday="9-18"))

    assert "Stored now: Name: Renamed; Monday: empty." in errors_of(answer)[0]
    assert (Store.objects.get().name, hours_of(store)) == ("Renamed", [])


def test_store_is_paused_resumed_retired_and_reopened(admin: Client) -> None:
    store = make_store()
    page = store_page(admin, store)
    seen = []
    for name in ("pause", "resume", "retire", "reopen"):
        assert name in buttons(page)
        page = press(admin, page, name)
        seen.append(Store.objects.values_list("is_paused", "is_active").get())

    assert seen == [(True, True), (False, True), (False, False), (False, True)]
    assert Store.objects.get().version == 5


def test_administrators_give_and_take_memberships(admin: Client) -> None:
    ada, bob = make_user(Role.STORE_STAFF), make_user(Role.STORE_STAFF)
    store = make_store(ada)
    page = store_page(admin, store)
    one_more = {"memberships-TOTAL_FORMS": "2", "memberships-1-user": bob.pk, "memberships-1-store": store.pk}

    admin.post(page.request["PATH_INFO"], filled(page, **{"memberships-0-DELETE": "on"}, **one_more), follow=True)

    assert list(Membership.objects.values_list("user_id", "store_id")) == [(bob.pk, store.pk)]


def test_staff_neither_see_nor_make_memberships() -> None:
    store = make_store()
    client = signed_in(make_staff(store))
    page = store_page(client, store)
    assert page.context["inline_admin_formsets"] == []

    friend = make_user(Role.STORE_STAFF)
    crafted = {
        "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0", "memberships-0-user": friend.pk,
        "memberships-0-store": store.pk,
    }  # fmt: skip
    client.post(page.request["PATH_INFO"], filled(page, name="Kiosk", **crafted))

    assert Store.objects.get().name == "Kiosk"
    assert not Membership.objects.filter(user=friend).exists()


def test_lists_ask_no_more_for_many_rows_than_for_few(admin: Client) -> None:
    urls = (STORES, PRODUCTS, LEDGER)
    for _ in range(2):
        make_product(stock=1)
    few = [queries_of(admin, url) for url in urls]

    for _ in range(48):
        make_product(stock=1)

    assert [queries_of(admin, url) for url in urls] == few
    assert max(few) <= 5


def test_pages_ask_no_more_for_many_rows_than_for_few(admin: Client) -> None:
    product = make_product(stock=1)
    urls = (f"{STORES}{product.store_id}/change/", f"{PRODUCTS}{product.pk}/change/")
    Membership.objects.create(store=product.store, user=make_user(Role.STORE_STAFF))
    few = [queries_of(admin, url) for url in urls]

    for _ in range(10):
        Membership.objects.create(store=product.store, user=make_user(Role.STORE_STAFF))
        adjust_stock(product.pk, delta=1, reason=StockReason.RECEIVED, actor=SYSTEM)

    assert [queries_of(admin, url) for url in urls] == few


def test_low_stock_is_a_filter_away(admin: Client) -> None:
    low = make_product(stock=2, low_stock_threshold=2)
    make_product(stock=3, low_stock_threshold=2)

    assert listed(admin, PRODUCTS, stock="low") == {str(low)}

"""The first page of the Admin site: what needs somebody now, of what they may see, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import queries_of, signed_in
from accounts.tests.factories import make_user
from catalog.models import Store
from catalog.tests.factories import make_staff
from couriers.models import Courier
from couriers.states import CourierStatus
from couriers.tests.factories import make_accepted, make_courier, make_picked_up
from events.models import DeliveryState, EventDelivery, WebhookEndpoint
from events.tests.webhooks import make_endpoint, make_webhook
from operations.admin.start.page import WATCHED
from operations.tests import test_stuck as stuck
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_order, make_paid_order, make_product

pytestmark = pytest.mark.django_db

START = "/admin/"
Made = tuple[Store | None, str]


@pytest.fixture
def admin() -> Client:
    return signed_in(make_user(Role.ADMIN))


def needs(client: Client) -> dict[str, Any]:
    page = client.get(START)
    assert page.status_code == 200
    return {need.kind.key: need for need in page.context["needs"]}


def placed_ago(order: Order, **ago: float) -> Order:
    Order.objects.filter(pk=order.pk).update(created_at=timezone.now() - timedelta(**ago))
    return order


def silent(**fields: Any) -> Courier:
    heard = timezone.now() - timedelta(minutes=20, seconds=5)
    where = {"latitude": 52.5, "longitude": 13.4, "position_recorded_at": heard}
    return make_courier(**{"status": CourierStatus.AVAILABLE, **where, **fields})


def late_order() -> Made:
    order = placed_ago(make_picked_up().order, minutes=52, seconds=5)
    return order.store, "It is on its way to the door."


def silent_courier() -> Made:
    silent(name="Ana", phone="+49 30 5")
    return None, "Carries nothing. +49 30 5"


def dead_webhook() -> Made:
    make_webhook(make_endpoint(), state=DeliveryState.DEAD, last_error="Timeout: slow")
    return None, "Timeout: slow"


def disabled_endpoint() -> Made:
    make_endpoint(is_active=False, disabled_reason="the receiver answered 410 Gone")
    return None, "The receiver answered 410 Gone"


def low_product() -> Made:
    return make_product(stock=2, low_stock_threshold=3).store, "To be told of at 3."


# What is not stuck is made here; the rest as for the page of what is stuck.
OWN: dict[str, Callable[[], Made]] = {
    "late": late_order,
    "silent-couriers": silent_courier,
    "dead-letters": dead_webhook,
    "disabled-endpoints": disabled_endpoint,
    "low-stock": low_product,
}
FROM_STUCK = {key: make for make, key, _, _ in stuck.CASES.values() if key != "dead-letters"}


def test_every_kind_is_among_the_cases() -> None:
    assert {one.kind.key for one in WATCHED} == {*OWN, *FROM_STUCK}


@pytest.mark.parametrize("key", OWN)
def test_a_need_is_found_told_and_can_be_gone_to(key: str, admin: Client) -> None:
    _, happened = OWN[key]()

    found = needs(admin)

    assert list(found) == [key]
    (case,) = found[key].cases
    assert (found[key].number, case.happened) == (1, happened)
    if case.about:
        assert admin.get(case.about.url).status_code == 200
    listed = admin.get(found[key].watched.all_url)
    assert len(listed.context["cl"].result_list) == 1


@pytest.mark.parametrize("key", FROM_STUCK)
def test_what_is_stuck_is_a_need(key: str, admin: Client) -> None:
    order = FROM_STUCK[key]()

    need = needs(admin)[key]

    assert (need.number, [case.order for case in need.cases], need.cases[0].age) == (1, [order], "1\xa0h")
    assert need.watched.all_url == f"/admin/stuck/#{key}"


def test_lateness_is_counted_from_when_it_was_due(admin: Client) -> None:
    late_order()

    (case,) = needs(admin)["late"].cases

    assert case.age == "7\xa0min"


def test_what_is_well_is_no_need_and_is_said_to_be_well(admin: Client) -> None:
    placed_ago(make_order(), days=1)
    placed_ago(make_paid_order(), minutes=44)
    make_accepted()
    silent(status=CourierStatus.OFFLINE)
    silent(is_active=False)
    make_courier(status=CourierStatus.AVAILABLE)
    silent(position_recorded_at=timezone.now() - timedelta(minutes=4))
    make_endpoint(is_active=False)
    make_product(stock=4, low_stock_threshold=3)

    page = admin.get(START)

    assert page.context["needs"] == []
    assert "Nothing needs you now" in page.text
    assert page.context["well"] == [one.kind.title for one in WATCHED]


def test_the_most_urgent_come_first_and_the_rest_are_a_link(admin: Client) -> None:
    orders = [placed_ago(make_paid_order(), minutes=minutes) for minutes in (50, 90, 46, 70)]

    need = needs(admin)["late"]

    assert need.number == 4
    assert [case.order for case in need.cases] == [orders[1], orders[3], orders[0]]
    listed = admin.get(need.watched.all_url).context["cl"].result_list
    assert {order.pk for order in listed} == {order.pk for order in orders}


@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.ADMIN, set()),
        (Role.DISPATCHER, {"disabled-endpoints"}),
        (Role.STORE_STAFF, {"disabled-endpoints", "dead-letters", "silent-couriers"}),
    ],
)
def test_each_role_is_told_of_what_it_may_see(role: Role, hidden: set[str]) -> None:
    stores = tuple({store for store in (make()[0] for make in OWN.values()) if store})
    client = signed_in(make_staff(*stores) if role == Role.STORE_STAFF else make_user(role))

    assert set(needs(client)) == set(OWN) - hidden


@pytest.mark.parametrize("key", ["late", "low-stock"])
def test_staff_of_another_store_are_not_told(key: str) -> None:
    store, _ = OWN[key]()
    assert store is not None

    assert needs(signed_in(make_staff(make_product().store))) == {}
    assert set(needs(signed_in(make_staff(store)))) == {key}


def test_a_button_helps_at_once_and_comes_back_to_the_page() -> None:
    client = signed_in(make_user(Role.DISPATCHER))
    placed_ago(make_paid_order(), minutes=90)

    (case,) = needs(client)["late"].cases
    button = case.buttons[0]
    answer = client.post(button.url, {"version": button.form["version"].value(), "next": START})

    assert (button.move.name, answer.headers["Location"]) == ("confirm", START)
    assert Order.objects.get().status == "confirmed"


def test_store_staff_see_who_is_late_without_what_only_dispatch_may_do() -> None:
    order = placed_ago(make_accepted(courier=make_courier(name="Kim")).order, minutes=50)

    (case,) = needs(signed_in(make_staff(order.store)))["late"].cases

    assert (case.happened, case.buttons, case.links) == ("Kim has accepted it; it waits at the counter.", [], [])


def test_dead_letters_of_a_removed_endpoint_can_only_be_discarded(admin: Client) -> None:
    make_webhook(make_endpoint(retired_at=timezone.now()), state=DeliveryState.DEAD)

    (case,) = needs(admin)["dead-letters"].cases

    assert [button.move.name for button in case.buttons] == ["discard"]


def test_giving_up_is_not_what_is_offered_first() -> None:
    order = make_confirmed_order()
    stuck.age(order)
    client = signed_in(make_staff(order.store))

    need = needs(client)["without-courier"]

    assert [button.move.name for button in need.cases[0].buttons] == ["cancel"]
    assert need.rows[0].button is None
    assert "What can be done" in client.get(START).text
    assert "/move/cancel/" not in client.get(START).text


def test_who_cannot_help_is_told_who_can() -> None:
    low_product()
    assert "Their store can receive more." in signed_in(make_user(Role.DISPATCHER)).get(START).text


def test_orders_under_way_are_counted_of_ones_own_stores() -> None:
    order = make_paid_order()
    make_paid_order()
    make_order()

    def counted(client: Client) -> list[tuple[str, int]]:
        return [(one.label, one.number) for one in client.get(START).context["under_way"] if one.number]

    assert counted(signed_in(make_user(Role.DISPATCHER))) == [("Created", 1), ("Paid", 2)]
    assert counted(signed_in(make_staff(order.store))) == [("Paid", 1)]


def test_it_asks_no_more_for_many_than_for_few(admin: Client) -> None:
    def happen() -> None:
        for make in (*OWN.values(), *FROM_STUCK.values()):
            make()
        placed_ago(make_confirmed_order(), hours=2)
        Order.objects.filter(status="confirmed").update(status_changed_at=F("status_changed_at") - timedelta(hours=1))

    happen()
    few = queries_of(admin, START)
    for _ in range(2):
        happen()

    assert queries_of(admin, START) == few
    assert few <= 35


def test_where_nothing_is_needed_nothing_is_read(admin: Client) -> None:
    assert queries_of(admin, START) <= 6


def test_what_was_typed_by_others_is_shown_as_text(admin: Client) -> None:
    script = "<script>alert(1)</script>"
    silent(name=script)
    make_product(stock=0, low_stock_threshold=1, name=script)
    EventDelivery.objects.update(last_error=script)
    WebhookEndpoint.objects.update(disabled_reason=script)

    assert script not in admin.get(START).text

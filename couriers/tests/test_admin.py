from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, filled, press, queries_of, signed_in, told
from accounts.tests.factories import make_user
from couriers.models import Assignment, Courier
from couriers.states import CourierStatus
from couriers.tests.factories import make_accepted, make_courier, make_picked_up

pytestmark = pytest.mark.django_db

COURIERS, ASSIGNMENTS = "/admin/couriers/courier/", "/admin/couriers/assignment/"


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def page_of(client: Client, courier: Courier) -> Any:
    return client.get(f"{COURIERS}{courier.pk}/change/")


def test_courier_is_made_for_an_account(dispatcher: Client) -> None:
    user = make_user(Role.COURIER)
    profile = {"name": "Kim", "phone": "1", "vehicle": "cargo_bike", "capacity": "3"}

    dispatcher.post(f"{COURIERS}add/", {**profile, "email": user.email.upper()}, follow=True)

    courier = Courier.objects.get()
    assert (courier.pk, courier.name, courier.vehicle, courier.capacity) == (user.pk, "Kim", "cargo_bike", 3)
    assert (courier.status, courier.version) == (CourierStatus.OFFLINE, 1)


@pytest.mark.parametrize(
    ("role", "problem"), [(None, "There is no such user."), (Role.CUSTOMER, "The user's role is not courier.")]
)
def test_account_that_is_no_couriers_is_told_at_its_field(dispatcher: Client, role: Role | None, problem: str) -> None:
    email = make_user(role).email if role else "nobody@example.com"

    page = dispatcher.post(f"{COURIERS}add/", {"name": "Kim", "vehicle": "foot", "capacity": "1", "email": email})

    assert page.context["adminform"].form.errors == {"email": [problem]}
    assert page.context["adminform"].form["name"].value() == "Kim"
    assert not Courier.objects.exists()


def test_profile_is_changed_and_a_stale_form_refused(dispatcher: Client) -> None:
    courier = make_courier(name="Kim")
    page = page_of(dispatcher, courier)
    dispatcher.post(page.request["PATH_INFO"], filled(page, name="Kim Vogel"), follow=True)

    answer = dispatcher.post(page.request["PATH_INFO"], filled(page, phone="2"))

    assert "Stored now: Name: Kim Vogel;" in errors_of(answer)[0]
    assert answer.context["adminform"].form["phone"].value() == "2"
    assert Courier.objects.values_list("name", "phone", "version").get() == ("Kim Vogel", courier.phone, 2)


def test_capacity_below_what_they_carry_is_refused_at_its_field(dispatcher: Client) -> None:
    courier = make_courier(capacity=2)
    for _ in range(2):
        make_accepted(courier=courier)
    page = page_of(dispatcher, courier)

    answer = dispatcher.post(page.request["PATH_INFO"], filled(page, capacity="1"))

    assert answer.context["adminform"].form.errors == {"capacity": ["Less than they carry at the moment."]}
    assert Courier.objects.get().capacity == 2


def test_crafted_form_does_not_write_state(dispatcher: Client) -> None:
    courier = make_courier()
    page = page_of(dispatcher, courier)

    crafted = {"status": "available", "active_orders": "5", "is_active": "", "latitude": "1", "version": "1"}
    dispatcher.post(page.request["PATH_INFO"], filled(page, name="Kim Vogel", **crafted))

    stored = Courier.objects.get()
    assert (stored.name, stored.status, stored.active_orders) == ("Kim Vogel", CourierStatus.OFFLINE, 0)
    assert (stored.is_active, stored.latitude) == (True, None)


def test_courier_is_taken_offline_retired_and_reactivated(dispatcher: Client) -> None:
    courier = make_courier(status=CourierStatus.AVAILABLE)
    page = page_of(dispatcher, courier)
    assert buttons(page) == ["offline", "retire"]

    page = press(dispatcher, page, "offline")
    assert (told(page), buttons(page)) == (["Kim is offline."], ["retire"])
    page = press(dispatcher, page, "retire")
    assert (Courier.objects.get().is_active, buttons(page)) == (False, ["reactivate"])
    press(dispatcher, page, "reactivate")
    assert Courier.objects.get().is_active


def test_store_staff_have_no_page_of_couriers() -> None:
    courier = make_courier()
    client = signed_in(make_user(Role.STORE_STAFF))

    for url in (COURIERS, f"{COURIERS}{courier.pk}/change/", f"{COURIERS}add/", ASSIGNMENTS):
        assert client.get(url).status_code == 403


def test_assignments_are_only_read(dispatcher: Client) -> None:
    assignment = make_picked_up()

    assert dispatcher.get(f"{ASSIGNMENTS}{assignment.pk}/change/").status_code == 200
    assert dispatcher.post(f"{ASSIGNMENTS}{assignment.pk}/change/", {"status": "delivered"}).status_code == 403
    assert dispatcher.get(f"{ASSIGNMENTS}add/").status_code == 403
    assert Assignment.objects.values_list("status", "version").get() == ("picked_up", assignment.version)


def test_couriers_are_filtered_by_what_they_can_take(dispatcher: Client) -> None:
    free = make_courier(name="Free", status=CourierStatus.AVAILABLE)
    busy = make_courier(name="Busy", status=CourierStatus.AVAILABLE)
    make_courier(name="Away")
    make_accepted(courier=busy)

    def listed(now: str) -> list[str]:
        return [courier.name for courier in dispatcher.get(COURIERS, {"now": now}).context["cl"].result_list]

    assert (listed("available"), listed("busy"), listed("offline")) == ([free.name], ["Busy"], ["Away"])


def test_lists_ask_no_more_for_many_rows_than_for_few(dispatcher: Client) -> None:
    for _ in range(2):
        make_accepted()
    few = [queries_of(dispatcher, url) for url in (COURIERS, ASSIGNMENTS)]

    for _ in range(20):
        make_accepted()

    assert [queries_of(dispatcher, url) for url in (COURIERS, ASSIGNMENTS)] == few
    assert max(few) <= 3

from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Role
from couriers.models import Courier
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, staff
from events.models import Event
from orders.tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_a_user_becomes_a_courier(dispatcher: Caller) -> None:
    user = make_user(Role.COURIER)

    response = dispatcher.post(
        "couriers",
        {"user_id": str(user.id), "name": "Kim", "phone": "+49301", "vehicle": "scooter", "capacity": 3},
    )

    body = response.json()
    assert response.status_code == 201
    assert (response["ETag"], response["Location"]) == ('"1"', f"/api/v2/couriers/{user.id}")
    assert body == {
        "id": str(user.id),
        "user_id": str(user.id),
        "name": "Kim",
        "phone": "+49301",
        "vehicle": "scooter",
        "capacity": 3,
        "top_speed_kmh": None,
        "status": "offline",
        "active_orders": 0,
        "is_active": True,
        "position": None,
        "version": 1,
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
    }
    assert Courier.objects.get().user == user


def test_the_user_may_be_named_by_e_mail_and_the_rest_has_defaults(dispatcher: Caller) -> None:
    user = make_user(Role.COURIER)
    body = dispatcher.post("couriers", {"email": f" {user.email.upper()} ", "name": "Kim"}).json()
    assert (body["id"], body["phone"], body["vehicle"], body["capacity"]) == (str(user.id), "", "bicycle", 1)


@pytest.mark.parametrize(("said", "vehicle"), [("bike", "bicycle"), ("motorbike", "scooter"), ("van", "car")])
def test_a_vehicle_may_be_called_by_its_other_names(dispatcher: Caller, said: str, vehicle: str) -> None:
    user = make_user(Role.COURIER)
    response = dispatcher.post("couriers", {"user_id": str(user.id), "name": "Kim", "vehicle": said})
    assert (response.status_code, response.json()["vehicle"]) == (201, vehicle)


def test_a_user_is_a_courier_once(dispatcher: Caller) -> None:
    courier = make_courier()
    before = snapshot()
    response = dispatcher.post("couriers", {"email": courier.user.email, "name": "Kim again"})
    assert refusal(response) == (409, "courier_exists")
    assert response.json()["courier_id"] == str(courier.id)
    assert snapshot() == before


def test_the_same_key_makes_one_courier(dispatcher: Caller) -> None:
    body = {"user_id": str(make_user(Role.COURIER).id), "name": "Kim"}
    first, again = (dispatcher.post("couriers", body, key="k-1") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": "Kim"}, "", "required"),
        ({"email": "a@example.com", "user_id": str(uuid4()), "name": "Kim"}, "", "required"),
        ({"email": "a@example.com"}, "/name", "required"),
        ({"email": "a@example.com", "name": "Kim", "vehicle": "rocket"}, "/vehicle", "invalid_choice"),
        ({"email": "a@example.com", "name": "Kim", "vehicle": ["bike"]}, "/vehicle", "invalid_type"),
        ({"email": "a@example.com", "name": "Kim", "capacity": 0}, "/capacity", "min_value"),
        ({"email": "a@example.com", "name": "Kim", "capacity": 51}, "/capacity", "max_value"),
        ({"email": "a@example.com", "name": "Kim", "status": "available"}, "/status", "unknown_field"),
        ({"email": "a@example.com", "name": "Kim", "active_orders": 3}, "/active_orders", "unknown_field"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(
    dispatcher: Caller, body: dict[str, Any], pointer: str, code: str
) -> None:
    response = dispatcher.post("couriers", body)
    assert refusal(response) == (400, "invalid_request")
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [(pointer, code)]
    assert Courier.objects.count() == 0


@pytest.mark.parametrize("who", [{"user_id": str(uuid4())}, {"email": "nobody@example.com"}])
def test_a_profile_needs_a_user(dispatcher: Caller, who: dict[str, str]) -> None:
    response = dispatcher.post("couriers", {**who, "name": "Kim"})
    assert refusal(response) == (404, "user_not_found")
    assert [(e["pointer"], e["code"]) for e in response.json()["errors"]] == [(f"/{next(iter(who))}", "unknown_user")]
    assert Courier.objects.count() == 0


def test_only_users_with_the_role_become_couriers(dispatcher: Caller) -> None:
    response = dispatcher.post("couriers", {"user_id": str(make_user(Role.CUSTOMER).id), "name": "Ada"})
    assert refusal(response) == (409, "not_a_courier")
    assert response.json()["errors"][0]["pointer"] == "/user_id"
    assert Courier.objects.count() == 0


def test_a_profile_is_changed_by_whoever_read_it_last(dispatcher: Caller) -> None:
    courier = make_courier()
    read = dispatcher.get(f"couriers/{courier.id}")
    change = {"name": "Robin", "vehicle": "car", "capacity": 4, "top_speed_kmh": 90}

    response = dispatcher.patch(f"couriers/{courier.id}", change, if_match=read["ETag"])

    body = response.json()
    assert (response.status_code, response["ETag"], body["version"]) == (200, '"2"', 2)
    assert {name: body[name] for name in change} == change
    assert body["phone"] == courier.phone


@pytest.mark.parametrize(
    ("if_match", "expected"), [("", (428, "precondition_required")), ('"2"', (412, "precondition_failed"))]
)
def test_a_change_needs_the_current_version(dispatcher: Caller, if_match: str, expected: tuple[int, str]) -> None:
    courier = make_courier()
    response = dispatcher.patch(f"couriers/{courier.id}", {"name": "Robin"}, if_match=if_match)
    assert refusal(response) == expected
    courier.refresh_from_db()
    assert (courier.name, courier.version) == ("Kim", 1)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({}, ""), ({"name": ""}, "/name"), ({"active_orders": 0}, "/active_orders"), ({"capacity": None}, "/capacity")],
)
def test_a_change_that_makes_no_sense_is_refused(dispatcher: Caller, change: dict[str, Any], pointer: str) -> None:
    courier = make_courier()
    response = dispatcher.patch(f"couriers/{courier.id}", change, if_match='"1"')
    assert refusal(response) == (400, "invalid_request")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_the_capacity_does_not_fall_below_what_is_carried(dispatcher: Caller) -> None:
    courier = make_courier(capacity=3)
    make_accepted(courier=courier)
    make_accepted(courier=courier)
    before = snapshot()
    response = dispatcher.patch(f"couriers/{courier.id}", {"capacity": 1}, if_match='"1"')
    assert refusal(response) == (409, "capacity_below_active_orders")
    assert response.json()["active_orders"] == 2
    assert snapshot() == before
    assert dispatcher.patch(f"couriers/{courier.id}", {"capacity": 2}, if_match='"1"').json()["status"] == "offline"


def test_deactivating_a_courier_ends_their_shift_but_not_what_they_carry(dispatcher: Caller) -> None:
    courier = make_courier(status="available", capacity=2)
    assignment = make_accepted(courier=courier)

    body = dispatcher.patch(f"couriers/{courier.id}", {"is_active": False}, if_match='"1"').json()

    assert (body["is_active"], body["status"], body["active_orders"]) == (False, "offline", 1)
    assert Event.objects.get(type="courier.offline").subject_id == courier.id
    assert Caller(courier.user).post(f"assignments/{assignment.id}/pick-up").status_code == 200


def test_an_unknown_courier_is_not_found(dispatcher: Caller) -> None:
    path = f"couriers/{uuid4()}"
    assert refusal(dispatcher.get(path)) == (404, "courier_not_found")
    assert refusal(dispatcher.patch(path, {"name": "Robin"}, if_match='"1"')) == (404, "courier_not_found")


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER])
def test_others_do_not_see_couriers(role: Role) -> None:
    caller, courier = Caller(make_user(role)), make_courier()
    assert refusal(caller.get("couriers")) == (403, "insufficient_scope")
    assert refusal(caller.get(f"couriers/{courier.id}")) == (403, "insufficient_scope")


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER, Role.INTEGRATOR])
def test_others_do_not_change_couriers(role: Role) -> None:
    caller, courier = Caller(make_user(role)), make_courier()
    body = {"email": make_user(Role.COURIER).email, "name": "Kim"}
    assert refusal(caller.post("couriers", body)) == (403, "insufficient_scope")
    change = caller.patch(f"couriers/{courier.id}", {"name": "Robin"}, if_match='"1"')
    assert refusal(change) == (403, "insufficient_scope")
    assert Courier.objects.values_list("name", flat=True).get() == "Kim"


def names(caller: Caller, **query: Any) -> list[str]:
    return [courier["name"] for courier in caller.get("couriers", **query).json()["results"]]


def test_couriers_are_listed_and_filtered(dispatcher: Caller) -> None:
    make_courier(name="Ann Away")
    make_courier(name="Fred Free", status="available", vehicle="car")
    full = make_courier(name="Bea Busy", status="available", vehicle="foot")
    make_accepted(courier=full)
    make_courier(name="Rex Retired", is_active=False)
    assert names(dispatcher) == ["Rex Retired", "Bea Busy", "Fred Free", "Ann Away"]
    assert names(dispatcher, status="offline") == ["Rex Retired", "Ann Away"]
    assert names(dispatcher, status="available") == ["Fred Free"]
    assert names(dispatcher, status="busy") == ["Bea Busy"]
    assert names(dispatcher, status=["available", "busy"]) == ["Bea Busy", "Fred Free"]
    assert names(dispatcher, status="") == ["Rex Retired", "Bea Busy", "Fred Free", "Ann Away"]
    assert names(dispatcher, vehicle=["car", "foot"]) == ["Bea Busy", "Fred Free"]
    assert names(dispatcher, is_active="false") == ["Rex Retired"]
    assert names(dispatcher, search="re") == ["Rex Retired", "Fred Free"]


@pytest.mark.parametrize("query", [{"status": "asleep"}, {"vehicle": "rocket"}, {"is_active": "maybe"}, {"phone": "1"}])
def test_unknown_filters_are_refused(dispatcher: Caller, query: dict[str, str]) -> None:
    assert refusal(dispatcher.get("couriers", **query)) == (400, "invalid_request")


def test_couriers_are_paged(dispatcher: Caller) -> None:
    couriers = [make_courier() for _ in range(3)]
    first = dispatcher.get("couriers", limit=2).json()
    path, _, query = first["next"].partition("?")
    second = dispatcher._client.get(f"{path}?{query}").json()
    listed = [courier["id"] for courier in first["results"] + second["results"]]
    assert listed == [str(courier.id) for courier in reversed(couriers)]
    assert second["next"] is None


def test_staff_roles_that_read_couriers() -> None:
    courier = make_courier()
    assert Caller(staff(Role.ADMIN)).get(f"couriers/{courier.id}").json()["phone"] == courier.phone

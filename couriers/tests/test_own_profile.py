from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from couriers.models import Courier
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier
from events.models import Event
from orders.tests.factories import make_user

pytestmark = pytest.mark.django_db


def say(courier: Courier, status: str, **headers: str) -> Any:
    return Caller(courier.user).patch("couriers/me", {"status": status}, **headers)


def told() -> list[tuple[str, int]]:
    return list(Event.objects.filter(subject_type="courier").values_list("type", "subject_version"))


def test_a_courier_sees_themselves() -> None:
    recorded_at = timezone.now() - timedelta(seconds=42)
    courier = make_courier(latitude=52.5, longitude=13.4, position_accuracy_m=8, position_recorded_at=recorded_at)
    response = Caller(courier.user).get("couriers/me")
    body = response.json()
    assert (response.status_code, response["ETag"], body["id"], body["phone"]) == (
        200,
        '"1"',
        str(courier.id),
        courier.phone,
    )
    age = body["position"].pop("age_seconds")
    assert 42 <= age <= 60
    assert body["position"] == {
        "latitude": 52.5,
        "longitude": 13.4,
        "accuracy_m": 8.0,
        "recorded_at": recorded_at.isoformat().replace("+00:00", "Z"),
    }


def test_a_courier_comes_online_and_goes() -> None:
    courier = make_courier()
    online, offline = say(courier, "available"), say(courier, "offline")
    assert (online.status_code, online.json()["status"], online["ETag"]) == (200, "available", '"2"')
    assert (offline.status_code, offline.json()["status"], offline["ETag"]) == (200, "offline", '"3"')
    assert told() == [("courier.online", 2), ("courier.offline", 3)]


def test_saying_it_again_changes_nothing() -> None:
    courier = make_courier()
    say(courier, "available")
    before = snapshot()
    assert say(courier, "available").status_code == 200
    assert snapshot() == before


def test_a_courier_with_full_hands_is_busy_and_may_go_offline() -> None:
    courier = make_courier(status="available")
    make_accepted(courier=courier)
    assert Caller(courier.user).get("couriers/me").json()["status"] == "busy"
    gone = say(courier, "offline").json()
    assert (gone["status"], gone["active_orders"]) == ("offline", 1)


def test_busy_is_not_something_one_says() -> None:
    assert refusal(say(make_courier(), "busy")) == (400, "invalid_request")


@pytest.mark.parametrize("body", [{}, {"status": "available", "capacity": 50}, {"status": None}])
def test_a_courier_changes_nothing_but_the_status(body: dict[str, Any]) -> None:
    courier = make_courier()
    assert refusal(Caller(courier.user).patch("couriers/me", body)) == (400, "invalid_request")
    courier.refresh_from_db()
    assert (courier.status, courier.capacity, courier.version) == ("offline", 1, 1)


def test_if_match_is_optional_but_heeded() -> None:
    courier = make_courier()
    assert refusal(say(courier, "available", if_match='"5"')) == (412, "precondition_failed")
    assert told() == []
    assert say(courier, "available", if_match='"1"').status_code == 200


def test_an_inactive_courier_does_not_come_online() -> None:
    courier = make_courier(is_active=False)
    assert refusal(say(courier, "available")) == (409, "courier_inactive")
    assert told() == []


@pytest.mark.parametrize("user_role", [Role.ADMIN, Role.DISPATCHER, Role.COURIER])
def test_users_without_a_profile_are_told_so(user_role: Role) -> None:
    caller = Caller(make_user(user_role))
    assert refusal(caller.get("couriers/me")) == (404, "courier_not_found")
    assert refusal(caller.patch("couriers/me", {"status": "available"})) == (404, "courier_not_found")


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.CUSTOMER, Role.INTEGRATOR])
def test_others_lack_the_scope(role: Role) -> None:
    caller = Caller(make_user(role))
    assert refusal(caller.get("couriers/me")) == (403, "insufficient_scope")
    assert refusal(caller.patch("couriers/me", {"status": "available"})) == (403, "insufficient_scope")

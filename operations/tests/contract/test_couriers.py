"""Couriers: where they are, what they may carry, and that it is theirs alone to carry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.tests.contract.site import Json, Person, eventually, refusal
from operations.tests.contract.story import Shop, confirmed, fetched, new_courier, new_user, open_shop, placed, ready

POSITIONS = "couriers/me/positions"


def at(seconds_ago: float, **fields: Any) -> Json:
    moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return {"latitude": 52.52, "longitude": 13.40, "recorded_at": moment.isoformat(), "accuracy_m": 5, **fields}


def test_an_account_becomes_a_courier_once(dispatcher: Person, admin: Person) -> None:
    user = new_user(admin, "courier")
    account = admin.site.sign_in(user["email"])
    assert refusal(account.get("couriers/me")) == (404, "courier_not_found")
    profile = {"user_id": user["id"], "name": "Kim", "phone": "+49301", "vehicle": "cargo_bike", "capacity": 3}
    made = dispatcher.do("couriers", profile)
    assert made.items() >= profile.items()
    assert (made["id"], made["status"]) == (user["id"], "offline")
    assert refusal(dispatcher.post("couriers", profile)) == (409, "courier_exists")
    for wrong in ({"name": "Kim"}, {**profile, "email": user["email"]}, {**profile, "capacity": 0}):
        assert refusal(dispatcher.post("couriers", wrong)) == (400, "invalid_request")


def test_couriers_come_online_and_are_busy_when_their_hands_are_full(
    customer: Person, shop: Shop, courier: Person
) -> None:
    assert refusal(courier.patch("couriers/me", {"status": "busy"})) == (400, "invalid_request")
    for _ in range(2):
        assert courier.patch("couriers/me", {"status": "available"}).json()["status"] == "available"
    courier.do(f"orders/{confirmed(customer, shop)['id']}/accept")
    assert courier.read("couriers/me")["status"] == "busy"
    assert courier.patch("couriers/me", {"status": "offline"}).json()["status"] == "offline"


def test_positions_come_late_twice_and_in_any_order(courier: Person) -> None:
    batch = {"positions": [at(20, latitude=52.521), at(10, latitude=52.522), at(30)]}
    assert courier.do(POSITIONS, batch) == {"accepted": 3, "ignored": 0}
    assert courier.do(POSITIONS, batch) == {"accepted": 0, "ignored": 3}
    assert courier.do(POSITIONS, {"positions": [at(60)]}) == {"accepted": 1, "ignored": 0}
    assert courier.read("couriers/me")["position"]["latitude"] == 52.522


@pytest.mark.parametrize(
    "positions",
    [
        [],
        [at(index / 100) for index in range(501)],
        [at(1), at(-3600)],
        [at(1, latitude=91)],
        [at(1, latitude="52.5")],
        [at(1, recorded_at="yesterday")],
        [at(1, speed=20)],
    ],
)
def test_positions_that_cannot_be_are_refused_together(courier: Person, positions: list[Json]) -> None:
    assert refusal(courier.post(POSITIONS, {"positions": positions})) == (400, "invalid_request")
    assert courier.read("couriers/me")["position"] is None


def test_an_order_has_one_courier(
    customer: Person, shop: Shop, courier: Person, dispatcher: Person, admin: Person
) -> None:
    order, other = confirmed(customer, shop), new_courier(dispatcher, admin)
    accept = f"orders/{order['id']}/accept"
    assignment = courier.do(accept)
    assert courier.do(accept)["id"] == assignment["id"]
    assert refusal(other.post(accept)) == (409, "order_already_assigned")
    assert refusal(other.get(f"orders/{order['id']}")) == (404, "order_not_found")
    assert courier.read(f"orders/{order['id']}")["contact"]["name"] == "Ada"


def test_a_courier_carries_no_more_than_they_can(
    customer: Person, shop: Shop, courier: Person, dispatcher: Person
) -> None:
    first, second = confirmed(customer, shop), confirmed(customer, shop)
    courier.do(f"orders/{first['id']}/accept")
    assert refusal(courier.post(f"orders/{second['id']}/accept")) == (409, "courier_at_capacity")
    by_hand = {"courier_id": courier.read("couriers/me")["id"]}
    assert refusal(dispatcher.post(f"orders/{second['id']}/assign", by_hand)) == (409, "courier_at_capacity")
    assert customer.read(f"orders/{second['id']}")["status"] == "confirmed"


@pytest.mark.parametrize(
    ("action", "body"), [("pick-up", {}), ("deliver", {}), ("release", {}), ("fail", {"reason": "other"})]
)
def test_only_the_assigned_courier_acts(customer: Person, shop: Shop, courier: Person, action: str, body: Json) -> None:
    assignment = courier.do(f"orders/{ready(customer, shop)['id']}/accept")
    stranger = courier.site.sign_in("courier2@example.com")
    path = f"assignments/{assignment['id']}"
    assert refusal(stranger.post(f"{path}/{action}", body)) == (404, "assignment_not_found")
    assert refusal(customer.post(f"{path}/{action}", body)) == (403, "insufficient_scope")
    assert courier.read(path)["version"] == 1


def test_a_courier_goes_step_by_step_and_may_say_each_twice(customer: Person, shop: Shop, courier: Person) -> None:
    order = confirmed(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")
    path = f"assignments/{assignment['id']}"
    for early in ("deliver", "fail"):
        body = {"reason": "other"} if early == "fail" else {}
        assert refusal(courier.post(f"{path}/{early}", body)) == (409, "transition_not_allowed")
    assert refusal(courier.post(f"{path}/pick-up")) == (409, "order_not_ready")
    shop.staff.do(f"orders/{order['id']}/ready")
    for action in ("pick-up", "deliver"):
        first = courier.do(f"{path}/{action}")
        assert courier.do(f"{path}/{action}") == first
    assert refusal(courier.post(f"{path}/release")) == (409, "transition_not_allowed")


def test_an_order_given_back_waits_for_another_courier(customer: Person, shop: Shop, courier: Person) -> None:
    order = confirmed(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")
    assert courier.do(f"assignments/{assignment['id']}/release", {"reason": "Flat tyre"})["status"] == "released"
    found = customer.read(f"orders/{order['id']}")
    assert (found["status"], found["courier_id"]) == ("confirmed", None)
    assert refusal(customer.get(f"deliveries/{order['id']}")) == (400, "order_not_dispatched")
    assert courier.do(f"orders/{order['id']}/accept")["id"] != assignment["id"]


def test_staff_assign_reassign_and_unassign_until_pickup(
    customer: Person, shop: Shop, courier: Person, dispatcher: Person, admin: Person
) -> None:
    order, other = ready(customer, shop), new_courier(dispatcher, admin)
    path = f"orders/{order['id']}"
    first, second = ({"courier_id": person.read("couriers/me")["id"]} for person in (courier, other))
    for chosen in (first, second):
        assert dispatcher.do(f"{path}/assign", chosen)["courier_id"] == chosen["courier_id"]
        assert dispatcher.do(f"{path}/assign", chosen)["status"] == "accepted"
    assert courier.read("couriers/me")["active_orders"] == 0
    former = courier.results("assignments", status="released")[0]
    assert refusal(courier.post(f"assignments/{former['id']}/pick-up")) == (409, "transition_not_allowed")

    assert dispatcher.do(f"{path}/unassign", {"reason": "Flat tyre"})["status"] == "released"
    assert customer.read(path)["status"] == "confirmed"
    fetched(courier, order)
    assert refusal(dispatcher.post(f"{path}/unassign")) == (409, "transition_not_allowed")
    assert refusal(dispatcher.post(f"{path}/assign", second)) == (409, "transition_not_allowed")
    assert refusal(dispatcher.post(f"{path}/cancel", {"reason": "Late"})) == (409, "transition_not_allowed")


def test_a_cancellation_frees_the_courier(customer: Person, shop: Shop, courier: Person) -> None:
    order = ready(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")
    path = f"assignments/{assignment['id']}"
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "Power cut"})
    assert refusal(courier.post(f"{path}/pick-up")) == (409, "transition_not_allowed")
    eventually(lambda: courier.read(path), lambda found: found["status"] == "released")
    assert courier.read("couriers/me")["active_orders"] == 0


def test_where_the_store_asks_for_it_the_customers_pin_opens_the_hand(
    customer: Person, courier: Person, admin: Person
) -> None:
    shop = open_shop(admin, requires_pin=True, confirms_automatically=True)
    order = placed(customer, shop, payment_method="cash")
    assert (order["status"], len(order["pin"])) == ("confirmed", 4)
    admin.do(f"orders/{order['id']}/ready")
    assignment = fetched(courier, order)
    assert courier.read(f"orders/{order['id']}")["pin"] is None
    deliver = f"assignments/{assignment['id']}/deliver"
    wrong = courier.post(deliver, {"pin": "0000" if order["pin"] != "0000" else "1111"})
    assert (refusal(wrong), wrong.json()["attempts_left"]) == ((409, "wrong_pin"), 4)
    assert refusal(courier.post(deliver)) == (409, "wrong_pin")
    assert courier.do(deliver, {"pin": order["pin"]})["status"] == "delivered"


def test_assignments_are_found_by_status_courier_and_time(customer: Person, shop: Shop, courier: Person) -> None:
    assignment = courier.do(f"orders/{confirmed(customer, shop)['id']}/accept")
    mine = assignment["courier_id"]
    for query in ({"status": "accepted"}, {"courier": mine}, {"created_after": "2020-01-01T00:00:00Z"}):
        assert [found["id"] for found in courier.results("assignments", **query)] == [assignment["id"]]
    assert courier.results("assignments", status="delivered") == []
    assert courier.results("assignments", created_before="2020-01-01T00:00:00Z") == []
    assert refusal(courier.get("assignments", state="accepted")) == (400, "invalid_request")

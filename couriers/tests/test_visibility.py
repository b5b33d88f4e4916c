"""Who sees which couriers and assignments, and how much of them."""

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.roles import Role
from catalog.models import Store
from couriers.models import Courier
from couriers.tests.conftest import Caller, refusal
from couriers.tests.factories import make_accepted, make_courier, make_picked_up, staff
from couriers.tests.test_carrying import act
from orders.tests.factories import make_product, make_store, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    return make_store()


@pytest.fixture
def integrator(store: Store) -> Caller:
    return Caller(make_user(Role.INTEGRATOR, stores=(store,)))


def ids(response: Any) -> list[str]:
    assert response.status_code == 200
    return [row["id"] for row in response.json()["results"]]


def positioned(**fields: Any) -> Courier:
    return make_courier(latitude=52.5, longitude=13.4, position_recorded_at=timezone.now(), **fields)


def test_an_integrator_sees_the_couriers_who_may_ride_for_its_stores(integrator: Caller, store: Store) -> None:
    everywhere, theirs = make_courier(), make_courier(stores=(store, make_store()))
    foreign = make_courier(stores=(make_store(),))
    assert ids(integrator.get("couriers")) == [str(theirs.id), str(everywhere.id)]
    assert integrator.get(f"couriers/{theirs.id}").status_code == 200
    assert refusal(integrator.get(f"couriers/{foreign.id}")) == (404, "courier_not_found")


def test_an_integrator_does_not_learn_where_idle_couriers_are(integrator: Caller) -> None:
    courier = positioned()
    make_accepted(courier=courier)
    shown = integrator.get(f"couriers/{courier.id}").json()
    assert (shown["name"], shown["phone"], shown["position"]) == ("Kim", None, None)


def test_an_integrator_sees_where_its_orders_are_for_as_long_as_they_are_carried(
    integrator: Caller, store: Store
) -> None:
    courier = positioned()
    assignment = make_picked_up(courier=courier, product=make_product(store))
    shown = integrator.get("couriers").json()["results"][0]
    assert shown["phone"] == courier.phone
    assert (shown["position"]["latitude"], shown["position"]["longitude"]) == (52.5, 13.4)
    act(assignment, "deliver")
    shown = integrator.get("couriers").json()["results"][0]
    assert (shown["phone"], shown["position"]) == (None, None)


def test_a_search_does_not_find_couriers_by_what_is_hidden(integrator: Caller) -> None:
    courier = make_courier()
    assert ids(integrator.get("couriers", search=courier.phone[-4:])) == []


def test_couriers_see_their_own_assignments() -> None:
    own, foreign = make_accepted(), make_accepted()
    caller = Caller(own.courier.user)
    assert ids(caller.get("assignments")) == [str(own.id)]
    assert caller.get(f"assignments/{own.id}").status_code == 200
    assert refusal(caller.get(f"assignments/{foreign.id}")) == (404, "assignment_not_found")


def test_integrators_see_those_of_their_stores(integrator: Caller, store: Store) -> None:
    own, foreign = make_accepted(product=make_product(store)), make_accepted()
    assert ids(integrator.get("assignments")) == [str(own.id)]
    assert integrator.get(f"assignments/{own.id}").json()["order_number"] == own.order.number
    assert refusal(integrator.get(f"assignments/{foreign.id}")) == (404, "assignment_not_found")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DISPATCHER])
def test_dispatch_sees_all(role: Role) -> None:
    older, newer = make_accepted(), make_accepted()
    caller = Caller(staff(role))
    assert ids(caller.get("assignments")) == [str(newer.id), str(older.id)]
    response = caller.get(f"assignments/{older.id}")
    assert (response.status_code, response["ETag"]) == (200, '"1"')


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.CUSTOMER])
def test_others_lack_the_scope(role: Role) -> None:
    assignment, caller = make_accepted(), Caller(make_user(role))
    assert refusal(caller.get("assignments")) == (403, "insufficient_scope")
    assert refusal(caller.get(f"assignments/{assignment.id}")) == (403, "insufficient_scope")


def test_assignments_are_filtered(dispatcher: Caller) -> None:
    accepted, carried = make_accepted(), make_picked_up()

    def found(**query: Any) -> list[str]:
        return ids(dispatcher.get("assignments", **query))

    assert found(status="picked_up") == [str(carried.id)]
    assert found(status=["accepted", "picked_up"]) == [str(carried.id), str(accepted.id)]
    assert found(status="delivered") == []
    assert found(status="") == [str(carried.id), str(accepted.id)]
    assert found(courier=str(accepted.courier_id)) == [str(accepted.id)]
    assert found(order=str(carried.order_id)) == [str(carried.id)]
    assert found(order=str(uuid4())) == []
    assert found(created_after=accepted.created_at.isoformat()) == [str(carried.id)]
    assert found(created_before=carried.created_at.isoformat()) == [str(accepted.id)]


@pytest.mark.parametrize("query", [{"status": "lost"}, {"courier": "kim"}, {"created_after": "noon"}, {"store": "1"}])
def test_unknown_filters_are_refused(dispatcher: Caller, query: dict[str, str]) -> None:
    assert refusal(dispatcher.get("assignments", **query)) == (400, "invalid_request")


def test_an_unknown_assignment_is_not_found(dispatcher: Caller) -> None:
    assert refusal(dispatcher.get(f"assignments/{uuid4()}")) == (404, "assignment_not_found")


@pytest.mark.parametrize("path", ["couriers/1", "assignments/1", "assignments/x'--/pick-up", "orders/1/accept"])
def test_a_bad_id_is_not_found(dispatcher: Caller, path: str) -> None:
    response = dispatcher.get(path)
    assert refusal(response) == (404, "not_found")

from datetime import time
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from catalog.models import Membership, OpeningHours, Store
from catalog.tests.factories import make_staff, make_store

pytestmark = pytest.mark.django_db

STORES = "/api/v2/stores"
NEW = {"name": "Corner Shop", "address": "1 Main St", "latitude": 52.52, "longitude": 13.4}
HOURS = [
    {"weekday": 0, "opens": "09:00", "closes": "18:30"},
    {"weekday": 5, "opens": "20:00", "closes": "04:00"},
]


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN)


@pytest.fixture
def client(admin: User) -> JsonClient:
    return client_of(admin)


def address(store: Store) -> str:
    return f"{STORES}/{store.id}"


def assert_refused(answer: Any, status: int, code: str, *pointers: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert tuple(problem.get("pointer") for problem in answer.json().get("errors", [])) == pointers


def found(client: JsonClient, query: str = "") -> list[str]:
    answer = client.get(f"{STORES}{query}")
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_a_created_store_is_shown_with_everything_it_has(client: JsonClient) -> None:
    answer = client.post(
        STORES,
        {
            **NEW, "time_zone": "Europe/Berlin", "currency": "CHF", "opening_hours": HOURS, "is_paused": True,
            "delivery_radius_m": 5000, "delivery_base_fee": "2.5", "delivery_fee_per_km": "0.80",
            "preparation_minutes": 20, "confirms_automatically": True, "requires_pin": True,
            "phone": "+49 30 23125 001", "email": "help@example.com", "open_pool": False, "offers_automatically": True,
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    store = Store.objects.get()
    assert (answer["Location"], answer["ETag"]) == (address(store), '"1"')
    shown = answer.json()
    assert {key: shown[key] for key in shown if not key.endswith("_at")} == {
        **NEW, "id": str(store.id), "time_zone": "Europe/Berlin", "currency": "CHF", "is_active": True,
        "is_paused": True, "is_open": False, "opening_hours": HOURS, "delivery_radius_m": 5000,
        "delivery_base_fee": "2.50", "delivery_fee_per_km": "0.80", "preparation_minutes": 20,
        "confirms_automatically": True, "requires_pin": True, "open_pool": False, "offers_automatically": True,
        "phone": "+49 30 23125 001", "email": "help@example.com", "version": 1,
    }  # fmt: skip
    assert client.get(address(store)).json() == shown


def test_a_store_needs_a_name_and_a_place_and_has_defaults_for_the_rest(client: JsonClient) -> None:
    assert_refused(client.post(STORES, {}), 400, "invalid_request", "/name", "/address", "/latitude", "/longitude")
    shown = client.post(STORES, NEW).json()
    assert (shown["time_zone"], shown["currency"], shown["opening_hours"]) == ("UTC", "EUR", [])
    assert (shown["delivery_radius_m"], shown["delivery_base_fee"], shown["is_open"]) == (None, "0.00", True)
    assert (shown["open_pool"], shown["offers_automatically"]) == (True, False)


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.INTEGRATOR])
def test_who_runs_stores_becomes_a_member_of_the_one_they_create(role: Role) -> None:
    grace = make_user(role)
    client = client_of(grace)
    store_id = client.post(STORES, NEW).json()["id"]
    assert [str(m.store_id) for m in Membership.objects.filter(user=grace)] == [store_id]
    assert client.send("PATCH", f"{STORES}/{store_id}", {"is_paused": True}).status_code == 200


def test_an_administrator_needs_no_membership(client: JsonClient) -> None:
    client.post(STORES, NEW)
    assert not Membership.objects.exists()


def test_an_idempotency_key_makes_one_store(client: JsonClient) -> None:
    answers = [client.post(STORES, NEW, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert Store.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"latitude": 90.1}, "/latitude"),
        ({"longitude": -180.1}, "/longitude"),
        ({"latitude": "52.52"}, "/latitude"),
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"currency": "eur"}, "/currency"),
        ({"currency": "EURO"}, "/currency"),
        ({"delivery_radius_m": -1}, "/delivery_radius_m"),
        ({"delivery_base_fee": "-1.00"}, "/delivery_base_fee"),
        ({"delivery_base_fee": "1000.01"}, "/delivery_base_fee"),
        ({"delivery_fee_per_km": "0.005"}, "/delivery_fee_per_km"),
        ({"preparation_minutes": 1441}, "/preparation_minutes"),
        ({"opening_hours": [{"weekday": 7, "opens": "09:00", "closes": "18:00"}]}, "/opening_hours/0/weekday"),
        ({"opening_hours": [{"weekday": 1, "opens": "9:00", "closes": "18:00"}]}, "/opening_hours/0/opens"),
        ({"opening_hours": [{"weekday": 1, "opens": "09:00", "closes": "24:00"}]}, "/opening_hours/0/closes"),
        ({"opening_hours": [{"weekday": 1, "opens": "09:00"}]}, "/opening_hours/0/closes"),
        ({"opening_hours": [HOURS[0], HOURS[1], HOURS[0]]}, "/opening_hours/2/opens"),
        ({"opening_hours": "always"}, "/opening_hours"),
        ({"opening_hours": [HOURS[0]] * 51}, "/opening_hours"),
        ({"id": str(uuid4())}, "/id"),
        ({"version": 2}, "/version"),
        ({"name": "  "}, "/name"),
        ({"name": "x" * 121}, "/name"),
    ],
)
def test_a_store_of_another_shape_is_refused(client: JsonClient, fields: dict[str, Any], pointer: str) -> None:
    assert_refused(client.post(STORES, {**NEW, **fields}), 400, "invalid_request", pointer)
    assert not Store.objects.exists()


def test_a_change_keeps_what_it_does_not_name(client: JsonClient) -> None:
    store = make_store(name="Old", delivery_radius_m=5)
    OpeningHours.objects.create(store=store, weekday=2, opens=time(8), closes=time(9))
    answer = client.send("PATCH", address(store), {"name": " New ", "delivery_radius_m": None})
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    shown = answer.json()
    assert (shown["name"], shown["address"], shown["delivery_radius_m"]) == ("New", "1 Market Square", None)
    assert shown["opening_hours"] == [{"weekday": 2, "opens": "08:00", "closes": "09:00"}]


def test_opening_hours_are_replaced_as_a_whole(client: JsonClient) -> None:
    store = make_store()
    assert client.send("PATCH", address(store), {"opening_hours": HOURS}).json()["opening_hours"] == HOURS
    only = [{"weekday": 0, "opens": "09:00", "closes": "12:00"}]
    assert client.send("PATCH", address(store), {"opening_hours": only}, version=2).json()["opening_hours"] == only
    assert client.send("PATCH", address(store), {"opening_hours": []}, version=3).json()["is_open"] is True
    assert not OpeningHours.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"currency": "USD"}, {"created_at": "2026-01-01T00:00:00Z"}, {"stock": 1}])
def test_what_cannot_be_changed_is_refused(client: JsonClient, fields: dict[str, Any]) -> None:
    store = make_store()
    answer = client.send("PATCH", address(store), fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    store.refresh_from_db()
    assert (store.version, store.currency) == (1, "EUR")


def test_a_change_needs_the_version_it_is_based_on(client: JsonClient) -> None:
    store = make_store(name="Old")
    assert_refused(client.send("PATCH", address(store), {"name": "x"}, version=None), 428, "precondition_required")
    stale = client.send("PATCH", address(store), {"name": "x"}, version=3)
    assert_refused(stale, 412, "precondition_failed")
    assert stale["ETag"] == '"1"'
    store.refresh_from_db()
    assert (store.name, store.version) == ("Old", 1)


def test_retiring_hides_a_store_and_repeating_it_is_harmless(client: JsonClient) -> None:
    store = make_store()
    for _ in range(2):
        answer = client.delete(address(store))
        assert (answer.status_code, answer.content) == (204, b"")
    store.refresh_from_db()
    assert (store.is_active, store.version) == (False, 2)
    assert_refused(client_of(make_user()).get(address(store)), 404, "store_not_found")


def test_retiring_what_has_changed_can_be_refused(client: JsonClient) -> None:
    store = make_store()
    assert_refused(client.delete(address(store), headers={"If-Match": '"2"'}), 412, "precondition_failed")
    store.refresh_from_db()
    assert store.is_active
    assert client.delete(address(store), headers={"If-Match": '"1"'}).status_code == 204


def test_a_retired_store_can_be_taken_up_again(client: JsonClient) -> None:
    store = make_store(is_active=False)
    assert client.send("PATCH", address(store), {"is_active": True}).json()["is_active"] is True


def test_stores_are_filtered_and_listed_newest_first(client: JsonClient) -> None:
    make_store(name="Bäckerei", address="Torstraße 1")
    make_store(name="Bistro", address="Alexanderplatz 2", is_active=False)
    assert found(client) == ["Bistro", "Bäckerei"]
    assert found(client, "?is_active=true") == ["Bäckerei"]
    assert found(client, "?is_active=false") == ["Bistro"]
    assert found(client, "?search=BIST") == ["Bistro"]
    assert found(client, "?search=torstr") == ["Bäckerei"]
    assert found(client, "?search=_") == []


@pytest.mark.parametrize("query", ["?near=52.5,13.4&colour=red", "?is_active=1x", "?limit=0", "?cursor=x"])
def test_unknown_filters_are_refused(client: JsonClient, query: str) -> None:
    answer = client.get(f"{STORES}{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_pages_follow_each_other_without_gap_or_repetition(client: JsonClient) -> None:
    names = [make_store(name=f"Store {number}").name for number in range(5)][::-1]
    page, seen = client.get(f"{STORES}?limit=2&search=Store").json(), []
    while True:
        seen += [row["name"] for row in page["results"]]
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()
    assert seen == names


def test_the_list_costs_the_same_for_one_store_as_for_many(client: JsonClient, django_assert_num_queries: Any) -> None:
    staff = make_staff(*(make_store() for _ in range(6)))
    for store in Store.objects.all():
        OpeningHours.objects.create(store=store, weekday=2, opens=time(8), closes=time(9))
    for user_client in (client, client_of(staff), client_of(make_user())):
        with django_assert_num_queries(3):  # who calls, the page, its opening hours
            assert len(user_client.get(STORES).json()["results"]) == 6


def test_a_member_of_many_stores_sees_each_once() -> None:
    names = [make_store(name=f"Store {number}").name for number in range(3)]
    for other in range(2):
        make_staff(*Store.objects.all()[: other + 1])
    staff = make_staff(*Store.objects.all())
    assert sorted(found(client_of(staff))) == names

from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role
from accounts.services.tokens import sign_in
from accounts.tests.factories import PASSWORD, client_of, make_user, stranger

pytestmark = pytest.mark.django_db

USERS = "/api/v2/users"
HOME = {"address": "1 Main St", "latitude": 52.52, "longitude": 13.4}


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN, email="admin@example.com", password=PASSWORD)


@pytest.fixture
def client(admin: User) -> APIClient:
    return client_of(admin)


def address(user: User) -> str:
    return f"{USERS}/{user.id}"


def change(client: APIClient, user: User, version: int = 1, **fields: Any) -> Any:
    return client.patch(address(user), fields, headers={"If-Match": f'"{version}"'})


def assert_refused(answer: Any, status: int, code: str, *pointers: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert tuple(problem.get("pointer") for problem in answer.json().get("errors", [])) == pointers


def renews(refresh_token: str) -> bool:
    body = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return stranger().post("/api/v2/auth/token", body).status_code == 200


def test_a_created_user_is_shown_without_a_password_and_can_sign_in(client: APIClient) -> None:
    answer = client.post(
        USERS,
        {
            "email": " Grace@Example.com ", "password": "a long password", "name": "Grace", "phone": "+4930123",
            "role": "courier", "dropoff": HOME,
        },
    )  # fmt: skip
    assert answer.status_code == 201
    grace = User.objects.get(email="grace@example.com")
    assert answer["Location"] == address(grace)
    assert answer["ETag"] == '"1"'
    shown = answer.json()
    assert {key: shown[key] for key in shown if not key.endswith("_at")} == {
        "id": str(grace.id), "email": "grace@example.com", "name": "Grace", "phone": "+4930123", "role": "courier",
        "is_active": True, "scopes": ["catalog:read", "deliver", "orders:read"], "dropoff": HOME, "version": 1,
    }  # fmt: skip
    assert sign_in("grace@example.com", password="a long password").scopes == grace.scopes


def test_a_user_is_a_customer_unless_said_otherwise(client: APIClient) -> None:
    answer = client.post(USERS, {"email": "x@example.com", "password": "a long password"})
    assert (answer.json()["role"], answer.json()["dropoff"]) == ("customer", None)


def test_an_idempotency_key_makes_one_user(client: APIClient) -> None:
    body = {"email": "x@example.com", "password": "a long password"}
    first = client.post(USERS, body, headers={"Idempotency-Key": "k1"})
    second = client.post(USERS, body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, second.status_code, second["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == second.json()


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}])
def test_nobody_waits_for_a_password_hash(client: APIClient, headers: dict[str, str]) -> None:
    """On SQLite a transaction is everybody's only one."""
    depths = []

    def hashed(password: str) -> str:
        depths.append(len(connection.savepoint_ids))
        return make_password(password)

    with patch("accounts.api.v2.users.make_password", hashed):
        body = {"email": "x@example.com", "password": "a long password"}
        assert client.post(USERS, body, headers=headers).status_code == 201
    assert depths == [0], "only the test's own transaction is open"


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@example.com"])
def test_an_address_is_taken_whatever_its_case(client: APIClient, email: str) -> None:
    make_user(email="ada@example.com")
    count = User.objects.count()
    answer = client.post(USERS, {"email": email, "password": "a long password"})
    assert_refused(answer, 409, "email_taken", "/email")
    assert User.objects.count() == count


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"email": "nonsense"}, "/email"),
        ({"email": "x" * 250 + "@example.com"}, "/email"),
        ({"email": "\u0130" * 150 + "@example.com"}, "/email"),
        ({"password": "short"}, "/password"),
        ({"password": "password123"}, "/password"),
        ({"password": "x" * 257}, "/password"),
        ({"role": "king"}, "/role"),
        ({"is_active": "yes"}, "/is_active"),
        ({"is_staff": True}, "/is_staff"),
        ({"version": 7}, "/version"),
        ({"dropoff": {"address": "x", "latitude": 91, "longitude": 0}}, "/dropoff/latitude"),
        ({"dropoff": {"address": "x", "latitude": 1}}, "/dropoff/longitude"),
        ({"dropoff": {**HOME, "floor": 3}}, "/dropoff/floor"),
        ({"name": "x" * 121}, "/name"),
    ],
)
def test_a_user_of_another_shape_is_refused(client: APIClient, fields: dict[str, Any], pointer: str) -> None:
    answer = client.post(USERS, {"email": "x@example.com", "password": "a long password", **fields})
    assert_refused(answer, 400, "invalid_request", pointer)
    assert not User.objects.filter(email="x@example.com").exists()


def test_a_user_is_found_by_id_with_an_etag(client: APIClient) -> None:
    ada = make_user(name="Ada")
    answer = client.get(address(ada))
    assert (answer.status_code, answer["ETag"], answer.json()["name"]) == (200, '"1"', "Ada")


def test_an_unknown_user_is_a_404(client: APIClient) -> None:
    assert_refused(client.get(f"{USERS}/{uuid4()}"), 404, "user_not_found")
    assert client.get(f"{USERS}/17").status_code == 404


def test_me_shows_the_caller_and_what_the_token_may_do() -> None:
    ada = make_user(email="ada@example.com")
    answer = client_of(ada, scopes=["orders:read"]).get(f"{USERS}/me")
    assert (answer.json()["email"], answer.json()["scopes"]) == ("ada@example.com", ["orders:read"])
    assert answer["ETag"] == '"1"'


def test_users_are_filtered_and_listed_newest_first(client: APIClient, admin: User) -> None:
    ada = make_user(Role.CUSTOMER, email="ada@example.com", name="Ada Lovelace")
    bob = make_user(Role.COURIER, email="bob@example.com", is_active=False)

    def found(query: str) -> list[str]:
        return [row["id"] for row in client.get(f"{USERS}{query}").json()["results"]]

    assert found("") == [str(bob.id), str(ada.id), str(admin.id)]
    assert found("?role=customer") == [str(ada.id)]
    assert found("?is_active=false") == [str(bob.id)]
    assert found("?search=LOVE") == [str(ada.id)]
    assert found("?search=bob@") == [str(bob.id)]
    assert found("?search=%25") == []
    assert found("?role=customer&is_active=false") == []


@pytest.mark.parametrize("query", ["?role=king", "?is_active=maybe", "?colour=red", "?search=a&search=b", "?limit=101"])
def test_unknown_filters_are_refused(client: APIClient, query: str) -> None:
    answer = client.get(f"{USERS}{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_the_list_costs_the_same_for_one_user_as_for_many(client: APIClient, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        make_user()
    with django_assert_num_queries(2):  # who calls, and the page
        assert len(client.get(USERS).json()["results"]) == 6


def test_a_change_keeps_what_it_does_not_name(client: APIClient) -> None:
    ada = make_user(name="Ada", phone="1")
    answer = change(client, ada, name="Ada L.", role="dispatcher", dropoff=HOME)
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    ada.refresh_from_db()
    assert (ada.name, ada.phone, ada.role, ada.version) == ("Ada L.", "1", "dispatcher", 2)
    assert (ada.dropoff_address, ada.dropoff_latitude, ada.dropoff_longitude) == ("1 Main St", 52.52, 13.4)


def test_a_saved_dropoff_can_be_taken_away(client: APIClient) -> None:
    ada = make_user(dropoff_address="x", dropoff_latitude=1.0, dropoff_longitude=2.0)
    assert change(client, ada, dropoff=None).json()["dropoff"] is None


def test_a_change_needs_the_version_it_is_based_on(client: APIClient) -> None:
    ada = make_user(name="Ada")
    assert_refused(client.patch(address(ada), {"name": "x"}), 428, "precondition_required")
    assert change(client, ada, name="Ada L.").status_code == 200
    stale = change(client, ada, version=1, name="Someone")
    assert_refused(stale, 412, "precondition_failed")
    assert stale["ETag"] == '"2"'
    ada.refresh_from_db()
    assert (ada.name, ada.version) == ("Ada L.", 2)


def test_a_change_of_nothing_is_refused(client: APIClient) -> None:
    assert_refused(change(client, make_user()), 400, "invalid_request", "")


def test_an_address_is_lower_cased_and_must_be_free(client: APIClient) -> None:
    ada, bob = make_user(email="ada@example.com"), make_user(email="bob@example.com")
    assert_refused(change(client, bob, email="Ada@example.com"), 409, "email_taken", "/email")
    bob.refresh_from_db()
    assert (bob.email, bob.version) == ("bob@example.com", 1)
    assert change(client, ada, email="Ada.L@Example.com").json()["email"] == "ada.l@example.com"


def test_a_new_password_ends_the_sessions_of_the_old_one(client: APIClient) -> None:
    ada = make_user(email="ada@example.com", password=PASSWORD)
    bob = make_user(email="bob@example.com", password=PASSWORD)
    session, other = sign_in(ada.email, password=PASSWORD), sign_in(bob.email, password=PASSWORD)
    assert change(client, ada, password="another password").status_code == 200
    assert not renews(session.refresh_token)
    assert renews(other.refresh_token)
    assert renews(sign_in(ada.email, password="another password").refresh_token)


def test_deactivating_ends_the_users_sessions_for_good(client: APIClient) -> None:
    ada = make_user(email="ada@example.com", password=PASSWORD)
    session = sign_in(ada.email, password=PASSWORD)
    assert change(client, ada, is_active=False).json()["is_active"] is False
    assert change(client, ada, version=2, is_active=True).json()["is_active"] is True
    assert not renews(session.refresh_token)


def test_other_changes_leave_sessions_alone(client: APIClient) -> None:
    ada = make_user(email="ada@example.com", password=PASSWORD)
    session = sign_in(ada.email, password=PASSWORD)
    change(client, ada, name="Ada", role="courier")
    assert renews(session.refresh_token)


@pytest.mark.parametrize(("fields", "pointer"), [({"is_active": False}, "/is_active"), ({"role": "courier"}, "/role")])
def test_nobody_shuts_themself_out(client: APIClient, admin: User, fields: dict[str, Any], pointer: str) -> None:
    assert_refused(change(client, admin, **fields), 409, "own_account_protected", pointer)
    admin.refresh_from_db()
    assert (admin.is_active, admin.role, admin.version) == (True, "admin", 1)


def test_one_may_change_the_rest_of_ones_own_account(client: APIClient, admin: User) -> None:
    assert change(client, admin, name="Root", role="admin", is_active=True).status_code == 200


def test_an_administrator_may_demote_another(client: APIClient) -> None:
    assert change(client, make_user(Role.ADMIN), role="dispatcher", is_active=False).status_code == 200


def test_forms_are_not_a_way_in(client: APIClient) -> None:
    answer = client.post(USERS, "email=x@example.com", content_type="application/x-www-form-urlencoded")
    assert_refused(answer, 415, "unsupported_media_type")

"""Signing in, staying signed in, and what each role may do."""

from typing import Any

import httpx
import pytest

from operations.tests.contract.site import DEMO_PASSWORD, Person, Site, refusal
from operations.tests.contract.story import new_user

TOKEN = "/api/v2/auth/token"
SCOPES = {
    "admin": "catalog:read catalog:write orders:read orders:create orders:update payments:read payments:write "
    "couriers:read couriers:write deliver dispatch state:read events:read events:write webhooks:manage users:manage",
    "dispatcher": "catalog:read orders:read orders:create orders:update payments:read payments:write couriers:read "
    "couriers:write deliver dispatch state:read events:read events:write",
    "store": "catalog:read catalog:write orders:read orders:update payments:read",
    "courier1": "catalog:read orders:read deliver",
    "customer": "catalog:read orders:read orders:create payments:read payments:write",
    "integrator": "catalog:read catalog:write orders:read orders:create orders:update payments:read payments:write "
    "events:read events:write webhooks:manage couriers:read",
}


def renewed(site: Site, refresh_token: str) -> httpx.Response:
    return site.http.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": refresh_token})


def with_token(site: Site, token: str) -> httpx.Response:
    return site.http.get("/api/v2/users/me", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize("name", SCOPES)
def test_a_demo_person_signs_in_and_has_the_scopes_of_their_role(site: Site, name: str, encoding: str) -> None:
    grant = {"grant_type": "password", "username": f"{name}@example.com", "password": DEMO_PASSWORD}
    options: dict[str, Any] = {encoding: grant}
    answer = site.http.post(TOKEN, **options)
    tokens = answer.json()
    assert (answer.status_code, tokens["token_type"]) == (200, "Bearer")
    assert tokens["expires_in"] > 0
    assert sorted(tokens["scope"].split()) == sorted(SCOPES[name].split())
    assert with_token(site, tokens["access_token"]).json()["email"] == f"{name}@example.com"


@pytest.mark.parametrize(
    ("grant", "problem"),
    [
        ({"username": "admin@example.com", "password": "wrong"}, (401, "invalid_credentials")),
        ({"username": "nobody@example.com", "password": DEMO_PASSWORD}, (401, "invalid_credentials")),
        ({"username": "admin@example.com"}, (400, "invalid_request")),
        ({"grant_type": "by_magic"}, (400, "unsupported_grant_type")),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, (401, "invalid_token")),
    ],
)
def test_others_do_not(site: Site, grant: dict[str, str], problem: tuple[int, str]) -> None:
    assert refusal(site.http.post(TOKEN, json={"grant_type": "password", **grant})) == problem


def test_a_refresh_token_is_good_once_and_for_nothing_else(site: Site) -> None:
    first = site.sign_in("customer@example.com").tokens
    second = renewed(site, first["refresh_token"])
    assert second.status_code == 200
    assert refusal(renewed(site, first["refresh_token"])) == (401, "invalid_token")
    assert refusal(renewed(site, first["access_token"])) == (401, "invalid_token")
    assert refusal(with_token(site, first["refresh_token"])) == (401, "invalid_token")
    assert renewed(site, second.json()["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_is_over(site: Site) -> None:
    person = site.sign_in("customer@example.com")
    for _ in range(2):
        assert person.post("auth/revoke", {"refresh_token": person.tokens["refresh_token"]}).status_code == 200
    assert refusal(renewed(site, person.tokens["refresh_token"])) == (401, "invalid_token")


def test_a_deactivated_person_is_out_at_once(site: Site, admin: Person) -> None:
    user = new_user(admin, "customer")
    person = site.sign_in(user["email"])
    assert admin.patch(f"users/{user['id']}", {"is_active": False}, version=1).status_code == 200
    assert refusal(person.get("users/me")) == (401, "invalid_token")
    assert refusal(renewed(site, person.tokens["refresh_token"])) == (401, "invalid_token")
    grant = {"grant_type": "password", "username": user["email"], "password": DEMO_PASSWORD}
    assert refusal(site.http.post(TOKEN, json=grant)) == (401, "invalid_credentials")


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer a b", "Basic eDp5"])
def test_whoever_brings_no_good_token_is_told_to(site: Site, header: str) -> None:
    answer = site.http.get("/api/v2/orders", headers={"Authorization": header})
    assert (answer.status_code, refusal(answer)[0]) == (401, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_missing_scope_is_named(customer: Person) -> None:
    answer = customer.get("users")
    assert refusal(answer) == (403, "insufficient_scope")
    assert answer.json()["required_scopes"] == ["users:manage"]


def test_administrators_make_and_change_users(admin: Person) -> None:
    user = new_user(admin, "customer", name="Zoë 🚲")
    path = f"users/{user['id']}"
    assert admin.read(path)["name"] == "Zoë 🚲"
    assert user["email"] in [found["email"] for found in admin.results("users", search=user["email"])]
    assert admin.patch(path, {"role": "courier"}, version=1).json()["role"] == "courier"
    taken = {"email": user["email"].upper(), "password": DEMO_PASSWORD, "role": "customer"}
    assert refusal(admin.post("users", taken)) == (409, "email_taken")
    for wrong in ({"role": "king"}, {"password": "short"}, {"is_superuser": True}):
        answer = admin.post("users", {**taken, "email": "new@example.com", **wrong})
        assert refusal(answer) == (400, "invalid_request")


def test_members_of_a_store_run_it_and_nobody_else(site: Site, admin: Person) -> None:
    store = admin.do("stores", {"name": "New", "address": "1 Main St", "latitude": 52.5, "longitude": 13.4})
    user = new_user(admin, "store_staff")
    staff = site.sign_in(user["email"])
    path, members = f"stores/{store['id']}", f"stores/{store['id']}/members"
    assert refusal(staff.patch(path, {"is_paused": True}, version=1)) == (404, "store_not_found")
    admin.do(members, {"user_id": user["id"]})
    assert staff.patch(path, {"is_paused": True}, version=1).json()["is_paused"] is True
    assert admin.call("DELETE", f"{members}/{user['id']}").status_code == 204
    assert refusal(staff.call("DELETE", path)) == (404, "store_not_found")
    assert admin.call("DELETE", path).status_code == 204
    assert refusal(staff.get(path)) == (404, "store_not_found")

"""Every route of this app for every role, cell by cell."""

from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import client_of, make_user, stranger

pytestmark = pytest.mark.django_db

ANYBODY = dict.fromkeys(Role, 200)
ADMIN_ONLY = {role: 200 if role == Role.ADMIN else 403 for role in Role}
NEW_USER = {"email": "new@example.com", "password": "a long password"}

ROUTES: list[tuple[str, str, dict[str, Any] | None, dict[Role, int], int]] = [
    ("POST", "/api/v2/auth/token", {"grant_type": "password"}, dict.fromkeys(Role, 400), 400),
    ("POST", "/api/v2/auth/revoke", {"token": "x"}, ANYBODY, 401),
    ("GET", "/api/v2/users/me", None, ANYBODY, 401),
    ("GET", "/api/v2/users", None, ADMIN_ONLY, 401),
    ("POST", "/api/v2/users", NEW_USER, ADMIN_ONLY | {Role.ADMIN: 201}, 401),
    ("GET", "/api/v2/users/{other}", None, ADMIN_ONLY, 401),
    ("PATCH", "/api/v2/users/{other}", {"name": "x"}, ADMIN_ONLY, 401),
    ("GET", "/api/v2/users/{self}", None, ADMIN_ONLY, 401),
    ("PATCH", "/api/v2/users/{self}", {"name": "x"}, ADMIN_ONLY, 401),
]
CELLS = [(*route[:3], role, route[3][role]) for route in ROUTES for role in Role]


@pytest.fixture
def other() -> User:
    return make_user()


@pytest.mark.parametrize(("method", "path", "body", "role", "status"), CELLS)
def test_each_role_may_what_the_contract_says(
    other: User, method: str, path: str, body: Any, role: Role, status: int
) -> None:
    user = make_user(role)
    address = path.format(other=other.id, self=user.id)
    answer = client_of(user).send(method, address, body)
    assert answer.status_code == status, answer.content
    if status == 403:
        assert answer.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_nobody_may_but_sign_in(other: User, route: tuple[str, str, Any, Any, int]) -> None:
    method, path, body, _, status = route
    answer = stranger().send(method, path.format(other=other.id, self=other.id), body)
    assert answer.status_code == status


@pytest.mark.parametrize("method", ["PUT", "TRACE", "QUERY"])
@pytest.mark.parametrize("path", ["/api/v2/users/me", "/api/v2/auth/token"])
def test_a_method_that_a_route_does_not_have_is_refused(method: str, path: str) -> None:
    answer = client_of(make_user()).generic(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")

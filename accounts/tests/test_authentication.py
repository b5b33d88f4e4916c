from datetime import timedelta
from typing import Any

import pytest
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import PASSWORD, access_token, client_of, make_user, stranger

pytestmark = pytest.mark.django_db

ME = "/api/v2/users/me"
USERS = "/api/v2/users"
CHALLENGE = 'Bearer realm="api"'


def ask(authorization: str, path: str = ME) -> Any:
    client = stranger()
    client.credentials(HTTP_AUTHORIZATION=authorization)
    return client.get(path)


def assert_invalid_token(answer: Any) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "invalid_token"
    assert answer["WWW-Authenticate"] == f'{CHALLENGE}, error="invalid_token"'


def test_a_bearer_token_says_who_calls() -> None:
    ada = make_user(email="ada@example.com")
    answer = client_of(ada).get(ME)
    assert answer.status_code == 200
    assert answer.json()["id"] == str(ada.id)


def test_the_scheme_is_read_whatever_its_case() -> None:
    assert ask(f"bearer {access_token(make_user())}").status_code == 200


def test_nobody_is_asked_for_credentials() -> None:
    answer = stranger().get(ME)
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert answer["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer x", "Bearer a b", "Bearer a.b.c", "Bearer é"])
def test_a_malformed_header_is_an_invalid_token(authorization: str) -> None:
    assert_invalid_token(ask(authorization))


def test_an_expired_token_is_refused() -> None:
    token = access_token(make_user())
    token.set_exp(lifetime=timedelta(seconds=-1))
    assert_invalid_token(ask(f"Bearer {token}"))


def test_a_token_changed_by_one_character_is_refused() -> None:
    token = str(access_token(make_user()))
    last = "A" if token[-2] != "A" else "B"
    assert_invalid_token(ask(f"Bearer {token[:-2]}{last}{token[-1]}"))


def test_a_refresh_token_is_no_access_token() -> None:
    refresh = RefreshToken.for_user(make_user())
    assert_invalid_token(ask(f"Bearer {refresh}"))


@pytest.mark.parametrize("subject", ["", "x", "00000000-0000-7000-8000-000000000000"])
def test_a_token_for_nobody_is_refused(subject: str) -> None:
    token = AccessToken()
    token["sub"] = subject
    assert_invalid_token(ask(f"Bearer {token}"))


def test_a_token_ends_with_its_account() -> None:
    ada = make_user()
    client = client_of(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert_invalid_token(client.get(ME))
    ada.delete()
    assert_invalid_token(client.get(ME))


def test_a_refused_token_is_a_problem_for_a_browser_too() -> None:
    client = stranger()
    client.credentials(HTTP_AUTHORIZATION="Bearer x", HTTP_ACCEPT="text/html")
    assert client.get(ME).status_code == 401


@pytest.mark.parametrize(("path", "status"), [(ME, 200), (USERS, 403)])
def test_a_browser_is_shown_a_page(path: str, status: int) -> None:
    client = stranger()
    client.force_login(make_user())
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")


def test_a_token_does_what_its_scopes_say_and_no_more() -> None:
    admin = make_user(Role.ADMIN)
    assert client_of(admin, scopes=["users:manage"]).get(USERS).status_code == 200
    refused = client_of(admin, scopes=["orders:read", "catalog:read"]).get(USERS)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["required_scopes"] == ["users:manage"]
    assert refused["WWW-Authenticate"] == f'{CHALLENGE}, error="insufficient_scope", scope="users:manage"'


def test_a_token_without_scopes_is_still_somebody() -> None:
    answer = client_of(make_user(Role.ADMIN), scopes=[]).get(ME)
    assert (answer.status_code, answer.json()["scopes"]) == (200, [])


def test_a_token_loses_at_once_what_its_role_loses() -> None:
    admin = make_user(Role.ADMIN)
    client = client_of(admin)
    User.objects.filter(pk=admin.pk).update(role=Role.CUSTOMER)
    assert client.get(USERS).status_code == 403
    assert client.get(ME).json()["scopes"] == [
        "catalog:read", "orders:create", "orders:read", "payments:read", "payments:write",
    ]  # fmt: skip


def test_a_token_never_holds_more_than_its_role() -> None:
    customer = make_user(Role.CUSTOMER)
    assert client_of(customer, scopes=["users:manage"]).get(USERS).status_code == 403


def test_a_session_holds_the_scopes_of_its_role() -> None:
    client = stranger()
    client.force_login(make_user(Role.ADMIN, password=PASSWORD))
    assert client.get(USERS).status_code == 200
    client.force_login(make_user(Role.CUSTOMER))
    assert client.get(USERS).status_code == 403


def test_the_session_of_an_inactive_user_is_nobodys() -> None:
    client = stranger()
    ada = make_user(Role.ADMIN)
    client.force_login(ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get(USERS).status_code == 401


def test_a_method_without_handler_is_a_405_and_no_question_of_rights() -> None:
    answer = client_of(make_user()).delete(USERS)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")

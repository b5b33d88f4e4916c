from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.models import User
from accounts.roles import Role
from accounts.tasks import purge_tokens
from accounts.tests.factories import PASSWORD, client_of, make_user, stranger

pytestmark = pytest.mark.django_db

TOKEN = "/api/v2/auth/token"
REVOKE = "/api/v2/auth/revoke"
ME = "/api/v2/users/me"
CUSTOMER_SCOPE = "catalog:read orders:create orders:read payments:read payments:write"


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com", password=PASSWORD)


def password_grant(**fields: str) -> dict[str, str]:
    return {"grant_type": "password", "username": "ada@example.com", "password": PASSWORD, **fields}


def sign_in(**fields: str) -> dict[str, Any]:
    answer = stranger().post(TOKEN, password_grant(**fields))
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def renew(refresh_token: str) -> Any:
    return stranger().post(TOKEN, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def with_token(token: str) -> APIClient:
    client = stranger()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def assert_refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("form", ["application/json", "application/x-www-form-urlencoded"])
def test_the_password_grant_answers_as_the_contract_says(form: str) -> None:
    body = "grant_type=password&username=Ada%40example.com&password=correct+horse+battery"
    if form == "application/json":
        answer = stranger().post(TOKEN, password_grant(username="Ada@example.com"))
    else:
        answer = stranger().generic("POST", TOKEN, body, content_type=form)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    tokens = answer.json()
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, CUSTOMER_SCOPE)
    assert with_token(tokens["access_token"]).get(ME).json()["email"] == "ada@example.com"


@pytest.mark.usefixtures("ada")
def test_both_tokens_name_their_owner_and_keep_no_personal_data() -> None:
    tokens = sign_in()
    access = AccessToken(tokens["access_token"])
    refresh = RefreshToken(tokens["refresh_token"])
    assert set(access.payload) == {"token_type", "exp", "iat", "jti", "sub", "scope"}
    assert set(refresh.payload) == {"token_type", "exp", "iat", "jti", "sub"}
    assert access["sub"] == refresh["sub"] == str(User.objects.get().id)


@pytest.mark.usefixtures("ada")
def test_the_database_keeps_no_token_one_could_sign_in_with() -> None:
    sign_in()
    assert list(OutstandingToken.objects.values_list("token", flat=True)) == [""]


@pytest.mark.usefixtures("ada")
def test_the_ids_and_secrets_of_oauth_libraries_are_not_looked_at() -> None:
    assert sign_in(client_id="swagger", client_secret="")["token_type"] == "Bearer"


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"username": "nobody@example.com"}, {"username": "ada"}, {"password": f"{PASSWORD} "}],
)
def test_wrong_credentials_are_refused_without_saying_which(ada: User, fields: dict[str, str]) -> None:
    answer = stranger().post(TOKEN, password_grant(**fields))
    assert_refused(answer, 401, "invalid_credentials")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'
    assert not OutstandingToken.objects.exists()


def test_an_inactive_user_gets_the_same_refusal(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert_refused(stranger().post(TOKEN, password_grant()), 401, "invalid_credentials")


@pytest.mark.parametrize("grant", ["client_credentials", "PASSWORD", "x"])
def test_an_unknown_grant_is_refused(grant: str) -> None:
    assert_refused(stranger().post(TOKEN, password_grant(grant_type=grant)), 400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/grant_type", "/username", "/password"}),
        ({"grant_type": "password"}, {"/username", "/password"}),
        ({"grant_type": "refresh_token"}, {"/refresh_token"}),
        ({"grant_type": "refresh_token", "refresh_token": "x", "username": "ada"}, {"/username"}),
        ({"grant_type": "password", "username": 1, "password": ["x"]}, {"/username", "/password"}),
        ({"grant_type": 1, "username": "a", "password": "b"}, {"/grant_type"}),
    ],
)
def test_a_grant_of_another_shape_is_an_invalid_request(body: dict[str, Any], pointers: set[str]) -> None:
    answer = stranger().post(TOKEN, body)
    assert_refused(answer, 400, "invalid_request")
    assert {problem["pointer"] for problem in answer.json()["errors"]} == pointers


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"'])
def test_a_body_that_is_no_object_is_an_invalid_request(body: str) -> None:
    answer = stranger().generic("POST", TOKEN, body, content_type="application/json")
    assert_refused(answer, 400, "invalid_request")


@pytest.mark.usefixtures("ada")
def test_a_token_can_be_narrowed_and_stays_narrow() -> None:
    tokens = sign_in(scope="orders:read catalog:read")
    assert tokens["scope"] == "catalog:read orders:read"
    assert with_token(tokens["access_token"]).get(ME).json()["scopes"] == ["catalog:read", "orders:read"]
    assert renew(tokens["refresh_token"]).json()["scope"] == "catalog:read orders:read"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("scope", ["everything", "users:manage", "orders:read users:manage"])
def test_scopes_beyond_the_role_are_refused(scope: str) -> None:
    answer = stranger().post(TOKEN, password_grant(scope=scope))
    assert_refused(answer, 400, "invalid_request")
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/scope"]
    assert not OutstandingToken.objects.exists()


@pytest.mark.usefixtures("ada")
def test_a_refresh_token_is_traded_for_a_new_pair_once() -> None:
    first = sign_in()
    answer = renew(first["refresh_token"])
    assert answer.status_code == 200
    second = answer.json()
    assert second["scope"] == CUSTOMER_SCOPE
    assert with_token(second["access_token"]).get(ME).status_code == 200
    again = renew(first["refresh_token"])
    assert_refused(again, 401, "invalid_token")
    assert again["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert renew(second["refresh_token"]).status_code == 200


def test_renewing_follows_the_role(ada: User) -> None:
    tokens = sign_in()
    User.objects.filter(pk=ada.pk).update(role=Role.COURIER)
    assert renew(tokens["refresh_token"]).json()["scope"] == "catalog:read deliver orders:read"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("which", ["access_token", "nonsense"])
def test_only_a_refresh_token_renews(which: str) -> None:
    assert_refused(renew(sign_in().get(which, "a.b.c")), 401, "invalid_token")


def test_the_refresh_token_of_an_inactive_or_deleted_user_is_refused(ada: User) -> None:
    tokens = sign_in()
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert_refused(renew(tokens["refresh_token"]), 401, "invalid_token")
    ada.delete()
    assert_refused(renew(tokens["refresh_token"]), 401, "invalid_token")


def test_an_expired_refresh_token_is_refused(ada: User) -> None:
    token = RefreshToken.for_user(ada)
    token.set_exp(lifetime=timedelta(seconds=-1))
    assert_refused(renew(str(token)), 401, "invalid_token")


def test_a_refresh_token_the_table_does_not_know_is_refused(ada: User) -> None:
    token = RefreshToken()
    token["sub"] = str(ada.pk)
    assert_refused(renew(str(token)), 401, "invalid_token")


@pytest.mark.parametrize("name", ["token", "refresh_token"])
def test_a_revoked_refresh_token_renews_no_more(ada: User, name: str) -> None:
    tokens = sign_in()
    answer = client_of(ada).post(REVOKE, {name: tokens["refresh_token"]})
    assert (answer.status_code, answer.json()) == (200, {})
    assert_refused(renew(tokens["refresh_token"]), 401, "invalid_token")


def test_revoking_again_or_what_never_was_is_harmless(ada: User) -> None:
    token = sign_in()["refresh_token"]
    for body in ({"token": token}, {"token": token, "token_type_hint": "refresh_token"}, {"token": "nonsense"}):
        assert client_of(ada).post(REVOKE, body).status_code == 200
    assert BlacklistedToken.objects.count() == 1


def test_revoking_leaves_other_sessions_alone(ada: User) -> None:
    first, second = sign_in(), sign_in()
    client_of(ada).post(REVOKE, {"token": first["refresh_token"]})
    assert renew(second["refresh_token"]).status_code == 200


@pytest.mark.usefixtures("ada")
def test_revoking_needs_a_token_of_ones_own() -> None:
    tokens = sign_in()
    assert_refused(stranger().post(REVOKE, {"token": tokens["refresh_token"]}), 401, "authentication_required")
    assert renew(tokens["refresh_token"]).status_code == 200


def test_revoking_needs_to_know_what(ada: User) -> None:
    for body in ({}, {"token": "a", "refresh_token": "b"}):
        assert_refused(client_of(ada).post(REVOKE, body), 400, "invalid_request")


def test_purging_forgets_expired_refresh_tokens_only(ada: User) -> None:
    live = sign_in()
    expired = OutstandingToken.objects.create(
        user=ada, jti="expired", token="", expires_at=timezone.now() - timedelta(seconds=1)
    )
    BlacklistedToken.objects.create(token=expired)
    assert purge_tokens() == 1
    assert [token.jti for token in OutstandingToken.objects.all()] == [RefreshToken(live["refresh_token"])["jti"]]
    assert not BlacklistedToken.objects.exists()
    assert purge_tokens() == 0

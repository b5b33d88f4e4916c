"""Who may listen to the staff's socket, from which page, and until when."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.services.tickets import issue_ticket
from accounts.services.users import update_user
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import access_token, make_user
from tracking.live.closing import CloseCode
from tracking.tests.board_readers import HOST, STATE, bearer, cookies_of, session_of
from tracking.tests.listening import do, listening, told

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = (Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF)
SCOPES = frozenset({"state:read"})


@pytest.fixture
def dispatcher() -> User:
    return make_user(Role.DISPATCHER)


def kind_or_code(path: str = STATE, **headers: str) -> str | int:
    async def story() -> str | int:
        async with listening(path, headers=headers) as socket:
            output = await socket._next()
            if output["type"] == "websocket.close":
                code: int = output["code"]
                return code
            return "snapshot" if '"snapshot"' in output["text"] else "something else"

    return told(story)


def ticket_for(user: User, *, scopes: frozenset[str] = SCOPES, seconds: float = 300) -> str:
    return issue_ticket(user, scopes=scopes, ends_at=timezone.now() + timedelta(seconds=seconds))


@pytest.mark.parametrize("role", list(Role))
def test_staff_by_their_session(role: Role) -> None:
    expected = "snapshot" if role in STAFF else CloseCode.NOT_ALLOWED
    assert kind_or_code(**session_of(make_user(role))) == expected


@pytest.mark.parametrize("role", list(Role))
def test_by_token_whoever_may_see_the_state(role: Role) -> None:
    expected = "snapshot" if role in {Role.ADMIN, Role.DISPATCHER} else CloseCode.NOT_ALLOWED
    assert kind_or_code(**bearer(make_user(role))) == expected


def test_a_token_needs_the_scope(dispatcher: User) -> None:
    assert kind_or_code(**bearer(dispatcher, "orders:read")) == CloseCode.NOT_ALLOWED
    assert kind_or_code(**bearer(dispatcher, "state:read")) == "snapshot"


def test_a_ticket_opens_once(dispatcher: User) -> None:
    path = f"{STATE}?ticket={ticket_for(dispatcher)}"
    assert [kind_or_code(path), kind_or_code(path)] == ["snapshot", CloseCode.NOT_SIGNED_IN]


def test_a_ticket_carries_no_more_than_it_was_given(dispatcher: User) -> None:
    path = f"{STATE}?ticket={ticket_for(dispatcher, scopes=frozenset({'orders:read'}))}"
    assert kind_or_code(path) == CloseCode.NOT_ALLOWED


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Authorization": "Bearer x"}, id="no token of ours"),
        pytest.param({"Authorization": "Bearer"}, id="no token"),
        pytest.param({"Authorization": "Basic eDp5"}, id="another scheme"),
        pytest.param({"Host": HOST, "Cookie": "sessionid=unknown", "Origin": f"http://{HOST}"}, id="no session"),
    ],
)
def test_strangers_are_told_to_sign_in(headers: dict[str, str]) -> None:
    assert kind_or_code(**headers) == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize("path", [f"{STATE}?ticket=", f"{STATE}?ticket=%00", f"{STATE}?ticket=x"])
def test_what_is_no_ticket_opens_nothing(path: str) -> None:
    assert kind_or_code(path) == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize(
    "origin", [None, "", "null", "https://evil.example.com", f"http://{HOST}.evil.example.com", f"http://{HOST}:81"]
)
def test_a_page_of_somebody_else_cannot_use_a_session(origin: str | None, dispatcher: User) -> None:
    assert kind_or_code(**cookies_of(signed_in(dispatcher), origin=origin)) == CloseCode.NOT_ALLOWED


@pytest.mark.parametrize("origin", ["https://shop.example.com", "https://a.trusted.example.com"])
@override_settings(CSRF_TRUSTED_ORIGINS=["https://shop.example.com", "https://*.trusted.example.com"])
def test_a_page_of_a_trusted_origin_can(origin: str, dispatcher: User) -> None:
    assert kind_or_code(**cookies_of(signed_in(dispatcher), origin=origin)) == "snapshot"


@override_settings(ALLOWED_HOSTS=["other.example.com"])
def test_a_host_that_is_not_ours_is_refused(dispatcher: User) -> None:
    assert kind_or_code(**session_of(dispatcher)) == CloseCode.NOT_ALLOWED


@override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
def test_behind_a_proxy_the_page_is_the_one_that_the_browser_shows(dispatcher: User) -> None:
    headers = cookies_of(signed_in(dispatcher), origin=f"https://{HOST}")
    assert kind_or_code(**headers, **{"X-Forwarded-Proto": "https"}) == "snapshot"
    assert kind_or_code(**session_of(dispatcher), **{"X-Forwarded-Proto": "https"}) == CloseCode.NOT_ALLOWED


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example.com"}, {}])
def test_who_sends_a_token_may_come_from_anywhere(headers: dict[str, str], dispatcher: User) -> None:
    assert kind_or_code(**bearer(dispatcher), **headers) == "snapshot"
    assert kind_or_code(f"{STATE}?ticket={ticket_for(dispatcher)}", **headers) == "snapshot"


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 30])
def test_an_after_that_is_no_sequence_is_refused(after: str, dispatcher: User) -> None:
    assert kind_or_code(f"{STATE}?after={after}", **bearer(dispatcher)) == CloseCode.BAD_REQUEST


def code_after(work: Any, *, path: str = STATE, **headers: str) -> int:
    """How a socket ends that was open when this happened."""

    async def story() -> int:
        async with listening(path, headers=headers) as socket:
            await socket.hear()
            await do(work)
            return await socket.close_code()

    with patch("tracking.board_consumer.CHECK_SECONDS", 0.05):
        return told(story)


def test_logging_out_ends_it(dispatcher: User) -> None:
    client = signed_in(dispatcher)
    assert code_after(client.logout, **cookies_of(client)) == CloseCode.NOT_SIGNED_IN


def test_a_new_password_ends_the_sessions_of_the_old_one(dispatcher: User) -> None:
    def change() -> None:
        update_user(
            dispatcher.pk, actor=Actor.of(make_user(Role.ADMIN)), expected_version=1, password="another long password"
        )

    assert code_after(change, **session_of(dispatcher)) == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize("by", ["session", "token", "ticket"])
def test_who_is_deactivated_is_out(by: str, dispatcher: User) -> None:
    headers = {"session": session_of, "token": bearer}[by](dispatcher) if by != "ticket" else {}
    path = f"{STATE}?ticket={ticket_for(dispatcher)}" if by == "ticket" else STATE

    def deactivate() -> None:
        User.objects.filter(pk=dispatcher.pk).update(is_active=False)

    assert code_after(deactivate, path=path, **headers) == CloseCode.NOT_SIGNED_IN


@pytest.mark.parametrize("by", ["session", "token"])
def test_who_loses_the_role_is_out(by: str, dispatcher: User) -> None:
    headers = session_of(dispatcher) if by == "session" else bearer(dispatcher)

    def demote() -> None:
        User.objects.filter(pk=dispatcher.pk).update(role=Role.CUSTOMER)

    assert code_after(demote, **headers) == CloseCode.NOT_ALLOWED


def test_a_ticket_ends_with_what_it_was_given_for(dispatcher: User) -> None:
    path = f"{STATE}?ticket={ticket_for(dispatcher, seconds=0.5)}"
    with patch("tracking.board_consumer.CHECK_SECONDS", 3600):
        assert _code_at_the_end(path) == CloseCode.NOT_SIGNED_IN


def test_a_token_ends_its_socket_when_it_expires(dispatcher: User) -> None:
    token = access_token(dispatcher)
    token.set_exp(lifetime=timedelta(seconds=2))
    with patch("tracking.board_consumer.CHECK_SECONDS", 3600):
        assert _code_at_the_end(STATE, Authorization=f"Bearer {token}") == CloseCode.NOT_SIGNED_IN


def _code_at_the_end(path: str, **headers: str) -> int:
    async def story() -> int:
        async with listening(path, headers=headers) as socket:
            await socket.hear()
            return await socket.close_code()

    return told(story)

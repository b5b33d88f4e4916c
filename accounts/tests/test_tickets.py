"""One-time tickets: to whom they are given, and that each opens once and not for long."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.utils import timezone

from accounts.models import SocketTicket, User
from accounts.roles import Role
from accounts.services.tickets import VALID_SECONDS, issue_ticket, spend_ticket
from accounts.tasks import purge_tokens
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import JsonClient, access_token, client_of, make_user, stranger
from api.errors import InvalidToken

pytestmark = pytest.mark.django_db

TICKET = "/api/v2/auth/ws-ticket"
SCOPES = frozenset({"state:read"})


@pytest.fixture
def dispatcher() -> User:
    return make_user(Role.DISPATCHER)


def issue(user: User) -> str:
    return issue_ticket(user, scopes=SCOPES, ends_at=timezone.now() + timedelta(minutes=5))


def test_a_ticket_carries_the_rights_and_the_end_of_the_token_it_was_given_for(dispatcher: User) -> None:
    token = access_token(dispatcher, scopes=["state:read", "orders:read"])

    answer = JsonClient(authorization=f"Bearer {token}").post(TICKET)

    assert (answer.status_code, answer.json()["expires_in"]) == (201, VALID_SECONDS)
    admission = spend_ticket(answer.json()["ticket"])
    assert (admission.user, admission.scopes) == (dispatcher, frozenset({"state:read", "orders:read"}))
    assert admission.ends_at == datetime.fromtimestamp(token["exp"], UTC)


def test_one_for_a_session_opens_for_as_long_as_a_token_would(dispatcher: User) -> None:
    answer = signed_in(dispatcher).post(TICKET, content_type="application/json")
    admission = spend_ticket(answer.json()["ticket"])
    left = (admission.ends_at - timezone.now()).total_seconds()
    assert 590 < left <= 600


def test_it_is_spent_by_its_first_use(dispatcher: User) -> None:
    ticket = issue(dispatcher)
    spend_ticket(ticket)
    with pytest.raises(InvalidToken):
        spend_ticket(ticket)


def test_it_is_kept_as_a_digest_only(dispatcher: User) -> None:
    ticket = issue(dispatcher)
    assert SocketTicket.objects.get().digest == sha256(ticket.encode()).hexdigest()


def test_it_expires(dispatcher: User) -> None:
    ticket = issue(dispatcher)
    SocketTicket.objects.update(expires_at=timezone.now())
    with pytest.raises(InvalidToken):
        spend_ticket(ticket)


def test_it_is_worth_what_its_owner_may_still_do(dispatcher: User) -> None:
    demoted, deactivated = issue(dispatcher), issue(dispatcher)
    User.objects.update(role=Role.CUSTOMER)
    assert spend_ticket(demoted).scopes == frozenset()
    User.objects.update(is_active=False)
    with pytest.raises(InvalidToken):
        spend_ticket(deactivated)


@pytest.mark.parametrize("ticket", ["", "x", "\x00", "\ud800", "x" * 100_000])
def test_what_is_no_ticket_opens_nothing(ticket: str) -> None:
    with pytest.raises(InvalidToken):
        spend_ticket(ticket)


def test_it_needs_the_scope_of_what_it_opens(dispatcher: User) -> None:
    narrow = client_of(dispatcher, scopes=["orders:read"]).post(TICKET)
    assert (narrow.status_code, narrow.json()["code"]) == (403, "insufficient_scope")
    assert stranger().post(TICKET).status_code == 401
    assert SocketTicket.objects.count() == 0


def test_tickets_that_nobody_used_are_forgotten(dispatcher: User) -> None:
    issue(dispatcher)
    SocketTicket.objects.update(expires_at=timezone.now())
    live = issue(dispatcher)
    assert purge_tokens() == 1
    assert spend_ticket(live).user == dispatcher

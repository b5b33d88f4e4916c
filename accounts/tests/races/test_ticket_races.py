"""A ticket opens once, however many use it at the same moment."""

from collections import Counter
from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from accounts.services import tickets
from accounts.services.tickets import issue_ticket, spend_ticket
from accounts.tests.factories import make_user
from api.errors import InvalidToken
from api.tests.waiting import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

CLIENTS = 8


def gets_in(ticket: str) -> bool:
    try:
        spend_ticket(ticket)
    except InvalidToken:
        return False
    return True


def uses() -> Counter[bool]:
    ends_at = timezone.now() + timedelta(minutes=5)
    ticket = issue_ticket(make_user(Role.DISPATCHER), scopes=frozenset({"state:read"}), ends_at=ends_at)
    return Counter(at_once([partial(gets_in, ticket)] * CLIENTS))


def test_of_many_who_use_a_ticket_one_gets_in() -> None:
    for _ in range(6):
        assert uses() == {True: 1, False: CLIENTS - 1}


def test_without_counting_what_was_deleted_several_get_in() -> None:
    """The control: who finds the row is let in, deleted or not."""
    with patch.object(tickets, "_delete", return_value=True):
        assert uses()[True] == CLIENTS

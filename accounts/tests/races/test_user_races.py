"""Of many who change the same user, based on the same version, one succeeds and the others are told."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection

from accounts.actors import Actor
from accounts.errors import EmailTaken
from accounts.models import User
from accounts.services import users
from accounts.services.users import add_user, update_user
from accounts.tests.factories import make_user
from api.errors import PreconditionFailed
from api.tests.waiting import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

EDITORS = 8
SYSTEM = Actor.system("test")


def outcomes(edit: Callable[[str], object]) -> Counter[str]:
    def try_it(name: str) -> str:
        try:
            edit(name)
        except (PreconditionFailed, EmailTaken) as refusal:
            return refusal.code
        return "changed"

    return Counter(at_once([partial(try_it, f"Name {number}") for number in range(EDITORS)]))


def test_one_of_many_edits_succeeds() -> None:
    ada = make_user()
    told = outcomes(lambda name: update_user(ada.id, actor=SYSTEM, expected_version=1, name=name))
    assert told == {"changed": 1, "precondition_failed": EDITORS - 1}
    ada.refresh_from_db()
    assert ada.version == 2


def test_without_the_lock_edits_are_lost() -> None:
    ada, together = make_user(), Barrier(EDITORS)

    def unlocked(user_id: UUID) -> User:
        seen = User.objects.get(pk=user_id)
        together.wait(20)
        return seen

    with patch.object(users, "lock_user", unlocked):
        told = outcomes(lambda name: update_user(ada.id, actor=SYSTEM, expected_version=1, name=name))
    ada.refresh_from_db()
    assert (told, ada.version) == ({"changed": EDITORS}, 2)


def test_an_address_given_by_many_at_once_is_one_users() -> None:
    told = outcomes(lambda name: add_user("ada@example.com", password_hash="!", name=name))
    assert told == {"changed": 1, "email_taken": EDITORS - 1}
    assert User.objects.count() == 1

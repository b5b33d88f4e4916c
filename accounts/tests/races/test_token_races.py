"""A refresh token is traded once, and a new password leaves no session behind, whoever comes at the same moment."""

from threading import Barrier
from unittest.mock import patch
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.actors import Actor
from accounts.models import User
from accounts.services import tokens
from accounts.services.tokens import TokenPair, renew, sign_in
from accounts.services.users import update_user
from accounts.tests.factories import PASSWORD, make_user
from api.errors import InvalidCredentials, InvalidToken
from api.tests.waiting import at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="SQLite runs one writing transaction at a time: there is no race"
    ),
]

CLIENTS = 8


@pytest.fixture
def ada() -> User:
    return make_user(email="ada@example.com", password=PASSWORD)


def outcome_of_renewing(token: str) -> type[BaseException] | None:
    try:
        renew(token)
    except (InvalidToken, IntegrityError) as error:
        return type(error)
    return None


@pytest.mark.usefixtures("ada")
def test_of_many_that_renew_with_one_token_one_gets_a_new_pair() -> None:
    token = sign_in("ada@example.com", password=PASSWORD).refresh_token
    outcomes = at_once([lambda: outcome_of_renewing(token)] * CLIENTS)
    assert sorted(map(str, outcomes)) == [*[str(InvalidToken)] * (CLIENTS - 1), str(None)]
    assert OutstandingToken.objects.filter(blacklistedtoken=None).count() == 1


@pytest.mark.usefixtures("ada")
def test_without_the_users_lock_the_database_has_to_stop_them() -> None:
    token = sign_in("ada@example.com", password=PASSWORD).refresh_token
    together = Barrier(CLIENTS)
    look = tokens._locked_owner

    def all_have_looked(token: RefreshToken) -> User:
        owner = look(token)
        together.wait(20)
        return owner

    def unlocked(user_id: UUID) -> User:
        return User.objects.get(pk=user_id)

    with patch.object(tokens, "lock_user", unlocked), patch.object(tokens, "_locked_owner", all_have_looked):
        outcomes = at_once([lambda: outcome_of_renewing(token)] * CLIENTS)
    assert IntegrityError in outcomes, "taking the lock away shows the fault it prevents"


def change_password_while_signing_in(ada: User) -> TokenPair | None:
    """The password is changed just after it has been found to be right."""

    def then_changed(username: str, password: str) -> object:
        user = authenticate(username=username, password=password)
        update_user(ada.id, actor=Actor.system("test"), password="another password")
        return user

    with patch.object(tokens, "authenticate", then_changed):
        try:
            return sign_in(ada.email, password=PASSWORD)
        except InvalidCredentials:
            return None


def test_a_password_changed_while_it_is_verified_opens_no_session(ada: User) -> None:
    assert change_password_while_signing_in(ada) is None
    assert not OutstandingToken.objects.exists()


def test_without_looking_again_under_the_lock_the_old_password_opens_a_session(ada: User) -> None:
    def as_it_was(user_id: UUID) -> User:
        return ada

    with patch.object(tokens, "lock_user", as_it_was):
        pair = change_password_while_signing_in(ada)
    assert pair is not None, "taking the lock away shows the fault it prevents"

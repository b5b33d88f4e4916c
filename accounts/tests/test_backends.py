from unittest.mock import patch

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.backends import EmailBackend
from accounts.tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["ada@example.com", "Ada@Example.COM", "  ada@example.com "])
def test_the_address_is_found_whatever_its_case(typed: str) -> None:
    ada = make_user(email="ada@example.com", password=PASSWORD)
    assert authenticate(username=typed, password=PASSWORD) == ada


def test_a_wrong_password_is_refused() -> None:
    make_user(email="ada@example.com", password=PASSWORD)
    assert authenticate(username="ada@example.com", password=PASSWORD.upper()) is None


def test_an_inactive_user_neither_signs_in_nor_stays_signed_in() -> None:
    ada = make_user(email="ada@example.com", password=PASSWORD, is_active=False)
    assert authenticate(username="ada@example.com", password=PASSWORD) is None
    assert EmailBackend().get_user(ada.pk) is None


def test_a_user_without_a_password_cannot_sign_in() -> None:
    make_user(email="machine@example.com")
    assert authenticate(username="machine@example.com", password="") is None


def test_an_unknown_address_costs_as_many_hashes_as_a_known_one() -> None:
    make_user(email="ada@example.com", password=PASSWORD)
    hashes = {}
    for address in ("ada@example.com", "nobody@example.com"):
        with (
            patch.object(Argon2PasswordHasher, "encode", autospec=True, return_value="argon2$x") as encode,
            patch.object(Argon2PasswordHasher, "verify", autospec=True, return_value=False) as verify,
        ):
            assert authenticate(username=address, password="wrong") is None
        hashes[address] = encode.call_count + verify.call_count
    assert hashes == {"ada@example.com": 1, "nobody@example.com": 1}

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from api.idempotency import services
from api.idempotency.keys import KeyedRequest
from api.idempotency.models import IdempotencyKey
from api.tests.conftest import caller
from api.tests.site import GroupView
from api.tests.test_idempotency import post
from api.tests.waiting import PATIENCE_SECONDS, at_once, in_background, somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)

TWINS = 20


def create_riders() -> Any:
    return post(caller("ada"), "k-1", {"name": "riders"})


def test_twenty_twins_have_one_effect_and_one_answer() -> None:
    answers = at_once([create_riders] * TWINS)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == TWINS - 1
    assert Group.objects.count() == IdempotencyKey.objects.count() == 1


def test_without_the_claim_twins_have_two_effects() -> None:
    """The control: looking first and inserting later lets both through."""
    both_looked = threading.Barrier(2)

    def look_only(request: KeyedRequest) -> IdempotencyKey:
        row = IdempotencyKey.objects.filter(**request.scope).first() or IdempotencyKey(**request.scope)
        both_looked.wait(PATIENCE_SECONDS)
        return row

    with patch.object(services, "claim", look_only), patch.object(Group._meta.get_field("name"), "_unique", False):
        answers = at_once([partial(post, caller("ada"), "k-1", {"name": name}) for name in ("riders", "cooks")])

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Group.objects.count() == 2


class Held:
    """Stops the first request inside its transaction until the test lets it go."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go = threading.Event()

    def __call__(self, then: str | None) -> None:
        self.inside.set()
        assert self.go.wait(PATIENCE_SECONDS)


def test_a_twin_waits_for_the_first_one_and_gets_its_answer() -> None:
    held = Held()
    with patch.object(GroupView, "think_again", held), ThreadPoolExecutor(2) as pool:
        first = in_background(pool, create_riders)
        assert held.inside.wait(PATIENCE_SECONDS)
        second = in_background(pool, create_riders)
        until(somebody_waits_for_a_lock)
        held.go.set()

    assert first.result().content == second.result().content
    assert second.result()["Idempotent-Replayed"] == "true"
    assert Group.objects.count() == 1


def test_a_twin_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TWIN_WAIT_SECONDS", 0.05)
    held = Held()
    with patch.object(GroupView, "think_again", held), ThreadPoolExecutor(2) as pool:
        first = in_background(pool, create_riders)
        assert held.inside.wait(PATIENCE_SECONDS)
        second = in_background(pool, create_riders).result(PATIENCE_SECONDS)
        held.go.set()

    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert second["Retry-After"] == "1"
    assert first.result().status_code == 201
    assert create_riders()["Idempotent-Replayed"] == "true"
    assert Group.objects.count() == 1


def test_when_the_first_one_crashes_its_twin_does_the_work() -> None:
    held = Held()

    def crash_once_held(view: GroupView, then: str | None) -> None:
        if not held.inside.is_set():
            held(then)
            raise ZeroDivisionError

    with patch.object(GroupView, "think_again", crash_once_held), ThreadPoolExecutor(2) as pool:
        first = in_background(pool, create_riders)
        assert held.inside.wait(PATIENCE_SECONDS)
        second = in_background(pool, create_riders)
        until(somebody_waits_for_a_lock)
        held.go.set()

    assert first.result().status_code == 500
    assert second.result().status_code == 201
    assert "Idempotent-Replayed" not in second.result()
    assert Group.objects.count() == 1


def test_the_wait_for_a_twin_is_not_the_lock_timeout_of_the_business() -> None:
    seen: list[str] = []

    def look(view: GroupView, then: str | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            seen.append(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        usual = cursor.fetchone()[0]
    with patch.object(GroupView, "think_again", look):
        create_riders()

    assert seen == [usual] == ["5s"]

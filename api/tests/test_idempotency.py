import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from rest_framework.test import APIClient

from api.idempotency.models import IdempotencyKey
from api.idempotency.services import purge_expired
from api.tasks import purge_idempotency_keys
from api.tests.conftest import caller

pytestmark = pytest.mark.django_db


def post(client: APIClient, key: str | None, body: Any, *, to: str = "/api/groups") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(to, body, format="json", headers=headers)


def test_the_same_request_has_one_effect_and_one_answer(client: APIClient) -> None:
    first = post(client, "k-1", {"name": "riders"})
    second = post(client, "k-1", {"name": "riders"})

    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert (second["ETag"], second["Location"]) == (first["ETag"], first["Location"])
    assert second["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Group.objects.count() == 1


def test_a_quoted_key_is_the_bare_one(client: APIClient) -> None:
    post(client, "k-1", {"name": "riders"})

    assert post(client, '"k-1"', {"name": "riders"})["Idempotent-Replayed"] == "true"


def test_another_body_under_the_key_is_refused(client: APIClient) -> None:
    post(client, "k-1", {"name": "riders"})
    answer = post(client, "k-1", {"name": "cooks"})

    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert list(Group.objects.values_list("name", flat=True)) == ["riders"]


def test_callers_do_not_share_their_keys(client: APIClient) -> None:
    post(client, "k-1", {"name": "riders"})
    answer = post(caller("bob"), "k-1", {"name": "cooks"})

    assert answer.status_code == 201
    assert set(IdempotencyKey.objects.values_list("principal", flat=True)) == {"user:ada", "user:bob"}


def test_a_key_belongs_to_its_path(client: APIClient) -> None:
    post(client, "k-1", {"name": "riders"})

    assert post(client, "k-1", {}, to="/api/required").status_code == 204


def test_an_answer_without_a_body_is_replayed_without_one(client: APIClient) -> None:
    post(client, "k-1", {}, to="/api/required")
    second = post(client, "k-1", {}, to="/api/required")

    assert (second.status_code, second.content, second["Idempotent-Replayed"]) == (204, b"", "true")


@pytest.mark.parametrize("then", ["conflict", "not_found"])
def test_a_refusal_is_kept_without_its_changes(client: APIClient, then: str) -> None:
    first = post(client, "k-1", {"name": "riders", "then": then})
    second = post(client, "k-1", {"name": "riders", "then": then})

    assert first.status_code == second.status_code == {"conflict": 409, "not_found": 404}[then]
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"] == "application/problem+json"
    assert second["Idempotent-Replayed"] == "true"
    assert Group.objects.count() == 0


def test_an_invalid_body_is_a_refusal_too(client: APIClient) -> None:
    post(client, "k-1", {"nome": "riders"})
    second = post(client, "k-1", {"nome": "riders"})

    assert (second.status_code, second["Idempotent-Replayed"]) == (400, "true")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("then", "status"), [("forbidden", 403), ("busy", 503), ("crash", 500)])
def test_what_may_end_differently_next_time_is_not_kept(client: APIClient, then: str, status: int) -> None:
    answers = [post(client, "k-1", {"name": "riders", "then": then}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert not any("Idempotent-Replayed" in answer for answer in answers)
    assert IdempotencyKey.objects.count() == Group.objects.count() == 0


def test_without_a_key_each_request_counts(client: APIClient) -> None:
    assert [post(client, None, {"name": name}).status_code for name in ("riders", "cooks")] == [201, 201]
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_without_a_key_a_refusal_changes_nothing(client: APIClient) -> None:
    assert post(client, None, {"name": "riders", "then": "conflict"}).status_code == 409
    assert Group.objects.count() == 0


def test_a_missing_key_is_refused_where_it_is_required(client: APIClient) -> None:
    answer = post(client, None, {}, to="/api/required")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["", "   ", '""', "two words", "k" * 256, "schlüssel"])
def test_a_malformed_key_is_refused(client: APIClient, key: str) -> None:
    answer = post(client, key, {"name": "riders"})

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert Group.objects.count() == 0


def test_the_longest_key_is_accepted(client: APIClient) -> None:
    assert post(client, "k" * 255, {"name": "riders"}).status_code == 201


def test_an_expired_key_is_a_new_one(client: APIClient) -> None:
    post(client, "k-1", {"name": "riders"})
    IdempotencyKey.objects.update(expires_at=timezone.now())
    answer = post(client, "k-1", {"name": "cooks"})

    assert answer.status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_a_key_is_kept_as_long_as_the_setting_says(client: APIClient, settings: Any) -> None:
    settings.IDEMPOTENCY_KEY_DAYS = 7
    post(client, "k-1", {"name": "riders"})
    row = IdempotencyKey.objects.get()

    assert abs(row.expires_at - row.created_at - timedelta(days=7)) < timedelta(seconds=1)


def test_only_expired_keys_are_purged_in_batches() -> None:
    now = timezone.now()
    make_keys(5, expires_at=now - timedelta(seconds=1))
    make_keys(2, expires_at=now + timedelta(days=1))

    assert purge_expired(batch=3) == 3
    assert purge_idempotency_keys() == 2
    assert IdempotencyKey.objects.count() == 2


def make_keys(count: int, *, expires_at: Any) -> None:
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(
            principal="user:ada", method="POST", path="/", key=str(uuid.uuid4()), fingerprint="", expires_at=expires_at
        )
        for _ in range(count)
    )

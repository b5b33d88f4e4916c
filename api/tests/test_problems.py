import logging
import sqlite3
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import RequestFactory
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail
from rest_framework.test import APIClient

from api.error_pages import server_error
from api.idempotency.models import IdempotencyKey
from api.outages import is_outage
from api.problems import as_catalogued, field_problems
from api.tests.test_idempotency import post
from api.tests.test_transactions import database_error

THING = "/api/things/0192f0c1-2b3c-7d4e-8f50-123456789abc"


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def lost_connection() -> Exception:
    return caused(OperationalError("lost"), psycopg.OperationalError("server closed the connection unexpectedly"))


@pytest.mark.django_db
def test_a_problem_has_every_member(client: APIClient) -> None:
    answer = client.post(
        "/api/groups", {"name": "riders", "then": "conflict"}, format="json", headers={"X-Request-ID": "req-1"}
    )

    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "http://testserver/errors/idempotency_key_reused",
        "title": "Idempotency-Key reused",
        "status": 409,
        "detail": "No.",
        "instance": "/api/groups",
        "code": "idempotency_key_reused",
        "request_id": "req-1",
        "allowed": ["other"],
        "errors": [{"pointer": "/name", "available": 3, "code": "taken", "detail": "Taken."}],
    }


def test_the_type_of_a_problem_is_its_page(client: APIClient) -> None:
    problem = client.patch(THING, {}, format="json").json()

    assert (
        client.get(problem["type"], headers={"Accept": "application/json"}).json()["code"]
        == problem["code"]
        == "precondition_required"
    )


def test_field_problems_have_pointers_and_readable_words(client: APIClient) -> None:
    answer = client.post("/api/baskets", {"items": [{"quantity": 0}], "x": 1}, format="json")

    assert answer.status_code == 400
    assert sorted(answer.json()["errors"], key=lambda problem: str(problem["pointer"])) == [
        {"pointer": "/items/0/product_id", "code": "required", "detail": "This field is required."},
        {
            "pointer": "/items/0/quantity",
            "code": "min_value",
            "detail": "Ensure this value is greater than or equal to 1.",
        },
        {"pointer": "/x", "code": "unknown_field", "detail": "Unknown field."},
    ]


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"a": [ErrorDetail("Bad.", code="x")]}, [("/a", "x", "Bad.")]),
        ({"a": {"b": [ErrorDetail("Bad.", code="x")]}}, [("/a/b", "x", "Bad.")]),
        ({"a": [{}, {"b": ["Bad."]}]}, [("/a/1/b", "invalid", "Bad.")]),
        ({"a": {0: ["Bad."], 2: ["Worse."]}}, [("/a/0", "invalid", "Bad."), ("/a/2", "invalid", "Worse.")]),
        ({"non_field_errors": ["Bad."]}, [("", "invalid", "Bad.")]),
        ({"a": {"non_field_errors": ["Bad."]}}, [("/a", "invalid", "Bad.")]),
        (["Bad."], [("", "invalid", "Bad.")]),
        ("Bad.", [("", "invalid", "Bad.")]),
    ],
)
def test_nested_details_are_flattened(detail: Any, expected: list[tuple[str, str, str]]) -> None:
    assert [(problem.pointer, problem.code, problem.detail) for problem in field_problems(detail)] == expected


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.ValidationError("x"), "invalid_request"),
        (exceptions.ParseError(), "malformed_request"),
        (exceptions.NotAuthenticated(), "authentication_required"),
        (exceptions.AuthenticationFailed(), "invalid_token"),
        (exceptions.PermissionDenied(), "permission_denied"),
        (exceptions.PermissionDenied("CSRF Failed: CSRF token missing."), "csrf_failed"),
        (exceptions.NotFound(), "not_found"),
        (exceptions.MethodNotAllowed("PUT"), "method_not_allowed"),
        (exceptions.NotAcceptable(), "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/css"), "unsupported_media_type"),
        (exceptions.Throttled(wait=1.2), "rate_limited"),
        (exceptions.APIException(), "internal_error"),
        (Http404(), "not_found"),
        (PermissionDenied(), "permission_denied"),
        (RequestDataTooBig(), "payload_too_large"),
        (SuspiciousOperation(), "malformed_request"),
        (BadRequest(), "malformed_request"),
        (database_error("40P01"), "busy"),
        (database_error("57P03"), "unavailable"),
        (database_error("08006"), "unavailable"),
        (database_error("53300"), "unavailable"),
        (lost_connection(), "unavailable"),
    ],
)
def test_known_errors_have_a_code(error: Exception, code: str) -> None:
    problem = as_catalogued(error)

    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_pool_that_ran_dry_is_an_outage(error: type[Exception]) -> None:
    assert is_outage(caused(error("no connection"), PoolTimeout("no connection")))


def test_a_locked_sqlite_file_is_no_outage() -> None:
    assert not is_outage(caused(OperationalError("database is locked"), sqlite3.OperationalError("locked")))


@pytest.mark.parametrize("error", [ValueError("x"), OperationalError("gone"), database_error("57014")])
def test_unknown_errors_have_none(error: Exception) -> None:
    assert as_catalogued(error) is None


def test_throttled_callers_are_told_when_to_come_back() -> None:
    for wait, seconds in ((None, "1"), (0.2, "1"), (1.2, "2"), (60, "60")):
        problem = as_catalogued(exceptions.Throttled(wait=wait))
        assert problem is not None
        assert problem.headers["Retry-After"] == seconds


def test_a_stranger_is_told_how_to_authenticate(stranger: APIClient) -> None:
    answer = stranger.get(THING)

    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_required")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_wrong_method_is_told_the_right_ones(client: APIClient) -> None:
    answer = client.put(THING)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.json()["detail"] == 'Method "PUT" not allowed.'
    assert "PATCH" in answer["Allow"]


def test_an_unavailable_format_is_not_acceptable(client: APIClient) -> None:
    answer = client.get(THING, headers={"Accept": "application/xml"})

    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_an_error_nobody_foresaw_is_logged_and_not_told(stranger: APIClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = stranger.get("/api/crash", headers={"X-Request-ID": "req-1"})

    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert (problem["code"], problem["request_id"]) == ("internal_error", "req-1")
    assert b"hunter2" not in answer.content
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["the password is hunter2"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_says_when_to_come_back_and_with_the_same_key(client: APIClient) -> None:
    lost = post(client, "k", {"name": "riders", "then": "lose the database"})

    assert (lost.status_code, lost["Retry-After"], lost.json()["code"]) == (503, "2", "unavailable")
    assert "terminating" not in lost.content.decode()
    assert not Group.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert post(client, "k", {"name": "riders"}).status_code == 201
    assert Group.objects.get().name == "riders"


def test_a_page_without_its_database_is_unavailable(rf: RequestFactory) -> None:
    try:
        raise lost_connection()
    except OperationalError:
        answer = server_error(rf.get("/admin/", headers={"Accept": "text/html"}))

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "<h1>Temporarily unavailable</h1>" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_busy_says_when_to_come_back(client: APIClient) -> None:
    answer = post(client, None, {"name": "riders", "then": "busy"})

    assert (answer.status_code, answer["Retry-After"]) == (503, "1")

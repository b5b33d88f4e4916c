import json
from typing import Any

import pytest
from rest_framework.test import APIClient

THING = "/api/things/0192f0c1-2b3c-7d4e-8f50-123456789abc"


def parameters_of(answer: Any) -> list[tuple[str, str]]:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    return [(problem["parameter"], problem["code"]) for problem in answer.json()["errors"]]


@pytest.mark.parametrize("path", [THING, "/api/old"])
def test_unknown_parameters_are_refused_where_nothing_reads_any(client: APIClient, path: str) -> None:
    assert parameters_of(client.get(f"{path}?b=1&a=2")) == [("a", "unknown_parameter"), ("b", "unknown_parameter")]


@pytest.mark.django_db
def test_unknown_parameters_of_a_list_are_refused(client: APIClient) -> None:
    assert parameters_of(client.get("/api/keys?colour=red")) == [("colour", "unknown_parameter")]


def test_a_page_cannot_be_asked_of_one_thing(client: APIClient) -> None:
    assert parameters_of(client.get(f"{THING}?limit=1")) == [("limit", "unknown_parameter")]


def test_a_write_takes_no_parameters(client: APIClient) -> None:
    answer = client.post("/api/baskets?dry_run=1", {}, format="json")

    assert parameters_of(answer) == [("dry_run", "unknown_parameter")]


@pytest.mark.django_db
def test_a_parameter_without_a_value_counts_as_absent(client: APIClient) -> None:
    assert client.get("/api/keys?created_after=&method=&limit=&cursor=").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("created_after=yesterday", ("created_after", "invalid")),
        ("is_open=perhaps", ("is_open", "invalid")),
        ("method=12345678901", ("method", "max_length")),
        ("limit=0", ("limit", "min_value")),
        ("limit=101", ("limit", "max_value")),
        ("limit=ten", ("limit", "invalid")),
        ("limit=1&limit=2", ("limit", "repeated")),
        ("cursor=%00", ("cursor", "control_characters")),
        ("cursor=abc", ("cursor", "invalid")),
    ],
)
def test_a_bad_parameter_is_named(client: APIClient, query: str, problem: tuple[str, str]) -> None:
    assert parameters_of(client.get(f"/api/keys?{query}")) == [problem]


def test_answers_are_private(client: APIClient) -> None:
    assert client.get(THING)["Cache-Control"] == "private, no-store"
    assert client.get(f"{THING}?a=1")["Cache-Control"] == "private, no-store"


def test_head_is_get_without_a_body(client: APIClient) -> None:
    answer = client.head(THING)

    assert (answer.status_code, answer.content, answer["ETag"]) == (200, b"", '"7"')


def test_options_lists_the_methods(client: APIClient) -> None:
    answer = client.options(THING)

    assert (answer.status_code, answer["Allow"]) == (204, "GET, PATCH, DELETE, HEAD, OPTIONS")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "QUERY", "BREW"])
def test_another_method_is_refused_before_its_parameters(client: APIClient, method: str) -> None:
    answer = client.generic(method, f"{THING}?a=1")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, PATCH, DELETE, HEAD, OPTIONS"


def test_a_body_beyond_the_limit_is_refused(client: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post("/api/baskets", {"note": "x" * 100}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_body_beyond_the_limit_is_read_to_its_end_so_that_its_sender_hears_why(
    client: APIClient, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post("/api/baskets", {"note": "x" * 200_000}, format="json")

    assert answer.status_code == 413
    assert answer.wsgi_request.environ["wsgi.input"].read() == b""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"note": NaN}', "JSON parse error - Out of range float values are not JSON compliant: 'NaN'"),
        (b'{"note": 1e999}', "JSON parse error - number out of range"),
        (b'{"note": "\\ud800"}', "JSON parse error - lone surrogate in a string"),
        (b'{"\\ud800": 1}', "JSON parse error - lone surrogate in a string"),
        (b"[" * 50_000, "JSON parse error - nested too deeply"),
        (b"\xff", "JSON parse error - 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        (b"1" * 5_000, None),
    ],
)
def test_a_body_that_is_not_sound_json_is_malformed(client: APIClient, body: bytes, reason: str | None) -> None:
    answer = client.post("/api/baskets", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert reason is None or answer.json()["detail"] == reason


def test_an_unsupported_media_type_is_refused(client: APIClient) -> None:
    answer = client.post("/api/baskets", "a=1", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_the_body_reaches_the_handler(client: APIClient) -> None:
    item = {"product_id": "0192f0c1-2b3c-7d4e-8f50-123456789abc", "quantity": 2}
    answer = client.post("/api/baskets", json.dumps({"items": [item], "tip": "2"}), content_type="application/json")

    assert answer.json() == {"items": 1, "tip": "2.00", "note": None}

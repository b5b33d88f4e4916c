"""What every answer promises, whatever it is about: ids, problems, strictness, versions, pages."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from operations.tests.contract.site import Person, Site, refusal
from operations.tests.contract.story import Shop, basket

UNKNOWN = "01980000-0000-7000-8000-000000000000"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("sent", "trace"),
    [
        ({"X-Request-ID": "mine-1", "X-Trace-ID": TRACE}, TRACE),
        ({"X-Request-ID": "mine-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
    ],
)
def test_ids_that_are_sent_come_back(site: Site, sent: dict[str, str], trace: str) -> None:
    answer = site.http.get("/health", headers=sent)
    assert (answer.json(), answer.headers["X-Request-ID"], answer.headers["X-Trace-ID"]) == (
        {"status": "ok"},
        "mine-1",
        trace,
    )


@pytest.mark.parametrize("malformed", ["two words", "x" * 65, "<script>", ""])
def test_malformed_ids_are_replaced(site: Site, malformed: str) -> None:
    answer = site.http.get("/api/v2/orders", headers={"X-Request-ID": malformed, "X-Trace-ID": malformed})
    assert refusal(answer) == (401, "authentication_required")
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] != malformed
    assert len(answer.headers["X-Trace-ID"]) == 32


def test_a_problem_leads_to_its_page_for_people_and_for_programs(site: Site, customer: Person) -> None:
    address = customer.get(f"orders/{UNKNOWN}").json()["type"]
    page = site.http.get(address, headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    error = site.http.get(address, headers={"Accept": "application/json"}).json()
    assert (error["code"], error["status"], error["retryable"]) == ("order_not_found", 404, False)
    assert error in site.http.get("/errors/", headers={"Accept": "application/json"}).json()["results"]


@pytest.mark.parametrize(
    ("method", "path", "problem"),
    [
        ("GET", "nowhere", (404, "not_found")),
        ("GET", "orders/17", (404, "not_found")),
        ("GET", "orders/17%27%20OR%201=1", (404, "not_found")),
        ("GET", "deliveries/%00", (404, "not_found")),
        ("GET", f"orders/{UNKNOWN}", (404, "order_not_found")),
        ("GET", f"products/{UNKNOWN}", (404, "product_not_found")),
        ("GET", f"stores/{UNKNOWN}", (404, "store_not_found")),
        ("GET", f"payments/{UNKNOWN}", (404, "payment_not_found")),
        ("GET", f"couriers/{UNKNOWN}", (404, "courier_not_found")),
        ("GET", f"assignments/{UNKNOWN}", (404, "assignment_not_found")),
        ("GET", f"users/{UNKNOWN}", (404, "user_not_found")),
        ("PUT", "orders", (405, "method_not_allowed")),
        ("DELETE", f"orders/{UNKNOWN}", (405, "method_not_allowed")),
    ],
)
def test_what_is_not_there_is_a_plain_problem(admin: Person, method: str, path: str, problem: tuple[int, str]) -> None:
    answer = admin.call(method, path)
    assert refusal(answer) == problem
    assert answer.status_code != 405 or "POST" in answer.headers["Allow"] or "PATCH" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("content", "media_type", "problem"),
    [
        (b"{", "application/json", (400, "malformed_request")),
        (b'{"note": NaN}', "application/json", (400, "malformed_request")),
        (b"[" * 50_000, "application/json", (400, "malformed_request")),
        (b"null", "application/json", (400, "invalid_request")),
        (b"[]", "application/json", (400, "invalid_request")),
        (b"", "application/json", (400, "invalid_request")),
        (b"items=1", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (b'{"note": "' + b"x" * 300_000 + b'"}', "application/json", (413, "payload_too_large")),
    ],
)
def test_a_body_that_cannot_be_taken_is_a_plain_problem(
    customer: Person, content: bytes, media_type: str, problem: tuple[int, str]
) -> None:
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": media_type}
    assert refusal(customer.call("POST", "orders", headers=headers, content=content)) == problem


def test_a_body_in_chunks_is_taken(customer: Person, shop: Shop) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"user_id": "'
        yield customer.read("users/me")["id"].encode()
        yield b'", "product_id": "' + shop.product_id.encode() + b'", "quantity": 1}'

    headers = {"Content-Type": "application/json"}
    assert customer.call("POST", "/api/v1/orders", headers=headers, content=chunks()).status_code == 201


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"colour": "red"}, "colour"),
        ({"status": "lost"}, "status"),
        ({"store": "17"}, "store"),
        ({"created_after": "yesterday"}, "created_after"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"external_id": "\0"}, "external_id"),
    ],
)
def test_a_parameter_that_is_not_understood_is_named(customer: Person, query: dict[str, str], parameter: str) -> None:
    answer = customer.get("orders", **query)
    assert refusal(answer) == (400, "invalid_request")
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def test_a_format_nobody_speaks_is_refused(customer: Person) -> None:
    answer = customer.call("GET", "orders", headers={"Accept": "application/xml"})
    assert refusal(answer) == (406, "not_acceptable")


def test_answers_are_kept_by_nobody_and_never_not_modified(customer: Person, shop: Shop) -> None:
    path = f"products/{shop.product_id}"
    answer = customer.call("GET", path, headers={"If-None-Match": customer.get(path).headers["ETag"]})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")


def test_head_and_options_say_what_there_is(customer: Person) -> None:
    head, options = customer.call("HEAD", "orders"), customer.call("OPTIONS", "orders")
    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")


def test_a_change_needs_the_version_it_was_made_for(admin: Person, shop: Shop) -> None:
    path = f"products/{shop.product_id}"
    change = {"name": "Green tea"}
    assert refusal(admin.patch(path, change)) == (428, "precondition_required")
    for stale in ('"9"', 'W/"1"', '"abc"'):
        answer = admin.call("PATCH", path, headers={"If-Match": stale}, json=change)
        assert (refusal(answer), answer.headers["ETag"]) == ((412, "precondition_failed"), '"1"')
    answer = admin.patch(path, change, version=1)
    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (200, '"2"', 2)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"price": 12.5},
        {"price": "-1.00"},
        {"price": "1.001"},
        {"stock": 5},
        {"name": "a\0b"},
        {"is_active": "true"},
    ],
)
def test_a_change_that_is_malformed_changes_nothing(admin: Person, shop: Shop, change: dict[str, Any]) -> None:
    path = f"products/{shop.product_id}"
    before = admin.read(path)
    assert refusal(admin.patch(path, change, version=1)) == (400, "invalid_request")
    assert admin.read(path) == before


def test_pages_show_every_row_once_in_both_directions(customer: Person, shop: Shop) -> None:
    numbers = [customer.do("orders", basket(shop))["number"] for _ in range(5)]
    forward, page = [], customer.read("orders", store=shop.store_id, limit=2)
    while True:
        forward += [order["number"] for order in page["results"]]
        if page["next"] is None:
            break
        page = customer.read(page["next"])
    assert forward == numbers[::-1]

    backward = [order["number"] for order in page["results"]]
    while page["previous"] is not None:
        page = customer.read(page["previous"])
        backward = [order["number"] for order in page["results"]] + backward
    assert backward == numbers[::-1]


def test_the_description_and_its_pages_are_open(site: Site) -> None:
    for path in ("/api/v1/schema", "/api/v2/schema", "/api/v2/docs"):
        assert site.http.get(path).status_code == 200

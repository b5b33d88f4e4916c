import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from operations.simulation.client import Client, Connection, Refused, Unreachable
from operations.simulation.paging import everything

Answer = httpx.Response | Exception
Result = TypeVar("Result")


class Site:
    """Answers from a script, one after the other, and remembers what it was asked. Signing in always works."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.grants: list[str] = []
        self.pauses: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v2/auth/token":
            self.grants.append(json.loads(request.content)["grant_type"])
            number = len(self.grants)
            return httpx.Response(200, json={"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"})
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


def visit(site: Site, errand: Callable[[Client], Awaitable[Result]]) -> tuple[Result, Connection]:
    """Run an errand with a clock that passes only by pausing."""

    async def go() -> tuple[Result, Connection]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(site), base_url="http://site") as http:
            connection = Connection(http, sleep=site.pause, clock=lambda: sum(site.pauses))
            return await errand(Client(connection, email="ada@example.com", password="demo-password")), connection

    return asyncio.run(go())


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": f"{code} it is"}, headers=headers)


def test_the_first_request_signs_in_and_carries_the_token() -> None:
    site = Site(httpx.Response(200, json={"ok": True}, headers={"ETag": '"3"'}))

    reply, _ = visit(site, lambda client: client.get("/api/v2/orders", {"status": ["paid", "confirmed"]}))

    assert (reply.body, reply.etag) == ({"ok": True}, '"3"')
    assert site.grants == ["password"]
    assert site.requests[0].headers["Authorization"] == "Bearer access-1"
    assert str(site.requests[0].url) == "http://site/api/v2/orders?status=paid&status=confirmed"


def test_a_spent_token_is_refreshed_and_the_request_sent_again() -> None:
    site = Site(problem(401, "not_authenticated"), httpx.Response(200, json={}))

    visit(site, lambda client: client.get("/api/v2/orders"))

    assert site.grants == ["password", "refresh_token"]
    assert [request.headers["Authorization"] for request in site.requests] == ["Bearer access-1", "Bearer access-2"]


def test_a_second_401_in_a_row_is_final() -> None:
    site = Site(problem(401, "not_authenticated"), problem(401, "not_authenticated"))

    with pytest.raises(Refused) as refusal:
        visit(site, lambda client: client.get("/api/v2/orders"))

    assert refusal.value.status == 401


def test_many_calls_that_find_the_token_spent_renew_it_once() -> None:
    class FirstTokenSpent(Site):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.headers.get("Authorization") == "Bearer access-1":
                return problem(401, "not_authenticated")
            return await super().__call__(request)

    site = FirstTokenSpent(*[httpx.Response(200, json={})] * 3)

    async def errand(client: Client) -> None:
        await client.sign_in()
        await asyncio.gather(*(client.get("/api/v2/orders") for _ in range(3)))

    visit(site, errand)

    assert site.grants == ["password", "refresh_token"]
    assert len(site.requests) == 3


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("reset"),
        problem(502, "bad_gateway"),
        problem(503, "busy"),
        problem(500, "internal_error"),
        problem(409, "idempotency_in_progress", **{"Retry-After": "1"}),
    ],
    ids=lambda trouble: type(trouble).__name__ if isinstance(trouble, Exception) else str(trouble.status_code),
)
def test_a_post_is_repeated_with_the_same_idempotency_key_until_it_is_answered(trouble: Answer) -> None:
    site = Site(trouble, trouble, httpx.Response(201, json={"id": "1"}))

    reply, connection = visit(site, lambda client: client.post("/api/v2/orders", {"items": []}))

    assert reply.status == 201
    keys = {request.headers["Idempotency-Key"] for request in site.requests}
    assert (len(site.requests), len(keys)) == (3, 1)
    assert {request.content for request in site.requests} == {b'{"items":[]}'}
    assert connection.traffic.retries == 2


def test_two_posts_have_two_keys_and_repeatable_ones_none() -> None:
    site = Site(*[httpx.Response(200, json={})] * 3)

    async def errand(client: Client) -> None:
        await client.post("/api/v2/orders")
        await client.post("/api/v2/orders")
        await client.post("/api/v2/couriers/me/positions", {}, repeatable=True)

    visit(site, errand)

    first, second, third = (request.headers.get("Idempotency-Key") for request in site.requests)
    assert first
    assert second
    assert first != second
    assert third is None


def test_the_server_says_how_long_to_wait() -> None:
    site = Site(problem(429, "rate_limited", **{"Retry-After": "7"}), httpx.Response(200, json={}))

    visit(site, lambda client: client.get("/api/v2/orders"))

    assert len(site.pauses) == 1
    assert 7.0 <= site.pauses[0] <= 7.25


def test_a_server_that_stays_away_ends_the_patience() -> None:
    site = Site(*[httpx.ConnectError("refused")] * 500)

    with pytest.raises(Unreachable, match="GET /api/v2/orders: no answer for 120 s"):
        visit(site, lambda client: client.get("/api/v2/orders"))

    assert 110 < sum(site.pauses) <= 120


def test_a_500_that_stays_is_final_and_counted_by_route() -> None:
    site = Site(*[problem(500, "internal_error")] * 3)
    order = "/api/v2/orders/0197aaaa-bbbb-7ccc-8ddd-eeeeffff0000/confirm"

    async def errand(client: Client) -> Refused:
        with pytest.raises(Refused) as refusal:
            await client.post(order)
        return refusal.value

    refusal, connection = visit(site, errand)

    assert (refusal.status, refusal.code) == (500, "internal_error")
    assert connection.traffic.server_errors == {"500 POST /api/v2/orders/{id}/confirm": 3}


def test_a_refusal_keeps_code_and_problem_and_is_not_repeated() -> None:
    site = Site(problem(409, "order_already_assigned"))

    async def errand(client: Client) -> Refused:
        with pytest.raises(Refused) as refusal:
            await client.post("/api/v2/orders/1/accept")
        return refusal.value

    refusal, connection = visit(site, errand)

    assert (refusal.status, refusal.code, refusal.detail) == (
        409,
        "order_already_assigned",
        "order_already_assigned it is",
    )
    assert len(site.requests) == 1
    assert connection.traffic.refusals == {"order_already_assigned": 1}


def test_a_change_names_the_version_it_read_and_is_tried_again_when_that_is_stale() -> None:
    site = Site(
        httpx.Response(200, json={}, headers={"ETag": '"4"'}),
        problem(412, "precondition_failed"),
        httpx.Response(200, json={}, headers={"ETag": '"5"'}),
        httpx.Response(200, json={"status": "available"}),
    )

    reply, _ = visit(site, lambda client: client.patch("/api/v2/couriers/me", {"status": "available"}))

    assert reply.body == {"status": "available"}
    assert [request.headers.get("If-Match") for request in site.requests] == [None, '"4"', None, '"5"']


def test_a_list_is_read_to_its_last_page() -> None:
    site = Site(
        httpx.Response(200, json={"results": [{"n": 1}, {"n": 2}], "next": "http://site/api/v2/orders?cursor=x"}),
        httpx.Response(200, json={"results": [{"n": 3}], "next": None}),
    )

    async def errand(client: Client) -> list[int]:
        return [row["n"] async for row in everything(client, "/api/v2/orders", {"status": "paid"})]

    rows, _ = visit(site, errand)

    assert rows == [1, 2, 3]
    assert [str(request.url) for request in site.requests] == [
        "http://site/api/v2/orders?limit=100&status=paid",
        "http://site/api/v2/orders?cursor=x",
    ]

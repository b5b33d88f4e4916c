import asyncio
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from api.request_ids import RequestIdMiddleware, current_request_id, current_trace_id, request_context

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def answer(**headers: str) -> Any:
    return Client().get("/page", headers=headers)


def test_ids_are_made_and_echoed() -> None:
    first, second = answer(), answer()

    assert len(first["X-Request-ID"]) == 36
    assert len(first["X-Trace-ID"]) == 32
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert first["X-Trace-ID"] != second["X-Trace-ID"]


def test_well_formed_ids_are_taken_over() -> None:
    response = answer(**{"X-Request-ID": "req-1.a:B_2", "X-Trace-ID": "t-1"})

    assert (response["X-Request-ID"], response["X-Trace-ID"]) == ("req-1.a:B_2", "t-1")


@pytest.mark.parametrize("value", ["", "a b", "x" * 65, "ä", "<script>", "a\x7f"])
def test_malformed_ids_are_replaced(value: str) -> None:
    response = answer(**{"X-Request-ID": value, "X-Trace-ID": value})

    assert len(response["X-Request-ID"]) == 36
    assert len(response["X-Trace-ID"]) == 32


def test_the_trace_of_a_traceparent_is_taken_over() -> None:
    assert answer(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")["X-Trace-ID"] == TRACE


@pytest.mark.parametrize(
    "value",
    [
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}",
    ],
)
def test_an_invalid_traceparent_is_ignored(value: str) -> None:
    assert TRACE not in answer(traceparent=value)["X-Trace-ID"].lower()


def test_outside_of_a_request_there_is_no_id() -> None:
    answer()

    assert (current_request_id(), current_trace_id()) == ("", "")


def test_a_worker_restores_the_ids_it_was_given() -> None:
    with request_context(request_id="outer", trace_id="t"):
        with request_context(request_id="inner"):
            assert current_request_id() == "inner"
            assert len(current_trace_id()) == 32
        assert (current_request_id(), current_trace_id()) == ("outer", "t")


def test_concurrent_asynchronous_requests_keep_their_own_ids() -> None:
    both_inside = asyncio.Barrier(2)

    async def view(request: HttpRequest) -> HttpResponse:
        await both_inside.wait()
        return HttpResponse(current_request_id())

    async def ask(name: str) -> tuple[str, str]:
        request = RequestFactory().get("/", headers={"X-Request-ID": name})
        response = await RequestIdMiddleware(view)(request)  # type: ignore[misc]
        return response.content.decode(), response["X-Request-ID"]

    async def ask_both() -> list[tuple[str, str]]:
        return list(await asyncio.gather(ask("one"), ask("two")))

    assert asyncio.run(ask_both()) == [("one", "one"), ("two", "two")]


def test_the_whole_chain_works_asynchronously() -> None:
    response = asyncio.run(AsyncClient().get("/page", headers={"X-Request-ID": "req-1"}))

    assert (response.status_code, response["X-Request-ID"]) == (200, "req-1")

"""One attempt at the network: the request goes out, and within its time there is an answer or a failure."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import httpcore

from events.webhooks.addresses import AddressPolicy, AddressRefused, check_url

ANSWER_LIMIT: Final = 64 * 1024
_ERROR_LENGTH: Final = 300
_RETRY_AFTER_LENGTH: Final = 64


@dataclass(frozen=True, kw_only=True)
class Request:
    url: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: a status with the beginning of the body, or else the error that kept one from coming."""

    status: int | None = None
    error: str = ""
    body: bytes = b""
    retry_after: str = ""
    duration_seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(
    pool: httpcore.AsyncConnectionPool, request: Request, *, policy: AddressPolicy, deadline_seconds: float
) -> Answer:
    """The deadline is for all of it, so nobody holds us by dripping an answer. Whatever goes wrong is the answer."""
    started = time.monotonic()
    try:
        check_url(request.url, policy=policy)
        async with asyncio.timeout(deadline_seconds):
            answer = await _exchange(pool, request)
    except TimeoutError:
        answer = Answer(error=f"no complete answer within {deadline_seconds:g} s")
    except AddressRefused as refusal:
        answer = Answer(error=f"address refused: {refusal}")
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        answer = Answer(error=f"{type(error).__name__}: {error}"[:_ERROR_LENGTH])
    return replace(answer, duration_seconds=time.monotonic() - started)


async def _exchange(pool: httpcore.AsyncConnectionPool, request: Request) -> Answer:
    """A redirect is an answer like any other: where it leads is not looked at."""
    headers = [*request.headers.items(), ("content-length", str(len(request.body))), ("accept-encoding", "identity")]
    async with pool.stream("POST", request.url, headers=headers, content=request.body) as response:
        return Answer(
            status=response.status,
            body=await _beginning(response),
            retry_after=_header(response, b"retry-after")[:_RETRY_AFTER_LENGTH],
        )


async def _beginning(response: httpcore.Response) -> bytes:
    """No more of the body than the limit, however much more there is; the connection is closed over the rest."""
    read = bytearray()
    async for chunk in response.aiter_stream():
        read += chunk
        if len(read) >= ANSWER_LIMIT:
            break
    return bytes(read[:ANSWER_LIMIT])


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1").strip() for key, value in response.headers if key.lower() == name), "")

"""One attempt at the network: the request goes out, and within its time there is an answer or a failure."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import aiohttp
from yarl import URL

from events.webhooks.addresses import AddressPolicy, AddressRefused, check_url
from events.webhooks.connecting import CONNECT_SECONDS

ANSWER_LIMIT: Final = 64 * 1024
_ERROR_LENGTH: Final = 300
_RETRY_AFTER_LENGTH: Final = 64


@dataclass(frozen=True, kw_only=True)
class Request:
    url: str = field(repr=False)
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
    was_sent: bool = True

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(
    session: aiohttp.ClientSession, request: Request, *, policy: AddressPolicy, deadline_seconds: float
) -> Answer:
    """The deadline is for all of it, so nobody holds us by dripping an answer. Whatever goes wrong is the answer."""
    started = time.monotonic()
    try:
        check_url(request.url, policy=policy)
        async with asyncio.timeout(deadline_seconds):
            answer = await _exchange(session, request)
    except AddressRefused as refusal:
        answer = Answer(error=f"address refused: {refusal}")
    except aiohttp.ClientError as error:
        answer = Answer(error=_in_words(error)[:_ERROR_LENGTH])
    except TimeoutError:
        answer = Answer(error=f"no complete answer within {deadline_seconds:g} s")
    except OSError as error:
        answer = Answer(error=f"no connection: {error}"[:_ERROR_LENGTH])
    return replace(answer, duration_seconds=time.monotonic() - started)


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Answer:
    """A redirect is an answer like any other: where it leads is not looked at."""
    headers = {**request.headers, "accept-encoding": "identity"}
    url = URL(request.url, encoded=True)
    async with session.post(url, headers=headers, data=request.body, allow_redirects=False) as response:
        return Answer(
            status=response.status,
            body=await _beginning(response),
            retry_after=response.headers.get("retry-after", "").strip()[:_RETRY_AFTER_LENGTH],
        )


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """No more of the body than the limit, however much more there is; the connection is closed over the rest."""
    read = bytearray()
    while len(read) < ANSWER_LIMIT and (chunk := await response.content.read(ANSWER_LIMIT - len(read))):
        read += chunk
    return bytes(read)


def _in_words(error: aiohttp.ClientError) -> str:
    """Never the address, which may be a secret: aiohttp's own words often contain it."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {CONNECT_SECONDS:g} s"
        case aiohttp.ClientConnectorDNSError():
            return "no connection: the name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError():
            return f"no connection: the certificate is not accepted: {error.certificate_error}"
        case aiohttp.ClientConnectorError():
            return f"no connection: {error.os_error.strerror or error.os_error}"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
    return "the connection broke before there was a complete answer"

"""A request in chunks is answered like any other, by both kinds of server."""

import asyncio
import json
from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from asgiref.sync import async_to_sync
from pytest_django import Settings

from delivery_site.asgi import application as asgi
from delivery_site.wsgi import application as wsgi

pytestmark = pytest.mark.django_db

PATH = "/api/v2/auth/token"
# Refused for what it says.
BODY = json.dumps({"grant_type": "by_magic"}).encode()


def answer_of_wsgi(body: bytes) -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": PATH, "CONTENT_TYPE": "application/json"}
    setup_testing_defaults(environ)
    environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": BytesIO(body)}
    answer: dict[str, Any] = json.loads(b"".join(wsgi(environ, lambda *_: lambda _: None)))
    return answer


@async_to_sync
async def answer_of_asgi(body: bytes) -> dict[str, Any]:
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked"), (b"host", b"testserver")]
    scope = {"type": "http", "method": "POST", "path": PATH, "query_string": b"", "headers": headers}
    half = len(body) // 2
    chunks = [{"body": body[half:], "more_body": False}, {"body": body[:half], "more_body": True}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        """After the last chunk the client only listens."""
        if not chunks:
            await asyncio.Event().wait()
        return {"type": "http.request", **chunks.pop()}

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi(scope, receive, send)
    answer: dict[str, Any] = json.loads(sent[1]["body"])
    return answer


@pytest.mark.parametrize("answer_of", [answer_of_wsgi, answer_of_asgi])
def test_a_body_in_chunks_is_read(answer_of: Any) -> None:
    assert answer_of(BODY)["code"] == "unsupported_grant_type"


@pytest.mark.parametrize("answer_of", [answer_of_wsgi, answer_of_asgi])
def test_too_many_chunks_are_refused(answer_of: Any, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert answer_of(BODY)["code"] == "payload_too_large"

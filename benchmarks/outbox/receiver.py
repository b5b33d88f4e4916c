"""HTTP destinations: one that answers at once and counts, and one that remembers what it heard."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import uvicorn
from asgiref.sync import sync_to_async

from accounts.models import User
from accounts.roles import Role
from benchmarks.outbox.models import Heard
from benchmarks.outbox.processes import FORK, started
from delivery_site.testing.servers import free_port
from delivery_site.testing.waiting import until
from events.models import WebhookEndpoint
from events.services.endpoints import create_endpoint

_received: Final = FORK.Value("q", 0)


async def count(scope: Any, receive: Any, send: Any) -> None:
    await _body(receive)
    if scope["method"] == "POST":
        with _received.get_lock():
            _received.value += 1
    await _answer(send)


async def remember(scope: Any, receive: Any, send: Any) -> None:
    body = await _body(receive)
    if scope["method"] == "POST":
        await sync_to_async(_remember)(json.loads(body))
    await _answer(send)


def _remember(event: dict[str, Any]) -> None:
    endpoint = WebhookEndpoint.objects.get()
    Heard.objects.create(
        destination=endpoint.destination,
        event_id=event["id"],
        subject_id=event["subject"]["id"],
        version=event["subject"]["version"],
    )


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def _answer(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def received() -> int:
    """How many requests the counting one has answered."""
    return int(_received.value)


def subscribe(url: str) -> None:
    """Makes it the one endpoint, for every event."""
    WebhookEndpoint.objects.all().delete()
    owner = User.objects.filter(role=Role.ADMIN).first() or User.objects.create_user("b@example.com", role=Role.ADMIN)
    create_endpoint(owner.pk, url=url)


@contextmanager
def receiver(application: Callable[..., Any]) -> Iterator[str]:
    """Its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    process = started(_serve, application, port)
    try:
        until(lambda: _answers(url))
        yield url
    finally:
        process.kill()
        process.join()


def _serve(application: Callable[..., Any], port: int) -> None:
    uvicorn.run(application, port=port, log_level="critical", lifespan="off")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False

"""An HTTP destination that answers at once and counts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import uvicorn

from benchmarks.outbox.processes import FORK, started
from delivery_site.testing.servers import free_port
from delivery_site.testing.waiting import until

_received: Final = FORK.Value("q", 0)


async def count(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    if scope["method"] == "POST":
        with _received.get_lock():
            _received.value += 1
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def serve(port: int) -> None:
    uvicorn.run(count, port=port, log_level="critical", lifespan="off")


@contextmanager
def counting_receiver() -> Iterator[tuple[str, Callable[[], int]]]:
    """Its address, and how many requests it has answered."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    process = started(serve, port)
    try:
        until(lambda: _answers(url))
        yield url, lambda: int(_received.value)
    finally:
        process.kill()
        process.join()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False

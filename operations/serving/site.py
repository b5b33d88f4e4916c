"""The one process: web server in the main thread, worker and beat beside it, all of them stopped by one signal."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import uvicorn
from django.conf import settings
from django.utils.module_loading import import_string
from uvicorn.server import HANDLED_SIGNALS

from operations.serving.companions import alongside

GRACE_SECONDS: Final = 4


class CompanionEnded(Exception):
    """The worker or beat ended by itself: a site that takes orders and never carries them out must not go on."""


def serve(listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. Raises CompanionEnded when the worker or beat has ended by itself."""
    server = uvicorn.Server(web_server_config())
    ended: list[str] = []

    def stop_because(companion: str) -> None:
        ended.append(companion)
        server.should_exit = True

    with stopped_by_signals(server), alongside(on_unexpected_end=stop_because):
        server.run(sockets=[listener])
    if ended:
        raise CompanionEnded(f"the {ended[0]} ended unexpectedly; the log says why")


def web_server_config() -> uvicorn.Config:
    """Logging is Django's. Connections left open after the grace are cut: their requests are committed or nothing.

    Messages on sockets are short: compressing them would nearly double what an open socket costs in memory.
    """
    return uvicorn.Config(
        import_string(settings.ASGI_APPLICATION),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Handlers of our own around uvicorn's.

    uvicorn raises the signals it took once more after its end, for the handlers it found: the default ones would end
    the process there, with worker and beat in the middle of something. A second Ctrl-C leaves at once: what was
    being done is in the database, and is taken up at the next start.
    """
    interrupts = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal interrupts
        interrupts += number == signal.SIGINT
        if interrupts > 1:
            os._exit(1)
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in HANDLED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""The receiver's HTTP: threads, with a limit on everything a stranger could send too much of."""

import json
import os
import re
import socketserver
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from events.webhooks.receiving.inbox import Arrival, Inbox

MAX_BODY_BYTES: Final = 1_048_576
CONNECTIONS_AT_ONCE: Final = 64
IDLE_SECONDS: Final = 10
SEEN_PATH: Final = "/seen"

_LENGTH: Final = re.compile("[0-9]{1,9}")


def _ignore(_arrival: Arrival) -> None:
    pass


class Receiver(ThreadingHTTPServer):
    """Listens as soon as it is made and answers within its `with` block; `port` 0 takes a free one.

    `on_arrival` is called in the thread that answers, before it does. `slow_seconds` is how long each answer is kept
    back after the event has been taken, as by a receiver that works before it answers.
    """

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = os.name != "nt"  # on Windows it would share a port that another program listens on

    def __init__(
        self,
        inbox: Inbox,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        slow_seconds: float = 0.0,
        on_arrival: Callable[[Arrival], None] = _ignore,
    ) -> None:
        self.inbox = inbox
        self.slow_seconds = slow_seconds
        self.on_arrival = on_arrival
        self.closing = threading.Event()
        self._gate = threading.BoundedSemaphore(CONNECTIONS_AT_ONCE)
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Without the base class's look-up of the host's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Too many at once are hung up on: the sender comes again."""
        if self._gate.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._gate.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Senders hang up and lines break: neither is a fault of ours to be told of."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Unreadable(Exception):
    """A request whose body cannot be had."""

    def __init__(self, status: HTTPStatus, *, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"
    server_version = "delivery-platform-receiver/1"
    sys_version = ""
    timeout: ClassVar[float | None] = IDLE_SECONDS
    wbufsize = (
        -1
    )  # head and body of an answer in one packet; else the second waits for the acknowledgement of the first

    def do_POST(self) -> None:
        inbox = self.server.inbox
        try:
            arrival = inbox.take(self._body(), headers=dict(self.headers.items()))
        except _Unreadable as trouble:
            self.close_connection = True
            arrival = inbox.refuse(code=trouble.code, detail=str(trouble), status=trouble.status)
        self.server.on_arrival(arrival)
        self.server.closing.wait(self.server.slow_seconds)
        self._answer(arrival.status, arrival.detail)

    def do_GET(self) -> None:
        if self.path == SEEN_PATH:
            inbox = self.server.inbox
            self._answer(200, json.dumps({"processed": inbox.taken(), "subjects": inbox.versions()}))
        else:
            self._answer(404, f"Webhooks are taken by POST; GET {SEEN_PATH} shows what came.")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Whoever wants to hear of arrivals says so by `on_arrival`."""

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length):
            raise _Unreadable(HTTPStatus.LENGTH_REQUIRED, code="no_length", detail="a Content-Length is needed")
        if int(length) > MAX_BODY_BYTES:
            detail = f"more than {MAX_BODY_BYTES} bytes"
            raise _Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too_large", detail=detail)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise _Unreadable(HTTPStatus.BAD_REQUEST, code="cut_short", detail="the body ended early")
        return body

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/plain")
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if status != HTTPStatus.NO_CONTENT:
            self.wfile.write(body)

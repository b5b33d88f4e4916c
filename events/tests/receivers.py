"""Receivers of webhooks that do whatever a test wants them to: raw sockets, because some of it is not HTTP any more."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

PATIENCE_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Received:
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Visit:
    """One request, and what the receiver may do about it."""

    request: Received
    connection: socket.socket
    closing: threading.Event

    def answer(self, status: int = 200, body: bytes = b"", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.say("\r\n".join([*lines, "", ""]).encode() + body)

    def say(self, data: bytes) -> None:
        self.connection.sendall(data)

    def hang(self) -> None:
        """Until the test is over."""
        self.closing.wait(PATIENCE_SECONDS)


Behaviour = Callable[[Visit], None]


@dataclass
class Receiver:
    url: str
    closing: threading.Event
    received: list[Received] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [request.event_id for request in self.received]


def fine(visit: Visit) -> None:
    visit.answer(200, b"thank you")


def failing(visit: Visit) -> None:
    visit.answer(503, b"not now")


def hanging(visit: Visit) -> None:
    visit.hang()


@contextmanager
def receiver(behaviour: Behaviour = fine) -> Iterator[Receiver]:
    closing = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            request = read_request(self.request)
            taken.received.append(request)
            with suppress(OSError):
                behaviour(Visit(request, self.request, closing))

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 100

    with Server(("127.0.0.1", 0), Handler) as server:
        taken = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hooks", closing)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield taken
        finally:
            closing.set()
            server.shutdown()


def read_request(connection: Any) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65_536)
    return Received(first.split()[1], headers, body)

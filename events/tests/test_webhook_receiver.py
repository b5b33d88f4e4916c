import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from events.webhooks.receiving.inbox import Arrival, Counts, Inbox, Verdict
from events.webhooks.receiving.server import CONNECTIONS_AT_ONCE, MAX_BODY_BYTES, Receiver
from events.webhooks.signing import new_secret, sign

PROJECT: Final = Path(__file__).parents[2]
SECRET: Final = new_secret()
BODY: Final = json.dumps(
    {"type": "order.paid", "sequence": 4, "subject": {"type": "order", "id": "s", "version": 2}}
).encode()


def headers() -> dict[str, str]:
    now = int(time.time())
    signature = sign(BODY, message_id="a", timestamp=now, secrets=[SECRET])
    return {"webhook-id": "a", "webhook-timestamp": str(now), "webhook-signature": signature}


@pytest.fixture
def arrivals() -> list[Arrival]:
    return []


@pytest.fixture
def receiver(arrivals: list[Arrival]) -> Iterator[Receiver]:
    with Receiver(Inbox(secrets=[SECRET]), on_arrival=arrivals.append) as running:
        yield running


@pytest.fixture
def http(receiver: Receiver) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=receiver.url) as client:
        yield client


def test_an_event_is_answered_204_and_told_of(http: httpx.Client, arrivals: list[Arrival]) -> None:
    answer = http.post("/any/path", content=BODY, headers=headers())
    assert (answer.status_code, answer.content) == (204, b"")
    assert [(arrival.verdict, arrival.message_id) for arrival in arrivals] == [(Verdict.NEW, "a")]


def test_one_connection_carries_many_events(http: httpx.Client, receiver: Receiver) -> None:
    assert [http.post("/", content=BODY, headers=headers()).status_code for _ in range(20)] == [204] * 20
    assert receiver.inbox.counts == Counts(received=20, verified=20, duplicates=19)


def test_seen_shows_what_was_taken(http: httpx.Client) -> None:
    http.post("/", content=BODY, headers=headers())
    http.post("/", content=BODY)
    assert http.get("/seen").json() == {"processed": ["a"], "subjects": {"s": 2}}


def test_an_unsigned_request_is_told_why_it_is_refused(http: httpx.Client, receiver: Receiver) -> None:
    answer = http.post("/", content=BODY)
    assert (answer.status_code, answer.text) == (401, "no webhook-id header")
    assert receiver.inbox.counts == Counts(received=1, refused=1)


def test_a_body_over_the_limit_is_not_read(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.server_port), timeout=10) as line:
        line.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    assert receiver.inbox.counts == Counts(received=1, refused=1)


@pytest.mark.parametrize("length", ["", "-1", "ten", "9" * 5000])
def test_a_body_without_a_proper_length_is_not_read(receiver: Receiver, length: str) -> None:
    with socket.create_connection(("127.0.0.1", receiver.server_port), timeout=10) as line:
        line.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 411 ")


def test_more_connections_than_it_can_bear_are_hung_up_on(receiver: Receiver) -> None:
    address = ("127.0.0.1", receiver.server_port)
    waiting = [socket.create_connection(address, timeout=10) for _ in range(CONNECTIONS_AT_ONCE)]
    try:
        with socket.create_connection(address, timeout=10) as one_too_many:
            assert one_too_many.recv(1) == b""
    finally:
        for line in waiting:
            line.close()


def test_a_slow_receiver_has_taken_the_event_before_it_answers() -> None:
    taken = threading.Event()
    with (
        Receiver(Inbox(secrets=[SECRET]), slow_seconds=60, on_arrival=lambda _: taken.set()) as receiver,
        httpx.Client(base_url=receiver.url) as http,
    ):
        with pytest.raises(httpx.ReadTimeout):
            http.post("/", content=BODY, headers=headers(), timeout=httpx.Timeout(10, read=0.2))
        assert taken.wait(10)
        assert receiver.inbox.has("a")


def test_the_library_piece_needs_no_django() -> None:
    program = "import sys, events.webhooks.receiving.server; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0

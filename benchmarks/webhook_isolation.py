"""Three receivers of webhooks: one fails for a while, one hangs, one is healthy. What the healthy one notices of that.

    python -m benchmarks.webhook_isolation
    python -m benchmarks.webhook_isolation --seconds 120 --rate 40 --workers 2

Events are published through the API of a site of its own, with PostgreSQL, Valkey, web, beat and worker processes and
the settings of production, but for the pauses between attempts, which are short enough to be seen. The latency is from
the event's own `occurred_at`, just before its commit, to the arrival of the request at the receiver, on one clock.
The healthy receiver is alone at first, which shows what the machine can do at the time. Exits 1 when it misses an event
or its p99 beside the others is above a second.
"""

import argparse
import json
import math
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import uuid4

import httpx
from rich.console import Console
from rich.table import Table

from delivery_site.testing.installation import COMPANION_COMMANDS, GUNICORN, Installation, in_several_processes
from delivery_site.testing.parts import Program
from delivery_site.testing.waiting import until

TARGET_SECONDS: Final = 1.0
PUBLISHERS: Final = 8
TRIES: Final = 5
TYPE: Final = "ext.benchmark.ticked"
ACCOUNT: Final = {"grant_type": "password", "username": "integrator@example.com", "password": "demo-password"}
SETTINGS: Final = {
    "WEBHOOK_TIMEOUT_SECONDS": "15",
    "EVENT_LEASE_SECONDS": "30",
    "WEBHOOK_RETRY_SECONDS": "5,10,20,40",
    "ACCESS_TOKEN_SECONDS": "3600",
}


@dataclass
class Receiver:
    """Answers as its name says, and notes when each event came first."""

    name: str
    fails_until: float = 0.0
    is_hanging: bool = False
    url: str = ""
    arrived: dict[str, float] = field(default_factory=dict)
    requests: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: bytes, *, at: float) -> int:
        """The status, sooner or later."""
        with self.lock:
            self.requests += 1
        if self.is_hanging:
            self.closing.wait()
        if self.is_hanging or time.monotonic() < self.fails_until:
            return 503
        event = json.loads(body)
        latency = at - datetime.fromisoformat(event["occurred_at"]).timestamp()
        with self.lock:
            self.arrived.setdefault(event["id"], latency)
        return 204


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            at = time.time()
            status = receiver.answer(self.rfile.read(int(self.headers["content-length"])), at=at)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever hangs is hung up on."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/{receiver.name}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        receiver.closing.set()
        server.shutdown()


def main() -> int:
    options = parsed()
    console = Console()
    with in_several_processes(GUNICORN, settings=SETTINGS) as site, ExitStack() as leaving:
        start_workers(site, count=options.workers - 1, leaving=leaving)
        healthy, failing, hanging = receivers = three_receivers(leaving)
        console.print(f"{options.rate} events/s, {options.workers} worker processes, PostgreSQL, Valkey; {load()}")
        endpoints = {healthy.name: register(site, healthy)}
        before = publish(site, rate=options.rate, seconds=options.alone)
        wait_for(healthy, before)
        endpoints |= {receiver.name: register(site, receiver) for receiver in (failing, hanging)}
        failing.fails_until = time.monotonic() + options.failing
        published = publish(site, rate=options.rate, seconds=options.seconds)
        wait_for(healthy, published)
        states = {name: states_of(site, endpoint_id) for name, endpoint_id in endpoints.items()}
        hanging.closing.set()
    alone = [latency for event, latency in healthy.arrived.items() if event in before]
    console.print(f"{len(before)} events to the healthy one alone: {told(alone)}")
    show(console, receivers, states, published=published)
    return verdict(console, healthy, before=before, published=published)


def load() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f} before it began"


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=20.0, help="events a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (%(default)s)")
    parser.add_argument("--alone", type=float, default=20.0, help="how long the healthy one has us alone (%(default)s)")
    parser.add_argument("--failing", type=float, default=30.0, help="how long one receiver fails (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (%(default)s)")
    return parser.parse_args()


def start_workers(site: Installation, *, count: int, leaving: ExitStack) -> None:
    """Beside the one that the installation has."""
    folder = site.programs[0].folder
    for number in range(count):
        worker = Program(f"worker-{number + 2}", COMPANION_COMMANDS["worker"], site.environment, folder)
        leaving.callback(worker.end)
        worker.start()


def three_receivers(leaving: ExitStack) -> tuple[Receiver, Receiver, Receiver]:
    healthy, failing, hanging = Receiver("healthy"), Receiver("failing"), Receiver("hanging", is_hanging=True)
    for receiver in (healthy, failing, hanging):
        leaving.enter_context(listening(receiver))
    return healthy, failing, hanging


@contextmanager
def signed_in(site: Installation) -> Iterator[httpx.Client]:
    token = httpx.post(f"{site.url}/api/v2/auth/token", json=ACCOUNT, timeout=60).json()["access_token"]
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


def register(site: Installation, receiver: Receiver) -> str:
    with signed_in(site) as client:
        body = {"url": receiver.url, "event_types": [TYPE]}
        made = client.post("/api/v2/webhook-endpoints", json=body).raise_for_status().json()
    return str(made["id"])


def publish(site: Installation, *, rate: float, seconds: float) -> set[str]:
    """One event a transaction, each of another subject, at an even pace; their ids."""
    begin, count, clock = time.monotonic(), int(rate * seconds), threading.Event()
    with signed_in(site) as client, ThreadPoolExecutor(PUBLISHERS) as pool:
        published = []
        for number in range(count):
            clock.wait(max(0.0, begin + number / rate - time.monotonic()))
            published.append(pool.submit(publish_one, client))
        return {future.result() for future in published}


def publish_one(client: httpx.Client) -> str:
    """Under a key, so that it may be repeated when the web server closes the connection just then."""
    body = {"events": [{"type": TYPE, "subject": {"type": "benchmark", "id": str(uuid4())}}]}
    headers = {"Idempotency-Key": str(uuid4())}
    for _ in range(TRIES):
        with suppress(httpx.TransportError):
            answer = client.post("/api/v2/event-batches", json=body, headers=headers).raise_for_status()
            return str(answer.json()["events"][0]["id"])
    raise RuntimeError("the site does not answer")


def wait_for(receiver: Receiver, published: set[str]) -> None:
    with suppress(TimeoutError):
        until(lambda: published <= receiver.arrived.keys(), within_seconds=30)


def states_of(site: Installation, endpoint_id: str) -> Mapping[str, int]:
    """Of all its deliveries, as its owner sees them in the log."""
    counted: Counter[str] = Counter()
    with signed_in(site) as client:
        page: str | None = f"/api/v2/webhook-endpoints/{endpoint_id}/deliveries?limit=100"
        while page:
            shown = client.get(page).raise_for_status().json()
            counted.update(delivery["state"] for delivery in shown["results"])
            page = shown["next"]
    return counted


def show(
    console: Console, receivers: Sequence[Receiver], states: Mapping[str, Mapping[str, int]], *, published: set[str]
) -> None:
    table = Table(title=f"then {len(published)} events to each of three", title_justify="left")
    for heading in ("receiver", "requests", "events got, and when", "delivered", "pending", "dead"):
        table.add_column(heading)
    for receiver in receivers:
        latencies = [latency for event, latency in receiver.arrived.items() if event in published]
        ends = [str(states[receiver.name].get(state, 0)) for state in ("delivered", "pending", "dead")]
        table.add_row(receiver.name, str(receiver.requests), f"{len(latencies)}: {told(latencies)}", *ends)
    console.print(table)


def told(latencies: Sequence[float]) -> str:
    if not latencies:
        return "-"
    p50, p99 = part(latencies, 0.5), part(latencies, 0.99)
    return f"p50 {p50:.3f} s, p99 {p99:.3f} s, longest {max(latencies):.3f} s"


def part(latencies: Sequence[float], at: float) -> float:
    """The latency that a share `at` of them does not exceed."""
    return sorted(latencies)[max(math.ceil(len(latencies) * at) - 1, 0)]


def verdict(console: Console, healthy: Receiver, *, before: set[str], published: set[str]) -> int:
    missing = len((before | published) - healthy.arrived.keys())
    beside = [latency for event, latency in healthy.arrived.items() if event in published]
    p99 = part(beside, 0.99) if beside else math.inf
    if missing or p99 > TARGET_SECONDS:
        console.print(f"MISSED: {missing} events never came, p99 beside the others is {p99:.3f} s", style="bold red")
        return 1
    console.print(f"The healthy receiver got every event, beside the others 99 % within {p99:.3f} s.", style="green")
    return 0


if __name__ == "__main__":
    sys.exit(main())

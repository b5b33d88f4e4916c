"""From a courier's phone to the customers' pages: how long a position takes to the sockets that follow the order.

    python -m benchmarks.tracking_sockets                         # 5,000 sockets, 200 positions a second
    python -m benchmarks.tracking_sockets --sockets 10000 --positions 0   # only their memory

Each courier carries two of the orders that are followed. The time is from before the POST is sent to when the socket
has the message. PostgreSQL, Valkey, gunicorn, worker, beat, one live process, the couriers and all the sockets share
this machine. Exits 1 when a position did not come to each of its sockets.
"""

import argparse
import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any, Final

import aiohttp
import psutil
from rich.console import Console

from benchmarks.live.audience import PATIENCE, Audience
from benchmarks.live.told import Evening, Ride, an_evening
from delivery_site.testing.installation import GUNICORN, UVICORN, Installation, in_several_processes

PER_COURIER: Final = 2
SETTLE_SECONDS: Final = 3.0
MEBIBYTE: Final = 1024 * 1024


@dataclass
class Phones:
    """Couriers who say in turn where they are, at a steady pace whatever the answers take."""

    url: str
    rides: Sequence[Ride]
    sent: dict[str, float] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    answered_after: list[float] = field(default_factory=list)

    async def speak(self, session: aiohttp.ClientSession, *, per_second: float, seconds: float) -> None:
        rides, began = itertools.cycle(self.rides), time.perf_counter()
        under_way: list[asyncio.Task[None]] = []
        for number in range(round(per_second * seconds)):
            await asyncio.sleep(max(0.0, began + number / per_second - time.perf_counter()))
            under_way.append(asyncio.create_task(self._say(session, next(rides))))
        await asyncio.gather(*under_way)

    async def _say(self, session: aiohttp.ClientSession, ride: Ride) -> None:
        moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        body = {"positions": [{"latitude": 52.521, "longitude": 13.406, "recorded_at": moment}]}
        began = self.sent[moment] = time.perf_counter()
        headers = {"Authorization": f"Bearer {ride.bearer}"}
        async with session.post(f"{self.url}/api/v2/couriers/me/positions", json=body, headers=headers) as answer:
            await answer.read()
        self.answers[answer.status] += 1
        self.answered_after.append(time.perf_counter() - began)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5_000, help="(%(default)s)")
    parser.add_argument("--positions", type=float, default=200.0, help="a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="(%(default)s)")
    options = parser.parse_args()
    with in_several_processes(GUNICORN, UVICORN) as site:
        evening = an_evening(site.environment, orders=options.sockets, couriers=-(-options.sockets // PER_COURIER))
        return asyncio.run(measure(site, evening, options))


async def measure(site: Installation, evening: Evening, options: Any) -> int:
    console = Console(highlight=False, soft_wrap=True)
    web, live = site.urls
    audience, phones = Audience(live.replace("http:", "ws:")), Phones(web, evening.rides)
    tokens = [token for ride in evening.rides for token in ride.tokens]
    before = memory_of(site, UVICORN)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session:
        began = time.perf_counter()
        await audience.open(session, tokens)
        opened = time.perf_counter() - began
        after = memory_of(site, UVICORN)
        console.print(
            f"{len(tokens):,} sockets open after {opened:.0f} s; the live process has {after / MEBIBYTE:,.0f} MiB,"
            f" {(after - before) / len(tokens) / 1024:.0f} KiB more for each"
        )
        await phones.speak(session, per_second=options.positions, seconds=options.seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        await audience.close()
    return report(console, phones, audience)


def memory_of(site: Installation, name: str) -> int:
    (program,) = (program for program in site.programs if program.name == name)
    return int(psutil.Process(program.process.pid).memory_info().rss)


def report(console: Console, phones: Phones, audience: Audience) -> int:
    if not phones.sent:
        return 0
    took = [arrival - phones.sent[moment] for moment, arrivals in audience.arrived.items() for arrival in arrivals]
    missing = len(phones.sent) * PER_COURIER - len(took)
    console.print(f"{len(phones.sent):,} positions, answered {dict(phones.answers)}: {spread(phones.answered_after)}")
    console.print(
        f"{len(took):,} arrivals at sockets: {spread(took)}; {missing} missing, {audience.closed} sockets lost"
    )
    return 1 if missing or audience.closed else 0


def spread(seconds: Sequence[float]) -> str:
    cuts = quantiles(seconds, n=100)
    words = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "longest": max(seconds)}
    return ", ".join(f"{word} {value * 1000:.0f} ms" for word, value in words.items())


if __name__ == "__main__":
    sys.exit(main())

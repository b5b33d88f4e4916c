"""From a courier's phone to the customers' pages: how long a position takes to the sockets that follow the order.

    python -m benchmarks.tracking_sockets                         # 5,000 sockets, 200 positions a second
    python -m benchmarks.tracking_sockets --sockets 10000 --positions 0   # only their memory

Each courier carries two of the orders that are followed. The time is from before the POST is sent to when the socket
has the message. PostgreSQL, Valkey, gunicorn, worker, beat, one live process, the couriers and all the sockets share
this machine. Exits 1 when a position did not come to each of its sockets.
"""

import argparse
import asyncio
import sys
import time
from typing import Any, Final

import aiohttp
import psutil
from rich.console import Console

from benchmarks.live.audience import PATIENCE, Audience
from benchmarks.live.pacing import connections, spread, steadily
from benchmarks.live.phones import Phones
from benchmarks.live.told import Evening, an_evening
from delivery_site.testing.installation import GUNICORN, UVICORN, Installation, in_several_processes

PER_COURIER: Final = 2
SETTLE_SECONDS: Final = 3.0
MEBIBYTE: Final = 1024 * 1024


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
    audience = Audience(live.replace("http:", "ws:"))
    async with aiohttp.ClientSession(connector=connections(), timeout=PATIENCE) as session:
        await open_all(audience, evening, session=session, site=site, console=console)
        phones = Phones(web, evening.rides, session)
        await steadily(phones.speak, per_second=options.positions, seconds=options.seconds)
        await asyncio.sleep(SETTLE_SECONDS)
        await audience.close()
    return report(console, phones, audience) if phones.sent else 0


async def open_all(
    audience: Audience, evening: Evening, *, session: aiohttp.ClientSession, site: Installation, console: Console
) -> None:
    tokens = [token for ride in evening.rides for token in ride.tokens]
    began, before = time.perf_counter(), memory_of(site, UVICORN)
    await audience.open(session, tokens)
    took, after = time.perf_counter() - began, memory_of(site, UVICORN)
    console.print(
        f"{len(tokens):,} sockets open after {took:.0f} s; the live process has {after / MEBIBYTE:,.0f} MiB,"
        f" {(after - before) / len(tokens) / 1024:.0f} KiB more for each"
    )


def memory_of(site: Installation, name: str) -> int:
    (program,) = (program for program in site.programs if program.name == name)
    return int(psutil.Process(program.process.pid).memory_info().rss)


def report(console: Console, phones: Phones, audience: Audience) -> int:
    took = [arrival - phones.sent[moment] for moment, arrivals in audience.arrived.items() for arrival in arrivals]
    missing = len(phones.sent) * PER_COURIER - len(took)
    console.print(f"{len(phones.sent):,} positions, answered {phones.answers}")
    console.print(f"{len(took):,} arrivals at sockets: {spread(took)}")
    console.print(f"{missing} missing, {audience.closed} sockets lost")
    return 1 if missing or audience.closed else 0


if __name__ == "__main__":
    sys.exit(main())

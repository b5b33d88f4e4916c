"""From a courier's phone to the customers' pages: how long a position takes to the sockets that follow the order.

    python -m benchmarks.tracking_sockets                         # 5,000 sockets, 200 positions a second
    python -m benchmarks.tracking_sockets --told-by hints         # without requests: what the live process alone can do
    python -m benchmarks.tracking_sockets --sockets 10000 --positions 0   # only their memory

Each courier carries two of the orders that are followed. The time is from before the POST is sent, or the hint, to when
the socket has the message. PostgreSQL, Valkey, gunicorn, worker, beat, one live process, the couriers and all the
sockets share this machine. Exits 1 when a position did not come to each of its sockets.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
import psutil
from rich.console import Console

from benchmarks.live.audience import PATIENCE, Audience
from benchmarks.live.pacing import WARM_UP_SECONDS, connections, spread, steadily
from benchmarks.live.phones import Phones
from benchmarks.live.told import Evening, an_evening, of_the_site
from delivery_site.testing.installation import GUNICORN, UVICORN, Installation, in_several_processes

PER_COURIER: Final = 2
SETTLE_SECONDS: Final = 3.0
MEBIBYTE: Final = 1024 * 1024
WEB: Final = "web"
HINTS: Final = "hints"
HINT: Final = "from benchmarks.live.hinting import tell_moves; tell_moves({})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=5_000, help="(%(default)s)")
    parser.add_argument("--positions", type=float, default=200.0, help="a second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="(%(default)s)")
    parser.add_argument("--told-by", choices=[WEB, HINTS], default=WEB, help="(%(default)s)")
    options = parser.parse_args()
    with in_several_processes(GUNICORN, UVICORN) as site:
        evening = an_evening(site.environment, orders=options.sockets, couriers=-(-options.sockets // PER_COURIER))
        return asyncio.run(measure(site, evening, options))


async def measure(site: Installation, evening: Evening, options: Any) -> int:
    console = Console(highlight=False, soft_wrap=True)
    audience = Audience(site.urls[-1].replace("http:", "ws:"))
    async with aiohttp.ClientSession(connector=connections(), timeout=PATIENCE) as session:
        await open_all(audience, evening, session=session, site=site, console=console)
        with standing_still_for_nothing(), processor_time(site, console):
            tell = hinted if options.told_by == HINTS else posted
            sent = await tell(site, evening, options, console=console, session=session) if options.positions else {}
            await asyncio.sleep(SETTLE_SECONDS)
        await audience.close()
    return report(console, sent, audience) if sent else 0


async def open_all(
    audience: Audience, evening: Evening, *, session: aiohttp.ClientSession, site: Installation, console: Console
) -> None:
    began, before = time.perf_counter(), memory_of(site, UVICORN)
    await audience.open(session, evening.tokens)
    took, after = time.perf_counter() - began, memory_of(site, UVICORN)
    number = len(evening.tokens)
    console.print(
        f"{number:,} sockets open after {took:.0f} s; the live process has {after / MEBIBYTE:,.0f} MiB,"
        f" {(after - before) / number / 1024:.0f} KiB more for each"
    )


async def posted(
    site: Installation, evening: Evening, options: Any, *, console: Console, session: aiohttp.ClientSession
) -> Mapping[str, float]:
    """When each position was sent, by its moment."""
    await steadily(
        Phones(site.url, evening.rides, session).speak, per_second=options.positions, seconds=WARM_UP_SECONDS
    )
    phones = Phones(site.url, evening.rides, session)
    await steadily(phones.speak, per_second=options.positions, seconds=options.seconds)
    console.print(f"{len(phones.sent):,} positions, answered {phones.answers}")
    return phones.sent


async def hinted(site: Installation, evening: Evening, options: Any, **_: object) -> Mapping[str, float]:
    """When each hint was given, by the moment of its position."""
    code = HINT.format(f"per_second={options.positions}, seconds={options.seconds}")
    text = await asyncio.to_thread(of_the_site, code, environment=site.environment, given=evening.as_json())
    told: Mapping[str, float] = json.loads(text)
    return told


@contextmanager
def standing_still_for_nothing() -> Iterator[None]:
    """Whoever looks on must not be what is slow: thousands of sockets are looked through for garbage here, too."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@contextmanager
def processor_time(site: Installation, console: Console) -> Iterator[None]:
    """How much of a core each program took meanwhile, and whoever looks on."""
    began, before = time.perf_counter(), busy_seconds(site)
    yield
    took = time.perf_counter() - began
    shares = {name: (seconds - before[name]) / took for name, seconds in busy_seconds(site).items()}
    console.print("cores kept busy: " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items()))


def busy_seconds(site: Installation) -> Mapping[str, float]:
    roots = {program.name: psutil.Process(program.process.pid) for program in site.programs}
    roots["benchmark"] = psutil.Process()
    return {name: sum(map(_busy_seconds, processes_of(name, root))) for name, root in roots.items()}


def processes_of(name: str, root: psutil.Process) -> list[psutil.Process]:
    return [root] if name == "benchmark" else [root, *root.children(recursive=True)]


def _busy_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def memory_of(site: Installation, name: str) -> int:
    (program,) = (program for program in site.programs if program.name == name)
    return int(psutil.Process(program.process.pid).memory_info().rss)


def report(console: Console, sent: Mapping[str, float], audience: Audience) -> int:
    took = [arrival - sent[moment] for moment in sent for arrival in audience.arrived.get(moment, ())]
    missing = len(sent) * PER_COURIER - len(took)
    console.print(f"{len(took):,} arrivals at sockets: {spread(took)}")
    console.print(f"{missing} missing, {audience.closed} sockets lost")
    return 1 if missing or audience.closed else 0


if __name__ == "__main__":
    sys.exit(main())

"""How long the pages' and integrators' reads take while couriers move and orders change.

    python -m benchmarks.reads_under_load                   # with 5,000 active orders
    python -m benchmarks.reads_under_load --orders 200

At a steady pace: positions, `GET /api/v2/deliveries/{id}`, the customer's page, the state. PostgreSQL, Valkey, gunicorn
with two processes, worker, beat and who asks share this machine. Exits 1 when an answer was not 200.
"""

import argparse
import asyncio
import random
import sys
from typing import Any, Final

import aiohttp
from rich.console import Console

from benchmarks.live.pacing import WARM_UP_SECONDS, Answers, connections, steadily
from benchmarks.live.phones import Phones
from benchmarks.live.told import Evening, an_evening
from delivery_site.testing.installation import GUNICORN, Installation, in_several_processes

ORDERS_PER_COURIER: Final = 2
SHARES: Final = {"positions": 0.4, "deliveries": 0.4, "pages": 0.15, "state": 0.05}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=5_000, help="on their way (%(default)s)")
    parser.add_argument("--requests", type=float, default=50.0, help="a second, of all kinds (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="(%(default)s)")
    options = parser.parse_args()
    with in_several_processes(GUNICORN) as site:
        couriers = -(-options.orders // ORDERS_PER_COURIER)
        evening = an_evening(site.environment, orders=options.orders, couriers=couriers)
        return asyncio.run(measure(site, evening, options))


async def measure(site: Installation, evening: Evening, options: Any) -> int:
    console, dice = Console(highlight=False, soft_wrap=True), random.Random(1)
    staff = {"Authorization": f"Bearer {evening.staff_bearer}"}
    order_ids, tokens = evening.order_ids, evening.tokens
    deliveries, pages, state = Answers(), Answers(), Answers()
    async with aiohttp.ClientSession(connector=connections()) as session:
        phones = Phones(site.url, evening.rides, session)

        async def read_delivery() -> None:
            path = f"/api/v2/deliveries/{dice.choice(order_ids)}"
            await deliveries.of(session.get(site.url + path, headers=staff))

        async def read_page() -> None:
            await pages.of(session.get(f"{site.url}/track/{dice.choice(tokens)}/"))

        async def read_state() -> None:
            await state.of(session.get(f"{site.url}/api/v2/state", headers=staff))

        acts = {"positions": phones.speak, "deliveries": read_delivery, "pages": read_page, "state": read_state}

        async def all_act(seconds: float) -> None:
            paces = {name: options.requests * share for name, share in SHARES.items()}
            await asyncio.gather(
                *(steadily(act, per_second=paces[name], seconds=seconds) for name, act in acts.items())
            )

        told = {"positions": phones.answers, "deliveries": deliveries, "pages": pages, "state": state}
        await read_state()
        console.print(f"the first state, which nobody had asked for before: {state.seconds[0] * 1000:.0f} ms")
        await all_act(WARM_UP_SECONDS)
        for answers in told.values():
            answers.forget_times()
        await all_act(options.seconds)
    for name, answers in told.items():
        console.print(f"{name}: {answers}")
    return 0 if all(set(answers.statuses) == {200} for answers in told.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

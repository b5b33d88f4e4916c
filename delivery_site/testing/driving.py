"""The simulated city against an installation, with a witness who writes down what the site has promised."""

import asyncio
import io
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from operations.simulation.city import read_city
from operations.simulation.client import Client, Connection
from operations.simulation.hearing import Ear
from operations.simulation.paging import everything
from operations.simulation.performance import LIMITS, REQUEST_TIMEOUT
from operations.simulation.run import Options, Run
from operations.simulation.staging import PASSWORD
from operations.simulation.summary import Summary

CITY: Final = Path(__file__).parents[2] / "operations" / "cities" / "mitte"
PLACING: Final[Mapping[str, str]] = {"/api/v2/orders": "id", "/api/v1/orders": "order_id"}
"""Where orders are placed, and under which name the answer tells the order's id."""


@dataclass
class Witness:
    """Every successful answer to a request with an idempotency key, however often it was asked for."""

    promises: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    """Bodies, by path and key."""

    async def heard(self, response: httpx.Response) -> None:
        key = response.request.headers.get("Idempotency-Key")
        if key is not None and response.is_success:
            await response.aread()
            self.promises[response.request.url.path, key].append(response.json())

    @property
    def steps(self) -> int:
        """How far the flow has come."""
        return len(self.promises)

    def contradictions(self) -> list[tuple[str, str]]:
        """Keys under which two requests were told of different things."""
        return [place for place, bodies in self.promises.items() if any(body != bodies[0] for body in bodies)]

    def placed_orders(self) -> list[str]:
        """One id per key, so that two ids of one order or two orders of one key show."""
        return [bodies[0][PLACING[path]] for (path, _), bodies in self.promises.items() if path in PLACING]


@dataclass(frozen=True)
class Outcome:
    summary: Summary
    statuses: Mapping[str, str]
    """Of every order the site knows, by id."""
    story: str


def drive(url: str, *, wishes: int, speed: float, witness: Witness, dice: random.Random) -> Outcome:
    """Until so many orders are delivered. Raises what the run raises when the site does not carry it."""
    return asyncio.run(_drive(url, wishes=wishes, speed=speed, witness=witness, dice=dice))


async def _drive(url: str, *, wishes: int, speed: float, witness: Witness, dice: random.Random) -> Outcome:
    console = Console(file=io.StringIO(), width=120)
    options = Options(
        city=read_city(CITY), replays=False, speed=speed, wishes=wishes, leaves=True, dice=dice, ear=Ear()
    )
    hooks = {"response": [witness.heard]}
    async with httpx.AsyncClient(base_url=url, timeout=REQUEST_TIMEOUT, limits=LIMITS, event_hooks=hooks) as http:
        connection = Connection(http)
        run = Run(options, connection=connection, site_url=url, console=console)
        await run.prepare()
        async with run.listening():
            await run.play()
            summary = await run.look_back()
        admin = Client(connection, email="admin@example.com", password=PASSWORD)
        statuses = {row["id"]: row["status"] async for row in everything(admin, "/api/v2/orders")}
    assert isinstance(console.file, io.StringIO)
    return Outcome(summary, statuses, console.file.getvalue())

"""A whole run: prepare, play until the goal, look whether everything adds up, and tell."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from operations.simulation.board import Board, Header
from operations.simulation.cast import Cast, EndlessCast, ReplayCast, staff_of
from operations.simulation.city import City
from operations.simulation.client import Client, Connection, Refused
from operations.simulation.contract import Order, TimelineEntry
from operations.simulation.demand import Wish
from operations.simulation.hearing import Ear, Listener
from operations.simulation.pace import Pace
from operations.simulation.paging import everything
from operations.simulation.people.customers import Customer
from operations.simulation.staging import PASSWORD, Stage
from operations.simulation.stocktaking import Shelves, Stocktaking, Unsteady, compare, count_shelves
from operations.simulation.summary import Summary, stage_times
from operations.simulation.view import LiveView, PlainView, View
from operations.simulation.world import World

LEAD_MINUTES = 3.0
"""How long before the first order of a recorded day the clock starts."""

PATIENCE_AT_CLOSING_SECONDS = 30.0
STUCK_SECONDS = 120.0
STUCK_MINUTES = 90.0


class Stuck(Exception):
    """Nothing has moved for longer than anything should take."""


class NotSeeded(Exception):
    """The demo people cannot sign in."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is played, how fast, and for how long."""

    city: City
    replays: bool
    """The city's recorded day, rather than an endless one with its doors and kitchens."""
    speed: float
    wishes: int | None
    """So many orders are to be delivered; None: as many as the day brings."""
    leaves: bool
    """Ends by itself once they are."""
    dice: random.Random = field(default_factory=random.Random)
    ear: Ear | None = None
    """Where an integrator listens to the site's webhooks; None: nobody does."""


class Run:
    """One demo against one site, wherever that runs."""

    def __init__(self, options: Options, *, connection: Connection, site_url: str, console: Console) -> None:
        self._options = options
        self._console = console
        self._site_url = site_url
        first_minute = max(0.0, options.city.orders[0].placed_minute - LEAD_MINUTES) if options.replays else 0.0
        self.world = World(
            pace=Pace(speed=options.speed, first_minute=first_minute),
            dice=options.dice,
            traffic=connection.traffic,
        )
        self._staff = staff_of(connection)
        self._cast = self._hire(connection)
        self._shelves: Shelves
        self._listener = self._listen(connection)

    async def prepare(self) -> None:
        """Sign in and set the stage. Raises NotSeeded."""
        for client in (self._staff.admin, self._staff.dispatcher, self._staff.store):
            try:
                await client.sign_in()
            except Refused as refusal:
                raise NotSeeded(f"{client.email} cannot sign in at {self._site_url}: {refusal.detail}") from refusal
        await self._cast.assemble()
        if self._options.leaves:
            self._shelves = await count_shelves(self._staff.dispatcher)

    def listening(self) -> contextlib.AbstractAsyncContextManager[None]:
        """The integrator's endpoint is there within the block. Raises CannotListen."""
        return self._listener.attached() if self._listener else contextlib.nullcontext()

    async def play(self, *companions: Coroutine[Any, Any, None]) -> None:
        """Until the goal is reached, or for ever; `companions` run beside. Raises Stuck and Unreachable, in a group."""
        self.world.pace.start()
        self.world.phase = "running"
        async with asyncio.TaskGroup() as stage:
            parts = [stage.create_task(part) for part in (*self._parts(), *companions)]
            await self._fulfil_wishes()
            await self._close()
            if not self._options.leaves:
                self.world.phase = "all delivered"
                await asyncio.Event().wait()
            for part in parts:
                part.cancel()

    async def look_back(self) -> Summary:
        """What it came to, read from the site."""
        orders = self.world.own_orders()
        stock, problems = await self._take_stock()
        webhooks = await self._listener.look_back() if self._listener else None
        return Summary(
            orders=orders,
            stages=stage_times([await self._timeline(order) for order in orders], pace=self.world.pace),
            stock=stock,
            webhooks=webhooks,
            traffic=self.world.traffic,
            elapsed_seconds=self.world.pace.elapsed_seconds,
            speed=self._options.speed,
            problems=[*problems, *(webhooks.problems if webhooks else [])],
        )

    @property
    def told_so_far(self) -> str:
        counts = self.world.counts()
        return f"{counts['delivered']} delivered, {counts['cancelled']} cancelled so far"

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._view().play(),
            self._cast.dispatcher.watch(),
            self._cast.dispatcher.work(),
            self._cast.counter.work(),
            self._cast.counter.fill_shelves(),
            self._cast.couriers(),
            self._notice_standstill(),
        ]

    def _view(self) -> View:
        header = Header(site_url=self._site_url, password=PASSWORD, title=self._title)
        if self._console.is_terminal:
            return LiveView(Board(self.world, header=header, target=self._options.wishes), self._console)
        self._console.print(header)
        return PlainView(self.world, self._console)

    @property
    def _title(self) -> str:
        what = f"a day in {self._options.city.name}" if self._options.replays else "a day without end"
        return f"Delivery platform: {what}, {self._options.speed:g} times as fast"

    async def _fulfil_wishes(self) -> None:
        """A city that cannot keep up gets no more wishes for a while, unless the day says otherwise."""
        gate = asyncio.Semaphore(self._cast.wishes_at_once)
        customers = itertools.cycle(self._cast.customers)

        async def fulfil(wish: Wish, customer: Customer) -> None:
            await customer.fulfil(wish)
            gate.release()

        async with asyncio.TaskGroup() as hungry:
            for wish in itertools.islice(self._cast.wishes(), self._options.wishes):
                await self.world.pace.until(wish.minute)
                await gate.acquire()
                hungry.create_task(fulfil(wish, next(customers)))

    async def _close(self) -> None:
        """Wait for the orders that nobody will pay to end; at last the dispatcher cancels them."""
        self.world.phase = "closing"
        closing_at = self.world.pace.elapsed_seconds + PATIENCE_AT_CLOSING_SECONDS
        while open_here := [order for order in self.world.own_orders() if not order.is_final]:
            if self.world.pace.elapsed_seconds > closing_at:
                for order in open_here:
                    await self._cast.dispatcher.cancel_unpaid(order)
            await self.world.next_look()

    async def _notice_standstill(self) -> None:
        limit = max(STUCK_SECONDS, self.world.pace.seconds(STUCK_MINUTES))
        while True:
            await self.world.next_look()
            waiting = [order for order in self.world.own_orders() if not order.is_final]
            if waiting and self.world.pace.elapsed_seconds - self.world.last_change > limit:
                numbers = ", ".join(f"{order.number} ({order.status})" for order in waiting[:10])
                raise Stuck(f"no order has moved for {limit:.0f} s; open: {numbers}")

    async def _take_stock(self) -> tuple[Stocktaking | None, list[str]]:
        try:
            after = await count_shelves(self._staff.dispatcher, since=self._shelves)
        except Unsteady as unsteady:
            return None, [str(unsteady)]
        stock = await compare(self._staff.dispatcher, before=self._shelves, after=after, added=self.world.stock_added)
        problems = [
            f"stock of {wrong.product}: {wrong.found} on the shelf, {wrong.expected} expected"
            for wrong in stock.discrepancies
        ]
        return stock, problems

    async def _timeline(self, order: Order) -> list[TimelineEntry]:
        """From the first entry to the last; empty unless it was delivered."""
        if order.status != "delivered":
            return []
        rows = everything(self._staff.dispatcher, f"/api/v2/orders/{order.id}/timeline")
        return sorted([TimelineEntry.read(row) async for row in rows], key=lambda entry: entry.at)

    def _listen(self, connection: Connection) -> Listener | None:
        if self._options.ear is None:
            return None
        integrator = Client(connection, email="integrator@example.com", password=PASSWORD)
        listener = Listener(integrator, self._options.ear)
        self.world.webhooks = listener.inbox
        return listener

    def _hire(self, connection: Connection) -> Cast:
        kind = ReplayCast if self._options.replays else EndlessCast
        stage = Stage(self._staff.admin, progress=self._console.print)
        return kind(self.world, connection, stage, self._staff, city=self._options.city)

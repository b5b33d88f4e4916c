"""Work that staff find on the board, each piece in the hands of one of them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from operations.simulation.client import Refused
from operations.simulation.contract import Order
from operations.simulation.world import World

Duty = Callable[[Order], Coroutine[None, None, None]]


class Duties:
    """Reads the board at every look and does what `find` says is to be done with an order, once per version of it."""

    def __init__(self, world: World, *, find: Callable[[Order], Duty | None]) -> None:
        self._world = world
        self._find = find
        self._in_hand: set[str] = set()
        self._tried: dict[str, int] = {}

    async def work(self) -> None:
        async with asyncio.TaskGroup() as colleagues:
            while True:
                await self._world.next_look()
                for order in self._world.open_orders():
                    self._take(order, start=colleagues.create_task)

    def _take(self, order: Order, *, start: Callable[[Coroutine[None, None, None]], Awaitable[None]]) -> None:
        if order.id in self._in_hand or self._tried.get(order.id) == order.version:
            return
        duty = self._find(order)
        if duty is not None:
            self._in_hand.add(order.id)
            self._tried[order.id] = order.version
            start(self._do(duty, order))

    async def _do(self, duty: Duty, order: Order) -> None:
        try:
            await duty(order)
        except Refused as refusal:
            self._world.tell(f"{order.short_number} staff were refused: {refusal.code}", status="refused")
        finally:
            self._in_hand.discard(order.id)

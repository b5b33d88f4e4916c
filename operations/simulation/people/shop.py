"""Store staff: they confirm orders, cook, call them ready, now and then turn one down, and fill the shelves."""

from collections.abc import Mapping
from typing import Any

from operations.simulation.client import Client, Refused
from operations.simulation.contract import Order, Product
from operations.simulation.people.duties import Duties, Duty
from operations.simulation.world import World

TURNED_DOWN = 0.04
RECEIVED_PIECES = 60


class Counter:
    """The staff behind every store's counter: one account for most stores, the dispatcher's where it has no say."""

    def __init__(self, world: World, *, staff: Client, dispatcher: Client) -> None:
        self._world = world
        self._staff = staff
        self._dispatcher = dispatcher
        self._foreign_stores: set[str] = set()

    async def work(self) -> None:
        await Duties(self._world, find=self._duty).work()

    async def fill_shelves(self) -> None:
        """For as long as the demo runs: customers say what they found little of."""
        while True:
            await self._world.next_look()
            while self._world.nearly_sold_out:
                await self._receive(self._world.nearly_sold_out.pop())

    def _duty(self, order: Order) -> Duty | None:
        if order.status == "paid" or (order.status == "created" and order.payment_method == "cash"):
            return self._take
        if order.status in ("confirmed", "assigned") and order.ready_at is None:
            return self._cook
        return None

    async def _take(self, order: Order) -> None:
        """Nobody looks up at once; a few orders cannot be made."""
        await self._world.pace.wait(self._world.dice.uniform(0.5, 1.5))
        if self._world.dice.random() < TURNED_DOWN:
            await self._act(order, "cancel", {"reason": "Sold out in the kitchen"})
            return
        await self._act(order, "confirm")
        await self._cook(order)

    async def _cook(self, order: Order) -> None:
        ready_minute = self._world.ready_minute.setdefault(order.id, self._usual_minute(order))
        await self._world.pace.until(ready_minute)
        if self._world.orders[order.id].status in ("confirmed", "assigned"):
            await self._act(order, "ready")

    def _usual_minute(self, order: Order) -> float:
        """For orders that nobody here planned: what the store itself says it needs, from now on."""
        store = self._world.stores.get(order.store_id)
        return self._world.pace.minute + (store.preparation_minutes if store else 10.0)

    async def _act(self, order: Order, action: str, body: Mapping[str, Any] | None = None) -> None:
        path = f"/api/v2/orders/{order.id}/{action}"
        if order.store_id not in self._foreign_stores:
            try:
                self._world.saw(Order.read((await self._staff.post(path, body)).body))
            except Refused as refusal:
                if refusal.status != 404:
                    raise
                self._foreign_stores.add(order.store_id)
            else:
                return
        self._world.saw(Order.read((await self._dispatcher.post(path, body)).body))

    async def _receive(self, product_id: str) -> None:
        try:
            reply = await self._staff.post(
                f"/api/v2/products/{product_id}/stock", {"delta": RECEIVED_PIECES, "reason": "received"}
            )
        except Refused as refusal:
            self._world.tell(f"delivery of goods refused: {refusal.code}", status="refused")
            return
        self._world.stock_added[product_id] += RECEIVED_PIECES
        self._world.tell(f"{RECEIVED_PIECES} more of {Product.read(reply.body).name} on the shelf")

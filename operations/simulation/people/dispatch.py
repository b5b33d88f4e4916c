"""The dispatcher: reads the board for everybody, settles what failed, sometimes moves orders between couriers."""

import asyncio

from operations.simulation.client import Client, Refused
from operations.simulation.contract import OPEN_STATUSES, Assignment, Order, Store
from operations.simulation.paging import everything
from operations.simulation.people.duties import Duties, Duty
from operations.simulation.world import World

LOOK_EVERY_SECONDS = 0.7
ASSIGNMENTS_EVERY_LOOKS = 4
SECOND_TRIES = 0.7
TAKEN_AWAY = 0.04


class Dispatcher:
    """One account that sees all stores. The only one who polls: what it sees, all simulated people know."""

    def __init__(self, world: World, client: Client) -> None:
        self._world = world
        self._client = client
        self._left_alone: set[str] = set()

    async def watch(self) -> None:
        """For as long as the demo runs."""
        looks = 0
        while True:
            if looks % ASSIGNMENTS_EVERY_LOOKS == 0:
                await self.look_at_assignments()
            await self.look()
            looks += 1
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> None:
        """Bring everybody's picture of the orders up to date."""
        before = [order.id for order in self._world.open_orders()]
        params = {"status": list(OPEN_STATUSES)}
        on_the_board = [Order.read(body) async for body in everything(self._client, "/api/v2/orders", params)]
        for order in on_the_board:
            self._world.saw(order)
        listed = {order.id for order in on_the_board}
        for order_id in before:
            if order_id not in listed:
                self._world.saw(Order.read((await self._client.get(f"/api/v2/orders/{order_id}")).body))
        await self._learn_stores()
        await self._world.looked()

    async def look_at_assignments(self) -> None:
        """Who carries what, and who is asked: this is how couriers learn of orders somebody gave or offered them."""
        params = {"status": ["offered", "accepted", "picked_up"]}
        found = [Assignment.read(body) async for body in everything(self._client, "/api/v2/assignments", params)]
        self._world.offers = [assignment for assignment in found if assignment.status == "offered"]
        self._world.assignments = {one.order_id: one for one in found if one.status != "offered"}

    async def work(self) -> None:
        await Duties(self._world, find=self._duty).work()

    async def cancel_unpaid(self, order: Order) -> None:
        """Nothing happens to an order that has moved on meanwhile."""
        if order.status != "created":
            return
        try:
            reply = await self._client.post(f"/api/v2/orders/{order.id}/cancel", {"reason": "Never paid"})
        except Refused as refusal:
            self._world.tell(f"{order.short_number} could not be cancelled: {refusal.code}", status="refused")
        else:
            self._world.saw(Order.read(reply.body))

    def _duty(self, order: Order) -> Duty | None:
        if order.status == "failed":
            return self._settle
        if order.status == "assigned" and order.id not in self._left_alone:
            self._left_alone.add(order.id)
            return self._take_away if self._world.dice.random() < TAKEN_AWAY else None
        return None

    async def _settle(self, order: Order) -> None:
        """What could not be delivered goes out again, or is given up; food does not go back on the shelf."""
        await self._world.pace.wait(self._world.dice.uniform(1, 3))
        if self._world.dice.random() < SECOND_TRIES:
            reply = await self._client.post(f"/api/v2/orders/{order.id}/confirm")
        else:
            body = {"reason": "Could not be delivered", "restock": False}
            reply = await self._client.post(f"/api/v2/orders/{order.id}/cancel", body)
        self._world.saw(Order.read(reply.body))

    async def _take_away(self, order: Order) -> None:
        await self._client.post(f"/api/v2/orders/{order.id}/unassign")
        self._world.tell(f"{order.short_number} taken from its courier by the dispatcher", status="confirmed")
        stand_in = self._idle_courier(other_than=order.courier_id)
        if stand_in is None:
            return
        try:
            await self._client.post(f"/api/v2/orders/{order.id}/assign", {"courier_id": stand_in})
        except Refused:
            return  # somebody accepted it meanwhile, or the stand-in is busy after all
        self._world.tell(f"{order.short_number} given to {self._world.couriers[stand_in].name}", status="assigned")

    def _idle_courier(self, *, other_than: str | None) -> str | None:
        idle = [
            courier_id
            for courier_id, seen in self._world.couriers.items()
            if seen.online and not seen.riding and courier_id != other_than
        ]
        return self._world.dice.choice(idle) if idle else None

    async def _learn_stores(self) -> None:
        unknown = {order.store_id for order in self._world.open_orders()} - self._world.stores.keys()
        for store_id in unknown:
            body = (await self._client.get(f"/api/v2/stores/{store_id}")).body
            self._world.stores[store_id] = Store.read(body)

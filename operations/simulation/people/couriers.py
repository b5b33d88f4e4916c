"""Couriers: they come on shift, race each other for orders, ride, wait at the counter, ring at the door."""

import random
from collections import Counter
from dataclasses import dataclass

from operations.simulation.client import Client, Refused
from operations.simulation.contract import Assignment, Courier, Order
from operations.simulation.geography import Place
from operations.simulation.people.riding import Riding
from operations.simulation.world import CourierSeen, World

RACED_FOR = 0.3
"""The share of orders that two couriers reach for at once; of the others, the rest see that somebody is at it."""

EARLY_MINUTES = 4.0
"""How long a courier is willing to stand at the counter."""

PATIENCE_MINUTES = 8.0
"""How long an order of a store that offers by itself is left to whom it will be offered."""

DECLINES = 0.1
DECLINE_REASONS = ("too_far", "too_big", "busy", "other")

FAILURES = 0.03
FAILURE_REASONS = ("nobody_home", "wrong_address", "refused")


@dataclass(frozen=True, slots=True)
class Shift:
    """When a courier works and how they get about; no end means until the demo ends."""

    begins_at: Place
    metres_per_minute: float
    pickup_minutes: float
    dropoff_minutes: float
    ends_minute: float | None = None


class Rivalry:
    """Who reaches for which order: most have one courier after them, some are raced for, none by all sixty."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._reaching: Counter[str] = Counter()
        self._runners: dict[str, int] = {}

    def is_crowded(self, order_id: str) -> bool:
        runners = self._runners.setdefault(order_id, 2 if self._dice.random() < RACED_FOR else 1)
        return self._reaching[order_id] >= runners

    def reach(self, order_id: str) -> None:
        self._reaching[order_id] += 1

    def let_go(self, order_id: str) -> None:
        self._reaching[order_id] -= 1


class CourierAtWork:
    """One courier's shift. Carries one order at a time."""

    def __init__(self, world: World, client: Client, *, rivalry: Rivalry, courier_id: str, shift: Shift) -> None:
        self._world = world
        self._client = client
        self._rivalry = rivalry
        self._id = courier_id
        self._shift = shift
        self._done: set[str] = set()
        self._answered: set[str] = set()
        self._riding: Riding

    async def work(self) -> None:
        """From coming online to the end of the shift, or for ever."""
        await self._come_online()
        while not self._may_go_home():
            try:
                assignment = self._handed_over() or await self._answer_one() or await self._win_one()
                if assignment is None:
                    await self._world.next_look()
                else:
                    await self._carry(assignment)
            except Refused as refusal:
                self._world.tell(f"{self._me.name} was refused: {refusal.code}", status="refused")
                await self._world.pace.wait(1)
        await self._go_offline()

    async def _come_online(self) -> None:
        courier = Courier.read((await self._client.patch("/api/v2/couriers/me", {"status": "available"})).body)
        self._riding = Riding(
            self._client,
            pace=self._world.pace,
            metres_per_minute=self._shift.metres_per_minute,
            position=courier.position or self._shift.begins_at,
        )
        self._me = self._world.couriers[self._id] = CourierSeen(courier.name, online=True)
        await self._riding.report()

    async def _go_offline(self) -> None:
        await self._client.patch("/api/v2/couriers/me", {"status": "offline"})
        self._me.online = False
        self._world.tell(f"{self._me.name} goes home")

    def _may_go_home(self) -> bool:
        """Nobody leaves while orders wait for somebody to take them."""
        ends = self._shift.ends_minute
        if ends is None or self._world.pace.minute < ends or self._handed_over():
            return False
        return not any(order.status in ("paid", "confirmed", "failed") for order in self._world.open_orders())

    def _handed_over(self) -> Assignment | None:
        """An assignment somebody else made, or one left from before this run."""
        mine = (assignment for assignment in self._world.assignments.values() if assignment.courier_id == self._id)
        return next((a for a in mine if a.id not in self._done and self._world.knows_way_of(a.order_id)), None)

    async def _answer_one(self) -> Assignment | None:
        """Accept what is offered, mostly."""
        offer = self._offered()
        if offer is None:
            return None
        self._answered.add(offer.id)
        await self._world.pace.wait(self._world.dice.uniform(0.1, 0.6))
        if self._world.dice.random() < DECLINES:
            await self._decline(offer)
            return None
        return await self._taken(f"/api/v2/assignments/{offer.id}/accept", self._world.orders[offer.order_id])

    def _offered(self) -> Assignment | None:
        mine = (offer for offer in self._world.offers if offer.courier_id == self._id)
        return next((o for o in mine if o.id not in self._answered and self._world.knows_way_of(o.order_id)), None)

    async def _decline(self, offer: Assignment) -> None:
        number = self._world.orders[offer.order_id].short_number
        try:
            reason = self._world.dice.choice(DECLINE_REASONS)
            await self._client.post(f"/api/v2/assignments/{offer.id}/decline", {"reason": reason})
        except Refused as refusal:
            if refusal.status != 409:
                raise
        else:
            self._world.tell(f"{number} declined by {self._me.name}: {reason.replace('_', ' ')}", status="refused")

    async def _win_one(self) -> Assignment | None:
        order = self._tempting()
        if order is None:
            return None
        self._rivalry.reach(order.id)
        try:
            await self._world.pace.wait(self._world.dice.uniform(0.1, 0.6))
            return await self._accept(order) if await self._still_offered(order) else None
        finally:
            self._rivalry.let_go(order.id)

    def _tempting(self) -> Order | None:
        """The order that is quickest to reach and has waited longest, in that spirit."""
        candidates = [order for order in self._world.open_orders() if self._is_worth_it(order)]
        return min(candidates, key=self._price, default=None)

    def _is_worth_it(self, order: Order) -> bool:
        if (
            order.status != "confirmed"
            or self._rivalry.is_crowded(order.id)
            or order.store_id not in self._world.stores
            or self._is_left_to_others(order)
        ):
            return False
        there = self._world.pace.minute + self._riding.minutes_to(self._world.place_of(order))
        return self._world.ready_minute.get(order.id, 0.0) - there <= EARLY_MINUTES

    def _is_left_to_others(self, order: Order) -> bool:
        """Where stores offer by themselves, one waits to be asked, for a while."""
        store = self._world.stores[order.store_id]
        waited = self._world.pace.minute - self._world.ready_minute.get(order.id, self._world.pace.minute)
        return not store.open_pool or (store.offers_automatically and waited < PATIENCE_MINUTES)

    def _price(self, order: Order) -> float:
        waited = self._world.pace.minute - self._world.ready_minute.get(order.id, self._world.pace.minute)
        return self._riding.minutes_to(self._world.place_of(order)) - max(0.0, waited)

    async def _still_offered(self, order: Order) -> bool:
        """With one's own eyes: the board may be a moment old."""
        body = (await self._client.get("/api/v2/orders", {"status": "confirmed", "limit": 100})).body
        return any(item["id"] == order.id for item in body["results"])

    async def _accept(self, order: Order) -> Assignment | None:
        return await self._taken(f"/api/v2/orders/{order.id}/accept", order)

    async def _taken(self, path: str, order: Order) -> Assignment | None:
        """None for who comes too late."""
        try:
            reply = await self._client.post(path)
        except Refused as refusal:
            if refusal.status != 409:
                raise
            self._world.tell(f"{order.short_number} {self._me.name} came too late: {refusal.code}", status="refused")
            return None
        return Assignment.read(reply.body)

    async def _carry(self, assignment: Assignment) -> None:
        self._done.add(assignment.id)
        self._me.riding = True
        try:
            order = Order.read((await self._client.get(f"/api/v2/orders/{assignment.order_id}")).body)
            self._world.saw(order)
            if self._holds(order) and order.status == "assigned":
                await self._fetch(order, assignment)
            if self._holds(order) and self._world.orders[order.id].status == "picked_up":
                await self._bring(order, assignment)
        except Refused:
            self._done.discard(assignment.id)  # if it is still this courier's, the dispatcher's list will say so
            raise
        finally:
            self._me.riding = False

    async def _fetch(self, order: Order, assignment: Assignment) -> None:
        await self._riding.ride_to(self._world.place_of(order))
        while self._holds(order) and self._world.orders[order.id].ready_at is None:
            await self._world.next_look()
        if not self._holds(order):
            return
        await self._world.pace.wait(self._shift.pickup_minutes)
        await self._client.post(f"/api/v2/assignments/{assignment.id}/pick-up")
        await self._look_at(order)

    async def _bring(self, order: Order, assignment: Assignment) -> None:
        if order.door is not None:
            await self._riding.ride_to(order.door)
        await self._world.pace.wait(self._shift.dropoff_minutes)
        if self._world.dice.random() < FAILURES:
            reason = self._world.dice.choice(FAILURE_REASONS)
            await self._client.post(f"/api/v2/assignments/{assignment.id}/fail", {"reason": reason})
        else:
            proof = {"recipient": order.contact_name or "at the door"}
            if pin := self._world.pins.get(order.id):
                proof["pin"] = pin
            await self._client.post(f"/api/v2/assignments/{assignment.id}/deliver", proof)
        await self._look_at(order)

    def _holds(self, order: Order) -> bool:
        """Whether the order is still this courier's to carry: staff may have cancelled or reassigned it."""
        known = self._world.orders[order.id]
        return known.status in ("assigned", "picked_up") and known.courier_id == self._id

    async def _look_at(self, order: Order) -> None:
        self._world.saw(Order.read((await self._client.get(f"/api/v2/orders/{order.id}")).body))

"""Customers: they look around, fill a basket, order, pay in their various ways, and wait at the door."""

from typing import Any

from operations.simulation.client import Client, Refused
from operations.simulation.contract import Order, Person, Product, Store
from operations.simulation.demand import HOPELESS, Habit, Wish
from operations.simulation.geography import distance_m
from operations.simulation.world import World

SHELF_LOOKS_EMPTY = 12
STORES_CONSIDERED = 4

TOKENS = {
    Habit.CHARGED_TWICE: "tok_duplicate",
    Habit.DECLINED: "tok_declined",
    Habit.PROVIDER_SILENT: "tok_timeout",
    Habit.PAYS_LATE: "tok_late",
    Habit.PAYS_WRONG_AMOUNT: "tok_wrong_amount",
}
"""Everybody else's card is `tok_success`."""

STREETS = ("Lindenallee", "Gartenweg", "Marktgasse", "Brunnenstraße", "Am Kanal", "Sonnenplatz", "Mühlenweg")
NOTES = ("", "", "", "Second floor, left", "Please ring twice", "Leave it with the neighbour", "Mind the dog")


class Customer:
    """One account, which may have several orders on their way."""

    def __init__(self, world: World, client: Client, *, person: Person) -> None:
        self._world = world
        self._client = client
        self._person = person

    async def fulfil(self, wish: Wish) -> None:
        """Order until what was wished for is delivered."""
        if wish.habit in HOPELESS:
            await self._misadventure(wish)
            wish = wish.properly()
        while True:
            order = await self._place(wish)
            await self._settle(order, wish)
            if (await self._wait_for(order)).status == "delivered":
                break
            wish = wish.properly()
            await self._world.pace.wait(1)
        self._world.wishes_fulfilled += 1

    async def _misadventure(self, wish: Wish) -> None:
        """An order that cannot arrive; what becomes of it is the site's business from here on."""
        order = await self._place(wish)
        await self._settle(order, wish)
        await self._world.pace.wait(self._world.dice.uniform(1, 2))
        if wish.habit is Habit.PAYS_WRONG_AMOUNT:
            await self._cancel(order, reason="The amount on my card is wrong")

    async def _place(self, wish: Wish) -> Order:
        """Keep trying other baskets: stores close and shelves empty while one chooses."""
        while True:
            basket = await self._browse(wish)
            try:
                if wish.habit is Habit.ORDERS_BY_V1:
                    order = await self._order_by_v1(wish, basket[0])
                else:
                    order = await self._order(wish, basket)
            except Refused as refusal:
                self._world.tell(f"{self._person.name} could not order: {refusal.code}", status="refused")
                await self._world.pace.wait(1)
                continue
            self._world.ready_minute[order.id] = self._world.pace.minute + wish.preparation_minutes
            self._world.pins[order.id] = order.pin
            self._world.placed_here.add(order.id)
            self._world.saw(order)
            return order

    async def _browse(self, wish: Wish) -> list[Product]:
        """One to three products of one store, at least one."""
        while True:
            store_id = wish.store_id or await self._choose_store(wish)
            products = await self._products(store=store_id)
            self._world.nearly_sold_out.update(p.id for p in products if p.stock < SHELF_LOOKS_EMPTY)
            on_the_shelf = [product for product in products if product.stock >= 2]
            if on_the_shelf:
                return self._world.dice.sample(on_the_shelf, k=min(self._world.dice.randint(1, 3), len(on_the_shelf)))
            await self._world.pace.wait(2)

    async def _choose_store(self, wish: Wish) -> str:
        """By looking at the stores nearby, or by searching for a dish one has seen there before."""
        body = (await self._client.get("/api/v2/stores", {"limit": 50})).body
        near = sorted(map(Store.read, body["results"]), key=lambda store: distance_m(store.place, wish.door))
        store = self._world.dice.choice(near[:STORES_CONSIDERED])
        if self._world.dice.random() < 0.75:
            return store.id
        menu = await self._products(store=store.id)
        if not menu:
            return store.id
        word = self._world.dice.choice(menu).name.split()[0]
        found = await self._products(search=word)
        nearby = {candidate.id for candidate in near[:STORES_CONSIDERED]}
        return next((product.store_id for product in found if product.store_id in nearby), store.id)

    async def _products(self, **filters: str) -> list[Product]:
        body = (await self._client.get("/api/v2/products", {"limit": 100, **filters})).body
        return [Product.read(item) for item in body["results"]]

    async def _order(self, wish: Wish, basket: list[Product]) -> Order:
        dice = self._world.dice
        body: dict[str, Any] = {
            "items": [{"product_id": product.id, "quantity": dice.choice((1, 1, 1, 2))} for product in basket],
            "dropoff": self._door(wish),
            "contact": self._contact(),
            "payment_method": "cash" if wish.habit is Habit.PAYS_CASH else "online",
            "tip": dice.choice(("0.00", "0.00", "1.00", "2.50")),
            "note": dice.choice(NOTES),
        }
        return Order.read((await self._client.post("/api/v2/orders", body)).body)

    async def _order_by_v1(self, wish: Wish, product: Product) -> Order:
        """The first release knows no doors: the drop-off is added afterwards."""
        body = {"user_id": self._person.id, "product_id": product.id, "quantity": 1}
        order_id = (await self._client.post("/api/v1/orders", body)).body["order_id"]
        change = {"dropoff": self._door(wish), "contact": self._contact()}
        return Order.read((await self._client.patch(f"/api/v2/orders/{order_id}", change)).body)

    def _door(self, wish: Wish) -> dict[str, Any]:
        dice = self._world.dice
        return {
            "address": f"{dice.choice(STREETS)} {dice.randint(1, 120)}, Berlin",
            "latitude": wish.door.latitude,
            "longitude": wish.door.longitude,
        }

    def _contact(self) -> dict[str, str]:
        return {"name": self._person.name, "phone": "+49301234567", "email": self._person.email}

    async def _settle(self, order: Order, wish: Wish) -> None:
        """Pay, or whatever this customer does instead."""
        await self._world.pace.wait(self._world.dice.uniform(0.2, 0.8))
        if wish.habit is Habit.REGRETS_UNPAID:
            await self._cancel(order, reason="Changed my mind")
        elif wish.habit not in (Habit.NEVER_PAYS, Habit.PAYS_CASH):
            await self._pay(order, token=TOKENS.get(wish.habit, "tok_success"))
        if wish.habit is Habit.REGRETS_PAID:
            await self._cancel(order, reason="Ordered by mistake")

    async def _pay(self, order: Order, *, token: str) -> None:
        """Too slow a customer finds the order expired: that is an answer too."""
        try:
            await self._client.post("/api/v2/payments", {"order_id": order.id, "token": token})
        except Refused as refusal:
            self._world.tell(f"{order.short_number} payment refused: {refusal.code}", status="refused")

    async def _cancel(self, order: Order, *, reason: str) -> None:
        """The store may have been quicker; then the customer eats after all."""
        try:
            reply = await self._client.post(f"/api/v2/orders/{order.id}/cancel", {"reason": reason})
        except Refused as refusal:
            self._world.tell(f"{order.short_number} too late to cancel: {refusal.code}", status="refused")
        else:
            self._world.saw(Order.read(reply.body))

    async def _wait_for(self, order: Order) -> Order:
        """Some look at the map while the courier is under way."""
        curious = self._world.dice.random() < 0.3
        while not (order := self._world.orders[order.id]).is_final:
            if curious and order.status == "picked_up":
                curious = False
                await self._track(order)
            await self._world.next_look()
        return order

    async def _track(self, order: Order) -> None:
        try:
            delivery = (await self._client.get(f"/api/v2/deliveries/{order.id}")).body
        except Refused:
            return
        self._world.tell(f"{order.short_number} {self._person.name} looks at the map: {delivery['progress']} % there")

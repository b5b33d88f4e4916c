"""Setting the stage through the API: people, stores and shelves. Whatever is there already stays as it is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from operations.simulation.city import City, CityCourier, Restaurant
from operations.simulation.client import Client, Refused
from operations.simulation.contract import Courier, Person, Product, Store
from operations.simulation.geography import Place
from operations.simulation.paging import everything
from operations.simulation.people.riding import VEHICLES, top_speed_kmh

PASSWORD = "demo-password"
CUSTOMERS = 8
FULL_SHELF = 200
AT_ONCE = 4
OFFERING_EVERY = 3

Result = TypeVar("Result")

FIRST_NAMES = (
    "Ada", "Ben", "Cem", "Dana", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jan", "Kira", "Levi", "Mina", "Nele",
    "Olga", "Paul", "Rosa", "Sami", "Tara", "Umut", "Vera", "Willi", "Yara", "Zoe",
)  # fmt: skip
KITCHENS = ("Trattoria", "Noodle Bar", "Burger Kitchen", "Sushi Corner", "Falafel House", "Curry Garden", "Taquería")
DISHES = (("House special", "12.50"), ("Dish of the day", "9.80"))


class Stage:
    """Everything is found by name, SKU or e-mail address first, so setting it twice changes nothing."""

    def __init__(self, admin: Client, *, progress: Callable[[str], None]) -> None:
        self._admin = admin
        self._progress = progress

    async def people(self, *, role: str) -> dict[str, Person]:
        """Accounts by e-mail address."""
        rows = everything(self._admin, "/api/v2/users", {"role": role})
        return {person.email: person async for person in (Person.read(row) async for row in rows)}

    async def customers(self) -> list[Person]:
        """The pool that orders: the seeded customer and some more like them."""
        known = await self.people(role="customer")
        pool = []
        for number in range(1, CUSTOMERS + 1):
            email = f"customer{number if number > 1 else ''}@example.com"
            pool.append(known.get(email) or await self._account(email, name=FIRST_NAMES[number - 1], role="customer"))
        return pool

    async def seeded_couriers(self) -> dict[str, Courier]:
        """By e-mail address: only those whose password is known."""
        people = await self.people(role="courier")
        emails = {person.id: email for email, person in people.items() if _is_demo_courier(email)}
        couriers = await self.couriers()
        return {emails[courier_id]: courier for courier_id, courier in couriers.items() if courier_id in emails}

    async def couriers(self) -> dict[str, Courier]:
        """By id."""
        rows = everything(self._admin, "/api/v2/couriers")
        return {courier.id: courier async for courier in (Courier.read(row) async for row in rows)}

    async def stores(self) -> dict[str, Store]:
        """By name."""
        rows = everything(self._admin, "/api/v2/stores")
        return {store.name: store async for store in (Store.read(row) async for row in rows)}

    async def let_some_offer(self) -> None:
        """Every so many stores offer their orders to couriers by themselves, so that it can be seen."""
        stores = await self.stores()
        names = sorted(stores)[::OFFERING_EVERY]
        for store in (stores[name] for name in names if not stores[name].offers_automatically):
            await self._admin.patch(f"/api/v2/stores/{store.id}", {"offers_automatically": True})

    async def city_stores(self, city: City) -> dict[str, str]:
        """Open the city's restaurants; store ids by restaurant."""
        there = await self.stores()
        wanted = {order.restaurant for order in city.orders}
        restaurants = [city.restaurants[name] for name in sorted(wanted)]
        staff, integrators = await self.people(role="store_staff"), await self.people(role="integrator")
        self._member_ids = [staff["store@example.com"].id, integrators["integrator@example.com"].id]
        self._progress(f"opening {len(restaurants)} stores of {city.name}")
        opened = await a_few_at_once(partial(self._open_store, city, restaurant, there) for restaurant in restaurants)
        return {restaurant.name: store_id for restaurant, store_id in zip(restaurants, opened, strict=True)}

    async def hire(
        self, city: City, recruit: CityCourier, *, people: Mapping[str, Person], couriers: Mapping[str, Courier]
    ) -> tuple[str, Courier]:
        """The recruit's e-mail address and courier, made where there was none among those known."""
        email = courier_email(city, recruit)
        name = f"{FIRST_NAMES[_number(recruit.name) % len(FIRST_NAMES)]} {recruit.name}"
        person = people.get(email) or await self._account(email, name=name, role="courier")
        courier = couriers.get(person.id)
        if courier is None:
            body = {"user_id": person.id, "name": name, "vehicle": "scooter", "capacity": 1}
            courier = Courier.read((await self._admin.post("/api/v2/couriers", body)).body)
        return email, courier

    async def allow_speed(self, courier: Courier, *, metres_per_minute: float, speed: float) -> None:
        """Let the courier move as fast as the demo's clock runs; never slows anybody down."""
        needed = top_speed_kmh(metres_per_minute, speed=speed)
        if (courier.top_speed_kmh or VEHICLES[courier.vehicle].top_kmh) < needed:
            await self._admin.patch(f"/api/v2/couriers/{courier.id}", {"top_speed_kmh": needed})

    async def _account(self, email: str, *, name: str, role: str) -> Person:
        """Without an idempotency key: with one, the site would hash the password inside a transaction, and on SQLite
        everybody else would wait for it. The address is key enough."""
        body = {"email": email, "name": name, "role": role, "password": PASSWORD}
        try:
            return Person.read((await self._admin.post("/api/v2/users", body, repeatable=True)).body)
        except Refused as refusal:
            if refusal.status != 409:
                raise
            return (await self.people(role=role))[email]

    async def _open_store(self, city: City, restaurant: Restaurant, there: Mapping[str, Store]) -> str:
        name = store_name(city, restaurant)
        store = there.get(name) or await self._new_store(name, city.projection().place(restaurant.x, restaurant.y))
        shelf = {}
        async for row in everything(self._admin, "/api/v2/products", {"store": store.id}):
            product = Product.read(row)
            shelf[product.sku] = product
        for number, (dish, price) in enumerate(DISHES, start=1):
            sku = f"{restaurant.name}-{number}".upper()
            if sku not in shelf:
                await self._put_on_sale(store, sku=sku, name=dish, price=price)
        return store.id

    async def _new_store(self, name: str, place: Place) -> Store:
        body = {
            "name": name,
            "address": f"{name}, Berlin",
            "latitude": place.latitude,
            "longitude": place.longitude,
            "time_zone": "Europe/Berlin",
            "currency": "EUR",
            "delivery_radius_m": 30_000,
            "delivery_base_fee": "1.90",
            "delivery_fee_per_km": "0.40",
        }
        store = Store.read((await self._admin.post("/api/v2/stores", body)).body)
        for user_id in self._member_ids:
            await self._admin.post(f"/api/v2/stores/{store.id}/members", {"user_id": user_id})
        return store

    async def _put_on_sale(self, store: Store, *, sku: str, name: str, price: str) -> None:
        body = {"store_id": store.id, "sku": sku, "name": name, "price": price, "stock": FULL_SHELF}
        await self._admin.post("/api/v2/products", body)


def store_name(city: City, restaurant: Restaurant) -> str:
    kitchen = KITCHENS[_number(restaurant.name) % len(KITCHENS)]
    return f"{kitchen} {restaurant.name} ({city.name})"


def courier_email(city: City, courier: CityCourier) -> str:
    return f"{courier.name}.{city.name}@example.com".lower()


async def a_few_at_once(errands: Iterable[Callable[[], Awaitable[Result]]]) -> list[Result]:
    """All results in order; a small server is not flooded."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(errand: Callable[[], Awaitable[Result]]) -> Result:
        async with gate:
            return await errand()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(errand)) for errand in errands]
    return [task.result() for task in tasks]


def _is_demo_courier(email: str) -> bool:
    name, _, domain = email.partition("@")
    return domain == "example.com" and name.startswith("courier") and name.removeprefix("courier").isdigit()


def _number(name: str) -> int:
    digits = "".join(character for character in name if character.isdigit())
    return int(digits) if digits else len(name)

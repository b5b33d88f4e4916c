"""Who plays: sessions, accounts and shifts of everybody in a run."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from operations.simulation.city import City, CityCourier
from operations.simulation.client import Client, Connection
from operations.simulation.contract import Courier
from operations.simulation.demand import Wish, endless_wishes, wishes_of_the_day
from operations.simulation.people.couriers import CourierAtWork, Rivalry, Shift
from operations.simulation.people.customers import Customer
from operations.simulation.people.dispatch import Dispatcher
from operations.simulation.people.riding import VEHICLES
from operations.simulation.people.shop import Counter
from operations.simulation.staging import PASSWORD, Stage, a_few_at_once
from operations.simulation.world import World

HIRED_AHEAD_MINUTES = 20.0
PICKUP_MINUTES = 1.0
DROPOFF_MINUTES = 1.0
FEWEST_WISHES = 10


@dataclass(frozen=True, slots=True)
class Staff:
    """The sessions that set the stage and run it."""

    admin: Client
    dispatcher: Client
    store: Client


def staff_of(connection: Connection) -> Staff:
    def session(name: str) -> Client:
        return Client(connection, email=f"{name}@example.com", password=PASSWORD)

    return Staff(admin=session("admin"), dispatcher=session("dispatcher"), store=session("store"))


class Cast:
    """Everybody on the stage. `city` says where people live and how long kitchens take; a replay also when."""

    def __init__(self, world: World, connection: Connection, stage: Stage, staff: Staff, *, city: City) -> None:
        self.world = world
        self.city = city
        self.dispatcher = Dispatcher(world, staff.dispatcher)
        self.counter = Counter(world, staff=staff.store, dispatcher=staff.dispatcher)
        self.customers: list[Customer] = []
        self._stage = stage
        self._connection = connection
        self._rivalry = Rivalry(world.dice)

    async def assemble(self) -> None:
        """Customers, and the stores everybody knows."""
        people = await self._stage.customers()
        self.customers = [Customer(self.world, self._session(person.email), person=person) for person in people]
        self.world.stores = {store.id: store for store in (await self._stage.stores()).values()}

    async def couriers(self) -> None:
        """Everybody rides, each for as long as their shift goes."""
        raise NotImplementedError

    def wishes(self) -> Iterator[Wish]:
        """What people will want, in the order of time."""
        raise NotImplementedError

    @property
    def wishes_at_once(self) -> int:
        """More unfulfilled ones make no sense."""
        return len(self.city.orders)

    def _session(self, email: str) -> Client:
        return Client(self._connection, email=email, password=PASSWORD)

    def _at_work(self, email: str, courier_id: str, shift: Shift) -> CourierAtWork:
        return CourierAtWork(
            self.world, self._session(email), rivalry=self._rivalry, courier_id=courier_id, shift=shift
        )


class EndlessCast(Cast):
    """The seeded couriers and stores; wishes without end."""

    async def assemble(self) -> None:
        await self._stage.let_some_offer()
        await super().assemble()
        self._couriers = await self._stage.seeded_couriers()
        await a_few_at_once(partial(self._let_ride, courier) for courier in self._couriers.values())

    async def couriers(self) -> None:
        homes = [self.city.projection().place(home.x, home.y) for home in self.city.couriers]
        async with asyncio.TaskGroup() as group:
            for number, (email, courier) in enumerate(sorted(self._couriers.items())):
                shift = Shift(
                    begins_at=homes[number % len(homes)],
                    metres_per_minute=VEHICLES[courier.vehicle].metres_per_minute,
                    pickup_minutes=PICKUP_MINUTES,
                    dropoff_minutes=DROPOFF_MINUTES,
                )
                group.create_task(self._at_work(email, courier.id, shift).work())

    def wishes(self) -> Iterator[Wish]:
        return endless_wishes(self.city, dice=self.world.dice)

    @property
    def wishes_at_once(self) -> int:
        return max(FEWEST_WISHES, 2 * len(self._couriers))

    async def _let_ride(self, courier: Courier) -> None:
        await self._stage.allow_speed(
            courier, metres_per_minute=VEHICLES[courier.vehicle].metres_per_minute, speed=self.world.pace.speed
        )


class ReplayCast(Cast):
    """The city's own stores and couriers, at the hours of the recorded day."""

    async def assemble(self) -> None:
        self._store_ids = await self._stage.city_stores(self.city)
        await super().assemble()
        self._known_people = await self._stage.people(role="courier")
        self._known_couriers = await self._stage.couriers()

    async def couriers(self) -> None:
        hiring = asyncio.Semaphore(2)
        async with asyncio.TaskGroup() as group:
            for courier in self.city.couriers:
                if courier.off_minute > self.world.pace.minute:
                    group.create_task(self._through_the_day(courier, hiring))

    async def _through_the_day(self, recruit: CityCourier, hiring: asyncio.Semaphore) -> None:
        """Accounts are made shortly before the shift: a whole city's would keep the audience waiting."""
        parameters = self.city.parameters
        await self.world.pace.until(recruit.on_minute - HIRED_AHEAD_MINUTES)
        async with hiring:
            email, courier = await self._stage.hire(
                self.city, recruit, people=self._known_people, couriers=self._known_couriers
            )
            await self._stage.allow_speed(
                courier, metres_per_minute=parameters.metres_per_minute, speed=self.world.pace.speed
            )
        shift = Shift(
            begins_at=self.city.projection().place(recruit.x, recruit.y),
            metres_per_minute=parameters.metres_per_minute,
            pickup_minutes=parameters.pickup_minutes,
            dropoff_minutes=parameters.dropoff_minutes,
            ends_minute=recruit.off_minute,
        )
        await self.world.pace.until(recruit.on_minute)
        await self._at_work(email, courier.id, shift).work()

    def wishes(self) -> Iterator[Wish]:
        return wishes_of_the_day(self.city, store_ids=self._store_ids, dice=self.world.dice)

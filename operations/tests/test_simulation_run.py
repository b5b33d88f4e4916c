import asyncio
import io
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from rich.console import Console

from operations.simulation.cast import staff_of
from operations.simulation.city import City, read_city
from operations.simulation.client import Connection
from operations.simulation.geography import BERLIN
from operations.simulation.pace import Pace
from operations.simulation.people import dispatch
from operations.simulation.people.couriers import CourierAtWork, Rivalry, Shift
from operations.simulation.people.dispatch import Dispatcher
from operations.simulation.people.riding import top_speed_kmh
from operations.simulation.people.shop import Counter
from operations.simulation.run import NotSeeded, Options, Run, Stuck
from operations.simulation.staging import Stage, courier_email, store_name
from operations.simulation.stocktaking import compare, count_shelves
from operations.simulation.summary import Summary
from operations.simulation.traffic import Traffic
from operations.simulation.world import World
from operations.tests.site_in_memory import SiteInMemory

Result = TypeVar("Result")

MITTE = Path(__file__).parents[1] / "cities" / "mitte"
FAST = 1000.0


@pytest.fixture(autouse=True)
def _eager_dispatcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr("operations.simulation.run.PATIENCE_AT_CLOSING_SECONDS", 0.1)


@pytest.fixture
def city() -> City:
    return read_city(MITTE)


def visit(site: SiteInMemory, errand: Callable[[Connection], Awaitable[Result]]) -> Result:
    async def go() -> Result:
        async with httpx.AsyncClient(transport=httpx.MockTransport(site), base_url="http://site") as http:
            return await errand(Connection(http))

    return asyncio.run(go())


def perform(site: SiteInMemory, city: City, *, wishes: int, replays: bool = False) -> tuple[Summary, str]:
    """A run to its end: what it came to, and what was printed."""
    console = Console(width=100, file=io.StringIO())

    async def errand(connection: Connection) -> Summary:
        options = Options(city=city, replays=replays, speed=FAST, wishes=wishes, leaves=True, dice=random.Random(1))
        run = Run(options, connection=connection, site_url="http://site", console=console)
        await run.prepare()
        await run.play()
        return await run.look_back()

    summary = visit(site, errand)
    assert isinstance(console.file, io.StringIO)
    return summary, console.file.getvalue()


def test_an_endless_day_ends_when_the_wished_number_is_delivered_and_stock_adds_up(city: City) -> None:
    site = SiteInMemory()

    summary, printed = perform(site, city, wishes=6)

    assert summary.count("delivered") == 6
    assert summary.problems == []
    assert summary.stock is not None
    assert {order["status"] for order in site.orders.values()} <= {"delivered", "cancelled"}
    sold = sum(
        item["quantity"] for order in site.orders.values() if order["status"] == "delivered" for item in order["items"]
    )
    lost = sum(
        item["quantity"]
        for order in site.orders.values()
        for item in order["items"]
        if order["status"] == "cancelled"
        and any(entry["to_status"] == "picked_up" for entry in site.timelines[order["id"]])
    )
    received = sum(product["stock"] for product in site.products.values()) + sold + lost - 300
    assert received % 60 == 0
    assert {stage.stage: stage.count for stage in summary.stages}["placed to delivered"] == 6
    assert "placed: 10.00 EUR, Trattoria" in printed


def test_a_recorded_day_is_replayed_in_its_own_stores_by_its_own_couriers(city: City) -> None:
    site = SiteInMemory()

    summary, _ = perform(site, city, wishes=4, replays=True)

    assert summary.count("delivered") == 4
    assert summary.problems == []
    names = {store["name"] for store in site.stores.values()}
    assert {store_name(city, restaurant) for restaurant in city.restaurants.values()} < names
    drivers = {order["courier_id"] for order in site.orders.values() if order["status"] == "delivered"}
    emails = {site.users[driver]["email"] for driver in drivers}
    assert emails <= {courier_email(city, courier) for courier in city.couriers}
    assert all(site.couriers[driver]["top_speed_kmh"] >= top_speed_kmh(300, speed=FAST) for driver in drivers)


def test_goods_that_cancelled_orders_keep_are_found_out(city: City) -> None:
    site = SiteInMemory(keeps_stock_of_cancelled=True)

    async def errand(connection: Connection) -> tuple[int, list[tuple[str, int, int]]]:
        staff = staff_of(connection)
        before = await count_shelves(staff.dispatcher)
        product = next(iter(site.products.values()))
        body = {"items": [{"product_id": product["id"], "quantity": 2}]}
        order = (await staff.admin.post("/api/v2/orders", body)).body
        await staff.admin.post(f"/api/v2/orders/{order['id']}/cancel")
        after = await count_shelves(staff.dispatcher, since=before)
        stock = await compare(staff.dispatcher, before=before, after=after, added={})
        return stock.pieces_given_back, [(wrong.product, wrong.expected, wrong.found) for wrong in stock.discrepancies]

    assert visit(site, errand) == (2, [("Dish 0", 100, 98)])


def test_stock_is_right_with_orders_from_before_the_first_count(city: City) -> None:
    """One that is cancelled between the counts gives back, one cancelled long before has done so already."""
    site = SiteInMemory()

    async def errand(connection: Connection) -> tuple[int, int]:
        staff = staff_of(connection)
        product = next(iter(site.products.values()))
        body = {"items": [{"product_id": product["id"], "quantity": 3}]}
        first, second = [(await staff.admin.post("/api/v2/orders", body)).body for _ in range(2)]
        await staff.admin.post(f"/api/v2/orders/{second['id']}/cancel")
        before = await count_shelves(staff.dispatcher)
        await staff.admin.post(f"/api/v2/orders/{first['id']}/cancel")
        await staff.admin.post(f"/api/v2/products/{product['id']}/stock", {"delta": 7, "reason": "received"})
        after = await count_shelves(staff.dispatcher, since=before)
        stock = await compare(staff.dispatcher, before=before, after=after, added={product["id"]: 7})
        assert stock.discrepancies == ()
        return stock.orders_given_back, stock.pieces_given_back

    assert visit(site, errand) == (1, 3)


def test_a_site_without_the_demo_people_is_told_apart(city: City) -> None:
    site = SiteInMemory()
    site.refused_passwords.add("dispatcher@example.com")

    with pytest.raises(NotSeeded, match=r"dispatcher@example\.com cannot sign in at http://site"):
        perform(site, city, wishes=1)


def test_an_order_that_nobody_carries_ends_the_run_as_stuck(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.simulation.run.STUCK_SECONDS", 0.3)
    monkeypatch.setattr("operations.simulation.run.STUCK_MINUTES", 0.0)

    with pytest.raises(ExceptionGroup) as trouble:
        perform(SiteInMemory(couriers=0), city, wishes=1)

    assert trouble.group_contains(Stuck, match=r"no order has moved for 0 s; open: .*confirmed")


def test_setting_the_stage_twice_changes_nothing(city: City) -> None:
    site = SiteInMemory()

    async def errand(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
        stage = Stage(staff_of(connection).admin, progress=lambda _: None)
        first = await stage.city_stores(city)
        await stage.customers()
        people, couriers = await stage.people(role="courier"), await stage.couriers()
        await stage.hire(city, city.couriers[0], people=people, couriers=couriers)
        counts.append((len(site.stores), len(site.products), len(site.users), len(site.couriers)))
        second = await stage.city_stores(city)
        await stage.customers()
        people, couriers = await stage.people(role="courier"), await stage.couriers()
        await stage.hire(city, city.couriers[0], people=people, couriers=couriers)
        counts.append((len(site.stores), len(site.products), len(site.users), len(site.couriers)))
        return first, second

    counts: list[tuple[int, int, int, int]] = []
    first, second = visit(site, errand)

    assert first == second
    assert counts == [(6, 13, 16, 4)] * 2


def test_couriers_are_allowed_more_speed_but_never_less() -> None:
    site = SiteInMemory(couriers=1)

    async def errand(connection: Connection) -> list[int | None]:
        stage = Stage(staff_of(connection).admin, progress=lambda _: None)
        seen = []
        for speed in (1, 60, 10, 120):
            (courier,) = (await stage.couriers()).values()
            await stage.allow_speed(courier, metres_per_minute=370, speed=speed)
            seen.append(next(iter(site.couriers.values()))["top_speed_kmh"])
        return seen

    assert visit(site, errand) == [None, 1903, 1903, 3806]


def a_world() -> World:
    return World(pace=Pace(speed=FAST), dice=random.Random(1), traffic=Traffic())


def test_an_order_left_over_from_before_is_carried_on_by_its_courier() -> None:
    site = SiteInMemory(couriers=1)
    courier = next(iter(site.couriers.values()))
    product = next(iter(site.products.values()))

    async def errand(connection: Connection) -> str:
        staff = staff_of(connection)
        door = {"address": "1 Main St", "latitude": 52.521, "longitude": 13.405}
        body = {"items": [{"product_id": product["id"], "quantity": 1}], "dropoff": door, "payment_method": "cash"}
        order = (await staff.admin.post("/api/v2/orders", body)).body
        for action in ("confirm", "ready"):
            await staff.admin.post(f"/api/v2/orders/{order['id']}/{action}")
        await staff.admin.post(f"/api/v2/orders/{order['id']}/assign", {"courier_id": courier["id"]})

        world = a_world()
        world.dice.random = lambda: 0.5  # type: ignore[method-assign]  # no failed delivery by chance
        watcher = Dispatcher(world, staff.dispatcher)
        shift = Shift(begins_at=BERLIN, metres_per_minute=300, pickup_minutes=1, dropoff_minutes=1, ends_minute=0)
        session = type(staff.admin)(connection, email="courier1@example.com", password="demo-password")
        work = CourierAtWork(world, session, rivalry=Rivalry(world.dice), courier_id=courier["id"], shift=shift)
        await watcher.look_at_assignments()
        await watcher.look()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            watching = group.create_task(watcher.watch())
            await work.work()
            watching.cancel()
        return str(site.orders[order["id"]]["status"])

    assert visit(site, errand) == "delivered"
    assert courier["status"] == "offline"
    assert site.positions[courier["id"]][0]["latitude"] == BERLIN.latitude


@pytest.mark.parametrize(("mood", "outcome"), [(0.5, "delivered"), (0.05, "confirmed")])
def test_couriers_mostly_accept_what_they_are_offered_and_leave_to_others_what_is_not(
    mood: float, outcome: str
) -> None:
    site = SiteInMemory(couriers=1)
    courier = next(iter(site.couriers.values()))
    product = next(iter(site.products.values()))
    site.stores[product["store_id"]]["open_pool"] = False

    async def errand(connection: Connection) -> list[str]:
        staff = staff_of(connection)
        door = {"address": "1 Main St", "latitude": 52.521, "longitude": 13.405}
        body = {"items": [{"product_id": product["id"], "quantity": 1}], "dropoff": door, "payment_method": "cash"}
        orders = [(await staff.admin.post("/api/v2/orders", body)).body["id"] for _ in range(2)]
        for order_id in orders:
            for action in ("confirm", "ready"):
                await staff.admin.post(f"/api/v2/orders/{order_id}/{action}")
        offer = site.offer(orders[0], courier_id=courier["id"])

        world = a_world()
        world.dice.random = lambda: mood  # type: ignore[method-assign]
        watcher = Dispatcher(world, staff.dispatcher)
        shift = Shift(begins_at=BERLIN, metres_per_minute=300, pickup_minutes=1, dropoff_minutes=1)
        session = type(staff.admin)(connection, email="courier1@example.com", password="demo-password")
        work = CourierAtWork(world, session, rivalry=Rivalry(world.dice), courier_id=courier["id"], shift=shift)
        await watcher.look_at_assignments()
        await watcher.look()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            tasks = [group.create_task(watcher.watch()), group.create_task(work.work())]
            while site.orders[orders[0]]["status"] != "delivered" and offer["status"] != "declined":
                await world.next_look()
            await world.next_look()
            for task in tasks:
                task.cancel()
        return [str(site.orders[order_id]["status"]) for order_id in orders]

    assert visit(site, errand) == [outcome, "confirmed"]


def test_every_third_store_of_an_endless_day_offers_by_itself(city: City) -> None:
    site = SiteInMemory()
    perform(site, city, wishes=1)
    offering = [bool(site.stores[key].get("offers_automatically")) for key in sorted(site.stores, key=_by_name(site))]
    assert offering == [number % 3 == 0 for number in range(len(offering))]


def _by_name(site: SiteInMemory) -> Callable[[str], str]:
    return lambda key: str(site.stores[key]["name"])


def test_where_store_staff_have_no_say_the_dispatcher_acts() -> None:
    class OnlyDispatchers(SiteInMemory):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if "/confirm" in request.url.path and request.headers["Authorization"] == "Bearer store@example.com":
                return httpx.Response(404, json={"code": "order_not_found", "detail": "no"})
            return await super().__call__(request)

    site = OnlyDispatchers()
    product = next(iter(site.products.values()))

    async def errand(connection: Connection) -> str:
        staff = staff_of(connection)
        body = {"items": [{"product_id": product["id"], "quantity": 1}], "payment_method": "cash"}
        order = (await staff.admin.post("/api/v2/orders", body)).body
        world = a_world()
        world.dice.random = lambda: 0.5  # type: ignore[method-assign]  # not turned down by chance
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            counter = Counter(world, staff=staff.store, dispatcher=staff.dispatcher)
            tasks = [group.create_task(work) for work in (Dispatcher(world, staff.dispatcher).watch(), counter.work())]
            while site.orders[order["id"]]["status"] == "created":
                await world.next_look()
            for task in tasks:
                task.cancel()
        return str(site.orders[order["id"]]["status"])

    assert visit(site, errand) == "confirmed"

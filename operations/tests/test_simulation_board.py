import asyncio
import io
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from events.webhooks.receiving.inbox import Counts, Inbox
from operations.percentiles import percentile
from operations.simulation.board import Board, Header, clock
from operations.simulation.contract import Line, Order, Store, TimelineEntry
from operations.simulation.geography import BERLIN
from operations.simulation.hearing import Heard
from operations.simulation.pace import Pace
from operations.simulation.stocktaking import Discrepancy, Stocktaking
from operations.simulation.summary import StageTimes, Summary, show, stage_times
from operations.simulation.traffic import Traffic
from operations.simulation.view import PlainView
from operations.simulation.world import CourierSeen, World

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def an_order(number: str, status: str = "created", *, version: int = 1) -> Order:
    return Order(
        id=f"id-{number}",
        number=number,
        status=status,
        version=version,
        store_id="store-1",
        payment_method="online",
        total=Decimal("12.50"),
        currency="EUR",
        lines=(Line("product-1", 2),),
        door=BERLIN,
        contact_name="Ada",
        courier_id="ana",
        pin="",
        created_at=datetime.now(UTC),
        ready_at=None,
        tracking_url=f"http://127.0.0.1:8000/track/{number * 3}/",
    )


@pytest.fixture
def world() -> World:
    world = World(pace=Pace(speed=60), dice=random.Random(1), traffic=Traffic())
    world.stores["store-1"] = Store("store-1", "Trattoria", BERLIN, 10)
    world.couriers["ana"] = CourierSeen("Ana", online=True, riding=True)
    return world


def see(world: World, number: str, *statuses: str) -> None:
    for version, status in enumerate(statuses, start=1):
        order = an_order(number, status, version=version)
        world.placed_here.add(order.id)
        world.saw(order)


def drawn(world: World, *, width: int, height: int) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None)
    header = Header(site_url="http://127.0.0.1:8000", password="demo-password", title="Delivery platform")
    with console.capture() as capture:
        console.print(Board(world, header=header, target=20), end="")
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 40), (120, 30), (200, 60)])
def test_the_board_fits_the_screen_and_shows_addresses_counts_and_orders(world: World, width: int, height: int) -> None:
    for number in range(30):
        see(world, f"K{number:03}A-BCDEF", "created", "paid", "confirmed")
    see(world, "D111A-BCDEF", "created", "paid", "confirmed", "assigned", "picked_up", "delivered")

    lines = drawn(world, width=width, height=height)

    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "http://127.0.0.1:8000/admin/dispatch/" in text
    assert "http://127.0.0.1:8000/admin/system/" in text
    assert "http://127.0.0.1:8000/api/v2/docs" in text
    assert "Track #K000" in text
    assert "http://127.0.0.1:8000/track/K000A-BCDEFK000A-BCDEFK000A-BCDEF/" in text
    assert "demo-password" in text
    assert "cooking" in text
    assert "│30 " in text if width < 100 else "cooking 30" in text
    assert "#K029" in text
    assert "#D111 delivered by Ana" in text
    assert "couriers 1/1" in text


def test_a_failed_order_stays_in_sight_among_those_riding(world: World) -> None:
    see(world, "F111A-BCDEF", "created", "failed")

    assert any("#F111" in line for line in drawn(world, width=100, height=30))


def test_the_world_keeps_the_newest_version_of_an_order(world: World) -> None:
    world.saw(an_order("A", "paid", version=3))
    world.saw(an_order("A", "created", version=2))

    assert [order.status for order in world.open_orders()] == ["paid"]
    assert world.told == 1


def test_an_order_seen_by_a_courier_keeps_its_tracking_page(world: World) -> None:
    world.saw(an_order("A", "assigned", version=1))
    world.saw(replace(an_order("A", "picked_up", version=2), tracking_url=None))

    followed = world.followed()

    assert followed is not None
    assert (followed.status, followed.tracking_url) == ("picked_up", "http://127.0.0.1:8000/track/AAA/")


def test_counts_leave_out_the_ended_orders_of_others(world: World) -> None:
    see(world, "MINE", "created", "delivered")
    world.saw(an_order("THEIRS", "delivered"))
    world.saw(an_order("OPEN", "paid"))

    assert world.counts() == {"delivered": 1, "paid": 1}
    assert [order.number for order in world.own_orders()] == ["MINE"]


def without_a_terminal(world: World, *, last_word: str) -> list[str]:
    console = Console(width=80, file=io.StringIO())

    async def play_for_a_moment() -> None:
        task = asyncio.create_task(PlainView(world, console).play())
        await asyncio.sleep(0)
        world.tell(last_word)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(play_for_a_moment())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_without_a_terminal_every_happening_is_one_line(world: World) -> None:
    see(world, "D111A-BCDEF", "created", "delivered")
    world.tell("something long " * 20)

    lines = without_a_terminal(world, last_word="the last word")

    assert len(lines) == 4
    assert lines[0].endswith("#D111 placed: 12.50 EUR, Trattoria")
    assert "#D111 delivered by Ana, 0.0 min" in lines[1]
    assert lines[3].endswith("the last word")


def test_without_a_terminal_one_page_to_look_at_is_named_once(world: World) -> None:
    see(world, "K111A-BCDEF", "created")
    see(world, "K222A-BCDEF", "created")

    lines = without_a_terminal(world, last_word="the last word")

    url = "http://127.0.0.1:8000/track/K111A-BCDEFK111A-BCDEFK111A-BCDEF/"
    assert [line for line in lines if "/track/" in line] == [f"Track #K111  {url}"]


def test_the_clock_shows_the_minute_of_the_day() -> None:
    assert (clock(0), clock(541.9), clock(1500)) == ("00:00", "09:01", "01:00")


def test_the_footer_counts_verified_webhooks_and_what_is_wrong_with_them(world: World) -> None:
    assert "webhooks" not in drawn(world, width=120, height=40)[-1]

    world.webhooks = Inbox()
    assert " · 0 webhooks" in drawn(world, width=120, height=40)[-1]

    world.webhooks.refuse(code="signature_mismatch", detail="", status=401)
    assert " · 0 webhooks, 1 wrong" in drawn(world, width=120, height=40)[-1]


def entries(*moments: tuple[str, float]) -> list[TimelineEntry]:
    return [TimelineEntry(what, what, NOON + timedelta(seconds=seconds)) for what, seconds in moments]


def test_stage_times_are_simulated_minutes_and_the_last_courier_counts() -> None:
    timeline = entries(
        ("created", 0), ("paid", 2), ("confirmed", 3), ("assigned", 4), ("ready", 8), ("unassigned", 8.5),
        ("assigned", 9), ("picked_up", 12), ("delivered", 20),
    )  # fmt: skip

    times = {stage.stage: stage.median for stage in stage_times([timeline], pace=Pace(speed=60))}

    assert times == {
        "payment": 2,
        "confirmation": 1,
        "kitchen": 5,
        "finding a courier": 6,
        "way to the store, and waiting there": 3,
        "way to the door": 8,
        "placed to delivered": 20,
    }


def test_a_cash_order_has_no_payment_stage() -> None:
    timeline = entries(("created", 0), ("confirmed", 3), ("ready", 8), ("delivered", 20))

    stages = [stage.stage for stage in stage_times([timeline], pace=Pace(speed=60))]

    assert stages == ["kitchen", "placed to delivered"]


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(1, 21)]

    assert (percentile(values, 50), percentile(values, 90), percentile([7.0], 90)) == (10.0, 18.0, 7.0)


def a_summary() -> Summary:
    traffic = Traffic(requests=300, retries=2)
    traffic.refusals["order_already_assigned"] = 3
    orders = [an_order(str(number), "delivered") for number in range(20)] + [an_order("X", "cancelled")]
    return Summary(
        orders=orders,
        stages=[StageTimes("placed to delivered", 20, 18.0, 24.5, 30.0)],
        stock=Stocktaking(pieces_given_back=2, orders_given_back=1, discrepancies=()),
        traffic=traffic,
        elapsed_seconds=60.0,
        speed=60.0,
        problems=[],
    )


def shown(summary: Summary) -> str:
    console = Console(width=80, file=io.StringIO())
    with console.capture() as capture:
        show(summary, console)
    return capture.get()


def test_the_summary_shows_ends_stages_and_stock() -> None:
    text = shown(a_summary())

    assert "│ delivered │     20 │" in text
    assert "│ cancelled │      1 │                          2 │" in text
    assert "│ placed to delivered │     20 │ 18.0 │ 24.5 │ 30.0 │" in text
    assert "1 min here = 1 s of yours" in text
    assert "300 requests in 60 s (5.0/s)" in text
    assert "refused: order_already_assigned × 3" in text  # noqa: RUF001
    assert "stock adds up" in text
    assert "BROKEN" not in text


def test_the_summary_says_what_is_broken() -> None:
    stock = Stocktaking(0, 0, (Discrepancy("Soup", 10, 9),))
    text = shown(replace(a_summary(), stock=stock, problems=["stock of Soup: 9 on the shelf, 10 expected"]))

    assert "BROKEN: stock of Soup: 9 on the shelf, 10 expected" in text
    assert "stock adds up" not in text


def test_the_summary_tells_what_was_sent_and_what_was_verified() -> None:
    counts = Counts(received=24, verified=24, duplicates=4)
    heard = Heard(sent=20, counts=counts, missing=[], delays=[0.1, 0.2, 0.9])

    text = shown(replace(a_summary(), webhooks=heard))

    assert "webhooks: 20 events sent, 20 arrived and verified, 4 of them again;" in " ".join(text.split())
    assert "half within 0.20 s, 99 in 100 within 0.90 s" in " ".join(text.split())
    assert "webhooks" not in shown(a_summary())

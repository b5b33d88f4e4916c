import random
from pathlib import Path

import pytest

from operations.simulation.city import CityMalformed, CityOrder, Parameters, read_city
from operations.simulation.demand import HOPELESS, Habit, endless_wishes, wishes_of_the_day
from operations.simulation.geography import BERLIN, Place, along, distance_m

MITTE = Path(__file__).parents[1] / "cities" / "mitte"

FILES = {
    "restaurants.txt": "restaurant\tx\ty\nr1\t0\t0\nr2\t1000\t0\n",
    "orders.txt": "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t0\t500\t20\tr1\t28\no2\t500\t0\t7\tr2\t7\n",
    "couriers.txt": "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t5\t60\n",
    "instance_parameters.txt": (
        "meters_per_minute\tpickup service minutes\tdropoff service minutes\ttarget click-to-door\n300\t2\t1\t40\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_day_is_read_whole_with_orders_by_placement(folder: Path) -> None:
    city = read_city(folder)

    assert [order.name for order in city.orders] == ["o2", "o1"]
    assert city.orders[1] == CityOrder("o1", 0.0, 500.0, 20, "r1", 28)
    assert city.orders[1].preparation_minutes == 8
    assert sorted(city.restaurants) == ["r1", "r2"]
    assert city.couriers[0].off_minute == 60
    assert city.parameters == Parameters(300.0, 2, 1)


def test_the_home_city_is_well_formed_and_small() -> None:
    city = read_city(MITTE)

    assert (len(city.restaurants), len(city.orders), len(city.couriers)) == (5, 30, 8)
    assert all(order.preparation_minutes <= 15 for order in city.orders)


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("orders.txt", None, None, "the file is missing"),
        ("orders.txt", "", None, "the file is empty"),
        ("couriers.txt", "courier\tx\ty\ton_time\toff_time\n", None, "nothing after the header"),
        ("restaurants.txt", "restaurant\tx\nr1\t0\n", 1, "the header lacks 'y'"),
        ("restaurants.txt", "restaurant\tx\ty\nr1\t0\n", 2, "2 columns where the header has 3"),
        ("restaurants.txt", "restaurant\tx\ty\nr1\tfar\t0\n", 2, "column 'x' is not a number: 'far'"),
        ("restaurants.txt", "restaurant\tx\ty\nr1\tnan\t0\n", 2, "column 'x' is not a finite number: 'nan'"),
        ("restaurants.txt", "restaurant\tx\ty\nr1\t0\t0\nr1\t0\t0\n", 3, "'r1' is there twice"),
        ("restaurants.txt", "restaurant\tx\ty\n\t0\t0\n", 2, "column 'restaurant' is empty"),
        (
            "orders.txt",
            "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t0\t0\t5\tr9\t6\n",
            2,
            "restaurant 'r9' is not in restaurants.txt",
        ),
        (
            "orders.txt",
            "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t0\t0\t5.5\tr1\t6\n",
            2,
            "column 'placement_time' is not a whole number of minutes: '5.5'",
        ),
        (
            "orders.txt",
            "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t0\t0\t-5\tr1\t6\n",
            2,
            "column 'placement_time' is below zero: -5",
        ),
        (
            "orders.txt",
            "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t0\t0\t9\tr1\t6\n",
            2,
            "ready at 6, before it was placed at 9",
        ),
        (
            "couriers.txt",
            "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t60\t60\n",
            2,
            "the shift ends at 60, not after its start at 60",
        ),
        (
            "instance_parameters.txt",
            "meters_per_minute\tpickup service minutes\tdropoff service minutes\n0\t1\t1\n",
            2,
            "column 'meters_per_minute' must be above zero: 0",
        ),
    ],
)
def test_a_malformed_folder_is_refused_with_file_line_and_reason(
    folder: Path, name: str, text: str | None, line: int | None, what: str
) -> None:
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")

    with pytest.raises(CityMalformed) as refusal:
        read_city(folder)

    assert (refusal.value.path, refusal.value.line, refusal.value.what) == (folder / name, line, what)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityMalformed, match="there is no such folder"):
        read_city(tmp_path / "nowhere")


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "orders.txt").write_bytes(b"order\xff\n")

    with pytest.raises(CityMalformed, match="cannot be read"):
        read_city(folder)


def test_metres_on_the_plane_are_metres_on_the_map(folder: Path) -> None:
    projection = read_city(folder).projection()

    middle = projection.place(500, 250)
    assert middle == BERLIN
    assert distance_m(middle, projection.place(500, 1250)) == pytest.approx(1000, rel=0.001)
    assert distance_m(middle, projection.place(-4500, 250)) == pytest.approx(5000, rel=0.001)
    assert projection.place(500, 1250).latitude > BERLIN.latitude
    assert projection.place(1500, 250).longitude > BERLIN.longitude


def test_a_way_is_walked_by_shares_and_never_beyond_its_ends() -> None:
    start, end = Place(52.5, 13.4), Place(52.6, 13.6)

    assert along(start, end, share=0.5) == Place(52.55, 13.5)
    assert along(start, end, share=-1) == start
    assert along(start, end, share=7) == end


def test_the_day_brings_every_order_at_its_minute_and_store(folder: Path) -> None:
    city = read_city(folder)

    wishes = list(wishes_of_the_day(city, store_ids={"r1": "store-1", "r2": "store-2"}, dice=random.Random(1)))

    assert [(wish.minute, wish.store_id, wish.preparation_minutes) for wish in wishes] == [
        (7, "store-2", 0),
        (20, "store-1", 8),
    ]
    assert wishes[1].door == city.projection().place(0, 500)


def test_every_common_habit_is_seen_within_the_first_twenty_three_wishes() -> None:
    wishes = endless_wishes(read_city(MITTE), dice=random.Random(1))

    first = [next(wishes) for _ in range(23)]

    seen = {wish.habit for wish in first}
    assert seen >= set(Habit) - {Habit.PAYS_LATE, Habit.PAYS_WRONG_AMOUNT, Habit.PROVIDER_SILENT}
    assert sum(wish.habit in HOPELESS for wish in first) == 4
    assert [wish.minute for wish in first] == sorted(wish.minute for wish in first)


def test_a_wish_made_properly_keeps_everything_but_the_habit() -> None:
    wish = next(wish for wish in endless_wishes(read_city(MITTE), dice=random.Random(1)) if wish.habit in HOPELESS)

    proper = wish.properly()

    assert (proper.habit, proper.door, proper.minute) == (Habit.PAYS, wish.door, wish.minute)

"""How long a plan takes, by the number of waiting orders and couriers: processor time, whatever else the machine does.

python -m benchmarks.matching_speed
python -m benchmarks.matching_speed --orders 500 --couriers 200 --rounds 20
"""

import argparse
import random
import time
from statistics import median
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.table import Table

from catalog.geography import Position
from couriers.matching import together
from couriers.matching.situation import KnownCourier, Situation, Stop, WaitingOrder

SIZES: Final = ((20, 20), (100, 50), (500, 200), (500, 600))
STORES: Final = 60


def a_town(orders: int, couriers: int, *, dice: random.Random) -> Situation:
    """Ten by fourteen kilometres; each courier has up to two orders in hand and room for two more."""
    stores = [(_id(dice), _somewhere(dice)) for _ in range(STORES)]
    return Situation(
        orders=tuple(_order(stores, dice=dice) for _ in range(orders)),
        couriers=tuple(_courier(dice) for _ in range(couriers)),
    )


def _order(stores: list[tuple[UUID, Position]], *, dice: random.Random) -> WaitingOrder:
    store_id, pickup = dice.choice(stores)
    ready = dice.uniform(-600, 600)
    return WaitingOrder(
        id=_id(dice),
        store_id=store_id,
        pickup=pickup,
        dropoff=_somewhere(dice),
        ready_seconds=ready,
        due_seconds=ready + 1_800,
    )


def _courier(dice: random.Random) -> KnownCourier:
    in_hand = dice.randrange(3)
    stops: list[Stop] = []
    for _ in range(in_hand):
        if dice.random() < 0.5:
            stops.append(Stop(position=_somewhere(dice), ready_seconds=dice.uniform(-300, 300)))
        stops.append(Stop(position=_somewhere(dice), due_seconds=dice.uniform(0, 1_800)))
    return KnownCourier(
        id=_id(dice),
        metres_per_second=4.2,
        capacity=in_hand + 2,
        active_orders=in_hand,
        position=_somewhere(dice),
        position_age_seconds=dice.uniform(0, 600),
        stops=tuple(stops),
    )


def _somewhere(dice: random.Random) -> Position:
    return Position(dice.uniform(52.47, 52.56), dice.uniform(13.3, 13.5))


def _id(dice: random.Random) -> UUID:
    return UUID(int=dice.getrandbits(128))


def main() -> None:
    options = parsed()
    sizes = [(options.orders, options.couriers)] if options.orders and options.couriers else SIZES
    table = Table(
        "orders", "couriers", "given", "median CPU ms", "longest CPU ms", title=f"{options.rounds} plans each"
    )
    together.match(a_town(2, 2, dice=random.Random(0)))  # loads SciPy
    for orders, couriers in sizes:
        towns = [a_town(orders, couriers, dice=random.Random(number)) for number in range(options.rounds)]
        taken, given = [], []
        for town in towns:
            started = time.process_time()
            plan = together.match(town)
            taken.append((time.process_time() - started) * 1_000)
            given.append(len(plan.proposals))
        table.add_row(f"{orders}", f"{couriers}", f"{median(given):.0f}", f"{median(taken):.0f}", f"{max(taken):.0f}")
    Console().print(table)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, help="with --couriers: this size only")
    parser.add_argument("--couriers", type=int)
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Who wants what, when: the orders a day will bring, and how their customers behave."""

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from operations.simulation.city import City
from operations.simulation.geography import Place

MINUTES_BETWEEN_WISHES = 2.0
OPENING_RUSH = 3
"""So many wishes come at once in the first minute of an endless day: nobody likes to watch an empty board."""

CALM_OF_A_RECORDED_DAY = 30
"""On a day that is replayed trouble is the exception it was; an endless day is to show all of it soon."""


class Habit(Enum):
    """How a customer goes about an order."""

    PAYS = "pays by card"
    PAYS_CASH = "pays at the door"
    ORDERS_BY_V1 = "orders through the first release's API"
    CHARGED_TWICE = "the provider reports the payment twice"
    DECLINED = "the card is declined"
    NEVER_PAYS = "leaves without paying"
    PROVIDER_SILENT = "the provider never answers"
    PAYS_LATE = "the payment arrives after the order has expired"
    PAYS_WRONG_AMOUNT = "the provider reports another amount"
    REGRETS_UNPAID = "cancels before paying"
    REGRETS_PAID = "cancels after paying"


HOPELESS = frozenset(
    {
        Habit.DECLINED,
        Habit.NEVER_PAYS,
        Habit.PROVIDER_SILENT,
        Habit.PAYS_LATE,
        Habit.PAYS_WRONG_AMOUNT,
        Habit.REGRETS_UNPAID,
    }
)
"""With these the first order never arrives; its customer orders once more, properly."""

RARE = (Habit.PAYS_LATE, Habit.PAYS_WRONG_AMOUNT, Habit.PROVIDER_SILENT)

COMMON = (
    *[Habit.PAYS] * 9,
    *[Habit.PAYS_CASH] * 3,
    *[Habit.ORDERS_BY_V1] * 2,
    Habit.CHARGED_TWICE,
    Habit.DECLINED,
    Habit.NEVER_PAYS,
    Habit.REGRETS_UNPAID,
    Habit.REGRETS_PAID,
)


def habits(dice: random.Random, *, calm: int = 0) -> Iterator[Habit]:
    """Dealt like cards, so that a short run also sees every common habit; a calm start, then shuffled decks.

    `calm` more customers in each deck just pay.
    """
    yield from [Habit.PAYS] * OPENING_RUSH
    for rarity in itertools.cycle(RARE):
        deck = [*COMMON, rarity, *[Habit.PAYS] * calm]
        dice.shuffle(deck)
        yield from deck


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants something brought to their door. It lasts, over as many orders as it takes, until it is."""

    minute: float
    door: Place
    preparation_minutes: float
    habit: Habit
    store_id: str | None = None
    """None: the customer looks around."""

    def properly(self) -> "Wish":
        """The same wish by somebody who has had enough of surprises."""
        return replace(self, habit=Habit.PAYS)


def endless_wishes(city: City, *, dice: random.Random) -> Iterator[Wish]:
    """Doors and kitchens of the city's orders in ever new order, at a steady rate, in whatever stores there are."""
    projection = city.projection()
    minute = 0.0
    for number, habit in enumerate(habits(dice)):
        example = dice.choice(city.orders)
        yield Wish(
            minute=minute,
            door=projection.place(example.x, example.y),
            preparation_minutes=example.preparation_minutes,
            habit=habit,
        )
        minute += dice.expovariate(1 / MINUTES_BETWEEN_WISHES) if number >= OPENING_RUSH else 0.3


def wishes_of_the_day(city: City, *, store_ids: Mapping[str, str], dice: random.Random) -> Iterator[Wish]:
    """The recorded orders at their recorded minutes; `store_ids` by restaurant."""
    projection = city.projection()
    for order, habit in zip(city.orders, habits(dice, calm=CALM_OF_A_RECORDED_DAY), strict=False):
        yield Wish(
            minute=order.placed_minute,
            door=projection.place(order.x, order.y),
            preparation_minutes=order.preparation_minutes,
            habit=habit,
            store_id=store_ids[order.restaurant],
        )

"""Whatever happens on the board: what its readers have put together from the socket is what they would fetch.

For a dispatcher and for the staff of one store, also when they were cut off in between. After zulip's `verify_action`
(docs/subsystems/events-system.md there).
"""

import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import pytest
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from api.errors import CataloguedError
from catalog.models import Store
from catalog.tests.factories import make_staff
from couriers.models import Assignment, Courier
from couriers.services.answering import decline_offer
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.services.dispatching import Handing, hand_over
from couriers.services.offering import offer_order
from couriers.services.positions import Fix, record_positions
from couriers.services.profiles import change_courier, set_status
from couriers.services.releasing import give_back
from couriers.states import CourierStatus, DeclineReason, FailureReason
from couriers.tests.factories import make_free_courier, staff
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.states import ACTIVE, OrderStatus
from orders.tests.factories import make_order, make_paid_order, make_product, make_store
from tracking.tests.board_readers import STATE, BoardReader, fetched, session_of
from tracking.tests.listening import Listener, do, listening, told

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS: Final = 3
STEPS: Final = 10
Step = Callable[[], object]


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """What has no event is found within a moment."""
    with (
        patch("tracking.live.board.REFRESH_EVERY_SECONDS", 0.5),
        patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.2),
        patch("tracking.live.board.POSITIONS_EVERY_SECONDS", 0.05),
    ):
        yield


@dataclass
class Town:
    """Two stores, a few couriers, and everything that can become of their orders."""

    stores: list[Store]
    couriers: list[Courier]
    boss: User
    dice: random.Random

    @property
    def actor(self) -> Actor:
        return Actor.of(self.boss)

    def go_on(self) -> None:
        """What is not possible just now is refused, which is part of life."""
        step = self.dice.choice([self._place, self._place, self._dispatch, self._dispatch, self._ride, *self._moves()])
        try:
            step()
        except CataloguedError:
            return
        finally:
            relay()

    def _place(self) -> None:
        product = make_product(self.dice.choice(self.stores))
        self.dice.choice([make_order, make_paid_order, make_paid_order])(product=product)

    def _dispatch(self) -> None:
        orders = self._some_orders(OrderStatus.CONFIRMED, OrderStatus.ASSIGNED, OrderStatus.PICKED_UP)
        courier_id = self.dice.choice([None, *(courier.pk for courier in self.couriers)])
        wishes = [Handing(order_id=order.pk, version=order.version, courier_id=courier_id) for order in orders]
        hand_over(wishes, actor=self.actor)

    def _ride(self) -> None:
        where = {"latitude": self.dice.uniform(52.51, 52.53), "longitude": 13.4}
        for courier in self.dice.sample(self.couriers, 2):
            record_positions(courier.pk, fixes=[Fix(recorded_at=timezone.now(), **where)])

    def _moves(self) -> list[Step]:
        return [
            *(partial(confirm_order, order.pk, actor=self.actor) for order in self._some_orders("paid", "failed")),
            *(partial(mark_ready, order.pk, actor=self.actor) for order in self._some_orders("confirmed")),
            *(partial(self._cancel, order) for order in self._some_orders(*ACTIVE)[:1]),
            *(partial(self._ask, order) for order in self._some_orders("confirmed")),
            *(partial(self._carry, held) for held in Assignment.objects.active()),
            *(partial(self._decline, asked) for asked in Assignment.objects.offered()),
            self._change_courier,
        ]

    def _some_orders(self, *statuses: str) -> list[Order]:
        orders = list(Order.objects.filter(status__in=statuses).order_by("pk"))
        return self.dice.sample(orders, min(len(orders), 3))

    def _cancel(self, order: Order) -> None:
        cancel_order(order.pk, actor=self.actor, reason="Out of bread")

    def _ask(self, order: Order) -> None:
        asked = self.dice.sample(self.couriers, 2)
        offer_order(order.pk, courier_ids=[courier.pk for courier in asked], actor=self.actor)

    def _decline(self, offer: Assignment) -> None:
        decline_offer(offer.pk, actor=Actor.of(offer.courier.user), reason=DeclineReason.BUSY)

    def _carry(self, held: Assignment) -> None:
        steps: list[Step] = [
            partial(pick_up, held.pk, actor=self.actor),
            partial(pick_up, held.pk, actor=self.actor),
            partial(deliver, held.pk, actor=self.actor, proof=Proof()),
            partial(deliver, held.pk, actor=self.actor, proof=Proof()),
            partial(fail, held.pk, actor=self.actor, reason=FailureReason.NOBODY_HOME),
            partial(give_back, held.pk, actor=Actor.of(held.courier.user)),
        ]
        self.dice.choice(steps)()

    def _change_courier(self) -> None:
        courier = self.dice.choice(self.couriers)
        changes: list[Step] = [
            lambda: set_status(courier.pk, status=self.dice.choice(list(CourierStatus))),
            lambda: change_courier(courier.pk, capacity=self.dice.randint(2, 4)),
            lambda: change_courier(courier.pk, is_active=self.dice.random() < 0.7),
        ]
        self.dice.choice(changes)()


@dataclass
class Listening:
    """A reader, and what they do when they are cut off: they come back with what they heard last."""

    user: User
    headers: dict[str, str]
    reader: BoardReader

    @property
    def path(self) -> str:
        return STATE if self.reader.sequence is None else f"{STATE}?after={self.reader.sequence}"

    async def catch_up(self, socket: Listener, wanted: dict[str, Any]) -> None:
        """Until it has what a fetch gives now; otherwise the test ends in the listener's patience."""
        while not self.reader.has(wanted):
            self.reader.take(await socket.hear())


@pytest.mark.parametrize("seed", range(3))
def test_snapshot_and_events_make_what_a_fetch_gives(seed: int) -> None:
    dice = random.Random(seed)
    stores = [make_store(), make_store()]
    couriers = [make_free_courier(name="Kim", capacity=3), make_free_courier(name="Robin", capacity=3)]
    couriers.append(make_free_courier(name="Sam", capacity=3, stores=(stores[0],)))
    town = Town(stores, couriers, staff(), dice)
    users = [make_user(Role.DISPATCHER), make_staff(stores[0])]
    readers = [Listening(user, session_of(user), BoardReader()) for user in users]

    async def read_for_a_while() -> None:
        """Then all connections are cut; meanwhile things go on."""
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(listening(one.path, headers=one.headers)) for one in readers]
            for _ in range(STEPS):
                await do(town.go_on)
                for one, socket in zip(readers, sockets, strict=True):
                    await one.catch_up(socket, await do(fetched, one.user))
        await do(town.go_on)

    async def story() -> None:
        for _ in range(ROUNDS):
            await read_for_a_while()

    told(story)
    assert len(readers[0].reader.events) > STEPS
    assert set(readers[1].reader.stores) == {str(stores[0].pk)}

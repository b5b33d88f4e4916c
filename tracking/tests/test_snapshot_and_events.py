"""Whatever happens to an order, and to another one in the same hands: what a reader has put together from the socket is
what they would fetch.

Also for readers who were cut off in between. After zulip's `verify_action` (docs/subsystems/events-system.md there).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from couriers.models import Assignment, Courier
from couriers.services.assigning import assign_order, unassign_order
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.services.positions import Fix, record_positions
from couriers.states import FailureReason
from couriers.tests.factories import make_free_courier, staff
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.states import OrderStatus
from orders.tests.factories import make_paid_order, make_product, make_ready_order, make_store
from tracking.tests.listening import Listener, do, listening, path_of, told

pytestmark = pytest.mark.django_db(transaction=True)

STEPS: Final = 12
# What goes on with the time alone.
VOLATILE: Final = ("as_of", "eta", "eta_seconds", "arrival")
SECONDS_APART: Final = 20


@dataclass
class Reader:
    """Does what docs/tracking.md tells readers to do."""

    data: dict[str, Any] = field(default_factory=dict)
    sequence: int | None = None

    def take(self, message: Mapping[str, Any]) -> None:
        if message["kind"] in {"snapshot", "event"}:
            self.data, self.sequence = dict(message["data"]), message["sequence"]
        if message["kind"] in {"position", "eta"}:
            self.data |= {name: message[name] for name in ("progress", *VOLATILE)}
        if message["kind"] == "position":
            self.data["courier"] = {**self.data["courier"], "position": message["position"]}

    async def catch_up(self, socket: Listener, order: Order) -> dict[str, Any]:
        """Until it has what a fetch gives now; otherwise the test ends in the listener's patience."""
        wanted = await do(fetched, order)
        while not (self.data and is_same(self.data, wanted)):
            self.take(await socket.hear())
        return wanted


def fetched(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = Client().get(f"/track/{order.tracking_token}/data").json()
    return body


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    left = [data["eta_seconds"] for data in (one, other) if data["eta_seconds"] is not None]
    return (
        settled(one) == settled(other)
        and len(left) != 1
        and max(left, default=0) - min(left, default=0) <= SECONDS_APART
    )


def settled(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in data.items() if name not in VOLATILE}
    if rest["courier"] and rest["courier"]["position"]:
        position = {name: value for name, value in rest["courier"]["position"].items() if name != "age_seconds"}
        rest["courier"] = {**rest["courier"], "position": position}
    return rest


@dataclass
class Life:
    """One order, and everything that can become of it; and another, which may be carried along with it."""

    order: Order
    other: Order
    boss: User
    couriers: list[Courier]
    dice: random.Random

    def go_on(self) -> None:
        order = Order.objects.get(pk=self.order.pk)
        choices = self._choices()[OrderStatus(order.status)]
        self.dice.choice([*choices, self._ride, self._turn_to_the_other])()
        relay()

    def _choices(self) -> Mapping[OrderStatus, list[Callable[[], object]]]:
        actor, order_id = Actor.of(self.boss), self.order.pk
        cancel = self._rarely(lambda: cancel_order(order_id, actor=actor, reason="Out of bread"))
        assign = self._assign
        return {
            OrderStatus.CREATED: [],
            OrderStatus.PAID: [lambda: confirm_order(order_id, actor=actor), cancel],
            OrderStatus.CONFIRMED: [self._get_ready, assign, assign, cancel],
            OrderStatus.ASSIGNED: [self._pick_up, assign, lambda: unassign_order(order_id, actor=actor), cancel],
            OrderStatus.PICKED_UP: [self._deliver, self._fail, self._ride, self._ride],
            OrderStatus.FAILED: [lambda: confirm_order(order_id, actor=actor), cancel],
            OrderStatus.DELIVERED: [],
            OrderStatus.CANCELLED: [],
        }

    def _rarely(self, work: Callable[[], object]) -> Callable[[], object]:
        return lambda: work() if self.dice.random() < 0.3 else None

    def _ride(self) -> None:
        for courier in self.couriers:
            where = Fix(latitude=self.dice.uniform(52.51, 52.53), longitude=13.4, recorded_at=timezone.now())
            record_positions(courier.id, fixes=[where])

    def _turn_to_the_other(self) -> None:
        actor, held = Actor.of(self.boss), self._held(self.other)
        if held is None:
            if OrderStatus(Order.objects.get(pk=self.other.pk).status) == OrderStatus.CONFIRMED:
                assign_order(self.other.pk, courier_id=self.dice.choice(self.couriers).id, actor=actor)
        elif held.picked_up_at is not None:
            deliver(held.pk, actor=actor, proof=Proof())
        elif self.dice.random() < 0.5:
            unassign_order(self.other.pk, actor=actor)
        else:
            pick_up(held.pk, actor=actor)

    def _held(self, order: Order) -> Assignment | None:
        return Assignment.objects.active().filter(order_id=order.pk).first()

    def _hand(self) -> UUID:
        held = self._held(self.order)
        assert held is not None
        return held.pk

    def _get_ready(self) -> None:
        if Order.objects.filter(pk=self.order.pk, ready_at=None).exists():
            mark_ready(self.order.pk, actor=Actor.of(self.boss))

    def _pick_up(self) -> None:
        self._get_ready()
        pick_up(self._hand(), actor=Actor.of(self.boss))

    def _assign(self) -> None:
        chosen = self.dice.choice(self.couriers)
        assign_order(self.order.pk, courier_id=chosen.id, actor=Actor.of(self.boss))

    def _deliver(self) -> None:
        deliver(self._hand(), actor=Actor.of(self.boss), proof=Proof())

    def _fail(self) -> None:
        fail(self._hand(), actor=Actor.of(self.boss), reason=FailureReason.NOBODY_HOME)


def far_away() -> Order:
    """So that it makes a difference."""
    order = make_ready_order(product=make_product(make_store(latitude=52.55, longitude=13.45)))
    Order.objects.filter(pk=order.pk).update(dropoff_latitude=52.54, dropoff_longitude=13.42)
    return order


@pytest.mark.parametrize("seed", range(6))
def test_snapshot_and_events_make_what_a_fetch_gives(seed: int) -> None:
    dice = random.Random(seed)
    couriers = [make_free_courier(name=name, capacity=2) for name in ("Kim", "Robin")]
    life = Life(make_paid_order(), far_away(), staff(), couriers, dice)
    reader = Reader()

    async def read_for_a_while() -> None:
        """Then the connection is cut; meanwhile things go on."""
        async with listening(path_of(life.order, after=reader.sequence)) as socket:
            for _ in range(dice.randint(1, 4)):
                wanted = await reader.catch_up(socket, life.order)
                if wanted["is_over"]:
                    return
                await do(life.go_on)
        await do(life.go_on)

    async def story() -> None:
        for _ in range(STEPS):
            await read_for_a_while()

    told(story)
    assert settled(reader.data)["order_id"] == str(life.order.pk)

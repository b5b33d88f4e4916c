"""What a courier has in hand besides an order: it counts in the time of arrival, and is nobody else's business."""

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from catalog.geography import Position
from couriers.models import Assignment, Courier
from couriers.moving import Move
from couriers.services.assigning import assign_order, unassign_order
from couriers.services.carrying import fail, pick_up
from couriers.services.delivering import Proof, deliver
from couriers.services.positions import Fix, record_positions
from couriers.states import FailureReason
from couriers.tests.conftest import Caller
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, staff
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.services.confirming import mark_ready
from orders.tests.factories import make_product, make_ready_order, make_store
from tracking.board.reading import read_board, read_rows
from tracking.eta import Reached, ride_seconds
from tracking.live.hints import CourierMoved, Hint, OrdersChanged, hint_of
from tracking.models import OrderRoute
from tracking.tests.listening import do, listening, path_of, told

pytestmark = pytest.mark.django_db

HANDOVER = 240
START = {"latitude": 52.5, "longitude": 13.4}
# The customer's own order goes a long way; everything of the other one is near the courier.
OWN_STORE, OWN_DOOR = {"latitude": 52.51, "longitude": 13.4}, {"latitude": 52.55, "longitude": 13.4}
OTHER_STORE, OTHER_DOOR = {"latitude": 52.50111, "longitude": 13.41222}, {"latitude": 52.50333, "longitude": 13.41444}


def at(courier: Courier, **where: float) -> Courier:
    Courier.objects.filter(pk=courier.pk).update(**where, position_recorded_at=timezone.now())
    return courier


def bound_for(assignment: Assignment, **door: float) -> Assignment:
    drop_off = {f"dropoff_{name}": value for name, value in door.items()}
    Order.objects.filter(pk=assignment.order_id).update(**drop_off)
    return assignment


def own(courier: Courier) -> Assignment:
    return bound_for(make_picked_up(courier=courier, product=make_product(make_store(**OWN_STORE))), **OWN_DOOR)


def another(courier: Courier) -> Assignment:
    return bound_for(make_accepted(courier=courier, product=make_product(make_store(**OTHER_STORE))), **OTHER_DOOR)


def ready_elsewhere() -> Order:
    order = make_ready_order(product=make_product(make_store(**OTHER_STORE)))
    Order.objects.filter(pk=order.pk).update(dropoff_latitude=52.50333, dropoff_longitude=13.41444)
    return order


def somebody() -> Courier:
    return at(make_courier(capacity=3), **START)


def data(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = Client().get(f"/track/{order.tracking_token}/data").json()
    return body


def api_seconds(order: Order) -> int:
    return int(Caller(staff()).get(f"deliveries/{order.pk}").json()["eta_seconds"])


def riding(*places: dict[str, float]) -> float:
    stops = [Position(**place) for place in places]
    return sum(ride_seconds(here, there, usual_kmh=15) for here, there in pairwise(stops))


def test_what_is_done_on_the_way_makes_an_order_later() -> None:
    courier = somebody()
    carried = own(courier)
    assert api_seconds(carried.order) == pytest.approx(riding(START, OWN_DOOR) + HANDOVER, abs=2)
    another(courier)
    through = riding(START, OTHER_STORE, OTHER_DOOR, OWN_DOOR) + 3 * HANDOVER
    assert api_seconds(carried.order) == pytest.approx(through, abs=2)
    assert data(carried.order)["eta_seconds"] == pytest.approx(through, abs=2)


def test_what_is_brought_afterwards_does_not() -> None:
    courier = somebody()
    other = another(courier)
    alone = api_seconds(other.order)
    own(courier)
    assert api_seconds(other.order) == pytest.approx(alone, abs=2)


def test_an_order_that_is_still_to_be_fetched_waits_for_the_others_too() -> None:
    courier = somebody()
    waiting = bound_for(make_accepted(courier=courier, product=make_product(make_store(**OWN_STORE))), **OWN_DOOR)
    assert api_seconds(waiting.order) == pytest.approx(riding(START, OWN_STORE, OWN_DOOR) + 2 * HANDOVER, abs=2)
    bound_for(make_picked_up(courier=courier), **OTHER_DOOR)
    through = riding(START, OTHER_DOOR, OWN_STORE, OWN_DOOR) + 3 * HANDOVER
    assert api_seconds(waiting.order) == pytest.approx(through, abs=2)


def test_what_is_over_or_cancelled_or_only_offered_does_not_count() -> None:
    courier = somebody()
    carried = own(courier)
    alone = api_seconds(carried.order)
    cancel_order(another(courier).order_id, actor=Actor.of(staff()), reason="Out of bread")
    assert api_seconds(carried.order) == pytest.approx(alone, abs=2)
    deliver(bound_for(make_picked_up(courier=courier), **OTHER_DOOR).pk, actor=actor_of(courier), proof=Proof())
    another(somebody())
    assert api_seconds(carried.order) == pytest.approx(alone, abs=2)


@pytest.mark.parametrize(("by_road", "counts"), [(2.0, 2.0), (0.9, 0.9), (20.0, 3.0)])
def test_ways_that_are_known_say_how_long_the_others_are(by_road: float, counts: float, settings: Any) -> None:
    """But none of them counts for more than three times the straight line: the others may lead elsewhere."""
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", "http://roads.test"
    courier = somebody()
    carried = own(courier)
    another(courier)
    know_the_way(carried, seconds=by_road * riding(OWN_STORE, OWN_DOOR))
    through = counts * riding(START, OTHER_STORE, OTHER_DOOR, OWN_DOOR) + 3 * HANDOVER
    assert api_seconds(carried.order) == pytest.approx(through, abs=2)
    assert seconds_left(read_board().orders[carried.order_id].eta) == pytest.approx(through, abs=5)


def know_the_way(assignment: Assignment, *, seconds: float) -> None:
    ends = [list(OWN_STORE.values()), list(OWN_DOOR.values())]
    OrderRoute.objects.create(
        order=assignment.order, vehicle="bicycle", ask_at=None, seconds=seconds, metres=5000, points=ends
    )


def test_the_board_says_what_each_order_says_itself() -> None:
    courier = somebody()
    orders = [own(courier).order, another(courier).order, another(courier).order]
    for rows in (read_board().orders, read_rows(order_ids=[order.pk for order in orders], courier_ids=[]).orders):
        assert [seconds_left(rows[order.pk].eta) for order in orders] == pytest.approx(
            [api_seconds(order) for order in orders], abs=5
        )


def test_a_part_of_the_board_counts_what_is_not_in_it() -> None:
    courier = somebody()
    carried = own(courier)
    another(courier)
    (row,) = read_rows(order_ids=[carried.order_id], courier_ids=[]).orders.values()
    assert seconds_left(row.eta) == pytest.approx(api_seconds(carried.order), abs=5)


def seconds_left(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - timezone.now()).total_seconds()


def test_a_part_of_the_board_costs_as_many_queries_whatever_couriers_have_in_hand() -> None:
    courier = make_courier(capacity=4)
    order_id = own(courier).order_id

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            read_rows(order_ids=[order_id], courier_ids=[])
        return len(asked)

    few = queries()
    for _ in range(3):
        another(courier)
    assert queries() == few


PLACES = [str(value) for place in (OTHER_STORE, OTHER_DOOR) for value in place.values()]


def places_in(text: str) -> list[str]:
    """To about a hundred metres, so that rounding hides nothing."""
    return [place for place in PLACES if place[:6] in text]


def test_customers_are_not_told_where_the_others_live() -> None:
    courier = somebody()
    carried = own(courier)
    other = another(courier)
    Order.objects.filter(pk=other.order_id).update(number="THE-OTHER")
    token = carried.order.tracking_token
    for path in (f"/track/{token}/", f"/track/{token}/data"):
        shown = Client().get(path).content.decode()
        assert places_in(shown) == []
        assert [secret for secret in (str(other.order_id), str(other.pk), "THE-OTHER") if secret in shown] == []
    customer = carried.order.customer
    assert customer is not None
    shown = Caller(customer).get(f"deliveries/{carried.order_id}").content.decode()
    assert places_in(shown) == []
    assert str(other.order_id) not in shown


def test_of_the_others_a_link_reads_nothing_but_where_and_when() -> None:
    courier = somebody()
    carried = own(courier)
    another(courier)
    with CaptureQueriesContext(connection) as asked:
        data(carried.order)
    statements = [query["sql"] for query in asked]
    (of_hands,) = [sql for sql in statements if "dropoff_latitude" in sql and "assignment" in sql]
    secrets = ("pin", "contact_phone", "dropoff_address", "tracking_token", "note", "recipient", "email")
    assert [secret for secret in secrets if f'"{secret}"' in of_hands] == []


def hints_of_riding(courier: Courier) -> list[Hint]:
    fix = Fix(latitude=52.505, longitude=13.4, recorded_at=timezone.now())
    with patch("tracking.handlers.sender.send") as send:
        record_positions(courier.id, fixes=[fix])
    return [call.args[0] for call in send.call_args_list]


@pytest.mark.django_db(transaction=True)
def test_a_hint_of_a_move_carries_times_and_no_doors() -> None:
    courier = somebody()
    orders = [own(courier).order, another(courier).order]
    (hint,) = hints_of_riding(courier)
    assert isinstance(hint, CourierMoved)
    assert places_in(json.dumps(hint.as_message())) == []
    assert hint_of(json.loads(json.dumps(hint.as_message()))) == hint
    seconds = [reached.door + HANDOVER for order in orders if (reached := hint.reached[order.pk])]
    assert seconds == pytest.approx([api_seconds(order) for order in orders], abs=5)


@pytest.mark.django_db(transaction=True)
def test_a_hint_goes_by_the_roads_as_everything_else_does(settings: Any) -> None:
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", "http://roads.test"
    courier = somebody()
    carried = own(courier)
    another(courier)
    know_the_way(carried, seconds=2 * riding(OWN_STORE, OWN_DOOR))
    (hint,) = hints_of_riding(courier)
    assert isinstance(hint, CourierMoved)
    reached = hint.reached[carried.order_id]
    assert reached is not None
    assert reached.door + HANDOVER == pytest.approx(api_seconds(carried.order), abs=5)


@pytest.mark.django_db(transaction=True)
def test_of_an_order_that_is_carried_alone_there_is_nothing_to_say() -> None:
    courier = somebody()
    carried = own(courier)
    (hint,) = hints_of_riding(courier)
    assert isinstance(hint, CourierMoved)
    assert hint.reached == {carried.order_id: None}


@pytest.mark.django_db(transaction=True)
def test_a_position_counts_the_other_orders_in() -> None:
    courier = somebody()
    carried = own(courier)
    another(courier)

    async def story() -> dict[str, Any]:
        async with listening(path_of(carried.order)) as socket:
            await socket.hear()
            fix = Fix(latitude=52.505, longitude=13.4, recorded_at=timezone.now() + timedelta(seconds=1))
            await do(record_positions, courier.id, fixes=[fix])
            return await socket.hear()

    moved = told(story)
    assert moved["kind"] == "position"
    assert places_in(json.dumps(moved)) == []
    assert moved["eta_seconds"] == pytest.approx(data(carried.order)["eta_seconds"], abs=5)
    here = {"latitude": 52.505, "longitude": 13.4}
    assert moved["eta_seconds"] == pytest.approx(riding(here, OTHER_STORE, OTHER_DOOR, OWN_DOOR) + 3 * HANDOVER, abs=5)


def take_on(order: Order, courier: Courier) -> None:
    assign_order(order.pk, courier_id=courier.id, actor=Actor.of(staff()))


def give_away(order: Order, courier: Courier) -> None:
    assign_order(order.pk, courier_id=somebody().id, actor=Actor.of(staff()))


def take_back(order: Order, courier: Courier) -> None:
    unassign_order(order.pk, actor=Actor.of(staff()))


def kitchen_is_slow(order: Order, courier: Courier) -> None:
    Order.objects.filter(pk=order.pk).update(ready_at=None, estimated_ready_at=timezone.now() + timedelta(minutes=14))


def be_ready(order: Order, courier: Courier) -> None:
    mark_ready(order.pk, actor=Actor.of(staff()))


def fetch(order: Order, courier: Courier) -> None:
    pick_up(held(order).pk, actor=actor_of(courier))


def bring(order: Order, courier: Courier) -> None:
    deliver(held(order).pk, actor=actor_of(courier), proof=Proof())


def give_up(order: Order, courier: Courier) -> None:
    fail(held(order).pk, actor=actor_of(courier), reason=FailureReason.NOBODY_HOME)


def cancel(order: Order, courier: Courier) -> None:
    cancel_order(order.pk, actor=Actor.of(staff()), reason="Mistake")


def held(order: Order) -> Assignment:
    return Assignment.objects.active().get(order=order)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("before", "what"),
    [
        ((), take_on),
        ((take_on,), give_away),
        ((take_on,), take_back),
        ((take_on,), cancel),
        ((take_on, kitchen_is_slow), be_ready),
        ((take_on,), fetch),
        ((take_on, fetch), bring),
        ((take_on, fetch), give_up),
    ],
)
def test_whatever_becomes_of_another_order_is_told_at_once_to_who_waits_for_this_one(before: Any, what: Any) -> None:
    """As a new time; that there is another order, and what has become of it, is not said."""
    courier = somebody()
    carried = own(courier)
    other = ready_elsewhere()
    for step in before:
        step(other, courier)
    relay()

    async def story() -> tuple[dict[str, Any], dict[str, Any]]:
        async with listening(path_of(carried.order)) as socket:
            opened = await socket.hear()
            await do(what, other, courier)
            await do(relay)
            return opened, await socket.hear()

    opened, heard = told(story)
    assert (heard["kind"], heard["sequence"]) == ("snapshot", opened["sequence"])
    assert heard["data"]["eta_seconds"] == pytest.approx(data(carried.order)["eta_seconds"], abs=5)
    assert abs(heard["data"]["eta_seconds"] - opened["data"]["eta_seconds"]) > 60
    assert places_in(json.dumps(heard)) == []
    assert str(other.pk) not in json.dumps(heard)


@pytest.mark.django_db(transaction=True)
def test_what_becomes_of_a_strangers_order_wakes_nobody() -> None:
    carried = own(somebody())
    stranger = another(somebody())
    relay()
    with patch("tracking.handlers.sender.send") as send:
        pick_up(stranger.pk, actor=actor_of(stranger.courier))
        relay()
    told_of = {order_id for call in send.call_args_list for order_id in called(call.args[0])}
    assert told_of == {stranger.order_id}
    assert carried.order_id not in told_of


def called(hint: Hint) -> set[Any]:
    return set(hint.sequences) if isinstance(hint, OrdersChanged) else set()


@pytest.mark.django_db(transaction=True)
def test_what_was_reckoned_before_the_reader_looked_is_not_told_after_it() -> None:
    """A hint that took its time: the reader has that position, and what has happened since."""
    courier = somebody()
    carried = own(courier)
    seen_at = Courier.objects.get(pk=courier.pk).position_recorded_at
    assert seen_at is not None

    async def story() -> list[Any]:
        from tracking.live.hub import _hub_of_this_loop

        def move(later: int) -> Move:
            moment = seen_at + timedelta(seconds=later)
            return Move(courier_id=courier.id, position=Position(**START), recorded_at=moment)

        async with listening(path_of(carried.order)) as socket:
            await socket.hear()
            hub = _hub_of_this_loop()
            hub._hand_on(CourierMoved(move(0), {carried.order_id: Reached(store=0, door=9000)}))
            assert await socket.hears_nothing()
            hub._hand_on(CourierMoved(move(1), {carried.order_id: Reached(store=0, door=60)}))
            return [(await socket.hear())["eta_seconds"]]

    assert told(story) == [60 + HANDOVER]

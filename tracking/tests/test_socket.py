"""The customer's socket over each wire, with the database in other threads."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actors import Actor
from catalog.geography import Position
from couriers.models import Assignment, Courier
from couriers.moving import Move
from couriers.services.delivering import Proof, deliver
from couriers.services.positions import Fix, record_positions
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, staff
from events.models import Event, SequenceCounter
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_order
from tracking.live.closing import CloseCode
from tracking.live.hub import TURNS, versions_of
from tracking.tests.listening import do, listening, path_of, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("each_wire")]


def fetched(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = Client().get(f"/track/{order.tracking_token}/data").json()
    return body


def bring(assignment: Assignment) -> None:
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    relay()


def cancel(order: Order) -> None:
    cancel_order(order.id, actor=Actor.of(staff()), reason="Mistake")


def sequences_of(order: Order) -> list[int]:
    """What is told of it to its customer."""
    events = Event.objects.filter(subject_type="order", subject_id=order.id).order_by("position")
    return [sequence for sequence in events.values_list("sequence", flat=True) if sequence]


def ride(courier: Courier, *, longitude: float) -> None:
    fix = Fix(latitude=52.5202, longitude=longitude, recorded_at=timezone.now())
    record_positions(courier.id, fixes=[fix])


def test_a_socket_opens_with_the_whole_picture_and_ends_with_the_delivery() -> None:
    assignment = make_picked_up()
    relay()
    before = sequences_of(assignment.order)

    async def story() -> None:
        async with listening(path_of(assignment.order)) as socket:
            opened = await socket.hear()
            assert (opened["kind"], opened["data"]["status"]) == ("snapshot", "picked_up")
            assert opened["sequence"] == opened["data"]["sequence"] == before[-1]
            await do(bring, assignment)
            event = await socket.hear()
            assert event["kind"] == "event"
            assert [event["sequence"]] == (await do(sequences_of, assignment.order))[len(before) :]
            assert event["event"].keys() == {"id", "type", "occurred_at", "sequence"}
            assert event["event"]["type"] == "order.delivered"
            assert event["data"]["headline"] == "Delivered"
            assert await socket.close_code() == CloseCode.OVER

    told(story)


def test_positions_arrive_with_what_they_change() -> None:
    assignment = make_picked_up()

    async def story() -> dict[str, Any]:
        async with listening(path_of(assignment.order)) as socket:
            await socket.hear()
            await do(ride, assignment.courier, longitude=13.405)
            return await socket.hear()

    moved = told(story)
    now = fetched(assignment.order)
    assert moved["kind"] == "position"
    assert moved["position"].keys() == now["courier"]["position"].keys()
    assert (moved["position"]["longitude"], moved["position"]["distance_m"]) == (13.405, 300)
    assert (moved["progress"], moved["eta_seconds"]) == (now["progress"], now["eta_seconds"])


def test_nobody_is_told_where_the_courier_is_before_the_pick_up() -> None:
    assignment = make_accepted()

    async def story() -> None:
        async with listening(path_of(assignment.order)) as socket:
            await socket.hear()
            await do(ride, assignment.courier, longitude=13.405)
            heard = await socket.hear()
            assert heard.keys() == {"kind", "progress", "eta", "eta_seconds", "arrival", "as_of"}
            assert heard["kind"] == "eta"
            await do(cancel, assignment.order)
            await do(relay)
            heard = (await socket.hear_until(lambda message: message["data"]["is_over"]))[-1]
            assert heard["data"]["courier"] is None

    told(story)


def test_a_hint_of_a_move_that_is_not_the_customers_is_not_passed_on() -> None:
    """Even if it were told by mistake: the socket knows for itself what its reader may know."""
    carried, waiting = make_picked_up(), make_accepted()
    stranger = make_courier()
    early = carried.picked_up_at
    assert early is not None

    def move(courier: Courier, moment: Any) -> Move:
        return Move(courier_id=courier.id, position=Position(52.52, 13.4), recorded_at=moment)

    async def story() -> list[str]:
        from tracking.live.hints import CourierMoved
        from tracking.live.hub import _hub_of_this_loop

        async with listening(path_of(carried.order)) as one, listening(path_of(waiting.order)) as other:
            await one.hear()
            await other.hear()
            hub = _hub_of_this_loop()
            orders = dict.fromkeys([carried.order_id, waiting.order_id])
            hub._hand_on(CourierMoved(move(stranger, timezone.now()), orders))
            assert await one.hears_nothing()
            hub._hand_on(CourierMoved(move(carried.courier, early - timedelta(seconds=61)), orders))
            told_one = [(await one.hear())["kind"]]
            hub._hand_on(CourierMoved(move(carried.courier, timezone.now()), orders))
            told_one += [(await one.hear())["kind"]]
            hub._hand_on(CourierMoved(move(waiting.courier, timezone.now()), orders))
            return [*told_one, (await other.hear())["kind"]]

    assert told(story) == ["eta", "position", "eta"]


def test_what_was_missed_is_told_again() -> None:
    order = make_picked_up().order
    relay()
    sequences = sequences_of(order)

    async def story() -> list[dict[str, Any]]:
        async with listening(path_of(order, after=sequences[-4])) as socket:
            return [await socket.hear() for _ in range(3)]

    heard = told(story)
    assert [message["event"]["type"] for message in heard] == ["order.ready", "order.assigned", "order.picked_up"]
    assert [message["sequence"] for message in heard] == sequences[-3:]
    assert heard[-1]["data"]["status"] == "picked_up"


def test_who_has_missed_nothing_gets_a_fresh_picture_all_the_same() -> None:
    """Time and the courier have moved on."""
    order = make_picked_up().order
    relay()
    last = sequences_of(order)[-1]

    async def story() -> dict[str, Any]:
        async with listening(path_of(order, after=last)) as socket:
            return await socket.hear()

    assert told(story)["kind"] == "snapshot"


@pytest.mark.parametrize(("after", "removed"), [(1, 3), (99_999, 0)])
def test_who_comes_from_too_long_ago_or_from_another_history_begins_anew(after: int, removed: int) -> None:
    order = make_picked_up().order
    relay()
    SequenceCounter.objects.update(removed=removed)

    async def story() -> list[str]:
        async with listening(path_of(order, after=after)) as socket:
            return [(await socket.hear())["kind"] for _ in range(2)]

    assert told(story) == ["reset", "snapshot"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/ws/track/nothing/", CloseCode.NOT_FOUND),
        ("/ws/track/%00/", CloseCode.NOT_FOUND),
        ("/ws/elsewhere", CloseCode.NOT_FOUND),
        ("/", CloseCode.NOT_FOUND),
    ],
)
def test_what_is_not_there_is_closed_with_its_code(path: str, code: CloseCode) -> None:
    async def story() -> int:
        async with listening(path) as socket:
            return await socket.close_code()

    assert told(story) == code


@pytest.mark.parametrize("after", ["", "-1", "x", "1.5", "9" * 30, "\u0663"])
def test_an_after_that_is_no_sequence_is_refused(after: str) -> None:
    order = make_order()

    async def story() -> int:
        async with listening(path_of(order, after=after)) as socket:
            return await socket.close_code()

    assert told(story) == CloseCode.BAD_REQUEST


def test_a_link_that_ends_closes_its_sockets() -> None:
    order = make_order()

    async def story() -> int:
        async with listening(path_of(order)) as socket:
            await socket.hear()
            await do(Order.objects.update, anonymised_at=timezone.now())
            return await socket.close_code()

    with patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.05):
        assert told(story) == CloseCode.NOT_FOUND


def test_what_nobody_was_told_is_found_all_the_same() -> None:
    """Wires lose what they like."""
    order = make_order()

    async def story() -> dict[str, Any]:
        async with listening(path_of(order)) as socket:
            await socket.hear()
            with patch("tracking.live.pushing.Sender.send"):
                await do(cancel, order)
                await do(relay)
            return (await socket.hear_until(lambda message: message["data"]["is_over"]))[-1]

    with patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.05):
        assert told(story)["data"]["headline"] == "Cancelled"


def test_orders_are_looked_at_in_turns_and_none_is_left_out() -> None:
    orders = [make_order() for _ in range(3)]

    async def story() -> list[str]:
        async with AsyncExitStack() as leaving:
            sockets = [await leaving.enter_async_context(listening(path_of(order))) for order in orders]
            for socket in sockets:
                await socket.hear()
            with patch("tracking.live.pushing.Sender.send"):
                for order in orders:
                    await do(cancel, order)
                await do(relay)
            heard = [await socket.hear_until(lambda message: message["data"]["is_over"]) for socket in sockets]
            return [messages[-1]["data"]["headline"] for messages in heard]

    with (
        patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.hub.versions_of", wraps=versions_of) as look,
    ):
        assert told(story) == ["Cancelled"] * 3
    turns = [{order_id.int % TURNS for order_id in call.args[0]} for call in look.call_args_list]
    assert all(len(turn) == 1 for turn in turns)


def test_a_socket_opens_and_follows_while_the_wire_is_down() -> None:
    order = make_order()
    away = ConnectionRefusedError("nobody there")

    async def story() -> str:
        async with listening(path_of(order)) as socket:
            await socket.hear()
            await do(cancel, order)
            heard = await socket.hear_until(lambda message: message["data"]["is_over"])
            return str(heard[-1]["data"]["headline"])

    with (
        patch("tracking.live.hub.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.hub.PATIENCE_SECONDS", 0.05),
        patch("tracking.live.hub.wire_in_use", side_effect=away),
        patch("tracking.live.pushing.Sender.send"),
    ):
        assert told(story) == "Cancelled"


def test_a_reader_who_hears_nothing_hears_that_we_are_there() -> None:
    order = make_order()

    async def story() -> list[str]:
        async with listening(path_of(order)) as socket:
            return [(await socket.hear())["kind"] for _ in range(3)]

    with patch("tracking.consumers.PING_SECONDS", 0.05):
        assert told(story) == ["snapshot", "ping", "ping"]


def test_integrators_events_are_not_for_customers() -> None:
    order = make_order()
    relay()
    Event.objects.create(
        type="order.cancelled", subject_type="order", subject_id=make_order().id, subject_version=1, correlation_id="x"
    )
    Event.objects.create(
        type="ext.note", subject_type="order", subject_id=order.id, subject_version=1, correlation_id="x"
    )
    relay()

    async def story() -> list[str]:
        async with listening(path_of(order, after=0)) as socket:
            return [(await socket.hear())["event"]["type"]]

    assert told(story) == ["order.created"]

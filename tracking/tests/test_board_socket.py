"""The staff's socket over each wire: what it opens with, what it tells, to whom, and how it ends."""

import json
from contextlib import AsyncExitStack
from typing import Any
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import make_user
from api.tests.waiting import until
from catalog.models import Membership
from catalog.tests.factories import make_staff
from couriers.models import Courier
from couriers.services.positions import Fix, record_positions
from couriers.services.profiles import change_courier, set_status
from couriers.states import CourierStatus
from couriers.tests.factories import accept, make_accepted, make_courier, make_free_courier, offer, staff
from events.models import Event, SequenceCounter
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order, make_product, make_store
from tracking.board.looking import look_since
from tracking.live.board import _boards
from tracking.live.closing import CloseCode
from tracking.tests.board_readers import STATE, BoardReader, bearer, fetched, session_of
from tracking.tests.listening import do, listening, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("each_wire")]


@pytest.fixture
def dispatcher() -> User:
    return make_user(Role.DISPATCHER)


def taken(order: Order, courier: Courier) -> None:
    accept(order, courier=courier)
    relay()


def cancel(order: Order) -> None:
    cancel_order(order.id, actor=Actor.of(staff()), reason="Mistake")
    relay()


def ride(courier: Courier, *, longitude: float) -> None:
    fix = Fix(latitude=52.5202, longitude=longitude, recorded_at=timezone.now())
    record_positions(courier.id, fixes=[fix])


def last_event() -> int:
    return SequenceCounter.objects.get().last


def types_after(sequence: int) -> list[str]:
    return list(Event.objects.filter(sequence__gt=sequence).order_by("sequence").values_list("type", flat=True))


def test_it_opens_with_what_a_fetch_gives(dispatcher: User) -> None:
    make_accepted()
    make_free_courier()
    relay()
    headers = session_of(dispatcher)

    async def story() -> dict[str, Any]:
        async with listening(STATE, headers=headers) as socket:
            return await socket.hear()

    opened, now = told(story), fetched(dispatcher)
    assert opened["kind"] == "snapshot"
    assert opened["sequence"] == opened["data"]["sequence"] == now["sequence"]
    reader = BoardReader()
    reader.take(opened)
    assert reader.has(now)
    assert opened["data"].keys() == now.keys()


def test_an_event_brings_the_rows_that_it_has_changed(dispatcher: User) -> None:
    order, courier = make_confirmed_order(), make_courier(name="Ana")
    make_confirmed_order()
    relay()

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(taken, order, courier)
            return [await socket.hear(), await socket.hear()]

    first, second = told(story)
    assert [message["event"]["type"] for message in (first, second)] == ["order.assigned", "assignment.accepted"]
    assert first["event"].keys() == {
        "id", "type", "occurred_at", "sequence", "subject", "store_id", "correlation_id", "data",
    }  # fmt: skip
    assert [(row["id"], row["courier_id"]) for row in first["orders"]] == [(str(order.pk), str(courier.pk))]
    assert [(row["id"], row["status"], row["order_ids"]) for row in first["couriers"]] == [
        (str(courier.pk), "offline", [str(order.pk)])
    ]
    assert (second["orders"], second["gone"], second["couriers"]) == ([], [], [])
    assert second["sequence"] == first["sequence"] + 1 == last_event()


def test_an_order_that_is_over_is_gone(dispatcher: User) -> None:
    order = make_confirmed_order()
    relay()

    async def story() -> dict[str, Any]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(cancel, order)
            return await socket.hear()

    heard = told(story)
    assert (heard["gone"], heard["orders"]) == ([str(order.pk)], [])


def test_offers_and_couriers_are_told_of_too(dispatcher: User) -> None:
    order, courier = make_confirmed_order(), make_courier()
    relay()

    def come_online() -> None:
        set_status(courier.pk, status=CourierStatus.AVAILABLE)
        relay()

    def ask() -> None:
        offer(order, courier)
        relay()

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(come_online)
            online = await socket.hear()
            await do(ask)
            return [online, await socket.hear()]

    online, asked = told(story)
    assert (online["event"]["type"], online["couriers"][0]["status"]) == ("courier.online", "available")
    assert (asked["event"]["type"], asked["orders"][0]["offered_to"]) == ("assignment.offered", [str(courier.pk)])


def test_positions_come_at_most_once_a_second(dispatcher: User) -> None:
    courier = make_free_courier()

    async def story() -> tuple[list[dict[str, Any]], bool]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(ride, courier, longitude=13.1)
            first = await socket.hear()
            for longitude in (13.2, 13.3):
                await do(ride, courier, longitude=longitude)
            is_silent = await socket.hears_nothing()
            return [first, await socket.hear()], is_silent

    with patch("tracking.live.board.POSITIONS_EVERY_SECONDS", 2.0):
        heard, was_silent = told(story)
    assert was_silent
    assert [message["kind"] for message in heard] == ["positions", "positions"]
    assert [message["couriers"][0]["position"] for message in heard] == [[52.5202, 13.1], [52.5202, 13.3]]
    assert heard[-1]["couriers"][0]["id"] == str(courier.pk)


def test_store_staff_are_told_of_their_stores_only() -> None:
    ours, theirs = make_store(), make_store()
    own, foreign = (make_confirmed_order(product=make_product(store)) for store in (ours, theirs))
    elsewhere, busy = make_courier(stores=(theirs,)), make_free_courier(capacity=2)
    staff = make_staff(ours)
    relay()
    headers = session_of(staff)

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=headers) as socket:
            opened = await socket.hear()
            await do(taken, foreign, elsewhere)
            await do(ride, elsewhere, longitude=13.1)
            await do(taken, own, busy)
            return [opened, *await socket.hear_until(lambda message: message["kind"] == "event")]

    opened, *heard = told(story)
    assert [row["id"] for row in opened["data"]["orders"]] == [str(own.pk)]
    assert [message["kind"] for message in heard] == ["event"]
    assert heard[0]["event"]["type"] == "order.assigned"
    assert str(foreign.pk) not in json.dumps(heard)
    assert str(elsewhere.pk) not in json.dumps([opened, *heard])


def test_what_no_event_explains_to_a_reader_is_shown_by_a_picture() -> None:
    """A courier who rides for everybody has no room any more, because of an order of another store."""
    courier, foreign = make_free_courier(capacity=1), make_confirmed_order()
    staff = make_staff(make_store())
    relay()
    headers = session_of(staff)

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=headers) as socket:
            opened = await socket.hear()
            await do(taken, foreign, courier)
            return [opened, await socket.hear()]

    heard = told(story)
    assert [message["kind"] for message in heard] == ["snapshot", "snapshot"]
    assert [message["data"]["couriers"][0]["status"] for message in heard] == ["available", "busy"]
    assert heard[-1]["data"]["couriers"][0]["order_ids"] == []


def test_what_has_no_event_is_found_by_reading_again(dispatcher: User) -> None:
    courier = make_courier(name="Ana")

    async def story() -> dict[str, Any]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(change_courier, courier.pk, name="Anna")
            return await socket.hear()

    with (
        patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.board.REFRESH_EVERY_SECONDS", 0.05),
    ):
        heard = told(story)
    assert heard["kind"] == "snapshot"


def test_who_comes_back_is_told_what_they_missed_and_how_it_is_now(dispatcher: User) -> None:
    order, courier = make_confirmed_order(), make_courier()
    relay()
    before = last_event()
    taken(order, courier)

    async def story() -> list[dict[str, Any]]:
        async with listening(f"{STATE}?after={before}", headers=bearer(dispatcher)) as socket:
            return [await socket.hear() for _ in range(3)]

    heard = told(story)
    assert [message["kind"] for message in heard] == ["event", "event", "snapshot"]
    assert [message["event"]["type"] for message in heard[:2]] == types_after(before)
    assert [message["sequence"] for message in heard] == [before + 1, before + 2, before + 2]
    assert heard[-1]["data"]["orders"][0]["courier_id"] == str(courier.pk)


def test_who_opens_finds_what_the_others_have_not_been_told_yet(dispatcher: User) -> None:
    order = make_confirmed_order()
    relay()

    async def story() -> tuple[dict[str, Any], int]:
        async with listening(STATE, headers=bearer(dispatcher)) as other:
            await other.hear()
            with patch("tracking.live.pushing.Sender.send"):
                await do(cancel, order)
            last = await do(last_event)
            async with listening(f"{STATE}?after={last}", headers=bearer(dispatcher)) as socket:
                return await socket.hear(), last

    with patch("tracking.live.board.LOOK_EVERY_SECONDS", 60), patch("tracking.live.board.FRESH_SECONDS", 60):
        opened, last = told(story)
    assert (opened["kind"], opened["sequence"], opened["data"]["orders"]) == ("snapshot", last, [])


@pytest.mark.parametrize(("after", "removed"), [(1, 3), (99_999, 0)])
def test_who_comes_from_too_long_ago_or_from_another_history_begins_anew(
    after: int, removed: int, dispatcher: User
) -> None:
    make_confirmed_order()
    relay()
    SequenceCounter.objects.update(removed=removed)

    async def story() -> list[str]:
        async with listening(f"{STATE}?after={after}", headers=bearer(dispatcher)) as socket:
            return [(await socket.hear())["kind"] for _ in range(2)]

    assert told(story) == ["reset", "snapshot"]


def test_who_has_missed_more_than_is_remembered_begins_anew(dispatcher: User) -> None:
    make_confirmed_order()
    relay()

    async def story() -> list[str]:
        async with listening(f"{STATE}?after=0", headers=bearer(dispatcher)) as socket:
            return [(await socket.hear())["kind"] for _ in range(2)]

    with patch("tracking.board.looking.MOST_REPLAYED", 2):
        assert told(story) == ["reset", "snapshot"]


def test_who_is_too_slow_for_what_is_remembered_begins_anew(dispatcher: User) -> None:
    """Nothing piles up for them."""
    orders = [make_confirmed_order() for _ in range(3)]
    relay()

    async def story() -> list[str]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            with patch("tracking.live.attending.Attendant.hear"):
                for order in orders[:2]:
                    await do(cancel, order)
                    await do(until_it_is_looked_at)
            await do(cancel, orders[2])
            return [(await socket.hear())["kind"] for _ in range(2)]

    def until_it_is_looked_at() -> None:
        board = next(iter(_boards.values()))
        until(lambda: board.sequence == last_event())

    with patch("tracking.live.board.MOST_CHANGES", 1):
        assert told(story) == ["reset", "snapshot"]


def test_integrators_events_are_not_on_the_board(dispatcher: User) -> None:
    order = make_confirmed_order()
    relay()

    def publish_theirs() -> None:
        Event.objects.create(
            type="ext.note", subject_type="order", subject_id=order.id, subject_version=1, correlation_id="x"
        )
        relay()

    async def story() -> str:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(publish_theirs)
            await do(cancel, order)
            return str((await socket.hear())["event"]["type"])

    assert told(story) == "order.cancelled"


def test_a_change_is_read_once_for_all_sockets(dispatcher: User) -> None:
    order, courier = make_confirmed_order(), make_courier()
    headers = [bearer(dispatcher), session_of(dispatcher), session_of(make_staff(order.store))]
    relay()

    async def story() -> None:
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(listening(STATE, headers=sent)) for sent in headers]
            for socket in sockets:
                await socket.hear()
            with patch("tracking.live.board.look_since", side_effect=look_since) as look:
                await do(taken, order, courier)
                for socket in sockets:
                    assert (await socket.hear())["event"]["type"] == "order.assigned"
            assert look.call_count == 1

    with patch("tracking.live.board.LOOK_EVERY_SECONDS", 60):
        told(story)


def test_what_nobody_was_told_is_found_all_the_same(dispatcher: User) -> None:
    """Wires lose what they like."""
    order = make_confirmed_order()
    relay()

    async def story() -> str:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            with patch("tracking.live.pushing.Sender.send"):
                await do(cancel, order)
            return str((await socket.hear())["event"]["type"])

    with patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.05):
        assert told(story) == "order.cancelled"


def test_a_position_that_nobody_was_told_is_found_all_the_same(dispatcher: User) -> None:
    courier = make_free_courier()

    async def story() -> dict[str, Any]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            with patch("tracking.live.pushing.Sender.send"):
                await do(ride, courier, longitude=13.1)
            return await socket.hear()

    with (
        patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.board.REFRESH_EVERY_SECONDS", 0.05),
    ):
        heard = told(story)
    assert (heard["kind"], heard["couriers"][0]["position"]) == ("positions", [52.5202, 13.1])


def test_what_goes_with_the_clock_is_shown_again(dispatcher: User) -> None:
    async def story() -> list[str]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            return [(await socket.hear())["kind"] for _ in range(3)]

    with (
        patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.board.REFRESH_EVERY_SECONDS", 0.05),
        patch("tracking.live.board.PICTURE_EVERY_SECONDS", 0.1),
    ):
        assert told(story) == ["snapshot"] * 3


def test_a_board_that_cannot_be_read_is_not_shown_as_if_it_were_new(dispatcher: User) -> None:
    order = make_confirmed_order()
    relay()

    async def story() -> int:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            with patch("tracking.live.board.look_since", side_effect=OperationalError("away")):
                await do(cancel, order)
                return await socket.close_code()

    assert told(story) == CloseCode.TRY_AGAIN


def test_it_opens_and_follows_while_the_wire_is_down(dispatcher: User) -> None:
    order = make_confirmed_order()
    relay()
    away = ConnectionRefusedError("nobody there")

    async def story() -> str:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            await socket.hear()
            await do(cancel, order)
            return str((await socket.hear())["event"]["type"])

    with (
        patch("tracking.live.board.LOOK_EVERY_SECONDS", 0.05),
        patch("tracking.live.hub.PATIENCE_SECONDS", 0.05),
        patch("tracking.live.hub.wire_in_use", side_effect=away),
        patch("tracking.live.pushing.Sender.send"),
    ):
        assert told(story) == "order.cancelled"


def test_a_reader_who_hears_nothing_hears_that_we_are_there(dispatcher: User) -> None:
    async def story() -> list[str]:
        async with listening(STATE, headers=bearer(dispatcher)) as socket:
            return [(await socket.hear())["kind"] for _ in range(3)]

    with patch("tracking.board_consumer.PING_SECONDS", 0.05):
        assert told(story) == ["snapshot", "ping", "ping"]


def test_who_gets_another_store_begins_anew() -> None:
    staff, more = make_staff(make_store()), make_store()
    headers = session_of(staff)

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=headers) as socket:
            await socket.hear()
            await do(Membership.objects.create, user=staff, store=more)
            return await socket.hear_until(lambda message: message["kind"] == "snapshot")

    with patch("tracking.board_consumer.CHECK_SECONDS", 0.05):
        heard = told(story)
    assert [message["kind"] for message in heard] == ["reset", "snapshot"]
    assert str(more.pk) in {row["id"] for row in heard[-1]["data"]["stores"]}

"""What becomes of one order in a courier's hands, as dispatchers see it of the others."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from accounts.tests.factories import make_user
from catalog.tests.factories import make_staff
from couriers.tests.factories import make_courier, make_free_courier, offer
from events.services.relaying import relay
from orders.models import Order
from tracking.board.looking import Look, look_since
from tracking.board.news import Change, News, news_for
from tracking.board.reading import read_board
from tracking.board.rows import Board
from tracking.board.viewing import Viewer
from tracking.tests.board_readers import STATE, session_of
from tracking.tests.listening import do, listening, told
from tracking.tests.test_errands import (
    START,
    another,
    at,
    be_ready,
    give_away,
    kitchen_is_slow,
    own,
    ready_elsewhere,
    seconds_left,
    somebody,
    take_back,
    take_on,
)

pytestmark = pytest.mark.django_db(transaction=True)


def looked(board: Board) -> Look:
    relay()
    return look_since(board.sequence, known=board.orders)


@pytest.mark.parametrize(
    ("before", "what", "is_later"),
    [
        ((), take_on, True),
        ((take_on,), take_back, False),
        ((take_on,), give_away, False),
        ((take_on, kitchen_is_slow), be_ready, False),
    ],
)
def test_what_a_change_makes_of_the_others_is_on_the_board_with_it(before: Any, what: Any, is_later: bool) -> None:
    courier = somebody()
    carried = own(courier)
    other = ready_elsewhere()
    for step in before:
        step(other, courier)
    relay()
    board = read_board()

    what(other, courier)
    look = looked(board)

    was, now = board.orders[carried.order_id], look.rows.orders[carried.order_id]
    whole = read_board().orders[carried.order_id]
    assert seconds_left(now.eta) == pytest.approx(seconds_left(whole.eta), abs=5)
    assert now.urgency == pytest.approx(whole.urgency, abs=0.1)
    assert (seconds_left(now.eta) > seconds_left(was.eta) + 60) == is_later
    assert abs(seconds_left(now.eta) - seconds_left(was.eta)) > 60


def test_dispatchers_hear_of_whom_they_made_late_with_what_they_did() -> None:
    courier = somebody()
    carried = own(courier)
    other = ready_elsewhere()
    relay()
    headers = session_of(make_user(Role.DISPATCHER))

    async def story() -> list[dict[str, Any]]:
        async with listening(STATE, headers=headers) as socket:
            opened = await socket.hear()
            await do(take_on, other, courier)
            await do(relay)
            return [opened["data"], await socket.hear()]

    before, heard = (row_of(message, carried.order) for message in told(story))
    assert datetime.fromisoformat(heard["eta"]) > datetime.fromisoformat(before["eta"]) + timedelta(minutes=5)
    assert heard["urgency"] > before["urgency"] + 5


def row_of(message: dict[str, Any], order: Order) -> dict[str, Any]:
    (row,) = [row for row in message["orders"] if row["id"] == str(order.pk)]
    return dict(row)


def test_when_an_order_changes_hands_the_others_of_both_are_read() -> None:
    former, next_one = somebody(), somebody()
    left, joined = own(former), own(next_one)
    other = ready_elsewhere()
    take_on(other, former)
    relay()
    board = read_board()

    take_on(other, next_one)
    look = looked(board)

    assert set(look.rows.orders) == {other.pk, left.order_id, joined.order_id}
    assert look.order_ids == {other.pk}
    was = board.orders
    assert seconds_left(look.rows.orders[left.order_id].eta) < seconds_left(was[left.order_id].eta) - 60
    assert seconds_left(look.rows.orders[joined.order_id].eta) > seconds_left(was[joined.order_id].eta) + 60


def test_a_look_costs_as_many_queries_whatever_couriers_have_in_hand() -> None:
    courier = make_courier(capacity=6)
    own(courier)

    def queries() -> int:
        board = read_board()
        take_on(ready_elsewhere(), courier)
        relay()
        with CaptureQueriesContext(connection) as asked:
            look_since(board.sequence, known=board.orders)
        return len(asked)

    few = queries()
    another(courier)
    another(courier)
    assert queries() == few


def news_of(look: Look, board: Board, *, viewer: Viewer) -> News:
    orders, couriers = look.order_ids | look.rows.orders.keys(), look.courier_ids | look.rows.couriers.keys()
    change = Change(
        until=look.until,
        events=look.events,
        orders={key: board.orders.get(key) for key in orders},
        couriers={key: board.couriers.get(key) for key in couriers},
    )
    now = {**board.orders, **look.rows.orders}
    return news_for(viewer, [change], orders=now, couriers={**board.couriers, **look.rows.couriers})


def test_another_stores_order_that_makes_ours_late_is_shown_by_a_picture() -> None:
    """Without saying whose it is, or what has become of it."""
    courier = somebody()
    carried = own(courier)
    other = ready_elsewhere()
    relay()
    board = read_board()
    viewer = Viewer.of(make_staff(carried.order.store))

    take_on(other, courier)
    news = news_of(looked(board), board, viewer=viewer)

    assert (news.events, news.needs_picture) == ((), True)
    assert [row.id for row in news.orders] == [carried.order_id]


def test_a_row_that_only_the_clock_has_changed_is_no_reason_for_a_picture() -> None:
    courier = at(make_free_courier(capacity=3), **START)
    carried = own(courier)
    foreign = ready_elsewhere()
    relay()
    board = read_board()
    viewer = Viewer.of(make_staff(carried.order.store))

    offer(foreign, courier)
    news = news_of(looked(board), board, viewer=viewer)

    assert (news.events, news.gone, news.couriers, news.needs_picture) == ((), (), (), False)

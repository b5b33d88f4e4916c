"""The dispatchers' board: what is on it, what it costs, and who sees what."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import Membership
from catalog.tests.factories import make_staff
from couriers.models import Assignment, Courier
from couriers.services.carrying import fail, pick_up
from couriers.states import CourierStatus, FailureReason
from couriers.tests.factories import (
    accept,
    actor_of,
    make_accepted,
    make_courier,
    make_free_courier,
    make_offer,
    make_picked_up,
)
from events.services.sequencing import sequence_new_events
from orders.models import Order, OrderLine
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_product,
    make_ready_order,
    make_store,
    make_user,
)
from tracking.board.reading import read_board, read_rows
from tracking.board.rows import Board, board_as_json
from tracking.board.viewing import Viewer
from tracking.selectors import delivery_for

pytestmark = pytest.mark.django_db

DISPATCHER = Viewer(store_ids=None, opens_couriers=True)
MANY_ORDERS, MANY_COURIERS = 500, 200


def shown(board: Board, viewer: Viewer = DISPATCHER) -> dict[str, Any]:
    return board_as_json(viewer.board(board), links=viewer.links)


def test_an_order_is_shown_with_what_a_dispatcher_needs() -> None:
    order = make_ready_order(product=make_product(make_store(name="Bakery")))
    sequence_new_events()

    board = shown(read_board())

    row = board["orders"][0]
    assert -45 < row.pop("urgency") < 0
    assert row.pop("eta") > row["placed_at"]
    assert row == {
        "id": str(order.pk),
        "number": order.number,
        "status": "confirmed",
        "version": order.version,
        "store_id": str(order.store_id),
        "placed_at": order.created_at.isoformat().replace("+00:00", "Z"),
        "ready_at": order.estimated_ready_at.isoformat().replace("+00:00", "Z") if order.estimated_ready_at else None,
        "is_ready": True,
        "due_at": order.due_at.isoformat().replace("+00:00", "Z"),
        "door": (52.5205, 13.41),
        "items": 1,
        "total": "5.00",
        "currency": "EUR",
        "payment_method": "online",
        "courier_id": None,
        "assignment_id": None,
        "offered_to": [],
        "failure": None,
        "needs_courier": True,
        "url": f"/admin/orders/order/{order.pk}/change/",
    }
    assert board["stores"] == [{"id": str(order.store_id), "name": "Bakery", "position": (52.52, 13.405)}]
    assert board["sequence"] == 4


def test_a_courier_is_shown_with_load_and_position() -> None:
    moment = timezone.now()
    where = {"latitude": 52.5, "longitude": 13.4, "position_recorded_at": moment}
    courier = make_free_courier(name="Ana", capacity=2, vehicle="scooter", **where)
    carried = make_accepted(courier=courier).order

    board = shown(read_board())

    assert board["couriers"] == [
        {
            "id": str(courier.pk),
            "name": "Ana",
            "vehicle": "scooter",
            "status": "available",
            "position": (52.5, 13.4),
            "recorded_at": moment.isoformat().replace("+00:00", "Z"),
            "capacity": 2,
            "order_ids": [str(carried.pk)],
            "store_ids": [],
            "url": f"/admin/couriers/courier/{courier.pk}/change/",
        }
    ]
    assert (board["orders"][0]["courier_id"], board["orders"][0]["needs_courier"]) == (str(courier.pk), False)


def test_it_shows_who_is_asked() -> None:
    offer = make_offer()
    row = read_board().orders[offer.order_id]
    assert (row.offered_to, row.courier_id, row.needs_courier) == ((offer.courier_id,), None, True)


def test_the_time_of_arrival_is_the_one_that_everybody_is_told() -> None:
    assignment = make_picked_up()
    told = delivery_for(make_user(Role.DISPATCHER), assignment.order_id).eta
    shown_eta = read_board().orders[assignment.order_id].eta
    assert told is not None
    assert shown_eta is not None
    assert abs(shown_eta - told) < timedelta(seconds=2)


def test_only_open_orders_are_on_it() -> None:
    unpaid, failed, cancelled = make_order(), make_picked_up(), make_confirmed_order()
    fail(failed.pk, actor=actor_of(failed.courier), reason=FailureReason.NOBODY_HOME)
    cancel_order(cancelled.pk, actor=Actor.of(make_user(Role.DISPATCHER)), reason="Mistake")
    assert set(read_board().orders) == {unpaid.pk, failed.order_id}


def test_an_order_that_came_back_says_why_for_as_long_as_somebody_has_to_decide() -> None:
    assignment = failed(FailureReason.NOBODY_HOME, note="Rang twice")
    order_id, failed_at = assignment.order_id, assignment.ended_at
    assert failed_at is not None

    row = next(row for row in shown(read_board())["orders"] if row["id"] == str(order_id))
    assert row["failure"] == {
        "reason": "nobody_home",
        "label": "Nobody there",
        "courier_name": "Ana",
        "failed_at": failed_at.isoformat().replace("+00:00", "Z"),
    }
    part = read_rows(order_ids=[order_id], courier_ids=[])
    assert part.orders[order_id].failure == read_board().orders[order_id].failure

    confirm_order(order_id, actor=Actor.of(make_user(Role.DISPATCHER)))
    assert read_board().orders[order_id].failure is None


def test_of_an_order_that_came_back_twice_the_last_time_is_told() -> None:
    first, dispatcher = failed(FailureReason.NOBODY_HOME), Actor.of(make_user(Role.DISPATCHER))
    again = accept(confirm_order(first.order_id, actor=dispatcher), courier=make_courier())
    pick_up(again.pk, actor=dispatcher)
    fail(again.pk, actor=dispatcher, reason=FailureReason.REFUSED)

    failure = read_board().orders[first.order_id].failure
    assert failure is not None
    assert failure.reason == FailureReason.REFUSED


def failed(reason: FailureReason, *, note: str = "") -> Assignment:
    assignment = make_picked_up(courier=make_free_courier(name="Ana"))
    return fail(assignment.pk, actor=actor_of(assignment.courier), reason=reason, note=note)


def test_couriers_who_may_be_given_something_or_have_something_are_on_it() -> None:
    able, gone = make_courier(), make_courier(is_active=False)
    leaving = make_accepted().courier
    User.objects.filter(pk__in=[leaving.pk, make_courier().pk]).update(is_active=False)
    assert set(read_board().couriers) == {able.pk, leaving.pk}
    assert gone.pk not in read_board().couriers


def test_a_part_is_the_same_as_in_the_whole() -> None:
    carried, offered = make_picked_up(), make_offer()
    others = make_accepted(), make_offer()
    whole = read_board()

    part = read_rows(order_ids=[carried.order_id, offered.order_id, uuid4()], courier_ids=[offered.courier_id])

    assert set(part.orders) == {carried.order_id, offered.order_id}
    assert set(part.couriers) == {carried.courier_id, offered.courier_id}
    for key, row in part.orders.items():
        assert row.lasting == whole.orders[key].lasting
        assert (row.items, row.due_at, row.total) == (1, whole.orders[key].due_at, whole.orders[key].total)
    for key, courier in part.couriers.items():
        assert courier == whole.couriers[key]
    assert others[0].order_id in whole.orders


def test_the_most_urgent_is_the_late_one_without_a_courier() -> None:
    late, fresh, taken = make_ready_order(), make_confirmed_order(), make_accepted().order
    Order.objects.filter(pk__in=[late.pk, taken.pk]).update(created_at=timezone.now() - timedelta(hours=1))
    rows = read_board().orders
    by_urgency = sorted(rows, key=lambda key: -rows[key].urgency)
    assert by_urgency == [late.pk, taken.pk, fresh.pk]


def test_store_staff_see_their_orders_and_who_rides_for_them() -> None:
    ours, theirs = make_store(), make_store()
    own, foreign = make_picked_up(product=make_product(ours)), make_picked_up(product=make_product(theirs))
    Courier.objects.update(latitude=52.5, longitude=13.4, position_recorded_at=timezone.now())
    elsewhere = make_courier(stores=(theirs,))

    viewer = Viewer.of(make_staff(ours))
    board = shown(read_board(), viewer)

    assert [row["id"] for row in board["orders"]] == [str(own.order_id)]
    assert [row["id"] for row in board["stores"]] == [str(ours.pk)]
    seen = {row["id"]: (row["order_ids"], row["position"], row["url"]) for row in board["couriers"]}
    assert seen == {
        str(own.courier_id): ([str(own.order_id)], (52.5, 13.4), None),
        str(foreign.courier_id): ([], None, None),
    }
    assert str(elsewhere.pk) not in seen


def test_a_courier_of_other_stores_is_seen_while_they_carry_for_us() -> None:
    ours, theirs = make_store(), make_store()
    assignment = make_accepted(product=make_product(ours))
    Membership.objects.create(user=assignment.courier.user, store=theirs)
    assert set(Viewer.of(make_staff(ours)).board(read_board()).couriers) == {assignment.courier_id}


def test_store_staff_do_not_learn_for_whom_else_a_courier_rides() -> None:
    ours, theirs = make_store(), make_store()
    both = make_courier(stores=(ours, theirs))
    assignment = make_accepted(product=make_product(ours))
    Membership.objects.create(user=assignment.courier.user, store=theirs)

    board = shown(read_board(), Viewer.of(make_staff(ours)))

    named = {row["id"]: row["store_ids"] for row in board["couriers"]}
    assert named == {str(both.pk): [str(ours.pk)], str(assignment.courier_id): [str(ours.pk)]}


def test_staff_without_a_store_see_an_empty_board() -> None:
    make_accepted()
    make_courier(stores=(make_store(),))
    board = Viewer.of(make_user(Role.STORE_STAFF)).board(read_board())
    assert (dict(board.orders), dict(board.stores)) == ({}, {})


def test_a_full_board_costs_as_many_queries_as_a_small_one() -> None:
    make_picked_up()
    few = _queries()
    _fill()

    assert (_queries(), few) == (7, 7)
    board = read_board()
    assert (len(board.orders), len(board.couriers)) == (MANY_ORDERS + 1, MANY_COURIERS + 1)


def test_what_has_failed_costs_one_query_however_much_it_is() -> None:
    failed(FailureReason.NOBODY_HOME)
    one = _queries()
    failed(FailureReason.REFUSED)
    assert (_queries(), one) == (8, 8)


def _queries() -> int:
    with CaptureQueriesContext(connection) as queries:
        read_board()
    return len(queries)


def _fill() -> None:
    """Copies, because the way through the services is long."""
    pattern = make_confirmed_order()
    line = OrderLine.objects.get(order=pattern)
    users = User.objects.bulk_create(
        User(email=f"many{number}@example.com", role=Role.COURIER) for number in range(MANY_COURIERS)
    )
    couriers = Courier.objects.bulk_create(
        Courier(user=user, name="Kim", status=CourierStatus.AVAILABLE, capacity=2, active_orders=1) for user in users
    )
    orders = [_copy(pattern, number) for number in range(MANY_ORDERS - 1)]
    for order, courier in zip(orders, couriers, strict=False):
        order.status, order.courier_id = "assigned", courier.pk
    Order.objects.bulk_create(orders)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, product_id=line.product_id, name="Bread", unit_price=line.unit_price, quantity=1,
            line_total=line.unit_price,
        )
        for order in orders
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(order=order, courier=courier, status="accepted", accepted_at=timezone.now())
        for order, courier in zip(orders, couriers, strict=False)
    )


def _copy(pattern: Order, number: int) -> Order:
    fields = {field.attname: getattr(pattern, field.attname) for field in Order._meta.concrete_fields}
    return Order(**{**fields, "id": uuid4(), "number": f"N{number}", "tracking_token": f"token-{number}"})

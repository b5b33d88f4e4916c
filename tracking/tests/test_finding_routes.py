"""Which ways are asked for, when again, and when they are forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from couriers.models import Assignment, Courier
from couriers.services.delivering import Proof, deliver
from couriers.services.releasing import give_back
from couriers.tests.factories import accept, actor_of, make_accepted, make_courier, make_picked_up
from orders.models import Order
from orders.services.anonymising import anonymise_due_orders
from orders.tests.factories import make_confirmed_order
from tracking.board.reading import read_board
from tracking.checks import LONGEST_TIMEOUT_SECONDS
from tracking.models import OrderRoute
from tracking.roads.asking import ask
from tracking.roads.finding import LONGEST_RUN_SECONDS, MARK_SECONDS, MOST_POINTS, PAUSES, _take, find_routes
from tracking.roads.forgetting import forget_routes
from tracking.tests.routing_engine import AROUND, RoutingEngine, osrm_answer, routing_engine

pytestmark = pytest.mark.django_db


class Away:
    """A cache that does not answer."""

    def add(self, *args: Any) -> bool:
        raise RedisConnectionError

    def delete(self, *args: Any) -> bool:
        raise RedisConnectionError


def asked_again() -> None:
    """As if the pause were over."""
    OrderRoute.objects.filter(ask_at__isnull=False).update(ask_at=timezone.now())


def test_an_order_that_somebody_has_taken_on_gets_its_way(engine: RoutingEngine) -> None:
    assignment = make_accepted(courier=make_courier(vehicle="bicycle"))
    make_confirmed_order()

    assert find_routes() == 1

    route = OrderRoute.objects.get()
    assert (route.order_id, route.vehicle) == (assignment.order_id, "bicycle")
    assert (route.seconds, route.metres, route.points) == (240, 900, [list(point) for point in AROUND])
    assert (route.ask_at, route.attempts) == (None, 1)


def test_what_is_known_is_not_asked_again(engine: RoutingEngine) -> None:
    make_picked_up()
    assert [find_routes(), find_routes()] == [1, 0]
    assert len(engine.asked) == 1


def test_another_vehicle_goes_another_way(engine: RoutingEngine) -> None:
    assignment = make_accepted(courier=make_courier(vehicle="bicycle"))
    find_routes()
    give_back(assignment.id, actor=actor_of(assignment.courier))
    accept(Order.objects.get(), courier=make_courier(vehicle="car"))
    assert find_routes() == 1
    assert [path.split("/")[3] for path, _ in engine.asked] == ["bike", "car"]
    assert set(OrderRoute.objects.values_list("vehicle", flat=True)) == {"bicycle", "car"}


def test_a_long_way_is_kept_with_few_points(engine: RoutingEngine) -> None:
    """To and fro, wider and wider."""
    between = [(52.52 + 0.0000005 * number * (number % 2), 13.40 + 0.00001 * number) for number in range(1, 1000)]
    engine.says(osrm_answer([AROUND[0], *between, AROUND[-1]]))
    make_accepted()
    find_routes()
    points = OrderRoute.objects.get().points
    assert 100 < len(points) <= MOST_POINTS
    assert (tuple(points[0]), tuple(points[-1])) == (AROUND[0], AROUND[-1])


def test_without_an_engine_nothing_is_asked_or_noted() -> None:
    make_accepted()
    assert find_routes() == 0
    assert not OrderRoute.objects.exists()


def test_an_engine_that_does_not_answer_is_asked_once_at_a_time(
    engine: RoutingEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.says(b"", status=503)
    make_accepted()
    make_accepted()

    assert [find_routes(), find_routes(), find_routes()] == [0, 0, 0]

    assert len(engine.asked) == 2
    assert list(OrderRoute.objects.values_list("attempts", flat=True)) == [1, 1]
    assert "does not answer: it answered 503" in caplog.text

    engine.says(osrm_answer())
    assert find_routes() == 0
    asked_again()
    assert find_routes() == 2


def test_a_slow_engine_is_left_after_a_while(engine: RoutingEngine, monkeypatch: Any) -> None:
    monkeypatch.setattr("tracking.roads.finding.LONGEST_RUN_SECONDS", 0.0)
    for _ in range(3):
        make_accepted()
    assert [find_routes(), find_routes(), find_routes(), find_routes()] == [1, 1, 1, 0]


def test_it_is_not_asked_for_ever(engine: RoutingEngine, caplog: pytest.LogCaptureFixture) -> None:
    engine.says(b"no JSON")
    make_accepted()
    for _ in range(len(PAUSES) + 3):
        find_routes()
        asked_again()
    route = OrderRoute.objects.get()
    assert (route.seconds, route.ask_at, route.attempts) == (None, None, len(PAUSES) + 1)
    assert len(engine.asked) == len(PAUSES) + 1
    assert str(route.order_id) in caplog.text
    assert "13.4" not in caplog.text


def test_where_there_is_no_road_is_not_asked_again(engine: RoutingEngine) -> None:
    engine.says({"code": "NoRoute"}, status=400)
    make_accepted()
    find_routes()
    route = OrderRoute.objects.get()
    assert (route.seconds, route.ask_at, route.points) == (None, None, [])


def test_whoever_asks_has_the_row_until_it_is_due_again(engine: RoutingEngine, monkeypatch: Any) -> None:
    """A second worker, while the first is asking, and nobody knows of it because the cache is away."""
    monkeypatch.setattr("tracking.roads.finding.cache", Away())
    make_accepted()
    found_meanwhile: list[int] = []

    def ask_slowly(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr("tracking.roads.finding.ask", ask)
        found_meanwhile.append(find_routes())
        return ask(*args, **kwargs)

    monkeypatch.setattr("tracking.roads.finding.ask", ask_slowly)
    assert find_routes() == 1
    assert found_meanwhile == [0]
    assert len(engine.asked) == 1


def test_whoever_ends_lets_others_begin(engine: RoutingEngine, monkeypatch: Any) -> None:
    """However it ended."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError

    make_accepted()
    monkeypatch.setattr("tracking.roads.finding.ask", fail)
    with pytest.raises(DatabaseError):
        find_routes()
    monkeypatch.undo()
    asked_again()
    assert find_routes() == 1


def test_a_run_is_over_before_its_mark_is() -> None:
    assert LONGEST_RUN_SECONDS + LONGEST_TIMEOUT_SECONDS < MARK_SECONDS
    assert timedelta(seconds=LONGEST_TIMEOUT_SECONDS) < min(PAUSES)


def test_an_absurd_answer_is_not_kept(engine: RoutingEngine) -> None:
    """Nobody who reads could reckon with it: there is no such time of arrival."""
    engine.says(osrm_answer(seconds=1e12))
    order = make_picked_up().order
    assert find_routes() == 0
    assert OrderRoute.objects.get().seconds is None
    assert Client().get(f"/track/{order.tracking_token}/data").status_code == 200
    assert list(read_board().orders) == [order.pk]


def test_two_workers_that_see_the_same_row_ask_once(engine: RoutingEngine) -> None:
    make_accepted()
    row = OrderRoute.objects.create(order=Order.objects.get(), vehicle="bicycle")
    now = timezone.now()
    assert [_take(row, now=now), _take(row, now=now)] == [True, False]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_inside_a_transaction(engine: RoutingEngine, monkeypatch: Any) -> None:
    make_accepted()
    seen: list[bool] = []

    def look_and_ask(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return ask(*args, **kwargs)

    monkeypatch.setattr("tracking.roads.finding.ask", look_and_ask)
    assert find_routes() == 1
    assert seen == [False]


def delivered(assignment: Assignment) -> Order:
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    return Order.objects.get(pk=assignment.order_id)


def test_a_way_is_forgotten_when_its_order_is_over(engine: RoutingEngine) -> None:
    over, under_way = make_picked_up(), make_picked_up()
    find_routes()
    delivered(over)

    assert forget_routes() == 1

    assert OrderRoute.objects.get().order_id == under_way.order_id


def test_nothing_is_left_of_it_when_the_order_is_anonymised(engine: RoutingEngine, settings: Any) -> None:
    """However soon that is: the routes go within a minute, and none comes back."""
    settings.ANONYMISE_AFTER_DAYS = 0
    order = delivered(make_picked_up())
    OrderRoute.objects.create(order=order, vehicle="bicycle", ask_at=None, seconds=1, metres=1, points=[[52.5, 13.4]])
    assert anonymise_due_orders() == 1
    forget_routes()
    find_routes()
    assert not OrderRoute.objects.exists()


def test_an_answer_that_comes_too_late_is_not_kept(engine: RoutingEngine, monkeypatch: Any) -> None:
    assignment = make_picked_up()

    def ask_until_it_is_over(*args: Any, **kwargs: Any) -> Any:
        delivered(assignment)
        forget_routes()
        return ask(*args, **kwargs)

    monkeypatch.setattr("tracking.roads.finding.ask", ask_until_it_is_over)
    assert find_routes() == 0
    assert not OrderRoute.objects.exists()


def test_couriers_carry_orders_while_the_engine_is_away(settings: Any) -> None:
    with routing_engine() as gone:
        settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", gone.url
    assignment = make_picked_up()
    assert find_routes() == 0
    assert delivered(assignment).status == "delivered"
    assert Courier.objects.get().active_orders == 0


def test_the_first_attempts_come_while_the_order_is_under_way() -> None:
    assert timedelta(minutes=10) < sum(PAUSES, timedelta()) < timedelta(minutes=30)

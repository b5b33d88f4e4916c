"""What a known way changes for whoever reads."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from couriers.models import Assignment, Courier
from couriers.services.delivering import Proof, deliver
from couriers.tests.conftest import Caller
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_picked_up, staff
from orders.models import Order
from orders.tests.factories import make_product, make_store
from tracking.board.reading import read_board
from tracking.models import OrderRoute
from tracking.roads.finding import find_routes
from tracking.tests.routing_engine import AROUND, RoutingEngine, osrm_answer

pytestmark = pytest.mark.django_db

HANDOVER = 240
# By the engine, and by a bicycle's straight line.
BY_ROAD, BY_AIR = 600, 212
STORE, CORNER = AROUND[0], AROUND[1]
DOOR = (52.5205, 13.41)


@pytest.fixture(autouse=True)
def _slow_roads(engine: RoutingEngine) -> None:
    engine.says(osrm_answer([*AROUND[:2], (52.520512, 13.409987)], seconds=BY_ROAD))


def carried(**courier: Any) -> Assignment:
    store = make_store(latitude=STORE[0], longitude=STORE[1])
    return make_picked_up(courier=make_courier(**courier), product=make_product(store))


def place(courier: Courier, position: tuple[float, float]) -> None:
    latitude, longitude = position
    now = timezone.now()
    Courier.objects.filter(pk=courier.pk).update(latitude=latitude, longitude=longitude, position_recorded_at=now)


def data(order: Order) -> Any:
    return Client().get(f"/track/{order.tracking_token}/data").json()


def api_seconds(order: Order) -> Any:
    return Caller(staff()).get(f"deliveries/{order.id}").json()["eta_seconds"]


def test_times_of_arrival_go_by_the_way_once_it_is_known() -> None:
    order = carried().order
    assert api_seconds(order) == pytest.approx(BY_AIR + HANDOVER, abs=2)
    find_routes()
    assert api_seconds(order) == pytest.approx(BY_ROAD + HANDOVER, abs=2)


def test_what_is_behind_the_courier_is_not_counted() -> None:
    assignment = carried()
    find_routes()
    place(assignment.courier, CORNER)
    assert api_seconds(assignment.order) == pytest.approx(BY_ROAD / 2 + HANDOVER, abs=5)


def test_a_courier_with_a_pace_of_their_own_keeps_it_on_the_way() -> None:
    """0.7 of a top speed of 15: 10.5 instead of 15 km/h."""
    order = carried(top_speed_kmh=15).order
    find_routes()
    assert api_seconds(order) == pytest.approx(BY_ROAD * 15 / 10.5 + HANDOVER, abs=2)


def test_the_way_of_another_vehicle_is_not_theirs() -> None:
    assignment = carried(vehicle="car")
    OrderRoute.objects.create(
        order=assignment.order, vehicle="bicycle", ask_at=None, seconds=BY_ROAD, metres=900, points=[STORE, DOOR]
    )
    assert data(assignment.order)["way"]["road"] == []


def test_the_customer_s_data_have_the_way_while_the_courier_is_on_it() -> None:
    """From the store to the door as it is shown, to about ten metres: the engine's own end would be sharper."""
    assignment = carried()
    order = assignment.order
    assert data(order)["way"] == {"store": list(STORE), "door": list(DOOR), "road": []}
    find_routes()
    assert data(order)["way"] == {
        "store": list(STORE), "door": list(DOOR), "road": [list(STORE), list(CORNER), list(DOOR)]
    }  # fmt: skip
    deliver(assignment.id, actor=actor_of(assignment.courier), proof=Proof())
    assert data(order)["way"] is None


def test_nothing_of_the_way_is_nearer_to_the_door_than_the_door_that_is_shown(engine: RoutingEngine) -> None:
    """Its last points before the end would lead to the very house, as would those of a way that comes by it twice."""
    order = carried().order
    Order.objects.filter(pk=order.pk).update(dropoff_latitude=52.520044, dropoff_longitude=13.410046)
    seen, by_the_door = [(52.521, 13.405), (52.5204, 13.411)], [(52.52004, 13.40975), (52.52004, 13.41001)]
    end = (52.52004, 13.41005)
    engine.says(osrm_answer([STORE, seen[0], by_the_door[0], seen[1], *by_the_door, end]))
    find_routes()
    assert [tuple(point) for point in OrderRoute.objects.get().points][-1] == end
    assert data(order)["way"]["road"] == [list(STORE), *map(list, seen), [52.52, 13.41]]


def test_of_a_way_around_the_corner_only_its_ends_are_shown(engine: RoutingEngine) -> None:
    order = carried().order
    engine.says(osrm_answer([STORE, (52.52035, 13.41), (52.5205, 13.41)]))
    find_routes()
    assert data(order)["way"]["road"] == [list(STORE), list(DOOR)]


def test_before_the_pickup_no_way_is_shown() -> None:
    assignment = make_accepted()
    find_routes()
    assert OrderRoute.objects.get().seconds == BY_ROAD
    assert data(assignment.order)["way"] is None
    assert "data-road" not in Client().get(f"/track/{assignment.order.tracking_token}/").content.decode()


def test_the_page_hands_it_to_its_map() -> None:
    order = carried().order
    address = f"/track/{order.tracking_token}/"
    assert "data-road" not in Client().get(address).content.decode()
    find_routes()
    road = "52.52000,13.40000 52.52000,13.40500 52.52050,13.41000"
    assert f'data-road="{road}"' in Client().get(address).content.decode()


def test_a_way_belongs_to_its_order_only() -> None:
    mine, other = carried(), carried()
    find_routes()
    OrderRoute.objects.filter(order=other.order).update(points=[STORE, (52.5300, 13.4200), DOOR])
    assert data(mine.order)["way"]["road"][1] == list(CORNER)
    assert "52.53" not in Client().get(f"/track/{mine.order.tracking_token}/").content.decode()


def test_dispatchers_are_told_the_same_time() -> None:
    orders = [carried().order for _ in range(2)]
    find_routes()
    with CaptureQueriesContext(connection) as queries:
        board = read_board()
    assert len(queries) == 8
    for order in orders:
        eta = board.orders[order.pk].eta
        assert eta is not None
        assert (eta - board.generated_at).total_seconds() == pytest.approx(BY_ROAD + HANDOVER, abs=2)


def test_reading_asks_nobody(engine: RoutingEngine) -> None:
    order = carried().order
    data(order)
    api_seconds(order)
    assert engine.asked == []


def test_without_an_engine_nothing_is_looked_for(settings: Any) -> None:
    """Also where there was one until now."""
    order = carried().order
    find_routes()
    with CaptureQueriesContext(
        connection,
    ) as with_engine:
        data(order)
    settings.ROUTING_ENGINE = settings.ROUTING_URL = ""
    with CaptureQueriesContext(connection) as without:
        assert data(order)["way"]["road"] == []
    assert len(with_engine) - len(without) == 1

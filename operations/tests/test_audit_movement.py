"""What counts as too fast."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F, Value

from catalog.geography import Position, distance_m
from couriers.models import Courier, CourierPosition
from couriers.tests.factories import make_courier
from couriers.vehicles import PACES, Vehicle
from operations.auditing import movement
from operations.auditing.movement import UNKNOWN_ACCURACY_M, couriers_move_as_fast_as_they_can

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE = Position(52.52, 13.405)
METRES_PER_DEGREE = distance_m(HERE, Position(53.52, 13.405))

pytestmark = pytest.mark.django_db


def seen(courier: Courier, *, metres: float, seconds: float, accuracy_m: float | None = 0.0) -> None:
    """North of here, this long after noon."""
    CourierPosition.objects.create(
        courier=courier,
        latitude=HERE.latitude + metres / METRES_PER_DEGREE,
        longitude=HERE.longitude,
        accuracy_m=accuracy_m,
        recorded_at=NOON + timedelta(seconds=seconds),
    )


def offenders() -> list[str]:
    return list(couriers_move_as_fast_as_they_can().offenders)


@pytest.mark.parametrize("vehicle", Vehicle)
def test_every_vehicle_has_its_limit(vehicle: Vehicle) -> None:
    courier = make_courier(vehicle=vehicle)
    reachable_m = PACES[vehicle].top_kmh / 3.6 * 60
    seen(courier, metres=0, seconds=0)
    seen(courier, metres=reachable_m, seconds=60)
    assert offenders() == []
    seen(courier, metres=2 * reachable_m + 2, seconds=120)
    assert offenders() == [f"{courier.pk}: {reachable_m + 2:.0f} m in 60.0 s"]


def test_own_top_speed_counts_instead_of_the_vehicle_s() -> None:
    courier = make_courier(vehicle=Vehicle.FOOT, top_speed_kmh=3600)
    seen(courier, metres=0, seconds=0)
    seen(courier, metres=9_990, seconds=10)
    assert offenders() == []
    Courier.objects.update(top_speed_kmh=36)
    assert offenders() == [f"{courier.pk}: 9990 m in 10.0 s"]


def test_inaccuracy_of_both_positions_is_allowed_for() -> None:
    courier = make_courier(vehicle=Vehicle.FOOT, top_speed_kmh=36)
    seen(courier, metres=0, seconds=0, accuracy_m=40)
    seen(courier, metres=160, seconds=10, accuracy_m=20)
    assert offenders() == []
    seen(courier, metres=160 + 122, seconds=20, accuracy_m=0)
    assert offenders() == [f"{courier.pk}: 122 m in 10.0 s"]


def test_position_that_tells_no_accuracy_gets_the_usual_one() -> None:
    courier = make_courier(vehicle=Vehicle.FOOT, top_speed_kmh=36)
    seen(courier, metres=0, seconds=0, accuracy_m=None)
    seen(courier, metres=100 + 2 * UNKNOWN_ACCURACY_M, seconds=10, accuracy_m=None)
    assert offenders() == []


def test_order_of_arrival_does_not_matter() -> None:
    courier = make_courier(top_speed_kmh=36)
    seen(courier, metres=200, seconds=20)
    seen(courier, metres=0, seconds=0)
    seen(courier, metres=100, seconds=10)
    assert offenders() == []


def test_couriers_are_not_mistaken_for_each_other() -> None:
    seen(make_courier(), metres=0, seconds=0)
    seen(make_courier(), metres=9_000, seconds=1)
    assert couriers_move_as_fast_as_they_can().examined == 2
    assert offenders() == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (HERE, Position(52.53, 13.42)),
        (HERE, HERE),
        (Position(0.0, 179.9), Position(0.0, -179.9)),
        (Position(-89.9, 0.0), Position(89.9, 180.0)),
    ],
)
def test_database_measures_as_the_catalog_does(start: Position, end: Position) -> None:
    position = CourierPosition.objects.create(
        courier=make_courier(), latitude=start.latitude, longitude=start.longitude, recorded_at=NOON
    )
    measured = CourierPosition.objects.annotate(
        metres=movement.distance_m(F("latitude"), F("longitude"), Value(end.latitude), Value(end.longitude))
    )
    assert measured.get(pk=position.pk).metres == pytest.approx(distance_m(start, end), abs=0.01)

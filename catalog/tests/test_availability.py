from datetime import UTC, datetime, time

import pytest

from catalog.errors import OutsideDeliveryArea, StoreClosed
from catalog.geography import Position
from catalog.models import OpeningHours, Store
from catalog.services.availability import refuse_if_unavailable, takes_orders
from catalog.tests.factories import make_store

pytestmark = pytest.mark.django_db

MONDAY_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MONDAY_NIGHT = datetime(2026, 6, 1, 22, tzinfo=UTC)
AT_THE_DOOR = Position(52.52, 13.405)
ONE_KM_NORTH = Position(52.528993, 13.405)


def with_hours(store: Store) -> Store:
    OpeningHours.objects.create(store=store, weekday=0, opens=time(9), closes=time(18))
    return store


def test_an_open_store_near_enough_takes_the_order() -> None:
    store = with_hours(make_store(delivery_radius_m=1_001))
    refuse_if_unavailable(store, at=MONDAY_NOON, dropoff=ONE_KM_NORTH)
    assert takes_orders(store, at=MONDAY_NOON)


@pytest.mark.parametrize(("fields", "reason"), [({"is_active": False}, "inactive"), ({"is_paused": True}, "paused")])
def test_a_switched_off_store_says_so(fields: dict[str, bool], reason: str) -> None:
    store = make_store(**fields)
    with pytest.raises(StoreClosed) as refusal:
        refuse_if_unavailable(store, at=MONDAY_NOON, dropoff=AT_THE_DOOR)
    assert refusal.value.members == {"reason": reason, "opens_at": None}
    assert not takes_orders(store, at=MONDAY_NOON)


def test_a_closed_store_says_when_it_opens() -> None:
    store = with_hours(make_store())
    with pytest.raises(StoreClosed) as refusal:
        refuse_if_unavailable(store, at=MONDAY_NIGHT, dropoff=None)
    assert refusal.value.members == {"reason": "closed", "opens_at": "2026-06-08T07:00:00Z"}
    assert not takes_orders(store, at=MONDAY_NIGHT)


def test_a_dropoff_beyond_the_radius_is_refused_with_both_distances() -> None:
    store = make_store(delivery_radius_m=999)
    with pytest.raises(OutsideDeliveryArea) as refusal:
        refuse_if_unavailable(store, at=MONDAY_NOON, dropoff=ONE_KM_NORTH)
    assert refusal.value.members == {"distance_m": 1000, "radius_m": 999}


def test_without_a_dropoff_or_a_radius_no_distance_is_refused() -> None:
    refuse_if_unavailable(make_store(delivery_radius_m=1), at=MONDAY_NOON, dropoff=None)
    refuse_if_unavailable(make_store(), at=MONDAY_NOON, dropoff=Position(-41.3, 174.8))

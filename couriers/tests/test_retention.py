from datetime import timedelta

import pytest
import uuid_utils.compat
from django.utils import timezone

from couriers.models import CourierPosition
from couriers.services.retention import purge_positions
from couriers.tests.factories import make_courier

pytestmark = pytest.mark.django_db


def received(days_ago: int) -> CourierPosition:
    moment = timezone.now() - timedelta(days=days_ago)
    key = uuid_utils.compat.uuid7(nanoseconds=int(moment.timestamp() * 1_000_000_000))
    position = CourierPosition.objects.create(
        id=key, courier=make_courier(), latitude=52.5, longitude=13.4, recorded_at=moment
    )
    CourierPosition.objects.filter(id=key).update(created_at=moment)
    return position


def test_positions_are_forgotten_after_a_month() -> None:
    _, young = received(31), received(29)
    assert purge_positions() == 1
    assert list(CourierPosition.objects.all()) == [young]
    assert purge_positions() == 0


def test_one_run_takes_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couriers.services.retention.BATCH", 2)
    for _ in range(3):
        received(40)
    assert [purge_positions(), purge_positions(), purge_positions()] == [2, 1, 0]

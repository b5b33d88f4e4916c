"""Batches of positions overtake each other on their way."""

from datetime import datetime, timedelta
from functools import partial
from unittest.mock import patch
from uuid import UUID

from django.utils import timezone

from api.tests.waiting import at_once
from couriers.models import Courier, CourierPosition
from couriers.services import positions
from couriers.services.positions import Fix, record_positions
from couriers.tests.factories import make_courier
from couriers.tests.races.calling import ON_POSTGRESQL, answers, call, rendezvous

pytestmark = ON_POSTGRESQL


def fix(moment: datetime, *, latitude: float = 52.5) -> Fix:
    return Fix(latitude=latitude, longitude=13.4, recorded_at=moment)


def test_one_batch_from_many_retries_is_kept_once() -> None:
    courier, now = make_courier(), timezone.now()
    batch = [
        {"latitude": 52.5, "longitude": 13.4, "recorded_at": (now - timedelta(seconds=n)).isoformat()}
        for n in range(50)
    ]
    send = call(courier.user, "couriers/me/positions", {"positions": batch})
    reversed_send = call(courier.user, "couriers/me/positions", {"positions": batch[::-1]})
    assert answers([send, reversed_send] * 10) == {(200, ""): 20}
    assert CourierPosition.objects.count() == 50


def test_one_position_from_many_retries_is_new_once() -> None:
    courier, single = make_courier(), fix(timezone.now())
    assert accepted_of(courier, single) == 1


def test_asking_before_writing_would_take_it_for_new_twice() -> None:
    """The control: both ask whether the courier is behind before either moves them."""
    courier, single = make_courier(), fix(timezone.now())
    both_asked = rendezvous()

    def ask_then_move(courier_id: UUID, *, to: Fix) -> bool:
        is_behind = Courier.objects.filter(pk=courier_id, position_recorded_at=None).exists()
        both_asked.wait()
        Courier.objects.filter(pk=courier_id).update(position_recorded_at=to.recorded_at)
        return is_behind

    with patch.object(positions, "_move_forward", ask_then_move):
        assert accepted_of(courier, single) == 2


def accepted_of(courier: Courier, single: Fix) -> int:
    """By two who send the same at once; it is kept once in any case."""
    accepted: list[int] = []

    def send() -> None:
        accepted.append(record_positions(courier.id, fixes=[single]).accepted)

    at_once([send, send])
    assert CourierPosition.objects.count() == 1
    return sum(accepted)


def test_whichever_batch_comes_last_the_newest_position_stands() -> None:
    courier, now = make_courier(), timezone.now()
    moments = [now - timedelta(seconds=n) for n in range(20)]
    at_once([partial(record_positions, courier.id, fixes=[fix(moment)]) for moment in moments])
    courier.refresh_from_db()
    assert courier.position_recorded_at == now
    assert CourierPosition.objects.count() == 20


def test_comparing_before_writing_would_move_the_courier_back() -> None:
    """The control: both see no position yet, and whoever writes last wins."""
    courier, now = make_courier(), timezone.now()
    both_looked, newest_is_written = rendezvous(), rendezvous()

    def compare_then_write(courier_id: UUID, *, to: Fix) -> None:
        known = Courier.objects.get(pk=courier_id).position_recorded_at
        both_looked.wait()
        if to.recorded_at < now:
            newest_is_written.wait()
        if known is None or known < to.recorded_at:
            Courier.objects.filter(pk=courier_id).update(position_recorded_at=to.recorded_at)

    def newest() -> None:
        record_positions(courier.id, fixes=[fix(now)])
        newest_is_written.wait()

    with patch.object(positions, "_move_forward", compare_then_write):
        older = partial(record_positions, courier.id, fixes=[fix(now - timedelta(seconds=9))])
        at_once([newest, older])
    courier.refresh_from_db()
    assert courier.position_recorded_at == now - timedelta(seconds=9)

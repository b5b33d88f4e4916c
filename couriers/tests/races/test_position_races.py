"""Batches of positions overtake each other on their way."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from unittest.mock import patch
from uuid import UUID

import pytest
from django.utils import timezone

from api.tests.waiting import PATIENCE_SECONDS, at_once, in_background, somebody_waits_for_a_lock, until
from couriers.models import Courier, CourierPosition
from couriers.services import positions
from couriers.services.positions import Fix, Receipt, record_positions
from couriers.tests.factories import make_courier
from couriers.tests.races.calling import ON_POSTGRESQL, answers, call, rendezvous

pytestmark = ON_POSTGRESQL


def fix(moment: datetime, *, latitude: float = 52.5) -> Fix:
    return Fix(latitude=latitude, longitude=13.4, recorded_at=moment)


def batch_of(moment: datetime) -> list[Fix]:
    return [fix(moment), fix(moment - timedelta(milliseconds=1))]


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

    def ask_then_keep(courier_id: UUID, fixes: Sequence[Fix]) -> int:
        is_behind = Courier.objects.filter(pk=courier_id, position_recorded_at=None).exists()
        both_asked.wait()
        CourierPosition.objects.bulk_create([kept(courier_id, one) for one in fixes], ignore_conflicts=True)
        return len(fixes) if is_behind else 0

    with patch.object(positions, "_keep_next", ask_then_keep):
        assert accepted_of(courier, single) == 2


def kept(courier_id: UUID, one: Fix) -> CourierPosition:
    return CourierPosition(courier_id=courier_id, **vars(one))


def accepted_of(courier: Courier, single: Fix) -> int:
    """By two who send the same at once; it is kept once in any case."""
    accepted: list[int] = []

    def send() -> None:
        accepted.append(record_positions(courier.id, fixes=[single]).accepted)

    at_once([send, send])
    assert CourierPosition.objects.count() == 1
    return sum(accepted)


@pytest.mark.parametrize("size", [1, 2])
def test_whichever_batch_comes_last_the_newest_position_stands(size: int) -> None:
    courier, now = make_courier(), timezone.now()
    moments = [now - timedelta(seconds=n) for n in range(20)]
    batches = [batch_of(moment)[:size] for moment in moments]
    at_once([partial(record_positions, courier.id, fixes=batch) for batch in batches])
    courier.refresh_from_db()
    assert courier.position_recorded_at == now
    assert CourierPosition.objects.count() == 20 * size


def test_a_position_by_itself_and_in_a_batch_meet_crosswise() -> None:
    """One has moved the courier and wants to keep the position, the other has kept it and wants to move the courier.
    The database gives one of them up, who tries again."""
    courier, now = make_courier(), timezone.now()
    is_kept, go_on = threading.Event(), threading.Event()
    move_forward = positions._move_forward

    def move_later(courier_id: UUID, *, to: Fix) -> None:
        is_kept.set()
        go_on.wait(PATIENCE_SECONDS)
        move_forward(courier_id, to=to)

    with patch.object(positions, "_move_forward", move_later), ThreadPoolExecutor() as pool:
        batch = in_background(pool, partial(record_positions, courier.id, fixes=batch_of(now)))
        is_kept.wait(PATIENCE_SECONDS)
        single = in_background(pool, partial(record_positions, courier.id, fixes=[fix(now)]))
        until(somebody_waits_for_a_lock)
        go_on.set()
        assert batch.result(PATIENCE_SECONDS) == Receipt(accepted=2, ignored=0)
        assert single.result(PATIENCE_SECONDS) == Receipt(accepted=0, ignored=1)
    courier.refresh_from_db()
    assert courier.position_recorded_at == now
    assert CourierPosition.objects.count() == 2


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
        record_positions(courier.id, fixes=batch_of(now))
        newest_is_written.wait()

    with patch.object(positions, "_move_forward", compare_then_write):
        older = partial(record_positions, courier.id, fixes=batch_of(now - timedelta(seconds=9)))
        at_once([newest, older])
    courier.refresh_from_db()
    assert courier.position_recorded_at == now - timedelta(seconds=9)

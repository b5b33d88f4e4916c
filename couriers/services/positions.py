"""Where couriers say they are. Phones send in batches, late, twice and out of order; nothing is locked to be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import FilteredRelation, Q
from django.utils import timezone

from api.errors import FieldProblem, InvalidRequest
from api.identifiers import uuid7
from api.prepared import rows_of
from api.transactions import in_one_statement, tell_after_commit, transactional
from catalog.geography import Position
from couriers.errors import CourierNotFound
from couriers.models import Courier, CourierPosition
from couriers.moving import Move, tell_moved

MAX_CLOCK_ERROR: Final = timedelta(seconds=60)

MOVE_AND_KEEP: Final = """
    WITH moved AS (
        UPDATE couriers_courier
        SET latitude = %(latitude)s, longitude = %(longitude)s,
            position_accuracy_m = %(accuracy_m)s, position_recorded_at = %(recorded_at)s
        WHERE user_id = %(courier_id)s AND (position_recorded_at IS NULL OR position_recorded_at < %(recorded_at)s)
        RETURNING user_id, latitude, longitude, position_accuracy_m, position_recorded_at
    )
    INSERT INTO couriers_courierposition (id, created_at, courier_id, latitude, longitude, accuracy_m, recorded_at)
    SELECT %(id)s, %(now)s, moved.* FROM moved
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A position with the moment, by the courier's own clock, at which they were there."""

    latitude: float
    longitude: float
    recorded_at: datetime
    accuracy_m: float | None = None


@dataclass(frozen=True)
class Receipt:
    """How many positions were kept, and how many were known already or too old to be of use."""

    accepted: int
    ignored: int


def record_positions(courier_id: UUID, *, fixes: Sequence[Fix]) -> Receipt:
    """Keep what is new, and move the courier to the newest unless they are known to have moved on since.

    A batch may be sent again. Three statements whatever its size, and on PostgreSQL one for the usual single position.
    Raises InvalidRequest for positions from the future, CourierNotFound.
    """
    now = timezone.now()
    _refuse_future(fixes, latest=now + MAX_CLOCK_ERROR)
    oldest = now - timedelta(hours=settings.POSITION_MAX_AGE_HOURS)
    usable = {fix.recorded_at: fix for fix in fixes if fix.recorded_at >= oldest}
    accepted = _keep_next(courier_id, list(usable.values())) or _keep_new(courier_id, usable)
    return Receipt(accepted=accepted, ignored=len(fixes) - accepted)


def _refuse_future(fixes: Sequence[Fix], *, latest: datetime) -> None:
    problems = [
        FieldProblem(f"/positions/{index}/recorded_at", "in_the_future", "The moment is still to come; set your clock.")
        for index, fix in enumerate(fixes)
        if fix.recorded_at > latest
    ]
    if problems:
        raise InvalidRequest(errors=problems)


def _keep_next(courier_id: UUID, fixes: Sequence[Fix]) -> int:
    """How many were kept: a single one that moves the courier, who is never behind what is known of them. One
    statement compares, moves and keeps."""
    if len(fixes) != 1 or connection.vendor != "postgresql":
        return 0
    to = fixes[0]
    given = {**vars(to), "courier_id": courier_id, "id": uuid7(), "now": timezone.now()}
    kept = in_one_statement(lambda: rows_of(MOVE_AND_KEEP, given))
    if kept:
        _tell_moved(courier_id, to=to)
    return len(kept)


@transactional
def _keep_new(courier_id: UUID, fixes: Mapping[datetime, Fix]) -> int:
    """How many were new."""
    known = _known_moments(courier_id, among=list(fixes))
    new = [fixes[moment] for moment in sorted(fixes.keys() - known)]
    if new:
        _keep(courier_id, new)
        _move_forward(courier_id, to=new[-1])
    return len(new)


def _known_moments(courier_id: UUID, *, among: list[datetime]) -> set[datetime]:
    """One statement finds the courier and what is known of them. Raises CourierNotFound."""
    courier = Courier.objects.filter(pk=courier_id).order_by()
    if among:  # an empty IN would make the whole query empty, and the courier unknown
        known = FilteredRelation("positions", condition=Q(positions__recorded_at__in=among))
        moments = list(courier.annotate(known=known).values_list("known__recorded_at", flat=True))
    else:
        moments = [None] * courier.count()
    if not moments:
        raise CourierNotFound
    return {moment for moment in moments if moment is not None}


def _keep(courier_id: UUID, new: Sequence[Fix]) -> None:
    """In order of time, so that two deliveries of one batch wait for each other instead of deadlocking."""
    CourierPosition.objects.bulk_create(
        [
            CourierPosition(
                courier_id=courier_id,
                latitude=fix.latitude,
                longitude=fix.longitude,
                accuracy_m=fix.accuracy_m,
                recorded_at=fix.recorded_at,
            )
            for fix in new
        ],
        ignore_conflicts=True,
    )


def _move_forward(courier_id: UUID, *, to: Fix) -> None:
    """The comparison and the change are one statement, so batches that overtake each other do no harm."""
    behind = Q(position_recorded_at__isnull=True) | Q(position_recorded_at__lt=to.recorded_at)
    has_moved = Courier.objects.filter(behind, pk=courier_id).update(
        latitude=to.latitude,
        longitude=to.longitude,
        position_accuracy_m=to.accuracy_m,
        position_recorded_at=to.recorded_at,
    )
    if has_moved:
        _tell_moved(courier_id, to=to)


def _tell_moved(courier_id: UUID, *, to: Fix) -> None:
    where = Position(to.latitude, to.longitude)
    tell_after_commit(tell_moved, Move(courier_id=courier_id, position=where, recorded_at=to.recorded_at))

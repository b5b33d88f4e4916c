"""Integrators' events: in order for each of them, and no known type needed."""

from uuid import UUID, uuid4

import pytest

from events.models import Event, SequenceCounter
from operations.auditing.audit import audit

pytestmark = pytest.mark.django_db

CARD = uuid4()


def overtaken(*, publishers: tuple[UUID, UUID]) -> None:
    """Two events of one subject that are read in another order than they were written."""
    for sequence, publisher in zip((2, 1), publishers, strict=True):
        Event.objects.create(
            type="ext.loyalty.points_earned",
            subject_type="loyalty_card",
            subject_id=CARD,
            subject_version=0,
            publisher_id=publisher,
            sequence=sequence,
        )
    SequenceCounter.objects.create(last=2)


def broken() -> list[str]:
    return [result.check.name for result in audit().broken]


def test_two_publishers_have_no_order_between_them() -> None:
    overtaken(publishers=(uuid4(), uuid4()))
    assert broken() == []


def test_one_publisher_has() -> None:
    publisher = uuid4()
    overtaken(publishers=(publisher, publisher))
    assert broken() == ["events-in-order"]

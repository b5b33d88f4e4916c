"""Old events are removed, and what they told is asked for no more; everything else is."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.roles import Role
from events.models import Event, SequenceCounter
from events.services import removing
from events.services.removing import remove_events
from operations.auditing.audit import audit
from operations.tests.factories import busy_day, cancelled, settle_everything
from orders.tests.factories import make_order, make_store, make_user
from payments.models import Refund

pytestmark = pytest.mark.django_db


def broken() -> set[str]:
    return {result.check.name for result in audit().broken}


def kept() -> QuerySet[Event]:
    return Event.objects.filter(sequence__isnull=False)


@pytest.fixture
def everything_removed() -> None:
    """Whatever happened on a busy day, cancellations in part included."""
    busy_day()
    remove_events(timezone.now())
    assert kept().count() == 0


def test_however_much_is_removed_nothing_seems_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "BATCH", 9)
    busy_day()
    rounds = 0
    while remove_events(timezone.now()):
        assert broken() == set(), SequenceCounter.objects.values().get()
        rounds += 1
    assert (rounds > 5, kept().count()) == (True, 0)


@pytest.mark.usefixtures("everything_removed")
def test_what_happens_afterwards_is_looked_at_as_ever() -> None:
    order = make_order(customer=make_user(Role.CUSTOMER))
    settle_everything()
    assert broken() == set()
    Event.objects.filter(subject_id=order.pk).update(type="order.paid")
    assert broken() == {"order-changes-have-events"}


@pytest.mark.usefixtures("everything_removed")
@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(lambda: SequenceCounter.objects.update(removed=0), id="events are gone that nobody counted"),
        pytest.param(lambda: kept().filter(sequence=kept().earliest("sequence").sequence).delete(), id="one is lost"),
        pytest.param(
            lambda: SequenceCounter.objects.update(removed=SequenceCounter.objects.get().last),
            id="one is kept that was counted as removed",
        ),
    ],
)
def test_a_gap_at_the_place_of_removal_is_found(break_it: Callable[[], object]) -> None:
    for _ in range(2):
        make_order(customer=make_user(Role.CUSTOMER))
    settle_everything()
    break_it()
    assert "sequence-without-gaps" in broken()


@pytest.mark.usefixtures("everything_removed")
def test_money_owed_since_then_is_still_owed() -> None:
    order = cancelled(make_store())
    settle_everything()
    assert broken() == set()
    Refund.objects.filter(payment__order=order).delete()
    assert broken() == {"cancelled-orders-refunded"}

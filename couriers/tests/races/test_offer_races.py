"""Several couriers are asked for one order, and all of them answer at the same moment."""

from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

from django.utils import timezone

from api.tests.waiting import at_once
from couriers import locks
from couriers.models import Assignment
from couriers.services import accepting
from couriers.services.answering import expire_offers
from couriers.tests.factories import make_free_courier, make_offer, offer, staff
from couriers.tests.races.calling import ON_POSTGRESQL, Call, answers, assert_counters_agree, call, rendezvous
from events.models import Event
from orders.tests.factories import make_confirmed_order

pytestmark = ON_POSTGRESQL

TAKEN = (409, "order_already_assigned")
OVER = (409, "offer_not_open")
ROUNDS = 6


def accept(offered: Assignment) -> Call:
    return call(offered.courier.user, f"assignments/{offered.id}/accept")


def decline(offered: Assignment) -> Call:
    return call(offered.courier.user, f"assignments/{offered.id}/decline")


def statuses() -> list[str]:
    return sorted(Assignment.objects.values_list("status", flat=True))


def test_of_twenty_couriers_who_were_asked_exactly_one_gets_the_order() -> None:
    offers = offer(make_confirmed_order(), *(make_free_courier() for _ in range(20)))

    outcomes = answers([accept(offered) for offered in offers])

    assert outcomes == {(200, ""): 1, TAKEN: 19}
    assert statuses() == ["accepted", *["expired"] * 19]
    assert Event.objects.filter(type="assignment.accepted").count() == 1
    assert Event.objects.filter(type="assignment.expired").count() == 19
    assert_counters_agree()


def test_without_the_locks_the_loser_runs_into_a_fault() -> None:
    """The control: both find their offer open and the order free."""
    both_looked = rendezvous()

    def unlocked(assignment_id: UUID) -> locks.Carried:
        found = Assignment.objects.select_related("order__store", "courier").get(pk=assignment_id)
        both_looked.wait()
        return locks.Carried(found.order, found.courier, found)

    offers = offer(make_confirmed_order(), make_free_courier(), make_free_courier())
    both_free = rendezvous()

    def looked(order_id: UUID, *, courier_id: UUID) -> bool:
        both_free.wait()
        return False

    with patch.object(accepting, "lock_carried", unlocked), patch.object(accepting, "is_with_another", looked):
        outcomes = answers([accept(offered) for offered in offers])
    assert outcomes == {(200, ""): 1, (500, ""): 1}
    assert Assignment.objects.active().count() == 1


def test_one_who_was_asked_against_one_of_the_open_pool() -> None:
    for _ in range(ROUNDS):
        offered, stranger = make_offer(), make_free_courier()
        outcomes = answers([accept(offered), call(stranger.user, f"orders/{offered.order_id}/accept")])
        assert outcomes == {(200, ""): 1, TAKEN: 1}
        assert Assignment.objects.active().filter(order=offered.order_id).count() == 1
        assert not Assignment.objects.offered().filter(order=offered.order_id).exists()
    assert_counters_agree()


def test_accepting_against_declining_on_two_phones_leaves_one_answer() -> None:
    for _ in range(ROUNDS):
        offered = make_offer()
        assert answers([accept(offered), decline(offered)]) == {(200, ""): 1, OVER: 1}
    assert_counters_agree()


def test_accepting_against_the_job_at_the_deadline_leaves_one_outcome() -> None:
    for _ in range(ROUNDS):
        offered = make_offer()
        Assignment.objects.filter(pk=offered.pk).update(expires_at=timezone.now() + timedelta(milliseconds=5))
        at_once([accept(offered), expire_offers])
        expire_offers()
        offered.refresh_from_db()
        assert offered.status in {"accepted", "expired"}
        assert Assignment.objects.active().filter(pk=offered.pk).exists() == (offered.status == "accepted")
    assert_counters_agree()


def test_two_dispatchers_ask_the_same_courier_once() -> None:
    order, courier = make_confirmed_order(), make_free_courier()
    body = {"courier_ids": [str(courier.id)]}
    assert answers([call(staff(), f"orders/{order.id}/offer", body) for _ in range(5)]) == {(200, ""): 5}
    assert statuses() == ["offered"]
    assert Event.objects.filter(type="assignment.offered").count() == 1


def test_a_deadline_that_is_noticed_twice_at_once_is_told_once() -> None:
    offered = make_offer()
    Assignment.objects.filter(pk=offered.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sum(at_once([expire_offers] * 5)) == 1
    assert Event.objects.filter(type="assignment.expired").count() == 1

"""What the database itself refuses is told in the words of the API; anything else stays a fault."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from couriers.constraints import refusing_double_booking
from couriers.errors import CourierAtCapacity, OrderAlreadyAssigned
from couriers.models import Assignment, Courier
from couriers.tests.factories import make_accepted, make_courier

pytestmark = pytest.mark.django_db


def in_savepoint(work: Any) -> Any:
    """As in a request: the broken transaction is left before the refusal is told."""

    @refusing_double_booking
    def service() -> None:
        with transaction.atomic():
            work()

    return service()


def test_a_second_active_assignment_of_an_order_is_an_order_already_assigned() -> None:
    taken = make_accepted()
    other = make_courier()
    with pytest.raises(OrderAlreadyAssigned):
        in_savepoint(lambda: Assignment.objects.create(order=taken.order, courier=other, status="accepted"))
    assert Assignment.objects.count() == 1


def test_a_courier_beyond_capacity_is_a_courier_at_capacity() -> None:
    courier = make_courier(capacity=2)
    with pytest.raises(CourierAtCapacity):
        in_savepoint(lambda: Courier.objects.filter(pk=courier.pk).update(active_orders=3))
    courier.refresh_from_db()
    assert courier.active_orders == 0


def test_a_released_order_may_be_assigned_again_and_again() -> None:
    order = make_accepted().order
    Assignment.objects.update(status="released")
    in_savepoint(lambda: Assignment.objects.create(order=order, courier=make_courier(), status="accepted"))
    assert Assignment.objects.count() == 2


def test_other_broken_constraints_are_faults_of_ours() -> None:
    courier = make_courier()
    with pytest.raises(IntegrityError, match="courier_carries_something"):
        in_savepoint(lambda: Courier.objects.filter(pk=courier.pk).update(capacity=0))


def test_active_orders_do_not_fall_below_zero() -> None:
    courier = make_courier()
    with pytest.raises(IntegrityError):
        in_savepoint(lambda: Courier.objects.filter(pk=courier.pk).update(active_orders=-1))


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("UNIQUE constraint failed: couriers_assignment.order_id", OrderAlreadyAssigned),
        ("CHECK constraint failed: courier_within_capacity", CourierAtCapacity),
    ],
)
def test_sqlite_says_it_in_its_own_words(words: str, refusal: type[Exception]) -> None:
    @refusing_double_booking
    def service() -> None:
        raise IntegrityError(words)

    with pytest.raises(refusal):
        service()

from datetime import timedelta

import pytest
from django.utils import timezone

from couriers.models import Assignment
from couriers.services.anonymising import forget_recipients
from couriers.services.delivering import Proof, deliver
from couriers.tests.conftest import snapshot
from couriers.tests.factories import actor_of, make_picked_up
from events.services.relaying import relay
from orders.models import Order
from orders.services.anonymising import anonymise_due_orders

pytestmark = pytest.mark.django_db


def delivered_to_ada() -> Assignment:
    assignment = make_picked_up()
    proof = Proof(recipient="Ada's neighbour", note="left with Bert, second floor")
    delivered = deliver(assignment.id, actor=actor_of(assignment.courier), proof=proof)
    assert isinstance(delivered, Assignment)
    return delivered


def test_who_took_an_order_is_forgotten_with_its_other_personal_data() -> None:
    old, young = delivered_to_ada(), delivered_to_ada()
    Order.objects.filter(id=old.order_id).update(ended_at=timezone.now() - timedelta(days=31))
    anonymise_due_orders()
    relay()
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.recipient, old.note, old.version) == ("", "", 4)
    assert (young.recipient, young.version) == ("Ada's neighbour", 3)


def test_forgetting_again_changes_nothing() -> None:
    assignment = delivered_to_ada()
    forget_recipients(assignment.order_id)
    before = snapshot()
    forget_recipients(assignment.order_id)
    assert snapshot() == before

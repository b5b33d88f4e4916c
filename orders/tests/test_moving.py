from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from api.errors import PermissionRefused, PreconditionFailed
from catalog.models import Product
from events.models import Event
from orders.errors import DropoffMissing, OrderNotReady, RefundTooLarge, TransitionNotAllowed
from orders.locks import lock_order
from orders.models import Order
from orders.services import carrying
from orders.services.anonymising import anonymise_due_orders
from orders.services.cancelling import cancel_order
from orders.services.confirming import confirm_order, mark_ready
from orders.services.expiry import expire_due_orders, suspend_expiry
from orders.states import PaymentMethod
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_ready_order,
    make_store,
    make_user,
    pay,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatcher() -> Actor:
    return Actor.of(make_user(Role.DISPATCHER))


@pytest.fixture
def courier() -> Actor:
    return Actor.of(make_user(Role.COURIER))


def facts(order: Order) -> list[tuple[str, str, str, int]]:
    return [(e.what, e.from_status, e.to_status, e.order_version) for e in order.timeline.all()]


def snapshot(order: Order) -> tuple[str, int, int, int]:
    stored = Order.objects.get(id=order.id)
    return stored.status, stored.version, stored.timeline.count(), Event.objects.filter(subject_id=order.id).count()


def test_an_order_goes_from_placed_to_delivered(dispatcher: Actor, courier: Actor) -> None:
    order = make_ready_order()
    assert courier.user_id is not None
    order = lock_order(order.id)
    carrying.assign(order, courier_id=courier.user_id, actor=courier)
    carrying.pick_up(order, actor=courier)
    carrying.deliver(order, actor=courier)
    order = Order.objects.get(id=order.id)
    assert (order.status, order.version, order.courier_id) == ("delivered", 7, courier.user_id)
    assert order.ended_at is not None
    assert facts(order) == [
        ("created", "", "created", 1),
        ("paid", "created", "paid", 2),
        ("confirmed", "paid", "confirmed", 3),
        ("ready", "confirmed", "confirmed", 4),
        ("assigned", "confirmed", "assigned", 5),
        ("picked_up", "assigned", "picked_up", 6),
        ("delivered", "picked_up", "delivered", 7),
    ]
    events = Event.objects.filter(subject_id=order.id).order_by("position")
    assert [(e.type, e.subject_version) for e in events] == [
        (f"order.{what}", version) for what, _, _, version in facts(order)
    ]


def test_a_refused_move_lists_what_is_allowed_and_changes_nothing(dispatcher: Actor) -> None:
    order = make_order()
    before = snapshot(order)
    with pytest.raises(TransitionNotAllowed) as refusal:
        confirm_order(order.id, actor=dispatcher)
    assert refusal.value.members == {"order_status": "created", "allowed": ["cancelled"]}
    assert snapshot(order) == before


def test_an_order_without_a_dropoff_is_not_confirmed(dispatcher: Actor) -> None:
    order = make_paid_order(dropoff=None)
    before = snapshot(order)
    with pytest.raises(DropoffMissing):
        confirm_order(order.id, actor=dispatcher)
    assert snapshot(order) == before


def test_confirming_again_answers_the_same_and_another_is_refused(dispatcher: Actor) -> None:
    order = make_paid_order()
    confirm_order(order.id, actor=dispatcher)
    before = snapshot(order)
    assert confirm_order(order.id, actor=dispatcher).version == 3
    with pytest.raises(TransitionNotAllowed):
        confirm_order(order.id, actor=Actor.of(make_user(Role.DISPATCHER)))
    assert snapshot(order) == before


def test_a_stale_version_is_refused(dispatcher: Actor) -> None:
    order = make_paid_order()
    with pytest.raises(PreconditionFailed) as refusal:
        confirm_order(order.id, actor=dispatcher, expected_version=1)
    assert refusal.value.headers["ETag"] == '"2"'
    assert snapshot(order)[0] == "paid"


def test_a_paid_order_of_an_automatic_store_is_confirmed_by_the_system() -> None:
    order = make_order(product=make_product(make_store(confirms_automatically=True)))
    assert pay(order).status == "confirmed"
    assert [e.actor_kind for e in order.timeline.all()] == ["customer", "provider", "system"]


def test_ready_is_a_fact_beside_the_state(dispatcher: Actor) -> None:
    order = make_confirmed_order()
    order = mark_ready(order.id, actor=dispatcher)
    assert (order.status, order.version) == ("confirmed", 4)
    assert order.ready_at is not None
    assert mark_ready(order.id, actor=dispatcher).version == 4


def test_only_an_order_in_preparation_becomes_ready(dispatcher: Actor) -> None:
    order = make_paid_order()
    with pytest.raises(TransitionNotAllowed) as refusal:
        mark_ready(order.id, actor=dispatcher)
    assert refusal.value.members["allowed"] == ["confirmed", "cancelled"]


def test_couriers_wait_for_ready_and_staff_may_overrule(dispatcher: Actor, courier: Actor) -> None:
    order = lock_order(make_confirmed_order().id)
    assert courier.user_id is not None
    carrying.assign(order, courier_id=courier.user_id, actor=courier)
    before = snapshot(order)
    with pytest.raises(OrderNotReady):
        carrying.pick_up(order, actor=courier)
    assert snapshot(order) == before
    carrying.pick_up(order, actor=dispatcher)
    assert order.status == "picked_up"


def test_a_failed_order_that_is_confirmed_again_starts_over(dispatcher: Actor, courier: Actor) -> None:
    order = lock_order(make_ready_order().id)
    assert courier.user_id is not None
    carrying.assign(order, courier_id=courier.user_id, actor=courier)
    carrying.pick_up(order, actor=courier)
    carrying.fail(order, actor=courier, reason="nobody_home")
    order = confirm_order(order.id, actor=dispatcher)
    assert (order.status, order.courier_id, order.ready_at) == ("confirmed", None, None)


def test_unassigning_frees_the_order_and_keeps_it_ready(courier: Actor) -> None:
    order = lock_order(make_ready_order().id)
    assert courier.user_id is not None
    carrying.assign(order, courier_id=courier.user_id, actor=courier)
    carrying.unassign(order, actor=courier, reason="flat tyre")
    assert (order.status, order.courier_id) == ("confirmed", None)
    assert order.ready_at is not None


def stock_of(order: Order) -> int:
    return Product.objects.get(order_lines__order=order).stock


def cancelled_event(order: Order) -> dict[str, object]:
    data: dict[str, object] = Event.objects.get(type="order.cancelled", subject_id=order.id).data
    return data


def test_cancelling_before_pickup_returns_the_goods_and_asks_for_the_refund_of_all() -> None:
    order = make_paid_order()
    assert order.customer is not None
    order = cancel_order(order.id, actor=Actor.of(order.customer), reason="Changed my mind, Ada")
    assert (order.status, stock_of(order)) == ("cancelled", 100)
    line = order.lines.get()
    restocked = Event.objects.get(type="order.restocked", subject_id=order.id)
    assert restocked.data["items"] == [{"product_id": str(line.product_id), "quantity": 1}]
    event = cancelled_event(order)
    assert (event["reason"], event["restock"], event["refund_amount"], event["expired"]) == (
        "requested",
        True,
        None,
        False,
    )
    assert "Ada" not in str(event)
    assert order.timeline.last().reason == "Changed my mind, Ada"  # type: ignore[union-attr]


def test_cancelling_after_a_failed_delivery_keeps_the_goods_out_of_stock(dispatcher: Actor, courier: Actor) -> None:
    order = lock_order(make_ready_order().id)
    assert courier.user_id is not None
    carrying.assign(order, courier_id=courier.user_id, actor=courier)
    carrying.pick_up(order, actor=courier)
    carrying.fail(order, actor=courier, reason="damaged")
    cancel_order(order.id, actor=dispatcher, reason="broken")
    assert stock_of(order) == 99
    assert cancelled_event(order)["restock"] is False
    assert not Event.objects.filter(type="order.restocked").exists()


def test_staff_choose_restock_and_refund(dispatcher: Actor) -> None:
    order = make_paid_order()
    cancel_order(order.id, actor=dispatcher, reason="spilled", restock=False, refund_amount=Decimal("2.50"))
    assert stock_of(order) == 99
    event = cancelled_event(order)
    assert (event["restock"], event["refund_amount"]) == (False, "2.50")


def test_customers_do_not_choose_restock_and_refund() -> None:
    order = make_paid_order()
    assert order.customer is not None
    before = snapshot(order)
    with pytest.raises(PermissionRefused):
        cancel_order(order.id, actor=Actor.of(order.customer), reason="", refund_amount=Decimal("1.00"))
    assert snapshot(order) == before


def test_a_refund_larger_than_the_total_is_refused(dispatcher: Actor) -> None:
    order = make_paid_order()
    before = snapshot(order)
    with pytest.raises(RefundTooLarge) as refusal:
        cancel_order(order.id, actor=dispatcher, reason="", refund_amount=Decimal("5.01"))
    assert refusal.value.members == {"total": "5.00", "currency": "EUR"}
    assert (snapshot(order), stock_of(order)) == (before, 99)


def test_cancelling_ones_own_cancelled_order_again_is_harmless(dispatcher: Actor) -> None:
    order = make_order()
    cancel_order(order.id, actor=dispatcher, reason="twice")
    before = snapshot(order)
    assert cancel_order(order.id, actor=dispatcher, reason="twice").status == "cancelled"
    with pytest.raises(TransitionNotAllowed) as refusal:
        cancel_order(order.id, actor=Actor.of(make_user(Role.ADMIN)), reason="me too")
    assert refusal.value.members["allowed"] == []
    assert (snapshot(order), stock_of(order)) == (before, 100)


def expire(order: Order) -> None:
    Order.objects.filter(id=order.id).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_an_unpaid_order_expires_by_itself() -> None:
    due, waiting, cash = make_order(), make_order(), make_order(payment_method=PaymentMethod.CASH)
    expire(due)
    assert expire_due_orders() == 1
    assert expire_due_orders() == 0
    assert [snapshot(o)[0] for o in (due, waiting, cash)] == ["cancelled", "created", "created"]
    assert stock_of(due) == 100
    types = Event.objects.filter(subject_id=due.id).order_by("position").values_list("type", "subject_version")
    happened = [("order.created", 1), ("order.cancelled", 2), ("order.expired", 2), ("order.restocked", 2)]
    assert list(types) == happened
    assert cancelled_event(due)["expired"] is True


def test_a_paid_order_and_one_under_review_do_not_expire() -> None:
    paid, under_review = make_paid_order(), make_order()
    expire(paid)
    suspend_expiry(lock_order(under_review.id))
    assert expire_due_orders() == 0
    assert [snapshot(o)[0] for o in (paid, under_review)] == ["paid", "created"]


def test_personal_data_goes_some_days_after_the_end(dispatcher: Actor) -> None:
    old, young, running = make_order(note="ring twice, Ada"), make_order(), make_order()
    for order in (old, young):
        cancel_order(order.id, actor=dispatcher, reason="Ada does not answer")
    Order.objects.filter(id=old.id).update(ended_at=timezone.now() - timedelta(days=31))
    assert anonymise_due_orders() == 1
    assert anonymise_due_orders() == 0
    old = Order.objects.get(id=old.id)
    kept = (old.contact_name, old.contact_phone, old.contact_email, old.note, old.dropoff_address)
    assert kept == ("", "", "", "", "")
    assert (old.dropoff_latitude, old.dropoff_longitude) == (52.52, 13.41)
    assert "Ada" not in " ".join(old.timeline.values_list("reason", flat=True))
    assert old.timeline.last().what == "updated"  # type: ignore[union-attr]
    assert {Order.objects.get(id=o.id).contact_name for o in (young, running)} == {"Ada"}

"""The Admin page of what is stuck: every kind of case is found, told and helped."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F, Model
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import queries_of, signed_in, told
from accounts.tests.factories import make_user
from catalog.tests.factories import make_staff
from couriers.models import Assignment, Courier
from couriers.services.carrying import fail
from couriers.services.waiting import report_waiting_orders
from couriers.states import FailureReason
from couriers.tests.factories import actor_of, make_accepted, make_picked_up
from events.models import DeliveryState, Event, EventDelivery
from events.services.relaying import relay
from events.services.sequencing import sequence_new_events
from operations.admin.stuck.cases import SHOWN, age_of
from operations.admin.stuck.page import KINDS
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.states import PaymentMethod
from orders.tests.factories import make_confirmed_order, make_order, make_paid_order
from payments.models import Payment, Refund
from payments.services.refunding import refund_payment
from payments.tests.factories import (
    make_captured_payment,
    make_payment,
    make_payment_in_review,
    make_submitted_payment,
    staff,
)
from payments.tests.test_retrying_refunds import make_failed_refund

pytestmark = pytest.mark.django_db

STUCK = "/admin/stuck/"
REFUNDING = "payments.settle_cancelled_order"


MOMENTS = ("created_at", "updated_at", "status_changed_at", "ended_at")


def age(row: Model, *, seconds: int = 3_600) -> None:
    """As if it had come so far so long ago."""
    fields = [name for name in MOMENTS if hasattr(row, name)]
    past = timedelta(seconds=seconds)
    type(row)._default_manager.filter(pk=row.pk).update(**{name: F(name) - past for name in fields})


def cancelled(order: Order, *, refund_amount: str | None = None) -> Order:
    amount = None if refund_amount is None else Decimal(refund_amount)
    order = cancel_order(order.id, actor=staff(), reason="sold out", refund_amount=amount)
    age(order)
    return order


def failed_refund() -> Order:
    refund = make_failed_refund()
    age(refund)
    return refund.payment.order


def not_given_back() -> Order:
    return cancelled(make_captured_payment().order)


def in_review() -> Order:
    payment = make_payment_in_review()
    age(payment)
    return payment.order


def unconfirmed() -> Order:
    order = make_paid_order()
    age(order)
    return order


def unconfirmed_cash() -> Order:
    order = make_order(payment_method=PaymentMethod.CASH)
    age(order)
    return order


def without_courier() -> Order:
    order = make_confirmed_order()
    age(order)
    return order


def failed_delivery() -> Order:
    assignment = make_picked_up()
    fail(assignment.id, actor=actor_of(assignment.courier), reason=FailureReason.NOBODY_HOME)
    order = Order.objects.get(pk=assignment.order_id)
    age(order)
    return order


def kept_courier() -> Order:
    return cancelled(make_accepted().order)


def dead_letter() -> Order:
    """Of a cancellation that nothing had to be refunded for."""
    order = cancelled(make_order())
    sequence_new_events()
    letters = EventDelivery.objects.filter(subject_id=order.id, destination=REFUNDING)
    assert letters.update(state=DeliveryState.DEAD, attempts=6, last_error="RuntimeError: no refunds today") == 1
    Event.objects.filter(subject_id=order.id).update(occurred_at=timezone.now() - timedelta(hours=1))
    return order


def unanswered() -> Order:
    payment = make_submitted_payment(token="tok_timeout")
    age(payment)
    return payment.order


def unreachable() -> Order:
    payment = make_payment()
    age(payment)
    Payment.objects.filter(pk=payment.pk).update(submit_attempts=3)
    return payment.order


def refund_under_way() -> Order:
    payment = make_captured_payment()
    refund = refund_payment(payment.id, amount=Decimal("2.00"), reason="broken", actor=staff())
    age(refund)
    return payment.order


def not_expired() -> Order:
    order = make_order()
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    return order


CASES: dict[str, tuple[Callable[[], Order], str, str, list[str]]] = {
    "failed refund": (
        failed_refund, "failed-refunds", "3.00\xa0EUR did not go back: The provider could not be reached.", ["retry"],
    ),
    "not given back": (not_given_back, "not-given-back", "0.00\xa0EUR of 5.00\xa0EUR went back or is on its way.", []),
    "in review": (in_review, "in-review", "Captured 6.00 EUR instead of 5.00 EUR.", ["accept", "refuse"]),
    "unconfirmed": (unconfirmed, "unconfirmed", "Paid, and not confirmed.", ["confirm", "cancel"]),
    "unconfirmed cash": (
        unconfirmed_cash, "unconfirmed", "Placed, to be paid in cash, and not confirmed.", ["confirm", "cancel"],
    ),
    "without courier": (
        without_courier, "without-courier", "In preparation, and nobody has accepted it.", ["assign", "cancel"],
    ),
    "failed delivery": (
        failed_delivery, "failed-deliveries", "Not delivered: nobody there.", ["confirm-again", "cancel"],
    ),
    "kept courier": (kept_courier, "kept-couriers", "Cancelled while Kim had it.", ["release"]),
    "dead letter": (
        dead_letter,
        "dead-letters",
        "The money of the cancelled order was not asked back: payments.settle_cancelled_order failed",
        ["redrive"],
    ),
    "unanswered": (
        unanswered, "unanswered", "The provider was asked for 5.00\xa0EUR and has not answered.", ["cancel"],
    ),
    "unreachable": (unreachable, "unanswered", "Asked 3 times; the provider could not be reached.", ["cancel"]),
    "refund under way": (
        refund_under_way, "refunds-under-way", "2.00\xa0EUR to go back; asked 0 times without an answer.", [],
    ),
    "not expired": (not_expired, "not-expired", "Its time to be paid was over at", ["cancel"]),
}  # fmt: skip


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def found(client: Client) -> dict[str, list[Any]]:
    page = client.get(STUCK)
    assert page.status_code == 200
    return {section.kind.key: section.cases for section in page.context["sections"]}


def names(case: Any) -> list[str]:
    return [button.move.name for button in case.buttons]


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_found_told_and_helped(name: str, dispatcher: Client) -> None:
    make, key, happened, buttons = CASES[name]
    order = make()

    cases = found(dispatcher)

    assert list(cases) == [key]
    (case,) = cases[key]
    assert (case.order, case.age, names(case)) == (order, "1\xa0h", buttons)
    assert case.happened.startswith(happened)
    assert case.by_itself.endswith(".")


@pytest.mark.parametrize("name", CASES)
def test_staff_of_another_store_do_not_see_it(name: str) -> None:
    order = CASES[name][0]()
    ours, theirs = signed_in(make_staff(order.store)), signed_in(make_staff(make_order().store))

    assert found(theirs) == {}
    seen = [case.order for cases in found(ours).values() for case in cases]
    assert seen == ([] if name == "dead letter" else [order])


def test_every_kind_is_among_the_cases() -> None:
    assert {kind.key for kind in KINDS} == {key for _, key, _, _ in CASES.values()}


def test_what_is_on_its_way_is_not_stuck(dispatcher: Client) -> None:
    make_order()
    make_submitted_payment()
    make_paid_order()
    make_confirmed_order()
    make_accepted()
    make_picked_up()
    refund_payment(make_captured_payment().id, amount=Decimal("1.00"), reason="Cold", actor=staff())
    cancel_order(make_captured_payment().order_id, actor=staff(), reason="just now")

    page = dispatcher.get(STUCK)

    assert page.context["sections"] == []
    assert "Nothing is stuck." in page.text


def test_a_cancelled_order_that_owes_nothing_is_not_stuck(dispatcher: Client) -> None:
    for refund_amount in (None, "2.00", "0.00"):
        cancelled(make_captured_payment().order, refund_amount=refund_amount)
    relay()

    assert found(dispatcher) == {}


def test_a_failed_refund_in_whose_place_another_went_is_seen_to(dispatcher: Client) -> None:
    refund = make_failed_refund()
    refund_payment(refund.payment_id, amount=Decimal("2.99"), reason="Too little", actor=staff())
    assert list(found(dispatcher)) == ["failed-refunds"]

    Refund.objects.exclude(pk=refund.pk).update(amount=Decimal("3.00"))

    assert found(dispatcher) == {}


def test_an_order_that_cannot_be_confirmed_says_why(dispatcher: Client) -> None:
    order = unconfirmed()
    Order.objects.update(dropoff_latitude=None, dropoff_longitude=None)

    ((case,),) = found(dispatcher).values()

    assert case.order == order
    assert case.happened.endswith("It has no drop-off: it cannot be confirmed before it has one.")
    assert names(case) == ["cancel"]


def test_that_staff_were_told_is_told(dispatcher: Client) -> None:
    without_courier()
    assert report_waiting_orders() == 1

    ((case,),) = found(dispatcher).values()

    assert case.happened == "In preparation, and nobody has accepted it. Staff were told."


def test_store_staff_get_the_buttons_of_their_scopes() -> None:
    order = in_review()
    client = signed_in(make_staff(order.store))
    Order.objects.filter(pk=order.pk).update(status="paid", status_changed_at=timezone.now() - timedelta(hours=1))

    cases = found(client)

    assert {key: [names(case) for case in of_kind] for key, of_kind in cases.items()} == {
        "in-review": [[]],
        "unconfirmed": [["confirm", "cancel"]],
    }
    assert "A dispatcher decides." in client.get(STUCK).text


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF}))
def test_nobody_else_gets_in(role: Role) -> None:
    assert signed_in(make_user(role)).get(STUCK).headers["Location"] == f"/admin/login/?next={STUCK}"


def press_on_page(client: Client, name: str, **entered: Any) -> Any:
    """Press a button of the page, as its form does it, and follow where that leads."""
    page = client.get(STUCK)
    buttons = [button for section in page.context["sections"] for case in section.cases for button in case.buttons]
    (button,) = [button for button in buttons if button.move.name == name]
    hidden = {field.html_name: field.value() for field in button.form.hidden_fields() if field.value() is not None}
    return client.post(button.url, {**hidden, "next": page.context["next"], **entered}, follow=True)


@pytest.mark.parametrize(
    ("name", "button", "said"),
    [
        ("failed refund", "retry", "The refund of 3.00\xa0EUR is tried again."),
        ("in review", "accept", "6.00\xa0EUR is accepted; Order {} is paid."),
        ("unconfirmed", "confirm", "Order {} is confirmed."),
        ("kept courier", "release", "Kim is released from Order {}."),
        ("dead letter", "redrive", "1 dead letter is sent again."),
    ],
)
def test_a_button_helps_and_leads_back_here(name: str, button: str, said: str, dispatcher: Client) -> None:
    order = CASES[name][0]()

    page = press_on_page(dispatcher, button)

    assert (page.request["PATH_INFO"], told(page)) == (STUCK, [said.format(order.number)])
    assert page.context["sections"] == []


def test_a_released_courier_is_free(dispatcher: Client) -> None:
    kept_courier()
    press_on_page(dispatcher, "release")

    assert list(Assignment.objects.values_list("status", flat=True)) == ["released"]
    assert list(Courier.objects.values_list("active_orders", flat=True)) == [0]


def test_a_button_that_asks_first_leads_back_here_too(dispatcher: Client) -> None:
    order = unconfirmed()
    page = dispatcher.get(STUCK)
    assert f"/admin/orders/order/{order.pk}/move/cancel/?next=/admin/stuck/" in page.text
    form = dispatcher.get(f"/admin/orders/order/{order.pk}/move/cancel/", {"next": STUCK})
    assert form.context["back_url"] == STUCK

    entered = {**dict(form.context["carried"]), "reason": "sold out", "restock": "yes", "version": order.version}
    answer = dispatcher.post(f"/admin/orders/order/{order.pk}/move/cancel/", entered)

    assert answer.headers["Location"] == STUCK
    order.refresh_from_db()
    assert order.status == "cancelled"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_out_of_the_house(elsewhere: str, dispatcher: Client) -> None:
    order = unconfirmed()
    page = f"/admin/orders/order/{order.pk}"

    answer = dispatcher.post(f"{page}/move/confirm/", {"version": order.version, "next": elsewhere})

    assert answer.headers["Location"] == f"{page}/change/"


def test_a_stale_button_does_nothing_and_says_so(dispatcher: Client) -> None:
    order = unconfirmed()
    before = Order.objects.values().get(pk=order.pk)

    page = press_on_page(dispatcher, "confirm", version=order.version - 1)

    assert page.request["PATH_INFO"] == STUCK
    assert told(page)[0].startswith("It has changed since you opened the page")
    assert Order.objects.values().get(pk=order.pk) == before


def test_all_of_it_takes_a_fixed_number_of_queries(dispatcher: Client) -> None:
    for make, _, _, _ in CASES.values():
        make()
    few, on_first_page = queries_of(dispatcher, STUCK), queries_of(dispatcher, "/admin/")

    for make, _, _, _ in CASES.values():
        make()
        make()

    assert queries_of(dispatcher, STUCK) == few
    assert queries_of(dispatcher, "/admin/") == on_first_page
    assert few <= 20


def test_of_many_the_oldest_are_shown(dispatcher: Client) -> None:
    orders = [make_order(payment_method=PaymentMethod.CASH) for _ in range(SHOWN + 2)]
    for number, order in enumerate(orders):
        age(order, seconds=7_200 + number)

    (section,) = dispatcher.get(STUCK).context["sections"]

    assert (section.number, section.has_more) == (f"{SHOWN}+", True)
    assert [case.order for case in section.cases] == orders[: -SHOWN - 1 : -1]


def test_an_age_is_told_in_the_unit_one_would_use() -> None:
    now = timezone.now()
    ages = [age_of(now - timedelta(seconds=seconds), now=now) for seconds in (-5, 59, 60, 3_599, 3_600, 86_399, 86_400)]
    assert [text.replace("\xa0", " ") for text in ages] == ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d"]

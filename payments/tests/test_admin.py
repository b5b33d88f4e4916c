from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, press, queries_of, signed_in, told
from orders.models import Order
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_product, make_user
from payments.models import Payment, PaymentStatus, Refund
from payments.services.refunding import refund_payment
from payments.tests.factories import (
    make_captured_payment,
    make_payment,
    make_payment_in_review,
    make_submitted_payment,
    staff,
)

pytestmark = pytest.mark.django_db

PAYMENTS, REFUNDS = "/admin/payments/payment/", "/admin/payments/refund/"


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def page_of(client: Client, payment: Payment) -> Any:
    return client.get(f"{PAYMENTS}{payment.pk}/change/")


def refunds() -> list[tuple[Decimal, str]]:
    return list(Refund.objects.order_by("id").values_list("amount", "reason"))


def test_payment_in_review_is_accepted_as_paid(dispatcher: Client) -> None:
    payment = make_payment_in_review(captured="6.00")
    page = page_of(dispatcher, payment)
    assert buttons(page) == ["accept", "refuse"]

    answer = press(dispatcher, page, "accept")

    assert told(answer) == [f"6.00\N{NO-BREAK SPACE}EUR is accepted; {payment.order} is paid."]
    assert Payment.objects.get().status == PaymentStatus.SUCCEEDED
    assert Order.objects.get().status == OrderStatus.PAID
    assert refunds() == []


def test_payment_in_review_is_refused_and_goes_back_whole(dispatcher: Client) -> None:
    payment = make_payment_in_review(captured="6.00")

    press(dispatcher, page_of(dispatcher, payment), "refuse")

    assert Payment.objects.get().status == PaymentStatus.FAILED
    assert Order.objects.get().status == OrderStatus.CANCELLED
    assert refunds() == [(Decimal("6.00"), "Refused in review")]


def test_review_is_decided_once(dispatcher: Client) -> None:
    payment = make_payment_in_review(captured="6.00")
    page = page_of(dispatcher, payment)
    press(dispatcher, page, "accept")

    answer = press(dispatcher, page, "refuse")

    assert told(answer) == [
        "It has changed since you opened the page, so nothing was done. Look at it again before you repeat it."
    ]
    assert Order.objects.get().status == OrderStatus.PAID
    assert refunds() == []


def test_part_of_a_payment_is_refunded(dispatcher: Client) -> None:
    payment = make_captured_payment()
    page = page_of(dispatcher, payment)
    assert buttons(page) == ["refund"]

    answer = press(dispatcher, page, "refund", amount="1.50", reason="Dessert was missing")

    assert told(answer) == ["1.50\N{NO-BREAK SPACE}EUR goes back."]
    assert refunds() == [(Decimal("1.50"), "Dessert was missing")]
    assert Order.objects.get().status == OrderStatus.PAID


def test_refunding_more_than_was_taken_is_refused_and_the_input_kept(dispatcher: Client) -> None:
    payment = make_captured_payment()
    page = page_of(dispatcher, payment)

    answer = press(dispatcher, page, "refund", amount="5.01", reason="Everything was wrong")

    assert len(errors_of(answer)) == 1
    assert [answer.context["form"][name].value() for name in ("amount", "reason")] == ["5.01", "Everything was wrong"]
    assert refunds() == []


def test_two_people_refunding_from_the_same_page_refund_once(dispatcher: Client) -> None:
    payment = make_captured_payment()
    page = page_of(dispatcher, payment)
    press(dispatcher, page, "refund", amount="1.00", reason="First")

    answer = press(dispatcher, page, "refund", amount="1.00", reason="Second")

    assert errors_of(answer) == [
        "It has changed since you opened the page, so nothing was done. Look at it again before you repeat it."
    ]
    assert refunds() == [(Decimal("1.00"), "First")]


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "much", ""])
def test_what_is_no_amount_is_refused(dispatcher: Client, amount: str) -> None:
    page = page_of(dispatcher, make_captured_payment())

    assert errors_of(press(dispatcher, page, "refund", amount=amount, reason="Why not")) != []
    assert refunds() == []


def test_payment_without_money_offers_nothing(dispatcher: Client) -> None:
    assert buttons(page_of(dispatcher, make_submitted_payment())) == []


def test_store_staff_see_their_payments_and_decide_nothing() -> None:
    product = make_product()
    payment = make_payment_in_review(order=make_order(product=product), captured="6.00")
    foreign = make_captured_payment()
    client = signed_in(make_user(Role.STORE_STAFF, stores=(product.store,)))

    listed = client.get(PAYMENTS).context["cl"].result_list
    assert [row.pk for row in listed] == [payment.pk]
    assert buttons(page_of(client, payment)) == []
    for name in ("accept", "refuse", "refund"):
        assert client.post(f"{PAYMENTS}{payment.pk}/move/{name}/", {"amount": "1", "reason": "x"}).status_code == 403
        assert client.post(f"{PAYMENTS}{foreign.pk}/move/{name}/").status_code == 404
    assert client.get(f"{PAYMENTS}{foreign.pk}/change/", follow=True).redirect_chain == [("/admin/", 302)]
    assert Payment.objects.get(pk=payment.pk).is_in_review
    assert refunds() == []


def test_store_staff_see_their_refunds_only() -> None:
    product = make_product()
    payments = [make_captured_payment(order=make_order(product=product)), make_captured_payment()]
    ours, theirs = (
        refund_payment(payment.pk, amount=Decimal("1.00"), reason="Cold", actor=staff()) for payment in payments
    )
    client = signed_in(make_user(Role.STORE_STAFF, stores=(product.store,)))

    assert [row.pk for row in client.get(REFUNDS).context["cl"].result_list] == [ours.pk]
    assert client.get(f"{REFUNDS}{theirs.pk}/change/").status_code == 302


def test_crafted_forms_do_not_write_money(dispatcher: Client) -> None:
    payment = make_captured_payment()
    refund = refund_payment(payment.pk, amount=Decimal("1.00"), reason="Cold", actor=staff())
    before = Payment.objects.values().get(), Refund.objects.values().get()
    crafted = {"status": "failed", "amount": "1000", "captured_amount": "1000", "refunds-0-amount": "1000"}

    assert dispatcher.post(f"{PAYMENTS}{payment.pk}/change/", crafted).status_code == 403
    assert dispatcher.post(f"{REFUNDS}{refund.pk}/change/", crafted).status_code == 403
    assert dispatcher.get(f"{PAYMENTS}add/").status_code == 403

    assert (Payment.objects.values().get(), Refund.objects.values().get()) == before


def test_reviews_are_a_filter_away_and_payments_found_by_order_number(dispatcher: Client) -> None:
    waiting, other = make_payment_in_review(), make_payment()

    def listed(**query: str) -> list[Any]:
        return [row.pk for row in dispatcher.get(PAYMENTS, query).context["cl"].result_list]

    assert listed(review="waiting") == [waiting.pk]
    assert listed(q=other.order.number.lower()) == [other.pk]


def test_lists_ask_no_more_for_many_rows_than_for_few(dispatcher: Client) -> None:
    def refund_one() -> None:
        refund_payment(make_captured_payment().pk, amount=Decimal("1.00"), reason="Cold", actor=staff())

    for _ in range(2):
        refund_one()
    few = [queries_of(dispatcher, url) for url in (PAYMENTS, REFUNDS)]

    for _ in range(20):
        refund_one()

    assert [queries_of(dispatcher, url) for url in (PAYMENTS, REFUNDS)] == few
    assert max(few) <= 4


def test_page_asks_no_more_for_many_refunds_than_for_few(dispatcher: Client) -> None:
    payment = make_captured_payment()
    url = f"{PAYMENTS}{payment.pk}/change/"
    refund_payment(payment.pk, amount=Decimal("0.10"), reason="Cold", actor=staff())
    few = queries_of(dispatcher, url)

    for _ in range(10):
        refund_payment(payment.pk, amount=Decimal("0.10"), reason="Cold", actor=staff())

    assert queries_of(dispatcher, url) == few

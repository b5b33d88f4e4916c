"""What a cancellation takes back: goods, money and the courier's time, each by an event of its own."""

import pytest

from operations.tests.contract.site import Json, Person, eventually
from operations.tests.contract.story import Shop, confirmed, fetched, once_it_is, paid, ready, refunds_of
from operations.tests.sagas.story import facts

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(order: Json, staff: Person, **how: object) -> None:
    staff.do(f"orders/{order['id']}/cancel", {"reason": "The oven broke", **how})


def once_released(assignment: Json, courier: Person) -> Json:
    return eventually(
        lambda: courier.read(f"assignments/{assignment['id']}"), lambda found: found["status"] == "released"
    )


def test_an_order_whose_courier_has_accepted(customer: Person, shop: Shop, courier: Person) -> None:
    order, payment = paid(customer, shop)
    shop.staff.do(f"orders/{order['id']}/confirm")
    assignment = courier.do(f"orders/{order['id']}/accept")

    cancel(order, shop.staff)

    once_released(assignment, courier)
    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], shop.stock) == ("12.50", 10)
    assert facts(order, "assignment") == ["assignment.accepted", "assignment.released"]
    assert facts(order, "refund") == ["refund.requested", "refund.succeeded"]
    another = confirmed(customer, shop)
    assert courier.do(f"orders/{another['id']}/accept")["status"] == "accepted"


def test_a_cash_order(customer: Person, shop: Shop, courier: Person) -> None:
    order = ready(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")

    cancel(order, shop.staff)

    once_released(assignment, courier)
    assert shop.stock == 10
    assert shop.staff.results("payments", order=order["id"]) == []
    assert facts(order, "payment", "refund") == []


def test_a_cash_order_that_came_back_from_the_door(customer: Person, shop: Shop, courier: Person) -> None:
    order = ready(customer, shop)
    carried = fetched(courier, order)
    courier.do(f"assignments/{carried['id']}/fail", {"reason": "nobody_home"})

    cancel(order, shop.staff)

    once_it_is("cancelled", order, customer)
    assert (shop.stock, shop.staff.results("payments", order=order["id"])) == (9, [])
    assert facts(order, "assignment", "payment", "refund") == ["assignment.accepted"]
    cancelled = confirmed(customer, shop)
    assert courier.do(f"orders/{cancelled['id']}/accept")["status"] == "accepted"


def test_one_that_was_refunded_in_part(customer: Person, shop: Shop) -> None:
    order, payment = paid(customer, shop)
    shop.staff.do(f"payments/{payment['id']}/refunds", {"amount": "5.00", "reason": "Cold"})
    refunds_of(payment, customer, count=1)

    cancel(order, shop.staff)

    refunds = refunds_of(payment, customer, count=2)
    assert sorted(refund["amount"] for refund in refunds) == ["5.00", "7.50"]
    assert customer.read(f"payments/{payment['id']}")["refunded_amount"] == "12.50"


def test_one_of_which_staff_give_a_part_back(customer: Person, shop: Shop) -> None:
    order, payment = paid(customer, shop)

    cancel(order, shop.staff, refund_amount="4.00", restock=False)

    (refund,) = refunds_of(payment, customer, count=1)
    assert (refund["amount"], shop.stock) == ("4.00", 9)
    assert "order.restocked" not in facts(order, "order")

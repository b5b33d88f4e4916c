"""What an order's page tells beside its form: money, way, events; and the ways from one page to another."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user
from catalog.tests.factories import make_staff
from couriers.models import Courier
from couriers.services.carrying import pick_up
from couriers.tests.factories import actor_of, make_accepted, make_courier, make_offer, make_picked_up
from events.models import DeliveryState, Event, EventDelivery
from events.services.relaying import relay
from events.services.sequencing import sequence_new_events
from events.tests.webhooks import make_endpoint
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.states import PaymentMethod
from orders.tests.factories import make_order, make_paid_order
from payments.models import Refund, RefundStatus
from payments.services.refunding import refund_payment
from payments.tests.factories import make_captured_payment, make_payment_in_review, staff
from tracking.models import OrderRoute

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def shown(client: Client, order: Order) -> Any:
    page = client.get(f"/admin/orders/order/{order.pk}/change/")
    assert page.status_code == 200
    return page


def sums(client: Client, order: Order) -> dict[str, str]:
    return {one.label: str(one.amount) for one in shown(client, order).context["page"].balance.sums}


@pytest.mark.parametrize(
    ("method", "owed"),
    [
        (PaymentMethod.ONLINE, "To be paid"),
        (PaymentMethod.CASH, "To be collected at the door"),
        (PaymentMethod.EXTERNAL, "To be charged by the shop"),
    ],
)
def test_what_has_not_come_yet_is_owed_by_whom_it_is_to_come_from(
    method: PaymentMethod, owed: str, dispatcher: Client
) -> None:
    assert sums(dispatcher, make_order(payment_method=method)) == {"Captured": "0.00", owed: "5.00"}


def test_what_came_and_went_back_adds_up(dispatcher: Client) -> None:
    payment = make_captured_payment()
    assert sums(dispatcher, payment.order) == {"Captured": "5.00"}

    for amount in ("1.00", "0.50"):
        refund_payment(payment.id, amount=Decimal(amount), reason="Cold", actor=staff())
    Refund.objects.filter(amount=Decimal("1.00")).update(status=RefundStatus.SUCCEEDED, succeeded_at=timezone.now())

    assert sums(dispatcher, payment.order) == {
        "Captured": "5.00",
        "Given back": "-1.00",
        "On its way back": "-0.50",
        "Kept": "3.50",
    }


def test_a_cancelled_order_owes_what_does_not_go_back(dispatcher: Client) -> None:
    order = cancel_order(make_captured_payment().order_id, actor=staff(), reason="Sold out")
    assert sums(dispatcher, order) == {"Captured": "5.00", "Owed to the customer": "5.00"}

    relay()

    assert sums(dispatcher, order) == {"Captured": "5.00", "On its way back": "-5.00", "Kept": "0.00"}


def test_money_in_another_currency_is_not_added_up(dispatcher: Client) -> None:
    payment = make_payment_in_review()
    type(payment).objects.update(captured_currency="USD")

    balance = shown(dispatcher, payment.order).context["page"].balance

    assert balance.elsewhere
    assert {one.label: str(one.amount) for one in balance.sums} == {"Captured": "0.00", "To be paid": "5.00"}


def test_the_map_shows_store_and_door_and_whoever_brings_it(dispatcher: Client) -> None:
    assignment = make_accepted(courier=make_courier(name="Kim"))
    Courier.objects.update(latitude=52.5, longitude=13.25, position_recorded_at=timezone.now() - timedelta(seconds=40))

    page = shown(dispatcher, assignment.order)

    way = page.context["page"].way
    assert (way.store, way.door) == ("52.520000,13.405000", "52.520500,13.410000")
    assert (way.courier, way.courier_name, way.seen) == ("52.500000,13.250000", "Kim", "40\xa0s ago")
    assert dispatcher.get(way.live_url).json()["courier"]["position"]["latitude"] == 52.5
    assert page.context["page"].times.eta > timezone.now()
    assert "style=" not in page.text[page.text.index('class="ours-map"') :].partition(">")[0]


def test_a_courier_is_not_on_the_map_of_an_order_that_they_do_not_have(dispatcher: Client) -> None:
    """Neither before they accept it nor after it has ended; where they are then is another matter."""
    offered = make_offer(courier=make_courier(name="Kim", status="available"))
    Courier.objects.update(latitude=52.5, longitude=13.25, position_recorded_at=timezone.now())
    carried = make_picked_up()
    Order.objects.filter(pk=carried.order_id).update(status="delivered", ended_at=timezone.now())

    for order in (offered.order, carried.order):
        way = shown(dispatcher, order).context["page"].way
        assert (way.courier, way.courier_name, way.live_url) == ("", "", "")
    assert shown(dispatcher, carried.order).context["page"].times is None


def test_an_order_without_a_dropoff_has_no_map(dispatcher: Client) -> None:
    order = make_order()
    Order.objects.update(dropoff_latitude=None, dropoff_longitude=None)

    page = shown(dispatcher, order)

    assert page.context["page"].way is None
    assert "leaflet" not in page.text


def test_a_late_order_says_by_how_much(dispatcher: Client) -> None:
    order = make_paid_order()
    assert shown(dispatcher, order).context["page"].times.lateness == ""

    Order.objects.update(created_at=timezone.now() - timedelta(minutes=57, seconds=1))

    assert shown(dispatcher, order).context["page"].times.lateness == "12\xa0min late"


def test_events_of_payments_and_assignments_are_the_orders_too(dispatcher: Client) -> None:
    other = make_paid_order()
    endpoint = make_endpoint("https://hooks.example.com/x")
    assignment = make_accepted()
    order = assignment.order
    Order.objects.update(correlation_id="one-trace")
    pick_up(assignment.id, actor=actor_of(assignment.courier))
    Event.objects.update(correlation_id="one-trace")
    sequence_new_events()
    EventDelivery.objects.filter(endpoint=endpoint).update(state=DeliveryState.DEAD)

    page = shown(dispatcher, order)

    types = [one.row.type for one in page.context["page"].events]
    assert types[0] == "order.picked_up"
    assert {"assignment.accepted", "order.assigned", "order.created"} <= set(types)
    assert str(other.pk) not in {str(one.row.subject_id) for one in page.context["page"].events}
    assert "webhook to hooks.example.com/x" in page.text
    assert "Dead letter" in page.text


def test_one_is_led_from_page_to_page(dispatcher: Client) -> None:
    payment = make_captured_payment()
    assignment = make_accepted(courier=make_courier(name="Kim"))
    order_page = f"/admin/orders/order/{assignment.order_id}/change/"
    courier_page = f"/admin/couriers/courier/{assignment.courier_id}/change/"
    payment_page = f"/admin/payments/payment/{payment.pk}/change/"
    event = Event.objects.get(type="payment.succeeded", subject_id=payment.pk)

    def leads(start: str, goal: str) -> bool:
        return f'href="{goal}"' in dispatcher.get(start).text

    assert leads(order_page, courier_page)
    assert leads(courier_page, order_page)
    assert leads(order_page, f"/admin/dispatch/?q={assignment.order.number}")
    assert leads(order_page, assignment.order.tracking_path)
    assert leads(f"/admin/orders/order/{payment.order_id}/change/", payment_page)
    assert leads(payment_page, f"/admin/orders/order/{payment.order_id}/change/")
    assert leads(payment_page, f"/admin/events/event/?q={payment.pk}")
    assert leads(f"/admin/events/event/{event.pk}/change/", payment_page)
    assert leads(courier_page, f"/admin/events/event/?q={assignment.courier_id}")


def test_an_event_from_outside_leads_nowhere(dispatcher: Client) -> None:
    event = Event.objects.create(type="ext.bell", subject_type="order", subject_id=uuid4(), subject_version=1)

    assert (
        "/admin/orders/order/" + str(event.subject_id)
        not in dispatcher.get(f"/admin/events/event/{event.pk}/change/").text
    )


def test_dispatchers_see_the_console_and_orders_and_not_the_users(dispatcher: Client) -> None:
    order = make_order()

    assert dispatcher.get("/admin/dispatch/").status_code == 200
    assert dispatcher.get("/admin/system/").status_code == 200
    assert dispatcher.get("/admin/accounts/user/").status_code == 403
    assert dispatcher.get(f"/admin/accounts/user/{order.customer_id}/change/").status_code == 403
    assert "/admin/accounts/user/" not in shown(dispatcher, order).text


def test_store_staff_are_led_to_nothing_that_they_may_not_open() -> None:
    assignment = make_accepted(courier=make_courier(name="Kim"))
    client = signed_in(make_staff(assignment.order.store))

    text = shown(client, assignment.order).text

    assert "/admin/events/" not in text
    assert "/admin/couriers/" not in text
    assert "/admin/system/" not in text


def test_the_map_shows_the_way_along_the_roads_where_it_is_known(dispatcher: Client, settings: Any) -> None:
    settings.ROUTING_ENGINE, settings.ROUTING_URL = "osrm", "http://127.0.0.1:1"
    assignment = make_accepted(courier=make_courier(vehicle="bicycle"))
    assert shown(dispatcher, assignment.order).context["page"].way.road == ""
    by_air = shown(dispatcher, assignment.order).context["page"].times.eta

    points = [(52.5201, 13.405), (52.53, 13.405), (52.5206, 13.41)]
    OrderRoute.objects.create(
        order=assignment.order, vehicle="bicycle", ask_at=None, seconds=3600, metres=3000, points=points
    )

    with CaptureQueriesContext(connection) as asked:
        page = shown(dispatcher, assignment.order)
    assert sum(f'FROM "{OrderRoute._meta.db_table}"' in query["sql"] for query in asked) == 1
    assert page.context["page"].way.road == "52.52000,13.40500 52.53000,13.40500 52.52050,13.41000"
    assert f'data-road="{page.context["page"].way.road}"' in page.text
    assert page.context["page"].times.eta > by_air + timedelta(minutes=45)

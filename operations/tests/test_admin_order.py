from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import buttons, errors_of, filled, press, queries_of, signed_in, told
from couriers.models import Assignment, Courier
from couriers.states import CourierStatus
from couriers.tests.factories import make_accepted, make_courier, make_picked_up
from events.models import Event
from notifications.kinds import Kind
from notifications.tests.factories import make_notification
from orders.models import Order
from orders.services.requests import Contact
from orders.states import OrderStatus, PaymentMethod
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_ready_order,
    make_user,
)
from payments.tests.factories import make_captured_payment

pytestmark = pytest.mark.django_db

ORDERS = "/admin/orders/order/"
STALE = "It has changed since you opened the page, so nothing was done. Look at it again before you repeat it."


@pytest.fixture
def person() -> User:
    return make_user(Role.DISPATCHER, name="Jo")


@pytest.fixture
def dispatcher(person: User) -> Client:
    return signed_in(person)


def page_of(client: Client, order: Order) -> Any:
    return client.get(f"{ORDERS}{order.pk}/change/")


def status_of(order: Order) -> str:
    return Order.objects.values_list("status", flat=True).get(pk=order.pk)


def last_entry(order: Order) -> tuple[str, object, str]:
    entry = order.timeline.order_by("-id")[0]
    return entry.what, entry.actor_id, entry.reason


def make_failed_order(client: Client) -> Order:
    order = make_picked_up().order
    press(client, page_of(client, order), "fail", reason="nobody_home", note="Rang twice")
    return order


def test_buttons_are_what_the_transition_table_allows_now(dispatcher: Client) -> None:
    shown = {
        "unpaid": buttons(page_of(dispatcher, make_order())),
        "cash": buttons(page_of(dispatcher, make_order(payment_method=PaymentMethod.CASH))),
        "paid": buttons(page_of(dispatcher, make_paid_order())),
        "confirmed": buttons(page_of(dispatcher, make_confirmed_order())),
        "ready": buttons(page_of(dispatcher, make_ready_order())),
        "assigned": buttons(page_of(dispatcher, make_accepted().order)),
        "picked up": buttons(page_of(dispatcher, make_picked_up().order)),
        "failed": buttons(page_of(dispatcher, make_failed_order(dispatcher))),
    }

    assert shown == {
        "unpaid": ["new-link", "cancel"],
        "cash": ["confirm", "new-link", "cancel"],
        "paid": ["confirm", "new-link", "cancel"],
        "confirmed": ["ready", "assign", "offer", "offer-best", "new-link", "cancel"],
        "ready": ["assign", "offer", "offer-best", "new-link", "cancel"],
        "assigned": ["pick-up", "reassign", "unassign", "new-link", "cancel"],
        "picked up": ["deliver", "fail", "new-link"],
        "failed": ["confirm-again", "new-link", "cancel"],
    }


def test_an_order_goes_its_whole_way_by_buttons(dispatcher: Client, person: User) -> None:
    order, courier = make_paid_order(), make_courier(name="Kim", status=CourierStatus.AVAILABLE)
    page = page_of(dispatcher, order)
    said = []
    for name, entered in (
        ("confirm", {}),
        ("ready", {}),
        ("assign", {"courier": courier.pk}),
        ("pick-up", {}),
        ("deliver", {"recipient": "Neighbour", "note": "Second floor"}),
    ):
        page = press(dispatcher, page, name, **entered)
        said += told(page)

    number = order.number
    assert said == [
        f"Order {number} is confirmed.",
        f"Order {number} is ready for pickup.",
        f"Order {number} goes to Kim.",
        f"Order {number} is picked up.",
        f"Order {number} is delivered.",
    ]
    assert buttons(page) == ["new-link"]
    assert status_of(order) == OrderStatus.DELIVERED
    assert last_entry(order) == ("delivered", person.pk, "")
    assignment = Assignment.objects.get()
    assert (assignment.recipient, assignment.note, assignment.status) == ("Neighbour", "Second floor", "delivered")


def test_cancelling_takes_a_reason_and_decides_about_goods_and_money(dispatcher: Client, person: User) -> None:
    product = make_product(stock=10)
    order = make_captured_payment(order=make_order(product=product, quantity=2)).order
    page = page_of(dispatcher, order)

    answer = press(dispatcher, page, "cancel", reason="Kitchen on fire", restock="no", refund_amount="3.00")

    assert told(answer) == [f"Order {order.number} is cancelled."]
    assert last_entry(order) == ("cancelled", person.pk, "Kitchen on fire")
    product.refresh_from_db()
    assert product.stock == 8
    told_to_others = Event.objects.get(type="order.cancelled").data
    assert (told_to_others["refund_amount"], told_to_others["restock"]) == ("3.00", False)


def test_cancelling_returns_the_goods_before_pickup_unless_told_otherwise(dispatcher: Client) -> None:
    product = make_product(stock=10)
    order = make_order(product=product, quantity=2)
    form = dispatcher.get(f"{ORDERS}{order.pk}/move/cancel/").context["form"]
    assert (form["restock"].value(), "refund_amount" in form.fields) == ("yes", False)

    press(dispatcher, page_of(dispatcher, order), "cancel", reason="Changed their mind", restock="yes")

    product.refresh_from_db()
    assert product.stock == 10


def test_refused_cancellation_keeps_the_input(dispatcher: Client) -> None:
    order = make_captured_payment().order
    page = page_of(dispatcher, order)

    answer = press(dispatcher, page, "cancel", reason="Kitchen on fire", restock="yes", refund_amount="99")

    assert len(errors_of(answer)) == 1
    assert answer.context["form"]["reason"].value() == "Kitchen on fire"
    assert status_of(order) == OrderStatus.PAID


def test_order_that_could_not_be_delivered_is_confirmed_again(dispatcher: Client, person: User) -> None:
    order = make_failed_order(dispatcher)
    assert last_entry(order) == ("failed", person.pk, "nobody_home")
    assert Assignment.objects.values_list("failure_reason", "note").get() == ("nobody_home", "Rang twice")

    press(dispatcher, page_of(dispatcher, order), "confirm-again")

    assert status_of(order) == OrderStatus.CONFIRMED
    assert Order.objects.get().courier_id is None


def test_order_is_given_to_another_courier_and_taken_from_both(dispatcher: Client) -> None:
    first, second = make_courier(name="Kim"), make_courier(name="Lou")
    order = make_accepted(courier=first).order

    page = press(dispatcher, page_of(dispatcher, order), "reassign", courier=second.pk)
    assert told(page) == [f"Order {order.number} goes to Lou."]
    assert Order.objects.get().courier_id == second.pk

    press(dispatcher, page, "unassign", reason="Flat tyre")
    assert status_of(order) == OrderStatus.CONFIRMED
    assert last_entry(order)[2] == "Flat tyre"
    assert list(Courier.objects.values_list("active_orders", flat=True)) == [0, 0]


def test_couriers_are_offered_best_first_and_only_those_of_the_store(dispatcher: Client) -> None:
    order = make_confirmed_order()
    make_courier(name="Away")
    make_courier(name="Free", status=CourierStatus.AVAILABLE)
    full = make_courier(name="Full", status=CourierStatus.AVAILABLE)
    make_accepted(courier=full)
    make_courier(name="Elsewhere", stores=(make_product().store,))
    make_courier(name="Retired", is_active=False)

    field = dispatcher.get(f"{ORDERS}{order.pk}/move/assign/").context["form"].fields["courier"]

    assert [label for _, label in field.choices] == [
        "Choose a courier",
        "Free: available, bicycle, carries 0 of 1",
        "Full: busy, bicycle, carries 1 of 1",
        "Away: offline, bicycle, carries 0 of 1",
    ]


def test_courier_without_room_is_refused_with_the_reason(dispatcher: Client) -> None:
    courier = make_courier()
    make_accepted(courier=courier)
    order = make_confirmed_order()

    answer = press(dispatcher, page_of(dispatcher, order), "assign", courier=courier.pk)

    assert errors_of(answer) == ["The courier carries as many orders as their capacity allows."]
    assert status_of(order) == OrderStatus.CONFIRMED


def test_button_of_a_stale_page_does_nothing(dispatcher: Client) -> None:
    order = make_paid_order()
    page = page_of(dispatcher, order)
    Order.objects.update(version=order.version + 1)

    assert told(press(dispatcher, page, "confirm")) == [STALE]
    assert status_of(order) == OrderStatus.PAID


def test_delivery_is_not_stated_of_a_courier_who_no_longer_has_it(dispatcher: Client) -> None:
    order = make_accepted(courier=make_courier()).order
    page = page_of(dispatcher, order)
    press(dispatcher, page, "reassign", courier=make_courier().pk)

    answer = press(dispatcher, page, "pick-up")

    assert told(answer) == [STALE]
    assert status_of(order) == OrderStatus.ASSIGNED


def test_assignment_of_another_order_is_no_way_in(dispatcher: Client) -> None:
    order, other = make_accepted().order, make_accepted()

    dispatcher.post(f"{ORDERS}{order.pk}/move/pick-up/", {"assignment": other.pk, "version": other.version})

    assert [status_of(one) for one in (order, other.order)] == [OrderStatus.ASSIGNED, OrderStatus.ASSIGNED]


def test_move_that_is_not_open_now_is_refused_by_the_service(dispatcher: Client) -> None:
    order = make_order()

    answer = dispatcher.post(f"{ORDERS}{order.pk}/move/confirm/", {"version": order.version}, follow=True)

    assert told(answer) == ["An order that is created cannot become confirmed now."]
    assert status_of(order) == OrderStatus.CREATED
    page = dispatcher.get(f"{ORDERS}{order.pk}/move/assign/", follow=True)
    assert told(page) == ["“Assign a courier” is not possible now."]


def test_moves_take_a_post_with_the_csrf_token(dispatcher: Client) -> None:
    order = make_paid_order()
    guarded = Client(enforce_csrf_checks=True)
    guarded.cookies = dispatcher.cookies

    assert guarded.post(f"{ORDERS}{order.pk}/move/confirm/", {"version": order.version}).status_code == 403
    dispatcher.get(f"{ORDERS}{order.pk}/move/confirm/")
    assert status_of(order) == OrderStatus.PAID


def test_contact_and_note_are_edited_through_the_service(dispatcher: Client, person: User) -> None:
    order = make_confirmed_order()
    page = page_of(dispatcher, order)

    dispatcher.post(page.request["PATH_INFO"], filled(page, contact_phone="+49 30 99", note="Ring twice"), follow=True)

    stored = Order.objects.get()
    assert (stored.contact_name, stored.contact_phone, stored.note) == ("Ada", "+49 30 99", "Ring twice")
    assert last_entry(order) == ("updated", person.pk, "")


def test_stale_edit_is_refused_and_keeps_what_was_typed(dispatcher: Client) -> None:
    order = make_order()
    page = page_of(dispatcher, order)
    Order.objects.update(version=2, note="No cutlery")

    answer = dispatcher.post(page.request["PATH_INFO"], filled(page, note="Ring twice"))

    assert "Stored now: Note: No cutlery." in errors_of(answer)[0]
    assert answer.context["adminform"].form["note"].value() == "Ring twice"
    assert answer.context["original"].note == "No cutlery"
    assert "Nothing was saved: the reason stands at the form below." in answer.text
    assert Order.objects.get().note == "No cutlery"


def test_dropoff_moves_before_payment_and_the_fee_with_it(dispatcher: Client) -> None:
    product = make_product()
    type(product.store).objects.update(delivery_fee_per_km=Decimal("1.00"))
    order = make_order(product=product)
    page = page_of(dispatcher, order)

    place = {"dropoff_address": "9 Far Street", "dropoff_latitude": "52.53", "dropoff_longitude": "13.405"}
    dispatcher.post(page.request["PATH_INFO"], filled(page, **place), follow=True)

    stored = Order.objects.get()
    assert (stored.dropoff_address, stored.total) == ("9 Far Street", Decimal("6.11"))
    assert "dropoff_address" not in page_of(dispatcher, make_paid_order()).context["adminform"].form.fields


def test_crafted_form_does_not_write_state_or_money(dispatcher: Client) -> None:
    order = make_paid_order()
    page = page_of(dispatcher, order)
    crafted = {
        "status": "delivered", "total": "0", "courier_id": str(order.pk), "ready_at_0": "2026-01-01",
        "dropoff_address": "Elsewhere", "dropoff_latitude": "1", "dropoff_longitude": "1", "customer": "",
    }  # fmt: skip

    dispatcher.post(page.request["PATH_INFO"], filled(page, note="Ring twice", **crafted))

    stored = Order.objects.get()
    assert stored.note == "Ring twice"
    assert (stored.status, stored.total, stored.courier_id, stored.ready_at, stored.customer_id) == (
        order.status, order.total, None, None, order.customer_id,
    )  # fmt: skip
    assert stored.dropoff_address == order.dropoff_address


def test_ended_order_is_read_not_edited(dispatcher: Client) -> None:
    order = make_order()
    page = press(dispatcher, page_of(dispatcher, order), "cancel", reason="No", restock="yes")

    assert buttons(page) == ["new-link"]
    assert dispatcher.post(f"{ORDERS}{order.pk}/change/", {"note": "x", "version": "2"}).status_code == 403


def test_page_shows_all_that_is_known(dispatcher: Client) -> None:
    product = make_product(name="Ramen")
    order = make_captured_payment(order=make_order(product=product, note="Ring twice")).order
    page = page_of(dispatcher, order)
    press(dispatcher, page, "confirm")

    text = page_of(dispatcher, order).text

    for shown in (
        "Ramen",
        "Ring twice",
        "2 Side Street",
        "+49301234567",
        "5.00\N{NO-BREAK SPACE}EUR",
        "order.confirmed",
    ):
        assert shown in text
    assert "Jo (Dispatcher)" in text


def test_page_leads_to_what_people_were_told_of_the_order(dispatcher: Client) -> None:
    order = make_order()
    row = make_notification(Kind.DELIVERED, order=order)
    make_notification(Kind.DELIVERED)

    links = dict(page_of(dispatcher, order).context["event_links"])

    rows = dispatcher.get(links["What people were told"]).context["cl"].result_list
    assert [shown.pk for shown in rows] == [row.pk]


def test_store_staff_work_on_their_orders_and_do_not_dispatch() -> None:
    product = make_product()
    client = signed_in(make_user(Role.STORE_STAFF, stores=(product.store,)))
    order, foreign = make_paid_order(product=product), make_paid_order()
    courier = make_courier(name="Kim", phone="+49 555 1234")

    page = press(client, page_of(client, order), "confirm")
    assert buttons(page) == ["ready", "new-link", "cancel"]
    for name in ("assign", "pick-up", "deliver", "fail", "unassign"):
        assert client.post(f"{ORDERS}{order.pk}/move/{name}/", {"courier": courier.pk}).status_code == 403
        assert client.post(f"{ORDERS}{foreign.pk}/move/{name}/", {"courier": courier.pk}).status_code == 404
    assert client.post(f"{ORDERS}{foreign.pk}/move/confirm/").status_code == 404
    assert client.get(f"{ORDERS}{foreign.pk}/change/", follow=True).redirect_chain == [("/admin/", 302)]
    assert [row.pk for row in client.get(ORDERS).context["cl"].result_list] == [order.pk]
    assert [status_of(one) for one in (order, foreign)] == [OrderStatus.CONFIRMED, OrderStatus.PAID]


def test_a_link_that_went_astray_is_replaced_by_a_button(dispatcher: Client) -> None:
    order = make_paid_order()
    page = press(dispatcher, page_of(dispatcher, order), "new-link")
    order.refresh_from_db()
    assert order.tracking_path in page.text
    assert last_entry(order)[2] == "New tracking link"


def test_store_staff_see_who_brings_it_but_not_how_to_call_them() -> None:
    product = make_product()
    client = signed_in(make_user(Role.STORE_STAFF, stores=(product.store,)))
    order = make_accepted(courier=make_courier(name="Kim Vogel", phone="+49 555 1234"), product=product).order

    text = page_of(client, order).text

    assert "Kim Vogel" in text
    assert "+49 555 1234" not in text
    assert "/admin/couriers/" not in text
    assert "/admin/events/" not in text


def test_selected_orders_are_confirmed_and_what_cannot_be_is_told(dispatcher: Client) -> None:
    paid, unpaid = make_paid_order(), make_order()
    chosen = {"_selected_action": [str(paid.pk), str(unpaid.pk)], "index": "0"}

    answer = dispatcher.post(ORDERS, {"action": "confirm_selected", **chosen}, follow=True)

    refused = f"Order {unpaid.number}: An order that is created cannot become confirmed now."
    assert told(answer) == ["1 confirmed.", refused]
    assert [status_of(one) for one in (paid, unpaid)] == [OrderStatus.CONFIRMED, OrderStatus.CREATED]


def test_selected_orders_become_ready(dispatcher: Client) -> None:
    orders = [make_confirmed_order() for _ in range(2)]
    chosen = {"_selected_action": [str(order.pk) for order in orders], "index": "0"}

    assert told(dispatcher.post(ORDERS, {"action": "mark_selected_ready", **chosen}, follow=True)) == ["2 ready."]
    assert not Order.objects.filter(ready_at=None).exists()


def test_selected_orders_are_assigned_to_the_courier_one_is_asked_for(dispatcher: Client) -> None:
    courier = make_courier(name="Kim", capacity=1)
    orders = [make_confirmed_order() for _ in range(2)]
    chosen = {"action": "assign_selected", "_selected_action": [str(order.pk) for order in orders]}

    asked = dispatcher.post(ORDERS, {**chosen, "index": "0"})
    assert set(asked.context["carried"]) >= {("_selected_action", order.pk) for order in orders}
    assert not Assignment.objects.exists()

    answer = dispatcher.post(ORDERS, {**chosen, "courier": str(courier.pk)}, follow=True)
    assert told(answer)[0] == "1 assigned to Kim."
    assert "The courier carries as many orders as their capacity allows." in told(answer)[1]
    assert Assignment.objects.count() == 1


def test_store_staff_cannot_assign_what_they_select() -> None:
    product, courier = make_product(), make_courier()
    order = make_confirmed_order(product=product)
    client = signed_in(make_user(Role.STORE_STAFF, stores=(product.store,)))
    crafted = {"action": "assign_selected", "_selected_action": [str(order.pk)], "courier": str(courier.pk)}

    client.post(ORDERS, crafted, follow=True)

    assert not Assignment.objects.exists()


@pytest.mark.parametrize(
    "term", ["k4rtq-zmxvb", "K4RTQ-", "ktrh", "contact@example.com", "Grace", "external-7", "+49 77", "customer", "id"]
)
def test_search_finds_an_order_by_what_people_know_of_it(dispatcher: Client, term: str) -> None:
    customer = make_user()
    contact = Contact(name="Grace Hopper", phone="+49 77", email="Contact@example.com")
    wanted = make_order(customer=customer, contact=contact, external_id="external-7")
    Order.objects.filter(pk=wanted.pk).update(number="KTRHQ-ZMXVB" if term == "ktrh" else "K4RTQ-ZMXVB")
    make_order()
    known = {"customer": customer.pk, "id": wanted.pk}

    found = dispatcher.get(ORDERS, {"q": str(known.get(term, term))}).context["cl"].result_list

    assert [order.pk for order in found] == [wanted.pk]


def test_orders_are_filtered_by_state_store_courier_and_day(dispatcher: Client) -> None:
    assignment = make_accepted()
    order = assignment.order
    make_paid_order()
    day = order.created_at.date().isoformat()

    def listed(**query: Any) -> int:
        return len(dispatcher.get(ORDERS, query).context["cl"].result_list)

    assert listed(status__exact=["assigned", "confirmed"]) == 1
    assert listed(store__id__exact=order.store_id) == 1
    assert listed(courier=assignment.courier_id) == 1
    assert listed(kitchen="ready") == 1
    assert listed(created_at_from=day, created_at_to=day) == 2
    assert listed(created_at_to="2000-01-01") == 0
    assert dispatcher.get(ORDERS, {"created_at_from": "tomorrow"}).headers["Location"] == f"{ORDERS}?e=1"


def test_list_and_page_ask_no_more_for_many_rows_than_for_few(dispatcher: Client) -> None:
    first = make_accepted().order
    few = [queries_of(dispatcher, url) for url in (ORDERS, f"{ORDERS}{first.pk}/change/")]

    for _ in range(49):
        make_accepted()

    assert [queries_of(dispatcher, url) for url in (ORDERS, f"{ORDERS}{first.pk}/change/")] == few
    assert few[0] <= 4
    assert few[1] <= 24

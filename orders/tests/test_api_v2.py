from typing import Any
from uuid import uuid4

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.roles import Role
from catalog.models import Product
from orders.models import Order
from orders.states import PaymentMethod
from orders.tests.conftest import ClientFor
from orders.tests.factories import (
    make_confirmed_order,
    make_order,
    make_paid_order,
    make_product,
    make_store,
    make_user,
)

pytestmark = pytest.mark.django_db

ORDERS = "/api/v2/orders"
# The same in every process, because pytest-xdist compares the names of the tests.
UNKNOWN_ORDER = "0198c000-0000-7000-8000-000000000000"


def body(product: Product, **changes: Any) -> dict[str, Any]:
    return {
        "items": [{"product_id": str(product.id), "quantity": 2}],
        "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40},
        "contact": {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"},
        **changes,
    }


def place(client_for: ClientFor, user: User, content: dict[str, Any], *, key: str | None = None) -> Any:
    headers = {"Idempotency-Key": key or str(uuid4())}
    return client_for(user).post(ORDERS, content, format="json", headers=headers)


def url(order: Order, action: str = "") -> str:
    return f"{ORDERS}/{order.id}" + (f"/{action}" if action else "")


def test_placing_answers_the_whole_order(client_for: ClientFor) -> None:
    customer = make_user()
    product = make_product(name="Tea")
    response = place(client_for, customer, body(product, tip="1.50", note="ring", external_id="shop-1001"))
    assert response.status_code == 201
    answer = response.json()
    order = Order.objects.get()
    assert response["Location"] == url(order)
    assert response["ETag"] == '"1"'
    assert answer["id"] == str(order.id)
    assert answer["number"] == order.number
    assert answer["status"] == "created"
    assert answer["items"] == [
        {"product_id": str(product.id), "name": "Tea", "unit_price": "5.00", "quantity": 2, "line_total": "10.00"}
    ]
    assert (answer["items_total"], answer["total"], answer["currency"]) == ("10.00", "11.50", "EUR")
    assert answer["charges"] == [{"kind": "tip", "amount": "1.50"}]
    assert answer["dropoff"] == {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40}
    assert answer["contact"] == {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"}
    assert answer["tracking_url"] == f"http://testserver/track/{order.tracking_token}/"
    assert answer["allowed_transitions"] == ["cancelled"]
    assert answer["expires_at"] is not None


def test_the_same_key_places_one_order(client_for: ClientFor) -> None:
    customer, product = make_user(), make_product()
    first = place(client_for, customer, body(product), key="once")
    again = place(client_for, customer, body(product), key="once")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1
    other = place(client_for, customer, body(product, note="other"), key="once")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_placing_without_a_key_is_refused(client_for: ClientFor) -> None:
    response = client_for(make_user()).post(ORDERS, body(make_product()), format="json")
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": [{"product_id": "17", "quantity": 1}]}, "/items/0/product_id"),
        ({"items": [{"product_id": str(uuid4()), "quantity": 0}]}, "/items/0/quantity"),
        ({"items": [{"product_id": str(uuid4()), "quantity": 1_000_001}]}, "/items/0/quantity"),
        ({"items": [{"product_id": str(uuid4()), "quantity": 1, "price": "0.01"}]}, "/items/0/price"),
        ({"total": "0.01"}, "/total"),
        ({"status": "paid"}, "/status"),
        ({"tip": "-1.00"}, "/tip"),
        ({"tip": "1.001"}, "/tip"),
        ({"payment_method": "barter"}, "/payment_method"),
        ({"dropoff": {"address": "x", "latitude": 91, "longitude": 0}}, "/dropoff/latitude"),
        ({"contact": {"name": "Ada", "email": "nonsense"}}, "/contact/email"),
        ({"note": "x" * 1001}, "/note"),
    ],
)
def test_a_malformed_order_is_refused_with_a_pointer(
    client_for: ClientFor, changes: dict[str, Any], pointer: str
) -> None:
    product = make_product()
    response = place(client_for, make_user(), body(product, **changes))
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert Order.objects.count() == 0
    assert Product.objects.get(id=product.id).stock == 100


@pytest.mark.parametrize("quantity", [2, 1_000_000])
def test_short_stock_is_a_409_that_names_product_and_rest(client_for: ClientFor, quantity: int) -> None:
    product = make_product(stock=1)
    items = [{"product_id": str(product.id), "quantity": quantity}]
    response = place(client_for, make_user(), body(product, items=items))
    answer = response.json()
    assert (response.status_code, answer["code"]) == (409, "insufficient_stock")
    assert [(e["pointer"], e["product_id"], e["available"]) for e in answer["errors"]] == [
        ("/items/0", str(product.id), 1)
    ]
    assert Product.objects.get(id=product.id).stock == 1


@pytest.mark.parametrize(
    ("role", "own"),
    [
        (Role.ADMIN, False),
        (Role.DISPATCHER, False),
        (Role.STORE_STAFF, True),
        (Role.INTEGRATOR, True),
        (Role.CUSTOMER, True),
    ],
)
def test_who_sees_which_orders(client_for: ClientFor, role: Role, own: bool) -> None:
    mine, foreign = make_order(), make_order()
    user = mine.customer if role == Role.CUSTOMER else make_user(role, stores=(mine.store,))
    assert user is not None
    client = client_for(user)
    assert client.get(url(mine)).status_code == 200
    response = client.get(url(foreign))
    assert response.status_code == (404 if own else 200)
    if own:
        assert response.json()["code"] == "order_not_found"
    listed = {order["id"] for order in client.get(ORDERS).json()["results"]}
    assert listed == ({str(mine.id)} if own else {str(mine.id), str(foreign.id)})


def test_a_courier_sees_waiting_orders_of_their_stores_without_whom_to_call(client_for: ClientFor) -> None:
    waiting, elsewhere, unpaid = make_confirmed_order(note="ring"), make_confirmed_order(), make_order()
    courier = make_user(Role.COURIER, stores=(waiting.store, unpaid.store))
    client = client_for(courier)
    answer = client.get(url(waiting)).json()
    assert (answer["contact"], answer["note"], answer["tracking_url"], answer["pin"]) == (None, "", None, None)
    assert answer["allowed_transitions"] == ["assigned"]
    assert [client.get(url(order)).status_code for order in (elsewhere, unpaid)] == [404, 404]
    assert len(client_for(make_user(Role.COURIER)).get(ORDERS).json()["results"]) == 2

    Order.objects.filter(id=waiting.id).update(status="assigned", courier_id=courier.id)
    answer = client.get(url(waiting)).json()
    assert (answer["contact"]["name"], answer["note"]) == ("Ada", "ring")
    assert client_for(make_user(Role.COURIER)).get(url(waiting)).status_code == 404


@pytest.mark.parametrize("status", ["delivered", "cancelled"])
def test_a_courier_who_is_done_with_an_order_has_nobody_to_call(client_for: ClientFor, status: str) -> None:
    order, courier = make_confirmed_order(note="ring"), make_user(Role.COURIER)
    Order.objects.filter(id=order.id).update(status=status, courier_id=courier.id, ended_at=timezone.now())
    answer = client_for(courier).get(url(order)).json()
    assert (answer["status"], answer["contact"], answer["note"]) == (status, None, "")


def test_the_pin_is_shown_to_its_customer_only(client_for: ClientFor) -> None:
    order = make_order(product=make_product(make_store(requires_pin=True)))
    assert order.customer is not None
    assert client_for(order.customer).get(url(order)).json()["pin"] == order.pin
    assert client_for(make_user(Role.DISPATCHER)).get(url(order)).json()["pin"] is None


def test_filters_narrow_the_list(client_for: ClientFor) -> None:
    created, paid, confirmed = make_order(), make_paid_order(), make_confirmed_order()
    client = client_for(make_user(Role.DISPATCHER))

    def ids(query: str) -> list[str]:
        return [order["id"] for order in client.get(f"{ORDERS}?{query}").json()["results"]]

    assert ids("status=paid&status=confirmed") == [str(confirmed.id), str(paid.id)]
    assert ids(f"store={paid.store_id}") == [str(paid.id)]
    assert ids(f"customer={created.customer_id}") == [str(created.id)]
    assert ids(f"courier={uuid4()}") == []
    assert ids("external_id=none-such") == []
    moment = paid.created_at.isoformat().replace("+00:00", "Z")
    assert ids(f"created_after={moment}") == [str(confirmed.id)]
    assert ids(f"created_before={moment}") == [str(created.id)]


@pytest.mark.parametrize("query", ["colour=red", "status=eaten", "store=17", "created_after=yesterday", "limit=0"])
def test_unknown_and_malformed_filters_are_refused(client_for: ClientFor, query: str) -> None:
    response = client_for(make_user(Role.DISPATCHER)).get(f"{ORDERS}?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_request")
    assert response.json()["errors"][0]["parameter"] == query.split("=", maxsplit=1)[0]


def test_pages_end_and_cover_every_order_once(client_for: ClientFor) -> None:
    product, customer = make_product(), make_user()
    expected = [str(make_order(product=product, customer=customer).id) for _ in range(7)][::-1]
    client = client_for(customer)
    seen: list[str] = []
    next_url: str | None = f"{ORDERS}?limit=3"
    while next_url:
        page = client.get(next_url).json()
        seen += [order["id"] for order in page["results"]]
        next_url = page["next"]
    assert seen == expected


def test_a_list_costs_the_same_queries_whatever_its_length(
    client_for: ClientFor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    product = make_product()
    client = client_for(make_user(Role.DISPATCHER))
    for _ in range(5):
        make_order(product=product)
    with django_assert_num_queries(3) as captured:
        assert len(client.get(ORDERS).json()["results"]) == 5
    assert isinstance(captured, CaptureQueriesContext)


def test_editing_needs_the_current_version(client_for: ClientFor) -> None:
    order = make_order()
    assert order.customer is not None
    client = client_for(order.customer)
    missing = client.patch(url(order), {"note": "new"}, format="json")
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition_required")
    stale = client.patch(url(order), {"note": "new"}, format="json", headers={"If-Match": '"7"'})
    assert (stale.status_code, stale["ETag"]) == (412, '"1"')
    assert Order.objects.get(id=order.id).note == ""
    edited = client.patch(url(order), {"note": "new"}, format="json", headers={"If-Match": '"1"'})
    assert (edited.status_code, edited["ETag"], edited.json()["note"]) == (200, '"2"', "new")


def test_a_new_dropoff_before_payment_changes_the_fee(client_for: ClientFor) -> None:
    order = make_order(product=make_product(make_store(delivery_fee_per_km="1.00")))
    assert order.customer is not None
    dropoff = {"address": "9 Far Road", "latitude": 52.56, "longitude": 13.405}
    response = client_for(order.customer).patch(
        url(order), {"dropoff": dropoff}, format="json", headers={"If-Match": '"1"'}
    )
    answer = response.json()
    assert (answer["dropoff"], answer["charges"]) == (dropoff, [{"kind": "delivery", "amount": "4.45"}])
    assert answer["total"] == "9.45"


def test_the_dropoff_stands_once_it_is_paid_but_a_missing_one_can_be_added(client_for: ClientFor) -> None:
    dispatcher = make_user(Role.DISPATCHER)
    dropoff = {"dropoff": {"address": "9 Far Road", "latitude": 52.56, "longitude": 13.405}}
    paid, missing = make_paid_order(), make_paid_order(dropoff=None)
    refused = client_for(dispatcher).patch(url(paid), dropoff, format="json", headers={"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "dropoff_fixed")
    added = client_for(dispatcher).patch(url(missing), dropoff, format="json", headers={"If-Match": '"2"'})
    assert (added.status_code, added.json()["dropoff"], added.json()["total"]) == (200, dropoff["dropoff"], "5.00")


def test_a_cash_order_that_confirmed_itself_can_still_be_edited(client_for: ClientFor) -> None:
    store = make_store(confirms_automatically=True)
    order = make_order(product=make_product(store), payment_method=PaymentMethod.CASH)
    assert (order.customer, order.status) == (order.placed_by, "confirmed")
    path, version = url(order), f'"{order.version}"'
    answer = client_for(order.placed_by).patch(path, {"note": "new"}, format="json", headers={"If-Match": version})
    assert (answer.status_code, answer.json()["status"], answer.json()["note"]) == (200, "confirmed", "new")


def test_confirm_ready_and_timeline(client_for: ClientFor) -> None:
    order = make_paid_order()
    staff = make_user(Role.STORE_STAFF, stores=(order.store,))
    client = client_for(staff)
    confirmed = client.post(url(order, "confirm"))
    assert (confirmed.status_code, confirmed.json()["status"], confirmed["ETag"]) == (200, "confirmed", '"3"')
    ready = client.post(url(order, "ready"), headers={"If-Match": '"3"'})
    assert (ready.status_code, ready.json()["status"]) == (200, "confirmed")
    assert ready.json()["ready_at"] is not None
    timeline = client.get(url(order, "timeline")).json()["results"]
    assert [(e["what"], e["actor"]["kind"]) for e in timeline] == [
        ("ready", "staff"),
        ("confirmed", "staff"),
        ("paid", "provider"),
        ("created", "customer"),
    ]
    assert timeline[0]["actor"] == {"kind": "staff", "id": str(staff.id), "label": "Store staff"}


def test_cancelling_by_its_customer_and_a_move_too_late(client_for: ClientFor) -> None:
    order, confirmed = make_order(), make_confirmed_order()
    assert order.customer is not None
    assert confirmed.customer is not None
    done = client_for(order.customer).post(url(order, "cancel"), {"reason": "changed my mind"}, format="json")
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    late = client_for(confirmed.customer).post(url(confirmed, "cancel"), {"reason": "too late"}, format="json")
    assert (late.status_code, late.json()["code"], late.json()["allowed"]) == (409, "transition_not_allowed", [])
    assert Order.objects.get(id=confirmed.id).status == "confirmed"


def test_cash_orders_are_confirmed_without_payment(client_for: ClientFor) -> None:
    order = make_order(payment_method=PaymentMethod.CASH)
    response = client_for(make_user(Role.DISPATCHER)).post(url(order, "confirm"))
    assert (response.status_code, response.json()["status"]) == (200, "confirmed")


SCOPED = [
    ("get", ORDERS, set()),
    ("post", ORDERS, {Role.STORE_STAFF, Role.COURIER}),
    ("patch", f"{ORDERS}/{UNKNOWN_ORDER}", {Role.COURIER}),
    ("post", f"{ORDERS}/{UNKNOWN_ORDER}/confirm", {Role.COURIER, Role.CUSTOMER}),
    ("post", f"{ORDERS}/{UNKNOWN_ORDER}/ready", {Role.COURIER, Role.CUSTOMER}),
    ("post", f"{ORDERS}/{UNKNOWN_ORDER}/cancel", {Role.COURIER}),
]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path", "without"), SCOPED)
def test_roles_without_the_scope_are_refused(
    client_for: ClientFor, role: Role, method: str, path: str, without: set[Role]
) -> None:
    response = getattr(client_for(make_user(role)), method)(path, {}, format="json")
    assert (response.status_code == 403) is (role in without)


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_in_without_a_token(method: str) -> None:
    from rest_framework.test import APIClient

    response = getattr(APIClient(), method)(ORDERS)
    assert (response.status_code, response.json()["code"]) == (401, "authentication_required")


@pytest.mark.parametrize("order_id", ["17", "'; DROP TABLE orders_order; --", UNKNOWN_ORDER])
def test_an_id_of_nothing_is_a_plain_404(client_for: ClientFor, order_id: str) -> None:
    response = client_for(make_user(Role.ADMIN)).get(f"{ORDERS}/{order_id}")
    assert response.status_code == 404
    assert "SQL" not in response.content.decode().upper()

from uuid import uuid4

import pytest

from accounts.roles import Role
from orders.models import Order
from orders.tests.conftest import ClientFor
from orders.tests.factories import make_order, make_product, make_user

pytestmark = pytest.mark.django_db

ORDERS = "/api/v1/orders"


def test_the_first_releases_order(client_for: ClientFor) -> None:
    customer = make_user(dropoff_address="3 Home St", dropoff_latitude=52.5, dropoff_longitude=13.4)
    product = make_product()
    content = {"user_id": str(customer.id), "product_id": str(product.id), "quantity": 2}
    response = client_for(customer).post(ORDERS, content, format="json")
    order = Order.objects.get()
    assert (response.status_code, response.json()) == (201, {"order_id": str(order.id), "status": "created"})
    assert (order.dropoff_address, order.dropoff_latitude) == ("3 Home St", 52.5)
    shown = client_for(customer).get(f"{ORDERS}/{order.id}")
    assert {**shown.json(), "created_at": ""} == {
        "order_id": str(order.id),
        "user_id": str(customer.id),
        "product_id": str(product.id),
        "quantity": 2,
        "status": "created",
        "created_at": "",
    }


def test_without_a_saved_dropoff_it_is_still_placed(client_for: ClientFor) -> None:
    customer = make_user()
    content = {"user_id": str(customer.id), "product_id": str(make_product().id), "quantity": 1}
    assert client_for(customer).post(ORDERS, content, format="json").status_code == 201
    assert Order.objects.get().has_dropoff is False


def test_every_answer_says_that_this_version_ends(client_for: ClientFor) -> None:
    for response in (
        client_for(make_user()).get(f"{ORDERS}/{uuid4()}"),
        client_for(make_user()).get(f"{ORDERS}/{make_order().id}"),
    ):
        assert response.status_code == 404
        assert response["Deprecation"] == "@1793491200"
        assert response["Sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
        assert response["Link"] == '<http://testserver/api/v2/orders>; rel="successor-version"'


def test_customers_order_for_themselves_only(client_for: ClientFor) -> None:
    customer, other, product = make_user(), make_user(), make_product()
    content = {"user_id": str(other.id), "product_id": str(product.id), "quantity": 1}
    response = client_for(customer).post(ORDERS, content, format="json")
    assert (response.status_code, response.json()["code"]) == (404, "customer_not_found")
    assert client_for(make_user(Role.DISPATCHER)).post(ORDERS, content, format="json").status_code == 201


def test_the_key_is_optional_and_honoured(client_for: ClientFor) -> None:
    customer, product = make_user(), make_product()
    content = {"user_id": str(customer.id), "product_id": str(product.id), "quantity": 1}
    client = client_for(customer)
    first = client.post(ORDERS, content, format="json", headers={"Idempotency-Key": "a"})
    again = client.post(ORDERS, content, format="json", headers={"Idempotency-Key": "a"})
    assert first.content == again.content
    assert Order.objects.count() == 1

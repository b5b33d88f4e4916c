"""An order's whole way, told by the people who take it there."""

from datetime import UTC, datetime
from uuid import uuid4

from operations.tests.contract.conftest import BOTH_DATABASES
from operations.tests.contract.site import Person, Site, eventually, refusal
from operations.tests.contract.story import ADA, CENTRE, DOOR, Shop, new_user, once_it_is, pay, ready

pytestmark = BOTH_DATABASES


def position(latitude: float) -> dict[str, object]:
    moment = datetime.now(UTC).isoformat()
    return {"latitude": latitude, "longitude": 13.40, "recorded_at": moment, "accuracy_m": 5}


def test_an_order_goes_from_placed_to_delivered(
    site: Site, customer: Person, store_staff: Person, admin: Person
) -> None:
    """With the seeded stores and the people whom every installation to try things in has."""
    courier = site.sign_in("courier1@example.com")
    (store, *_) = customer.results("stores", search="Berlin")
    (product, *_) = customer.results("products", store=store["id"])
    order = customer.do(
        "orders",
        {
            "items": [{"product_id": product["id"], "quantity": 2}],
            "dropoff": DOOR,
            "contact": ADA,
            "payment_method": "online",
            "tip": "1.50",
            "note": "Ring twice",
            "external_id": f"shop-{uuid4()}",
        },
    )
    path = f"orders/{order['id']}"
    assert (order["status"], order["version"], order["allowed_transitions"]) == ("created", 1, ["cancelled"])
    assert admin.read(f"products/{product['id']}")["stock"] == product["stock"] - 2

    payment = pay(customer, order)
    assert (payment["status"], payment["amount"], payment["provider"]) == ("pending", order["total"], "simulated")
    once_it_is("paid", order, customer)
    assert customer.read(f"payments/{payment['id']}")["status"] == "succeeded"

    assert store_staff.do(f"{path}/confirm")["status"] == "confirmed"
    assert refusal(customer.get(f"deliveries/{order['id']}")) == (400, "order_not_dispatched")

    assert courier.patch("couriers/me", {"status": "available"}).json()["status"] == "available"
    assert courier.post("couriers/me/positions", {"positions": [position(52.53)]}).status_code == 200
    assignment = courier.do(f"{path}/accept")
    assert (assignment["status"], assignment["order_id"]) == ("accepted", order["id"])
    assert courier.read("couriers/me")["active_orders"] == 1

    step = f"assignments/{assignment['id']}"
    assert refusal(courier.post(f"{step}/pick-up")) == (409, "order_not_ready")
    assert store_staff.do(f"{path}/ready")["ready_at"] is not None
    assert courier.do(f"{step}/pick-up")["status"] == "picked_up"

    delivery = customer.read(f"deliveries/{order['id']}")
    assert (delivery["status"], delivery["courier"]["position"]["latitude"]) == ("picked_up", 52.53)
    assert 0 < delivery["progress"] < 100
    assert delivery["eta_seconds"] > 0

    assert courier.do(f"{step}/deliver", {"recipient": "Ada"})["status"] == "delivered"
    assert customer.read(path)["status"] == "delivered"
    assert customer.read(f"deliveries/{order['id']}")["progress"] == 100
    assert courier.read("couriers/me")["active_orders"] == 0
    story = [entry["what"] for entry in customer.results(f"{path}/timeline")]
    assert story == ["delivered", "picked_up", "ready", "assigned", "confirmed", "paid", "created"]


def test_cash_is_collected_at_the_door(customer: Person, shop: Shop, courier: Person, admin: Person) -> None:
    order = ready(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")
    courier.do(f"assignments/{assignment['id']}/pick-up")
    courier.do(f"assignments/{assignment['id']}/deliver")

    (payment,) = eventually(lambda: admin.results("payments", order=order["id"]), lambda found: len(found) == 1)
    assert (payment["provider"], payment["status"], payment["amount"]) == ("cash", "succeeded", order["total"])


def test_a_new_town_is_made_and_runs_through_the_api_alone(site: Site, admin: Person, dispatcher: Person) -> None:
    store = admin.do("stores", {"name": "New", **CENTRE})
    goods = {"store_id": store["id"], "sku": "1", "name": "Soup", "price": "4.35", "currency": "EUR", "stock": 3}
    product = admin.do("products", goods)
    people = {role: new_user(admin, role) for role in ("store_staff", "courier", "customer")}
    admin.do(f"stores/{store['id']}/members", {"user_id": people["store_staff"]["id"]})
    dispatcher.do("couriers", {"email": people["courier"]["email"], "name": "Nia", "vehicle": "bike", "capacity": 2})
    staff, courier, customer = (site.sign_in(person["email"]) for person in people.values())

    items = [{"product_id": product["id"], "quantity": 3}]
    order = customer.do("orders", {"items": items, "dropoff": DOOR, "contact": ADA})
    assert (order["items_total"], order["total"], order["charges"]) == ("13.05", "13.05", [])
    pay(customer, order)
    once_it_is("paid", order, staff)
    staff.do(f"orders/{order['id']}/confirm")
    staff.do(f"orders/{order['id']}/ready")
    assignment = courier.do(f"orders/{order['id']}/accept")
    courier.do(f"assignments/{assignment['id']}/pick-up")
    courier.do(f"assignments/{assignment['id']}/deliver")

    assert staff.read(f"orders/{order['id']}")["status"] == "delivered"
    assert staff.read(f"products/{product['id']}")["stock"] == 0


def test_the_first_releases_order_goes_to_the_saved_dropoff(customer: Person, shop: Shop) -> None:
    me = customer.read("users/me")
    wish = {"user_id": me["id"], "product_id": shop.product_id, "quantity": 2}

    answer = customer.call("POST", "/api/v1/orders", json=wish)

    assert (answer.status_code, answer.json()) == (201, {"order_id": answer.json()["order_id"], "status": "created"})
    assert answer.headers["Deprecation"].startswith("@")
    assert 'rel="successor-version"' in answer.headers["Link"]
    shown = customer.read(f"/api/v1/orders/{answer.json()['order_id']}")
    assert shown == {**wish, **answer.json(), "created_at": shown["created_at"]}
    assert customer.read(f"orders/{answer.json()['order_id']}")["dropoff"] == me["dropoff"]


def test_without_a_saved_dropoff_it_is_paid_then_given_one_and_confirmed(admin: Person, shop: Shop) -> None:
    user = new_user(admin, "customer")
    stranger = admin.site.sign_in(user["email"])
    wish = {"user_id": user["id"], "product_id": shop.product_id, "quantity": 1}
    placed = stranger.call("POST", "/api/v1/orders", json=wish).json()
    order = stranger.read(f"orders/{placed['order_id']}")
    assert order["dropoff"] is None
    pay(stranger, order)
    version = once_it_is("paid", order, stranger)["version"]
    confirm = f"orders/{order['id']}/confirm"

    assert refusal(shop.staff.post(confirm)) == (409, "dropoff_missing")
    assert stranger.patch(f"orders/{order['id']}", {"dropoff": DOOR}, version=version).status_code == 200
    assert shop.staff.do(confirm)["status"] == "confirmed"


def test_a_failed_delivery_goes_out_again(customer: Person, shop: Shop, courier: Person) -> None:
    order = ready(customer, shop)
    first = courier.do(f"orders/{order['id']}/accept")
    courier.do(f"assignments/{first['id']}/pick-up")
    assert courier.do(f"assignments/{first['id']}/fail", {"reason": "nobody home"})["status"] == "failed"
    assert customer.read(f"orders/{order['id']}")["status"] == "failed"

    again = shop.staff.do(f"orders/{order['id']}/confirm")
    assert (again["status"], again["ready_at"]) == ("confirmed", None)
    second = courier.do(f"orders/{order['id']}/accept")
    assert (second["status"], second["id"] != first["id"]) == ("accepted", True)


def test_staff_may_end_a_failed_order_instead(customer: Person, shop: Shop, courier: Person) -> None:
    order = ready(customer, shop)
    assignment = courier.do(f"orders/{order['id']}/accept")
    courier.do(f"assignments/{assignment['id']}/pick-up")
    courier.do(f"assignments/{assignment['id']}/fail", {"reason": "refused"})

    assert shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "Cold"})["status"] == "cancelled"
    assert shop.stock == 9

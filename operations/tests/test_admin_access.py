"""Who finds which page of the Admin site: one table, asserted cell by cell."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user
from api.idempotency.models import IdempotencyKey
from catalog.tests.factories import make_staff
from couriers.tests.factories import make_courier, make_picked_up
from events.models import Event, EventDelivery
from events.services.sequencing import sequence_new_events
from events.tests.webhooks import make_endpoint
from notifications.kinds import Kind
from notifications.services.choosing import change_preferences
from notifications.tests.factories import make_notification
from orders.models import Order
from orders.tests.factories import make_order, make_paid_order, make_product
from payments.services.refunding import refund_payment
from payments.tests.factories import make_captured_payment

pytestmark = pytest.mark.django_db

STAFF = (Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF)

# The list and the form for a new one, as administrator, dispatcher and store staff find them.
PAGES = {
    "accounts/user": (200, 403, 403),
    "accounts/user/add": (200, 403, 403),
    "api/idempotencykey": (200, 403, 403),
    "api/idempotencykey/add": (403, 403, 403),
    "catalog/product": (200, 200, 200),
    "catalog/product/add": (200, 403, 200),
    "catalog/stockentry": (200, 200, 200),
    "catalog/stockentry/add": (403, 403, 403),
    "catalog/store": (200, 200, 200),
    "catalog/store/add": (200, 403, 200),
    "couriers/assignment": (200, 200, 403),
    "couriers/assignment/add": (403, 403, 403),
    "couriers/courier": (200, 200, 403),
    "couriers/courier/add": (200, 200, 403),
    "events/event": (200, 200, 403),
    "events/event/add": (403, 403, 403),
    "events/eventdelivery": (200, 200, 403),
    "events/eventdelivery/add": (403, 403, 403),
    "events/webhookendpoint": (200, 403, 403),
    "events/webhookendpoint/add": (403, 403, 403),
    "notifications/notification": (200, 200, 403),
    "notifications/notification/add": (403, 403, 403),
    "notifications/preferences": (200, 403, 403),
    "notifications/preferences/add": (403, 403, 403),
    "orders/order": (200, 200, 200),
    "orders/order/add": (403, 403, 403),
    "payments/payment": (200, 200, 200),
    "payments/payment/add": (403, 403, 403),
    "payments/refund": (200, 200, 200),
    "payments/refund/add": (403, 403, 403),
}


def test_table_names_every_page() -> None:
    registered = {f"{model._meta.app_label}/{model._meta.model_name}" for model in admin.site._registry}

    assert registered == {page.removesuffix("/add") for page in PAGES}


CELLS = [(page, role, status) for page in PAGES for role, status in zip(STAFF, PAGES[page], strict=True)]


@pytest.mark.parametrize(("page", "role", "status"), CELLS)
def test_staff_find_the_pages_of_their_scopes(page: str, role: Role, status: int) -> None:
    client = signed_in(make_user(role))

    assert client.get(f"/admin/{page}/").status_code == status


@pytest.mark.parametrize("role", sorted(set(Role) - set(STAFF)))
def test_others_are_sent_to_the_login(role: Role) -> None:
    client = signed_in(make_user(role))

    for page in PAGES:
        assert client.get(f"/admin/{page}/").headers["Location"] == f"/admin/login/?next=/admin/{page}/"


def test_who_has_lost_the_role_is_out_at_once() -> None:
    user = make_user(Role.DISPATCHER)
    client = signed_in(user)
    assert client.get("/admin/orders/order/").status_code == 200

    User.objects.update(role=Role.CUSTOMER)
    assert client.get("/admin/orders/order/").status_code == 302

    User.objects.update(role=Role.DISPATCHER, is_active=False)
    assert client.get("/admin/orders/order/").status_code == 302


@pytest.mark.parametrize(
    ("role", "titles"),
    [
        (Role.ADMIN, ["", "Orders", "Money", "Catalog", "System"]),
        (Role.DISPATCHER, ["", "Orders", "Money", "Catalog", "System"]),
        (Role.STORE_STAFF, ["", "Orders", "Money", "Catalog"]),
    ],
)
def test_side_bar_shows_only_what_one_may_open(role: Role, titles: list[str]) -> None:
    client = signed_in(make_user(role))

    navigation = client.get("/admin/").context["sidebar_navigation"]

    shown = {
        group["title"]: [item["link"] for item in group["items"] if item["has_permission"]] for group in navigation
    }
    assert [title for title, links in shown.items() if links] == titles
    for links in shown.values():
        for link in links:
            assert client.get(str(link)).status_code == 200


def test_autocompletion_offers_own_stores_only() -> None:
    ours, theirs = make_product().store, make_product().store
    client = signed_in(make_staff(ours))
    query = {"app_label": "orders", "model_name": "order", "field_name": "store"}

    offered = client.get("/admin/autocomplete/", query).json()["results"]

    assert [choice["id"] for choice in offered] == [str(ours.pk)]
    assert theirs.pk != ours.pk


def test_history_of_foreign_objects_is_hidden() -> None:
    foreign = make_order()
    staff = signed_in(make_staff(make_product().store))

    assert staff.get(f"/admin/orders/order/{foreign.pk}/history/").status_code == 302
    assert Order.objects.filter(pk=foreign.pk).exists()


def test_every_kind_of_object_has_a_page_that_opens() -> None:
    make_picked_up()
    payment = make_captured_payment()
    refund_payment(payment.pk, amount=Decimal("1.00"), reason="Cold", actor=Actor.system("test"))
    IdempotencyKey.objects.create(principal="user:1", method="POST", path="/x", key="k", expires_at=timezone.now())
    sequence_new_events()
    EventDelivery.objects.create(event=Event.objects.all()[0], subject_id=payment.pk, destination="shop.bell")
    make_endpoint()
    make_notification(Kind.DELIVERED, order=payment.order)
    change_preferences("contact:0", language="de")
    client = signed_in(make_user(Role.ADMIN))

    for model in admin.site._registry:
        one = model._default_manager.first()
        assert one is not None, model
        page = client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{one.pk}/change/")
        assert page.status_code == 200, model


def test_an_answer_kept_for_repetition_shows_no_secret() -> None:
    secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    kept = IdempotencyKey.objects.create(
        principal="user:1",
        method="POST",
        path="/x",
        key="k",
        expires_at=timezone.now(),
        body=f'{{"secret":"{secret}"}}',
    )

    page = signed_in(make_user(Role.ADMIN)).get(f"/admin/api/idempotencykey/{kept.pk}/change/")

    assert secret not in page.text
    assert "{&quot;secret&quot;:&quot;whsec_…&quot;}" in page.text


def test_what_people_type_is_shown_as_text() -> None:
    script = "<script>alert(1)</script>"
    order = make_paid_order(product=make_product(name=script), note=script)
    make_courier(name=script)
    client = signed_in(make_user(Role.DISPATCHER, name=script))

    for url in ("", "order/", f"order/{order.pk}/change/"):
        assert script not in client.get(f"/admin/orders/{url}").text
    confirmed = client.post(f"/admin/orders/order/{order.pk}/move/confirm/", {"version": order.version}, follow=True)
    assert script not in confirmed.text
    for url in (f"orders/order/{order.pk}/move/assign/", "couriers/courier/", "catalog/product/"):
        assert script not in client.get(f"/admin/{url}").text

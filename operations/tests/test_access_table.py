"""Who may call what: every route by role by own or foreign object, one cell a test.

A cell is the status of the answer; `a/b` is own/foreign. 403 is a missing scope, 404 a thing that is not there for this
caller, 409 an own thing in a state that forbids it. Own is: of the caller's store, order or work. Nobody's column is
what the route says without a token.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role
from operations.tests.town import World, build_side
from orders.tests.factories import make_user

TABLE = """
                                              admin    dispatcher store     integrator courier  customer nobody
POST   /api/v2/auth/token                     400      400        400       400        400      400      400
POST   /api/v2/auth/revoke                    200      200        200       200        200      200      401
POST   /api/v2/auth/ws-ticket                 201      201        403       403        403      403      401
GET    /api/v2/users                          200      403        403       403        403      403      401
POST   /api/v2/users                          201      403        403       403        403      403      401
GET    /api/v2/users/me                       200      200        200       200        200      200      401
GET    /api/v2/users/{user}                   200/200  403/403    403/403   403/403    403/403  403/403  401
PATCH  /api/v2/users/{user}                   200/200  403/403    403/403   403/403    403/403  403/403  401

GET    /api/v2/                                200      200        200       200        200      200      401
GET    /api/v1/                                200      200        200       200        200      200      401
GET    /api/v2/stores                         200      200        200       200        200      200      401
POST   /api/v2/stores                         201      403        201       201        403      403      401
GET    /api/v2/stores/{store}                 200/200  200/200    200/200   200/200    200/200  200/200  401
PATCH  /api/v2/stores/{store}                 200/200  403/403    200/404   200/404    403/403  403/403  401
DELETE /api/v2/stores/{store}                 204/204  403/403    204/404   204/404    403/403  403/403  401
GET    /api/v2/stores/{store}/members         200/200  403/403    403/403   403/403    403/403  403/403  401
POST   /api/v2/stores/{store}/members         201/201  403/403    403/403   403/403    403/403  403/403  401
DELETE /api/v2/stores/{store}/members/{user}  204/204  403/403    403/403   403/403    403/403  403/403  401
GET    /api/v2/products                       200      200        200       200        200      200      401
POST   /api/v2/products                       201/201  403/403    201/404   201/404    403/403  403/403  401
GET    /api/v2/products/{product}             200/200  200/200    200/200   200/200    200/200  200/200  401
GET    /api/v2/products/{retired_product}     200/200  200/200    200/404   200/404    404/404  404/404  401
PATCH  /api/v2/products/{product}             200/200  403/403    200/404   200/404    403/403  403/403  401
DELETE /api/v2/products/{product}             204/204  403/403    204/404   204/404    403/403  403/403  401
POST   /api/v2/products/{product}/stock       200/200  403/403    200/404   200/404    403/403  403/403  401

GET    /api/v2/orders                         200      200        200       200        200      200      401
POST   /api/v2/orders                         201/201  201/201    403/403   201/409    403/403  201/201  401
GET    /api/v2/orders/{created}               200/200  200/200    200/404   200/404    404/404  200/404  401
GET    /api/v2/orders/{ready}                 200/200  200/200    200/404   200/404    200/404  200/404  401
GET    /api/v2/orders/{carried}               200/200  200/200    200/404   200/404    200/404  200/404  401
PATCH  /api/v2/orders/{created}               200/200  200/200    200/404   200/404    403/403  200/404  401
GET    /api/v2/orders/{carried}/timeline      200/200  200/200    200/404   200/404    200/404  200/404  401
POST   /api/v2/orders/{paid}/confirm          200/200  200/200    200/404   200/404    403/403  403/403  401
POST   /api/v2/orders/{ready}/ready           200/200  200/200    200/404   200/404    403/403  403/403  401
POST   /api/v2/orders/{created}/cancel        200/200  200/200    200/404   200/404    403/403  200/404  401
POST   /api/v2/orders/{ready}/cancel          200/200  200/200    200/404   200/404    403/403  409/404  401
POST   /api/v2/orders/{ready}/assign          200/200  200/200    403/403   403/403    403/403  403/403  401
POST   /api/v2/orders/{carried}/unassign      200/200  200/200    403/403   403/403    403/403  403/403  401
POST   /api/v2/orders/{ready}/offer           200/200  200/200    403/403   403/403    403/403  403/403  401
GET    /api/v2/orders/{ready}/matching        200/200  200/200    403/403   403/403    403/403  403/403  401
POST   /api/v2/orders/{ready}/accept          404/404  404/404    403/403   403/403    200/404  403/403  401

GET    /api/v2/notification-preferences/me    200      200        200       200        200      200      401
PATCH  /api/v2/notification-preferences/me    200      200        200       200        200      200      401

GET    /api/v2/payments                       200      200        200       200        403      200      401
POST   /api/v2/payments                       201/201  201/201    403/403   201/404    403/403  201/404  401
POST   /api/v2/payments#external              403/403  403/403    403/403   201/404    403/403  403/404  401
GET    /api/v2/payments/{payment}             200/200  200/200    200/404   200/404    403/403  200/404  401
GET    /api/v2/payments/{payment}/refunds     200/200  200/200    200/404   200/404    403/403  200/404  401
POST   /api/v2/payments/{payment}/refunds     201/201  201/201    403/403   201/404    403/403  403/404  401
POST   /api/v2/payments/webhooks/simulated    401      401        401       401        401      401      401

GET    /api/v2/couriers                       200      200        403       200        403      403      401
POST   /api/v2/couriers                       201      201        403       403        403      403      401
GET    /api/v2/couriers/{courier}             200/200  200/200    403/403   200/404    403/403  403/403  401
PATCH  /api/v2/couriers/{courier}             200/200  200/200    403/403   403/403    403/403  403/403  401
GET    /api/v2/couriers/me                    404      404        403       403        200      403      401
PATCH  /api/v2/couriers/me                    404      404        403       403        200      403      401
POST   /api/v2/couriers/me/positions          404      404        403       403        200      403      401
GET    /api/v2/couriers/me/offers             404      404        403       403        200      403      401
GET    /api/v2/assignments                    200      200        403       200        200      403      401
GET    /api/v2/assignments/{accepted}         200/200  200/200    403/403   200/404    200/404  403/403  401
POST   /api/v2/assignments/{offered}/accept   200/200  200/200    403/403   403/403    200/404  403/403  401
POST   /api/v2/assignments/{offered}/decline  200/200  200/200    403/403   403/403    200/404  403/403  401
POST   /api/v2/assignments/{accepted}/pick-up 200/200  200/200    403/403   403/403    200/404  403/403  401
POST   /api/v2/assignments/{accepted}/release 200/200  200/200    403/403   403/403    200/404  403/403  401
POST   /api/v2/assignments/{carrying}/deliver 200/200  200/200    403/403   403/403    200/404  403/403  401
POST   /api/v2/assignments/{carrying}/fail    200/200  200/200    403/403   403/403    200/404  403/403  401
GET    /api/v2/deliveries/{carried}           200/200  200/200    200/404   200/404    200/404  200/404  401
GET    /api/state                             200      200        403       403        403      403      401
GET    /api/v2/state                          200      200        403       403        403      403      401

GET    /api/v2/events                         200      200        403       200        403      403      401
POST   /api/v2/event-batches                  201/201  201/201    403/403   201/422    403/403  403/403  401

GET    /api/v2/webhook-endpoints              200      403        403       200        403      403      401
POST   /api/v2/webhook-endpoints              201      403        403       201        403      403      401
GET    /api/v2/webhook-endpoints/{endpoint}   200/200  403/403    403/403   200/404    403/403  403/403  401
PATCH  /api/v2/webhook-endpoints/{endpoint}   200/200  403/403    403/403   200/404    403/403  403/403  401
DELETE /api/v2/webhook-endpoints/{endpoint}   204/204  403/403    403/403   204/404    403/403  403/403  401
POST   /api/v2/webhook-endpoints/{endpoint}/ping 202/202 403/403  403/403   202/404    403/403  403/403  401
POST   /api/v2/webhook-endpoints/{endpoint}/rotate-secret 200/200 403/403 403/403 200/404 403/403 403/403 401
GET    /api/v2/webhook-endpoints/{endpoint}/deliveries 200/200 403/403 403/403 200/404 403/403  403/403  401
POST   /api/v2/webhook-deliveries/{webhook}/resend 202/202 403/403 403/403  202/404    403/403  403/403  401

POST   /api/v1/orders                         201      201        403       201        403      201      401
GET    /api/v1/orders/{created}               200/200  200/200    200/404   200/404    404/404  200/404  401
"""

COLUMNS = {
    "admin": Role.ADMIN,
    "dispatcher": Role.DISPATCHER,
    "store": Role.STORE_STAFF,
    "integrator": Role.INTEGRATOR,
    "courier": Role.COURIER,
    "customer": Role.CUSTOMER,
    "nobody": None,
}


@dataclass(frozen=True)
class Cell:
    method: str
    path: str
    role: Role | None
    side: str
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.role or 'nobody'} {self.side}"


def cells() -> Iterator[Cell]:
    for line in filter(str.strip, TABLE.splitlines()[2:]):
        method, path, *answers = line.split()
        for role, answer in zip(COLUMNS.values(), answers, strict=True):
            for side, status in zip(("own", "foreign"), answer.split("/"), strict=False):
                yield Cell(method, path, role, side, int(status))


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, World]]:
    """Built once; each cell's own changes are taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield {"own": build_side(), "foreign": build_side()}
        transaction.set_rollback(True)


def body_for(cell: Cell, world: World, user: User | None) -> dict[str, Any] | None:
    """A body that would be accepted from somebody who may."""
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/api/v2/auth/token"): {"grant_type": "password"},
        ("POST", "/api/v2/auth/revoke"): {"token": "unknown"},
        ("POST", "/api/v2/users"): {"email": "new@example.com", "password": "a long password", "role": "customer"},
        ("PATCH", "/api/v2/users/{user}"): {"name": "New"},
        ("POST", "/api/v2/stores"): {"name": "New", "address": "1 St", "latitude": 52.5, "longitude": 13.4},
        ("PATCH", "/api/v2/stores/{store}"): {"name": "Renamed"},
        ("POST", "/api/v2/stores/{store}/members"): {"user_id": world.ids["user"]},
        ("POST", "/api/v2/products"): {
            "store_id": world.ids["store"], "sku": "NEW", "name": "New", "price": "1.00",
        },
        ("PATCH", "/api/v2/products/{product}"): {"name": "Renamed"},
        ("POST", "/api/v2/products/{product}/stock"): {"delta": 1, "reason": "received"},
        ("POST", "/api/v2/orders"): {
            "items": [{"product_id": world.ids["product"], "quantity": 1}],
            "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.40},
            "contact": {"name": "Ada"},
        },
        ("PATCH", "/api/v2/orders/{created}"): {"note": "New"},
        ("POST", "/api/v2/orders/{created}/cancel"): {"reason": "test"},
        ("POST", "/api/v2/orders/{ready}/cancel"): {"reason": "test"},
        ("POST", "/api/v2/orders/{ready}/assign"): {"courier_id": world.ids["courier"]},
        ("POST", "/api/v2/orders/{ready}/offer"): {"courier_ids": [world.ids["courier"]]},
        ("POST", "/api/v2/payments"): {"order_id": world.fresh_order, "token": "tok_success"},
        ("POST", "/api/v2/payments#external"): {
            "order_id": world.external_order, "provider": "external", "reference": "shop-1", "amount": "5.00",
        },
        ("POST", "/api/v2/payments/{payment}/refunds"): {"amount": "1.00", "reason": "test"},
        ("POST", "/api/v2/payments/webhooks/simulated"): {},
        ("POST", "/api/v2/couriers"): {"user_id": str(make_user(Role.COURIER).id), "name": "New"},
        ("PATCH", "/api/v2/couriers/{courier}"): {"name": "Renamed"},
        ("PATCH", "/api/v2/couriers/me"): {"status": "available"},
        ("PATCH", "/api/v2/notification-preferences/me"): {"language": "de"},
        ("POST", "/api/v2/couriers/me/positions"): {
            "positions": [{"latitude": 52.5, "longitude": 13.4, "recorded_at": "2026-01-01T00:00:00Z"}],
        },
        ("POST", "/api/v2/assignments/{carrying}/fail"): {"reason": "nobody_home"},
        ("POST", "/api/v2/event-batches"): {
            "events": [
                {"type": "ext.a", "subject": {"type": "b", "id": str(uuid4())}, "store_id": world.ids["store"]},
            ],
        },
        ("POST", "/api/v2/webhook-endpoints"): {"url": "https://shop.example.com/hooks"},
        ("PATCH", "/api/v2/webhook-endpoints/{endpoint}"): {"description": "New"},
        ("POST", "/api/v1/orders"): {
            "user_id": str(user.id if user and user.role == Role.CUSTOMER else world.users[Role.CUSTOMER].id),
            "product_id": world.ids["product"],
            "quantity": 1,
        },
    }  # fmt: skip
    return bodies.get((cell.method, cell.path))


def named_thing(path: str) -> str | None:
    return path.split("{")[1].split("}", maxsplit=1)[0] if "{" in path else None


@pytest.mark.django_db
@pytest.mark.parametrize("cell", list(cells()), ids=str)
def test_each_cell(cell: Cell, town: dict[str, World]) -> None:
    world = town[cell.side]
    user = town["own"].users[cell.role] if cell.role else None
    client = APIClient()
    client.force_authenticate(user)
    headers = {"Idempotency-Key": str(uuid4())}
    thing = named_thing(cell.path)
    if cell.method == "PATCH" and thing:
        headers["If-Match"] = f'"{world.version_of(thing)}"'
    path = cell.path.split("#")[0].format(**world.ids)
    send = getattr(client, cell.method.lower())
    answer = send(path, body_for(cell, world, user), format="json", headers=headers)
    assert answer.status_code == cell.status, answer.content
    if cell.status == 403:
        assert answer.json()["code"] in {"insufficient_scope", "refund_not_allowed", "external_payment_refused"}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif hasattr(pattern.callback, "view_class") and hasattr(pattern.callback.view_class, "required_scopes"):
            yield path, pattern.callback.view_class


def test_the_table_has_every_route_and_method() -> None:
    def shape(path: str) -> str:
        return "/" + "/".join(
            "*" if part[:1] in "{<" else part for part in path.split("#", maxsplit=1)[0].strip("/").split("/")
        )

    listed = {(cell.method, shape(cell.path)) for cell in cells()}
    served = {
        (method, shape(path)) for path, view in routes(get_resolver().url_patterns) for method in view.required_scopes
    }
    assert served - listed == set()
    assert listed - served == set()

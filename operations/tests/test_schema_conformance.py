"""What OpenAPI says is what the site does: for every role, in both versions, whatever is sent.

The same can be asked of any running site, with more patience, from the project's folder:

    schemathesis run http://127.0.0.1:8000/api/v2/schema --checks all -H "Authorization: Bearer <token>"
"""

import re
from collections.abc import Callable
from socketserver import StreamRequestHandler
from typing import Any

import pytest

from accounts.roles import ROLE_SCOPES, Role
from accounts.tests.factories import access_token
from api.openapi.documents import served_document
from operations.tests.conformance import NAMED, Findings, explore
from operations.tests.town import World, build_side

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

# What shows that the requests of a role are not all refused at the door.
REACHED = {
    Role.ADMIN: [
        "POST /api/v2/stores",
        "PATCH /api/v2/users/{user_id}",
        "POST /api/v2/couriers",
        "POST /api/v2/payments/{payment_id}/refunds",
        "POST /api/v2/assignments/{assignment_id}/fail",
    ],
    Role.DISPATCHER: [
        "POST /api/v2/orders/{order_id}/assign",
        "POST /api/v2/orders/{order_id}/unassign",
        "GET /api/v2/deliveries/{order_id}",
    ],
    Role.STORE_STAFF: [
        "POST /api/v2/orders/{order_id}/confirm",
        "POST /api/v2/orders/{order_id}/ready",
        "PATCH /api/v2/products/{product_id}",
        "DELETE /api/v2/stores/{store_id}",
    ],
    Role.COURIER: [
        "POST /api/v2/orders/{order_id}/accept",
        "POST /api/v2/assignments/{assignment_id}/pick-up",
        "POST /api/v2/assignments/{assignment_id}/deliver",
        "POST /api/v2/assignments/{assignment_id}/decline",
    ],
    Role.CUSTOMER: [
        "POST /api/v2/orders",
        "PATCH /api/v2/orders/{order_id}",
        "POST /api/v2/payments",
        "GET /api/v2/orders/{order_id}/timeline",
    ],
    Role.INTEGRATOR: [
        "POST /api/v2/orders",
        "POST /api/v2/orders/{order_id}/confirm",
        "POST /api/v2/products",
        "POST /api/v2/products/{product_id}/stock",
        "POST /api/v2/event-batches",
        "PATCH /api/v2/webhook-endpoints/{endpoint_id}",
        "POST /api/v2/webhook-deliveries/{delivery_id}/resend",
    ],
}
# One operation of each kind, because this takes a second for each.
EVERY_CONSTRAINT = {
    Role.ADMIN: ["auth_token", "orders_list", "orders_create", "orders_confirm", "payments_create", "products_update"],
    Role.COURIER: ["assignments_deliver", "couriers_me_positions_create"],
}

Explore = Callable[..., Findings]


@pytest.fixture
def explore_as(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Explore:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Otherwise each answer waits 40 ms for the client to acknowledge its headers.
    monkeypatch.setattr(StreamRequestHandler, "disable_nagle_algorithm", True)
    sides: tuple[World, World] = (build_side(), build_side())

    def explore_as(role: Role, *, version: int, **how: Any) -> Findings:
        token = access_token(sides[0].users[role])
        return explore(f"{live_server.url}/api/v{version}/schema", token=str(token), sides=sides, **how)

    return explore_as


def open_to(role: Role) -> set[str]:
    """The operations of the current version that this role has the scope for."""
    operations = [each for path in served_document("2").content["paths"].values() for each in path.values()]
    return {
        each["operationId"] for each in operations if any(_is_met(need, role) for need in each.get("security", [{}]))
    }


def _is_met(need: dict[str, list[str]], role: Role) -> bool:
    return all(ROLE_SCOPES[role].issuperset(scopes) for scopes in need.values())


def closed_to(role: Role) -> set[str]:
    return open_to(Role.ADMIN) - open_to(role)


def test_every_thing_that_a_path_names_is_in_the_town() -> None:
    paths = served_document("1").content["paths"] | served_document("2").content["paths"]
    named = {name for path in paths for name in re.findall(r"\{(\w+)\}", path)}

    assert named - NAMED.keys() == set()


@pytest.mark.parametrize("role", list(Role))
def test_no_answer_is_outside_of_the_current_document(explore_as: Explore, role: Role) -> None:
    phases = ("examples", "fuzzing", "stateful")
    found = explore_as(role, version=2, only=open_to(role), phases=phases, examples=3)

    assert not found.problems, "\n\n".join(found.problems)
    assert [operation for operation in REACHED[role] if not found.has_succeeded(operation)] == []


def test_no_refusal_is_outside_of_the_current_document(explore_as: Explore) -> None:
    for role in set(Role) - {Role.ADMIN}:
        found = explore_as(role, version=2, only=closed_to(role), phases=("fuzzing",))

        assert not found.problems, "\n\n".join([role, *found.problems])
        assert {status for _, status in found.answers} <= {401, 403, 404}


def test_no_answer_is_outside_of_the_first_document(explore_as: Explore) -> None:
    for role in Role:
        found = explore_as(role, version=1, phases=("examples", "coverage", "fuzzing"), examples=3)

        assert not found.problems, "\n\n".join([role, *found.problems])
        assert found.has_succeeded("POST /api/v1/orders") == ("orders:create" in ROLE_SCOPES[role])


@pytest.mark.parametrize("role", list(EVERY_CONSTRAINT))
def test_every_boundary_is_where_the_document_says(explore_as: Explore, role: Role) -> None:
    found = explore_as(role, version=2, only=EVERY_CONSTRAINT[role], phases=("coverage",))

    assert not found.problems, "\n\n".join(found.problems)

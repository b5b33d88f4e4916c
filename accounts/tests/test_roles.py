"""The matrix of roles and scopes is the one of the published HTTP contract, spelled out here a second time."""

import pytest

from accounts.roles import ROLE_SCOPES, SCOPES, Role

EVERYTHING = {
    "catalog:read", "catalog:write", "orders:read", "orders:create", "orders:update", "payments:read",
    "payments:write", "couriers:read", "couriers:write", "deliver", "dispatch", "state:read", "events:read",
    "events:write", "webhooks:manage", "users:manage",
}  # fmt: skip

CONTRACT = {
    Role.ADMIN: EVERYTHING,
    Role.DISPATCHER: {
        "catalog:read", "orders:read", "orders:create", "orders:update", "payments:read", "payments:write",
        "couriers:read", "couriers:write", "deliver", "dispatch", "state:read", "events:read", "events:write",
    },
    Role.STORE_STAFF: {"catalog:read", "catalog:write", "orders:read", "orders:update", "payments:read"},
    Role.COURIER: {"catalog:read", "orders:read", "deliver"},
    Role.CUSTOMER: {"catalog:read", "orders:read", "orders:create", "payments:read", "payments:write"},
    Role.INTEGRATOR: {
        "catalog:read", "catalog:write", "orders:read", "orders:create", "orders:update", "payments:read",
        "payments:write", "events:read", "events:write", "webhooks:manage", "couriers:read",
    },
}  # fmt: skip


def test_the_scopes_are_those_of_the_contract() -> None:
    assert set(SCOPES) == EVERYTHING


@pytest.mark.parametrize("role", Role)
def test_each_role_holds_the_scopes_of_the_contract(role: Role) -> None:
    assert ROLE_SCOPES[role] == CONTRACT[role]

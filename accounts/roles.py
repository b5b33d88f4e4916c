"""Who may do what: the roles and the scopes each of them holds."""

from django.db.models import TextChoices


class Role(TextChoices):
    ADMIN = "admin", "Administrator"
    DISPATCHER = "dispatcher", "Dispatcher"
    STORE_STAFF = "store_staff", "Store staff"
    COURIER = "courier", "Courier"
    CUSTOMER = "customer", "Customer"
    INTEGRATOR = "integrator", "Integrator"


SCOPES: dict[str, str] = {
    "catalog:read": "See stores and products",
    "catalog:write": "Change stores, products and stock",
    "orders:read": "See orders, their timeline and deliveries",
    "orders:create": "Place orders",
    "orders:update": "Confirm, prepare and cancel orders",
    "payments:read": "See payments and refunds",
    "payments:write": "Pay and refund",
    "couriers:read": "See couriers",
    "couriers:write": "Add and change couriers",
    "deliver": "Accept, carry and hand over orders",
    "dispatch": "Assign couriers to orders",
    "state:read": "See the state of the whole system",
    "events:read": "Read the event feed",
    "events:write": "Publish event batches",
    "webhooks:manage": "Manage webhook endpoints",
    "users:manage": "Manage users",
}

_EVERYTHING = frozenset(SCOPES)

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.ADMIN: _EVERYTHING,
    Role.DISPATCHER: _EVERYTHING - {"users:manage", "webhooks:manage", "catalog:write"},
    Role.STORE_STAFF: frozenset({"catalog:read", "catalog:write", "orders:read", "orders:update", "payments:read"}),
    Role.COURIER: frozenset({"catalog:read", "orders:read", "deliver"}),
    Role.CUSTOMER: frozenset({"catalog:read", "orders:read", "orders:create", "payments:read", "payments:write"}),
    Role.INTEGRATOR: frozenset(
        {
            "catalog:read",
            "catalog:write",
            "orders:read",
            "orders:create",
            "orders:update",
            "payments:read",
            "payments:write",
            "events:read",
            "events:write",
            "webhooks:manage",
            "couriers:read",
        }
    ),
}

CONSOLE_ROLES = frozenset({Role.ADMIN, Role.DISPATCHER, Role.STORE_STAFF})
ALL_STORES_ROLES = frozenset({Role.ADMIN, Role.DISPATCHER})

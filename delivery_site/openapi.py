"""What the OpenAPI documents say about the site as a whole. Each version has its introduction in `api.openapi`."""

from typing import Any, Final

OPENAPI: Final[dict[str, Any]] = {
    "TITLE": "Delivery platform API",
    "TAGS": [
        {"name": "Tokens", "description": "Signing in (RFC 6749) and out (RFC 7009)."},
        {"name": "Catalog", "description": "Stores, their members, their products and what is in stock."},
        {"name": "Orders", "description": "Placing, reading, changing, confirming and cancelling orders."},
        {"name": "Payments", "description": "Charging orders, giving money back, notices of the provider."},
        {"name": "Couriers", "description": "Who couriers are, whether they are at work, and where."},
        {"name": "Assignments", "description": "Who carries which order, from accepting it to the door."},
        {"name": "Offers", "description": "Asking couriers whether they take an order on, and their answers."},
        {"name": "Deliveries", "description": "Where an order is, and when it arrives."},
        {"name": "Notifications", "description": "What one is told by e-mail and SMS."},
        {"name": "Users", "description": "Accounts and their roles."},
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "filter": True, "docExpansion": "none", "persistAuthorization": True},
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # What may be left out of a PATCH is said by its own serializer.
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_NAME_OVERRIDES": {
        "Role": "accounts.roles.Role",
        "OrderStatus": "orders.states.OrderStatus",
        "PaymentMethod": "orders.states.PaymentMethod",
        "ChargeKind": "orders.models.ChargeKind",
        "PaymentStatus": "payments.models.PaymentStatus",  # and of refunds
        "PaymentProvider": "payments.models.Provider",
        "PaymentFailureReason": "payments.models.FailureReason",
        "SimulatedToken": "payments.providers.simulated.SimulatedToken",
        "NoticeType": ["payment.succeeded", "payment.failed"],
        "TokenType": ["Bearer"],
        "PasswordGrantType": ["password"],
        "RefreshGrantType": ["refresh_token"],
        "ExternalProvider": ["external"],
        "NoticeOutcome": "payments.services.settling.Outcome",
        "AssignmentStatus": "couriers.states.AssignmentStatus",
        "CourierStatus": "couriers.states.CourierStatus",
        "CourierAvailability": "couriers.states.Availability",
        "DeliveryFailureReason": "couriers.states.FailureReason",
        "DeclineReason": "couriers.states.DeclineReason",
        "OfferEnd": "couriers.states.OfferEnd",
        "MatchingOutcome": "couriers.matching.plan.OUTCOMES",
        "ExclusionReason": "couriers.matching.plan.EXCLUSIONS",
        "DecidedBy": "couriers.states.DecidedBy",
        "Vehicle": "couriers.vehicles.Vehicle",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "api.openapi.components.add_shared_components",
        "api.openapi.links.add_links",
        "accounts.openapi.describe_scopes",
    ],
}

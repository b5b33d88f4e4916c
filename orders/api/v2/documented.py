"""An order in the words of the OpenAPI document: what is asked for, and what comes of it."""

from typing import Any, Final

NEW_ORDER: Final[dict[str, Any]] = {
    "items": [{"product_id": "0199f3a1-02c3-7e14-a5b6-7c8d9e0f1a2b", "quantity": 2}],
    "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.4},
    "contact": {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"},
    "payment_method": "online",
    "tip": "0.00",
    "note": "",
    "external_id": "shop-1001",
    "expected_total": "25.00",
}

PLACED_ORDER: Final[dict[str, Any]] = {
    "id": "0199f3a5-4f0d-7c61-8a2b-3e9d1f60c7a4",
    "number": "7265T-4CVWB",
    "status": "created",
    "version": 1,
    "store_id": "0199f3a0-77b1-7d02-b3c4-9a5e6f708192",
    "customer_id": "0199f3a0-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
    "courier_id": None,
    "external_id": "shop-1001",
    "currency": "EUR",
    "items": [
        {
            "product_id": "0199f3a1-02c3-7e14-a5b6-7c8d9e0f1a2b",
            "name": "Dish of the day",
            "unit_price": "12.50",
            "quantity": 2,
            "line_total": "25.00",
        }
    ],
    "items_total": "25.00",
    "charges": [],
    "total": "25.00",
    "payment_method": "online",
    "dropoff": {"address": "1 Main St", "latitude": 52.52, "longitude": 13.4},
    "contact": {"name": "Ada", "phone": "+49301234567", "email": "ada@example.com"},
    "note": "",
    "pin": None,
    "tracking_url": "https://delivery.example.com/track/4bX0tV1qZ8yJ2mN6pR3sU7wA9cE5gH1k/",
    "created_at": "2026-11-21T12:00:00.000000Z",
    "updated_at": "2026-11-21T12:00:00.000000Z",
    "expires_at": "2026-11-21T12:15:00.000000Z",
    "estimated_ready_at": "2026-11-21T12:15:00.000000Z",
    "ready_at": None,
    "allowed_transitions": ["cancelled"],
}

"""How the Admin site presents itself: its name and colours, and what stands where in its side bar.

Part of the settings, so nothing here may need an app before it is asked.
"""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

NAME: Final = "Delivery platform"


def environment(request: HttpRequest) -> tuple[str, str]:
    """Tells the windows of two installations apart."""
    from django.conf import settings

    if settings.PRODUCTION:
        return "Production", "danger"
    return ("Development", "info") if settings.DEBUG else ("Not production", "warning")


def needs(scope: str) -> Callable[[HttpRequest], bool]:
    def is_shown(request: HttpRequest) -> bool:
        from accounts.admin_base.scoped import holds_scope

        return holds_scope(request, scope)

    return is_shown


def _item(title: str, icon: str, model: str, *, scope: str, query: dict[str, str] | None = None) -> dict[str, Any]:
    link = reverse_lazy(f"admin:{model}_changelist", query=query)
    return {"title": title, "icon": icon, "link": link, "permission": needs(scope)}


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "items": list(items)}


NAVIGATION: Final = [
    _group(
        "",
        {"title": "Start", "icon": "home", "link": reverse_lazy("admin:index")},
        {
            "title": "Dispatch",
            "icon": "share_location",
            "link": reverse_lazy("admin:dispatch"),
            "permission": needs("orders:read"),
        },
        {
            "title": "System",
            "icon": "monitoring",
            "link": reverse_lazy("system"),
            "permission": needs("state:read"),
        },
        {
            "title": "What is stuck",
            "icon": "running_with_errors",
            "link": reverse_lazy("stuck"),
            "permission": needs("orders:read"),
        },
    ),
    _group(
        "Orders",
        _item("Orders", "receipt_long", "orders_order", scope="orders:read"),
        _item("Assignments", "assignment_ind", "couriers_assignment", scope="couriers:read"),
        _item("Couriers", "directions_bike", "couriers_courier", scope="couriers:read"),
    ),
    _group(
        "Money",
        _item("Payments", "payments", "payments_payment", scope="payments:read"),
        _item("Refunds", "undo", "payments_refund", scope="payments:read"),
    ),
    _group(
        "Catalog",
        _item("Stores", "storefront", "catalog_store", scope="catalog:read"),
        _item("Products", "category", "catalog_product", scope="catalog:read"),
        _item("Stock ledger", "inventory", "catalog_stockentry", scope="catalog:read"),
    ),
    _group(
        "System",
        _item("Users", "group", "accounts_user", scope="users:manage"),
        {
            "title": "Event flow",
            "icon": "conversion_path",
            "link": reverse_lazy("event_flow"),
            "permission": needs("events:read"),
        },
        _item("Events", "history", "events_event", scope="events:read"),
        _item("Dead letters", "mail_off", "events_eventdelivery", scope="events:read", query={"state__exact": "dead"}),
        _item("Webhook endpoints", "webhook", "events_webhookendpoint", scope="webhooks:manage"),
        _item("Notifications", "mail", "notifications_notification", scope="events:read"),
        _item("Notification choices", "notifications_off", "notifications_preferences", scope="users:manage"),
        _item("Idempotency keys", "key", "api_idempotencykey", scope="users:manage"),
    ),
]

BLUE: Final = {
    "50": "#eff6ff", "100": "#dbeafe", "200": "#bfdbfe", "300": "#93c5fd", "400": "#60a5fa", "500": "#3b82f6",
    "600": "#2563eb", "700": "#1d4ed8", "800": "#1e40af", "900": "#1e3a8a", "950": "#172554",
}  # fmt: skip

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": NAME,
    "SITE_SUBHEADER": "Staff",
    "SITE_SYMBOL": "local_shipping",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("admin-ours/icon.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "delivery_site.admin_site.environment",
    "DASHBOARD_CALLBACK": "operations.admin.start.page.with_start_page",
    "STYLES": [lambda request: static("admin-ours/admin.css")],
    "SCRIPTS": [lambda request: static("admin-ours/admin.js")],
    "COLORS": {"primary": BLUE},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": NAVIGATION},
}

"""The current API, put together from its apps."""

from django.urls import include, path

urlpatterns = [
    path("api/v2/", include("accounts.api.v2.urls")),
    path("api/v2/", include("events.api.v2.urls")),
    path("api/v2/", include("catalog.api.v2.urls")),
    path("api/v2/", include("orders.api.v2.urls")),
    path("api/v2/", include("payments.api.v2.urls")),
    path("api/v2/", include("couriers.api.v2.urls")),
    path("api/v2/", include("notifications.api.v2.urls")),
    path("api/v2/", include("tracking.api.v2.urls")),
    path("api/v2/", include("operations.api.v2.urls")),
]

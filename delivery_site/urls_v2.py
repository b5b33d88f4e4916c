"""The current API, put together from its apps."""

from django.urls import include, path

# First those whose addresses are asked for most: a request is compared with all before its own.
APPS = ("couriers", "tracking", "orders", "events", "payments", "catalog", "accounts", "notifications", "operations")

urlpatterns = [path("api/v2/", include([path("", include(f"{app}.api.v2.urls")) for app in APPS]))]

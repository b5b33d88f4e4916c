"""The first release's API: deprecated, working."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("orders.api.v1.urls")),
]

from django.urls import path

from operations.api.v2.state import UnversionedState
from operations.health import views as health

app_name = "operations"
urlpatterns = [
    path("api/state", UnversionedState.as_view(), name="state"),
    path("health", health.live, name="health"),
    path("healthz", health.live, name="healthz"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("health/startup", health.startup, name="startup"),
]

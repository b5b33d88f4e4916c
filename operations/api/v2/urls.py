from django.urls import path

from operations.api.v2.state import State

urlpatterns = [path("state", State.as_view(), name="state")]

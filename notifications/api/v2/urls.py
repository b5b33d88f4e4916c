from django.urls import path

from notifications.api.v2.views import OwnPreferences

urlpatterns = [
    path("notification-preferences/me", OwnPreferences.as_view(), name="notification-preferences-me"),
]

from django.urls import path

from notifications.views import notification_settings

urlpatterns = [path("notifications/<str:token>/", notification_settings, name="notification-settings")]

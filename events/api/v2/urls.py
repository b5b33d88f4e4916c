from django.urls import path

from events.api.v2.feed import EventFeed

urlpatterns = [
    path("events", EventFeed.as_view(), name="event-feed"),
]

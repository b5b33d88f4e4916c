from django.urls import path

from events.api.v2.batches import EventBatchList
from events.api.v2.feed import EventFeed

urlpatterns = [
    path("event-batches", EventBatchList.as_view(), name="event-batch-list"),
    path("events", EventFeed.as_view(), name="event-feed"),
]

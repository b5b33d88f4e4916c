from django.urls import path

from tracking.views import track, track_data

urlpatterns = [
    path("track/<slug:token>/", track, name="track"),
    path("track/<slug:token>/data", track_data, name="track-data"),
]

from django.urls import path

from tracking.views import track, track_cancel, track_data

urlpatterns = [
    path("track/<slug:token>/", track, name="track"),
    path("track/<slug:token>/cancel/", track_cancel, name="track-cancel"),
    path("track/<slug:token>/data", track_data, name="track-data"),
]

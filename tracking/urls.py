from django.urls import path

from tracking.views import track

urlpatterns = [path("track/<slug:token>/", track, name="track")]

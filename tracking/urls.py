from django.urls import path

from tracking.views import track

urlpatterns = [path("track/<str:token>/", track, name="track")]

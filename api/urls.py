"""What is open to everybody: the error catalogue, the start page and the way in."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import TemplateView

from api.error_catalogue import error_detail, error_list

_errors = (
    [path("", error_list, name="list"), path("<slug:code>", error_detail, name="detail")],
    "errors",
)

urlpatterns = [
    path("", TemplateView.as_view(template_name="api/start.html"), name="start"),
    path("api/login", LoginView.as_view(template_name="api/login.html"), name="api-login"),
    path("api/logout", LogoutView.as_view(next_page="api-login"), name="api-logout"),
    path("errors/", include(_errors)),
]

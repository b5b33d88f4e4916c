"""What is open to everybody: the error catalogue, the schemas and their pages."""

from django.urls import include, path

from api.error_catalogue import error_detail, error_list

_errors = (
    [path("", error_list, name="list"), path("<slug:code>", error_detail, name="detail")],
    "errors",
)

urlpatterns = [
    path("errors/", include(_errors)),
]

from typing import Any, ClassVar

import pytest
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response

from api.checks import check_declared_scopes
from api.idempotency.decorator import idempotent
from api.routes import url_patterns
from api.scopes import ANY_TOKEN, ANYONE, Scopes, any_of, scopes_for
from api.tests.site import CallerView


class Forgetful(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "x:read", "DELETE": "x:write"}

    def get(self, request: Request) -> Response:
        return Response()

    def post(self, request: Request) -> Response:
        return Response()


class Open(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANYONE}

    @idempotent
    def post(self, request: Request) -> Response:
        return Response()


urlpatterns = [path("a/", include([path("forgetful", Forgetful.as_view()), path("open", Open.as_view())]))]


def test_the_test_site_declares_all_its_scopes() -> None:
    assert check_declared_scopes(None) == []


def test_forgotten_superfluous_and_unsafe_declarations_are_found(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__

    assert [(problem.id, problem.msg.removeprefix(f"{__name__}.")) for problem in check_declared_scopes(None)] == [
        ("api.E001", "Forgetful declares no required scopes for POST."),
        ("api.E002", "Forgetful declares scopes for DELETE, which it does not handle."),
        ("api.E003", "Open: strangers would share the idempotency keys of POST."),
    ]


def test_routes_are_told_whole(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__

    assert [route for route, _ in url_patterns()] == ["a/forgetful", "a/open"]


@pytest.mark.parametrize(
    ("method", "scopes"), [("GET", "x:read"), ("HEAD", "x:read"), ("DELETE", "x:write"), ("OPTIONS", ANY_TOKEN)]
)
def test_the_scopes_of_a_method(method: str, scopes: Scopes) -> None:
    assert scopes_for(Forgetful(), method) == scopes


def test_the_options_of_an_open_route_are_open() -> None:
    assert scopes_for(Open(), "OPTIONS") is ANYONE


def test_one_of_several_scopes_is_enough() -> None:
    assert (any_of("a"), any_of(("a", "b")), any_of(ANYONE), any_of(ANY_TOKEN)) == (("a",), ("a", "b"), (), ())

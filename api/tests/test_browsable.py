import json
import re
from html import unescape
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from api.examples import example_of, shown_values
from api.idempotency.decorator import idempotent
from api.openapi.views import version_urls
from api.root import ApiRoot
from api.scopes import ANY_TOKEN, ANYONE, Scopes
from api.serializers import MoneyField, NoBody, StrictSerializer
from api.tests import site
from api.tests.conftest import caller
from api.tests.test_error_pages import BROWSER

THING = "/api/v2/things/0192f0c1-2b3c-7d4e-8f50-123456789abc"


class ThingInput(StrictSerializer):
    name = serializers.CharField(max_length=20)
    price = MoneyField()
    size = serializers.ChoiceField(choices=["small", "large"], required=False)


class ThingView(site.ThingView):
    @extend_schema(summary="Show a thing", responses=ThingInput)
    def get(self, request: Request, thing_id: Any) -> Response:
        response = super().get(request, thing_id)
        response.data |= {"name": "Bell", "price": "3.00"}
        return response

    @extend_schema(summary="Change a thing", request=ThingInput, responses=ThingInput)
    def patch(self, request: Request, thing_id: Any) -> Response:
        return super().patch(request, thing_id)


class RingView(site.CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANY_TOKEN}

    @extend_schema(summary="Ring a thing", request=NoBody, responses={204: None})
    @idempotent
    def post(self, request: Request, thing_id: Any) -> Response:
        return Response(status=204)


class ThingListView(site.CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN, "POST": "forbidden"}

    @extend_schema(request=ThingInput)
    def post(self, request: Request) -> Response:
        return Response()

    @extend_schema(responses=ThingInput(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [], "next": None, "previous": None})


class OpenView(site.CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANYONE}

    def post(self, request: Request) -> Response:
        return Response()


things = [
    path("things", ThingListView.as_view()),
    path("things/<uuid:thing_id>", ThingView.as_view()),
    path("things/<uuid:thing_id>/ring", RingView.as_view()),
    path("open", OpenView.as_view()),
]
urlpatterns = [
    path("api/v2/", include(things)),
    path("api/v2/", include(version_urls(version="2", urlconf=__name__))),
    path("", include("api.urls")),
]


@pytest.fixture(autouse=True)
def _things_site(settings: Any, _own_site: None) -> None:
    settings.ROOT_URLCONF = __name__


def browse(client: APIClient, url: str, *, status: int = 200) -> str:
    answer = client.get(url, headers={"Accept": BROWSER})
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    return unescape(answer.content.decode())


def body_of(page: str, method: str) -> Any:
    text = re.search(rf'<textarea id="body-{method}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    return json.loads(text.group(1)) if text else None


def test_an_object_is_shown_with_its_etag(client: APIClient) -> None:
    page = browse(client, THING)

    assert "<h1>Show a thing</h1>" in page
    assert '"name": "Bell"' in page
    assert 'data-etag=""7""' in page


def test_a_change_starts_from_what_is_shown(client: APIClient) -> None:
    page = browse(client, THING)

    assert body_of(page, "PATCH") == {"name": "Bell", "price": "3.00"}
    assert 'data-method="PATCH" data-needs-match' in page
    assert "Change a thing" in page


def test_a_new_object_starts_from_an_example(client: APIClient) -> None:
    assert body_of(browse(client, "/api/v2/things"), "POST") == {"name": "Ada Lovelace", "price": "12.50"}


def test_a_view_may_know_a_better_example(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThingListView, "example_body", lambda view, method: {"name": "Horn", "price": "1.00"})

    assert body_of(browse(client, "/api/v2/things"), "POST") == {"name": "Horn", "price": "1.00"}


def test_an_action_is_a_form_with_a_fresh_key_and_no_body(client: APIClient) -> None:
    page = browse(client, f"{THING}/ring", status=405)

    assert 'data-method="POST" data-needs-key' in page
    assert "only something to send" in page
    assert body_of(page, "POST") is None


def test_an_object_links_to_what_belongs_to_it(client: APIClient) -> None:
    assert f'<a href="{THING}/ring">ring</a>' in browse(client, THING)


def test_what_the_caller_may_not_do_is_not_offered(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_reads(permission: Any, request: Request, view: Any) -> bool:
        return request.method == "GET"

    monkeypatch.setattr(site.KnowsCaller, "has_permission", only_reads)
    page = browse(client, THING)

    assert "<form class" not in page
    assert f"{THING}/ring" not in page


def test_the_breadcrumbs_lead_back(client: APIClient) -> None:
    page = browse(client, f"{THING}/ring", status=405)

    assert '<a href="/api/v2/things">things</a>' in page
    assert f'<a href="{THING}">0192f0c1…9abc</a>' in page
    assert '<span aria-current="page">ring</span>' in page


def test_a_stranger_is_asked_to_sign_in(stranger: APIClient) -> None:
    page = browse(stranger, THING, status=401)

    assert f'href="/api/login?next={THING}"' in page
    assert "<form class" not in page


def test_an_error_is_a_page_too(client: APIClient) -> None:
    page = browse(client, f"{THING}?x=1", status=400)

    assert "unknown_parameter" in page


def test_there_is_no_inline_script(client: APIClient) -> None:
    page = browse(client, THING)

    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/js/api.js" defer>']
    assert not re.search(r"\son\w+=", page)
    assert "//cdn" not in page


def test_the_start_page_of_a_version_lists_what_can_be_read(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiRoot, "authentication_classes", [site.CallerAuthentication])
    monkeypatch.setattr(ApiRoot, "permission_classes", [site.KnowsCaller])

    assert client.get("/api/v2/").json() == {"things": "http://testserver/api/v2/things"}
    assert "/api/v2/open" not in browse(client, "/api/v2/")


def test_the_start_page_of_a_version_needs_a_token(stranger: APIClient) -> None:
    assert stranger.get("/api/v2/").status_code == 401


@pytest.mark.django_db
def test_anybody_with_a_password_can_sign_in_and_out() -> None:
    get_user_model().objects.create_user(email="ada@example.com", password="correct horse")
    browser = Client(headers={"Accept": BROWSER})
    wrong = browser.post("/api/login", {"username": "ada@example.com", "password": "wrong"})
    right = browser.post("/api/login", {"username": "ada@example.com", "password": "correct horse", "next": THING})

    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.content.decode()
    assert (right.status_code, right["Location"]) == (302, THING)
    assert "_auth_user_id" in browser.session
    browser.post("/api/logout")
    assert "_auth_user_id" not in browser.session


@pytest.mark.django_db
def test_signing_in_does_not_lead_elsewhere() -> None:
    get_user_model().objects.create_user(email="ada@example.com", password="correct horse")
    credentials = {"username": "ada@example.com", "password": "correct horse", "next": "https://evil.example/"}

    assert Client().post("/api/login", credentials)["Location"] == "/api/v2/"


def test_the_start_page_is_open(stranger: APIClient) -> None:
    page = stranger.get("/").content.decode()

    assert all(f'href="{url}"' in page for url in ("/admin/", "/api/v2/", "/api/v2/docs", "/errors/"))


def test_an_example_has_every_required_field() -> None:
    example = example_of(site.BasketInput())

    assert example == {"items": [{"product_id": "00000000-0000-0000-0000-000000000000", "quantity": 1}]}
    assert site.BasketInput(data=example).is_valid()


def test_only_settable_values_of_what_is_shown_are_taken_over() -> None:
    shown = {"id": "1", "name": "Bell", "price": None, "size": "small"}

    assert shown_values(ThingInput(), shown) == {"name": "Bell", "size": "small"}


def test_two_people_see_their_own_pages() -> None:
    assert "ada" in browse(caller("ada"), THING)
    assert "bob" in browse(caller("bob"), THING)

from typing import Any, ClassVar

import pytest
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.validation import validate_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from api.errors import catalogue
from api.openapi_views import version_urls
from api.scopes import ANY_TOKEN, ANYONE, Scopes
from api.serializers import StrictSerializer
from api.tests import site


class ThingInput(StrictSerializer):
    name = serializers.CharField(max_length=20)


class ThingOutput(StrictSerializer):
    """A thing."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()


class ThingView(site.CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANYONE, "PATCH": ("things:write", "things:own")}

    @extend_schema(responses=ThingOutput)
    def get(self, request: Request, thing_id: Any) -> Response:
        return Response({})

    @extend_schema(request=ThingInput, responses=ThingOutput)
    def patch(self, request: Request, thing_id: Any) -> Response:
        """Renames a thing."""
        return Response({})


class KeysView(site.KeyListView):
    @extend_schema(parameters=[site.KeyFilters], responses=site.KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        return super().get(request)


class NewGroupView(site.GroupView):
    @extend_schema(request=site.GroupInput, responses={201: site.KeyOutput})
    def post(self, request: Request) -> Response:
        return super().post(request)

    post.idempotency_key_required = True  # type: ignore[attr-defined]


class OldView(site.OldView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN}

    @extend_schema(responses={204: None})
    def get(self, request: Request) -> Response:
        return super().get(request)


described = [
    path("api/things/<uuid:thing_id>", ThingView.as_view()),
    path("api/keys", KeysView.as_view()),
    path("api/groups", NewGroupView.as_view()),
    path("api/old", OldView.as_view()),
]
urlpatterns = [*described, path("api/v2/", include(version_urls(version="2", urlconf=__name__)))]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    generator: Any = SchemaGenerator
    made: dict[str, Any] = generator(patterns=described).get_schema(request=None, public=True)
    assert not GENERATOR_STATS
    validate_schema(made)  # type: ignore[no-untyped-call]
    return made


def operation(schema: dict[str, Any], method: str, route: str) -> dict[str, Any]:
    found: dict[str, Any] = schema["paths"][route][method]
    return found


def headers(operation: dict[str, Any]) -> dict[str, bool]:
    return {each["name"]: each["required"] for each in operation.get("parameters", ()) if each["in"] == "header"}


THING = "/api/things/{thing_id}"


def test_an_operation_names_its_scopes(schema: dict[str, Any]) -> None:
    assert operation(schema, "get", THING)["security"] == [{}]
    assert operation(schema, "patch", THING)["security"] == [{"oauth2": ["things:write"]}, {"oauth2": ["things:own"]}]
    assert operation(schema, "get", "/api/old")["security"] == [{"oauth2": []}, {"bearer": []}]
    flow = schema["components"]["securitySchemes"]["oauth2"]["flows"]["password"]
    assert flow["tokenUrl"] == "/api/v2/auth/token"
    assert list(flow["scopes"]) == ["groups:create", "keys:read", "things:own", "things:write"]


def test_an_operation_names_its_refusals(schema: dict[str, Any]) -> None:
    assert list(operation(schema, "get", "/api/keys")["responses"]) == ["200", "400", "401", "403", "406", "429", "503"]
    refusals = operation(schema, "patch", THING)["responses"]
    assert {"404", "409", "412", "413", "415", "428"} <= set(refusals)
    assert refusals["412"] == {"$ref": "#/components/responses/Problem412"}


def test_a_refusal_names_its_codes(schema: dict[str, Any]) -> None:
    assert schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(catalogue())
    busy = schema["components"]["responses"]["Problem503"]
    narrowed = busy["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
    assert narrowed == {"status": {"type": "integer", "enum": [503]}, "code": {"type": "string", "enum": ["busy"]}}
    assert list(busy["headers"]) == ["Retry-After"]


def test_a_change_needs_if_match_and_shows_the_new_etag(schema: dict[str, Any]) -> None:
    patch = operation(schema, "patch", THING)

    assert headers(patch) == {"If-Match": True}
    assert list(patch["responses"]["200"]["headers"]) == ["ETag"]
    assert headers(operation(schema, "get", THING)) == {}
    assert list(operation(schema, "get", THING)["responses"]["200"]["headers"]) == ["ETag"]


def test_an_idempotent_operation_takes_a_key(schema: dict[str, Any]) -> None:
    post = operation(schema, "post", "/api/groups")

    assert headers(post) == {"Idempotency-Key": True}
    assert list(post["responses"]["201"]["headers"]) == ["Idempotent-Replayed"]


def test_a_list_is_paged_and_filtered(schema: dict[str, Any]) -> None:
    get = operation(schema, "get", "/api/keys")

    assert {each["name"] for each in get["parameters"]} == {"method", "is_open", "created_after", "cursor", "limit"}
    page = schema["components"]["schemas"]["PaginatedKeyOutputList"]
    assert list(page["properties"]) == page["required"] == ["results", "next", "previous"]


def test_an_old_version_is_deprecated(schema: dict[str, Any]) -> None:
    old = operation(schema, "get", "/api/old")

    assert old["deprecated"] is True
    assert list(old["responses"]["204"]["headers"]) == ["Deprecation", "Sunset", "Link"]


def test_a_request_is_closed(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]

    assert components["ThingInputRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in components["ThingOutput"]


def test_words_are_the_views_own(schema: dict[str, Any]) -> None:
    assert operation(schema, "patch", THING)["description"] == "Renames a thing."
    assert "description" not in operation(schema, "get", THING)
    assert schema["components"]["schemas"]["ThingOutput"]["description"] == "A thing."
    assert "description" not in schema["components"]["schemas"]["ThingInputRequest"]


def test_the_schema_and_its_page_are_open(stranger: APIClient, settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    document = stranger.get("/api/v2/schema", headers={"Accept": "application/vnd.oai.openapi+json"})
    page = stranger.get("/api/v2/docs", headers={"Accept": "text/html"})
    script = stranger.get("/api/v2/docs?script=")

    assert (document.status_code, document.json()["info"]["version"]) == (200, "2")
    assert page.status_code == script.status_code == 200
    assert b"drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page.content
    assert b"//cdn" not in page.content
    assert b"/api/v2/schema" in script.content

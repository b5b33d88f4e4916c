from typing import Any, ClassVar

import pytest
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from drf_spectacular.validation import validate_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient

from api import errors
from api.errors import catalogue
from api.openapi.views import version_urls
from api.refusals import refuses
from api.scopes import ANY_TOKEN, ANYONE, Scopes
from api.serializers import StrictSerializer
from api.tests import site
from api.text import NOT_BLANK_PATTERN


class ThingInput(StrictSerializer):
    name = serializers.CharField(max_length=20)
    labels = serializers.ListField(child=serializers.CharField(), required=False)


@extend_schema_serializer(component_name="Thing")
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
    @refuses(errors.IdempotencyKeyReused)
    def patch(self, request: Request, thing_id: Any) -> Response:
        """Renames a thing."""
        return Response({})


class KeysView(site.KeyListView):
    @extend_schema(parameters=[site.KeyFilters], responses=site.KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        return super().get(request)


class NewGroupView(site.GroupView):
    @extend_schema(request=site.GroupInput, responses={201: ThingOutput})
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


def codes(schema: dict[str, Any], method: str, route: str) -> dict[str, list[str]]:
    """The codes of each refusal of an operation, by status."""
    found = {}
    for status, response in operation(schema, method, route)["responses"].items():
        name = response.get("$ref", "").rpartition("/")[2]
        content = (schema["components"]["responses"][name] if name else response).get("content", {})
        if "application/problem+json" in content:
            narrowed = content["application/problem+json"]["schema"]["allOf"][1]["properties"]
            assert narrowed["status"]["enum"] == [int(status)]
            found[status] = narrowed["code"]["enum"]
    return found


def test_an_operation_names_what_it_refuses_with_and_nothing_else(schema: dict[str, Any]) -> None:
    assert codes(schema, "get", "/api/keys") == {
        "400": ["invalid_request"],
        "401": ["authentication_required", "invalid_token"],
        "403": ["insufficient_scope"],
        "406": ["not_acceptable"],
        "503": ["busy", "unavailable"],
    }
    assert codes(schema, "patch", THING) == {
        "400": ["invalid_request", "malformed_request"],
        "401": ["authentication_required", "invalid_token"],
        "403": ["csrf_failed", "insufficient_scope"],
        "404": ["not_found"],
        "406": ["not_acceptable"],
        "409": ["idempotency_key_reused"],
        "412": ["precondition_failed"],
        "413": ["payload_too_large"],
        "415": ["unsupported_media_type"],
        "428": ["precondition_required"],
        "503": ["busy", "unavailable"],
    }
    assert codes(schema, "get", THING) == {
        "400": ["invalid_request"],
        "404": ["not_found"],
        "406": ["not_acceptable"],
        "503": ["busy", "unavailable"],
    }
    assert codes(schema, "post", "/api/groups")["400"] == [
        "idempotency_key_invalid",
        "idempotency_key_missing",
        "invalid_request",
        "malformed_request",
    ]


def test_a_refusal_of_several_operations_is_told_once(schema: dict[str, Any]) -> None:
    busy = schema["components"]["responses"]["BusyOrUnavailable"]

    assert operation(schema, "get", THING)["responses"]["503"] == {"$ref": "#/components/responses/BusyOrUnavailable"}
    assert list(busy["headers"]) == ["Retry-After"]
    assert schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(catalogue())


def test_a_change_needs_if_match_and_shows_the_new_etag(schema: dict[str, Any]) -> None:
    patch = operation(schema, "patch", THING)

    assert headers(patch) == {"If-Match": True}
    assert list(patch["responses"]["200"]["headers"]) == ["ETag"]
    assert headers(operation(schema, "get", THING)) == {}
    assert list(operation(schema, "get", THING)["responses"]["200"]["headers"]) == ["ETag"]


def test_an_idempotent_operation_takes_a_key(schema: dict[str, Any]) -> None:
    post = operation(schema, "post", "/api/groups")

    assert headers(post) == {"Idempotency-Key": True}
    assert list(post["responses"]["201"]["headers"]) == ["ETag", "Idempotent-Replayed"]


def test_a_list_is_paged_and_filtered(schema: dict[str, Any]) -> None:
    get = operation(schema, "get", "/api/keys")

    assert {each["name"] for each in get["parameters"]} == {"method", "is_open", "created_after", "cursor", "limit"}
    page = schema["components"]["schemas"]["PaginatedKeyOutputList"]
    assert list(page["properties"]) == page["required"] == ["results", "next", "previous"]


def test_what_is_created_links_to_what_may_be_done_with_it(schema: dict[str, Any]) -> None:
    parameters = {"thing_id": "$response.body#/id"}

    assert operation(schema, "post", "/api/groups")["responses"]["201"]["links"] == {
        "things_retrieve": {"operationId": "things_retrieve", "parameters": parameters},
        "things_partial_update": {
            "operationId": "things_partial_update",
            "parameters": {**parameters, "header.If-Match": "$response.header.ETag"},
        },
    }
    assert "links" not in operation(schema, "get", THING)["responses"]["200"]


def test_an_old_version_is_deprecated(schema: dict[str, Any]) -> None:
    old = operation(schema, "get", "/api/old")

    assert old["deprecated"] is True
    assert list(old["responses"]["204"]["headers"]) == ["Deprecation", "Sunset", "Link"]


def test_a_request_is_closed(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]

    assert components["ThingInputRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in components["Thing"]


def test_a_text_says_what_it_may_not_contain_also_in_a_list(schema: dict[str, Any]) -> None:
    properties = schema["components"]["schemas"]["ThingInputRequest"]["properties"]
    assert properties["name"]["pattern"] == NOT_BLANK_PATTERN
    assert properties["labels"]["items"]["pattern"] == NOT_BLANK_PATTERN


def test_words_are_the_views_own(schema: dict[str, Any]) -> None:
    assert operation(schema, "patch", THING)["description"] == (
        "Renames a thing.\n\nNeeds the scope `things:write` or `things:own`."
    )
    assert "description" not in operation(schema, "get", THING)
    assert schema["components"]["schemas"]["Thing"]["description"] == "A thing."
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

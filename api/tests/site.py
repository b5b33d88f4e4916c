"""A small site of its own for these tests: `api` knows no other app, so neither do its tests."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from api import errors
from api.errors import FieldProblem
from api.etags import check_version, expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.idempotency.models import IdempotencyKey
from api.scopes import ANY_TOKEN, ANYONE, Scopes
from api.serializers import MoneyField, NoBody, StrictSerializer
from api.versions import DeprecatedView
from api.views import ApiView

CURRENT_VERSION = 7


@dataclass(frozen=True)
class Caller:
    pk: str
    is_authenticated: bool = True


class CallerAuthentication(BaseAuthentication):
    """`X-Caller: ada` is Ada."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        name = request.headers.get("X-Caller")
        return (Caller(name), None) if name else None

    def authenticate_header(self, request: Request) -> str:
        return "Caller"


class KnowsCaller(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return ANYONE in view.required_scopes.values() or isinstance(request.user, Caller)


class CallerView(ApiView):
    authentication_classes = (CallerAuthentication,)
    permission_classes = (KnowsCaller,)


class ItemInput(StrictSerializer):
    product_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=99)


class BasketInput(StrictSerializer):
    items = ItemInput(many=True, allow_empty=False)
    tip = MoneyField(required=False)
    note = serializers.CharField(required=False, allow_blank=True)
    latitude = serializers.FloatField(required=False)
    urgent = serializers.BooleanField(required=False)
    labels = serializers.ListField(child=serializers.IntegerField(), required=False)
    at = serializers.DateTimeField(required=False)
    number = serializers.CharField(read_only=True)


class BasketView(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANY_TOKEN}

    def post(self, request: Request) -> Response:
        given = self.body(BasketInput)
        return Response({"items": len(given["items"]), "tip": str(given.get("tip")), "note": given.get("note")})


class KeyFilters(StrictSerializer):
    method = serializers.ListField(child=serializers.CharField(max_length=10), required=False)
    is_open = serializers.BooleanField(required=False)
    created_after = serializers.DateTimeField(required=False)


class KeyOutput(serializers.ModelSerializer[IdempotencyKey]):
    class Meta:
        model = IdempotencyKey
        fields: ClassVar = ["id", "key"]


class KeyListView(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "keys:read"}

    def get(self, request: Request) -> Response:
        filters = self.query(KeyFilters)
        keys = IdempotencyKey.objects.all()
        if "method" in filters:
            keys = keys.filter(method__in=filters["method"])
        return self.page(keys, KeyOutput)


class ThingView(CallerView):
    """A thing that nobody can change, at version 7."""

    required_scopes: ClassVar[dict[str, Scopes]] = {
        "GET": "things:read",
        "PATCH": "things:write",
        "DELETE": "things:write",
    }

    def get(self, request: Request, thing_id: Any) -> Response:
        return with_etag(Response({"id": str(thing_id)}), CURRENT_VERSION)

    def patch(self, request: Request, thing_id: Any) -> Response:
        check_version(CURRENT_VERSION, expected_version(request, required=True))
        return self.get(request, thing_id)

    def delete(self, request: Request, thing_id: Any) -> Response:
        check_version(CURRENT_VERSION, expected_version(request, required=False))
        return self.get(request, thing_id)


FATES = ("conflict", "forbidden", "busy", "crash", "not_found", "lose the database")


class GroupInput(StrictSerializer):
    name = serializers.CharField(max_length=50)
    then = serializers.ChoiceField(choices=FATES, required=False)


class GroupView(CallerView):
    """Creates a group, and then may think better of it."""

    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "groups:create"}

    @idempotent
    def post(self, request: Request) -> Response:
        given = self.body(GroupInput)
        group = Group.objects.create(name=given["name"])
        self.think_again(given.get("then"))
        response = Response({"id": group.pk, "name": group.name}, status=201, headers={"Location": f"/g/{group.pk}"})
        return with_etag(response, 1)

    def think_again(self, then: str | None) -> None:
        match then:
            case "conflict":
                raise errors.IdempotencyKeyReused(
                    "No.", errors=[FieldProblem("/name", "taken", "Taken.", {"available": 3})], allowed=["other"]
                )
            case "forbidden":
                raise errors.PermissionRefused
            case "not_found":
                raise errors.NotFound
            case "busy":
                raise errors.Busy
            case "lose the database":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            case "crash":
                raise ZeroDivisionError


class RequiredKeyView(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "groups:create"}

    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        self.body(NoBody)
        return Response(status=204)


class CrashView(CallerView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANYONE}

    def get(self, request: Request) -> Response:
        raise RuntimeError("the password is hunter2")


class OldView(CallerView, DeprecatedView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN}
    successor = "/api/v2/things"

    def get(self, request: Request) -> Response:
        return Response({})


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("api/baskets", BasketView.as_view()),
    path("api/keys", KeyListView.as_view()),
    path("api/things/<uuid:thing_id>", ThingView.as_view()),
    path("api/groups", GroupView.as_view()),
    path("api/required", RequiredKeyView.as_view()),
    path("api/crash", CrashView.as_view()),
    path("api/old", OldView.as_view()),
    path("page", page),
    path("", include("api.urls")),
]

handler400 = "api.error_pages.bad_request"
handler403 = "api.error_pages.permission_denied"
handler404 = "api.error_pages.page_not_found"
handler500 = "api.error_pages.server_error"

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import caller
from api.etags import expected_version, with_etag
from api.scopes import ANY_TOKEN, Scopes
from api.views import ApiView
from notifications.api.v2.serializers import PreferencesChangeSerializer, PreferencesSerializer
from notifications.models import Preferences
from notifications.recipients import key_of_account
from notifications.selectors import preferences_of
from notifications.services.choosing import change_preferences


class OwnPreferences(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN, "PATCH": ANY_TOKEN}
    if_match: ClassVar[dict[str, bool]] = {"PATCH": False}
    serializer_class = PreferencesSerializer

    @extend_schema(
        operation_id="notification_preferences_me_retrieve",
        summary="Show what I am told",
        tags=["Notifications"],
        responses=PreferencesSerializer,
    )
    def get(self, request: Request) -> Response:
        return self._answer(preferences_of(key_of_account(caller(request).id)))

    @extend_schema(
        operation_id="notification_preferences_me_update",
        summary="Choose what I am told",
        description="If-Match is optional. What waits to be sent and is not wanted any more is not sent.",
        tags=["Notifications"],
        request=PreferencesChangeSerializer,
        responses=PreferencesSerializer,
    )
    def patch(self, request: Request) -> Response:
        changes = self.body(PreferencesChangeSerializer, role=caller(request).role)
        if "language" in changes:
            changes["language"] = changes["language"] or ""
        version = expected_version(request, required=False)
        key = key_of_account(caller(request).id)
        return self._answer(change_preferences(key, expected_version=version, **changes))

    def _answer(self, preferences: Preferences) -> Response:
        context: dict[str, Any] = {**self.get_serializer_context(), "role": caller(self.request).role}
        return with_etag(Response(PreferencesSerializer(preferences, context=context).data), preferences.version)

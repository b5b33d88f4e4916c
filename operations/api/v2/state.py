"""The state of the whole system, for dispatchers and what they build on it."""

from typing import ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.scopes import Scopes
from api.views import ApiView
from operations.api.v2.serializers import StateWithHealthSerializer
from operations.state import current_state, state_as_json


class State(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "state:read"}
    serializer_class = StateWithHealthSerializer

    @extend_schema(
        operation_id="state_retrieve",
        summary="What is going on",
        description="One consistent picture, not older than five seconds.",
        tags=["State"],
        responses=StateWithHealthSerializer,
    )
    def get(self, request: Request) -> HttpResponseBase:
        if request.accepted_renderer.format == "json":
            return HttpResponse(state_as_json(), content_type=JSONRenderer.media_type)
        return Response(current_state())


@extend_schema(exclude=True)
class UnversionedState(State):
    """The same under the address without a version, which is in nobody's OpenAPI."""

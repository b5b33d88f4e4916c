from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.browsable import links
from api.scopes import ANY_TOKEN, Scopes
from api.views import ApiView


class ApiRoot(ApiView):
    """Where a person or a program may go from here."""

    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN}

    def get_view_name(self) -> str:
        return "API"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        readable = [link for link in links(self, request) if "GET" in link.methods]
        return Response({link.name: request.build_absolute_uri(link.url) for link in readable})

"""The OpenAPI document of one version, and the pages made from it."""

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi.documents import Document
from api.root import ApiRoot


class SchemaView(SpectacularAPIView):
    document: Document | None = None
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        assert self.document is not None
        return Response(self.document.content, headers={"Cache-Control": "public, max-age=300"})


class DocsView(SpectacularSwaggerSplitView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


def version_urls(*, version: str, urlconf: str) -> list[URLPattern]:
    """The start page of a version, and `schema` and `docs` of the operations in `urlconf`, for its folder."""
    name = f"schema-v{version}"
    return [
        path("", ApiRoot.as_view(), name=f"root-v{version}"),
        path("schema", SchemaView.as_view(document=Document(version=version, urlconf=urlconf)), name=name),
        path("docs", DocsView.as_view(url_name=name), name=f"docs-v{version}"),
    ]

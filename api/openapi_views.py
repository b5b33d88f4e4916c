"""The OpenAPI document of one version, and the pages made from it."""

from functools import cached_property
from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.root import ApiRoot


class _Document:
    """Made once per process: it depends on nothing but the code."""

    def __init__(self, *, version: str, urlconf: str) -> None:
        self.version = version
        self.urlconf = urlconf

    @cached_property
    def content(self) -> dict[str, Any]:
        generator = SpectacularAPIView.generator_class(urlconf=self.urlconf)
        with patched_settings({"VERSION": self.version}):
            schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
            return schema


class SchemaView(SpectacularAPIView):
    document: _Document | None = None
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
        path("schema", SchemaView.as_view(document=_Document(version=version, urlconf=urlconf)), name=name),
        path("docs", DocsView.as_view(url_name=name), name=f"docs-v{version}"),
    ]

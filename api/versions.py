"""Telling the callers of an old version that it is old, when it ends and what follows it."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView


class DeprecatedView(ApiView):
    """A view of v1: every answer, refusals included, carries Deprecation (RFC 9745), Sunset (RFC 8594) and Link."""

    successor: ClassVar[str]
    """The path that replaces this one."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in deprecation_headers(request.build_absolute_uri(self.successor)).items():
            response[name] = value
        return response


def deprecation_headers(successor_url: str) -> dict[str, str]:
    return {
        "Deprecation": f"@{int(_moment(settings.V1_DEPRECATED_AT).timestamp())}",
        "Sunset": http_date(_moment(settings.V1_SUNSET_AT).timestamp()),
        "Link": f'<{successor_url}>; rel="successor-version"',
    }


def _moment(text: str) -> datetime:
    """A setting such as 2026-11-01T00:00:00Z."""
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"not a point in time: {text!r}")
    return moment

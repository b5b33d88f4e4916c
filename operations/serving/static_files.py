"""Static files straight from the apps and packages, text in gzip."""

import re
from collections.abc import Mapping
from functools import lru_cache
from gzip import compress
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from whitenoise.middleware import WhiteNoiseMiddleware

# Pictures and fonts are compressed already.
TEXT: Final = re.compile(r"text/|application/(javascript|json)\b|image/svg")
NOT_WANTED: Final = re.compile(r"q\s*=\s*0(\.0*)?")
LEAST_BYTES: Final = 500


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # a package without types
    """WhiteNoise, which would compress what `collectstatic` had written: here nothing has to be collected first.

    Under ASGI a file leaves whole. A synchronous stream is gathered by Django's ASGI handler before it is sent in any
    case, with a warning.

    The gzip is made here, so its tag is the file's, but weak: it is not the same bytes (RFC 9110, 8.8.1).
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        file: Mapping[str, str] = dict(static_file.get_response("HEAD", {}).headers)
        _ask_by_tags(request, file.get("ETag", ""))
        streamed: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        patch_vary_headers(streamed, ["Accept-Encoding"])
        # Not a part of a file, which is counted in its own bytes.
        if streamed.status_code in {200, 304} and _is_wanted_in_gzip(file, request):
            streamed["ETag"] = f"W/{file['ETag']}"
            return _in_gzip(_whole(streamed)) if streamed.status_code == 200 else _whole(streamed)
        return _whole(streamed) if isinstance(request, ASGIRequest) else streamed


def _ask_by_tags(request: HttpRequest, tag: str) -> None:
    """In words that WhiteNoise knows: it takes one strong tag for If-None-Match, and nothing for If-Range."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or tag in {one.removeprefix("W/") for one in known}:
        request.META["HTTP_IF_NONE_MATCH"] = tag
    if request.headers.get("If-Range", tag) != tag:
        request.META.pop("HTTP_RANGE", None)


def _is_wanted_in_gzip(file: Mapping[str, str], request: HttpRequest) -> bool:
    is_long_text = TEXT.match(file.get("Content-Type", "")) and int(file["Content-Length"]) >= LEAST_BYTES
    is_asked_for = request.method == "GET" and _takes_gzip(request.headers.get("Accept-Encoding", ""))
    return bool(is_long_text and is_asked_for)


def _takes_gzip(accept_encoding: str) -> bool:
    codings = (one.partition(";") for one in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and not NOT_WANTED.fullmatch(weight.strip()) for name, _, weight in codings)


def _in_gzip(response: HttpResponse) -> HttpResponse:
    response.content = _compressed(response.content)
    response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    return response


@lru_cache(maxsize=512)
def _compressed(content: bytes) -> bytes:
    """Once for the process. By what it is and not by its name, so that a file may change while the site is made."""
    return compress(content, mtime=0)


def _whole(streamed: FileResponse) -> HttpResponse:
    whole = HttpResponse(streamed.getvalue(), status=streamed.status_code)
    whole.headers = streamed.headers
    streamed.close()
    return whole

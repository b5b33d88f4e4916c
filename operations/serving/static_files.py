"""Static files straight from the apps and packages, text in gzip."""

import re
from functools import lru_cache
from gzip import compress
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

# Pictures and fonts are compressed already.
TEXT: Final = re.compile(r"text/|application/(javascript|json)\b|image/svg")
GZIP: Final = re.compile(r"\bgzip\b")
LEAST_BYTES: Final = 500


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # a package without types
    """WhiteNoise, which would compress what `collectstatic` had written: here nothing has to be collected first.

    Under ASGI a file leaves whole. A synchronous stream is gathered by Django's ASGI handler before it is sent in any
    case, with a warning.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        streamed: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        patch_vary_headers(streamed, ["Accept-Encoding"])
        if _is_wanted_in_gzip(streamed, request):
            return _in_gzip(_whole(streamed))
        return _whole(streamed) if isinstance(request, ASGIRequest) else streamed


def _is_wanted_in_gzip(response: FileResponse, request: HttpRequest) -> bool:
    """Not a part of a file, which is counted in its own bytes."""
    is_long_text = TEXT.match(response.get("Content-Type", "")) and int(response["Content-Length"]) >= LEAST_BYTES
    is_asked_for = request.method == "GET" and GZIP.search(request.headers.get("Accept-Encoding", ""))
    return response.status_code == 200 and bool(is_long_text and is_asked_for)


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

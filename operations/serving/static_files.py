from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # a package without types
    """WhiteNoise, but under ASGI a file leaves whole.

    A synchronous stream is gathered by Django's ASGI handler before it is sent in any case, with a warning.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        streamed: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        if not isinstance(request, ASGIRequest):
            return streamed
        whole = HttpResponse(streamed.getvalue(), status=streamed.status_code)
        whole.headers = streamed.headers
        streamed.close()
        return whole

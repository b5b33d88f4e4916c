"""Bodies that are sent in chunks, without saying beforehand how long they are (RFC 9112, 7.1)."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


def measuring_chunked_bodies(application: "WSGIApplication") -> "WSGIApplication":
    """Under WSGI Django reads as far as Content-Length says, and would find no body at all.

    gunicorn says with `wsgi.input_terminated` that its input has an end of its own. One byte beyond the limit is enough
    for the refusal.
    """

    def measuring(environ: dict[str, Any], start_response: "StartResponse") -> Any:
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return application(environ, start_response)

    return measuring

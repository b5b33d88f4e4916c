"""One JSON object per line on stdout. Imported by the settings, so it may import no models."""

import logging
from typing import Any, Final

from api.log_context import bind_log, bound_log, log_scope
from api.request_ids import current_request_id, current_trace_id

__all__ = ["ContextFilter", "bind_log", "log_scope", "logging_config"]

CONTEXT_FIELDS: Final = ("service_name", "request_id", "trace_id", "user", "order")
# Django adds the request (whose representation holds the query string) and the socket to some records.
PRIVATE_ATTRIBUTES: Final = ("request", "server_time", "taskName", "color_message")


class ContextFilter(logging.Filter):
    """Adds the circumstances to the record when it is made, not when it is written."""

    def __init__(self, service_name: str) -> None:
        super().__init__()
        self.service_name = service_name

    def filter(self, record: logging.LogRecord) -> bool:
        record.service_name = self.service_name
        record.request_id = current_request_id()
        record.trace_id = current_trace_id()
        for name, value in bound_log().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def logging_config(service_name: str, level: str, fmt: str) -> dict[str, Any]:
    """The value of `LOGGING`; `fmt` is "json", or "text" for reading along while developing."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter, "service_name": service_name}},
        "formatters": {"json": _json_formatter(), "text": _text_formatter()},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "text" if fmt == "text" else "json",
                "filters": ["context"],
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": _quieter_loggers(level),
    }


def _json_formatter() -> dict[str, Any]:
    from pythonjsonlogger.core import RESERVED_ATTRS

    fields = ("levelname", "message", "name", *CONTEXT_FIELDS)
    return {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "fmt": " ".join(f"%({field})s" for field in fields),
        "rename_fields": {"levelname": "level", "name": "logger"},
        "reserved_attrs": [*RESERVED_ATTRS, *PRIVATE_ATTRIBUTES],
        "timestamp": True,
    }


def _text_formatter() -> dict[str, Any]:
    return {
        "format": "{asctime} {levelname:<7} {name}: {message} [{request_id}]",
        "style": "{",
        "datefmt": "%H:%M:%S",
    }


def _quieter_loggers(level: str) -> dict[str, Any]:
    """Our own line per request says what these would say again, and without the query string.

    Celery tells of every sweep that it was due, received and done, every two seconds for ever.
    """
    return {
        "django": {"handlers": [], "level": level, "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn": {"handlers": [], "level": level, "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
        "httpx": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    }

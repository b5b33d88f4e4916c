import io
import json
import logging
from typing import Any

import pytest
from rest_framework.test import APIClient

from api.logs import ContextFilter, bind_log, log_scope, logging_config
from api.request_ids import request_context

LOGGER = logging.getLogger("orders")


@pytest.fixture
def lines() -> Any:
    """What is logged as JSON, line by line."""
    config = logging_config(service_name="delivery-test", level="INFO", fmt="json")["formatters"]["json"]
    from pythonjsonlogger.json import JsonFormatter

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(ContextFilter("delivery-test"))
    handler.setFormatter(JsonFormatter(**{name: value for name, value in config.items() if name != "()"}))
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_names_its_circumstances(lines: Any) -> None:
    with request_context(request_id="req-1", trace_id="t-1"), log_scope():
        bind_log(order="o-1", user="u-1")
        LOGGER.warning("late by %s", "5 min", extra={"minutes": 5})

    (line,) = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "message": "late by 5 min",
        "logger": "orders",
        "service_name": "delivery-test",
        "request_id": "req-1",
        "trace_id": "t-1",
        "user": "u-1",
        "order": "o-1",
        "minutes": 5,
    }


def test_bindings_end_with_their_scope(lines: Any) -> None:
    with log_scope():
        with log_scope():
            bind_log(user="u-1")
            bind_log(order="o-1")
            with log_scope():
                LOGGER.warning("inner")
            LOGGER.warning("outer")
        LOGGER.warning("outside")

    assert [(line["user"], line["order"]) for line in lines()] == [("", ""), ("u-1", "o-1"), ("", "")]


def test_an_exception_is_in_its_line(lines: Any) -> None:
    LOGGER.error("failed", exc_info=ValueError("reason"))

    assert lines()[0]["exc_info"].endswith("ValueError: reason")


def test_each_request_is_one_line_without_personal_data(client: APIClient, lines: Any) -> None:
    client.get("/api/things/0192f0c1-2b3c-7d4e-8f50-123456789abc", headers={"X-Request-ID": "req-1"})
    client.get("/api/nothing?email=ada@example.com", headers={"X-Request-ID": "req-2"})

    first, second = lines()
    assert first["duration_ms"] > 0
    assert [first[name] for name in ("method", "route", "status", "user", "request_id")] == [
        "GET",
        "api/things/<uuid:thing_id>",
        200,
        "ada",
        "req-1",
    ]
    assert [second[name] for name in ("route", "status", "user", "request_id")] == ["", 404, "", "req-2"]
    assert "ada@example.com" not in json.dumps(second)


@pytest.mark.django_db
def test_a_crash_is_logged_once_with_its_trace_and_without_the_query(stranger: APIClient, lines: Any) -> None:
    stranger.get("/api/crash?email=ada@example.com", headers={"X-Request-ID": "req-1"})

    errors = [line for line in lines() if line["level"] == "ERROR"]
    assert len(errors) == 1
    assert errors[0]["request_id"] == "req-1"
    assert "hunter2" in errors[0]["exc_info"]
    assert "ada@example.com" not in json.dumps(errors)


def test_the_readable_format_is_chosen_by_name() -> None:
    config = logging_config(service_name="delivery", level="DEBUG", fmt="text")

    assert config["handlers"]["stdout"]["formatter"] == "text"
    assert config["root"]["level"] == "DEBUG"

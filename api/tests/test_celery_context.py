import logging
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.app import app_or_default
from celery.contrib.testing.worker import start_worker

from api.log_context import bind_log, bound_log
from api.request_ids import current_request_id, current_trace_id, request_context


@pytest.fixture(scope="module")
def app() -> Iterator[Celery]:
    """A worker of its own in a thread, on a broker in memory. Its app is everybody's as long as it lives."""
    site = app_or_default()
    app = Celery("context", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(broker_transport_options={"polling_interval": 0.01}, worker_hijack_root_logger=False)

    @app.task(name="look")
    def look() -> list[str]:
        seen = [current_request_id(), current_trace_id(), bound_log()["order"]]
        bind_log(order="left behind")
        return seen

    @app.task(name="fail")
    def fail() -> None:
        raise ZeroDivisionError

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield app
    site.set_current()
    site.set_default()


def look(app: Celery) -> Any:
    return app.tasks["look"].delay().get(timeout=20)


def test_a_task_runs_under_the_ids_of_the_request_that_caused_it(app: Celery) -> None:
    with request_context(request_id="req-1", trace_id="t-1"):
        assert look(app) == ["req-1", "t-1", ""]


def test_a_task_that_nobody_requested_gets_ids_of_its_own(app: Celery) -> None:
    request_id, trace_id, _ = look(app)

    assert (len(request_id), len(trace_id)) == (36, 32)
    assert look(app)[0] != request_id


def test_nothing_of_a_task_is_left_for_the_next_one(app: Celery) -> None:
    with request_context(request_id="req-1"):
        look(app)
        with pytest.raises(ZeroDivisionError):
            app.tasks["fail"].delay().get(timeout=20)

    assert look(app)[0] != "req-1"
    assert look(app)[2] == ""


def test_a_task_run_in_place_keeps_the_ids_of_its_caller(app: Celery) -> None:
    with request_context(request_id="req-1", trace_id="t-1"):
        assert app.tasks["look"].apply().get() == ["req-1", "t-1", ""]
        assert (current_request_id(), current_trace_id()) == ("req-1", "t-1")


def test_celery_leaves_the_logging_to_django(app: Celery) -> None:
    handlers = list(logging.getLogger().handlers)

    app.log.setup()

    assert logging.getLogger().handlers == handlers

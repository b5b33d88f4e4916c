"""Request and trace ids travel with every task; Django's logging stays in charge inside the worker."""

from contextlib import ExitStack
from typing import Any, Final

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun

from api.log_context import log_scope
from api.request_ids import current_request_id, current_trace_id, request_context

REQUEST_ID_HEADER: Final = "request_id"
TRACE_ID_HEADER: Final = "trace_id"


@before_task_publish.connect(dispatch_uid="api.send_request_ids")
def send_request_ids(headers: dict[str, Any] | None = None, **_: object) -> None:
    if headers is not None and current_request_id():
        headers.setdefault(REQUEST_ID_HEADER, current_request_id())
        headers.setdefault(TRACE_ID_HEADER, current_trace_id())


@task_prerun.connect(dispatch_uid="api.restore_request_ids")
def restore_request_ids(task: Any = None, **_: object) -> None:
    """A task nobody's request caused (from beat) gets ids of its own; one run in place keeps the caller's."""
    request = task.request
    context = ExitStack()
    context.enter_context(
        request_context(
            request_id=request.get(REQUEST_ID_HEADER) or current_request_id(),
            trace_id=request.get(TRACE_ID_HEADER) or current_trace_id(),
        )
    )
    context.enter_context(log_scope())
    request.api_context = context


@task_postrun.connect(dispatch_uid="api.forget_request_ids")
def forget_request_ids(task: Any = None, **_: object) -> None:
    context = getattr(task.request, "api_context", None)
    if context is not None:
        context.close()


@setup_logging.connect(dispatch_uid="api.keep_django_logging")
def keep_django_logging(**_: object) -> None:
    """Celery configures logging only where nobody listens to this signal."""

"""Open to everybody, so: cheap, never cached, and nothing about the inside but which part fails."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from api.errors import MethodNotAllowed
from api.problems import PROBLEM_JSON, problem_body
from operations.health.asking import Answer, Outcome, ask
from operations.health.checks import HealthCheck, readiness_checks, startup_checks

NO_STORE: Final = {"Cache-Control": "no-store"}
UNAVAILABLE: Final = "unavailable"
SAFE_METHODS: Final = ("GET", "HEAD")

View = Callable[[HttpRequest], HttpResponse]


def probe(view: View) -> View:
    """Exempt from CSRF so that a POST is told that it is the wrong method."""

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return view(request)
        body = problem_body(MethodNotAllowed(), request)
        headers = {**NO_STORE, "Allow": ", ".join(SAFE_METHODS)}
        return JsonResponse(body, status=405, content_type=PROBLEM_JSON, headers=headers)

    return wrapper


@probe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked: restarting this process would not bring a database back."""
    return JsonResponse({"status": "ok"}, headers=NO_STORE)


@probe
def startup(request: HttpRequest) -> HttpResponse:
    return answered(startup_checks())


@probe
def ready(request: HttpRequest) -> HttpResponse:
    return answered(readiness_checks())


def answered(checks: Sequence[HealthCheck]) -> HttpResponse:
    """`degraded` is 200: the process does its work, and taking it out of service would help nobody."""
    report = report_on(checks)
    return JsonResponse(report, status=503 if report["status"] == UNAVAILABLE else 200, headers=NO_STORE)


def health_report() -> dict[str, object]:
    """What readiness says."""
    return report_on(readiness_checks())


def report_on(checks: Sequence[HealthCheck]) -> dict[str, object]:
    answers = ask(checks)
    failing = [answer.check for answer in answers if answer.outcome != Outcome.OK]
    if any(check.required for check in failing):
        return body_of(UNAVAILABLE, answers)
    return body_of("degraded" if failing else "ok", answers)


def body_of(status: str, answers: Sequence[Answer]) -> dict[str, object]:
    return {
        "status": status,
        "checks": {
            answer.check.name: {"status": answer.outcome.value, "required": answer.check.required} for answer in answers
        },
    }

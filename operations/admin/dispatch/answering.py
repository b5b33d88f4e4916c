"""Answers to the console's script: JSON in every case, because a script can do nothing with a login page."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.admin_base.scoped import holds_scope
from accounts.models import User
from api.errors import AuthenticationRequired, InsufficientScope
from api.problems import PROBLEM_JSON, as_catalogued, problem_body

NO_STORE: Final = {"Cache-Control": "private, no-store"}

Answer = Callable[[HttpRequest], Mapping[str, Any]]
View = Callable[[HttpRequest], HttpResponse]


def in_json(*, scope: str) -> Callable[[Answer], View]:
    """For members of the staff who hold the scope, by their session."""

    def decorator(answer: Answer) -> View:
        @wraps(answer)
        def view(request: HttpRequest) -> HttpResponse:
            try:
                _refuse_unless_staff(request, scope=scope)
                return JsonResponse(answer(request), headers=NO_STORE)
            except Exception as error:
                problem = as_catalogued(error)
                if problem is None:
                    raise
                headers = {**problem.headers, **NO_STORE}
                body = problem_body(problem, request)
                return JsonResponse(body, status=problem.status, content_type=PROBLEM_JSON, headers=headers)

        return view

    return decorator


def _refuse_unless_staff(request: HttpRequest, *, scope: str) -> None:
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        raise AuthenticationRequired("Sign in to the Admin site.")
    if not holds_scope(request, scope):
        raise InsufficientScope(f"This needs the scope {scope}.", required_scopes=[scope])

"""A guard over every test: no view of the site answers with a refusal that its handler does not declare."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rest_framework.request import Request
from rest_framework.response import Response

from api.refusals import refusals_of
from api.views import ApiView

UNPROMISED = frozenset({405, 500})


@contextmanager
def only_declared_refusals() -> Iterator[None]:
    finalize = ApiView.finalize_response

    def checked(view: ApiView, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = finalize(view, request, response, *args, **kwargs)
        if answer.status_code >= 400 and answer.status_code not in UNPROMISED and not _is_of_a_test(view):
            _assert_declared(view, request.method or "", answer.data["code"])
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiView, "finalize_response", checked)
        yield


def _is_of_a_test(view: ApiView) -> bool:
    return ".tests" in type(view).__module__


def _assert_declared(view: ApiView, method: str, code: str) -> None:
    declared = {refusal.code for refusal in refusals_of(view, method)}
    assert code in declared, f"{type(view).__qualname__}.{method.lower()} does not declare {code}: see api/refusals.py"

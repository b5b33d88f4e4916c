"""`@idempotent`: the same request under the same key has one effect and one answer.

Follows draft-ietf-httpapi-idempotency-key-header-06. One transaction holds the claim on the key, the business in a
savepoint, and the answer; so a refusal is kept without its changes, and a crash keeps nothing.
"""

import json
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast, overload

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import CataloguedError, IdempotencyKeyMissing
from api.idempotency import services
from api.idempotency.keys import KeyedRequest, key_of, keyed_request
from api.idempotency.models import IdempotencyKey
from api.problems import as_problem
from api.transactions import in_transaction
from api.views import ApiView

V = TypeVar("V", bound=ApiView)
P = ParamSpec("P")
Handler = Callable[Concatenate[V, Request, P], Response]

REPLAYED_HEADER: Final = "Idempotent-Replayed"
KEPT_HEADERS: Final = ("ETag", "Location")
NEVER_KEPT: Final = frozenset({401, 403, 412, 428, 429})
REFUSALS: Final = (CataloguedError, APIException, Http404, PermissionDenied)


class _Unkept(Exception):
    """Carries an answer out of the transaction it takes back."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@overload
def idempotent(handler: Handler[V, P]) -> Handler[V, P]: ...
@overload
def idempotent(*, required: bool = ..., opens_transaction: bool = ...) -> Callable[[Handler[V, P]], Handler[V, P]]: ...
def idempotent(handler: Any = None, *, required: bool = False, opens_transaction: bool = True) -> Any:
    """For a view's POST handler; it runs in a transaction with or without a key. One that does nothing but call a
    service, which has its transaction of its own, may do without where there is no key.

    The handler may be restarted from its beginning, so it reaches the outside only through the database.
    """
    if handler is None:
        return partial(_decorated, required=required, opens_transaction=opens_transaction)
    return _decorated(handler, required=required, opens_transaction=opens_transaction)


def _decorated(handler: Handler[V, P], *, required: bool, opens_transaction: bool) -> Handler[V, P]:
    @wraps(handler)
    def wrapper(view: V, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        call = partial(handler, view, request, *args, **kwargs)
        key = key_of(request)
        if key is not None:
            return _answer_once(view, call, keyed_request(request, key=key))
        if required:
            raise IdempotencyKeyMissing
        return in_transaction(call) if opens_transaction else call()

    wrapper.idempotency_key_required = required  # type: ignore[attr-defined]
    return cast(Handler[V, P], wrapper)


def _answer_once(view: ApiView, call: Callable[[], Response], keyed: KeyedRequest) -> Response:
    try:
        return in_transaction(lambda: _first_or_kept_answer(view, call, keyed))
    except _Unkept as unkept:
        return unkept.response


def _first_or_kept_answer(view: ApiView, call: Callable[[], Response], keyed: KeyedRequest) -> Response:
    row = services.claim(keyed)
    if row.status:
        return _replay(row, view.request)
    response = _answer_or_refusal(view, call)
    if response.status_code in NEVER_KEPT or response.status_code >= 500:
        raise _Unkept(response)
    _keep(row, response)
    return response


def _answer_or_refusal(view: ApiView, call: Callable[[], Response]) -> Response:
    """The savepoint takes back what a refused handler had changed, and nothing else."""
    try:
        with transaction.atomic():
            return call()
    except REFUSALS as refusal:
        return view.handle_exception(refusal)


def _keep(row: IdempotencyKey, response: Response) -> None:
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    services.keep(row, status=response.status_code, body=body, headers=headers)


def _replay(row: IdempotencyKey, request: Request) -> Response:
    response = Response(
        json.loads(row.body) if row.body else None,
        status=row.status,
        headers={**row.headers, REPLAYED_HEADER: "true"},
    )
    return as_problem(response, request) if row.status >= 400 else response

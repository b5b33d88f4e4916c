"""What a handler may answer instead of what was asked for: said beside it, told by OpenAPI, kept true by the tests."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from api import errors
from api.errors import CataloguedError
from api.idempotency.keys import key_requirement
from api.scopes import ANYONE, any_of, scopes_for

H = TypeVar("H", bound=Callable[..., Any])
Refusal = type[CataloguedError]

READS: Final = frozenset({"GET", "HEAD"})
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def refuses(*refusals: Refusal) -> Callable[[H], H]:
    """For a handler: its own refusals, beside those that follow from how it is declared."""

    def declared(handler: H) -> H:
        handler.refusals = refusals  # type: ignore[attr-defined]
        return handler

    return declared


def refusals_of(view: Any, method: str) -> frozenset[Refusal]:
    """Every error a route may answer with for `method`, but for 405 and 500, which no description can promise."""
    handler = getattr(view, method.lower())
    return frozenset(
        {
            errors.InvalidRequest,
            errors.NotAcceptable,
            errors.Busy,
            errors.Unavailable,
            *getattr(handler, "refusals", ()),
            *_of_access(view, method),
            *_of_body(method),
            *_of_key(handler),
            *_of_match(getattr(view, "if_match", {}).get(method)),
        }
    )


def _of_access(view: Any, method: str) -> Iterator[Refusal]:
    scopes = scopes_for(view, method)
    if scopes is ANYONE:
        return
    yield from (errors.AuthenticationRequired, errors.InvalidToken)
    if any_of(scopes):
        yield errors.InsufficientScope
    if method not in READS:
        yield errors.CsrfFailed


def _of_body(method: str) -> Iterator[Refusal]:
    if method in WITH_BODY:
        yield from (errors.MalformedRequest, errors.PayloadTooLarge, errors.UnsupportedMediaType)


def _of_key(handler: Any) -> Iterator[Refusal]:
    is_required = key_requirement(handler)
    if is_required is None:
        return
    yield from (errors.IdempotencyKeyInvalid, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)
    if is_required:
        yield errors.IdempotencyKeyMissing


def _of_match(is_required: bool | None) -> Iterator[Refusal]:
    if is_required is not None:
        yield errors.PreconditionFailed
    if is_required:
        yield errors.PreconditionRequired

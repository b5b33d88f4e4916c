"""Errors as typed data. Apps raise them; only `api.problems` turns them into HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"

_REQUIRED_ATTRIBUTES: Final = ("code", "status", "title", "cause", "remedy", "retryable")
_PROBLEM_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id", "errors"})
BEARER_CHALLENGE: Final = 'Bearer realm="api"'
_registry: dict[str, type["CataloguedError"]] = {}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one place of the request: `pointer` is a JSON pointer (RFC 6901)."""

    pointer: str
    code: str
    detail: str
    extra: Mapping[str, JSON] = field(default_factory=dict)


class CataloguedError(Exception):
    """A refusal with a stable code and its own public page at `/errors/<code>`."""

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    cause: ClassVar[str]
    remedy: ClassVar[str]
    retryable: ClassVar[bool]
    default_headers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    further_headers: ClassVar[tuple[str, ...]] = ()
    """Names of those whose value only the raiser knows."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        **members: JSON,
    ) -> None:
        reserved = _PROBLEM_MEMBERS.intersection(members)
        if reserved:
            raise TypeError(f"reserved problem members: {', '.join(sorted(reserved))}")
        self.detail = detail or self.cause
        self.errors = tuple(errors)
        self.headers = {**self.default_headers, **(headers or {})}
        self.members = members
        super().__init__(self.detail)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        missing = [name for name in _REQUIRED_ATTRIBUTES if not hasattr(cls, name)]
        if missing:
            raise TypeError(f"{cls.__qualname__} lacks {', '.join(missing)}")
        if "code" in vars(cls):
            _register(cls)


def _register(error: type[CataloguedError]) -> None:
    holder = _registry.setdefault(error.code, error)
    if holder is not error:
        raise TypeError(
            f"error code {error.code!r} of {error.__module__}.{error.__qualname__} "
            f"already belongs to {holder.__module__}.{holder.__qualname__}"
        )


def catalogue() -> dict[str, type[CataloguedError]]:
    """Every declared error by its code, in alphabetical order."""
    return dict(sorted(_registry.items()))


class InvalidRequest(CataloguedError):
    code = "invalid_request"
    status = 400
    title = "Invalid request"
    cause = "The request has missing, unknown or malformed fields or parameters."
    remedy = "Correct the places named in `errors` and send the request again."
    retryable = False


class MalformedRequest(CataloguedError):
    code = "malformed_request"
    status = 400
    title = "Malformed request"
    cause = "The body could not be read in the format its Content-Type names."
    remedy = "Send a well-formed body, for example valid JSON in UTF-8."
    retryable = False


class IdempotencyKeyMissing(CataloguedError):
    code = "idempotency_key_missing"
    status = 400
    title = "Idempotency-Key missing"
    cause = "This operation needs an Idempotency-Key header."
    remedy = "Send a new random key, such as a UUID, and the same key when you repeat the request."
    retryable = False


class IdempotencyKeyInvalid(CataloguedError):
    code = "idempotency_key_invalid"
    status = 400
    title = "Idempotency-Key invalid"
    cause = "The Idempotency-Key is not 1 to 255 visible ASCII characters."
    remedy = "Send a key such as a UUID, bare or in double quotes."
    retryable = False


class AuthenticationRequired(CataloguedError):
    code = "authentication_required"
    status = 401
    title = "Authentication required"
    cause = "The request carries no credentials."
    remedy = "Get a token at /api/v2/auth/token and send it as `Authorization: Bearer <token>`."
    retryable = False
    default_headers = MappingProxyType({"WWW-Authenticate": BEARER_CHALLENGE})


class InvalidToken(CataloguedError):
    code = "invalid_token"
    status = 401
    title = "Invalid token"
    cause = "The token is malformed, expired or revoked, or its account is gone or inactive."
    remedy = "Refresh the access token or sign in again."
    retryable = False
    default_headers = MappingProxyType({"WWW-Authenticate": f'{BEARER_CHALLENGE}, error="invalid_token"'})


class InvalidCredentials(CataloguedError):
    code = "invalid_credentials"
    status = 401
    title = "Invalid credentials"
    cause = "No active account has this user name and password."
    remedy = "Check the user name and the password."
    retryable = False
    default_headers = MappingProxyType({"WWW-Authenticate": BEARER_CHALLENGE})


class InsufficientScope(CataloguedError):
    code = "insufficient_scope"
    status = 403
    title = "Insufficient scope"
    cause = "The credentials lack the scope this operation needs."
    remedy = "Use an account or key that has the scope named in `required_scopes`."
    retryable = False
    further_headers = ("WWW-Authenticate",)


class PermissionRefused(CataloguedError):
    code = "permission_denied"
    status = 403
    title = "Permission denied"
    cause = "Your account may not do this."
    remedy = "Use an account that may, or ask an administrator."
    retryable = False


class CsrfFailed(CataloguedError):
    code = "csrf_failed"
    status = 403
    title = "CSRF check failed"
    cause = "A request with a session cookie came without a valid CSRF token."
    remedy = "Reload the page and try again; API clients should send a bearer token instead of a cookie."
    retryable = False


class NotFound(CataloguedError):
    code = "not_found"
    status = 404
    title = "Not found"
    cause = "Nothing is at this address, or not for you."
    remedy = "Check the address and the account you use."
    retryable = False


class MethodNotAllowed(CataloguedError):
    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"
    cause = "This address does not support the method of the request."
    remedy = "Use one of the methods in the Allow header."
    retryable = False


class NotAcceptable(CataloguedError):
    code = "not_acceptable"
    status = 406
    title = "Not acceptable"
    cause = "The answer is not available in a format the Accept header names."
    remedy = "Accept application/json."
    retryable = False


class IdempotencyKeyReused(CataloguedError):
    code = "idempotency_key_reused"
    status = 409
    title = "Idempotency-Key reused"
    cause = "This Idempotency-Key was already used for a different request."
    remedy = "Send a new key for a new request; repeat a request byte for byte under its old key."
    retryable = False


class IdempotencyKeyInUse(CataloguedError):
    code = "idempotency_key_in_use"
    status = 409
    title = "Idempotency-Key in use"
    cause = "A request with this Idempotency-Key is still being worked on."
    remedy = "Wait as long as Retry-After says, then send the same request with the same key."
    retryable = True
    default_headers = MappingProxyType({"Retry-After": "1"})


class PreconditionFailed(CataloguedError):
    code = "precondition_failed"
    status = 412
    title = "Precondition failed"
    cause = "The object has changed since you read it."
    remedy = "Read it again, decide whether the change still applies, and send the new ETag as If-Match."
    retryable = False
    further_headers = ("ETag",)


class PayloadTooLarge(CataloguedError):
    code = "payload_too_large"
    status = 413
    title = "Payload too large"
    cause = "The request body is larger than this service accepts."
    remedy = "Send less at once."
    retryable = False


class UnsupportedMediaType(CataloguedError):
    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"
    cause = "The Content-Type of the request is not supported here."
    remedy = "Send application/json."
    retryable = False


class PreconditionRequired(CataloguedError):
    code = "precondition_required"
    status = 428
    title = "Precondition required"
    cause = "Changing this object needs an If-Match header."
    remedy = "Read the object and send its ETag as If-Match."
    retryable = False


class RateLimited(CataloguedError):
    code = "rate_limited"
    status = 429
    title = "Rate limit exceeded"
    cause = "Too many requests in a short time."
    remedy = "Wait as long as Retry-After says."
    retryable = True
    default_headers = MappingProxyType({"Retry-After": "1"})


class InternalError(CataloguedError):
    code = "internal_error"
    status = 500
    title = "Internal error"
    cause = "Something went wrong on our side; it has been recorded."
    remedy = "Try again later with the same Idempotency-Key; if it persists, tell us the request id."
    retryable = True


class Busy(CataloguedError):
    code = "busy"
    status = 503
    title = "Busy"
    cause = "Too many requests are changing the same objects at the moment; nothing was changed."
    remedy = "Wait as long as Retry-After says, then send the same request again."
    retryable = True
    default_headers = MappingProxyType({"Retry-After": "1"})


class Unavailable(CataloguedError):
    code = "unavailable"
    status = 503
    title = "Temporarily unavailable"
    cause = "The database does not answer at the moment; whether the request was carried out is not known."
    remedy = "Wait as long as Retry-After says, then send the same request again, with the same Idempotency-Key."
    retryable = True
    default_headers = MappingProxyType({"Retry-After": "2"})

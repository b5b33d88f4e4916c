"""Compare-and-swap over HTTP (RFC 9110, 13.1.1): the version of an object is its strong ETag."""

import re
from typing import Final, TypeVar

from django.http import HttpResponseBase
from rest_framework.request import Request

from api.errors import FieldProblem, InvalidRequest, PreconditionFailed, PreconditionRequired

R = TypeVar("R", bound=HttpResponseBase)

IF_MATCH: Final = "If-Match"

# Versions start at 1, so an entity tag of another kind (weak, or not one of ours) expects one that never is.
NEVER: Final = 0
_VERSION: Final = '"([1-9][0-9]{0,9})"'
_VERSION_TAG: Final = re.compile(_VERSION)
_ENTITY_TAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def accepted_pattern(*, required: bool) -> str:
    """What an If-Match may be, as a pattern; `*` where no version has to be named."""
    return f"^{_VERSION}$" if required else rf"^(\*|{_VERSION})$"


def etag(version: int) -> str:
    return f'"{version}"'


def with_etag(response: R, version: int) -> R:
    response["ETag"] = etag(version)
    return response


def expected_version(request: Request, *, required: bool) -> int | None:
    """The version the caller's If-Match names; None where it is absent and not required.

    `*` names no version, so it does not satisfy where one is required: a lost update stays impossible.
    """
    header = request.headers.get(IF_MATCH, "*").strip()
    if required and header in {"", "*"}:
        raise PreconditionRequired
    if header == "*":
        return None
    version = _VERSION_TAG.fullmatch(header)
    if version:
        return int(version.group(1))
    if _ENTITY_TAG.fullmatch(header):
        return NEVER
    problem = FieldProblem("", "invalid", 'If-Match must be one ETag such as "7".', {"header": IF_MATCH})
    raise InvalidRequest(errors=[problem])


def check_version(current: int, expected: int | None) -> None:
    """Refuse a stale change. The caller holds the object's lock and has re-read it."""
    if expected is not None and expected != current:
        raise PreconditionFailed(headers={"ETag": etag(current)}, current_version=current)

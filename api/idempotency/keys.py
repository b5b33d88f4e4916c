"""Reading the Idempotency-Key header and telling whether two requests are the same one."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from rest_framework.request import Request

from api.errors import AuthenticationRequired, IdempotencyKeyInvalid

HEADER: Final = "Idempotency-Key"
MAX_LENGTH: Final = 255
_BARE: Final = rf"[!#-~][!-~]{{0,{MAX_LENGTH - 1}}}"
_QUOTED: Final = rf'"([!#-\[\]-~]|\\["\\]){{1,{MAX_LENGTH}}}"'
PATTERN: Final = f"^({_BARE}|{_QUOTED})$"


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """Whose request it is, which one they say it is, and what it really asks."""

    principal: str
    method: str
    path: str
    key: str
    fingerprint: str

    @property
    def scope(self) -> dict[str, str]:
        return {"principal": self.principal, "method": self.method, "path": self.path, "key": self.key}


def key_of(request: Request) -> str | None:
    """The key, bare or as the quoted string of draft-ietf-httpapi-idempotency-key-header. Raises when malformed."""
    header = request.headers.get(HEADER)
    if header is None:
        return None
    key = header.strip()
    if not re.fullmatch(PATTERN, key):
        raise IdempotencyKeyInvalid
    return re.sub(r"\\(.)", r"\1", key[1:-1]) if key[0] == '"' else key


def keyed_request(request: Request, *, key: str) -> KeyedRequest:
    return KeyedRequest(
        principal=principal_of(request.user, request.auth),
        method=request.method or "",
        path=request.path,
        key=key,
        fingerprint=fingerprint_of(request),
    )


def principal_of(user: Any, auth: Any) -> str:
    """Credentials that stand for themselves, such as API keys, have a `principal`; else it is the user's.

    Raises AuthenticationRequired for nobody, because strangers would share their keys.
    """
    principal = getattr(auth, "principal", None)
    if principal:
        return str(principal)
    if user is None or user.pk is None:
        raise AuthenticationRequired
    return f"user:{user.pk}"


def fingerprint_of(request: Request) -> str:
    """SHA-256 of method, path, query, API version and raw body; lengths keep neighbours from running together."""
    parts = [
        (request.method or "").encode(),
        request.path.encode(),
        request.META.get("QUERY_STRING", "").encode(),
        str(request.version or "").encode(),
        request.body,
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def key_requirement(handler: object) -> bool | None:
    """Whether an `@idempotent` handler requires a key; None for one that takes none."""
    return getattr(handler, "idempotency_key_required", None)

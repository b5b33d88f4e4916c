"""`X-Signature: t=<unix time>,v1=<hex>`, where v1 is the HMAC-SHA256 of "<t>.<raw body>" under the shared secret."""

import hashlib
import hmac
import re
from typing import Final

from payments.errors import InvalidSignature, StaleSignature

HEADER: Final = "X-Signature"
TOLERANCE_SECONDS: Final = 300
PATTERN: Final = "^t=([0-9]{1,12}),v1=([0-9a-f]{64})$"
_FORMAT: Final = re.compile(PATTERN)


def signature_of(body: bytes, *, secret: str, at: int) -> str:
    """The header's value for `body` sent at the unix time `at`."""
    return f"t={at},v1={_digest(body, secret=secret, stamp=str(at))}"


def verify_signature(header: str | None, body: bytes, *, secret: str, now: float) -> None:
    """Raises InvalidSignature, or StaleSignature for a good one of another time: only its owner learns about clocks."""
    match = _FORMAT.fullmatch(header or "")
    if match is None:
        raise InvalidSignature
    stamp, given = match.groups()
    if not hmac.compare_digest(given, _digest(body, secret=secret, stamp=stamp)):
        raise InvalidSignature
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise StaleSignature


def _digest(body: bytes, *, secret: str, stamp: str) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()

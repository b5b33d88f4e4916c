"""Standard Webhooks 1.0 signatures: `v1,<base64>` of the HMAC-SHA256 of "<id>.<timestamp>.<raw body>".

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
TOLERANCE_SECONDS: Final = 300
SECRET_PREFIX: Final = "whsec_"

_VERSION: Final = "v1"
_SECRET_BYTES: Final = 32
_SHORTEST_SECRET_BYTES: Final = 24
"""The specification asks for 24 to 64 random bytes; more do no harm."""

_TIMESTAMP: Final = re.compile("[0-9]{1,12}")
_MESSAGE_ID: Final = re.compile(r"[!-\-/-~]+")
"""Visible ASCII without the full stop, which would let one signature stand for two different messages."""


class InvalidSecret(ValueError):
    """Not `whsec_` and the base64 of at least 24 bytes. The secret is not repeated: this text may end up in a log."""


class VerificationFailed(Exception):
    """A request that is not to be believed; `code` tells why to programs, the text to people."""

    code: ClassVar[str]


class HeaderMissing(VerificationFailed):
    code = "header_missing"


class HeaderMalformed(VerificationFailed):
    code = "header_malformed"


class SignatureUnknown(VerificationFailed):
    """Signed, but in no version that we know."""

    code = "signature_unknown"


class SignatureMismatch(VerificationFailed):
    """Another secret, or not what was signed."""

    code = "signature_mismatch"


class TimestampTooOld(VerificationFailed):
    """Rightly signed, but long ago: maybe recorded and sent again."""

    code = "timestamp_too_old"


class TimestampTooNew(VerificationFailed):
    """Rightly signed, but in the future: one of the two clocks is wrong."""

    code = "timestamp_too_new"


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()


def sign(body: bytes, *, message_id: str, timestamp: int, secrets: Sequence[str]) -> str:
    """The signature header's value: one signature for each secret, so that during a rotation both are right.

    `timestamp` is in unix seconds. Raises InvalidSecret.
    """
    if not secrets:
        raise InvalidSecret("there is no secret to sign with")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"not usable as a message id: {message_id!r}")
    return " ".join(_signature(body, message_id=message_id, stamp=str(timestamp), secret=secret) for secret in secrets)


def verify(body: bytes, *, headers: Mapping[str, str], secrets: Iterable[str], now: float) -> None:
    """Believe a request, or raise VerificationFailed. One right signature by one of the `secrets` is enough.

    `headers` in any case, `now` in unix seconds. The signature is looked at before the clock: only who knows the secret
    learns that the timestamp is wrong. Raises InvalidSecret for a secret that is none.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id = _header(given, ID_HEADER, pattern=_MESSAGE_ID)
    stamp = _header(given, TIMESTAMP_HEADER, pattern=_TIMESTAMP)
    signatures = _known_signatures(_header(given, SIGNATURE_HEADER))
    expected = [_signature(body, message_id=message_id, stamp=stamp, secret=secret) for secret in secrets]
    if not _any_equal(signatures, expected):
        raise SignatureMismatch("no signature fits: another secret, or the body is not the one that was signed")
    _refuse_other_times(int(stamp), now=now)


def _header(headers: Mapping[str, str], name: str, *, pattern: re.Pattern[str] | None = None) -> str:
    value = headers.get(name, "").strip()
    if not value:
        raise HeaderMissing(f"no {name} header")
    if pattern and not pattern.fullmatch(value):
        raise HeaderMalformed(f"{name} is malformed")
    return value


def _known_signatures(header: str) -> list[str]:
    """Other versions may stand beside ours (the specification has asymmetric ones) and are passed over."""
    known = [signature for signature in header.split() if signature.startswith(f"{_VERSION},")]
    if not known:
        raise SignatureUnknown(f"no {_VERSION} signature among those sent")
    return known


def _any_equal(given: Iterable[str], expected: Sequence[str]) -> bool:
    """Compares all of them, whichever fits: the time it takes tells nothing."""
    found = False
    for signature in given:
        for right in expected:
            found |= hmac.compare_digest(signature.encode(errors="replace"), right.encode())
    return found


def _refuse_other_times(timestamp: int, *, now: float) -> None:
    if now - timestamp > TOLERANCE_SECONDS:
        raise TimestampTooOld(f"signed {now - timestamp:.0f} s ago; {TOLERANCE_SECONDS} s are allowed")
    if timestamp - now > TOLERANCE_SECONDS:
        raise TimestampTooNew(f"signed {timestamp - now:.0f} s ahead of our clock; {TOLERANCE_SECONDS} s are allowed")


def _signature(body: bytes, *, message_id: str, stamp: str, secret: str) -> str:
    content = f"{message_id}.{stamp}.".encode() + body
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return f"{_VERSION},{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    encoded = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSecret("the secret is not base64") from error
    if encoded == secret or len(key) < _SHORTEST_SECRET_BYTES:
        raise InvalidSecret(f"a secret is {SECRET_PREFIX} and the base64 of at least {_SHORTEST_SECRET_BYTES} bytes")
    return key

"""Every way in which a signature is not the one of this body, now, by our secret."""

import hashlib
import hmac

import pytest

from payments.errors import InvalidSignature, StaleSignature
from payments.providers.signatures import TOLERANCE_SECONDS, signature_of, verify_signature

SECRET = "shared secret"
BODY = b'{"event_id":"evt_1"}'
NOW = 1_800_000_000
GOOD = signature_of(BODY, secret=SECRET, at=NOW)


def verify(header: str | None, *, body: bytes = BODY, now: float = NOW) -> None:
    verify_signature(header, body, secret=SECRET, now=now)


def test_the_signature_is_hmac_sha256_of_time_and_raw_body() -> None:
    digest = hmac.new(SECRET.encode(), b'1800000000.{"event_id":"evt_1"}', hashlib.sha256).hexdigest()

    assert f"t=1800000000,v1={digest}" == GOOD


@pytest.mark.parametrize("drift", [0, TOLERANCE_SECONDS, -TOLERANCE_SECONDS])
def test_a_good_signature_passes_within_five_minutes_either_way(drift: int) -> None:
    verify(GOOD, now=NOW + drift)


@pytest.mark.parametrize("drift", [TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1])
def test_a_good_signature_is_stale_beyond(drift: int) -> None:
    with pytest.raises(StaleSignature):
        verify(GOOD, now=NOW + drift)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        GOOD.replace("v1=", "v0="),
        GOOD.replace("t=", "t=-"),
        GOOD.split(",")[0],
        GOOD.split(",")[1],
        ",".join(reversed(GOOD.split(","))),
        GOOD + " ",
        GOOD + "\n",
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        f"{GOOD},v1={'0' * 64}",
        GOOD.replace("t=1800000000", "t=1800000000" + "0" * 400),
        GOOD.replace("t=1800000000", "t=١٨٠٠٠٠٠٠٠٠"),
    ],
)
def test_a_malformed_header_is_refused(header: str | None) -> None:
    with pytest.raises(InvalidSignature):
        verify(header)


def test_another_secrets_signature_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify(signature_of(BODY, secret="another secret", at=NOW))


def test_a_tampered_body_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify(GOOD, body=BODY + b" ")


def test_an_old_signature_with_a_new_time_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify(GOOD.replace("t=1800000000", "t=1800000400"), now=NOW + 400)


def test_a_forger_learns_nothing_about_the_clock() -> None:
    """Stale is said of good signatures only."""
    with pytest.raises(InvalidSignature):
        verify(signature_of(BODY, secret="another secret", at=NOW), now=NOW + 4_000)


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(given: str, right: str) -> bool:
        compared.append((given, right))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    verify(f"t={NOW},v1={'0' * 64}")

    assert compared == [("0" * 64, GOOD.split("v1=")[1])]

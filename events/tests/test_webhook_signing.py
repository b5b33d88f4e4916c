import base64
import hmac
from datetime import UTC, datetime
from typing import Final

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from events.webhooks.signing import (
    HeaderMalformed,
    HeaderMissing,
    InvalidSecret,
    SignatureMismatch,
    SignatureUnknown,
    TimestampTooNew,
    TimestampTooOld,
    VerificationFailed,
    new_secret,
    sign,
    verify,
)

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="
OTHER: Final = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ID: Final = "01890a5d-ac96-774b-bcce-b302099a8057"
AT: Final = 1_700_000_000
BODY: Final = '{"data":{"note":"Grüße 🛵"}}'.encode()


def headers_of(body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,), timestamp: int = AT) -> dict[str, str]:
    return {
        "webhook-id": ID,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(body, message_id=ID, timestamp=timestamp, secrets=secrets),
    }


def test_new_secrets_hold_32_random_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32


def test_signature_is_that_of_the_specification_s_example() -> None:
    body = b'{"test": 2432232314}'
    signature = sign(
        body,
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_public_package_verifies_what_we_sign() -> None:
    now = int(datetime.now(tz=UTC).timestamp())
    assert Webhook(SECRET).verify(BODY, headers_of(timestamp=now)) == {"data": {"note": "Grüße 🛵"}}


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_the_public_package_verifies_both_secrets_of_a_rotation(secret: str) -> None:
    now = int(datetime.now(tz=UTC).timestamp())
    Webhook(secret).verify(BODY, headers_of(secrets=(SECRET, OTHER), timestamp=now))


def test_the_public_package_refuses_what_another_secret_signed() -> None:
    now = int(datetime.now(tz=UTC).timestamp())
    with pytest.raises(WebhookVerificationError, match="No matching signature found"):
        Webhook(OTHER).verify(BODY, headers_of(timestamp=now))


def test_we_verify_what_the_public_package_signs() -> None:
    signature = Webhook(SECRET).sign(ID, datetime.fromtimestamp(AT, tz=UTC), BODY.decode())
    verify(BODY, headers={**headers_of(), "webhook-signature": signature}, secrets=[SECRET], now=AT)


def test_one_signature_for_each_secret() -> None:
    first, second = headers_of(secrets=(SECRET, OTHER))["webhook-signature"].split(" ")
    assert first == headers_of(secrets=(SECRET,))["webhook-signature"]
    assert second == headers_of(secrets=(OTHER,))["webhook-signature"]


@pytest.mark.parametrize(
    ("signed_with", "accepted"),
    [((SECRET, OTHER), [OTHER]), ((OTHER,), [SECRET, OTHER]), ((SECRET, OTHER), [OTHER, SECRET])],
    ids=["two signatures, one secret", "one signature, two secrets", "two and two"],
)
def test_one_right_signature_by_one_of_the_secrets_is_enough(signed_with: tuple[str, ...], accepted: list[str]) -> None:
    verify(BODY, headers=headers_of(secrets=signed_with), secrets=accepted, now=AT)


def test_other_versions_beside_ours_are_passed_over() -> None:
    headers = headers_of()
    headers["webhook-signature"] = f"v1a,AAAA v2 , v1 {headers['webhook-signature']}"
    verify(BODY, headers=headers, secrets=[SECRET], now=AT)


def test_header_names_are_taken_in_any_case() -> None:
    shouted = {name.upper(): value for name, value in headers_of().items()}
    verify(BODY, headers=shouted, secrets=[SECRET], now=AT)


@pytest.mark.parametrize("away", [-300, 0, 300])
def test_five_minutes_either_way_are_tolerated(away: int) -> None:
    verify(BODY, headers=headers_of(), secrets=[SECRET], now=AT + away)


@pytest.mark.parametrize(
    ("away", "error", "text"),
    [
        (301, TimestampTooOld, "signed 301 s ago; 300 s are allowed"),
        (-301, TimestampTooNew, "signed 301 s ahead of our clock; 300 s are allowed"),
    ],
)
def test_more_than_five_minutes_are_not(away: int, error: type[VerificationFailed], text: str) -> None:
    with pytest.raises(error, match=text):
        verify(BODY, headers=headers_of(), secrets=[SECRET], now=AT + away)


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"webhook-id": ""}, HeaderMissing, "header_missing"),
        ({"webhook-timestamp": ""}, HeaderMissing, "header_missing"),
        ({"webhook-signature": " "}, HeaderMissing, "header_missing"),
        ({"webhook-timestamp": "1700000000.5"}, HeaderMalformed, "header_malformed"),
        ({"webhook-timestamp": "-1"}, HeaderMalformed, "header_malformed"),
        ({"webhook-timestamp": "\u0661\u0667"}, HeaderMalformed, "header_malformed"),
        ({"webhook-id": "a.b"}, HeaderMalformed, "header_malformed"),
        ({"webhook-id": "\udcff"}, HeaderMalformed, "header_malformed"),
        ({"webhook-signature": "v2,AAAA"}, SignatureUnknown, "signature_unknown"),
        ({"webhook-signature": "nonsense"}, SignatureUnknown, "signature_unknown"),
        ({"webhook-signature": "v1,"}, SignatureMismatch, "signature_mismatch"),
        ({"webhook-signature": "v1,ü\udcff"}, SignatureMismatch, "signature_mismatch"),
        ({"webhook-id": "another"}, SignatureMismatch, "signature_mismatch"),
        ({"webhook-timestamp": str(AT + 1)}, SignatureMismatch, "signature_mismatch"),
    ],
)
def test_what_is_not_to_be_believed_says_why(
    change: dict[str, str], error: type[VerificationFailed], code: str
) -> None:
    with pytest.raises(error) as refused:
        verify(BODY, headers={**headers_of(), **change}, secrets=[SECRET], now=AT)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_an_absent_header_is_named(name: str) -> None:
    headers = {key: value for key, value in headers_of().items() if key != name}
    with pytest.raises(HeaderMissing, match=f"no {name} header"):
        verify(BODY, headers=headers, secrets=[SECRET], now=AT)


def test_a_changed_body_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY + b" ", headers=headers_of(), secrets=[SECRET], now=AT)


def test_another_secret_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY, headers=headers_of(), secrets=[OTHER], now=AT)


def test_a_forger_learns_nothing_about_the_clock() -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY, headers=headers_of(), secrets=[OTHER], now=AT + 10_000)


def test_all_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append((given, right))
        return given == right

    monkeypatch.setattr(hmac, "compare_digest", compare)
    verify(BODY, headers=headers_of(secrets=(SECRET, OTHER)), secrets=[SECRET, OTHER], now=AT)
    assert len(compared) == 4


@pytest.mark.parametrize("secret", ["whsec_", SECRET.removeprefix("whsec_"), "whsec_***", "whsec_c2hvcnQ=", "whsec_ü"])
def test_what_is_no_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(InvalidSecret) as refused:
        sign(BODY, message_id=ID, timestamp=AT, secrets=[secret])
    assert secret == "whsec_" or secret.removeprefix("whsec_") not in str(refused.value)
    with pytest.raises(InvalidSecret):
        verify(BODY, headers=headers_of(), secrets=[secret], now=AT)


def test_nothing_is_signed_without_a_secret() -> None:
    with pytest.raises(InvalidSecret, match="there is no secret to sign with"):
        sign(BODY, message_id=ID, timestamp=AT, secrets=[])


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "ü"])
def test_an_id_that_could_be_read_in_two_ways_is_not_signed(message_id: str) -> None:
    with pytest.raises(ValueError, match="not usable as a message id"):
        sign(BODY, message_id=message_id, timestamp=AT, secrets=[SECRET])

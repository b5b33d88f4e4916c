import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from events.webhooks.receiving.inbox import Arrival, Counts, Inbox, Verdict
from events.webhooks.signing import InvalidSecret, new_secret, sign

SECRET: Final = new_secret()
NOW: Final = 1_700_000_000


def body_of(
    *, version: int = 1, sequence: int = 1, subject_id: str = "s", subject_type: str = "order", **extra: Any
) -> bytes:
    subject = {"type": subject_type, "id": subject_id, "version": version}
    return json.dumps({"type": "order.paid", "sequence": sequence, "subject": subject, **extra}).encode()


def inbox(**options: Any) -> Inbox:
    return Inbox(secrets=[SECRET], clock=lambda: NOW, **options)


def give(box: Inbox, message_id: str, body: bytes, *, secret: str = SECRET, at: int = NOW) -> Arrival:
    signature = sign(body, message_id=message_id, timestamp=at, secrets=[secret])
    headers = {"Webhook-Id": message_id, "Webhook-Timestamp": str(at), "Webhook-Signature": signature}
    return box.take(body, headers=headers)


def test_a_signed_event_is_taken() -> None:
    box = inbox()
    arrival = give(box, "a", body_of(version=2, sequence=7))
    assert (arrival.verdict, arrival.status, arrival.message_id) == (Verdict.NEW, 204, "a")
    assert arrival.message is not None
    assert (arrival.message.type, arrival.message.version, arrival.message.sequence) == ("order.paid", 2, 7)
    assert box.taken() == ["a"]
    assert box.versions() == {"s": 2}
    assert box.counts == Counts(received=1, verified=1)


def test_an_id_that_comes_again_is_a_duplicate_and_not_taken_again() -> None:
    box = inbox()
    verdicts = [give(box, "a", body_of(), at=at).verdict for at in (NOW, NOW, NOW - 200)]
    assert verdicts == [Verdict.NEW, Verdict.DUPLICATE, Verdict.DUPLICATE]
    assert box.taken() == ["a"]
    assert box.counts == Counts(received=3, verified=3, duplicates=2)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [((3, 9), (2, 8)), ((3, 9), (2, 10)), ((3, 9), (3, 8))],
    ids=["older", "older version", "older sequence of the same version"],
)
def test_what_is_older_than_its_subject_is_out_of_order(earlier: tuple[int, int], later: tuple[int, int]) -> None:
    box = inbox()
    give(box, "a", body_of(version=earlier[0], sequence=earlier[1]))
    late = give(box, "b", body_of(version=later[0], sequence=later[1]))
    assert (late.verdict, late.status) == (Verdict.OUT_OF_ORDER, 204)
    assert box.versions() == {"s": 3}
    assert box.taken() == ["a", "b"]
    assert box.counts == Counts(received=2, verified=2, out_of_order=1)


def test_subjects_do_not_wait_for_each_other() -> None:
    box = inbox()
    give(box, "a", body_of(subject_id="one", version=5, sequence=9))
    assert give(box, "b", body_of(subject_id="two", version=1, sequence=3)).verdict is Verdict.NEW
    same_id = body_of(subject_id="one", subject_type="ext.parcel", version=1, sequence=3)
    assert give(box, "c", same_id).verdict is Verdict.NEW


def test_several_events_may_bring_a_subject_to_the_same_version() -> None:
    box = inbox()
    give(box, "a", body_of(version=5, sequence=8))
    assert give(box, "b", body_of(version=5, sequence=9)).verdict is Verdict.NEW


def test_what_another_secret_signed_is_refused_and_leaves_no_trace() -> None:
    box = inbox()
    arrival = give(box, "a", body_of(), secret=new_secret())
    assert (arrival.verdict, arrival.status, arrival.code) == (Verdict.REFUSED, 401, "signature_mismatch")
    assert box.taken() == []
    assert box.counts == Counts(received=1, refused=1)
    assert give(box, "a", body_of()).verdict is Verdict.NEW


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"hello", "the body is not JSON"),
        (b"[" * 200_000, "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'{"subject": 1}', "`subject` is missing or no object"),
        (b'{"subject": {}, "type": 1}', "`type` is missing or no text"),
    ],
)
def test_signed_nonsense_is_refused(body: bytes, detail: str) -> None:
    box = inbox()
    arrival = give(box, "a", body)
    assert (arrival.status, arrival.code, arrival.detail) == (400, "not_an_event", detail)
    assert box.taken() == []


def test_nothing_is_believed_before_there_is_a_secret() -> None:
    box = Inbox(clock=lambda: NOW)
    assert give(box, "a", body_of()).verdict is Verdict.REFUSED
    box.trust(SECRET)
    assert give(box, "a", body_of()).verdict is Verdict.NEW


def test_what_is_no_secret_is_not_trusted() -> None:
    with pytest.raises(InvalidSecret):
        Inbox(secrets=["whsec_short"])


def test_the_first_ones_are_turned_away_when_it_was_told_to() -> None:
    box = inbox(fail_first=2)
    assert [give(box, "a", body_of()).status for _ in range(4)] == [503, 503, 204, 204]
    assert box.counts == Counts(received=4, verified=2, duplicates=1, turned_away=2)


def test_the_oldest_ids_are_forgotten_in_the_end() -> None:
    box = inbox(remembered=2)
    for message_id in ("a", "b", "c"):
        give(box, message_id, body_of())
    assert box.taken() == ["b", "c"]


def test_of_concurrent_twins_one_is_new() -> None:
    box = inbox()
    together = threading.Barrier(8)

    def twin(_number: int) -> Verdict:
        together.wait(timeout=10)
        return give(box, "a", body_of()).verdict

    with ThreadPoolExecutor(8) as threads:
        verdicts = sorted(threads.map(twin, range(8)))
    assert verdicts == [Verdict.DUPLICATE] * 7 + [Verdict.NEW]
    assert box.counts == Counts(received=8, verified=8, duplicates=7)

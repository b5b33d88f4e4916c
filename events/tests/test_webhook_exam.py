import contextlib
import json
import threading
import time
from typing import Any, Final

import pytest

from events.tests.endpoints import Behaviour, Headers, endpoint
from events.webhooks.exam.desk import Desk, Terms
from events.webhooks.exam.examining import examine
from events.webhooks.exam.papers import NOTICE
from events.webhooks.exam.questions import QUESTIONS
from events.webhooks.exam.questions.conduct import CONDUCT
from events.webhooks.exam.report import Grade, Report
from events.webhooks.exam.seen import SeenUnreadable
from events.webhooks.exam.sending import Answer, Sender
from events.webhooks.receiving.inbox import Counts, Inbox
from events.webhooks.receiving.server import Receiver
from events.webhooks.signing import InvalidSecret, VerificationFailed, new_secret, sign, verify

SECRET: Final = new_secret()
TERMS: Final = Terms(limit_seconds=10, repeat_after_seconds=0, seen_within_seconds=0)
HASTE: Final = Terms(limit_seconds=0.5, repeat_after_seconds=0, seen_within_seconds=0)
ALL: Final = {question.name for question in QUESTIONS}
INWARD: Final = {"duplicate", "twins", "reordered", "slow_repeat", "after_forgery"}
"""What cannot be seen from outside."""

FORGERIES: Final = {
    "bad_signature",
    "missing_signature",
    "changed_body",
    "tampered_repeat",
    "stale_timestamp",
    "future_timestamp",
}


def names(report: Report, grade: Grade) -> set[str]:
    return {line.name for line in report.lines if line.grade is grade}


def saw(report: Report, name: str) -> str:
    (line,) = [line for line in report.lines if line.name == name]
    return line.saw


def take(behaviour: Behaviour, *, terms: Terms = TERMS) -> Report:
    with endpoint(behaviour) as url:
        return examine(url, secret=SECRET, terms=terms)


def is_genuine(headers: Headers, body: bytes, *, now: float | None = None) -> bool:
    try:
        verify(body, headers=headers, secrets=[SECRET], now=time.time() if now is None else now)
    except VerificationFailed:
        return False
    return True


def right(headers: Headers, body: bytes) -> int:
    return 204 if is_genuine(headers, body) else 401


# Our own receiver, and one more that does everything right


def test_our_own_receiver_passes_whole() -> None:
    with Receiver(Inbox(secrets=[SECRET])) as receiver:
        report = examine(receiver.url, secret=SECRET, terms=TERMS, seen_url=f"{receiver.url}seen")
        assert names(report, Grade.PASSED) == ALL
        assert receiver.inbox.counts == Counts(received=26, verified=19, duplicates=5, out_of_order=1, refused=7)
    assert report.is_passed


def test_what_cannot_be_seen_from_outside_is_left_to_the_owner() -> None:
    report = take(right)
    assert names(report, Grade.LOOK) == INWARD
    assert names(report, Grade.PASSED) == ALL - INWARD
    assert report.is_passed


def test_what_is_to_be_looked_for_is_named() -> None:
    report = take(right)
    assert saw(report, "twins").startswith("Look that event e8a3e8a3-")
    assert saw(report, "reordered").endswith("was told of versions 1, 3 and 2 in this order: look that it stands at 3.")


def test_nothing_in_it_looks_like_an_event_of_a_shop() -> None:
    bodies: list[Any] = []

    def remember(headers: Headers, body: bytes) -> int:
        bodies.append(json.loads(body) | {"webhook-id": headers["webhook-id"]})
        return right(headers, body)

    take(remember)
    assert len(bodies) == 26
    assert {body["type"].split(".")[0] for body in bodies} == {"exam"}
    assert {body["subject"]["type"] for body in bodies} == {"exam"}
    assert {body["store_id"] for body in bodies} == {None}
    assert {body[key][:8] for body in bodies for key in ("id", "webhook-id")} == {"e8a3e8a3"}
    assert max(body["sequence"] for body in bodies) < 30


def test_the_slow_repeat_waits_for_what_is_left_of_its_while() -> None:
    pauses: list[float] = []
    terms = Terms(limit_seconds=10, repeat_after_seconds=1000)
    with endpoint(right) as url:
        examine(url, secret=SECRET, terms=terms, pause=pauses.append)
    assert len(pauses) == 1
    assert 900 < pauses[0] < 1000


# Wrong ones, each failed for what it does wrong


def no_verification(_headers: Headers, _body: bytes) -> int:
    return 204


def no_tolerance(headers: Headers, body: bytes) -> int:
    return 204 if is_genuine(headers, body, now=float(headers["webhook-timestamp"])) else 401


def past_only(headers: Headers, body: bytes) -> int:
    """Looks whether the timestamp is too old, and not whether it is too new."""
    now = max(time.time(), float(headers["webhook-timestamp"]))
    return 204 if is_genuine(headers, body, now=now) else 401


def part_of_the_body(headers: Headers, body: bytes) -> int:
    """Verifies what it has made of the body, not what came."""
    return right(headers, body.replace(b"changed after signing", NOTICE.encode()))


def signature_only_where_there_is_one(headers: Headers, body: bytes) -> int:
    return right(headers, body) if "webhook-signature" in headers else 204


def crash_on_unknown_types(headers: Headers, body: bytes) -> int:
    return 500 if json.loads(body)["type"] != "exam.event" else right(headers, body)


def strict_fields(headers: Headers, body: bytes) -> int:
    return 422 if "exam_added_later" in json.loads(body) else right(headers, body)


def written_anew(headers: Headers, body: bytes) -> int:
    return right(headers, json.dumps(json.loads(body), separators=(",", ":")).encode())


def small_bodies(headers: Headers, body: bytes) -> int:
    return 413 if len(body) > 100_000 else right(headers, body)


def first_signature_only(headers: Headers, body: bytes) -> int:
    return right({**headers, "webhook-signature": headers.get("webhook-signature", "").split(" ")[0]}, body)


def login_page(headers: Headers, body: bytes) -> int:
    return 204 if is_genuine(headers, body) else 302


def crash_on_forgeries(headers: Headers, body: bytes) -> int:
    return 204 if is_genuine(headers, body) else 500


@pytest.mark.parametrize(
    ("behaviour", "failed"),
    [
        (no_verification, FORGERIES | {"after_forgery"}),
        (no_tolerance, {"stale_timestamp", "future_timestamp"}),
        (past_only, {"future_timestamp"}),
        (part_of_the_body, {"changed_body", "tampered_repeat"}),
        (signature_only_where_there_is_one, {"missing_signature"}),
        (crash_on_unknown_types, {"unknown_type"}),
        (strict_fields, {"unknown_fields"}),
        (written_anew, {"scripts"}),
        (small_bodies, {"large"}),
        (first_signature_only, {"rotated_secret"}),
        (login_page, FORGERIES | {"after_forgery", "no_redirect"}),
        (crash_on_forgeries, FORGERIES | {"after_forgery"}),
    ],
)
def test_a_wrong_receiver_fails_where_it_is_wrong(behaviour: Behaviour, failed: set[str]) -> None:
    report = take(behaviour)
    assert names(report, Grade.FAILED) == failed
    assert names(report, Grade.LOOK) == INWARD - failed
    assert names(report, Grade.NOT_ASKED) == set()
    assert not report.is_passed


def test_who_drops_the_connection_has_not_answered() -> None:
    def drop(headers: Headers, body: bytes) -> int:
        if json.loads(body)["type"] != "exam.event":
            raise ConnectionAbortedError
        return right(headers, body)

    report = take(drop)
    assert names(report, Grade.FAILED) == {"unknown_type", "in_time"}
    assert saw(report, "in_time") == "1 of 26 requests got no answer"


def test_who_refuses_known_ids_is_sent_them_for_days() -> None:
    known: set[str] = set()
    lock = threading.Lock()

    def conflict(headers: Headers, body: bytes) -> int:
        if not is_genuine(headers, body):
            return 401
        with lock:
            is_known = headers["webhook-id"] in known
            known.add(headers["webhook-id"])
        return 409 if is_known else 204

    report = take(conflict)
    assert names(report, Grade.FAILED) == {"duplicate", "slow_repeat"}
    assert "409" in saw(report, "duplicate")


def test_who_looks_at_the_id_before_the_signature_is_found_out() -> None:
    known: set[str] = set()

    def known_first(headers: Headers, body: bytes) -> int:
        if headers["webhook-id"] in known:
            return 204
        if not is_genuine(headers, body):
            return 401
        known.add(headers["webhook-id"])
        return 204

    report = take(known_first)
    assert names(report, Grade.FAILED) == {"tampered_repeat"}


def test_who_stops_working_is_found_out() -> None:
    broken = threading.Event()

    def once_too_often(headers: Headers, body: bytes) -> int:
        if "webhook-signature" not in headers:
            broken.set()
        return 503 if broken.is_set() else right(headers, body)

    report = take(once_too_often)
    assert {"missing_signature", "slow_repeat", "still_working"} <= names(report, Grade.FAILED)


# Who takes no correct event is asked nothing more


@pytest.mark.parametrize(
    ("behaviour", "failed", "what"),
    [
        (lambda _headers, _body: 301, {"correct", "no_redirect"}, "301 to /login"),
        (lambda _headers, _body: 401, {"correct"}, "401"),
        (lambda _headers, _body: 410, {"correct"}, "410 switches the endpoint off"),
    ],
)
def test_who_takes_no_correct_event_is_asked_nothing_more(behaviour: Behaviour, failed: set[str], what: str) -> None:
    report = take(behaviour)
    assert names(report, Grade.FAILED) == failed
    assert names(report, Grade.PASSED) == {"in_time", "no_redirect"} - failed
    assert names(report, Grade.NOT_ASKED) == ALL - {"correct", "in_time", "no_redirect"}
    assert what in saw(report, "correct")


def test_who_hangs_has_not_answered() -> None:
    over = threading.Event()

    def hang(_headers: Headers, _body: bytes) -> int:
        over.wait(60)
        return 204

    try:
        report = take(hang, terms=HASTE)
    finally:
        over.set()
    assert names(report, Grade.FAILED) == {"correct", "in_time"}
    assert saw(report, "correct") == "no answer within 0.5 s, where 2xx is due"


def test_nobody_there() -> None:
    with endpoint(right) as url:
        pass
    report = examine(url, secret=SECRET, terms=TERMS)
    assert names(report, Grade.FAILED) == {"correct", "in_time"}
    assert saw(report, "correct").startswith("no answer: ")


@pytest.mark.parametrize(
    ("seconds", "look"),
    [
        (5.0, ""),
        (5.1, "slowest of 2 answers: 5.10 s; more than 15 s would count as none. Look why."),
    ],
)
def test_who_needs_much_of_the_time_is_told(seconds: float, look: str) -> None:
    in_time, _ = CONDUCT
    with contextlib.closing(Sender("http://127.0.0.1", secret=SECRET, limit_seconds=15)) as sender:
        sender.answers.extend([Answer(status=204, seconds=0.1), Answer(status=204, seconds=seconds)])
        asked = in_time.ask(Desk(sender, terms=Terms(), pause=lambda _: None))
    assert (asked.look, asked.fault) == (look, "")


# Looking inside


class Shop:
    """Answers as it should; what it does with the events is wrong in the ways that are asked for."""

    def __init__(self, *, counts_all: bool = False, applies_all: bool = False, knows_early: bool = False) -> None:
        self._counts_all = counts_all
        self._applies_all = applies_all
        self._knows_early = knows_early
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self.processed: list[str] = []
        self.subjects: dict[str, int] = {}

    def receive(self, headers: Headers, body: bytes) -> int:
        with self._lock:
            is_genuine_now = is_genuine(headers, body)
            is_known = headers["webhook-id"] in self._known
            if is_genuine_now or self._knows_early:
                self._known.add(headers["webhook-id"])
            if is_genuine_now and (not is_known or self._counts_all):
                self._process(json.loads(body))
            return 204 if is_genuine_now else 401

    def _process(self, event: dict[str, Any]) -> None:
        self.processed.append(event["id"])
        subject = event["subject"]
        known = 0 if self._applies_all else self.subjects.get(subject["id"], 0)
        self.subjects[subject["id"]] = max(known, subject["version"])

    def tell(self) -> dict[str, Any]:
        return {"processed": self.processed, "subjects": self.subjects}


@pytest.mark.parametrize(
    ("shop", "failed"),
    [
        (Shop(), set()),
        (Shop(counts_all=True), {"duplicate", "twins", "slow_repeat"}),
        (Shop(applies_all=True), {"reordered"}),
        (Shop(knows_early=True), {"after_forgery"}),
    ],
    ids=["right", "counts duplicates", "applies older versions", "knows ids before it has verified"],
)
def test_with_an_eye_inside_nothing_is_left_to_be_looked_for(shop: Shop, failed: set[str]) -> None:
    with endpoint(shop.receive, seen=shop.tell) as url:
        report = examine(url, secret=SECRET, terms=TERMS, seen_url=url)
    assert names(report, Grade.FAILED) == failed
    assert names(report, Grade.PASSED) == ALL - failed


def test_who_only_acts_as_if_it_took_events_is_found_out() -> None:
    with endpoint(right, seen=lambda: {"processed": []}) as url:
        report = examine(url, secret=SECRET, terms=TERMS, seen_url=url)
    assert {"correct", "large", "twins"} <= names(report, Grade.FAILED)
    assert "but e8a3e8a3" in saw(report, "correct")


def test_versions_that_are_not_told_are_left_to_the_owner() -> None:
    shop = Shop()
    with endpoint(shop.receive, seen=lambda: {"processed": shop.processed}) as url:
        report = examine(url, secret=SECRET, terms=TERMS, seen_url=url)
    assert names(report, Grade.LOOK) == {"reordered"}
    assert names(report, Grade.FAILED) == set()


def test_work_that_is_done_later_is_waited_for() -> None:
    shop = Shop()
    pauses: list[float] = []

    def tell() -> dict[str, Any]:
        return shop.tell() if len(pauses) >= 3 else {"processed": [], "subjects": {}}

    with endpoint(shop.receive, seen=tell) as url:
        terms = Terms(limit_seconds=10, repeat_after_seconds=0, seen_within_seconds=5)
        report = examine(url, secret=SECRET, terms=terms, seen_url=url, pause=pauses.append)
    assert names(report, Grade.PASSED) == ALL
    assert pauses == [0, 0.5, 0.5]


@pytest.mark.parametrize("document", [[], {"processed": "all"}, {"processed": [1]}, {"processed": [], "subjects": []}])
def test_an_eye_that_shows_something_else_is_refused_before_anything_is_sent(document: Any) -> None:
    requests: list[bytes] = []

    def remember(_headers: Headers, body: bytes) -> int:
        requests.append(body)
        return 204

    with endpoint(remember, seen=lambda: document) as url, pytest.raises(SeenUnreadable):
        examine(url, secret=SECRET, terms=TERMS, seen_url=url)
    assert requests == []


def test_what_is_no_secret_sends_nothing() -> None:
    with endpoint(right) as url, pytest.raises(InvalidSecret):
        examine(url, secret="whsec_short", terms=TERMS)


def test_the_forgeries_are_what_they_say() -> None:
    """Rightly signed where only the clock speaks against them, and never so where the signature should."""
    signed_right: dict[str, bool] = {}

    def remember(headers: Headers, body: bytes) -> int:
        given = headers.get("webhook-signature", "")
        stamp = int(headers["webhook-timestamp"])
        own = sign(body, message_id=headers["webhook-id"], timestamp=stamp, secrets=[SECRET])
        if right(headers, body) != 204:
            away = round((stamp - time.time()) / 60)
            signed_right[f"{away:+}"] = own in given.split()
        return right(headers, body)

    take(remember)
    assert signed_right == {"-10": True, "+10": True, "+0": False}

"""What nobody who knows the secret has sent, or not now."""

from typing import Final

from events.webhooks.exam.desk import Asked, Desk, Question, fault_of_believing, fault_of_refusing, refused
from events.webhooks.exam.papers import NOTICE, ExamEvent
from events.webhooks.exam.seen import Expected
from events.webhooks.signing import TOLERANCE_SECONDS, new_secret

AWAY_SECONDS: Final = 2 * TOLERANCE_SECONDS
"""Twice what is tolerated, so that clocks that differ a little are no matter."""

_VERIFY: Final = "Verify every request, before anything else, and answer 4xx to what does not fit."
_TOLERATE: Final = f"After the signature compare `webhook-timestamp` with your clock: {TOLERANCE_SECONDS} s either way."


def _bad_signature(desk: Desk) -> Asked:
    event = desk.papers.event()
    return refused(desk.sender.send(event, secrets=[new_secret()]), event=event)


def _missing_signature(desk: Desk) -> Asked:
    event = desk.papers.event()
    return refused(desk.sender.send(event, is_signed=False), event=event)


def _changed_body(desk: Desk) -> Asked:
    event = desk.papers.event()
    return refused(desk.sender.send(event, body=_changed(event)), event=event)


def _tampered_repeat(desk: Desk) -> Asked:
    event = desk.papers.event()
    genuine = desk.sender.send(event)
    forged = desk.sender.send(event, body=_changed(event))
    return Asked(
        saw=f"{genuine}; {forged}",
        fault=fault_of_refusing(genuine) or fault_of_believing(forged),
        expected=Expected(once=(event.id,)),
    )


def _changed(event: ExamEvent) -> bytes:
    """Still a proper event, so that nothing but the signature speaks against it."""
    return event.body.replace(NOTICE.encode(), b"changed after signing")


def _stale(desk: Desk) -> Asked:
    event = desk.papers.event()
    return refused(desk.sender.send(event, age_seconds=AWAY_SECONDS), event=event)


def _future(desk: Desk) -> Asked:
    event = desk.papers.event()
    return refused(desk.sender.send(event, age_seconds=-AWAY_SECONDS), event=event)


def _after_forgery(desk: Desk) -> Asked:
    event = desk.papers.event()
    forged = desk.sender.send(event, secrets=[new_secret()])
    genuine = desk.sender.send(event)
    return Asked(
        saw=f"{forged}; {genuine}",
        fault=fault_of_believing(forged) or fault_of_refusing(genuine),
        look=f"A forged request came first under the id of a genuine one: look that event {event.id} took effect.",
        expected=Expected(once=(event.id,)),
    )


FORGED: Final = (
    Question(
        name="bad_signature",
        title="Signed with another secret",
        why="Anybody who learns the address can send requests to it.",
        remedy=_VERIFY,
        ask=_bad_signature,
    ),
    Question(
        name="missing_signature",
        title="Not signed at all",
        why="A check that is skipped when the header is missing checks nothing.",
        remedy=_VERIFY,
        ask=_missing_signature,
    ),
    Question(
        name="changed_body",
        title="A body changed after signing",
        why="A signature that is right for one body must not carry another.",
        remedy="Compute the HMAC over the id, the timestamp and the raw body, and compare in constant time.",
        ask=_changed_body,
    ),
    Question(
        name="tampered_repeat",
        title="A changed body under an id you know",
        why="Who knows an id must not be believed for it, nor be able to replace what came under it.",
        remedy="Verify first, deduplicate afterwards.",
        ask=_tampered_repeat,
    ),
    Question(
        name="stale_timestamp",
        title=f"Signed {AWAY_SECONDS // 60} minutes ago",
        why="A recorded request could be sent again whenever somebody likes.",
        remedy=_TOLERATE,
        ask=_stale,
    ),
    Question(
        name="future_timestamp",
        title=f"Signed {AWAY_SECONDS // 60} minutes ahead",
        why="A timestamp of the future would keep a recorded request good until then.",
        remedy=f"{_TOLERATE} Is your clock right?",
        ask=_future,
    ),
    Question(
        name="after_forgery",
        title="A genuine event after a forged one of its id",
        why="Who remembers the ids of forged requests lets strangers suppress real events.",
        remedy="Verify first, deduplicate afterwards.",
        ask=_after_forgery,
    ),
)

"""Right events at the wrong moment: twice, at once, in the wrong order, long after."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from events.webhooks.exam.desk import Asked, Desk, Question, fault_of_refusing
from events.webhooks.exam.seen import Expected
from events.webhooks.exam.sending import Answer

TWINS: Final = 4
LATER: Final = frozenset({409, 425, 429, 503})
"""By these a receiver may ask for one of several twins again: the platform does come again."""


def _duplicate(desk: Desk) -> Asked:
    event = desk.papers.event()
    answers = [desk.sender.send(event), desk.sender.send(event)]
    return _once(event.id, answers, fault=fault_of_refusing(*answers))


def _twins(desk: Desk) -> Asked:
    event = desk.papers.event()
    with ThreadPoolExecutor(TWINS) as threads:
        answers = list(threads.map(lambda _: desk.sender.send(event), range(TWINS)))
    refusals = [answer for answer in answers if not answer.is_good]
    asked_again = len(refusals) < TWINS and all(answer.status in LATER for answer in refusals)
    return _once(event.id, answers, fault="" if asked_again else fault_of_refusing(*refusals))


def _reordered(desk: Desk) -> Asked:
    created = desk.papers.event(version=1)
    second = desk.papers.event(subject_id=created.subject_id, version=2)
    third = desk.papers.event(subject_id=created.subject_id, version=3)
    answers = [desk.sender.send(event) for event in (created, third, second)]
    return Asked(
        saw=_all(answers),
        fault=fault_of_refusing(*answers),
        look=f"Subject {created.subject_id} was told of versions 1, 3 and 2 in this order: look that it stands at 3.",
        expected=Expected(taken=(created.id, third.id), versions={created.subject_id: 3}),
    )


def _slow_repeat(desk: Desk) -> Asked:
    """The very first event again; the signature is new, as that of every attempt is."""
    waited = desk.clock() - desk.began_at
    desk.pause(max(0.0, desk.terms.repeat_after_seconds - waited))
    answer = desk.sender.send(desk.first)
    return _once(desk.first.id, [answer], fault=fault_of_refusing(answer))


def _once(event_id: str, answers: list[Answer], *, fault: str) -> Asked:
    return Asked(
        saw=_all(answers),
        fault=fault,
        look=f"Look that event {event_id} took effect once.",
        expected=Expected(once=(event_id,)),
    )


def _all(answers: list[Answer]) -> str:
    return "; ".join(map(str, answers))


REPEATED: Final = (
    Question(
        name="duplicate",
        title="The same event again",
        why="When your answer is lost on its way, the event comes again under the same id.",
        remedy="Keep the `webhook-id` in a unique column, written with the effect; answer 2xx to known ones.",
        ask=_duplicate,
    ),
    Question(
        name="twins",
        title=f"The same event {TWINS} times at once",
        why="A worker that is slow, and another that takes over, may send at the same moment.",
        remedy="Let a unique constraint decide, not a look before the insert; answer 2xx (or 409, 503) to the losers.",
        ask=_twins,
    ),
    Question(
        name="reordered",
        title="Version 3 before version 2",
        why="A dead letter that is sent again comes after events that are newer than it.",
        remedy="Keep the highest `subject.version` of each subject; answer 2xx to an older one, and do not apply it.",
        ask=_reordered,
    ),
)

SLOW_REPEAT: Final = Question(
    name="slow_repeat",
    title="The first event once more, long after",
    why="Attempts go on for days, each with a new timestamp and signature; the id stays.",
    remedy="Remember ids for a week at least; never deduplicate by timestamp or signature.",
    ask=_slow_repeat,
)

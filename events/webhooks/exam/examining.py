"""The exam from its first request to its report."""

import contextlib
import threading
from collections.abc import Callable

from events.webhooks.exam.desk import Asked, Desk, Question, Terms
from events.webhooks.exam.questions import QUESTIONS
from events.webhooks.exam.report import Grade, Line, Report
from events.webhooks.exam.seen import Seen, look_at, look_until
from events.webhooks.exam.sending import Sender


def _in_silence(_text: str) -> None:
    pass


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def examine(
    url: str,
    *,
    secret: str,
    terms: Terms,
    seen_url: str | None = None,
    pause: Callable[[float], None] = _wait,
    tell: Callable[[str], None] = _in_silence,
) -> Report:
    """Ask everything, then mark it. `tell` hears what is being asked.

    Raises InvalidSecret, and SeenUnreadable before anything is sent.
    """
    if seen_url:
        look_at(seen_url)
    with contextlib.closing(Sender(url, secret=secret, limit_seconds=terms.limit_seconds)) as sender:
        desk = Desk(sender, terms=terms, pause=pause)
        asked = _ask_all(desk, tell=tell)
    seen = _look(seen_url, asked, terms=terms, pause=pause) if seen_url else None
    return Report(url=url, lines=[_mark(question, asked.get(question.name), seen=seen) for question in QUESTIONS])


def _ask_all(desk: Desk, *, tell: Callable[[str], None]) -> dict[str, Asked]:
    """By name. An endpoint that does not take a correct event would refuse forged ones for the wrong reason."""
    first, *others = QUESTIONS
    tell(first.title)
    asked = {first.name: first.ask(desk)}
    for question in others:
        if question.looks_back or not asked[first.name].fault:
            tell(question.title)
            asked[question.name] = question.ask(desk)
    return asked


def _look(url: str, asked: dict[str, Asked], *, terms: Terms, pause: Callable[[float], None]) -> Seen:
    expectations = [answer.expected for answer in asked.values() if not answer.fault]
    return look_until(
        url,
        expected=lambda seen: not any(expected.is_awaited_in(seen) for expected in expectations),
        within_seconds=terms.seen_within_seconds,
        pause=pause,
    )


def _mark(question: Question, asked: Asked | None, *, seen: Seen | None) -> Line:
    grade, saw = _grade(asked, seen=seen)
    return Line(
        name=question.name, title=question.title, why=question.why, remedy=question.remedy, grade=grade, saw=saw
    )


def _grade(asked: Asked | None, *, seen: Seen | None) -> tuple[Grade, str]:
    if asked is None:
        return Grade.NOT_ASKED, "the first question decides whether the others make sense"
    if asked.fault:
        return Grade.FAILED, asked.fault
    if seen is not None and (complaint := asked.expected.complaint(seen)):
        return Grade.FAILED, f"answered {asked.saw}, but {complaint}"
    if asked.look and not asked.expected.can_be_judged_by(seen):
        return Grade.LOOK, asked.look
    return Grade.PASSED, asked.saw

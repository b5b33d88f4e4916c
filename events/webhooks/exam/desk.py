"""What a question works with, and what it hands in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from events.webhooks.exam.papers import ExamEvent, Papers
from events.webhooks.exam.seen import Expected
from events.webhooks.exam.sending import Answer, Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Seconds. The limit is the platform's own; who needs more than a third of it is told."""

    limit_seconds: float = 15.0
    repeat_after_seconds: float = 20.0
    seen_within_seconds: float = 10.0


QUICK = Terms(limit_seconds=5.0, repeat_after_seconds=1.0, seen_within_seconds=3.0)


class Desk:
    """`first` is the event of the first question; it comes once more long after."""

    def __init__(
        self,
        sender: Sender,
        *,
        terms: Terms,
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sender = sender
        self.terms = terms
        self.pause = pause
        self.clock = clock
        self.papers = Papers()
        self.first = self.papers.event()
        self.began_at = clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`saw` is what came back, `fault` why that is wrong (or empty), `look` what only the receiver's owner can see."""

    saw: str
    fault: str = ""
    look: str = ""
    expected: Expected = field(default_factory=Expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`why` it happens in life, and the `remedy` for who gets it wrong. One that `looks_back` sends nothing."""

    name: str
    title: str
    why: str
    remedy: str
    ask: Callable[[Desk], Asked]
    looks_back: bool = False


def fault_of_refusing(*answers: Answer) -> str:
    """Empty when each answer takes the event: anything but 2xx is a failure to the platform, which sends again."""
    for answer in answers:
        if answer.status == 410:
            return f"{answer}: 410 switches the endpoint off"
        if not answer.is_good:
            return f"{answer}, where 2xx is due"
    return ""


def fault_of_believing(answer: Answer) -> str:
    """Empty when the answer refuses the request."""
    return "" if answer.is_refusal else f"{answer}, where 4xx is due"


def taken(answer: Answer, *, event: ExamEvent) -> Asked:
    """A single good event."""
    return Asked(saw=str(answer), fault=fault_of_refusing(answer), expected=Expected(taken=(event.id,)))


def refused(answer: Answer, *, event: ExamEvent) -> Asked:
    """A single request that is not to be believed."""
    return Asked(saw=str(answer), fault=fault_of_believing(answer), expected=Expected(never=(event.id,)))

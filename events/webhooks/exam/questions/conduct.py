"""How the endpoint behaved in all of it."""

from typing import Final

from events.webhooks.exam.desk import Asked, Desk, Question, taken


def _still_working(desk: Desk) -> Asked:
    event = desk.papers.event()
    return taken(desk.sender.send(event), event=event)


def _in_time(desk: Desk) -> Asked:
    limit = desk.terms.limit_seconds
    slowest = max(answer.seconds for answer in desk.sender.answers)
    lost = sum(answer.status is None for answer in desk.sender.answers)
    saw = f"slowest of {len(desk.sender.answers)} answers: {slowest:.2f} s"
    slow = f"{saw}; more than {limit:g} s would count as none. Look why." if slowest > limit / 3 else ""
    return Asked(
        saw=saw, fault=f"{lost} of {len(desk.sender.answers)} requests got no answer" if lost else "", look=slow
    )


def _no_redirect(desk: Desk) -> Asked:
    redirects = [answer for answer in desk.sender.answers if answer.is_redirect]
    return Asked(saw="none", fault=f"{len(redirects)} redirects, such as {redirects[0]}" if redirects else "")


STILL_WORKING: Final = Question(
    name="still_working",
    title="A correct event after all this",
    why="Nothing that a stranger sends may bring the endpoint to its knees.",
    remedy="Look for a process that ended, a lock or a connection that was kept.",
    ask=_still_working,
)

CONDUCT: Final = (
    Question(
        name="in_time",
        title="Answers in time",
        why="An answer that comes too late is none: the event is sent again.",
        remedy="Store the event and answer; do the work afterwards.",
        ask=_in_time,
        looks_back=True,
    ),
    Question(
        name="no_redirect",
        title="No redirects",
        why="Redirects are not followed: a request for one address must not be sent to another.",
        remedy="Register the final address: https, with or without the slash, not behind a login page.",
        ask=_no_redirect,
        looks_back=True,
    ),
)

"""How much a worker takes at once, and what becomes of it."""

import asyncio
import threading
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.services.deliveries import give_back
from events.tests.receivers import PATIENCE_SECONDS, Visit, receiver
from events.tests.webhooks import happen, make_endpoint, states
from events.webhooks import claiming, sending
from events.webhooks.claiming import claim_due
from events.webhooks.lines import AT_ONCE, MOST_HELD, Line, Lines
from events.webhooks.posting import Answer
from events.webhooks.sending import Sender


def line_after(*answers: Answer, held: int = 0) -> Line:
    line = Line(held=held + len(answers))
    for answer in answers:
        line.note(answer)
    return line


def answered(*, after_seconds: float) -> Answer:
    return Answer(status=200, duration_seconds=after_seconds)


FAILED = Answer(status=503)


@pytest.mark.parametrize(
    ("line", "room"),
    [
        pytest.param(Line(), 10, id="nothing known: what may be under way"),
        pytest.param(line_after(answered(after_seconds=0.001)), MOST_HELD, id="quick: as much as may be held"),
        pytest.param(line_after(answered(after_seconds=0.25)), 40, id="a second's work"),
        pytest.param(line_after(answered(after_seconds=5)), 10, id="slow: what may be under way"),
        pytest.param(line_after(answered(after_seconds=0.001), FAILED), 10, id="fails: nothing is known again"),
        pytest.param(line_after(answered(after_seconds=0.25), held=21), 0, id="more than half of it left"),
        pytest.param(line_after(answered(after_seconds=0.25), held=20), 20, id="half of it gone"),
    ],
)
def test_room_follows_how_quickly_it_answers(line: Line, room: int) -> None:
    assert line.room(at_once=10) == room


def test_requests_of_all_lines_together_are_limited() -> None:
    lines = Lines()
    one, other = lines.to(uuid4()), lines.to(uuid4())
    one.held, one.at_once = 100, 30
    other.held, other.at_once = 3, 30
    assert (lines.requests, lines.held) == (33, 103)


def test_turns_come_in_order_and_end_when_the_line_is_broken_up() -> None:
    async def story() -> tuple[bool, list[bool], bool]:
        line = Line(at_once=1)
        first = await line.turn()
        others = [asyncio.create_task(line.turn()) for _ in range(3)]
        await asyncio.sleep(0)
        line.leave()
        await others[0]
        line.break_up()
        told = [await other for other in others]
        line.leave()
        return first, told, await line.turn()

    assert asyncio.run(story()) == (True, [True, False, False], True)


@pytest.mark.django_db
def test_no_more_requests_are_under_way_than_an_endpoint_wants(sender: Sender, settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 2
    pair, counting, together, most = threading.Barrier(2), threading.Lock(), 0, 0

    def wait_for_the_other(visit: Visit) -> None:
        nonlocal together, most
        with counting:
            together += 1
            most = max(most, together)
        pair.wait(PATIENCE_SECONDS)
        with counting:
            together -= 1
        visit.answer()

    with receiver(wait_for_the_other) as there:
        endpoint = make_endpoint(there.url)
        for _ in range(30):
            happen()
        assert sender.run() == 30
    assert states(endpoint) == [("delivered", 1)] * 30
    assert most == 2


@pytest.mark.django_db
def test_what_waits_in_line_for_one_that_fails_is_given_back_untouched(sender: Sender, settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 1
    answers = iter([200, 503, 200, 200, 200])
    with receiver(lambda visit: visit.answer(next(answers))) as there:
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
        for _ in range(4):
            happen()
        assert sender.run() == 4
    assert states(endpoint) == [("delivered", 1), ("pending", 1), *[("delivered", 1)] * 3]


@pytest.mark.django_db
def test_what_could_not_be_claimed_whole_holds_up_nothing(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        happen()
        with patch.object(claiming, "_visible", side_effect=OperationalError), pytest.raises(OperationalError):
            sender.run()
        endpoint.deliveries.update(leased_until=timezone.now())
        assert sender.run() == 1
    assert states(endpoint) == [("delivered", 2)]


@pytest.mark.django_db
def test_what_has_waited_in_line_for_too_long_is_claimed_anew(sender: Sender) -> None:
    """At the end of its lease another worker may have it."""
    with receiver() as there, patch.object(sending, "_lease_seconds", side_effect=[0.0, 45.0]) as looked:
        endpoint = make_endpoint(there.url)
        happen()
        assert sender.run() == 1
    assert (looked.call_count, len(there.received)) == (2, 1)
    assert states(endpoint) == [("delivered", 1)]


@pytest.mark.django_db
def test_a_worker_that_is_to_stop_gives_back_what_waits_in_line(sender: Sender, settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 1
    is_stopping = False

    def stop_at_the_second(visit: Visit) -> None:
        nonlocal is_stopping
        is_stopping = len(there.received) == 2
        if is_stopping:
            sender.run()  # somebody else's word makes it look up
            is_broken_up.wait(PATIENCE_SECONDS)
        visit.answer()

    is_broken_up = threading.Event()
    sender._should_stop = lambda: is_stopping
    original = sender._network.break_up

    def break_up(line: Line) -> None:
        original(line)
        is_broken_up.set()

    with receiver(stop_at_the_second) as there, patch.object(sender._network, "break_up", break_up):
        endpoint = make_endpoint(there.url)
        happen()
        sender.run()
        for _ in range(5):
            happen()
        assert sender.run() == 1
    assert sorted(states(endpoint)) == [*[("delivered", 1)] * 2, *[("pending", 0)] * 4]


@pytest.mark.django_db
def test_nobody_waits_because_others_never_cease(settings: Any) -> None:
    settings.WEBHOOK_CONCURRENCY = 10
    lines = Lines()
    for endpoint in [make_endpoint() for _ in range(AT_ONCE // 10)]:
        lines.to(endpoint.id).held = lines.to(endpoint.id).at_once = 10
    late = make_endpoint(event_types=["order.paid"])
    happen("order.paid")
    assert [held.endpoint for held in claim_due(lines) if held.endpoint == late] == [late]


@pytest.mark.django_db
def test_what_another_worker_has_claimed_since_is_not_given_back() -> None:
    endpoint = make_endpoint()
    happen()
    (held,) = claim_due(Lines())
    endpoint.deliveries.update(leased_until=timezone.now() - timedelta(seconds=1))
    (theirs,) = claim_due(Lines())
    give_back([held.delivery])
    delivery = endpoint.deliveries.get()
    assert (delivery.attempts, delivery.leased_until) == (2, theirs.delivery.leased_until)
    give_back([theirs.delivery])
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.leased_until) == (1, None)


@pytest.mark.django_db
def test_who_answers_quickly_is_not_asked_for_again_at_each_answer(sender: Sender) -> None:
    with receiver() as there:
        endpoint = make_endpoint(there.url)
        for _ in range(MOST_HELD):
            happen()
        with CaptureQueriesContext(connection) as asked:
            assert sender.run() == MOST_HELD
    assert states(endpoint) == [("delivered", 1)] * MOST_HELD
    assert len([query for query in asked if "FOR NO KEY UPDATE" in query["sql"]]) < MOST_HELD / 10

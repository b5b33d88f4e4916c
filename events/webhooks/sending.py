"""Sending what is due to webhook endpoints: claim, have it sent, record what came of it, and look again."""

import atexit
import logging
import queue
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Final

from celery.worker import state as worker_state
from django.conf import settings
from django.utils import timezone

from api.waking import wake
from events.services.deliveries import give_back
from events.webhooks.addresses import address_policy
from events.webhooks.claiming import Claim, claim_due
from events.webhooks.disabling import bury_undeliverable
from events.webhooks.lines import Line, Lines
from events.webhooks.messages import request_for
from events.webhooks.network import LoopThread, Network
from events.webhooks.posting import Answer
from events.webhooks.recording import Outcome, record

logger = logging.getLogger(__name__)

TASK: Final = "events.send_webhooks"
RUN_SECONDS: Final = 60.0
TICK_SECONDS: Final = 1.0


def send_due() -> int:
    """The task of a worker; returns how many attempts it has recorded."""
    return _sender().run()


@cache
def _sender() -> "Sender":
    network = LoopThread(policy=address_policy())
    atexit.register(network.close)
    return Sender(network=network, should_stop=_is_worker_stopping)


def _is_worker_stopping() -> bool:
    return any(flag is not None for flag in (worker_state.should_stop, worker_state.should_terminate))


class Sender:
    """One for each process. Of the tasks that want to send, one does; the others only make it look again, so that none
    of them waits behind a receiver that hangs, and what is due is asked for once.

    Requests wait in the network's own thread, without a transaction; what comes of them waits in the inbox. Both
    outlive a run of the task, and another run goes on with them.
    """

    def __init__(self, *, network: Network, should_stop: Callable[[], bool] = lambda: False) -> None:
        self._network = network
        self._should_stop = should_stop
        self._inbox: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._lines = Lines()

    def run(self) -> int:
        """Puts a word into the inbox before it asks for the turn, and looks into it after it has given the turn back:
        so somebody always sees it. Returns how many attempts were recorded."""
        self._inbox.put(None)
        recorded, is_over = 0, False
        while not is_over and not self._inbox.empty() and self._turn.acquire(blocking=False):
            try:
                more, is_over = self._work(until=time.monotonic() + RUN_SECONDS)
                recorded += more
            finally:
                self._turn.release()
        return recorded

    def _work(self, *, until: float) -> tuple[int, bool]:
        """Until nothing is due or under way any more, or a successor is called to go on with it.

        Answers are recorded before it looks for what is due: they make room at their endpoints, and the next event of
        a subject is due when the one before it has been delivered.

        A worker that is to stop claims nothing any more, gives back what waits in line, and waits for its answers,
        which no successor would get.
        Returns how many attempts were recorded, and whether a successor was called.
        """
        bury_undeliverable()
        recorded = 0
        while True:
            recorded += self._record(self._outcomes())
            is_stopping = self._should_stop()
            if is_stopping:
                self._break_up_lines()
            else:
                self._send(claim_due(self._lines))
            if not self._lines.held and (is_stopping or self._inbox.empty()):
                return recorded, False
            if time.monotonic() > until and not is_stopping:
                wake(TASK)
                return recorded, True

    def _outcomes(self) -> list[Outcome]:
        """What has come since the last look; waits a little for the first while there is something to wait for."""
        found: list[Outcome | None] = []
        with suppress(queue.Empty):
            found.append(self._inbox.get(block=self._lines.held > 0, timeout=TICK_SECONDS))
            while True:
                found.append(self._inbox.get_nowait())
        return [outcome for outcome in found if outcome is not None]

    def _record(self, outcomes: list[Outcome]) -> int:
        """Returns how many attempts there were."""
        for outcome in outcomes:
            self._lines.to(outcome.claim.endpoint.id).note(outcome.answer)
        sent = [outcome for outcome in outcomes if outcome.answer.was_sent]
        record(sent)
        give_back([outcome.claim.delivery for outcome in outcomes if not outcome.answer.was_sent])
        return len(sent)

    def _break_up_lines(self) -> None:
        for line in self._lines:
            self._network.break_up(line)

    def _send(self, claims: list[Claim]) -> None:
        for claim in claims:
            line = self._lines.to(claim.endpoint.id)
            line.held += 1
            _send_one(claim, line=line, network=self._network, inbox=self._inbox)


def _send_one(claim: Claim, *, line: Line, network: Network, inbox: "queue.SimpleQueue[Outcome | None]") -> None:
    try:
        request = request_for(claim.delivery, endpoint=claim.endpoint, now=timezone.now())
    except Exception:
        logger.exception("no request could be made of delivery %s", claim.delivery.id)
        answer = Answer(error="the request could not be made")
        inbox.put(Outcome(claim=claim, ended_at=timezone.now(), request_body=b"", answer=answer))
        return

    def hand_in(future: "Future[Answer]") -> None:
        answer = _answer_in(future)
        inbox.put(Outcome(claim=claim, ended_at=timezone.now(), request_body=request.body, answer=answer))

    timeout_seconds = settings.WEBHOOK_TIMEOUT_SECONDS
    network.send(
        request,
        line=line,
        start_within_seconds=_lease_seconds(claim) - timeout_seconds,
        deadline_seconds=timeout_seconds,
    ).add_done_callback(hand_in)


def _lease_seconds(claim: Claim) -> float:
    """What is left of it."""
    assert claim.delivery.leased_until is not None
    return (claim.delivery.leased_until - timezone.now()).total_seconds()


def _answer_in(future: "Future[Answer]") -> Answer:
    if future.cancelled():
        return Answer(error="given up at the end of the process")
    error = future.exception()
    if error is None:
        return future.result()
    # Without its own words, which may name the address.
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("a webhook request failed in a way nobody expected: %s\n%s", type(error).__name__, where)
    return Answer(error=type(error).__name__)

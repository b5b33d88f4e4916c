"""Sending what is due to webhook endpoints: claim, have it sent, record what came of it, and look again."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Final

from celery.worker import state as worker_state
from django.conf import settings
from django.utils import timezone

from api.waking import wake
from events.webhooks.addresses import address_policy
from events.webhooks.claiming import Claim, claim_due
from events.webhooks.disabling import bury_undeliverable
from events.webhooks.messages import request_for
from events.webhooks.network import LoopThread, Network
from events.webhooks.posting import Answer
from events.webhooks.recording import Outcome, record

logger = logging.getLogger(__name__)

TASK: Final = "events.send_webhooks"
AT_ONCE: Final = 200
"""Of one process, for all endpoints together."""
RUN_SECONDS: Final = 60.0
TICK_SECONDS: Final = 1.0


def send_due() -> int:
    """The task of a worker; returns how many attempts it has recorded."""
    return _sender().run()


@cache
def _sender() -> "Sender":
    return Sender(network=LoopThread(policy=address_policy()), should_stop=_is_worker_stopping)


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
        self._under_way = 0

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

        What is due goes out before answers are recorded: it may be for somebody who waits for nothing else. Answers
        make room at their endpoints, so it looks again at once when it has recorded some.

        A worker that is to stop claims nothing any more and waits for its answers, which no successor would get.
        Returns how many attempts were recorded, and whether a successor was called.
        """
        bury_undeliverable()
        recorded = 0
        outcomes: list[Outcome] = []
        while True:
            outcomes = self._outcomes(wait=not outcomes)
            is_stopping = self._should_stop()
            if not is_stopping:
                self._send(claim_due(limit=AT_ONCE - self._under_way))
            record(outcomes)
            recorded += len(outcomes)
            is_idle = not self._under_way and not outcomes
            if is_idle and (is_stopping or self._inbox.empty()):
                return recorded, False
            if time.monotonic() > until and not is_stopping:
                wake(TASK)
                return recorded, True

    def _outcomes(self, *, wait: bool) -> list[Outcome]:
        """What has come since the last look; waits a little for the first while requests are under way."""
        found: list[Outcome | None] = []
        with suppress(queue.Empty):
            found.append(self._inbox.get(block=wait and bool(self._under_way), timeout=TICK_SECONDS))
            while True:
                found.append(self._inbox.get_nowait())
        outcomes = [outcome for outcome in found if outcome is not None]
        self._under_way -= len(outcomes)
        return outcomes

    def _send(self, claims: list[Claim]) -> None:
        for claim in claims:
            self._under_way += 1
            _send_one(claim, network=self._network, inbox=self._inbox)


def _send_one(claim: Claim, *, network: Network, inbox: "queue.SimpleQueue[Outcome | None]") -> None:
    started_at = timezone.now()
    try:
        request = request_for(claim.delivery, endpoint=claim.endpoint, now=started_at)
    except Exception:
        logger.exception("no request could be made of delivery %s", claim.delivery.id)
        answer = Answer(error="the request could not be made")
        inbox.put(Outcome(claim=claim, started_at=started_at, request_body=b"", answer=answer))
        return

    def hand_in(future: "Future[Answer]") -> None:
        inbox.put(Outcome(claim=claim, started_at=started_at, request_body=request.body, answer=_answer_in(future)))

    network.send(request, deadline_seconds=settings.WEBHOOK_TIMEOUT_SECONDS).add_done_callback(hand_in)


def _answer_in(future: "Future[Answer]") -> Answer:
    if future.cancelled():
        return Answer(error="given up at the end of the process")
    error = future.exception()
    if error is None:
        return future.result()
    logger.error("a webhook request failed in a way nobody expected", exc_info=error)
    return Answer(error=type(error).__name__)

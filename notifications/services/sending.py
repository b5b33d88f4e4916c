"""Handing over what is due, outside of any transaction, and never twice.

A row is claimed, composed while it is still pending, and marked as being sent immediately before it is handed over. Who
dies before that mark is followed by another worker. Who dies after it leaves a row of which nobody can know whether it
went out: that one becomes uncertain, and staff decide.
"""

import logging
from collections.abc import Iterable
from typing import Final, Self

from api.log_context import bind_log, log_scope
from api.request_ids import request_context
from api.waking import wake
from notifications.channels.base import ChannelUnavailable, NotAccepted, Outlet, Text
from notifications.channels.email import EmailOutlet
from notifications.channels.sms import SmsOutlet
from notifications.composing import compose
from notifications.kinds import Channel
from notifications.models import Notification
from notifications.services import claiming
from notifications.services.announcing import TASK
from notifications.staleness import reason_to_skip

logger = logging.getLogger(__name__)

BATCH: Final = 20
# A worker that is to stop finishes its run first.
BATCHES_PER_RUN: Final = 5


def send_due() -> int:
    """Hand over what is due; returns how many messages went out. Any number may run at once.

    A channel that is down ends the run: what has not been tried stays due for the next sweep.
    """
    claiming.give_up_abandoned()
    sent = 0
    for _ in range(BATCHES_PER_RUN):
        claimed = claiming.claim_due(limit=BATCH)
        if not claimed:
            return sent
        with Round() as round_:
            sent += round_.send_all(claimed)
            if round_.down:
                return sent
    wake(TASK)
    return sent


class Round:
    """The outlets for one batch, and which of them nobody needs to try again."""

    def __init__(self) -> None:
        self._outlets: dict[str, Outlet] = {Channel.EMAIL: EmailOutlet(), Channel.SMS: SmsOutlet()}
        self.down: dict[str, ChannelUnavailable] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for outlet in self._outlets.values():
            outlet.close()

    def send_all(self, claimed: Iterable[Notification]) -> int:
        sent = 0
        for notification in claimed:
            with request_context(trace_id=notification.correlation_id), log_scope():
                bind_log(order=notification.order_id)
                sent += self._send(notification)
        return sent

    def _send(self, notification: Notification) -> bool:
        notification.attempts += 1
        try:
            reason = reason_to_skip(notification)
            text = None if reason else compose(notification)
        except Exception as error:
            logger.exception("notification %s cannot be composed", notification.id)
            claiming.failed(notification, reason=claiming.told(error))
            return False
        if text is None:
            claiming.skipped(notification, reason=reason)
            return False
        try:
            outlet = self._opened(notification.channel)
        except ChannelUnavailable as error:
            claiming.not_sent(notification, error)
            return False
        return claiming.begin(notification) and _hand_over(notification, text, outlet=outlet)

    def _opened(self, channel: str) -> Outlet:
        """Raises ChannelUnavailable, without asking again once it was."""
        if channel in self.down:
            raise self.down[channel]
        outlet = self._outlets[channel]
        try:
            outlet.open()
        except ChannelUnavailable as error:
            self.down[channel] = error
            raise
        return outlet


def _hand_over(notification: Notification, text: Text, *, outlet: Outlet) -> bool:
    try:
        outlet.send(text)
    except NotAccepted as error:
        claiming.not_sent(notification, error)
        return False
    except Exception as error:  # noqa: BLE001 - whatever it is, it leaves open whether the message was taken
        claiming.uncertain(notification, error)
        return False
    claiming.sent(notification)
    return True

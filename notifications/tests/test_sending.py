"""What becomes of a message when it is handed over, and when that goes wrong."""

import logging
from datetime import timedelta
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import timezone

from notifications.channels.base import NotAccepted, Refused
from notifications.channels.email import EmailOutlet
from notifications.channels.sms import Sms, SmsProvider
from notifications.composing import message_id
from notifications.kinds import Channel, Kind
from notifications.models import Notification, State
from notifications.services import claiming
from notifications.services.claiming import ABANDONED, RETRY_AFTER_SECONDS, claim_due
from notifications.services.repeating import send_again
from notifications.services.sending import send_due
from notifications.tests.factories import ADA, make_notification, make_told, recorded_sms, state_of
from notifications.tests.mail_server import END_OF_DATA, GREETING, HANG_UP, MailServer

pytestmark = pytest.mark.django_db


def outcome(notification: Notification) -> tuple[str, int, str]:
    row = Notification.objects.get(pk=notification.pk)
    return row.state, row.attempts, row.error


def make_due_again() -> None:
    """As if its pause were over."""
    Notification.objects.filter(state=State.PENDING).update(next_attempt_at=timezone.now())


def test_a_message_is_handed_to_the_mail_server_once(mail_server: MailServer) -> None:
    notification = make_told()

    assert [send_due(), send_due()] == [1, 0]

    (message,) = mail_server.taken
    assert (message["To"], message["Message-ID"]) == (ADA, message_id(notification))
    assert outcome(notification) == ("sent", 1, "")
    row = Notification.objects.get()
    assert row.sent_at is not None
    assert row.leased_until is None


def test_a_batch_goes_over_one_connection(mail_server: MailServer) -> None:
    for _ in range(5):
        make_notification(Kind.REFUNDED, data={"amount": "1.00", "currency": "EUR"})

    assert send_due() == 5
    assert (len(mail_server.taken), mail_server.connections) == (5, 1)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", END_OF_DATA])
def test_what_the_server_puts_off_is_tried_again(mail_server: MailServer, command: str) -> None:
    notification = make_told()
    mail_server.answers(command, "451 4.3.0 later")

    assert send_due() == 0
    assert outcome(notification) == ("pending", 1, "451 4.3.0 later")
    assert send_due() == 0, "its pause is not over"
    make_due_again()
    assert send_due() == 1
    assert outcome(notification) == ("sent", 2, "")
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", END_OF_DATA])
def test_what_the_server_refuses_is_not_tried_again(mail_server: MailServer, command: str) -> None:
    notification = make_told()
    mail_server.answers(command, "550 5.1.1 nobody of that name")

    assert send_due() == 0
    assert outcome(notification) == ("failed", 1, "550 5.1.1 nobody of that name")
    assert mail_server.taken == []


def test_a_server_that_hangs_up_after_the_message_leaves_it_uncertain(mail_server: MailServer) -> None:
    """It has taken it, as it happens; it might as well not have."""
    notification = make_told()
    mail_server.answers(END_OF_DATA, HANG_UP)

    assert send_due() == 0
    assert outcome(notification) == (
        "uncertain", 1, "SMTPServerDisconnected: Connection unexpectedly closed",
    )  # fmt: skip
    make_due_again()
    assert send_due() == 0
    assert len(mail_server.taken) == 1


def test_a_server_that_is_not_there_costs_one_attempt_each_and_ends_the_run(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    rows = [make_notification(Kind.REFUNDED, data={"amount": "1.00", "currency": "EUR"}) for _ in range(3)]

    with patch("notifications.services.sending.BATCH", 2):
        assert send_due() == 0

    assert [outcome(row)[:2] for row in rows] == [("pending", 1), ("pending", 1), ("pending", 0)]
    assert outcome(rows[0])[2] == "ConnectionRefusedError: [Errno 111] Connection refused"


def test_a_server_that_does_not_greet_is_one_that_is_not_there(mail_server: MailServer) -> None:
    notification = make_told()
    mail_server.answers(GREETING, "554 no service")

    assert send_due() == 0
    assert outcome(notification)[:2] == ("pending", 1)


def test_a_message_fails_after_three_repetitions(mail_server: MailServer) -> None:
    notification = make_told()
    mail_server.answers("MAIL", *["451 later"] * 10)
    pauses = []
    for _ in range(len(RETRY_AFTER_SECONDS)):
        before = timezone.now()
        send_due()
        pauses.append(round((Notification.objects.get().next_attempt_at - before).total_seconds()))
        make_due_again()
    send_due()

    assert pauses == [30, 600, 3600]
    assert outcome(notification) == ("failed", 4, "451 later")


def test_one_message_that_is_refused_does_not_hold_up_the_next(mail_server: MailServer) -> None:
    rows = [make_notification(Kind.REFUNDED, data={"amount": "1.00", "currency": "EUR"}) for _ in range(3)]
    mail_server.answers("RCPT", "250 fine", "550 no", "250 fine")

    assert send_due() == 2
    assert [state_of(row) for row in rows] == [State.SENT, State.FAILED, State.SENT]


def test_what_servers_say_is_kept_without_addresses(mail_server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    notification = make_told()
    mail_server.answers("RCPT", f"550 5.1.1 <{ADA}>: user unknown, call +49 30 1234567")

    with caplog.at_level(logging.DEBUG):
        send_due()

    assert outcome(notification) == ("failed", 1, "550 5.1.1 …: user unknown, call …")
    assert ADA not in caplog.text


def test_what_cannot_be_composed_fails_and_holds_up_nobody() -> None:
    broken = make_notification(Kind.REFUNDED, data={})
    whole = make_notification(Kind.REFUNDED, data={"amount": "1.00", "currency": "EUR"})

    assert send_due() == 1
    assert outcome(broken) == ("failed", 1, "KeyError: 'amount'")
    assert state_of(whole) == State.SENT


def test_sms_goes_through_the_provider() -> None:
    notification = make_told(Kind.ORDER_CONFIRMED, channel=Channel.SMS, address="+49301234567")
    Notification.objects.update(kind=Kind.ON_ITS_WAY)
    order = notification.order
    assert order is not None
    type(order).objects.update(status="picked_up", courier_id=order.id)

    assert send_due() == 1
    (sms,) = recorded_sms()
    assert (sms["reference"], sms["to"]) == (str(notification.id), "+49301234567")
    assert order.number in sms["body"]
    assert order.tracking_path in sms["body"]
    assert mail.outbox == []


class AnsweringProvider(SmsProvider):
    """Answers as its test wants."""

    answer: ClassVar[Exception]

    def send(self, sms: Sms) -> None:
        raise self.answer


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (NotAccepted("429 for +49 30 1234567"), ("pending", 1, "429 for …")),
        (Refused("400"), ("failed", 1, "400")),
        (TimeoutError("no answer"), ("uncertain", 1, "TimeoutError: no answer")),
    ],
    ids=["not accepted", "refused", "left open"],
)
def test_what_an_sms_provider_raises_says_whether_it_is_tried_again(
    settings: Any, answer: Exception, state: tuple[str, int, str]
) -> None:
    settings.SMS_PROVIDER = f"{__name__}.AnsweringProvider"
    AnsweringProvider.answer = answer
    row = make_notification(Kind.REFUNDED, channel=Channel.SMS, data={"amount": "1.00", "currency": "EUR"})

    assert send_due() == 0
    assert outcome(row) == state


def test_the_console_shows_an_sms(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SMS_PROVIDER = "notifications.channels.sms.ConsoleProvider"
    make_notification(
        Kind.REFUNDED, channel=Channel.SMS, address="+4930", data={"amount": "1.00", "currency": "EUR"}
    )  # fmt: skip

    assert send_due() == 1
    assert capsys.readouterr().out.startswith("SMS to +4930: ")


def test_an_sms_provider_that_cannot_be_made_is_a_channel_that_is_down(settings: Any) -> None:
    settings.SMS_PROVIDER = "nowhere.Provider"
    notification = make_notification(
        Kind.REFUNDED, channel=Channel.SMS, data={"amount": "1.00", "currency": "EUR"}
    )  # fmt: skip

    assert send_due() == 0
    assert outcome(notification) == ("pending", 1, "SMS_PROVIDER: No module named 'nowhere'")


def test_a_worker_that_died_before_it_began_to_send_is_followed_by_another(mail_server: MailServer) -> None:
    notification = make_told()
    assert [row.pk for row in claim_due(limit=1)] == [notification.pk]
    assert send_due() == 0, "somebody has it in hand"

    Notification.objects.update(leased_until=timezone.now())

    assert send_due() == 1
    assert outcome(notification) == ("sent", 1, "")


def test_a_worker_that_died_while_it_sent_leaves_an_uncertain_row_that_is_not_sent_again() -> None:
    notification = make_told()
    (claimed,) = claim_due(limit=1)
    assert claiming.begin(claimed)
    assert send_due() == 0
    assert state_of(notification) == State.SENDING

    Notification.objects.update(leased_until=timezone.now())

    assert [send_due(), send_due()] == [0, 0]
    assert outcome(notification) == ("uncertain", 0, ABANDONED)
    assert mail.outbox == []


def test_a_worker_that_was_only_slow_has_the_last_word_on_an_uncertain_row() -> None:
    notification = make_told()
    (claimed,) = claim_due(limit=1)
    claiming.begin(claimed)
    claimed.leased_until = timezone.now()
    Notification.objects.update(leased_until=claimed.leased_until)
    claiming.give_up_abandoned()

    claiming.sent(claimed)

    assert state_of(notification) == State.SENT


def test_a_worker_whose_lease_was_taken_over_sends_nothing() -> None:
    notification = make_told()
    (slow,) = claim_due(limit=1)
    Notification.objects.update(leased_until=timezone.now())
    (other,) = claim_due(limit=1)

    assert [claiming.begin(slow), claiming.begin(other)] == [False, True]
    claiming.failed(slow, reason="gave up")
    assert state_of(notification) == State.SENDING


def test_what_was_uncertain_is_sent_again_when_staff_say_so(mail_server: MailServer) -> None:
    notification = make_told()
    mail_server.answers(END_OF_DATA, HANG_UP)
    send_due()

    assert [send_again([notification.pk]), send_again([notification.pk])] == [1, 0]
    assert send_due() == 1
    assert outcome(notification) == ("sent", 1, "")
    first, second = mail_server.taken
    assert first["Message-ID"] == second["Message-ID"]


def test_what_was_sent_is_not_sent_again() -> None:
    notification = make_told()
    send_due()

    assert send_again([notification.pk]) == 0
    assert send_due() == 0
    assert len(mail.outbox) == 1


def test_what_staff_send_again_is_news_again() -> None:
    notification = make_told(due_since=timezone.now() - timedelta(hours=25))
    send_due()
    assert outcome(notification) == ("skipped", 0, "Too late: 25 hours after the event.")

    assert send_again([notification.pk]) == 1
    assert send_due() == 1


def test_an_outlet_that_was_never_opened_can_be_closed() -> None:
    EmailOutlet().close()

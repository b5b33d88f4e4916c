"""E-mail through whatever backend Django is configured with."""

import smtplib
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives, get_connection

from notifications.channels.base import ChannelUnavailable, NotAccepted, Outlet, Refused, Text

PERMANENT: Final = 500


class EmailOutlet(Outlet):
    """Keeps its connection from one message to the next, until something goes wrong with it."""

    def __init__(self) -> None:
        self._connection: Any = None

    def open(self) -> None:
        if self._connection is not None:
            return
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelUnavailable(_told(error)) from error
        self._connection = connection

    def send(self, text: Text) -> None:
        try:
            taken = self._connection.send_messages([_mail(text)])
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            self.close()
            raise _refusal(error) from error
        except (smtplib.SMTPNotSupportedError, ValueError) as error:
            self.close()
            raise Refused(_told(error)) from error  # before anything was said to the server
        except Exception:
            self.close()
            raise
        if not taken:
            raise NotAccepted("The e-mail backend took nothing.")

    def close(self) -> None:
        """A server that has gone away needs no good-bye."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except (OSError, smtplib.SMTPException):
            return


def _mail(text: Text) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(text.subject, text.body, to=[text.address], headers=text.headers)
    mail.attach_alternative(text.html, "text/html")
    return mail


def _refusal(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> NotAccepted:
    """The server has answered, and not with a yes. RFC 5321, 4.2.1: 4yz may be tried again, 5yz may not."""
    code, told = _answer(error)
    reply = f"{code} {told.decode(errors='replace') if isinstance(told, bytes) else told}"
    return Refused(reply) if code >= PERMANENT else NotAccepted(reply)


def _answer(error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> tuple[int, bytes | str]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers: list[tuple[int, bytes]] = list(error.recipients.values())
        return answers[0]
    return error.smtp_code, error.smtp_error


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"

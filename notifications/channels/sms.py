"""SMS through the provider that SMS_PROVIDER names: a dotted path to a class with a `send` of this shape."""

import json
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.channels.base import ChannelUnavailable, Outlet, Text


@dataclass(frozen=True, kw_only=True)
class Sms:
    """`reference` is the same each time this message is tried: a provider that knows it sends nothing twice."""

    reference: str
    to: str
    body: str


class SmsProvider(ABC):
    """Made anew for every batch, without arguments. Its calls have a timeout of their own."""

    @abstractmethod
    def send(self, sms: Sms) -> None:
        """Returns when the provider has taken it over. Raises NotAccepted or Refused (`notifications.channels.base`)
        where it certainly has not; whatever else is raised leaves that open, and the message is not tried again."""


class ConsoleProvider(SmsProvider):
    """Shows messages on standard output, for development."""

    def send(self, sms: Sms) -> None:
        sys.stdout.write(f"SMS to {sms.to}: {sms.body}\n")


class RecordingProvider(SmsProvider):
    """Sends nothing and writes everything down, a line of JSON each: for trying it out, and for tests."""

    FILE: Final = "sms.jsonl"

    def send(self, sms: Sms) -> None:
        line = json.dumps({"reference": sms.reference, "to": sms.to, "body": sms.body}, ensure_ascii=False)
        with self.path().open("a", encoding="utf-8") as record:
            record.write(f"{line}\n")

    @classmethod
    def path(cls) -> Path:
        return Path(settings.VAR_DIR) / cls.FILE


class SmsOutlet(Outlet):
    def __init__(self) -> None:
        self._provider: SmsProvider | None = None

    def open(self) -> None:
        if self._provider is None:
            self._provider = provider()

    def send(self, text: Text) -> None:
        assert self._provider is not None
        self._provider.send(Sms(reference=text.reference, to=text.address, body=text.body))

    def close(self) -> None:
        self._provider = None


def provider() -> SmsProvider:
    """Raises ChannelUnavailable where the setting names nothing that can be made: a later one may be right."""
    try:
        made: SmsProvider = import_string(settings.SMS_PROVIDER)()
    except (ImportError, TypeError) as error:
        raise ChannelUnavailable(f"SMS_PROVIDER: {error}") from error
    return made

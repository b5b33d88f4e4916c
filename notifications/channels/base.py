"""What channels have in common: what they carry, and how they say that it did not get through."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

_ADDRESS: Final = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?|\+?\d[\d\s()/-]{5,}\d")


class NotAccepted(Exception):
    """Certainly not taken over, so it may be tried again."""


class Refused(NotAccepted):
    """Certainly not taken over, and it will not be another time."""


class ChannelUnavailable(NotAccepted):
    """Nobody there to take anything over."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A message as it leaves. `reference` is the same each time it is tried, so that who takes it can tell."""

    reference: str
    address: str
    body: str
    subject: str = ""
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Outlet(ABC):
    """One channel for the time of one batch."""

    @abstractmethod
    def open(self) -> None:
        """Get ready to hand over; again is harmless. Raises ChannelUnavailable."""

    @abstractmethod
    def send(self, text: Text) -> None:
        """Raises NotAccepted or Refused. Whatever else it raises leaves open whether it was taken over."""

    @abstractmethod
    def close(self) -> None: ...


def without_addresses(text: str) -> str:
    """For errors and logs: servers like to repeat whom they refuse."""
    return _ADDRESS.sub("…", " ".join(text.split()))

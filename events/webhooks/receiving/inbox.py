"""What has arrived: believed or not, new or not, in order or not. The heart of a receiver, without its HTTP."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from events.webhooks.receiving.messages import Message, NotAnEvent
from events.webhooks.signing import ID_HEADER, VerificationFailed, sign, verify

Key = TypeVar("Key")
Value = TypeVar("Value")

REMEMBERED: Final = 100_000
"""Ids and subjects. A real receiver keeps them in its database: an event may come again for days."""


class Verdict(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out of order"
    REFUSED = "refused"
    TURNED_AWAY = "turned away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request; `at` in unix seconds, `status` is the answer to it."""

    at: float
    verdict: Verdict
    status: int
    message_id: str = ""
    message: Message | None = None
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Every request received is verified, refused, or turned away; of the verified ones some come again or late."""

    received: int = 0
    verified: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    refused: int = 0
    turned_away: int = 0

    def and_one(self, verdict: Verdict) -> "Counts":
        believed = verdict not in {Verdict.REFUSED, Verdict.TURNED_AWAY}
        return replace(
            self,
            received=self.received + 1,
            verified=self.verified + believed,
            duplicates=self.duplicates + (verdict is Verdict.DUPLICATE),
            out_of_order=self.out_of_order + (verdict is Verdict.OUT_OF_ORDER),
            refused=self.refused + (verdict is Verdict.REFUSED),
            turned_away=self.turned_away + (verdict is Verdict.TURNED_AWAY),
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one subject has come."""

    version: int
    sequence: int


class Inbox:
    """May be handed requests by several threads at once: of concurrent twins one is new."""

    def __init__(
        self,
        *,
        secrets: Sequence[str] = (),
        fail_first: int = 0,
        remembered: int = REMEMBERED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secrets: Sequence[str] = ()
        self._left_to_fail = fail_first
        self._remembered = remembered
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = Counts()
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._reached: OrderedDict[tuple[str, str], Reached] = OrderedDict()
        if secrets:
            self.trust(*secrets)

    @property
    def counts(self) -> Counts:
        return self._counts

    def trust(self, *secrets: str) -> None:
        """From now on believe what one of these has signed; until the first call nothing. Raises InvalidSecret."""
        sign(b"", message_id="any", timestamp=0, secrets=secrets)
        self._secrets = secrets

    def take(self, body: bytes, *, headers: Mapping[str, str]) -> Arrival:
        """Judge one request and remember it."""
        try:
            verify(body, headers=headers, secrets=self._secrets, now=self._clock())
            message = Message.read(body)
        except VerificationFailed as failure:
            return self.refuse(code=failure.code, detail=str(failure), status=401)
        except NotAnEvent as failure:
            return self.refuse(code=failure.code, detail=str(failure), status=400)
        message_id = {name.lower(): value for name, value in headers.items()}[ID_HEADER]
        with self._lock:
            verdict = self._judge(message_id, message)
            return self._record(
                Arrival(
                    at=self._clock(),
                    verdict=verdict,
                    status=503 if verdict is Verdict.TURNED_AWAY else 204,
                    message_id=message_id,
                    message=message,
                )
            )

    def refuse(self, *, code: str, detail: str, status: int) -> Arrival:
        """Count what is not to be believed, or could not even be read."""
        with self._lock:
            return self._record(
                Arrival(at=self._clock(), verdict=Verdict.REFUSED, status=status, code=code, detail=detail)
            )

    def taken(self) -> list[str]:
        """Ids of what was believed and new, oldest first."""
        with self._lock:
            return list(self._taken)

    def has(self, message_id: str) -> bool:
        return message_id in self._taken

    def versions(self) -> dict[str, int]:
        """The newest version of each subject."""
        with self._lock:
            return {subject_id: reached.version for (_, subject_id), reached in self._reached.items()}

    def _judge(self, message_id: str, message: Message) -> Verdict:
        if self._left_to_fail > 0:
            self._left_to_fail -= 1
            return Verdict.TURNED_AWAY
        if message_id in self._taken:
            return Verdict.DUPLICATE
        _remember(self._taken, message_id, None, limit=self._remembered)
        # An integrator's own kind of subject may go by the id of one of ours.
        subject = (message.subject_type, message.subject_id)
        reached = self._reached.get(subject)
        if reached and (message.version < reached.version or message.sequence < reached.sequence):
            return Verdict.OUT_OF_ORDER
        _remember(self._reached, subject, Reached(message.version, message.sequence), limit=self._remembered)
        return Verdict.NEW

    def _record(self, arrival: Arrival) -> Arrival:
        self._counts = self._counts.and_one(arrival.verdict)
        return arrival


def _remember(memory: OrderedDict[Key, Value], key: Key, value: Value, *, limit: int) -> None:
    """The oldest goes when there are too many."""
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > limit:
        memory.popitem(last=False)

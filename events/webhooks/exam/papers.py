"""Events made for an exam, not to be taken for those of a shop: types `exam.…`, ids that begin alike, no store."""

import itertools
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

TYPE: Final = "exam.event"
ID_MARK: Final = "e8a3e8a3"
NOTICE: Final = "made for an exam of your webhook endpoint; no order, no payment, nothing of a shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamEvent:
    id: str
    subject_id: str
    version: int
    body: bytes


class Papers:
    """Events in the envelope of the real ones.

    Sequences count from 1, so that a receiver that keeps the highest one as its place in the feed loses nothing.
    """

    def __init__(self) -> None:
        self._sequences = itertools.count(1)

    def event(
        self,
        *,
        event_type: str = TYPE,
        subject_id: str | None = None,
        version: int = 1,
        data: Mapping[str, Any] | None = None,
        additions: Mapping[str, Any] | None = None,
    ) -> ExamEvent:
        """`additions` are fields the envelope does not have so far."""
        event_id, subject_id = new_id(), subject_id or new_id()
        envelope = {
            "id": event_id,
            "type": event_type,
            "occurred_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "sequence": next(self._sequences),
            "subject": {"type": "exam", "id": subject_id, "version": version},
            "store_id": None,
            "correlation_id": f"exam-{event_id}",
            "data": {"notice": NOTICE, **(data or {})},
            **(additions or {}),
        }
        body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        return ExamEvent(id=event_id, subject_id=subject_id, version=version, body=body)


def new_id() -> str:
    """A UUID of version 8, the one for forms of one's own: ours are of version 7."""
    digits = secrets.token_hex(11)
    return f"{ID_MARK}-{digits[:4]}-8{digits[4:7]}-8{digits[7:10]}-{digits[10:]}"

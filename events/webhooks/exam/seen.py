"""What the receiver says it has processed, where it is willing to say so."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

TIMEOUT_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 0.5


class SeenUnreadable(Exception):
    """The address does not say what it should: names what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How often each id was processed; the version each subject has reached, None when that is not told."""

    processed: Counter[str]
    subjects: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What has to be true inside the receiver, whatever it answered."""

    taken: tuple[str, ...] = ()
    once: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    versions: Mapping[str, int] = field(default_factory=dict)

    def is_awaited_in(self, seen: Seen) -> bool:
        """Whether something that should be there is not there yet."""
        return any(not seen.processed[event_id] for event_id in (*self.taken, *self.once))

    def complaint(self, seen: Seen) -> str:
        """Empty when all is as it must be."""
        for event_id in self.never:
            if seen.processed[event_id]:
                return f"{event_id} was processed, though it was refused or should have been"
        for event_id in (*self.taken, *self.once):
            if not seen.processed[event_id]:
                return f"{event_id} was not processed"
        for event_id in self.once:
            if seen.processed[event_id] > 1:
                return f"{event_id} was processed {seen.processed[event_id]} times"
        return self._complaint_of_versions(seen.subjects) if seen.subjects is not None else ""

    def _complaint_of_versions(self, subjects: Mapping[str, int]) -> str:
        for subject_id, version in self.versions.items():
            if subjects.get(subject_id) != version:
                return f"subject {subject_id} is at version {subjects.get(subject_id)}, not at {version}"
        return ""

    def can_be_judged_by(self, seen: Seen | None) -> bool:
        if seen is None or (self.versions and seen.subjects is None):
            return False
        return bool(self.taken or self.once or self.never)


def look_at(url: str) -> Seen:
    """Reads `{"processed": [ids], "subjects": {id: version}}`, the second optional. Raises SeenUnreadable."""
    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return _read(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SeenUnreadable(f"{url}: {error}") from error


def look_until(
    url: str, *, expected: Callable[[Seen], bool], within_seconds: float, pause: Callable[[float], None]
) -> Seen:
    """The first look that shows what is `expected`, or the last one: receivers may do their work after their answer."""
    seen = look_at(url)
    for _ in range(int(within_seconds / LOOK_AGAIN_SECONDS)):
        if expected(seen):
            break
        pause(LOOK_AGAIN_SECONDS)
        seen = look_at(url)
    return seen


def _read(document: Any) -> Seen:
    processed = document.get("processed") if isinstance(document, dict) else None
    if not isinstance(processed, list) or not all(isinstance(event_id, str) for event_id in processed):
        raise ValueError('no JSON of the form {"processed": ["<id>", …]}')
    subjects = document.get("subjects")
    if subjects is not None and not isinstance(subjects, dict):
        raise ValueError('"subjects" is no object of versions by subject id')
    return Seen(processed=Counter(processed), subjects=subjects)

"""One request of an exam, and what came back."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from events.webhooks.exam.papers import ExamEvent
from events.webhooks.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

USER_AGENT: Final = "delivery-platform-webhooks/1 (exam)"
EXCERPT_LENGTH: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`status` is None when there was none; `excerpt` is the beginning of what was said with a refusal."""

    seconds: float
    status: int | None = None
    trouble: str = ""
    location: str = ""
    excerpt: str = ""

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        return self.status is not None and 400 <= self.status < 500

    @property
    def is_redirect(self) -> bool:
        return self.status is not None and 300 <= self.status < 400

    def __str__(self) -> str:
        if self.status is None:
            return self.trouble
        where = f" to {self.location}" if self.location else ""
        said = f" “{self.excerpt}”" if self.excerpt else ""
        return f"{self.status}{where}{said} after {self.seconds * 1000:.0f} ms"


class Sender:
    """Sends as the platform does: no redirect is followed, and who is too slow has not answered.

    Every request has a connection of its own: what a receiver does to one must not be held against it in the next.
    """

    def __init__(self, url: str, *, secret: str, limit_seconds: float, now: Callable[[], float] = time.time) -> None:
        self._url = url
        self.secret = secret
        self._limit_seconds = limit_seconds
        self._now = now
        self._http = httpx.Client(timeout=limit_seconds, limits=httpx.Limits(max_keepalive_connections=0))
        self.answers: list[Answer] = []

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        event: ExamEvent,
        *,
        body: bytes | None = None,
        age_seconds: int = 0,
        secrets: Sequence[str] = (),
        is_signed: bool = True,
    ) -> Answer:
        """`body` is sent in place of the one that was signed; `secrets` sign in place of the endpoint's."""
        stamp = int(self._now()) - age_seconds
        headers = {
            ID_HEADER: event.id,
            TIMESTAMP_HEADER: str(stamp),
            "content-type": "application/json",
            "user-agent": USER_AGENT,
        }
        if is_signed:
            headers[SIGNATURE_HEADER] = sign(
                event.body, message_id=event.id, timestamp=stamp, secrets=secrets or [self.secret]
            )
        answer = self._post(event.body if body is None else body, headers)
        self.answers.append(answer)
        return answer

    def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        started = time.monotonic()
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as response:
                return Answer(
                    seconds=time.monotonic() - started,
                    status=response.status_code,
                    location=response.headers.get("location", ""),
                    excerpt="" if response.is_success else _excerpt(response),
                )
        except httpx.TimeoutException:
            return Answer(seconds=time.monotonic() - started, trouble=f"no answer within {self._limit_seconds:g} s")
        except httpx.TransportError as error:
            return Answer(seconds=time.monotonic() - started, trouble=f"no answer: {error}")


def _excerpt(response: httpx.Response) -> str:
    with contextlib.suppress(httpx.HTTPError, LookupError):
        return " ".join(next(response.iter_text(EXCERPT_LENGTH), "").split())
    return ""

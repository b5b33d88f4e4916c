"""What the simulated people's requests came to, for the view and the summary."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Traffic:
    """Counts over a whole run."""

    requests: int = 0
    retries: int = 0
    outages: int = 0
    """Requests that found no server (refused, reset, timed out); each is sent again."""
    server_errors: Counter[str] = field(default_factory=Counter)
    """Answers of 500 and other unexpected 5xx, by method and route."""
    refusals: Counter[str] = field(default_factory=Counter)
    """4xx answers by error code: most are the normal friction of people acting at once."""
    slowest_seconds: float = 0.0

    def answered(self, *, seconds: float) -> None:
        self.requests += 1
        self.slowest_seconds = max(self.slowest_seconds, seconds)

"""Beat's schedule, in a process of its own or beside the others in one."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedstate
from celery.worker.state import maybe_shutdown
from kombu import Connection
from redis.exceptions import RedisError

from api.waking import EXPIRES_SECONDS, is_first_to_wake

logger = logging.getLogger(__name__)

WITHIN_SECONDS: Final = 2.0
MAX_PAUSE_SECONDS: Final = 5


class ScheduleInMemory(Scheduler):
    """Keeps no file, which a killed process could leave broken and which has no place in a container.

    So it does not remember when a job last ran: all jobs are due at the start. They are all safe to run again, and
    the hourly ones would otherwise never run where nobody keeps the process for an hour. One after another, though:
    together they would hold up whoever asks for something meanwhile, and then again with each period they share.
    """

    def setup_schedule(self) -> None:
        jobs, now = self.app.conf.beat_schedule, datetime.now(UTC)
        self.update_from_dict(
            {name: _prepared(job, now=now, turn=turn / len(jobs)) for turn, (name, job) in enumerate(jobs.items())}
        )

    def is_due(self, entry: ScheduleEntry) -> schedstate:
        """Celery counts from when a job was begun: what had once to wait together would go together from then on."""
        is_due, seconds = super().is_due(entry)
        return schedstate(is_due, _period(entry) - _late_by(entry)) if is_due else schedstate(is_due, seconds)

    def reserve(self, entry: ScheduleEntry) -> Any:
        late = timedelta(seconds=_late_by(entry))
        reserved: Any = super().reserve(entry)
        reserved.last_run_at -= late
        return reserved

    def apply_async(self, entry: ScheduleEntry, *args: Any, **kwargs: Any) -> Any:
        """Nothing is sent while its predecessor, or a wake-up after a commit, still waits for a worker."""
        return super().apply_async(entry, *args, **kwargs) if self._is_wanted(entry) else None

    def _is_wanted(self, entry: ScheduleEntry) -> bool:
        try:
            return is_first_to_wake(str(entry.task), entry.args or ())
        except (RedisError, OSError):  # nobody knows: the broker, which is as far away, has its own say
            return True

    def _ensure_connected(self) -> Connection:
        """Waits for a broker that is away, as Celery's own beat does, but not once it is told to stop: the flag that
        ends the worker beside it ends this wait too."""
        connection: Connection = self.connection
        connection.ensure_connection(self._broker_is_away, interval_max=MAX_PAUSE_SECONDS, callback=maybe_shutdown)
        return connection

    def _broker_is_away(self, error: Exception, pause_seconds: float) -> None:
        logger.warning("beat waits %s s for the broker: %s", pause_seconds, error)


def _period(entry: Any) -> float:
    return float(entry.schedule.run_every.total_seconds())


def _late_by(entry: Any) -> float:
    """How long after its turn, of which some may have been missed."""
    return float((entry.default_now() - entry.last_run_at).total_seconds() % _period(entry))


def _prepared(job: dict[str, Any], *, now: datetime, turn: float) -> dict[str, Any]:
    """Due soon, by its turn from 0 to 1; and one that nobody has begun when the next is due need not be begun any
    more."""
    period = job["schedule"]
    first_at = now + timedelta(seconds=turn * min(period, WITHIN_SECONDS))
    options = {"expires": max(EXPIRES_SECONDS, period), **job.get("options", {})}
    return {**job, "last_run_at": first_at - timedelta(seconds=period), "options": options}

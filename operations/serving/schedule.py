"""Beat's schedule, in a process of its own or beside the others in one."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from celery.beat import ScheduleEntry, Scheduler
from celery.worker.state import maybe_shutdown
from kombu import Connection
from redis.exceptions import RedisError

from api.waking import EXPIRES_SECONDS, is_first_to_wake

logger = logging.getLogger(__name__)

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
MAX_PAUSE_SECONDS: Final = 5


class ScheduleInMemory(Scheduler):
    """Keeps no file, which a killed process could leave broken and which has no place in a container.

    So it does not remember when a job last ran: all jobs are due at the start. They are all safe to run again, and
    the hourly ones would otherwise never run where nobody keeps the process for an hour.
    """

    def setup_schedule(self) -> None:
        self.update_from_dict({name: self._prepared(entry) for name, entry in self.app.conf.beat_schedule.items()})

    def _prepared(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Due at once; and a job that nobody has begun when the next one is due need not be begun any more."""
        options = {"expires": max(EXPIRES_SECONDS, entry["schedule"]), **entry.get("options", {})}
        return {**entry, "last_run_at": LONG_AGO, "options": options}

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

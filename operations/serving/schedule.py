"""Beat's schedule, in a process of its own or beside the others in one."""

import logging
from datetime import UTC, datetime
from typing import Any, Final

from celery.beat import Scheduler
from celery.worker.state import maybe_shutdown
from kombu import Connection

logger = logging.getLogger(__name__)

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
MAX_PAUSE_SECONDS: Final = 5


class ScheduleInMemory(Scheduler):
    """Keeps no file, which a killed process could leave broken and which has no place in a container.

    So it does not remember when a job last ran: all jobs are due at the start. They are all safe to run again, and
    the hourly ones would otherwise never run where nobody keeps the process for an hour.
    """

    def setup_schedule(self) -> None:
        self.update_from_dict({name: self._at_once(entry) for name, entry in self.app.conf.beat_schedule.items()})

    def _at_once(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {**entry, "last_run_at": LONG_AGO}

    def _ensure_connected(self) -> Connection:
        """Waits for a broker that is away, as Celery's own beat does, but not once it is told to stop: the flag that
        ends the worker beside it ends this wait too."""
        connection: Connection = self.connection
        connection.ensure_connection(self._broker_is_away, interval_max=MAX_PAUSE_SECONDS, callback=maybe_shutdown)
        return connection

    def _broker_is_away(self, error: Exception, pause_seconds: float) -> None:
        logger.warning("beat waits %s s for the broker: %s", pause_seconds, error)

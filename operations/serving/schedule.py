"""Beat's schedule for the one process."""

from datetime import UTC, datetime
from typing import Any, Final

from celery.beat import Scheduler

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class ScheduleInMemory(Scheduler):
    """Keeps no file, which two processes could not share and a killed one could leave broken.

    So it does not remember when a job last ran: all jobs are due at the start. They are all safe to run again, and
    the hourly ones would otherwise never run where nobody keeps the process for an hour.
    """

    def setup_schedule(self) -> None:
        self.update_from_dict({name: self._at_once(entry) for name, entry in self.app.conf.beat_schedule.items()})

    def _at_once(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {**entry, "last_run_at": LONG_AGO}

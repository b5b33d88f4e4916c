"""A PostgreSQL that writes to disk, and a management command run on it."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from delivery_site.testing.installation import environment_of, working_folder
from delivery_site.testing.parts import Broker, Database
from delivery_site.testing.servers import free_port
from delivery_site.testing.sources import PROJECT

SETTINGS: Final = "benchmarks.outbox.settings"


def run_on_fresh_database(command: str, *arguments: str, **environment: str) -> int:
    """The command's exit status."""
    with working_folder() as folder, ExitStack() as leaving:
        services = environment_of_services(folder, leaving)
        own = {"DJANGO_SETTINGS_MODULE": SETTINGS, "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "true"}
        everything = {**services, **own, **environment}
        manage("migrate", "--run-syncdb", "--verbosity=0", environment=everything).check_returncode()
        return manage(command, *arguments, environment=everything).returncode


def environment_of_services(folder: Path, leaving: ExitStack) -> dict[str, str]:
    database, broker = Database(folder), Broker(folder)
    for service in (database, broker):
        leaving.callback(service.end)
        service.start()
    return environment_of(folder, port=free_port(), DATABASE_URL=database.url, REDIS_URL=broker.url)


def manage(*arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([sys.executable, "manage.py", *arguments], env=environment, cwd=PROJECT, check=False)

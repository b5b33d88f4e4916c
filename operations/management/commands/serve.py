from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from operations.health.migrations import unapplied_migrations
from operations.serving.address import Address, AddressUnavailable, listen, taken_address, use_as_default_urls
from operations.serving.site import CompanionEnded, serve
from operations.serving.starter import stop_with_starter


class Command(BaseCommand):
    help = "Runs everything in one process: the site, a worker and beat. Ctrl-C or SIGTERM stops it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 for all (%(default)s).")
        parser.add_argument("--port", type=int, default=8000, help="0 takes any free port (%(default)s).")
        parser.add_argument("--migrate", action="store_true", help="Bring the database up to date first.")
        parser.add_argument(
            "--until-stdin-closes", action="store_true", help="Stop with the program that holds its standard input."
        )

    def handle(self, *args: Any, host: str, port: int, migrate: bool, until_stdin_closes: bool, **options: Any) -> None:
        try:
            listener = listen(Address(host, port))
        except AddressUnavailable as error:
            raise CommandError(f"{error}; choose another with --port") from error
        with listener:
            self.prepare_database(migrate=migrate)
            address = taken_address(listener)
            use_as_default_urls(address)
            if until_stdin_closes:
                stop_with_starter()
            self.stdout.write(f"Serving at {address.url}/ (Ctrl-C stops)")
            self.stdout.flush()
            try:
                serve(listener)
            except CompanionEnded as error:
                raise CommandError(str(error)) from error

    def prepare_database(self, *, migrate: bool) -> None:
        if migrate:
            call_command("migrate", interactive=False, verbosity=0)
        try:
            missing = unapplied_migrations()
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        finally:
            connections.close_all()
        if missing:
            raise CommandError(
                f"The database lacks {len(missing)} migrations: run `manage.py migrate`, or serve with --migrate."
            )

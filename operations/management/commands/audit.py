from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from operations.auditing.audit import audit
from operations.auditing.rendering import as_json, as_table, plain_lines
from operations.health.migrations import unapplied_migrations


class Command(BaseCommand):
    help = "Checks over the whole database what must always be true; exits 1 and names the offenders where it is not."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        self.refuse_other_tables()
        report = audit()
        if json:
            self.stdout.write(as_json(report))
        elif self.stdout.isatty():
            self.stdout.write(as_table(report))
        else:
            self.stdout.write("\n".join(plain_lines(report)))
        if not report.is_clean:
            raise SystemExit(1)

    def refuse_other_tables(self) -> None:
        """Status 2, because nothing has been found out."""
        try:
            missing = unapplied_migrations()
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}", returncode=2) from error
        if missing:
            raise CommandError(f"The database lacks {len(missing)} migrations: run `manage.py migrate`.", returncode=2)

"""`manage.py webhook_exam URL`: does an endpoint handle what it will meet? See docs/webhooks-receiving.md."""

import contextlib
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from events.webhooks.exam.desk import QUICK, Terms
from events.webhooks.exam.examining import examine
from events.webhooks.exam.rendering import as_json, as_table
from events.webhooks.exam.seen import SeenUnreadable
from events.webhooks.signing import InvalidSecret

FAILED, MISUSED = 1, 2


class Command(BaseCommand):
    help = "Examines a webhook endpoint with events made for it: duplicates, forgeries, disorder. Exits 1 if it failed."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="the endpoint, as it is or will be registered")
        parser.add_argument("--secret", required=True, metavar="whsec_…", help="what the endpoint verifies with")
        parser.add_argument("--seen-url", metavar="URL", help="where it tells as JSON which events it has processed")
        parser.add_argument("--quick", action="store_true", help="shorter limits: 5 s for an answer instead of 15")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, url: str, secret: str, **options: Any) -> None:
        if not _is_address(url):
            raise CommandError(f"not an http or https address: {url}", returncode=MISUSED)
        console = Console(stderr=options["json"])
        try:
            with _progress(console) as tell:
                terms = QUICK if options["quick"] else Terms()
                report = examine(url, secret=secret, terms=terms, seen_url=options["seen_url"], tell=tell)
        except (InvalidSecret, SeenUnreadable) as error:
            raise CommandError(str(error), returncode=MISUSED) from error
        if options["json"]:
            self.stdout.write(as_json(report))
        else:
            console.print(as_table(report))
        if not report.is_passed:
            sys.exit(FAILED)


def _is_address(url: str) -> bool:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.host)


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Callable[[str], None]]:
    """What is being asked, for as long as it is; only a terminal shows it."""
    with console.status("Webhook exam") as status:
        yield lambda title: status.update(f"Webhook exam: {title}")
